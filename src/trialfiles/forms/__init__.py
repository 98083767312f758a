"""How the formats of the field name things: their fields, headings and shapes, a YAML file each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def names_of(form: str) -> dict[str, Any]:
    """Return what `FORM.yaml` in this folder says of a format."""
    text = Path(__file__).with_name(f"{form}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content
