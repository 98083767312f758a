"""What a run may be told, and how it says no."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of
from station_project import LAST_PARAMETERS, write_cells

from notebookpress.errors import ParameterError, PipelineError
from notebookpress.files import project_root
from notebookpress.parameters import (
    check_cells,
    check_names,
    check_parameters,
    load_parameters,
    merge_parameters,
)
from notebookpress.pipeline import load_pipeline
from notebookpress.run import run
from notebookpress.sweep import read_grid

CASES = cases_of(__file__)


def test_defaults_then_file_then_pairs(project: Path) -> None:
    file = project / "mine.yaml"
    file.write_text("season: winter\nfactor: 0\nrounds: 5\n")
    values = merge_parameters(load_parameters(project), file, ["rounds=7", "names=x, y", "shown=false"])
    assert values == {"season": "winter", "factor": 0.0, "rounds": 7, "shown": False, "names": ["x", "y"]}
    assert isinstance(values["factor"], float)


@pytest.mark.parametrize(("pair", "said"), CASES["pairs"].items())
def test_a_wrong_pair_is_refused(project: Path, pair: str, said: str) -> None:
    with pytest.raises(ParameterError, match=".") as caught:
        merge_parameters(load_parameters(project), pairs=[pair])
    assert said in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_text_that_fits_no_choice_is_refused(checkout: Path) -> None:
    """Nor one that names a study which is not there, which is told before anything starts."""
    declared = load_parameters(checkout)
    with pytest.raises(ParameterError, match="'wan2025' is none of what it may be; .*without STUDY"):
        merge_parameters(declared, pairs=["included=wan2025"])
    for name in ("wan2025", "olsen2002"):  # of a sheet, and of the comparators
        check_names(declared, {"included": f"without {name}"}, lambda: _names(checkout))
    with pytest.raises(ParameterError, match="'wan2026' is not there; did you mean 'wan2025'?"):
        run(checkout, parameters=merge_parameters(declared, pairs=["included=without wan2026"]))


def _names(checkout: Path) -> set[str]:
    return load_pipeline(checkout).known_names(checkout / "data" / "raw")


def test_every_problem_is_listed_at_once(project: Path) -> None:
    file = project / "mine.yaml"
    file.write_text("season: 3\nround: 1\nraw: x\n")
    with pytest.raises(ParameterError) as caught:
        merge_parameters(load_parameters(project), file, ["rounds=x", "shown=true", "shown=false"])
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(("text", "said"), CASES["files"].items())
def test_a_file_that_is_no_mapping(project: Path, text: str, said: str) -> None:
    file = project / "mine.yaml"
    file.write_text(text)
    with pytest.raises(PipelineError, match=said):
        merge_parameters(load_parameters(project), file)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
HOSTILE = {
    "digits": "factor: " + "1" * 5000,
    "hexadecimal digits": "factor: 0x" + "f" * 5000,
    "bomb": BOMB + "factor: *a29",
    "date": "season: 2026-13-45",
    "tag": "season: !!timestamp x",
    "deep": "names: " + "[" * 100_000 + "]" * 100_000,
    "large": "#" * 1_000_000,
    "names": "{[a]: 1}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_few_words(project: Path, name: str) -> None:
    file = project / "mine.yaml"
    file.write_text(HOSTILE[name])
    with pytest.raises(PipelineError) as caught:
        merge_parameters(load_parameters(project), file)
    assert all(len(line) < 800 and "mine.yaml" in line for line in caught.value.lines[-1:])


def test_a_grid_is_counted_before_it_is_built(project: Path) -> None:
    values = [round(0.1 + number / 1000, 3) for number in range(500)]
    (project / "grid.yaml").write_text(f"grid: {{factor: {values}, rounds: {list(range(1, 501))}}}")
    with pytest.raises(ParameterError, match="250,000 sets, more than 10,000"):
        read_grid(project / "grid.yaml", load_parameters(project))


@pytest.mark.parametrize(("entry", "said"), CASES["declared"].items())
def test_parameters_yaml_itself_is_checked(project: Path, entry: str, said: str) -> None:
    path = project / "notebooks" / "parameters.yaml"
    path.write_text(f"# first\n{entry}\n")
    with pytest.raises(PipelineError) as caught:
        load_parameters(project)
    assert f"{path}, line 2: {said}" in str(caught.value)


@pytest.mark.parametrize("case", CASES["drifted"], ids=lambda case: case["said"])
def test_a_cell_that_has_drifted(project: Path, case: dict[str, str]) -> None:
    parameters = LAST_PARAMETERS.replace(case["was"], case["becomes"])
    path = write_cells(project / "notebooks" / "03_last.ipynb", parameters, "1")
    assert any(case["said"] in problem for problem in check_cells(load_parameters(project), [path]))


def test_a_notebook_checks_its_own_values(project: Path) -> None:
    check_parameters("03_last", {"rounds": 2, "factor": 0, "processed": "elsewhere"})
    with pytest.raises(ParameterError) as caught:
        check_parameters("03_last", {"rounds": 0, "factor": "0.7", "station_id": "x"})
    assert len(caught.value.problems) == 3


def test_the_root_is_found_from_below_or_missed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project_root(project / "data" / "raw") == project
    monkeypatch.setattr("notebookpress.files.__file__", str(tmp_path / "a" / "b" / "c.py"))
    with pytest.raises(PipelineError, match="notebooks/parameters.yaml"):
        project_root(tmp_path)
