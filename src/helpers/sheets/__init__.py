"""Study sheets and the raw folder: read, checked, written."""

from pathlib import Path
from typing import Any

import yaml

SHEET_WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
)
