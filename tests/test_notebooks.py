"""The notebooks as they are committed: shape, story, and check cells that nbval really compares."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.tables import TABLES, write_table

BESIDE = {"confirm", "explore"}  # for a person, no part of the run
NAMES = ("01_ingestion", "02_cleaning", "03_study_evidence", "04_outcome_comparison", "05_pooled_effect")
CHECK = "nbval-check-output"


def read(checkout: Path, name: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(checkout / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


@pytest.fixture(params=(*NAMES, "confirm"))
def any_notebook(request: pytest.FixtureRequest, checkout: Path) -> nbformat.NotebookNode:
    return read(checkout, request.param)


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest, checkout: Path) -> nbformat.NotebookNode:
    return read(checkout, request.param)


def test_one_title_then_purpose_inputs_and_outputs(any_notebook: nbformat.NotebookNode):
    text = [cell.source for cell in any_notebook.cells if cell.cell_type == "markdown"]
    assert text[0].startswith("# ") and "**Inputs:**" in text[0] and "**Outputs:**" in text[0]
    assert sum(line.startswith("# ") for part in text for line in part.splitlines()) == 1
    assert not any(line.startswith("### ") for part in text for line in part.splitlines())


def test_cells_are_short(any_notebook: nbformat.NotebookNode):
    for cell in any_notebook.cells:
        most = 24 if "parameters" in tags(cell) else 16  # there a line is a choice
        assert cell.cell_type != "code" or len(cell.source.splitlines()) <= most, cell.id


def test_prose_states_no_figure_of_a_study(any_notebook: nbformat.NotebookNode):
    for cell in any_notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(
                r"`[^`]*`|SHA-256|RoB 2|Santesso 2020|80 % power|12 months after primary completion|2.5 % of the tries",
                "",
                cell.source,
            )
            numbers = {number.strip(".,") for number in re.findall(r"\d[\d.,]*", prose)}
            assert numbers <= ALLOWED, cell.id


# notebook numbers, the bounds of a proportion, the days of a year, k - 1
ALLOWED = {"0", "1", "01", "02", "03", "04", "365.25"}


def test_only_check_cells_keep_outputs(notebook: nbformat.NotebookNode):
    kept = [cell.id for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    marked = [cell.id for cell in notebook.cells if CHECK in tags(cell)]
    assert kept == marked and marked


def test_was_run_from_top_to_bottom_by_the_plain_kernel(notebook: nbformat.NotebookNode):
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert notebook.metadata.kernelspec.name == "python3"
    assert CHECK in tags(notebook.cells[-1])


def test_the_five_notebooks_are_all_there_is(checkout: Path):
    assert {path.stem for path in (checkout / "notebooks").glob("*.ipynb")} - BESIDE == set(NAMES)
    pipeline = yaml.safe_load((checkout / "notebooks" / "pipeline.yaml").read_text())
    assert tuple(pipeline["notebooks"]) == NAMES


def test_the_notebook_of_questions_answers_them_in_few_lines(checkout: Path, made):
    """Friction 9: almost every cell was one helper call, nothing to copy and change."""
    notebook = read(checkout, "explore")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert code[0].source == "from helpers import Review; review = Review(); review"
    assert len(code) == 6 and all(len(cell.source.splitlines()) <= 8 for cell in code)
    assert not any(cell.outputs or cell.execution_count for cell in code)
    imported = {name for cell in code for name in re.findall(r"^(?:from|import) (\w+)", cell.source, re.M)}
    assert imported == {"helpers", "metastats", "numpy", "pandas", "seaborn", "statsmodels"}
    for part in text[1:]:
        question, _, prose = part.partition("\n\n")
        assert re.fullmatch(r"## [^#]*\?", question)
        assert len(re.findall(r"\.(?: |$)", prose)) == 2 and not re.findall(
            r"\d", prose.replace("notebook 05", "")
        )
    place = {"metadata": {"path": str(made.root / "notebooks")}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    assert all(cell.outputs for cell in code)


def test_parameter_cells_agree_with_parameters_yaml(checkout: Path):
    declared = yaml.safe_load((checkout / "notebooks" / "parameters.yaml").read_text())
    for name in NAMES:
        [cell] = [cell for cell in read(checkout, name).cells if "parameters" in tags(cell)]
        found = {}
        for line in cell.source.splitlines():
            match = re.match(r"(\w+): (\w+) = (\S+)  # \S", line)
            assert match, f"{name}: a parameter line has no type, value or comment: {line}"
            found[match.group(1)] = (match.group(2), yaml.safe_load(match.group(3)))
        own = {key: entry for key, entry in declared.items() if name in entry["notebooks"]}
        assert found == {key: (entry["type"], entry["default"]) for key, entry in own.items()}, name


def test_the_confirmation_room_without_a_person_says_how_it_stands(checkout: Path, unmade):
    notebook = read(checkout, "confirm")

    def printed() -> str:
        done = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": unmade.root}})
        cells = done.execute().cells
        return "".join(output["text"] for cell in cells for output in cell.get("outputs", []))

    assert "No study waits" in printed()
    assert unmade.evidence("add", str(checkout / "tests/confirm/article.nxml")).returncode == 0
    assert "brook2026: 0 of 5 answered" in printed()


def nbval(project, *names: str) -> subprocess.CompletedProcess[str]:
    """Run notebooks as nbval does, without the settings of this test run."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-c", "/dev/null"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(project.root)]
    command += [f"notebooks/{name}.ipynb" for name in names]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=600)


