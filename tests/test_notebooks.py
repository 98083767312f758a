"""The notebooks as they are committed: shape, story, and check cells that nbval really compares."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.tables import TABLES, write_table

NAMES = ("01_ingestion", "02_cleaning", "03_study_evidence", "04_outcome_comparison", "05_pooled_effect")
CHECK = "nbval-check-output"


def read(checkout: Path, name: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(checkout / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest, checkout: Path) -> nbformat.NotebookNode:
    return read(checkout, request.param)


def test_the_five_notebooks_are_all_there_is(checkout: Path):
    assert sorted(path.stem for path in (checkout / "notebooks").glob("*.ipynb")) == sorted(NAMES)


def test_one_title_then_purpose_inputs_and_outputs(notebook: nbformat.NotebookNode):
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert text[0].startswith("# ") and "**Inputs:**" in text[0] and "**Outputs:**" in text[0]
    assert sum(line.startswith("# ") for part in text for line in part.splitlines()) == 1
    assert not any(line.startswith("### ") for part in text for line in part.splitlines())


def test_cells_are_short(notebook: nbformat.NotebookNode):
    long = [
        cell.id
        for cell in notebook.cells
        # a parameter cell is a list with a word on each line, one line a choice
        if cell.cell_type == "code"
        and len(cell.source.splitlines()) > (24 if "parameters" in tags(cell) else 16)
    ]
    assert long == []


def test_prose_states_no_figure_of_a_study(notebook: nbformat.NotebookNode):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`|SHA-256", "", cell.source)
            numbers = [
                number for number in re.findall(r"\d[\d.,]*", prose) if number.strip(".,") not in ALLOWED
            ]
            assert numbers == [], cell.id


# notebook numbers, the bounds of a proportion, the days of a year, k - 1
ALLOWED = {"0", "1", "01", "02", "03", "04", "365.25"}


def test_only_check_cells_keep_outputs(notebook: nbformat.NotebookNode):
    kept = [cell.id for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    marked = [cell.id for cell in notebook.cells if CHECK in tags(cell)]
    assert kept == marked and marked


def test_was_run_from_top_to_bottom(notebook: nbformat.NotebookNode):
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_kernel_is_the_plain_python_kernel(notebook: nbformat.NotebookNode):
    assert notebook.metadata.kernelspec.name == "python3"


def test_last_cell_lists_what_was_written(notebook: nbformat.NotebookNode):
    assert "tables.written()" in notebook.cells[-1].source


def test_parameter_cells_agree_with_parameters_yaml(checkout: Path):
    declared = yaml.safe_load((checkout / "notebooks" / "parameters.yaml").read_text())
    for name in NAMES:
        [cell] = [cell for cell in read(checkout, name).cells if "parameters" in tags(cell)]
        found = {}
        for line in cell.source.splitlines():
            match = re.match(r"(\w+): (\w+) = (\S+)  # \S", line)
            assert match, f"{name}: a parameter line has no type, value or comment: {line}"
            found[match.group(1)] = (match.group(2), yaml.safe_load(match.group(3)))
        wanted = {
            key: (entry["type"], entry["default"])
            for key, entry in declared.items()
            if name in entry["notebooks"]
        }
        assert found == wanted, name


def nbval(project, *more: str) -> subprocess.CompletedProcess[str]:
    names = [f"notebooks/{name}.ipynb" for name in NAMES]
    plain = ["-p", "no:cacheprovider", "-q", "--rootdir", str(project.root), "-c", "/dev/null"]
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", *plain, *more, *names]
    return subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=600)


def test_nbval_agrees_with_every_check_cell(project):
    result = nbval(project)
    assert result.returncode == 0, result.stdout[-3000:]
    assert re.search(r"\b\d+ passed", result.stdout)


def test_nbval_fails_when_a_number_in_a_check_cell_differs(project):
    path = project.root / "notebooks" / "02_cleaning.ipynb"
    notebook = nbformat.read(path, as_version=4)
    [cell] = [cell for cell in notebook.cells if CHECK in tags(cell)]
    text = cell.outputs[0].text
    number = re.search(r"\d+", text).group()
    cell.outputs[0].text = text.replace(number, str(int(number) + 1), 1)
    nbformat.write(notebook, path)
    for name in NAMES:
        if name != "02_cleaning":
            (project.root / "notebooks" / f"{name}.ipynb").unlink()
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-c", "/dev/null",
               "-p", "no:cacheprovider", "--rootdir", str(project.root), str(path)]  # fmt: skip
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=300)
    assert result.returncode == 1 and "1 failed" in result.stdout, result.stdout[-2000:]


@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_runs_under_bare_papermill_from_either_folder(project, folder: str):
    here = project.root / folder
    source = project.root / "notebooks" / "02_cleaning.ipynb"
    papermill = Path(sys.executable).parent / "papermill"
    command = [str(papermill), str(source), str(project.root / "out.ipynb"), "--no-progress-bar"]
    result = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]


def test_runs_under_nbconvert_execute(project):
    jupyter = Path(sys.executable).parent / "jupyter"
    command = [
        str(jupyter),
        "nbconvert",
        "--execute",
        "--to",
        "html",
        "notebooks/04_outcome_comparison.ipynb",
    ]
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]


def test_missing_tables_give_one_sentence_with_the_remedy(project):
    shutil.rmtree(project.processed)
    papermill = Path(sys.executable).parent / "papermill"
    command = [str(papermill), "notebooks/05_pooled_effect.ipynb", "out.ipynb", "--no-progress-bar"]
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=300)
    assert result.returncode == 1
    assert "run notebook 01_ingestion first" in result.stderr


@pytest.mark.parametrize("place", range(1, len(NAMES)), ids=NAMES[1:])
@pytest.mark.parametrize("there", ["nothing", "all but the last"])
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
    [error] = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    wanted = NAMES[len(earlier)]
    assert len(error.traceback) == 1 and "\n" not in error.traceback[0].strip()
    assert re.search(
        rf"the table \w+ is not there; run notebook {wanted} first \(or `evidence run`", error.evalue
    )
