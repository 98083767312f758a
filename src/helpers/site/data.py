"""The data page, exports, what changed since the last release, and history."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
from markupsafe import Markup

from helpers.formats import joined, plain_words
from helpers.narrative.answer import Tables, widest_tier
from helpers.site.checks import check_contacts
from helpers.site.page import Page, environment, rows_table
from helpers.site.references import csl_items
from helpers.tables import TABLES, data_dictionary
from notebookpress.tables import parquet_bytes, records
from trialfiles.record import SourceRecord
from trialfiles.references import csl_reference, write_ris
from trialfiles.reviews import write_web_rows

EXPORTS = {
    "references.ris": "the sources as RIS, for reference managers",
    "references.csl.json": "the sources as CSL-JSON, for citation tools",
    "revman.csv": "the headline effects as data rows of RevMan Web, by inverse variance",
    "datapackage.json": "all tables as a data package after the Frictionless standard",
}
TYPE_WORDS = {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no"}
FORMULA = re.compile(r"^[=+\-@\t\r]")
CSV_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")


def table_files(name: str, frame: pd.DataFrame) -> dict[str, bytes]:
    """Return the content of `data/<table>.csv`, looked through for contact details, and of `….parquet`.

    The CSV is that of RFC 4180; a text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    texts = frame.select_dtypes(["string", "object"])
    for column in texts:
        check_contacts(f"table {name}, column {column}", "\n".join(texts[column].dropna().astype(str)))
    safe = {column: [f"'{cell}" if _is_formula(cell) else cell for cell in texts[column]] for column in texts}
    text = frame.assign(**safe).to_csv(index=False, lineterminator="\r\n")
    return {f"data/{name}.csv": text.encode("utf-8"), f"data/{name}.parquet": parquet_bytes(frame)}


def columns_table(name: str) -> Markup:
    """Return what each column of a table means, as a table."""
    meanings = data_dictionary(name)
    meanings["type"] = [_kind(kind) for kind in meanings["type"]]
    return rows_table(records(meanings), "columns", caption=f"Columns of the table {name}")


def data_page(tables: Tables, files: Mapping[str, bytes], provenance: Mapping[str, Any]) -> Page:
    """Return the page that lists every table with its meaning, columns, download and hash.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    files : mapping of str to bytes
        The CSV and Parquet of every table and the exports, by file name.
    provenance : mapping
        `code_sha256` and `lock_sha256`, where they are known.
    """
    entries = [
        {
            "name": name,
            "meaning": TABLES[name].meaning,
            "one_row": " and ".join(TABLES[name].keys),
            "notebook": TABLES[name].notebook,
            "rows": len(frame),
            "downloads": [
                _download(file, files[f"data/{file}"]) for file in (f"{name}.csv", f"{name}.parquet")
            ],
            "columns": columns_table(name),
        }
        for name, frame in tables.items()
    ]
    exports = [
        (name, meaning, hashlib.sha256(files[f"data/{name}"]).hexdigest())
        for name, meaning in EXPORTS.items()
        if f"data/{name}" in files
    ]
    known = {words: provenance.get(f"{words}_sha256") for words in ("code", "lock")}
    template = environment().get_template("data.html.j2")
    body = template.render(
        entries=entries, exports=exports, hashes=known, packages=provenance.get("packages") or {}
    )
    return Page(file="data.html", title="Data: every table, column by column", short="Data", body=body)


def _download(file: str, content: bytes) -> tuple[str, str, str]:
    """Return a file's name, size and hash."""
    return file, f"{len(content) / 1000:.1f} kB", hashlib.sha256(content).hexdigest()


def _kind(dtype: str) -> str:
    """Return a column's type in a reader's words, whatever library holds it."""
    return next((words for start, words in TYPE_WORDS.items() if dtype.lower().startswith(start)), dtype)


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and bool(FORMULA.match(value)) and not CSV_NUMBER.match(value)


TITLE = "Exosome therapy for hair loss: a living evidence synthesis in notebooks"


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
    cited = csl_items(tables["sources"])
    made = {
        "references.ris": write_ris(map(csl_reference, cited)),
        "references.csl.json": json.dumps(cited, ensure_ascii=False, indent=1) + "\n",
        "revman.csv": write_web_rows([SourceRecord(effects=revman_rows(tables))]),
        "datapackage.json": json.dumps(data_package(files, version), ensure_ascii=False) + "\n",
    }
    return {f"data/{name}": made[name] for name in EXPORTS}


def revman_rows(tables: Tables) -> list[dict[str, Any]]:
    """Return the headline effects with a standard error as rows of generic inverse variance.

    An analysis is an outcome as one kind of estimand in one unit; what is not comparable never shares one.
    """
    effects = tables["effects"]
    shown = effects[(effects["headline"] == "yes") & effects["se"].notna() & (effects["se"] > 0)]
    kinds = ["concept", "estimand", "unit"]
    rows = []
    for number, ((concept, estimand, unit), part) in enumerate(shown.groupby(kinds, sort=True), start=1):
        for row in records(part):
            analysis = {"kind": "generic", "group": "1", "number": str(number)}
            analysis["name"] = f"{plain_words(concept)}, {plain_words(estimand)}, {unit}"
            subject = {"subgroup": row["arm_id"], "study": row["study_id"]}
            sizes = {name: row[name] for name in ("effect", "se", "ci_lower", "ci_upper")}
            rows.append(analysis | subject | sizes)
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
        "description": spec.meaning,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [
                {
                    "name": column,
                    "type": field.type,
                    "description": field.meaning,
                    "constraints": {"required": field.required},
                }
                for column, field in spec.columns.items()
            ],
            "primaryKey": list(spec.keys),
            "missingValues": [""],
        },
    }


