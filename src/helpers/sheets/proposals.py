"""Study sheets proposed from an article or a registry record, to be confirmed by a person."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import yaml

from helpers.sheets.check import check_figure
from helpers.sheets.model import QUANTITY_KINDS, Result
from trialfiles.articles import (
    Article,
    ArticleFigure,
    article_arms,
    article_concept,
    article_record,
    table_figures,
)
from trialfiles.record import Row, SourceRecord, contact_details
from trialfiles.text import inert

Finder = Callable[[str], Iterable[Any]]
_CHANGE = re.compile(r"\b(change|increase|decrease|difference|reduction|gain)\b", re.IGNORECASE)
_UNIT = re.compile(
    r"[,(/]\s*(mm|cm|[\u00b5\u03bcu]m|mg|g|ml|(?:n|hairs?)?/\s?cm[2\u00b2]|hairs/cm[2\u00b2])\b",
    re.IGNORECASE,
)
_HEAD = """\
# Study sheet of {study_id}, proposed by a machine from the article. Nothing in it counts yet.
# Read each proposal at its place (section, line, characters of data/raw/documents/{document}).
# Right: set `state: confirmed` at the result; its figures are confirmed with it. Wrong: mend or delete it.
# Arms, roles, concepts and times are guesses from headers. data/raw/README.md explains every field.
"""


def article_sheet(article: Article, study_id: str, find: Finder | None = None) -> tuple[str, str]:
    """Return a sheet's text and the source text that its places belong to.

    Parameters
    ----------
    article : Article
        From `read_jats` or `read_plain`.
    study_id : str
        Name of the study.
    find : callable, optional
        Finds the quantities of a text (`trialfiles.find_quantities`); without it only tables are read.

    Returns
    -------
    tuple of (str, str)
        YAML that `read_sheet` accepts, and the text for `data/raw/documents`.
    """
    figures = table_figures(article)
    arms = article_arms(study_id, figures)
    names = {arm["label"]: arm["arm_id"] for arm in arms}
    quantities, results, sizes = [], [], {}
    for number, figure in enumerate(figures, start=1):
        quantity = _quantity(article, figure, f"t{number}", names)
        if quantity is None:
            continue
        quantities.append(quantity)
        if figure.n is not None and figure.arm in names and figure.n_start is not None:
            size = sizes.setdefault(
                (figure.arm, figure.n_start), _size(article, figure, len(sizes) + 1, names)
            )
            quantity["_n"] = size["id"]
    quantities += sizes.values()
    if find:
        quantities += _of_prose(article, find, {q["at"]["chars"][0] for q in quantities})
    for quantity, figure in ((q, f) for q in quantities if (f := q.pop("_figure", None))):
        if result := _result(quantity, figure, names):
            results.append(result)
        quantity.pop("_n", None)
    sheet = _frame(article, study_id, arms, quantities, _apart(results))
    head = _HEAD.format(study_id=study_id, document=f"{study_id}.txt")
    return head + dump_sheet(sheet), article.text


def dump_sheet(sheet: Row) -> str:
    """Return a sheet as YAML, its blocks in order, figures and results on lines of their own."""
    return yaml.dump(sheet, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def one_line(block: Row) -> Row:
    """Return a block that `dump_sheet` writes on one line."""
    return _Line(block)


def short_words(text: str | None, most: int = 2000) -> str | None:
    """Return a text as a sheet may hold it; None for one without words."""
    text = inert(text)
    return text[:most].strip() or None if text else None


class _Line(dict):
    """A block that is written on one line."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Line,
    lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True),
)


def _frame(
    article: Article, study_id: str, arms: list[Row], quantities: list[Row], results: list[Row]
) -> Row:
    record = article_record(article, "article")
    (source,), (study,) = record.sources, record.studies
    return {
        "study_sheet": 1,
        "study_id": study_id,
        "source": {
            "source_id": study_id,
            "tier": "core",
            "format": "article",
            "citation": short_words(source["citation"]),
            "doi": article.doi,
            "has_results": bool(results) or None,
            "access": source["access"],
            "licence": short_words(article.licence),
            "document": f"{study_id}.txt",
            "sha256": hashlib.sha256(article.text.encode()).hexdigest(),
        },
        "extraction": {
            "readers": 1,
            "date": date.today(),
            "compared": "proposed by a machine, to be confirmed",
        },
        "study": {"title": short_words(study["title"])},
        "arms": [
            _Line({"arm_id": arm["arm_id"], "role": arm["role"], "label": short_words(arm["label"])})
            for arm in arms
        ],
        "quantities": [_Line(quantity) for quantity in quantities],
        "results": [_Line(result) for result in results],
    }