def checked_text(notebook: nbformat.NotebookNode) -> dict[str, list[str]]:
    """Return what the check cells of a notebook print or give, by the cell."""
    return {
        cell.id: [output.get("text") or output["data"]["text/plain"] for output in cell.outputs]
        for cell in notebook.cells
        if CHECK in tags(cell)
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_run_gives_what_the_check_cells_keep(checkout: Path, made, name: str):
    """The same comparison as nbval's, with the notebooks that the report was made of."""
    default = "-wan2025" if name == "03_study_evidence" else ""
    executed = nbformat.read(made.root / ".evidence" / "executed" / f"{name}{default}.ipynb", as_version=4)
    assert checked_text(executed) == checked_text(read(checkout, name))


@pytest.mark.slow
def test_nbval_agrees_with_every_check_cell(project):
    result = nbval(project, *NAMES)
    assert result.returncode == 0, result.stdout[-3000:]
    assert re.search(r"\b\d+ passed", result.stdout)


@pytest.mark.slow
def test_nbval_fails_when_a_number_in_a_check_cell_differs(project):
    path = project.root / "notebooks" / "02_cleaning.ipynb"
    notebook = nbformat.read(path, as_version=4)
    [cell] = [cell for cell in notebook.cells if CHECK in tags(cell)]
    text = cell.outputs[0].text
    number = re.search(r"\d+", text).group()
    cell.outputs[0].text = text.replace(number, str(int(number) + 1), 1)
    nbformat.write(notebook, path)
    result = nbval(project, "02_cleaning")
    assert result.returncode == 1 and "1 failed" in result.stdout, result.stdout[-2000:]


def command_line(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment."""
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_runs_under_bare_papermill_from_either_folder(three, folder: str):
    source, target = str(three.root / "notebooks" / "02_cleaning.ipynb"), str(three.root / "out.ipynb")
    result = command_line("papermill", source, target, "--no-progress-bar", folder=three.root / folder)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.slow
def test_runs_under_nbconvert_execute(three):
    notebook = "notebooks/04_outcome_comparison.ipynb"
    result = command_line("jupyter", "nbconvert", "--execute", "--to", "html", notebook, folder=three.root)
    assert result.returncode == 0, result.stderr[-2000:]


def places_and_tables() -> list[Any]:
    """Return each notebook with no table and with all but those of the one before; one at once, the rest slow."""
    cases = [(place, there) for there in ("nothing", "all but the last") for place in range(1, len(NAMES))]
    at_once = [(4, "all but the last")]
    return [case if case in at_once else pytest.param(*case, marks=pytest.mark.slow) for case in cases]


@pytest.mark.parametrize(("place", "there"), places_and_tables())
def test_a_notebook_by_itself_says_which_one_to_run_first(unmade, place: int, there: str):
    """In JupyterLab's own way of running: the output is one sentence, no stack of calls."""
    root = unmade.root
    earlier = NAMES[: place - 1] if there == "all but the last" else ()
    for name, spec in TABLES.items():
        if spec.notebook in earlier:
            write_table(name, [], root / "data" / "processed")
    notebook = nbformat.read(root / "notebooks" / f"{NAMES[place]}.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": root}}
    )
    with pytest.raises(CellExecutionError) as caught:
        client.execute()
    assert caught.value.ename == "TableError"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    [error] = [output for output in outputs if output.output_type == "error"]
    assert len(error.traceback) == 1 and "\n" not in error.traceback[0].strip()
    said = rf"the table \w+ is not there; run notebook {NAMES[len(earlier)]} first \(or `evidence run`"
    assert re.search(said, error.evalue)
