"""Cases that stand as data beside their tests: `test_x.yaml` beside `test_x.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def cases_of(module: str) -> Any:
    """Return what the YAML file beside a test module holds; called with its `__file__`."""
    return yaml.safe_load(Path(module).with_suffix(".yaml").read_text(encoding="utf-8"))
