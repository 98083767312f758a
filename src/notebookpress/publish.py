"""The published report: its manifest, how it comes into place, releases that freeze it, its verification.

`reports/manifest.json` is in the words of W3C PROV: an entity is a file, an activity a step; `used` and
`wasGeneratedBy` join them. No times and no facts of a machine stand in it, so that two runs of the same
thing give the same bytes. New files are first written whole inside the work folder and only then renamed
into place, the manifest last; so a full disk or a failed run leaves the earlier report as it was.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import mimetypes
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from notebookpress.errors import PipelineError
from notebookpress.files import PARTS, RELEASES, VERSION, RunFolders, folder_lock, remove, write_atomic
from notebookpress.fingerprint import content_hash, file_hash, folder_files
from notebookpress.graph import Plan, Step, lock_hash, raw_hashes
from notebookpress.pipeline import Collection, load_callable

MANIFEST = "manifest.json"
WAITING = "publish"  # the changed files of a new report, until they are moved
COMMITTED = "publish.json"  # is there while they are moved
LARGEST_MANIFEST, LARGEST_OUTPUT = 50_000_000, 1_000_000_000  # bytes; of somebody else's it may be more


def provenance(plan: Plan, steps: Sequence[Step]) -> dict[str, Any]:
    """Return what the report is made of: all of the manifest but the hashes of tables and pages."""
    folders, package = plan.folders, plan.collection.package
    notebooks = sorted({label for step in steps for label in step.used if label.startswith("notebooks/")})
    entity = {f"data/raw/{name}": {"sha256": value} for name, value in raw_hashes(folders.raw).items()}
    entity |= {label: {"sha256": file_hash(folders.root / label)} for label in notebooks}
    runs = [step for step in steps if step.parameters or any(label in notebooks for label in step.used)]
    return {
        "generator": {
            "name": package,
            "version": plan.collection.version,
            "code_sha256": plan.code.all(),
            "lock_sha256": lock_hash(plan.collection, folders.root),
        },
        "packages": package_versions(package),
        "parameters": dict(sorted(plan.values.items())),
        **({"left_out": dict(sorted(plan.left_out.items()))} if plan.left_out else {}),
        "entity": dict(sorted(entity.items())),
        "activity": {step.name: {"parameters": step.parameters} if step in runs else {} for step in steps},
        "used": {step.name: sorted(step.used) for step in steps},
        "wasGeneratedBy": {
            f"data/processed/{path.relative_to(folders.tables).as_posix()}": step.name
            for step in steps
            for path in step.outputs
            if path.is_relative_to(folders.tables)
        },
    }


def package_versions(package: str) -> dict[str, str]:
    """Return the versions of the packages that one names as its needs."""
    versions: dict[str, str] = {}
    with contextlib.suppress(metadata.PackageNotFoundError):
        for need in (metadata.requires(package) if package else None) or []:
            name = re.split(r"[^A-Za-z0-9._-]", need)[0]
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions |= {name: metadata.version(name)} if "extra ==" not in need else {}
    return dict(sorted(versions.items()))


def complete(facts: Mapping[str, Any], files: Mapping[str, Path]) -> dict[str, Any]:
    """Return the manifest: the facts with the hash of every output; pages come from the last step."""
    last = next(reversed(facts.get("activity", {})), "")
    entity = dict(facts["entity"]) | {label: {"sha256": file_hash(path)} for label, path in files.items()}
    pages = dict.fromkeys((label for label in files if label.startswith("reports/")), last)
    generated = dict(facts["wasGeneratedBy"]) | pages
    generated = {label: step for label, step in generated.items() if label in files}
    return dict(facts) | {
        "entity": dict(sorted(entity.items())),
        "wasGeneratedBy": dict(sorted(generated.items())),
    }


def for_pages(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pages say of their origin: version, hashes, parameters and packages."""
    generator = {key: facts["generator"][key] for key in ("version", "code_sha256", "lock_sha256")}
    return generator | {name: facts.get(name, {}) for name in ("parameters", "packages", "left_out")}