def _quantity(article: Article, figure: ArticleFigure, name: str, arms: dict[str, str]) -> Row | None:
    value = figure.value
    kind = value.kind if value.kind in QUANTITY_KINDS else "other"
    row = {"id": name, "printed": value.printed, "value": value.value, "low": value.low, "high": value.high}
    row |= {"sd": value.sd if kind == "mean_sd" else None, "kind": kind, "role": "result"}
    row |= {"concept": article_concept(figure), "time": short_words(figure.time)}
    row |= {"arm": arms.get(figure.arm or "") if kind != "p_value" else None}
    unit = _UNIT.search(figure.measure)
    row |= {"unit": unit.group(1) if unit and kind in ("mean_sd", "median", "value", "other") else None}
    note = [figure.measure[:300], "mean with its standard error" if value.kind == "mean_se" else None]
    note.append("that the bracket is an SD stands in another table" if figure.assumed else None)
    return _checked(
        article, row | {"note": short_words("; ".join(filter(None, note)))}, figure.start, _figure=figure
    )


def _size(article: Article, figure: ArticleFigure, number: int, arms: dict[str, str]) -> Row:
    row = {
        "id": f"n{number}",
        "printed": str(figure.n),
        "value": float(figure.n or 0),
        "kind": "n",
        "role": "design",
    }
    row |= {"concept": "group_size", "arm": arms.get(figure.arm or "")}
    return _checked(article, row, figure.n_start or 0) or row


def _checked(article: Article, row: Row, start: int, **kept: Any) -> Row | None:
    """Return a quantity with its place; None for one that a sheet would refuse."""
    row = {key: value for key, value in row.items() if value is not None}
    if len(row["printed"]) > 120 or contact_details(row["printed"]) or any(check_figure((), row)):
        return None
    place = {"line": article.line_at(start), "chars": [start, start + len(row["printed"])]}
    section = short_words(article.section_at(start))
    row["at"] = _Line({"section": section} | place if section else place)
    return row | {"state": "proposed"} | kept


def _of_prose(article: Article, find: Finder, taken: set[int]) -> list[Row]:
    """Return the quantities outside of tables and references."""
    labels = {grid.label for grid in article.tables}
    skipped = [(start, end) for title, start, end in article.sections if title in labels]
    skipped += [(start, end) for title, start, end in article.sections if title.lower() == "references"]
    rows = []
    for item in find(article.text):
        if item.char_start in taken or any(start <= item.char_start < end for start, end in skipped):
            continue
        row = {
            "id": f"p{len(rows) + 1}",
            "printed": item.printed,
            "value": item.value,
            "low": item.value_low,
            "high": item.value_high,
            "sd": item.sd,
            "unit": item.unit or None,
            "kind": item.kind if item.kind in QUANTITY_KINDS else "other",
            "role": "result",
            "concept": "other_outcome",
        }
        if row["low"] is not None and row["high"] is not None and row["low"] > row["high"]:
            row["low"] = row["high"] = None
        quantity = _checked(article, row, item.char_start)
        if quantity:
            rows.append(quantity)
    return rows


def _result(quantity: Row, figure: ArticleFigure, arms: dict[str, str]) -> Row | None:
    """Return the observation that a figure would make; None where no group is named."""
    column = {"mean_sd": "mean", "median": "median", "count": "count", "percent": "percent"}.get(
        quantity["kind"]
    )
    arm = arms.get(figure.arm or "")
    if not column or not arm:
        return None
    name = quantity["id"]
    kind = (
        "count" if column in ("count", "percent") else "change" if _CHANGE.search(figure.measure) else "level"
    )
    row = {
        "arm": arm,
        "concept": quantity["concept"],
        "site": "all",
        "time": quantity.get("time"),
        "kind": kind,
    }
    if quantity["concept"] == "other_outcome":
        row["site"] = (short_words(figure.measure) or "all")[:120]  # tells one measure from another
    row[column] = name
    if quantity["kind"] == "mean_sd":
        row["sd"] = f"{name}.sd"
    if quantity.get("low") is not None and quantity["kind"] == "median":
        row |= {"q1": f"{name}.low", "q3": f"{name}.high"}
    row["n"] = quantity.get("_n")
    row["note"] = quantity.get("note")
    return {key: value for key, value in row.items() if value is not None} | {"state": "proposed"}


