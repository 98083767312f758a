"""The data page, exports, what changed since the last release, and history."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.appraisal.grade import CERTAINTY
from helpers.formats import joined, plain_words
from helpers.narrative.answer import Tables, widest_tier
from helpers.site.checks import check_contacts
from helpers.site.page import Page, environment, rows_table
from helpers.site.references import csl_items
from helpers.tables import TABLES, data_dictionary
from helpers.tables.vocabulary import EVIDENCE
from notebookpress.tables import parquet_bytes, records
from trialfiles.citations import write_ris
from trialfiles.record import SourceRecord
from trialfiles.references import csl_reference
from trialfiles.reviews import write_web_rows
from trialfiles.text import inert_cell

EXPORTS = {
    "references.ris": "the sources as RIS, for reference managers",
    "references.csl.json": "the sources as CSL-JSON, for citation tools",
    "revman.csv": "the headline effects as data rows of RevMan Web, by inverse variance",
    "datapackage.json": "all tables as a data package after the Frictionless standard",
    "annotations.jsonld": "where each figure stands in its source, as Web Annotations",
}
TYPE_WORDS = {"string": "text", "Int64": "whole number", "float64": "number", "boolean": "yes or no"}


def table_files(name: str, frame: pd.DataFrame) -> dict[str, bytes]:
    """Return the content of `data/<table>.csv`, looked through for contact details, and of `….parquet`."""
    return {f"data/{name}.csv": csv_bytes(name, frame), f"data/{name}.parquet": parquet_bytes(frame)}


def csv_bytes(name: str, frame: pd.DataFrame) -> bytes:
    """Return a table as CSV after RFC 4180; one with contact details raises `SiteError`.

    A text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    texts = frame.select_dtypes(["string", "object"])
    for column in texts:
        check_contacts(f"table {name}, column {column}", "\n".join(texts[column].dropna().astype(str)))
    return frame.assign(**texts.map(inert_cell)).to_csv(index=False, lineterminator="\r\n").encode("utf-8")


def _columns_table(name: str) -> Markup:
    """Return what each column of a table means, as a table."""
    rows = [row | {"type": TYPE_WORDS[row["type"]]} for row in data_dictionary(name).to_dict("records")]
    return rows_table(rows, "columns", caption=f"Columns of the table {name}")


def data_page(tables: Tables, files: Mapping[str, bytes], provenance: Mapping[str, Any]) -> Page:
    """Return the page that lists every table with its meaning, columns, download and hash.

    `files` are the CSV and Parquet of every table and the exports, by name.
    """
    body = environment().get_template("data.html.j2").render(
        tables=tables,
        about=TABLES,
        columns={name: _columns_table(name) for name in tables},
        exports=EXPORTS,
        sizes={name: f"{len(content) / 1000:.1f} kB" for name, content in files.items()},
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        hashes={words: provenance.get(f"{words}_sha256") for words in ("code", "lock")},
        packages=provenance.get("packages") or {},
    )  # fmt: skip
    return Page(file="data.html", title="Data: every table, column by column", short="Data", body=body)


TITLE = "Exosome therapy for hair loss: a living evidence synthesis in notebooks"


def export_files(tables: Tables, files: Mapping[str, bytes], version: str) -> dict[str, bytes]:
    """Return the content of every export by its name under `data/`; `files` are those of the tables."""
    cited = csl_items(tables["sources"])
    made = {
        "references.ris": write_ris(map(csl_reference, cited)),
        "references.csl.json": json.dumps(cited, ensure_ascii=False, indent=1) + "\n",
        "revman.csv": write_web_rows([SourceRecord(effects=revman_rows(tables))]),
        "datapackage.json": json.dumps(_data_package(files, version), ensure_ascii=False) + "\n",
        "annotations.jsonld": json.dumps(annotations(tables), ensure_ascii=False, indent=0) + "\n",
    }
    return {f"data/{name}": text.encode("utf-8") for name, text in made.items()}


