"""The report in forms that other tools take: references, RevMan rows, a data package."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from helpers.figures.numbers import is_missing, plain_words
from helpers.site.data import EXPORTS
from helpers.sources.record import SourceRecord
from helpers.sources.references import Reference
from helpers.sources.references_written import write_csl, write_ris
from helpers.sources.revman_web import write_web_rows
from helpers.tables import TABLES, records
from helpers.words.load import Tables

TITLE = "Exosome therapy for hair loss: a living evidence synthesis in notebooks"
AUTHORS = re.compile(
    r"(?P<names>(?:[^\W\d_][\w'’-]+ [A-Z][A-Za-z-]{0,5}(?:, | and )?)+)(?:et al)?(?:, (?P<year>\d{4}))?\. "
)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
FIELD_TYPES = {"str": "string", "Int": "integer", "float": "number", "bool": "boolean"}


def export_files(tables: Tables, files: Mapping[str, str], version: str = "") -> dict[str, str]:
    """Return the content of every export by its name under `data/`.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    files : mapping of str to str
        The CSV of every table, by file name.
    version : str
        Version of the report.

    """
    cited = [source_reference(row, tables) for row in records(tables["sources"])]
    made = {
        "references.ris": write_ris(cited),
        "references.csl.json": write_csl(cited),
        "revman.csv": write_web_rows([SourceRecord(effects=revman_rows(tables))]),
        "datapackage.json": json.dumps(data_package(files, version), ensure_ascii=False) + "\n",
    }
    return {f"data/{name}": made[name] for name in EXPORTS}


def source_reference(source: Mapping[str, Any], tables: Tables) -> Reference:
    """Return a source as a reference: the names before the title, the year, and what identifies it."""
    citation = str(source["citation"] or "")
    match = AUTHORS.match(citation)
    names = re.split(r", | and ", match["names"].strip(", ")) if match else []
    studies = tables["studies"]
    titles = studies.loc[studies["study_id"] == source["study_id"], "title"].dropna()
    rest = citation[match.end() :] if match else citation
    years = YEAR.findall(citation)
    title = titles.iloc[0] if len(titles) else rest.split(". ")[0] or str(source["source_id"])
    if not source["has_results"] and not is_missing(source["registration"]):
        title = f"{source['registration']}: {title}"  # a registration is cited by its number
    return Reference(
        title=title,
        authors=[re.sub(r" (?=[A-Z][A-Za-z-]*$)", ", ", name, count=1) for name in names],
        year=years[-1] if years and source["has_results"] else None,
        doi=None if is_missing(source["doi"]) else str(source["doi"]),
        registrations=[] if is_missing(source["registration"]) else [str(source["registration"])],
    )


def revman_rows(tables: Tables) -> list[dict[str, Any]]:
    """Return the headline effects with a standard error as rows of generic inverse variance.

    An analysis is an outcome as one kind of contrast in one unit; what is not comparable never shares one.
    """
    effects = tables["effects"]
    shown = effects[(effects["headline"] == "yes") & effects["se"].notna() & (effects["se"] > 0)]
    kinds = ["concept", "contrast", "unit"]
    rows = []
    for number, ((concept, contrast, unit), part) in enumerate(shown.groupby(kinds, sort=True), start=1):
        for row in records(part):
            rows.append(
                {
                    "kind": "generic",
                    "group": "1",
                    "number": str(number),
                    "name": f"{plain_words(concept)}, {plain_words(contrast)}, {unit}",
                    "subgroup": None if is_missing(row["arm_id"]) else row["arm_id"],
                    "study": row["study_id"],
                    "effect": row["effect"],
                    "se": row["se"],
                    "ci_lower": row["ci_lower"],
                    "ci_upper": row["ci_upper"],
                }
            )
    return rows


def data_package(files: Mapping[str, str], version: str) -> dict[str, Any]:
    """Return a Frictionless data package that describes the CSV of every table."""
    resources = [_resource(path, text) for path, text in sorted(files.items())]
    package: dict[str, Any] = {
        "name": "exosome-hair-evidence",
        "title": TITLE,
        "description": "Figures printed in studies of exosomes for hair loss, and what follows from them.",
        "licenses": [{"name": "MIT", "path": "https://opensource.org/license/mit"}],
        "resources": resources,
    }
    return package | ({"version": version} if version else {})


def _resource(path: str, text: str) -> dict[str, Any]:
    """Return a table's entry; its path counts from the folder in which the package lies."""
    name = path.removeprefix("data/").removesuffix(".csv")
    spec, content = TABLES[name], text.encode("utf-8")
    return {
        "name": name.replace("_", "-"),
        "path": f"{name}.csv",
        "title": name,
        "description": spec.schema.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [
                {
                    "name": column,
                    "type": _field_type(str(field.dtype)),
                    "description": field.description or "",
                    "constraints": {"required": not field.nullable},
                }
                for column, field in spec.schema.columns.items()
            ],
            "primaryKey": list(spec.keys),
            "missingValues": [""],
        },
    }


def _field_type(dtype: str) -> str:
    return next((kind for start, kind in FIELD_TYPES.items() if dtype.startswith(start)), "string")