COMPARED_TABLES = ("screening", "sources", "studies", "quantities", "results")
COMPARED_TABLES += ("discrepancies", "effects", "ongoing_outcomes")
MOST_CHANGES = 6


def changes_since(tables: Tables, release: str | Path | None) -> list[dict[str, Any]] | None:
    """Return what changed, a row a table that differs; nothing when there is no release.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables of today.
    release : path, optional
        Folder of the release (`reports/releases/VERSION`), whose tables lie under `data/`.

    Returns
    -------
    list of dict or None
        `table`, `new`, `gone`, `changed` (counts of rows by key) and `named` (the first new ones). The last
        row, with table `conclusion`, names the outcomes whose certainty or pooling changed.
    """
    if release is None:
        return None
    rows = []
    for name in COMPARED_TABLES:
        before = _released(Path(release), name)
        if before is not None and (row := _difference(name, before, tables[name])):
            rows.append(row)
    rows.append({"table": "conclusion", "named": _conclusion(tables, Path(release))})
    return rows


def _released(release: Path, name: str) -> pd.DataFrame | None:
    """Return a table of a release, whatever columns it had then; nothing when it is not there."""
    try:
        return parquet.ParquetFile(release / "data" / f"{name}.parquet").read().to_pandas()
    except (OSError, arrow.ArrowException):
        return None


def _difference(name: str, before: pd.DataFrame, now: pd.DataFrame) -> dict[str, Any] | None:
    keys = list(TABLES[name].keys)
    if not set(keys) <= set(before.columns):
        return None
    columns = [column for column in now.columns if column in before.columns]
    old, new = _by_key(before[columns], keys), _by_key(now[columns], keys)
    added = [key for key in new if key not in old]
    changed = [key for key in new if key in old and new[key] != old[key]]
    gone = [key for key in old if key not in new]
    if not (added or changed or gone):
        return None
    named = added[:MOST_CHANGES]
    named += [f"{len(added) - MOST_CHANGES} more"] if len(added) > MOST_CHANGES else []
    counts = {"new": len(added), "changed": len(changed), "gone": len(gone)}
    return {"table": name} | counts | {"named": ", ".join(named) or None}


def _by_key(frame: pd.DataFrame, keys: list[str]) -> dict[str, tuple]:
    """Return the rows by key, each as text, so that the type of a column does not count."""
    plain = frame.astype(object).where(frame.notna(), "")
    names = plain[keys].astype(str).agg(" / ".join, axis=1) if len(plain) else []
    return {name: tuple(map(str, row)) for name, row in zip(names, plain.to_numpy(), strict=True)}


def _conclusion(tables: Tables, release: Path) -> str:
    """Return whether the conclusion changes: certainty, pooling or meaning of an outcome."""
    told = []
    for name, column, words in (
        ("certainty", "certainty", "certainty"),
        ("pooled", "pooled", "pooling"),
        ("summary_of_findings", "statement", "meaning"),
    ):
        before = _released(release, name)
        if before is None or column not in before:
            continue
        old, new = _by_outcome(before, column), _by_outcome(tables[name], column)
        names = sorted({key[-1] for key in {*old, *new} if old.get(key) != new.get(key)})
        if names:
            told.append(f"{words} of {joined([plain_words(concept) for concept in names])}")
    return (
        f"changed: {'; '.join(told)}" if told else "unchanged: same certainty for every outcome, same pooling"
    )


def _by_outcome(frame: pd.DataFrame, column: str) -> dict[tuple, str]:
    """Return the largest value of a column for each outcome of each tier."""
    keys = [name for name in ("evidence", "concept") if name in frame]
    found = frame.astype({column: str}).groupby(keys)[column].max()
    return {key if isinstance(key, tuple) else (key,): value for key, value in found.items()}


LEVELS_DOWNWARD = ("high", "moderate", "low", "very low")


def history_rows(tables: Tables, provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for this report and one for each release beside the newest, the newest first.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables of today.
    provenance : mapping
        `version` and `previous`, the folder of the newest release.
    """
    now = _row(str(provenance.get("version") or "not stated"), tables.get)
    now |= {"version": f"this report, {now['version']}"}
    rows = [now]
    previous = provenance.get("previous")
    for folder in _releases(Path(previous).parent) if previous else []:
        rows.append(_row(folder.name, partial(_released, folder)))
    return rows


def _releases(folder: Path) -> list[Path]:
    """Return the folders of all releases, the highest version first."""
    found = [path for path in folder.glob("*") if (path / "data").is_dir()]
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], reverse=True)


def _row(version: str, table: Any) -> dict[str, Any]:
    lines, discrepancies = table("comparisons"), table("discrepancies")
    certainty, pooled = (
        None if frame is None or "evidence" not in frame else widest_tier(frame)
        for frame in (table("certainty"), table("pooled"))
    )
    row: dict[str, Any] = {"version": version}
    if lines is not None:
        told = lines[(lines["direction"] != "not reported") & (lines["tier"] != "comparator")]
        row["studies"] = int(told["study_id"].nunique())
    if discrepancies is not None:
        row["certain"] = int(discrepancies["certain"].sum())
    if pooled is not None:
        row["pooled"] = int(pooled.loc[pooled["pooled"].astype(bool), "concept"].nunique())
    if certainty is not None:
        counts = certainty["certainty"].value_counts()
        told = [f"{level} for {counts[level]}" for level in LEVELS_DOWNWARD if level in counts]
        row["certainty"] = joined(told) or None
    return row
