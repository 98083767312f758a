"""A release as an RO-Crate after the Process Run Crate profile: files, runs, what each used and made.

Soiland-Reyes S et al. Packaging research artefacts with RO-Crate. Data Science 2022;5:97-138.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from notebookpress.pipeline import Collection

CRATE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"


def released_name(label: str) -> str:
    """Return where a published file lies in its release."""
    return label.removeprefix("reports/").replace("data/processed/", "data/")


def crate_text(manifest: Mapping[str, Any], version: str, on: date, collection: Collection) -> str:
    """Return the metadata of a release as JSON-LD.

    Parameters
    ----------
    manifest : mapping
        The manifest of the report: entities with hashes, activities, what each used and made.
    version : str
        Name of the release.
    on : datetime.date
        Day of the release.
    collection : Collection
        Its title, description and license describe the release.

    """
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
            files[label] = crate.dereference(place) or crate.add_file(
                dest_path=place, properties=_properties(place, facts)
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


def write_crate(
    folder: Path, manifest: Mapping[str, Any], version: str, on: date, collection: Collection
) -> Path:
    """Write the metadata of a release into its folder and return the file."""
    path = folder / CRATE
    path.write_text(crate_text(manifest, version, on, collection), encoding="utf-8")
    return path


def _properties(place: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    kind = mimetypes.guess_type(place)[0]
    if place.endswith(".parquet"):
        kind = "application/vnd.apache.parquet"
    known = {"name": place, "sha256": facts.get("sha256", ""), "encodingFormat": kind}
    return {name: value for name, value in known.items() if value}