def revman_rows(tables: Tables) -> list[dict[str, Any]]:
    """Return the headline effects with a standard error as rows of generic inverse variance.

    An analysis is an outcome as one kind of estimand in one unit; what is not comparable never shares one.
    """
    kinds, effects = ["concept", "estimand", "unit"], tables["effects"]
    others = tables["sources"].query("tier == 'comparator'")["study_id"]  # tell nothing of exosomes
    effects = effects[~effects["study_id"].isin(others)]
    shown = effects[(effects["headline"] == "yes") & effects["se"].gt(0).fillna(False)].dropna(subset=kinds)
    shown = shown.sort_values(kinds, kind="stable")
    number = (shown.groupby(kinds).ngroup() + 1).astype(str)
    words = shown["concept"].map(plain_words) + ", " + shown["estimand"].map(plain_words)
    shown = shown.assign(kind="generic", group="1", number=number, name=words + ", " + shown["unit"])
    shown = shown.rename(columns={"arm_id": "subgroup", "study_id": "study"})
    names = ["kind", "group", "number", "name", "subgroup", "study", "effect", "se", "ci_lower", "ci_upper"]
    return records(shown[names])


def annotations(tables: Tables) -> dict[str, Any]:
    """Return the place of each figure in its source text as a page of W3C Web Annotations.

    A text is named by its hash, since it is not published; a figure by its token and its characters, from 0.
    """
    placed = tables["quantities"].dropna(subset=["char_start", "char_end"])
    texts = tables["sources"].dropna(subset="sha256")[["source_id", "sha256", "document"]]
    items = [
        {
            "id": f"urn:quantity:{row['quantity_id']}",
            "type": "Annotation",
            "motivation": "identifying",
            "body": {"type": "TextualBody", "value": row["quantity_id"], "purpose": "identifying"},
            "target": {
                "source": {"id": f"urn:sha256:{row['sha256']}", "title": row["document"]},
                "selector": [
                    {"type": "TextPositionSelector", "start": row["char_start"], "end": row["char_end"]},
                    {"type": "TextQuoteSelector", "exact": row["printed"]},
                ],
            },
        }
        for row in records(placed.merge(texts, on="source_id"))
    ]
    return {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "AnnotationPage", "items": items}


def _data_package(files: Mapping[str, bytes], version: str) -> dict[str, Any]:
    """Return a Frictionless data package that describes the CSV of every table."""
    resources = [_resource(path, files[path]) for path in sorted(files) if path.endswith(".csv")]
    package: dict[str, Any] = {
        "name": "exosome-hair-evidence",
        "title": TITLE,
        "description": "Figures printed in studies of exosomes for hair loss, and what follows from them.",
        "licenses": [{"name": "MIT", "path": "https://opensource.org/license/mit"}],
        "resources": resources,
    }
    return package | ({"version": version} if version else {})


def _resource(path: str, content: bytes) -> dict[str, Any]:
    """Return a table's entry; its path counts from the folder in which the package lies."""
    name = path.removeprefix("data/").removesuffix(".csv")
    spec = TABLES[name]
    fields = []
    for column, field in spec.columns.items():
        known = {"name": column, "type": field.type, "description": field.meaning}
        fields.append(known | {"constraints": {"required": field.required}})
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
        "schema": {"fields": fields, "primaryKey": list(spec.keys), "missingValues": [""]},
    }


COMPARED_TABLES = ("screening", "sources", "studies", "quantities", "results")
COMPARED_TABLES += ("discrepancies", "effects", "votes", "certainty", "ongoing_trials")
WITHOUT_WEIGHT = ("pooled_id", "reasons")  # numbered anew; words on levels that are compared
WITHOUT_WEIGHT += ("verified_on", "provenance", "reference", "citation", "access")  # how we keep a source
MOST_CHANGES = 6
CELL = ["table", "row", "change", "column", "before", "now"]
CHANGES = "data/changes.csv"  # every cell behind the counts of what changed


def changes_since(tables: Tables, release: str | Path | None) -> list[dict[str, Any]] | None:
    """Return what changed since a release, a row a table that differs; None when there is no release.

    `release` is its folder (`reports/releases/VERSION`). Of each table `table`, `new`, `gone`, `changed`
    (counts of rows by key) and `named` (the first new ones). The last row, with table `conclusion`, names the
    outcomes whose certainty or pooling changed.
    """
    if release is None:
        return None
    rows = []
    for name, own in changed_cells(tables, release).groupby("table", sort=False):
        kinds = own.drop_duplicates("row").groupby("change")["row"].agg(list).to_dict()
        counts: dict[str, Any] = {kind: len(kinds.get(kind, ())) for kind in ("new", "changed", "gone")}
        named = kinds.get("new", [])
        if name == "registry_versions":  # of these the fields tell
            counts["changed"], named = len(own), sorted(set(own["row"]))
        more = [f"{len(named) - MOST_CHANGES} more"] if len(named) > MOST_CHANGES else []
        rows.append({"table": name} | counts | {"named": ", ".join([*named[:MOST_CHANGES], *more]) or None})
    return [*rows, {"table": "conclusion", "named": _conclusion(tables, Path(release))}]


