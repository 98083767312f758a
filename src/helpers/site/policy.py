"""The one script of a page and the rule that lets nothing else run or load."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources


@cache
def script() -> str:
    """Return the script that sorts and filters tables, without its comments and indentation."""
    source = resources.files("helpers.site").joinpath("templates/tables.js").read_text(encoding="utf-8")
    lines = [line.strip() for line in re.sub(r"^\s*//.*$", "", source, flags=re.M).splitlines()]
    return "\n".join(line for line in lines if line)


def security_policy(style: str) -> str:
    """Return a page's content security policy: its style and script by their hashes, its own images."""
    return (
        f"default-src 'none'; script-src {_hash(script())}; style-src {_hash(style)}; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
