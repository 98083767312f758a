"""Releases, which freeze a report, and verification, which compares a report with what it claims."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from helpers.pipeline.crate import released_name, write_crate
from helpers.pipeline.errors import PipelineError
from helpers.pipeline.folder_lock import folder_lock
from helpers.pipeline.manifest import (
    MANIFEST,
    as_text,
    changed_inputs,
    damaged,
    outputs,
    read_manifest,
    unknown,
)
from helpers.pipeline.paths import RunFolders
from helpers.pipeline.publish import COMMITTED, RELEASES, finish_publication

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
        return _freeze(reports, target)


def _freeze(reports: Path, target: Path) -> Path:
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
        write_crate(partial, manifest, version, date.today())
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


def newest_release(reports: Path) -> Path | None:
    """Return the folder of the release with the highest version; nothing when there is none."""
    found = [
        path for path in (reports / RELEASES).glob("*") if path.is_dir() and VERSION.fullmatch(path.name)
    ]
    return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], default=None)


@dataclass
class Verification:
    """What a verification found: `problems` are failures, `notes` are not."""

    problems: list[str]
    notes: list[str]


def verify(out: Path, raw: Path, record: date | None = None) -> Verification:
    """Compare the outputs with the manifest, and the locators of the raw data with the documents.

    Parameters
    ----------
    out : pathlib.Path
        The folder that holds `data/processed` and `reports`.
    raw : pathlib.Path
        The raw data.
    record : datetime.date, optional
        The day to write into the record of the last verification; nothing is recorded when left out.

    Returns
    -------
    Verification
        Every output that is damaged or missing, every file beside them that no run made, and every
        locator that does not hold.

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
    found, more = _locators(raw, record)
    return Verification(problems + found, [*notes, *more])


def _inputs(manifest: dict[str, Any], raw: Path) -> list[str]:
    """Return a line on the raw data of a report: whether it was made from those that are there now."""
    changed, total = changed_inputs(manifest, raw)
    if changed:
        return [f"inputs: changed since the report was made: {', '.join(changed)}; run `evidence run`"]
    return [f"inputs: the report was made from the {total} raw files that are there"] if total else []


def _locators(raw: Path, record: date | None) -> tuple[list[str], list[str]]:
    """Return the locators that do not hold, and lines that say how many were looked at, now or last."""
    from helpers.verification import read_verification, record_verification, stale, verify_locators

    found = record_verification(raw, record) if record else verify_locators(raw)
    texts = len(set(found.present))
    notes = [
        f"locators: {found.agreed} of {len(found.verified)} verified against {texts} source text(s), and "
        f"{found.words} other words of findings and statements looked up"
    ]
    if found.absent:
        absent = ", ".join(sorted(set(found.absent)))
        notes.append(
            f"not verified now, because the text is not in {raw / 'documents'}: {absent} (the texts are "
            "other people's work and not part of this project; data/raw/README.md says where to get them)"
        )
    if record and not found.problems:
        notes.append(f"recorded in {raw / 'verification.yaml'}")
    old = stale(raw)
    for study, last in read_verification(raw).items():
        if study not in old:
            notes.append(
                f"last verified on {last.date}: {study}, {last.figures} figures and {last.words} words, "
                f"text with SHA-256 {last.sha256}"
            )
    if old:
        notes.append(
            f"never verified as the sheet stands now: {', '.join(old)}; where the texts are at hand: "
            "evidence verify --record"
        )
    return [str(problem) for problem in found.problems], notes