def as_text(manifest: Mapping[str, Any]) -> str:
    """Return the bytes of a manifest as text."""
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def read_manifest(reports: Path) -> dict[str, Any]:
    """Return the manifest of a report; an error when it is not there or is damaged."""
    path = reports / MANIFEST
    try:
        small = path.is_file() and path.stat().st_size <= LARGEST_MANIFEST
        manifest = json.loads(path.read_text(encoding="utf-8")) if small else None
        if manifest and _is_whole(manifest):
            return manifest
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    what = "damaged; make the report again" if path.exists() else "not there; make the report"
    raise PipelineError(f"{path}: {what} with `evidence run`")


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest is as `complete` makes it: it may come from somebody else."""
    known, made, used = manifest["entity"], manifest["wasGeneratedBy"], manifest.get("used", {})
    generator = manifest.get("generator", {})
    texts = [*(entry.get("sha256", "") for entry in known.values()), *made.values(), *chain(*used.values())]
    texts += [generator.get(name, "") for name in ("name", "version")]
    parts = [
        generator,
        *(manifest.get(name, {}) for name in ("packages", "parameters", "left_out", "activity")),
    ]
    shapes = all(isinstance(part, dict) for part in parts) and all(isinstance(text, str) for text in texts)
    return shapes and all(map(_is_ours, made))


def outputs(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the sha256 of every table and page that a manifest names."""
    known = manifest["entity"]
    return {label: known.get(label, {}).get("sha256", "") for label in manifest["wasGeneratedBy"]}


