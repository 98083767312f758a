"""YAML read with the line of every field, without tags, aliases to itself or repeated keys."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from trialfiles.record import Problem, Row, refusal
from trialfiles.text import read_bytes

FieldPath = tuple[str | int, ...]
MAX_BYTES = 5_000_000
MAX_DEPTH = 40


class _Composer:
    """Refuses aliases, which can grow without bound; dates stay text.

    A written tag keeps a `!` in front, so that it differs from the tag that a plain value is given.
    """

    yaml_implicit_resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self: Any, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "an alias (*name)", mark)
        event = self.peek_event()
        if getattr(event, "tag", None) is not None:
            event.tag = f"!{event.tag}"
        return Composer.compose_node(self, parent, index)


class _Loader(_Composer, yaml.SafeLoader):
    """PyYAML's own parser, which says best what is wrong."""


_FASTEST: type = _Loader
if yaml.__with_libyaml__:

    class _FastLoader(_Composer, Composer, yaml.CSafeLoader):
        """The parser of libyaml under the same rules: a sheet is read in a third of the time."""

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)

    _FASTEST = _FastLoader


@lru_cache(maxsize=64)
def composed(text: str) -> yaml.Node | None:
    """Return the nodes of a YAML text, with their places; nobody may change them.

    Sheets are asked for several times in one process.
    """
    try:
        return yaml.compose(text, Loader=_FASTEST)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_Loader)


_SCALARS = _Loader("")  # made once: a sheet has hundreds of numbers


def _plain(node: yaml.Node) -> Any:
    """Return a number, a truth or nothing as Python's own."""
    try:
        return _SCALARS.construct_object(node, deep=True)
    finally:  # it would keep every node that it has seen
        _SCALARS.constructed_objects.clear()
        _SCALARS.recursive_objects.clear()


def read_yaml(path: Path) -> tuple[Any, dict[FieldPath, int], list[Problem]]:
    """Return the content of a YAML file, the line of each field by its path, and what it may not hold.

    The problems are repeated keys (the first is kept), tags and values that cannot be read (left out).

    Raises
    ------
    SourceError
        For text that is not UTF-8 or not YAML, an alias, or a file too large or deep.
    """
    data = read_bytes(path)
    if len(data) > MAX_BYTES:
        raise refusal(path, None, "", f"the file has {len(data)} bytes", "split it: a sheet is small")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refusal(path, line, "", "not UTF-8 text", "save the file as UTF-8") from None
    try:
        node = composed(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"a character that YAML does not allow (U+{error.character:04X})"
        raise refusal(path, line, "", what, "delete it or write a space") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "not YAML"
        place = mark.line + 1 if mark else None
        problem = f"not YAML: {what}"
        raise refusal(path, place, "", problem, "mend the line or the one above") from None
    except RecursionError:
        raise refusal(path, None, "", "nested too deeply", "write a flat sheet") from None
    if node is None:
        raise refusal(path, 1, "", "the file is empty", "start from `evidence new STUDY_ID`")
    builder = _Builder(str(path))
    return builder.build(node, ()), builder.lines, builder.problems


def line_of(lines: dict[FieldPath, int], place: FieldPath) -> int | None:
    """Return the line of a field, or of the nearest block around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)


class _Builder:
    """Turns nodes into plain Python, noting lines and refusing what a sheet has no use for."""

    def __init__(self, file: str):
        self.file = file
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []

    def build(self, node: yaml.Node, place: FieldPath) -> Any:
        """Return the content of a node."""
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if len(place) > MAX_DEPTH:
            raise refusal(self.file, line, "", "nested too deeply", "write a flat sheet")
        if not node.tag.startswith("tag:yaml.org,2002:"):
            name = node.tag.removeprefix("!").replace("tag:yaml.org,2002:", "!!")
            return self._wrong(line, name, "a YAML tag", "remove it: sheets hold plain values")
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, at)) for at, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if node.tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
            return node.value
        try:
            return _plain(node)
        except (yaml.YAMLError, ValueError, ArithmeticError, LookupError):
            return self._wrong(line, ".".join(map(str, place)), "a value that cannot be read", "quote it")

    def _mapping(self, node: yaml.MappingNode, place: FieldPath) -> Row:
        """Return a block of fields; a repeated key would hide a figure."""
        content: Row = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or not key.tag.startswith("tag:yaml.org,2002:"):
                self._wrong(line, "", "a field name that is no plain word", "write `name: value`")
            elif key.value in content:
                self._wrong(line, key.value, "the key stands twice in one block", "keep one of them")
            else:
                self.lines[(*place, key.value)] = line
                content[key.value] = self.build(value, (*place, key.value))
        return content

    def _wrong(self, line: int, field: str, problem: str, remedy: str) -> None:
        self.problems.append(Problem(self.file, line, field, problem, remedy))
