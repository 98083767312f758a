"""Sentences and rows of words that follow from tables, the same in notebooks and on pages."""
