"""Releases, which freeze a report, and verification, which compares a report with what it claims."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from notebookpress.crate import released_name, write_crate
from notebookpress.errors import PipelineError
from notebookpress.folders import RELEASES, VERSION, RunFolders, folder_lock
from notebookpress.manifest import (
    MANIFEST,
    as_text,
    changed_inputs,
    damaged,
    outputs,
    read_manifest,
    unknown,
)
from notebookpress.pipeline import Collection, load_callable
from notebookpress.publish import COMMITTED, finish_publication


def release(out: Path, version: str, collection: Collection) -> Path:
    """Freeze the tables and pages of a report under `reports/releases/VERSION/`.

    Parameters
    ----------
    out : pathlib.Path
        The folder that holds `data/processed` and `reports`.
    version : str
        Name of the release, such as `1.0` or `2026.11`.
    collection : Collection
        Its title, description and license describe the release.

    Returns
    -------
    pathlib.Path
        The folder of the release: pages as in `reports/`, tables under `data/`, the manifest, an RO-Crate.
        Links to earlier releases lead there from where the release lies; its manifest has the hashes of that.

    Raises
    ------
    PipelineError
        When the name is none, the release is there already, or the report does not match its manifest.

    """
    if not VERSION.fullmatch(version):
        raise PipelineError(f"{version!r}: not a version; write numbers and points, such as 1.0 or 2026.11")
    reports = out / "reports"
    target, work = reports / RELEASES / version, RunFolders(out, out, out).work
    if target.exists():
        raise PipelineError(
            f"{target}: the release is there already and stays as it is; choose another version"
        )
    with folder_lock(work) if work.is_dir() else contextlib.nullcontext():  # no run changes it meanwhile
        return _freeze(reports, target, collection)


def _freeze(reports: Path, target: Path, collection: Collection) -> Path:
    """Copy a report that matches its manifest, all of it or nothing."""
    out, version = reports.parent, target.name
    manifest = read_manifest(reports)
    problems = damaged(manifest, out)
    if problems:
        raise PipelineError(
            *problems,
            f"{len(problems)} problem(s); a report that does not match its manifest is not released",
        )
    partial = target.with_name(f".{version}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _copy_release(out, partial, manifest)
        write_crate(partial, manifest, version, date.today(), collection)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _copy_release(out: Path, partial: Path, manifest: dict[str, Any]) -> None:
    """Copy tables and pages, links to other releases made to fit; the manifest is brought in step."""
    for label in outputs(manifest):
        copy = partial / released_name(label)
        copy.parent.mkdir(parents=True, exist_ok=True)
        content = (out / label).read_bytes()
        if label.endswith(".html"):
            content = content.replace(f'href="{RELEASES}/'.encode(), b'href="../')
        copy.write_bytes(content)
        manifest["entity"][label]["sha256"] = hashlib.sha256(content).hexdigest()
    (partial / MANIFEST).write_text(as_text(manifest), encoding="utf-8")


@dataclass
class Verification:
    """What a verification found: `problems` are failures, `notes` are not."""

    problems: list[str]
    notes: list[str]


def verify(out: Path, raw: Path, record: date | None = None, check: str = "") -> Verification:
    """Compare the outputs with the manifest, and the raw data with what they were taken from.

    Parameters
    ----------
    out : pathlib.Path
        The folder that holds `data/processed` and `reports`.
    raw : pathlib.Path
        The raw data.
    record : datetime.date, optional
        The day to write into the record of the last verification; nothing is recorded when left out.
    check : str, optional
        What looks at the raw data, as `module:function`: it is given the folder and the day, and returns
        problems and notes, a line each.

    Returns
    -------
    Verification
        Every output that is damaged or missing, every file beside them that no run made, and what the check
        finds.

    """
    problems, notes = [], []
    folders = RunFolders(out, raw, out)
    try:
        if (folders.work / COMMITTED).is_file():
            with folder_lock(folders.work):  # it may be a run that is publishing just now
                finish_publication(folders)
        manifest = read_manifest(out / "reports")
    except PipelineError as error:
        problems.append(str(error))
    else:
        wrong = damaged(manifest, out)
        problems += wrong + unknown(manifest, out)
        total = len(outputs(manifest))
        notes.append(f"outputs: {total - len(wrong)} of {total} files match the manifest")
        notes += _inputs(manifest, raw)
    found, more = load_callable(check)(raw, record) if check else ([], [])
    return Verification(problems + found, [*notes, *more])


def _inputs(manifest: dict[str, Any], raw: Path) -> list[str]:
    """Return a line on the raw data of a report: whether it was made from those that are there now."""
    changed, total = changed_inputs(manifest, raw)
    if changed:
        return [f"inputs: changed since the report was made: {', '.join(changed)}; run `evidence run`"]
    return [f"inputs: the report was made from the {total} raw files that are there"] if total else []
