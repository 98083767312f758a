"""The fast parser of YAML and the plain one give the same content, lines and problems."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from case_files import cases_of

from trialfiles import SourceError, yaml_lines

SHEETS = sorted((Path(__file__).parents[2] / "data" / "raw" / "studies").glob("*.yaml"))
CASES = cases_of(__file__)
TEXTS, BROKEN = CASES["texts"], CASES["broken"]
pytestmark = pytest.mark.skipif(not yaml.__with_libyaml__, reason="there is only the plain parser")


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """Return what each parser gives for a file: content, lines and problems, or the problems alone."""
    given = []
    for loader in (yaml_lines._FastLoader, yaml_lines._Loader):
        monkeypatch.setattr(yaml_lines, "_FASTEST", loader)
        yaml_lines.composed.cache_clear()
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
