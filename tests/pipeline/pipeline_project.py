"""A small project for the runner: three notebooks that write plain files, two studies, a stub of a site."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.pipeline.stages import Stage

PARAMETERS = """\
raw: {type: str, default: data/raw, notebooks: [01_first], meaning: raw data}
processed: {type: str, default: data/processed, notebooks: [01_first, 02_each, 03_last], meaning: tables}
study_id: {type: str, default: alpha, notebooks: [02_each], meaning: the study, set_by: runner}
evidence: {type: str, default: core, choices: [core, published], notebooks: [03_last], meaning: which}
correlation:
  {type: float, default: 0.7, minimum: -0.99, maximum: 0.999, notebooks: [02_each, 03_last], meaning: assumed}
rounds: {type: int, default: 2, minimum: 1, notebooks: [03_last], meaning: how many}
shown: {type: bool, default: true, notebooks: [03_last], meaning: whether shown}
names: {type: list, default: [a, b], notebooks: [03_last], meaning: which}
"""

FIRST = """\
from pathlib import Path
Path(processed).mkdir(parents=True, exist_ok=True)
text = "".join(path.read_text() for path in sorted(Path(raw, "studies").glob("*.yaml")))
(Path(processed) / "one.parquet").write_text(text)
print("written to", Path(processed).resolve())"""
LAST = """\
from pathlib import Path
(Path(processed) / "three.parquet").write_text((Path(processed) / "one.parquet").read_text() + evidence)"""

STAGES = (
    Stage("01_first", reads=(), writes=("one",), raw="all"),
    Stage("02_each", reads=("one",), writes=(), raw="sheet", per_study=True),
    Stage("03_last", reads=("one",), writes=("three",)),
)

# The command as a process of its own, with the stubs in it.
SCRIPT = """\
import sys
sys.path.insert(0, {tests!r})
import pytest
from pipeline_project import install_stubs
install_stubs(pytest.MonkeyPatch().setattr)
from helpers.pipeline.cli import main
if __name__ == "__main__":
    try:
        open({begun!r}, "w").close()
    except (OSError, ValueError):
        pass  # somebody else's folder, or a name in another encoding: nobody waits for it
    main()
"""
BEGUN = "begun"  # a file beside the project: Python has started, and the command is what meets a signal

Evidence = Callable[..., tuple[int, str]]  # calls the command; gives its status and all that it said


def write_cells(path: Path, parameters: str, *sources: str) -> Path:
    """Write a notebook with a title, a parameters cell and code cells."""
    cells = [new_markdown_cell("# A notebook"), new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


FIRST_PARAMETERS = 'raw: str = "data/raw"\nprocessed: str = "data/processed"'
EACH_PARAMETERS = (
    'processed: str = "data/processed"\nstudy_id: str = "alpha"\ncorrelation: float = 0.7  # assumed'
)
LAST_PARAMETERS = (
    'processed: str = "data/processed"\nevidence: str = "core"\ncorrelation: float = 0.7\n'
    'rounds: int = 2\nshown: bool = True\nnames: list = ["a", "b"]'
)


def make_project(root: Path) -> Path:
    """Write the small project below a folder."""
    (root / "notebooks").mkdir(parents=True)
    (root / "data" / "raw" / "studies").mkdir(parents=True)
    (root / "notebooks" / "parameters.yaml").write_text(PARAMETERS)
    for study in ("alpha", "beta"):
        (root / "data" / "raw" / "studies" / f"{study}.yaml").write_text(f"study_id: {study}\n")
    write_cells(root / "notebooks" / "01_first.ipynb", FIRST_PARAMETERS, FIRST)
    write_cells(
        root / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, "print(study_id, correlation)", "study_id"
    )
    write_cells(root / "notebooks" / "03_last.ipynb", LAST_PARAMETERS, LAST)
    return root


def evidence_command(root: Path) -> list[str]:
    """Write the command as a script beside the project; return how it is started."""
    script = root.parent / "evidence.py"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parent), begun=str(root.parent / BEGUN)))
    return [sys.executable, str(script)]


def short_environment(root: Path) -> dict[str, str]:
    """Return an environment in which runs have a folder for temporary files beside them."""
    temporary = root.parent / "t"
    temporary.mkdir(exist_ok=True)
    return os.environ | {"TMPDIR": str(temporary)}


def snapshot(root: Path, *folders: str) -> dict[str, tuple[bytes, int]]:
    """Return bytes and time of every file below some folders."""
    chosen = folders or ("reports", "data", ".evidence/executed", ".evidence/processed", ".evidence/site")
    files = [path for folder in chosen for path in (root / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def processes_below(marker: Path) -> list[int]:
    """Return the processes, but this one, whose working folder lies below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd").startswith(str(marker)) and int(process.name) != os.getpid():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def stub_site(
    workers: object,
    executed: dict[str, Path],
    processed: Path,
    destination: Path,
    raw: Path,
    provenance: dict,
    early: Path | None,
    jobs: int,
) -> list[Path]:
    """Write a page for each run, an index, and more pages when the environment asks for them."""
    pages = []
    for name, notebook in executed.items():
        page = destination / "studies" / f"{name}.html" if "-" in name else destination / f"{name}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(notebook.read_text())
        pages.append(page)
    index = destination / "index.html"
    index.write_text(f"{sorted(executed)} {provenance['parameters']}")
    for number in range(int(os.environ.get("STUB_PAGES", "0"))):
        pages.append(destination / "more" / f"{number}.html")
        pages[-1].parent.mkdir(exist_ok=True)
        pages[-1].write_text(f"{number} {(processed / 'one.parquet').read_text()}")
    return [*pages, index]


class StubProblem(types.SimpleNamespace):
    """A problem with a sheet."""

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}; {self.remedy}"


def stub_check(raw: Path, files: list[Path] | None = None) -> list[StubProblem]:
    """Find sheets that say `broken`."""
    sheets = sorted(Path(raw, "studies").glob("*.yaml")) if files is None else files
    return [
        StubProblem(file=str(sheet), line=1, field="", problem="it is broken", remedy="mend it")
        for sheet in sheets
        if "broken" in Path(sheet).read_text()
    ]


def install_stubs(put: Callable[[str, object], None]) -> None:
    """Put stubs in the place of the rooms that read sources and build pages."""
    put("helpers.pipeline.rooms.evidence_stages", lambda workers: STAGES)
    put(
        "helpers.pipeline.rooms.check_raw",
        lambda workers, raw: (list(map(str, stub_check(raw))), bool(stub_check(raw))),
    )
    put("helpers.pipeline.rooms.divide", stub_divide)
    put("helpers.pipeline.rooms.build_site", stub_site)
    put("helpers.pipeline.runner.PRELOAD", ())  # these notebooks need nothing
    # The package may be under work meanwhile.
    for user in ("manifest", "page_steps", "sweep", "up_to_date"):
        put(f"helpers.pipeline.{user}.code_hash", lambda: "code")
    for used in ("graph.code_used", "graph.notebook_code", "page_steps.code_used"):
        put(f"helpers.pipeline.{used}", lambda _: "code")


def stub_divide(workers: object, processed: Path, studies: tuple[str, ...], tables: tuple[str, ...]) -> None:
    """Say of each study what the first line of the table that names it is."""
    for study in studies:
        lines = [line for line in (processed / "one.parquet").read_text().splitlines() if study in line]
        path = processed.parent / "rows" / f"{study}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines))
