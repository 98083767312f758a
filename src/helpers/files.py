"""Files written whole or not at all; they live in `notebookpress.files`."""

from notebookpress.files import copy_atomic, write_atomic

__all__ = ["copy_atomic", "write_atomic"]
