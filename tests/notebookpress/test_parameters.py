"""What a run may be told, and how it says no."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_files import cases_of
from station_project import LAST_PARAMETERS, write_cells

from notebookpress.errors import ParameterError, PipelineError
from notebookpress.files import project_root
from notebookpress.parameters import check_cells, check_parameters, load_parameters, merge_parameters

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
    """Friction 4: `-p included=wan2025` was taken with exit status 0."""
    declared = load_parameters(checkout)
    merge_parameters(declared, pairs=["included=without wan2025"])
    with pytest.raises(ParameterError, match="'wan2025' does not fit .*without STUDY"):
        merge_parameters(declared, pairs=["included=wan2025"])


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
