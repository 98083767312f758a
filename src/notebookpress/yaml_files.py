"""A YAML file that is one mapping, read with messages that name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from notebookpress.errors import PipelineError


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises
    ------
    PipelineError
        When it cannot be read, is no YAML, repeats a key, or is no mapping.

    """
    try:
        node, content = _read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PipelineError(f"{path}: cannot be read ({error.strerror}); name a file that is there") from None
    except UnicodeDecodeError:
        raise PipelineError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "not YAML"
        raise PipelineError(f"{path}{line}: {what}; mend the line or the one above") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise PipelineError(f"{path}: not a mapping; write one `name: value` a line")
    lines: dict[str, int] = {}
    for key, _ in getattr(node, "value", ()):
        if key.value in lines:
            raise PipelineError(
                f"{path}, line {key.start_mark.line + 1}: {key.value} stands twice; keep one of them"
            )
        lines[key.value] = key.start_mark.line + 1
    return content


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """Return nodes and content, by libyaml where it is there; PyYAML's own parser says best what is wrong."""
    try:
        fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return yaml.compose(text, Loader=fast), yaml.load(text, Loader=fast)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
