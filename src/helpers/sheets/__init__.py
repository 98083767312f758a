"""Study sheets and the raw folder: read, checked, written."""
