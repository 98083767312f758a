"""Study sheets and the raw folder: read, checked, written."""

from pathlib import Path
from typing import Any

from notebookpress.yaml_files import YamlFile

SHEET_WORDS: dict[str, Any] = YamlFile(Path(__file__).with_name("words.yaml")).data
