"""Figures: one function a figure, each with its alternative text.

Every drawing function takes plain rows and returns a `Figure`. What stands in and below figures is data:
`words.yaml`.
"""

from pathlib import Path
from typing import Any

import yaml

FIGURE_WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
)