def damaged(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """Return one line for each output that is missing or differs from the manifest."""
    problems = []
    for label, expected in outputs(manifest).items():
        path = out / label
        if _leads_elsewhere(out, label):
            problems.append(f"{path}: {LINKED_OUT}")
        elif not path.is_file():
            problems.append(f"{path}: missing; run `evidence run`")
        elif path.stat().st_size > LARGEST_OUTPUT or file_hash(path) != expected:
            problems.append(f"{path}: damaged or edited (not the sha256 of the manifest); run `evidence run`")
    return problems


def unknown(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """Return one line for each file of the report that the manifest does not name; releases are frozen."""
    known = {*outputs(manifest), f"reports/{MANIFEST}"}
    there = {
        f"{folder}/{name}" for folder in ("data/processed", "reports") for name in folder_files(out / folder)
    }
    extra = sorted(label for label in there - known if not label.startswith("reports/releases/"))
    return [f"{out / label}: not in the manifest, no run made it; keep it elsewhere" for label in extra]


def changed_inputs(manifest: Mapping[str, Any], raw: Path) -> tuple[list[str], int]:
    """Return the raw files that are not those a report was made from, and how many it was made from."""
    made_from = {
        label.removeprefix("data/raw/"): entry.get("sha256")
        for label, entry in manifest["entity"].items()
        if label.startswith("data/raw/")
    }
    now = raw_hashes(raw)
    changed = sorted(name for name in made_from | now if made_from.get(name) != now.get(name))
    return changed, len(made_from)


def staged_files(folders: RunFolders) -> dict[str, Path]:
    """Return every table and page of the work folder by its published name."""
    tables = sorted(folders.tables.rglob("*.parquet"))
    pages = sorted(path for path in folders.site.rglob("*") if path.is_file())
    files = {f"data/processed/{path.relative_to(folders.tables).as_posix()}": path for path in tables}
    files |= {f"reports/{path.relative_to(folders.site).as_posix()}": path for path in pages}
    if wrong := [label for label in files if label.startswith(f"reports/{RELEASES}/")]:
        raise PipelineError(f"{wrong[0]}: a page may not be written there; releases are frozen")
    return files


def differences(folders: RunFolders, facts: dict[str, Any]) -> tuple[dict[str, Path], list[str], str]:
    """Return what a publication would change: files to write, names to remove, the manifest if it differs."""
    files = staged_files(folders)
    text = as_text(complete(facts, files))
    now = {label: content_hash(folders.out / label) for label in files}
    changed = {label: path for label, path in files.items() if now[label] != content_hash(path)}
    before: Iterable[str] = ()  # what no run has published is not ours to remove
    with contextlib.suppress(PipelineError):
        before = filter(_is_ours, outputs(read_manifest(folders.reports)))
    gone = [label for label in before if label not in files and (folders.out / label).is_file()]
    old = folders.reports / MANIFEST
    same = old.is_file() and old.read_text(encoding="utf-8") == text
    return changed, gone, "" if same else text


def publish(folders: RunFolders, facts: dict[str, Any]) -> int:
    """Bring the published tables and pages to the state of the work folder.

    `facts` are what `provenance` returned. Returns how many files were written or removed.
    """
    changed, gone, text = differences(folders, facts)
    if not (changed or gone or text):
        return 0
    total, label = len(changed) + len(gone) + bool(text), f"reports/{MANIFEST}"
    text = text or (folders.out / label).read_text(encoding="utf-8")
    try:
        _see_that_it_can_be_moved(folders, changed, [*gone, label])
        shutil.rmtree(folders.work / WAITING, ignore_errors=True)
        for name, path in changed.items():  # whole copies, ready to be renamed; a full disk is met here
            (folders.work / WAITING / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folders.work / WAITING / name)
        write_atomic(folders.work / WAITING / label, text)
        # Now the new report is complete and only its files are moved; a killed run is finished later.
        write_atomic(folders.work / COMMITTED, json.dumps({"move": [*changed, label], "gone": gone}) + "\n")
    except BaseException:
        if not (folders.work / COMMITTED).is_file():
            shutil.rmtree(folders.work / WAITING, ignore_errors=True)
        raise
    finish_publication(folders)
    return total


def finish_publication(folders: RunFolders) -> str:
    """Move the files of a report that was complete when its run was killed; nothing when there is none.

    Returns a word about a list of files that is damaged, which is dropped: the next publication compares
    everything; empty otherwise.
    """
    journal = folders.work / COMMITTED
    if not journal.is_file():
        return ""
    move, gone = _read_journal(journal)
    for label in move:
        copy = folders.work / WAITING / label
        if copy.is_file():
            _move(copy, folders.out / label)
    for label in gone:
        (folders.out / label).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (folders.out / label).parent.rmdir()  # where it is empty
    journal.unlink()
    shutil.rmtree(folders.work / WAITING, ignore_errors=True)
    return "" if move or gone else f"{journal}: damaged; the report is published anew"


def _read_journal(journal: Path) -> tuple[list[str], list[str]]:
    """Return the files to move and to remove; none where the list is damaged or leads out of the report."""
    try:
        known = json.loads(journal.read_text(encoding="utf-8"))
        move, gone = ([str(label) for label in known[name]] for name in ("move", "gone"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [], []
    out = journal.parents[1]
    ours = {label for label in (*move, *gone) if _is_ours(label) and not _leads_elsewhere(out, label)}
    return [label for label in move if label in ours], [label for label in gone if label in ours]


def _is_ours(label: str) -> bool:
    """Return whether a file is one that runs publish; a label may come from somebody else."""
    inside = label.startswith(("data/processed/", "reports/")) and label.isprintable() and "\\" not in label
    return inside and not {"", ".", ".."} & set(label.split("/")) and label.split("/")[1] != RELEASES


LINKED_OUT = "a link leads out of the folder from here; put there what it leads to"


def _leads_elsewhere(out: Path, label: str) -> bool:
    """Return whether a file is a link, or a folder on the way to it is."""
    return Path(os.path.realpath(out / label)) != Path(os.path.realpath(out)) / label


def _see_that_it_can_be_moved(folders: RunFolders, changed: dict[str, Path], more: list[str]) -> None:
    """Raise before anything is moved when a folder of the report is read-only or on a disk that is full."""
    here = folders.work.stat().st_dev
    needed: dict[Path, int] = {}
    for label in [*changed, *more]:
        place = next(folder for folder in (folders.out / label).parents if folder.is_dir())
        if _leads_elsewhere(folders.out, str(place.relative_to(folders.out))):
            raise PipelineError(f"{place}: {LINKED_OUT}")
        needed[place] = needed.get(place, 0) + (changed[label].stat().st_size if label in changed else 0)
    for place in needed:
        try:
            tempfile.TemporaryFile(dir=place).close()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(place)) from None
    for disk in {place.stat().st_dev for place in needed} - {here}:
        places = [place for place in needed if place.stat().st_dev == disk]
        if sum(needed[place] for place in places) > shutil.disk_usage(places[0]).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(places[0]))


def _move(copy: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(copy, target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # the report lies on another disk than the work folder
            raise
        write_atomic(target, copy.read_bytes())
        copy.unlink()


CRATE = "ro-crate-metadata.json"
PAGES, DEPOSIT = "report.zip", "zenodo.json"  # of a release
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
    `2026.11`. Returns the folder of the release: tables under `data/`; pages as in `reports/`, manifest and
    RO-Crate in `report.zip`, which unzipped there is the whole report; and the metadata of a deposit. Links
    to earlier releases lead there from where the release lies; the hashes in its manifest are those of what
    lies there.

    Raises
    ------
    PipelineError
        When the name is none, the release is there already, or the report does not match its manifest.
    """
    if not VERSION.fullmatch(version):
        raise PipelineError(f"{version!r}: not a version; write numbers and points, such as 1.0 or 2026.11")
    reports = out / "reports"
    target = reports / RELEASES / version
    partial = target.with_name(f".{version}.partial")
    manifest = read_manifest(reports)
    with folder_lock(RunFolders(out, out, out).work):  # no run changes it meanwhile, nor another release
        if target.exists():
            raise PipelineError(
                f"{target}: the release is there already and stays as it is; choose another version"
            )
        if _leads_elsewhere(out, f"reports/{RELEASES}"):
            raise PipelineError(f"{target.parent}: {LINKED_OUT}")
        manifest = read_manifest(reports)
        if problems := damaged(manifest, out):
            count = f"{len(problems)} problem(s); a report that does not match its manifest is not released"
            raise PipelineError(*problems, count)
        for label in [label for label in manifest["entity"] if f"/{PARTS}/" in label]:  # whole ones are there
            del manifest["entity"][label]
            manifest["wasGeneratedBy"].pop(label, None)
        for left in target.parent.glob(".*.partial"):  # by a release that was killed
            remove(left)
        try:
            _copy_release(out, partial, manifest)
            text = crate_text(manifest, version, date.today(), collection)
            (partial / CRATE).write_text(text, encoding="utf-8")
            _pack(partial)
            (partial / DEPOSIT).write_text(as_text(deposit(version, collection)), encoding="utf-8")
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


def deposit(version: str, collection: Collection) -> dict[str, Any]:
    """Return the metadata with which a release is deposited in Zenodo."""
    about = {
        "title": f"{collection.title}, release {version}",
        "upload_type": "dataset",
        "description": collection.description or collection.title,
        "creators": [{"name": name} for name in collection.creators],
        "version": version,
        "license": collection.license.rpartition("/")[2].lower() or None,
        "publication_date": date.today().isoformat(),
        "keywords": list(collection.keywords),
    }
    return {"metadata": {name: value for name, value in about.items() if value}}


def _pack(folder: Path) -> None:
    """Put all but the tables of a release into an archive that, unzipped beside them, is the whole report."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet")
    with zipfile.ZipFile(folder / PAGES, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # of the first day that a zip knows
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
    for path in files:
        path.unlink()
    for left in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(left.iterdir()):
            left.rmdir()


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
    """Compare the outputs with the manifest, and the raw data with what they were taken from; change nothing.

    Found is every output that is damaged or missing, every file beside them that no run made, and what
    `check` finds: `module:function`, which is given the raw folder and the day, and returns problems and
    notes, a line each. `record` is the day to write into the record of the last verification, none if None.
    """
    problems, notes = [], []
    journal = RunFolders(out, raw, out).work / COMMITTED
    if journal.is_file():
        problems.append(f"{journal}: its publication is not at its end; `evidence run` finishes it")
    try:
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
