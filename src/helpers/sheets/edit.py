"""Single fields of a study sheet set in place: comments, order and quoting of all else stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import yaml

from trialfiles.record import Row
from trialfiles.yaml_lines import FieldPath, composed

_Edit = tuple[int, int, str]  # first character, the one after the last, what stands there from now on


def set_fields(text: str, path: FieldPath, values: Row, drop: Collection[str] = ()) -> str:
    r"""Return the text of a sheet with some fields of one block set; nothing else in it changes.

    Parameters
    ----------
    text : str
        YAML, as it stands in the file.
    path : tuple of str and int
        The block, such as `("results", 2)`; `()` is the sheet itself.
    values : dict
        Fields and their values, each written on one line. A field that is not there is added at the end of
        the block, or where the first of the dropped ones stood.
    drop : collection of str
        Fields that are taken out, if they are there; the values must keep the block from becoming empty.

    Raises
    ------
    KeyError
        For a path at which no block of fields stands.

    Examples
    --------
    >>> set_fields("results:\n- {arm: a, state: proposed}  # 1\n", ("results", 0), {"state": "confirmed"})
    'results:\n- {arm: a, state: confirmed}  # 1\n'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    block = _block_at(composed(text), path)
    fields = {key.value: _span(key, value, text) for key, value in block.value}
    edits = [
        (fields[name].value, fields[name].end, _written("_", value).partition(":")[2])
        for name, value in values.items()
        if name in fields
    ]
    added = [_written(name, value) for name, value in values.items() if name not in fields]
    gone = [name for name in fields if name in drop]
    if added and gone:  # the first dropped field makes room for the new ones
        first = fields[gone.pop(0)]
        edits.append((first.key, first.end, _joint(block, text).join(added)))
    elif added:
        edits.append(_appended(block, list(fields.values()), added, text))
    edits += [_removed(list(fields.values()), fields[name], block.flow_style, text) for name in gone]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return mark + text


def append_item(text: str, name: str, item: Row) -> str:
    r"""Return the text of a sheet with one more block, on one line, at the end of one of its lists.

    Examples
    --------
    >>> append_item("arms:\n- {arm_id: a}  # 1\n", "arms", {"arm_id": "b"})
    'arms:\n- {arm_id: a}  # 1\n- {arm_id: b}\n'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    items = next((value for key, value in _block_at(composed(text), ()).value if key.value == name), None)
    written, end = _written("_", item).partition(":")[2].strip(), "\r\n" if "\r\n" in text else "\n"
    if not isinstance(items, yaml.SequenceNode):
        return mark + set_fields(text, (), {name: [item]})
    if not items.value:
        head, rest = text[: items.start_mark.index].rstrip(" "), text[items.end_mark.index :]
        return f"{mark}{head}{end}- {written}{rest}"
    place = _end(items.value[-1], text)
    if items.flow_style:
        return f"{mark}{text[:place]}, {written}{text[place:]}"
    place = _behind_remark(place, text)
    return f"{mark}{text[:place]}{end}{' ' * items.start_mark.column}- {written}{text[place:]}"


@dataclass(frozen=True)
class _Span:
    """Where a field begins, where what follows its colon begins, and where its value ends."""

    key: int
    value: int
    end: int


def _span(key: yaml.Node, value: yaml.Node, text: str) -> _Span:
    colon = text.index(":", key.end_mark.index) + 1
    if not text[value.start_mark.index : value.end_mark.index].strip():  # nothing follows the colon
        return _Span(key.start_mark.index, colon, colon)
    begin = value.start_mark.index
    between = text[colon:begin]
    if between.strip():  # a remark, which stays, with the white space behind it
        return _Span(key.start_mark.index, begin, _end(value, text))
    return _Span(key.start_mark.index, colon, _end(value, text))


def _block_at(node: yaml.Node | None, path: FieldPath) -> yaml.MappingNode:
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        else:
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            node = items[part] if isinstance(part, int) and part < len(items) else None
    if not isinstance(node, yaml.MappingNode):
        raise KeyError(path)
    return node


def _written(name: str, value: Any) -> str:
    """Return `name: value` on one line, quoted where a block in braces needs it."""
    options: Row = {"default_flow_style": True, "allow_unicode": True, "sort_keys": False, "width": 10**7}
    line = str(yaml.safe_dump({name: value}, **options)).strip()
    if "\n" in line:  # words on several lines
        line = str(yaml.safe_dump({name: value}, **options, default_style='"')).strip()
    return line[1:-1]


def _end(node: yaml.Node, text: str) -> int:
    """Return where the words of a node end; a block on several lines ends with its last value."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last, text)
    end: int = node.end_mark.index
    return len(text[:end].rstrip("\r\n")) if text[end - 1 : end] == "\n" else end


def _joint(block: yaml.MappingNode, text: str) -> str:
    """Return what stands between two fields of a block."""
    if block.flow_style:
        return ", "
    column = block.value[0][0].start_mark.column
    return ("\r\n" if "\r\n" in text else "\n") + " " * column


def _appended(block: yaml.MappingNode, fields: list[_Span], added: list[str], text: str) -> _Edit:
    if not fields:
        place = block.start_mark.index + 1
        return place, place, ", ".join(added)
    joint, place = _joint(block, text), fields[-1].end
    place = place if block.flow_style else _behind_remark(place, text)
    return place, place, joint + joint.join(added)


def _behind_remark(place: int, text: str) -> int:
    """Return where the line of a place ends."""
    return min(found for found in (text.find("\r\n", place), text.find("\n", place), len(text)) if found >= 0)


def _removed(fields: list[_Span], this: _Span, flow: bool, text: str) -> _Edit:
    """Take out a field with what parts it from the next one, or else from the one before."""
    index = fields.index(this)
    if index + 1 < len(fields):
        return this.key, fields[index + 1].key, ""
    if flow:
        return fields[index - 1].end, this.end, ""
    return len(text[: this.key].rstrip(" ").removesuffix("\n").removesuffix("\r")), this.end, ""
