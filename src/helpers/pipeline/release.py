"""Releases, which freeze a report, and verification, which compares a report with what it claims."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from helpers.pipeline.errors import PipelineError
from helpers.pipeline.manifest import MANIFEST, damaged, outputs, read_manifest
from helpers.pipeline.publish import RELEASES

VERSION = re.compile(r"v?\d+(\.\d+)*([.+-][0-9A-Za-z]+)*")


def release(out: Path, version: str) -> Path:
    """Freeze the tables and pages of a report under `reports/releases/VERSION/`.

    Parameters
    ----------
    out : pathlib.Path
        The folder that holds `data/processed` and `reports`.
    version : str
        Name of the release, such as `1.0` or `2026.11`.

    Returns
    -------
    pathlib.Path
        The folder of the release: pages as in `reports/`, tables under `data/`, and the manifest.

    Raises
    ------
    PipelineError
        When the name is none, the release is there already, or the report does not match its manifest.

    """
    if not VERSION.fullmatch(version):
        raise PipelineError(f"{version!r}: not a version; write numbers and points, such as 1.0 or 2026.11")
    reports = out / "reports"
    target = reports / RELEASES / version
    if target.exists():
        raise PipelineError(
            f"{target}: the release is there already and stays as it is; choose another version"
        )
    manifest = read_manifest(reports)
    problems = damaged(manifest, out)
    if problems:
        raise PipelineError(
            *problems,
            f"{len(problems)} problem(s); a report that does not match its manifest is not released",
        )
    partial = target.with_name(f".{version}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for label in [*outputs(manifest), f"reports/{MANIFEST}"]:
        copy = partial / label.removeprefix("reports/").replace("data/processed/", "data/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(out / label, copy)
    partial.rename(target)
    return target


@dataclass
class Verification:
    """What a verification found: `problems` are failures, `notes` are not."""

    problems: list[str]
    notes: list[str]


def verify(out: Path, raw: Path) -> Verification:
    """Compare the outputs with the manifest, and the locators of the raw data with the documents.

    Parameters
    ----------
    out : pathlib.Path
        The folder that holds `data/processed` and `reports`.
    raw : pathlib.Path
        The raw data.

    Returns
    -------
    Verification
        Every output that is damaged or missing and every locator that does not hold.

    """
    problems, notes = [], []
    try:
        manifest = read_manifest(out / "reports")
    except PipelineError as error:
        problems.append(str(error))
    else:
        wrong = damaged(manifest, out)
        problems += wrong
        total = len(outputs(manifest))
        notes.append(f"outputs: {total - len(wrong)} of {total} files match the manifest")
    found, note = _locators(raw)
    return Verification(problems + found, [*notes, note])


def _locators(raw: Path) -> tuple[list[str], str]:
    """Return the locators that do not hold, and a line that says how many were looked at."""
    from helpers.documents import verify_locators

    found = verify_locators(raw)
    texts = len(set(found.present))
    note = f"locators: {found.agreed} of {len(found.verified)} verified against {texts} source text(s)"
    if found.absent:
        absent = ", ".join(sorted(set(found.absent)))
        note += (
            f"; not verified, because the text is not in {raw / 'documents'}: {absent} (the texts are other "
            "people's work and not part of this project; data/raw/README.md says where to get them)"
        )
    return [str(problem) for problem in found.problems], note
