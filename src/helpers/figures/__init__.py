"""Figures: one function a figure, each with its alternative text.

Every drawing function takes plain rows and returns a `Figure`. What stands in and below figures is data:
`words.yaml`.
"""

from pathlib import Path
from typing import Any

from notebookpress.yaml_files import YamlFile

FIGURE_WORDS: dict[str, Any] = YamlFile(Path(__file__).with_name("words.yaml")).data