def _apart(results: list[Row]) -> list[Row]:
    """Join a count with its percent, and name observations apart that would be the same."""
    found: dict[tuple, Row] = {}
    for row in results:
        key = tuple(row.get(name) for name in ("arm", "concept", "site", "time", "kind"))
        same = found.get(key)
        if same is not None and row["kind"] == "count" and "percent" in row and "percent" not in same:
            same["percent"] = row["percent"]
            continue
        number = 2
        while key in found:
            row["site"], number = f"{row['site'].split(' #')[0]} #{number}", number + 1
            key = (*key[:2], row["site"], *key[3:])
        found[key] = row
    return list(found.values())


_RECORD_HEAD = """\
# Study sheet of {study_id}, proposed from {file}. Nothing in it counts yet.
# Compare each figure with its source, give it its place (at: section, line, chars), and set
# `state: confirmed` at each result that is right; its figures are confirmed with it.
# data/raw/README.md explains every field.
"""
_KINDS = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "count": "count", "p_value": "p_value"}


def record_sheet(record: SourceRecord, file: str) -> str:
    """Return a sheet's text: every observation of a record of one study, proposed.

    Parameters
    ----------
    record : SourceRecord
        From a RevMan file or an extraction table.
    file : str
        Name of the file, for the sheet's head.
    """
    source, study = record.sources[0], record.studies[0]
    quantities: list[Row] = []
    results: list[Row] = []
    seen: dict[tuple, int] = {}
    for number, row in enumerate(record.results, start=1):
        given = {}
        for field in Result.figure_fields():
            quantity = _record_quantity(row, field, f"r{number}_{field}")
            if quantity is not None:
                quantities.append(quantity)
                given[field] = quantity["id"]
        site = short_words(row["site"], 120) or "all"
        if row["concept"] == "other_outcome" and row.get("measure"):
            site = short_words(row["measure"], 110) or site
        base = {"arm": row["arm_id"], "concept": row["concept"], "site": site}
        base |= {"time": short_words(row["timepoint_printed"]), "kind": row["kind"]}
        again = seen[key] = seen.get(key := tuple(base.values()), 0) + 1
        base["site"] = f"{site} #{again}" if again > 1 else site
        base |= given | {"unit": short_words(row.get("unit")), "note": short_words(row.get("measure"))}
        results.append(
            {name: value for name, value in base.items() if value is not None} | {"state": "proposed"}
        )
    sheet = {
        "study_sheet": 1,
        "study_id": source["study_id"],
        "source": {
            "source_id": source["source_id"],
            "tier": source["tier"],
            "format": source["format"],
            "citation": short_words(source.get("citation")),
            "doi": short_words(source.get("doi")),
            "has_results": True,
        }
        | _seen_in(source["tier"], file),
        "extraction": {
            "readers": 1,
            "date": date.today(),
            "compared": f"taken over from {file}, to be confirmed",
        },
        "study": {"title": short_words(study.get("title")), "comparison": study.get("comparison")},
        "arms": [
            one_line({"arm_id": arm["arm_id"], "role": arm["role"], "label": short_words(arm["label"])})
            for arm in record.arms
        ],
        "quantities": [one_line(quantity) for quantity in quantities],
        "results": [one_line(result) for result in results],
    }
    return _RECORD_HEAD.format(study_id=source["study_id"], file=file) + dump_sheet(sheet)


def _seen_in(tier: str, file: str) -> Row:
    """Return where figures that a review holds were seen: in the review, and only there."""
    if tier == "core":
        return {}
    return {"seen": one_line({"address": file, "access": "secondary", "confidence": "T2"})}


def _record_quantity(row: Row, field: str, name: str) -> Row | None:
    """Return a figure as a proposed quantity; None where it is missing or a sheet would refuse it."""
    value = row.get(field)
    if value is None or (field == "n" and value < 1):
        return None
    kind = "percent" if field == "percent" and 0 <= value <= 100 else _KINDS.get(field, "value")
    printed = f"{value:.12g}" if abs(value) < 1e12 else repr(value)
    quantity = {"id": name, "printed": printed, "value": float(printed), "kind": kind, "role": "result"}
    quantity |= {
        "concept": row["concept"],
        "arm": row["arm_id"],
        "time": short_words(row["timepoint_printed"]),
    }
    quantity = {key: item for key, item in quantity.items() if item is not None} | {"state": "proposed"}
    return None if any(check_figure((), quantity)) else quantity
