"""What the code computes beside what is committed of an earlier state; the first difference is named."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

REMEDY = "where the change is meant, make the report anew (`make report`) and commit reports/ with it"


def parts(value: Any, path: str = "") -> dict[str, Any]:
    """Return the plain values in a nested one, each by its path."""
    if not isinstance(value, dict | list):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {name: part for key, one in items for name, part in parts(one, f"{path}/{key}").items()}


NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def alike(new: Any, old: Any, rel: float = 1e-6) -> bool:
    """Return whether two numbers, or all numbers of two texts, are the same but for rounding of a machine."""
    if isinstance(new, float) and isinstance(old, float | int):
        return math.isclose(new, old, rel_tol=rel, abs_tol=1e-12)
    if not (isinstance(new, str) and isinstance(old, str)):
        return False
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (new, old)]
    pairs = zip(
        *([float(one.replace("−", "-")) for one in NUMBER.findall(text)] for text in (new, old)), strict=False
    )
    return words[0] == words[1] and all(alike(*pair, rel=1e-9) for pair in pairs)


def compare(made: Any, known: Any, remedy: str = REMEDY) -> None:
    """Refuse the first difference between what is computed and what is committed."""
    ours, theirs = parts(made), parts(known)
    for path, new in ours.items():
        old = theirs.get(path, "nothing")
        assert alike(new, old) or new == old or (new != new and old != old), (
            f"{path}: {old!r} is committed, {new!r} computed; {remedy}"
        )
    assert list(ours) == list(theirs), f"not computed or in another order: {[*theirs][:20]}; {remedy}"


class Approved:
    """A file of what the code computed once, which nobody read line by line, by name and one row a line; with `APPROVE` set it is written instead."""

    def __init__(self, path: Path) -> None:
        self.path, self.new = path, bool(os.environ.get("APPROVE"))
        there = path.is_file() or not self.new
        self.known: dict = json.loads(path.read_text(encoding="utf-8")) if there else {}

    def __call__(self, name: str, made: list) -> None:
        """Compare what is made with what is in the file under a name."""
        plain = json.loads(json.dumps(made, default=float))
        if self.new:
            self.known[name] = plain
            lines = (
                f"{json.dumps(key)}: [\n"
                + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
                + "]"
                for key, rows in self.known.items()
            )
            self.path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
        again = f"where the change is meant, run this file with APPROVE=1 and look at the changes of {self.path.name}"
        compare({name: plain}, {name: self.known.get(name)}, again)
