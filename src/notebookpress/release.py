"""Releases, which freeze a report, as an RO-Crate; and verification against the manifest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import mimetypes
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from notebookpress.errors import PipelineError
from notebookpress.files import RELEASES, VERSION, RunFolders, folder_lock
from notebookpress.pipeline import Collection, load_callable
from notebookpress.publish import (
    COMMITTED,
    MANIFEST,
    as_text,
    changed_inputs,
    damaged,
    finish_publication,
    outputs,
    read_manifest,
    unknown,
)

CRATE = "ro-crate-metadata.json"
mimetypes.add_type("application/vnd.apache.parquet", ".parquet")
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"


def released_name(label: str) -> str:
    """Return where a published file lies in its release."""
    return label.removeprefix("reports/").replace("data/processed/", "data/")


def crate_text(manifest: Mapping[str, Any], version: str, on: date, collection: Collection) -> str:
    """Return the metadata of a release, as JSON-LD, from its manifest and what describes the collection."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.name = f"{collection.title}, release {version}"
    crate.description = collection.description
    crate.datePublished = on.isoformat()
    crate.root_dataset["version"] = version
    if collection.license:
        crate.license = collection.license
    crate.root_dataset["conformsTo"] = {"@id": PROFILE}
    made = manifest["wasGeneratedBy"]
    files: dict[str, Any] = {}
    for label, facts in manifest["entity"].items():
        if label in made:
            place = released_name(label)
            kind = mimetypes.guess_type(place)[0]
            known = {"name": place, "sha256": facts.get("sha256", ""), "encodingFormat": kind}
            files[label] = crate.dereference(place) or crate.add_file(
                dest_path=place, properties={name: value for name, value in known.items() if value}
            )
        else:  # an input: named with its hash, but not part of the release
            about = {"@type": "CreativeWork", "name": label, "sha256": facts.get("sha256", "")}
            files[label] = crate.add(ContextEntity(crate, f"#{label}", properties=about))
    generator = {"name": "evidence", "version": version} | manifest.get("generator", {})
    tool = {"@type": "SoftwareApplication", "name": generator["name"], "version": generator["version"]}
    runner = crate.add(ContextEntity(crate, f"#{generator['name']}", properties=tool))
    for step in manifest.get("activity", {}):
        used = [files[label] for label in manifest.get("used", {}).get(step, []) if label in files]
        result = [files[label] for label, maker in made.items() if maker == step]
        notebook = next((part for part in used if str(part.id).startswith("#notebooks/")), runner)
        about = {"name": step, "actionStatus": "http://schema.org/CompletedActionStatus"}
        crate.add_action(notebook, identifier=f"#run-{step}", object=used, result=result, properties=about)
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def release(out: Path, version: str, collection: Collection) -> Path:
    """Freeze the tables and pages of a report under `reports/releases/VERSION/`.

    `out` is the folder that holds `data/processed` and `reports`; `version` is numbers and points, such as
    `2026.11`. Returns the folder of the release: pages as in `reports/`, tables under `data/`, the manifest
    and an RO-Crate. Links to earlier releases lead there from where the release lies; the hashes in its
    manifest are those of what lies there.

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
    partial = target.with_name(f".{version}.partial")
    with folder_lock(work) if work.is_dir() else contextlib.nullcontext():  # no run changes it meanwhile
        manifest = read_manifest(reports)
        if problems := damaged(manifest, out):
            count = f"{len(problems)} problem(s); a report that does not match its manifest is not released"
            raise PipelineError(*problems, count)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            _copy_release(out, partial, manifest)
            text = crate_text(manifest, version, date.today(), collection)
            (partial / CRATE).write_text(text, encoding="utf-8")
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


class Verification(NamedTuple):
    """What a verification found: `problems` are failures, `notes` are not."""

    problems: list[str]
    notes: list[str]


def verify(out: Path, raw: Path, record: date | None = None, check: str = "") -> Verification:
    """Compare the outputs with the manifest, and the raw data with what they were taken from.

    Found is every output that is damaged or missing, every file beside them that no run made, and what
    `check` finds: `module:function`, which is given the raw folder and the day, and returns problems and
    notes, a line each. `record` is the day to write into the record of the last verification, none if None.
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
        changed, total = changed_inputs(manifest, raw)
        if changed:
            notes.append(
                f"inputs: changed since the report was made: {', '.join(changed)}; run `evidence run`"
            )
        elif total:
            notes.append(f"inputs: the report was made from the {total} raw files that are there")
    found, more = load_callable(check)(raw, record) if check else ([], [])
    return Verification(problems + found, [*notes, *more])
