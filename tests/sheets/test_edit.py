"""Fields of a sheet set in place: what else stands in it stays, letter by letter."""

import pytest
import yaml

from helpers.sheets.edit import set_fields

BLOCK = "a:\n- id: x  # one\n  at:\n    line: 3   # where\n  note:\n- {id: y, 'q': [1, 2]} # two\nz: |\n  words\n  more\n"
CASES = [
    (("a", 0), {"note": "n: 1", "id": "u, v"}, (), ["- id: 'u, v'  # one", "note: 'n: 1'"]),
    (("a", 0, "at"), {"line": 4, "chars": [1, 2]}, (), ["line: 4   # where\n    chars: [1, 2]\n  note:"]),
    (("a", 1), {"state": "a, b", "q": None}, (), ["- {id: y, 'q': null, state: 'a, b'} # two"]),
    (("a", 1), {"at": {"line": 3}}, ("q",), ["- {id: y, at: {line: 3}} # two"]),
    (("a", 0), {"at": {"line": 3}}, (), ["  at: {line: 3}   # where\n"]),
    (("a", 0), {}, ("note",), ["- id: x", "# where\n- {id: y"]),
    ((), {"z": "new\nline", "y": 1}, (), ['z: "new\\nline"\ny: 1']),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("path", "values", "drop", "words"), CASES)
def test_a_field_is_set_and_nothing_else_changes(path, values, drop, words, end):
    text = set_fields("\ufeff# é ± head\n".replace("\n", end) + BLOCK.replace("\n", end), path, values, drop)
    for part in words:
        assert part.replace("\n", end) in text
    found = yaml.safe_load(BLOCK)
    block = found
    for part in path:
        block = block[part]
    block.update(values)
    for name in drop:
        block.pop(name)
    assert yaml.safe_load(text.removeprefix("\ufeff")) == found
    assert all(remark in text for remark in ("# é ± head", "# one", "# two"))


def test_a_path_without_a_block_is_a_key_error():
    for path in (("b",), ("a", 2), ("a", 0, "id")):
        with pytest.raises(KeyError):
            set_fields(BLOCK, path, {"state": "confirmed"})
