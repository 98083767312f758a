"""What a run may be told, and how it says no."""

from __future__ import annotations

from pathlib import Path

import pytest
from station_project import LAST_PARAMETERS, write_cells

from notebookpress.errors import ParameterError, PipelineError
from notebookpress.files import project_root
from notebookpress.parameters import check_cells, check_parameters, load_parameters, merge_parameters


def test_defaults_then_file_then_pairs(project: Path) -> None:
    """The later word counts."""
    file = project / "mine.yaml"
    file.write_text("season: winter\nfactor: 0\nrounds: 5\n")
    values = merge_parameters(load_parameters(project), file, ["rounds=7", "names=x, y", "shown=false"])
    assert values == {
        "season": "winter",
        "factor": 0.0,
        "rounds": 7,
        "shown": False,
        "names": ["x", "y"],
    }
    assert isinstance(values["factor"], float)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("saeson=summer", "did you mean 'season'?"),
        ("zzz=1", "known: factor, names, rounds, season, shown"),
        ("rounds=two", "'two' is not a whole number"),
        ("rounds=2.0", "'2.0' is not a whole number"),
        ("rounds=0", "0 is below 1"),
        ("factor=1.5", "1.5 is above 0.999"),
        ("factor=nan", "nan is not a number"),
        ("season=all", "'all' is not one of summer, winter"),
        ("shown=1", "'1' is not true or false"),
        ("raw=elsewhere", "--raw DIR"),
        ("processed=elsewhere", "--out DIR"),
        ("station_id=alpha", "once for each file"),
        ("rounds", "no value"),
    ],
)
def test_a_wrong_pair_is_refused(project: Path, pair: str, said: str) -> None:
    """Status 2, and a remedy."""
    with pytest.raises(ParameterError, match=".") as caught:
        merge_parameters(load_parameters(project), pairs=[pair])
    assert said in str(caught.value)
    assert caught.value.exit_status == 2


def test_every_problem_is_listed_at_once(project: Path) -> None:
    """Five mistakes, five lines."""
    file = project / "mine.yaml"
    file.write_text("season: 3\nround: 1\nraw: x\n")
    with pytest.raises(ParameterError) as caught:
        merge_parameters(load_parameters(project), file, ["rounds=x", "shown=true", "shown=false"])
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a\n", "not a mapping"), ("a: [\n", "line"), ("rounds: 1\nrounds: 2\n", "stands twice")],
)
def test_a_file_that_is_no_mapping(project: Path, text: str, said: str) -> None:
    """The message names the place."""
    file = project / "mine.yaml"
    file.write_text(text)
    with pytest.raises(PipelineError, match=said):
        merge_parameters(load_parameters(project), file)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "a: {type: int, default: x, notebooks: [b], meaning: m}",
            "a: the default 'x' is not a whole number",
        ),
        ("a: {type: int, default: 1, notebooks: [b], meening: m}", "meening is not known; use one of type"),
        ("a: {type: complex, default: 1, notebooks: [b], meaning: m}", "type complex is not known; use one"),
        ("a: {type: int, default: 1, meaning: m}", "a has no notebooks"),
        ("a-b: {type: int}", "a-b is no Python name"),
        ("a: 1", "a is not a mapping"),
    ],
)
def test_parameters_yaml_itself_is_checked(project: Path, entry: str, said: str) -> None:
    """A wrong declaration stops every run, with its line."""
    path = project / "notebooks" / "parameters.yaml"
    path.write_text(f"# first\n{entry}\n")
    with pytest.raises(PipelineError) as caught:
        load_parameters(project)
    assert f"{path}, line 2: {said}" in str(caught.value)


def test_cells_in_step_with_the_file(project: Path) -> None:
    """The small project agrees with itself."""
    notebooks = sorted((project / "notebooks").glob("*.ipynb"))
    assert check_cells(load_parameters(project), notebooks) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("rounds: int = 2", "rounds: int = 3", "is 3 here and 2 in parameters.yaml"),
        ("rounds: int = 2", "round: int = 2", "round is not in parameters.yaml"),
        ("rounds: int = 2\n", "", "rounds is missing"),
        ("rounds: int = 2", "rounds: int = len('ab')", "with a plain value"),
        ("rounds: int = 2", "import os", "line 4 gives no value to a name"),
        ("rounds: int = 2", "rounds: int =", "invalid syntax"),
        ("shown: bool = True", "shown: bool = 1", "is 1 here and True in parameters.yaml"),
    ],
)
def test_a_cell_that_has_drifted(project: Path, was: str, becomes: str, said: str) -> None:
    """Each kind of difference is named."""
    path = write_cells(project / "notebooks" / "03_last.ipynb", LAST_PARAMETERS.replace(was, becomes), "1")
    notebooks = [project / "notebooks" / f"{name}.ipynb" for name in ("01_first", "02_each")]
    problems = check_cells(load_parameters(project), [*notebooks, path])
    assert any(said in problem for problem in problems)


def test_a_notebook_checks_its_own_values(project: Path) -> None:
    """For runs without the runner."""
    check_parameters("03_last", {"rounds": 2, "factor": 0, "processed": "elsewhere"})
    with pytest.raises(ParameterError) as caught:
        check_parameters("03_last", {"rounds": 0, "factor": "0.7", "station_id": "x"})
    assert len(caught.value.problems) == 3


def test_the_root_is_found_from_below(project: Path) -> None:
    """From any folder of the project."""
    assert project_root(project / "data" / "raw") == project


def test_no_project_says_what_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named."""
    monkeypatch.setattr("notebookpress.files.__file__", str(tmp_path / "a" / "b" / "c.py"))
    with pytest.raises(PipelineError, match="notebooks/parameters.yaml"):
        project_root(tmp_path)