def changed_cells(tables: Tables, release: str | Path) -> pd.DataFrame:
    """Return each cell that differs from a release: `table`, `row`, `change`, `column`, `before`, `now`.

    A row is named by its key; one that is `new` or `gone` has one line, without a column.
    """
    pairs = ((name, released_table(Path(release), name)) for name in COMPARED_TABLES)
    cells = [_differences(name, before, tables[name]) for name, before in pairs if before is not None]
    versions = released_table(Path(release), "registry_versions")
    cells.append(_registry_fields(tables["registry_versions"], versions))
    return pd.DataFrame([cell for own in cells for cell in own], columns=CELL)


def released_table(release: Path, name: str) -> pd.DataFrame | None:
    """Return a table of a release, whatever columns it had then; nothing when it cannot be read."""
    try:
        return pd.read_parquet(release / "data" / f"{name}.parquet")
    except (OSError, ValueError):
        return None


def _differences(name: str, before: pd.DataFrame, now: pd.DataFrame) -> list[tuple]:
    keys = list(TABLES[name].keys)
    if not set(keys) <= set(before.columns):
        return []
    columns = [column for column in now.columns if column in before.columns and column not in WITHOUT_WEIGHT]
    for column in columns:  # a file knows no whole number that may be missing
        with contextlib.suppress(TypeError, ValueError):
            before = before.assign(**{column: before[column].astype(now[column].dtype)})
    old, new = _by_key(before[columns], keys), _by_key(now[columns], keys)
    cells: list[tuple] = [(name, key, "new", "", "", "") for key in new if key not in old]
    for key in (key for key in new if key in old):
        told = zip(columns, old[key], new[key], strict=True)
        cells += [(name, key, "changed", column, was, is_) for column, was, is_ in told if was != is_]
    return cells + [(name, key, "gone", "", "", "") for key in old if key not in new]


def _registry_fields(now: pd.DataFrame, before: pd.DataFrame | None) -> list[tuple]:
    """Return the fields that versions of registry records, which a release did not have, state otherwise."""
    known = [] if before is None else before["place"]
    now = now.sort_values("version", kind="stable")
    earlier = now.groupby(["registration", "form", "particular", "item"], dropna=False)["value"].shift()
    changed = now.assign(earlier=earlier)[
        earlier.notna() & earlier.ne(now["value"]) & ~now["place"].isin(known)
    ]
    return [
        (
            "registry_versions",
            f"{row.registration}, {row.particular}",
            "changed",
            "value",
            row.earlier,
            row.value,
        )
        for row in changed.itertuples()
    ]


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
        before, keys = released_table(release, name), ["evidence", "concept"]
        if before is None or not {*keys, column} <= set(before):
            continue
        both = (table[table["evidence"].isin(EVIDENCE)] for table in (before, tables[name]))  # no context
        largest = [table.astype({column: str}).groupby(keys)[column].max() for table in both]
        old, new = largest[0].align(largest[1])
        names = sorted(old.index[old.ne(new)].get_level_values("concept").unique())
        if names:
            told.append(f"{words} of {joined([plain_words(concept) for concept in names])}")
    same = "unchanged: same certainty for every outcome, same pooling"
    return f"changed: {'; '.join(told)}" if told else same


def history_rows(tables: Tables, provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for this report and one for each release beside the newest, the newest first.

    `provenance` has `version`, and in `previous` the folder of the newest release.
    """
    previous = provenance.get("previous")
    now = _row(f"this report, {provenance.get('version') or 'not stated'}", tables.get)
    releases = _releases(Path(previous).parent) if previous else []
    return [now, *(_row(folder.name, partial(released_table, folder)) for folder in releases)]


def _releases(folder: Path) -> list[Path]:
    """Return the folders of all releases, the highest version first."""
    found = [path for path in folder.glob("*") if (path / "data").is_dir()]
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)], reverse=True)


def _row(version: str, table: Callable[[str], pd.DataFrame | None]) -> dict[str, Any]:
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
        told = [f"{level} for {counts[level]}" for level in reversed(CERTAINTY["levels"]) if level in counts]
        row["certainty"] = joined(told) or None
    return row
