"""What every page shares: one style sheet, one script, and the rule that lets nothing else run or load."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from helpers.site.code import code_css

STYLE, SCRIPT = "style.css", "script.js"  # beside the pages
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)


def shared_files() -> dict[str, bytes]:
    """Return the style sheet and the script that all pages load, by file name."""
    return {STYLE: stylesheet().encode("utf-8"), SCRIPT: script().encode("utf-8")}


@cache
def stylesheet() -> str:
    """Return the one style sheet, without comments and idle space."""
    source = re.sub(r"/\*.*?\*/", "", _template(STYLE), flags=re.S)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", source)).strip() + code_css() + "\n"


@cache
def script() -> str:
    """Return the script that sorts and filters tables, without its comments and indentation."""
    source = re.sub(r"^\s*//.*$", "", _template(SCRIPT), flags=re.M)
    return "\n".join(line for line in map(str.strip, source.splitlines()) if line) + "\n"


def _template(name: str) -> str:
    return resources.files("helpers.site").joinpath(f"templates/{name}").read_text(encoding="utf-8")
