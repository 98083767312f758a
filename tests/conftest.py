"""What every test may use: the checkout, material beside it, and one whole report made once."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SMALL = ("NCT06932393", "lepekhova2025", "wan2025")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: the processes that tests interrupt must not inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Return how many tests run side by side: one more than there are processors, for some wait for a browser."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the whole report first: of files side by side, the longest must not begin last."""
    items.sort(key=lambda item: item.path.parent != CHECKOUT / "tests")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason what is skipped, and how to have it."""
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, number in skipped.items():
        terminalreporter.line(f"{number} skipped: {reason.removeprefix('Skipped: ')}")


@dataclass(frozen=True)
class Project:
    """A throw-away copy of the project, with or without its report made."""

    root: Path

    def evidence(self, *arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Run the `evidence` command in this copy."""
        command = [sys.executable, "-m", "helpers", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=timeout)

    def copy(self, root: Path) -> Project:
        """Copy all of it, with what was made."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root)

    @property
    def reports(self) -> Path:
        """Folder of the pages."""
        return self.root / "reports"

    @property
    def raw(self) -> Path:
        """Folder of the study sheets and all else that is read."""
        return self.root / "data" / "raw"

    @property
    def processed(self) -> Path:
        """Folder of the tables."""
        return self.root / "data" / "processed"


def copy_project(target: Path) -> Project:
    """Copy what a run needs: notebooks, raw data (with source texts where they are) and the lock file."""
    target.mkdir(parents=True)
    keep_out = shutil.ignore_patterns(".ipynb_checkpoints", "*.failed.ipynb")
    shutil.copytree(CHECKOUT / "notebooks", target / "notebooks", ignore=keep_out)
    shutil.copytree(CHECKOUT / "data" / "raw", target / "data" / "raw")
    shutil.copy(CHECKOUT / "requirements.lock", target)
    shutil.copy(CHECKOUT / "CITATION.cff", target)
    return Project(target)


def copy_released(target: Path) -> Project:
    """Copy the same with the releases, with which the report is compared."""
    project = copy_project(target)
    if (CHECKOUT / "reports" / "releases").is_dir():
        shutil.copytree(CHECKOUT / "reports" / "releases", project.reports / "releases")
    return project


def copy_small(target: Path) -> Project:
    """Copy the same with three studies: a registration, two cases, and a group with figures of every kind."""
    project = copy_project(target)
    for path in [*(project.raw / "studies").iterdir(), *(project.raw / "registry").iterdir()]:
        if path.stem not in SMALL:
            path.unlink()
    return project


@pytest.fixture
def checkout() -> Path:
    """Return the checkout that the tests belong to."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with source texts and reference values; without it the test is skipped.

    With `EVIDENCE_REQUIRE_SHARED` set, its absence is a failure.
    """
    folder = Path(os.environ.get("EVIDENCE_SHARED") or CHECKOUT.parent / "shared")
    if not folder.is_dir():
        reason = f"{folder} is not there: set EVIDENCE_SHARED to the folder of source texts"
        if os.environ.get("EVIDENCE_REQUIRE_SHARED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@contextlib.contextmanager
def one_process_at_a_time(lock: Path) -> Iterator[None]:
    """Let the processes of one test run (pytest-xdist) enter one after the other."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    import fcntl

    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def made_once(factory: pytest.TempPathFactory, name: str, copy: Callable[[Path], Project]) -> Project:
    """Return a copy of the project in which the report was made; one for all processes of the test run."""
    own = factory.getbasetemp()
    everybody = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    project = Project(everybody / name / "project")
    with one_process_at_a_time(everybody / f"{name}.lock"):
        if not project.root.exists():
            new = copy(everybody / f"being-{name}" / "project")
            result = new.evidence("run")
            assert result.returncode == 0, result.stdout + result.stderr
            new.root.parent.rename(project.root.parent)
    return project


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project with the whole report; not to be changed."""
    return made_once(tmp_path_factory, "made", copy_released)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project with three studies and the report of them; not to be changed."""
    return made_once(tmp_path_factory, "small", copy_small)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Yield a real browser; see `browsing.chromium`."""
    from browsing import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture
def unmade(tmp_path: Path) -> Project:
    """Return a copy of the project whose report was never made."""
    return copy_project(tmp_path / "unmade")


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    """Return a copy of the made project that a test may change."""
    return made.copy(tmp_path / "project")


@pytest.fixture
def three(small: Project, tmp_path: Path) -> Project:
    """Return a copy of the small project that a test may change."""
    return small.copy(tmp_path / "project")
