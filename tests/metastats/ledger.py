"""A ledger of the numbers of a reference tree: each must be compared, taken as an input, or excused by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

RTOL = 1e-8


def leaves(tree: Any, path: tuple = ()) -> Iterator[tuple[tuple, float]]:
    """Every number (and truth value) of nested dicts and lists, with the keys that lead to it."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from leaves(value, (*path, i))
    elif isinstance(tree, (bool, int, float)):
        yield path, float(tree)


class Ledger:
    """The numbers of a tree that are still open."""

    def __init__(self, tree: Any):
        self.tree = tree
        self.open = dict(leaves(tree))

    def excuse(self, *path: Any) -> None:
        """Strike out the numbers at or under `path`; where they are not compared, the caller says why."""
        self.open = {key: value for key, value in self.open.items() if key[: len(path)] != path}

    def at(self, *path: Any) -> Any:
        """Read the tree."""
        place = self.tree
        for key in path:
            place = place[key]
        return place

    def agree(self, path: tuple, got: Any, rtol: float = RTOL, atol: float = 0.0) -> None:
        """Compare all numbers at `path` with `got`; a null of the reference has no number to compare."""
        expected = self.at(*path)
        expected, got = np.array(expected, dtype=float), np.array(got, dtype=float)
        assert got.size == expected.size, f"{path}: {got.size} values for {expected.size}"
        here = np.isfinite(expected)
        where = "/".join(map(str, path))
        np.testing.assert_allclose(
            got.reshape(expected.shape)[here], expected[here], rtol=rtol, atol=atol, err_msg=where
        )
        self.excuse(*path)

    def take(self, *path: Any) -> Any:
        """Read an input of the case: what it holds is given, not computed."""
        self.excuse(*path)
        return self.at(*path)

    def assert_empty(self) -> None:
        """Fail where a number was neither compared nor given nor excused."""
        left = ["/".join(map(str, path)) for path in self.open]
        assert not left, f"{len(left)} numbers of the reference were not looked at, first {left[:5]}"
