"""The fast parser of YAML and the plain one give the same content, lines and problems."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from trialfiles import SourceError, yaml_lines

SHEETS = sorted((Path(__file__).parents[2] / "data" / "raw" / "studies").glob("*.yaml"))
TEXTS = {
    "kinds": "a: 1\nb: 1.50\nc: yes\nd: ~\ne: 2025-01-02\nf: '2'\ng: |\n  long\n  text\nh: [1, {i: x}]\n",
    "tags": "a: !!str 1\nb: !other x\nc: ! plain\n",
    "twice": "a: 1\nb:\n  c: 1\n  c: 2\n",
    "no names": "? [a]\n: 1\n",
    "impossible": "a: 1e999\nb: 0b2\nc: =\n",
}
BROKEN = {
    "alias": "a: &x [1]\nb: *x\n",
    "indent": "a: 1\n  b: 2\n",
    "open": "a: [1\n",
    "tab": "a:\n\t- 1\n",
    "two": "a: 1\n---\nb: 2\n",
    "letter": "a: \x07\n",
    "deep": "[" * 60 + "]" * 60,
}
pytestmark = pytest.mark.skipif(not yaml.__with_libyaml__, reason="there is only the plain parser")


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """Return what each parser gives for a file: content, lines and problems, or the problems alone."""
    given = []
    for loader in (yaml_lines._FastLoader, yaml_lines._Loader):
        monkeypatch.setattr(yaml_lines, "_FASTEST", loader)
        yaml_lines._composed.cache_clear()
        try:
            given.append(yaml_lines.read_yaml(path))
        except SourceError as error:
            given.append(error.problems)
    return given


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_sheets_are_read_alike(sheet, monkeypatch):
    fast, plain = both(sheet, monkeypatch)
    assert len(plain) == 3
    assert fast == plain


@pytest.mark.parametrize("text", [*TEXTS.values(), *BROKEN.values()], ids=[*TEXTS, *BROKEN])
def test_odd_and_broken_texts_are_read_alike(text, tmp_path, monkeypatch):
    (tmp_path / "s.yaml").write_text(text)
    fast, plain = both(tmp_path / "s.yaml", monkeypatch)
    assert fast == plain
    assert (len(plain) == 3 and isinstance(plain, tuple)) == (text in TEXTS.values())


def test_a_file_that_changes_is_read_anew(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("a: [1]\n")
    first, _, _ = yaml_lines.read_yaml(path)
    first["a"].append(2)  # the content is the caller's own
    assert yaml_lines.read_yaml(path)[0] == {"a": [1]}
    path.write_text("a: [3]\n")
    assert yaml_lines.read_yaml(path)[0] == {"a": [3]}
