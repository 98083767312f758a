"""What is slow the first time it is done, done once before anything is forked."""

from __future__ import annotations

import importlib
import tempfile

TABLE_PARTS = ("pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pandas.io.formats.string")


def use_a_table() -> None:
    """Write and read a table without rows: the first time takes longer, also by what pandas imports late."""
    for name in TABLE_PARTS:
        importlib.import_module(name)
    from helpers.tables import read_table, write_table

    with tempfile.TemporaryDirectory() as folder:
        write_table("arms", [], folder)
        read_table("arms", folder)
