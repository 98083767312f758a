"""How the formats of the field name things: their fields, headings and shapes, a YAML file each."""

from __future__ import annotations

import re
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


@cache
def patterns_of(form: str, section: str, flags: int = 0) -> dict[str, re.Pattern[str]]:
    """Return the patterns of a section of a form, its pieces put in; one may name those before it."""
    known, found = names_of(form), {}
    for name, pattern in known[section].items():
        for piece, choice in reversed(known.get("pieces", {}).items()):
            pattern = pattern.replace(f"{{{piece}}}", choice)
        found[name] = re.compile(pattern, flags)
    return found
