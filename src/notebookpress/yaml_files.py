"""A YAML file that is one mapping, read with messages that name the line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from notebookpress.errors import PipelineError, abridged

NUMBER, LIST_OR_TEXT = (int, float), (str, list)
LARGEST, DEEPEST = 1_000_000, 40  # bytes, blocks in blocks
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KINDS: dict[Any, str] = {
    **{str: "a text", bool: "true or false", list: "a list", dict: "a mapping", NUMBER: "a number"},
    LIST_OR_TEXT: "a list, or a name in the vocabulary",
}
_ANNOTATED = {"str": str, "bool": bool, "float | None": NUMBER, "Any": object}


@cache
def entries_of(block: type, *given: str, **kinds: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a file says of a dataclass: the kind of each entry, and the names of those it must have.

    A tuple is a list in the file, another block a mapping, unless `kinds` says otherwise; fields that are
    `given` do not come from the file.
    """
    fields = [field for field in dataclasses.fields(block) if field.name not in given]
    known = {
        field.name: _ANNOTATED.get(str(field.type), list if str(field.type).startswith("tuple") else dict)
        for field in fields
    }
    return known | kinds, tuple(field.name for field in fields if field.default is dataclasses.MISSING)


class YamlError(PipelineError, ValueError):
    """A mistake in a YAML file: file, line, problem, remedy."""


class YamlFile:
    """A YAML file that is a mapping: its content as `data`, and the line of everything in it.

    Raises
    ------
    YamlError
        When the file cannot be read, is no mapping, or has a name twice.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
            raise YamlError(f"{path}: no file of text; name a file that is there")
        try:
            with self.path.open("rb") as stream:
                text = stream.read(LARGEST).decode("utf-8-sig")
            self._refuse_depth(text)
            loader = LOADER(text)
            self.root = loader.get_single_node()
            self.data: dict[str, Any] = loader.construct_document(self.root) if self.root else {}
        except OSError as error:
            raise YamlError(f"{path}: cannot be read ({error.strerror}); name a file that is there") from None
        except UnicodeDecodeError:
            raise YamlError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            what = getattr(error, "problem", None) or "not YAML"
            raise YamlError(f"{path}{line}: {what}; mend the line or the one above") from None
        except YamlError:
            raise
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
        ):  # of the loader's own types
            raise YamlError(
                f"{path}: a number, a date or a tag that cannot be; write a text in quotes"
            ) from None
        if not isinstance(self.data, dict) or not all(isinstance(name, str) for name in self.data):
            raise YamlError(f"{path}: not a mapping; write one `name: value` a line")
        self._refuse_repeated(self.root, set())

    def _refuse_depth(self, text: str) -> None:
        """Refuse what takes more of the stack than there is, or of the time."""
        if len(text) >= LARGEST:
            raise YamlError(f"{self.path}: {LARGEST:,} bytes or more; write a smaller file")
        depth = 0
        event: Any
        for event in yaml.parse(text, LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                line = event.start_mark.line + 1
                raise YamlError(f"{self.path}, line {line}: nested too deeply; write plain values")

    def _refuse_repeated(self, node: Any, looked_at: set[int]) -> None:
        if id(node) in looked_at:  # by an alias, of which some grow without bound
            return
        looked_at.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._refuse_repeated(value, looked_at)
        elif isinstance(node, yaml.MappingNode):
            names = set()
            for key, value in node.value:
                if key.value in names:
                    line = key.start_mark.line + 1
                    raise YamlError(
                        f"{self.path}, line {line}: {abridged(key.value)} stands twice; keep one of them"
                    )
                names.add(key.value)
                self._refuse_repeated(value, looked_at)

    def error(self, place: tuple[str, ...], problem: str, remedy: str) -> YamlError:
        """Return the error of a mistake at a place: the names that lead to it, as `("tables", "arms")`."""
        node, line = self.root, 1
        for name in place:
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            found = [pair for pair in pairs if pair[0].value == name]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        return YamlError(f"{self.path}, line {line}: {problem}; {remedy}")

    def entries(self, place: tuple[str, ...], known: Mapping[str, Any], needed: tuple[str, ...] = ()) -> dict:
        """Return the mapping at a place, whose names are all known, of the right kind, and complete."""
        entries: Any = self.data
        for name in place:
            entries = entries[name]
        where = place[-1] if place else "the file"
        if not isinstance(entries, dict):
            raise self.error(
                place, f"{where} is not a mapping", "write `name: value` for each of its entries"
            )
        for name, value in entries.items():
            if name not in known:
                raise self.error((*place, name), f"{name} is not known", f"use one of {', '.join(known)}")
            kind = known[name]
            truth = isinstance(value, bool) and kind is not bool
            wrong = not isinstance(value, kind) or truth or value == ""
            if wrong and kind is not object:
                raise self.error(
                    (*place, name), f"{name}: {abridged(value)} is not {KINDS[kind]}", "write one"
                )
        if missing := [name for name in needed if name not in entries]:
            raise self.error(place, f"{where} has no {', '.join(missing)}", "say it")
        listed = [name for name in entries if isinstance(entries[name], list) and known[name] is not object]
        return entries | {name: tuple(entries[name]) for name in listed}
