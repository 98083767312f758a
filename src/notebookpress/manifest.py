"""`reports/manifest.json`: what the report was made of and by what, in the words of W3C PROV.

An entity is a file, an activity a step; `used` and `wasGeneratedBy` join them. No times and no facts of
a machine stand in it, so that two runs of the same thing give the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from notebookpress.errors import PipelineError
from notebookpress.fingerprint import file_hash, folder_hashes
from notebookpress.graph import Plan, Step, lock_hash, raw_hashes

MANIFEST = "manifest.json"


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
    generated = dict(facts["wasGeneratedBy"]) | {
        label: last for label in files if label.startswith("reports/")
    }
    generated = {label: step for label, step in generated.items() if label in files}
    return dict(facts) | {
        "entity": dict(sorted(entity.items())),
        "wasGeneratedBy": dict(sorted(generated.items())),
    }


def for_pages(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pages say of their origin: version, hashes, parameters and `inputs`."""
    inputs = [{"path": label, "sha256": entry["sha256"]} for label, entry in facts["entity"].items()]
    generator = {key: facts["generator"][key] for key in ("version", "code_sha256", "lock_sha256")}
    return generator | {
        "parameters": facts["parameters"],
        "inputs": inputs,
        "packages": facts["packages"],
    }


def as_text(manifest: Mapping[str, Any]) -> str:
    """Return the bytes of a manifest as text."""
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def read_manifest(reports: Path) -> dict[str, Any]:
    """Return the manifest of a report; an error when it is not there or is damaged."""
    path = reports / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(manifest["wasGeneratedBy"], dict) and isinstance(manifest["entity"], dict):
            return manifest
    except FileNotFoundError:
        raise PipelineError(f"{path}: not there; make the report with `evidence run`") from None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise PipelineError(f"{path}: damaged; make the report again with `evidence run`")


def outputs(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the sha256 of every table and page that a manifest names."""
    return {
        label: manifest["entity"].get(label, {}).get("sha256", "") for label in manifest["wasGeneratedBy"]
    }


def damaged(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """Return one line for each output that is missing or differs from the manifest."""
    problems = []
    for label, expected in outputs(manifest).items():
        path = out / label
        if not path.is_file():
            problems.append(f"{path}: missing; run `evidence run`")
        elif file_hash(path) != expected:
            problems.append(f"{path}: damaged or edited (not the sha256 of the manifest); run `evidence run`")
    return problems


def unknown(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """Return one line for each file of the report that the manifest does not name; releases are frozen."""
    known = {*outputs(manifest), f"reports/{MANIFEST}"}
    there = {
        f"{folder}/{name}" for folder in ("data/processed", "reports") for name in folder_hashes(out / folder)
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
