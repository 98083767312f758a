"""Study sheets proposed from an article or a registry record, to be confirmed by a person."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import yaml

from helpers.sheets import SHEET_WORDS, facts
from helpers.sheets.model import Result
from helpers.sheets.plausibility import check_figure
from helpers.sheets.tokens import sheet_unit
from helpers.tables.vocabulary import QUANTITY_KINDS, reading_words
from trialfiles import find_quantities
from trialfiles.article_figures import ArticleFigure, grid_figures
from trialfiles.articles import Article, article_record
from trialfiles.citations import csl_item
from trialfiles.quantities.grammar import searched
from trialfiles.record import Row, SourceRecord
from trialfiles.text import contact_details, inert
from trialfiles.times import weeks


def article_sheet(article: Article, study_id: str, pdf_sha256: str | None = None) -> str:
    """Return a sheet of an article as YAML that `read_sheet` accepts; every figure is only proposed.

    `pdf_sha256` is that of the PDF from which the article's text was made.
    """
    figures = [
        replace(figure, time=facts.visit_time(article, figure.time))
        for figure in grid_figures(article.tables, reading_words())
    ]
    record = article_record(article, "article", reading_words())
    arm_ids = _one_arm_each(record.arms)
    quantities, results = _figures_of_tables(article, figures, arm_ids)
    quantities += _of_prose(article, {row["at"]["chars"][0] for row in quantities if "at" in row}, arm_ids)
    named = " ".join([article.title, article.abstract or article.text, *arm_ids])
    source: Row = {"source_id": study_id, "tier": facts.proposed_tier(named), "format": "article"}
    source |= {"reference": csl_item(article.reference), "has_results": bool(results) or None}
    # Whether the whole article was read, only a person can say: what is absent from a text counts then.
    source |= {"access": None, "licence": article.licence, "document": f"{study_id}.txt"}
    source["sha256"] = hashlib.sha256(article.text.encode()).hexdigest()
    source |= {"pdf_sha256": pdf_sha256} if pdf_sha256 else {}
    study = {"title": record.studies[0]["title"]}
    for arm in record.arms:
        if words := facts.described_arm(article, arm["label"]):
            role = reading_words().role(f"{arm['label']} {words}")
            arm |= {"label": f"{arm['label']}: {words}", "role": role if role != "active" else arm["role"]}
    proposed, dates = facts.study_facts(article, quantities)
    quantities += dates
    head, compared = SHEET_WORDS["article_head"], "proposed by a machine, to be confirmed"
    if (read := searched(article.text)) < len(article.text):
        head += SHEET_WORDS["partly_searched"].format(line=article.line_at(read))
    text = _sheet_text(study_id, source, compared, study, record.arms, quantities, results, proposed)
    return head.format(study_id=study_id) + text


def record_sheet(record: SourceRecord, file: str) -> str:
    """Return a sheet of one study of a RevMan file or an extraction table as YAML; all is only proposed."""
    stated = record.sources[0]
    quantities, results = _figures_of_record(record)
    source: Row = {name: stated.get(name) for name in ("source_id", "tier", "format", "doi")}
    if stated.get("citation"):
        source["reference"] = {"type": "document", "title": stated["citation"]}
    source["has_results"] = True
    if stated["tier"] != "core":  # its figures were seen in the review, and only there
        source["seen"] = _Line({"address": file, "access": "secondary", "confidence": "T2"})
    study = {name: record.studies[0].get(name) for name in ("title", "comparison")}
    head, compared = SHEET_WORDS["record_head"], f"taken over from {file}, to be confirmed"
    text = _sheet_text(stated["study_id"], source, compared, study, record.arms, quantities, results)
    return head.format(study_id=stated["study_id"], file=file) + text


def _short(value: Any, most: int = 2000) -> Any:
    """Return a text as a sheet may hold it, None for one without words; other values as they are."""
    if not isinstance(value, str):
        return value
    text = inert(value)
    return text[:most].strip() or None if text else None


def _given(row: Row) -> Row:
    return {key: value for key, value in row.items() if value is not None}


# The sheet as YAML.
class _Line(dict):
    """A block that is written on one line."""


class _Dumper(yaml.SafeDumper):
    def represent_line(self, block: Row) -> yaml.Node:
        return self.represent_mapping("tag:yaml.org,2002:map", block.items(), flow_style=True)


_Dumper.add_representer(_Line, _Dumper.represent_line)


def _sheet_text(
    study_id: str, source: Row, compared: str, study: Row,
    arms: list[Row], quantities: list[Row], results: list[Row], proposed: list[Row] | None = None,
) -> str:  # fmt: skip
    """Return a sheet as YAML, its blocks in order, arms, figures and results on lines of their own."""
    named = [{name: _short(arm[name]) for name in ("arm_id", "role", "label")} for arm in arms]
    sheet = {
        "study_sheet": 1,
        "study_id": study_id,
        "source": {name: _short(value) for name, value in source.items()},
        "extraction": {"readers": 1, "date": date.today(), "compared": compared},
        "study": {name: _short(value) for name, value in study.items()},
        **({"facts": list(map(_Line, proposed))} if proposed else {}),
        "arms": list(map(_Line, named)),
        "quantities": list(map(_Line, quantities)),
        "results": list(map(_Line, results)),
    }
    return yaml.dump(sheet, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


# Figures of an article.
_GENERAL = re.compile(SHEET_WORDS["general_words"], re.IGNORECASE)


def _is_control(arm: Row) -> bool:
    return arm["role"] in ("placebo", "untreated") or bool(re.search(r"\bcontrols?\b", arm["label"], re.I))


def _one_arm_each(arms: list[Row]) -> dict[str, str]:
    """Return the id of each label; take an arm out of the list that another table names in general words.

    `Placebo product` is `Placebo`, `Active product` the only arm with a name beside the placebo.
    """
    named = {arm["arm_id"]: " ".join(_GENERAL.sub(" ", arm["label"]).split()) for arm in arms}
    plain = {arm["arm_id"] for arm in arms if named[arm["arm_id"]] == arm["label"]}
    ids = {}
    for arm in list(arms):
        own = arm["arm_id"]
        alike = [
            other["arm_id"]
            for other in arms
            if other["arm_id"] in plain - {own}
            and _is_control(other) == _is_control(arm)
            and named[own] in ("", other["label"])
        ]
        ids[arm["label"]] = own
        if own not in plain and len(alike) == 1:
            ids[arm["label"]] = alike[0]
            arms.remove(arm)
    return ids


def _figures_of_tables(
    article: Article, figures: list[ArticleFigure], arm_ids: dict[str, str]
) -> tuple[list[Row], list[Row]]:
    """Return the quantities of an article's tables, sizes of groups last, and the observations they make."""
    quantities, results = [], []
    sizes: dict[tuple[str, int], Row] = {}
    for number, figure in enumerate(figures, start=1):
        quantity = _of_table(article, figure, f"t{number}", arm_ids)
        if quantity is None:
            continue
        quantities.append(quantity)
        size = None
        if figure.size and figure.arm and figure.arm in arm_ids:
            row = {"id": f"n{len(sizes) + 1}", "printed": figure.size.printed, "value": float(figure.size.n)}
            row |= {"kind": "n", "role": "design", "concept": "group_size", "arm": arm_ids[figure.arm]}
            placed = _placed(article, row, figure.size.start) or row
            size = sizes.setdefault((figure.arm, figure.size.start), placed)
        if result := _observation(quantity, size, figure, arm_ids):
            results.append(result)
    return [*quantities, *sizes.values()], _told_once(_apart(results), quantities)


def _told_once(results: list[Row], quantities: list[Row]) -> list[Row]:
    """Leave out an observation whose figures another one tells of the same week, such as a baseline twice."""
    named, kept = {row["id"]: row for row in quantities}, dict[Any, Row]()
    for row in sorted(results, key=len, reverse=True):
        figure = named[next(row[name] for name in _COLUMNS.values() if name in row)]
        week = weeks(row.get("time")) if row.get("time") else None
        about = [row.get(name) for name in ("arm", "concept", "kind", "category")]
        key = (*about, row["site"].partition(" #")[0], week, figure["value"], figure.get("sd"))
        kept.setdefault(key if week is not None else id(row), row)
    return [row for row in results if any(row is one for one in kept.values())]


def _of_table(article: Article, figure: ArticleFigure, name: str, arm_ids: dict[str, str]) -> Row | None:
    """Return a table's figure as a proposed quantity; None for one that a sheet would refuse."""
    value = figure.value
    kind = value.kind if value.kind in QUANTITY_KINDS else "other"
    role, concept = "result", reading_words().row_concept(figure.measure, figure.caption)
    if described := facts.characteristic(figure.measure):
        role, concept = "design", described
    notes = figure.measure[:300], SHEET_WORDS["noted_kinds"].get(value.kind), figure.assumed
    row = {
        "id": name,
        "printed": value.printed,
        **{part: getattr(value, part) for part in ("value", "low", "high")},
        "sd": value.sd if kind == "mean_sd" else None,
        "kind": kind,
        "role": role,
        "concept": concept,
        "time": _short(figure.time),
        "arm": arm_ids.get(figure.arm or "") if kind != "p_value" else None,
        "unit": figure.unit,
        "note": _short("; ".join(filter(None, notes))),
    }
    return _placed(article, row, figure.start)


_MEASURED = {"mean_sd", "mean", "sd", "median", "percent", "percent_change", "level"}


def _of_prose(article: Article, taken: set[int], arm_ids: dict[str, str]) -> list[Row]:
    """Return the quantities outside of tables and references."""
    tables = {grid.label for grid in article.tables}
    skipped = [
        range(start, end)
        for title, start, end in article.sections
        if title in tables or title.lower() == "references"
    ]
    rows: list[Row] = []
    for item in find_quantities(article.text, reading_words()):
        if item.char_start in taken or any(item.char_start in section for section in skipped):
            continue
        low, high = item.value_low, item.value_high
        if low is not None and high is not None and low > high:
            low = high = None
        kind = item.kind if item.kind in QUANTITY_KINDS else "other"
        row = {"id": f"p{len(rows) + 1}", "printed": item.printed, "value": item.value, "low": low}
        row |= {"high": high, "sd": item.sd, "unit": item.unit or None, "kind": kind}
        row |= {"role": "result", "concept": "other_outcome"}
        if kind in _MEASURED:
            row |= facts.prose_subject(article, item.char_start, item.char_end, arm_ids)
            row["kind"] = facts.prose_kind(article, item.char_start, item.char_end, kind, row["concept"])
        if quantity := _placed(article, row, item.char_start):
            rows.append(quantity)
    return rows


def _placed(article: Article, row: Row, start: int) -> Row | None:
    """Return a quantity with its place; None for one that a sheet would refuse."""
    row = _given(row)
    row |= {"unit": sheet_unit(row["unit"])} if row.get("unit") else {}
    if len(row["printed"]) > 120 or contact_details(row["printed"]) or any(check_figure((), row)):
        return None
    place = {"section": _short(article.section_at(start)), "line": article.line_at(start)}
    place["chars"] = [start, start + len(row["printed"])]
    return row | {"at": _Line(_given(place)), "state": "proposed"}


_COLUMNS: dict[str, str] = SHEET_WORDS["figure_fields"]


def _observation(
    quantity: Row, size: Row | None, figure: ArticleFigure, arm_ids: dict[str, str]
) -> Row | None:
    """Return the observation that a figure would make; None where no group is named, or no outcome."""
    column = _COLUMNS.get(quantity["kind"])
    arm = arm_ids.get(figure.arm or "")
    if not column or not arm or quantity["role"] != "result":
        return None
    name, kind = quantity["id"], "change" if figure.change else "level"
    if column in ("count", "percent"):
        kind = "count"
    row = {"arm": arm, "concept": quantity["concept"], "site": "all"}
    if quantity["concept"] == "other_outcome":
        row["site"] = (_short(figure.measure) or "all")[:120]  # tells one measure from another
    elif kind == "count" and ": " in figure.measure:
        row["category"] = _short(figure.measure.rpartition(": ")[2])
    row |= {"time": quantity.get("time"), "kind": kind, column: name}
    if quantity["kind"] == "mean_sd":
        row["sd"] = f"{name}.sd"
    if quantity["kind"] == "median" and quantity.get("low") is not None:
        row |= {"q1": f"{name}.low", "q3": f"{name}.high"}
    row |= {"n": size["id"] if size else None, "note": quantity.get("note")}
    return _given(row) | {"state": "proposed"}


def _apart(results: list[Row]) -> list[Row]:
    """Join what one row of a table says of a group; name observations apart that would be the same.

    A count and its percent, or a mean, its SD and the quartiles, are one observation; an SD alone is none.
    """
    found: dict[tuple, Row] = {}
    latest: dict[tuple, Row] = {}
    for row in results:
        key = tuple(row.get(name) for name in ("arm", "concept", "site", "time", "kind", "category"))
        figures = {name: row[name] for name in (*_COLUMNS.values(), "q1", "q3") if name in row}
        same = latest.get(key, {})
        if same.get("note") == row.get("note") and same and not set(figures) & set(same):
            same |= figures
            continue
        named, number = key, 2
        while named in found:
            row["site"], number = f"{key[2]} #{number}", number + 1
            named = (*key[:2], row["site"], *key[3:])
        found[named] = latest[key] = row
    return [row for row in found.values() if set(row) & {"mean", "median", "count", "percent"}]


# Figures of a record.
def _figures_of_record(record: SourceRecord) -> tuple[list[Row], list[Row]]:
    """Return the quantities of a record, and the observations that they make."""
    quantities, results, repeats = list[Row](), list[Row](), Counter[tuple]()
    for number, row in enumerate(record.results, start=1):
        figures = {
            field: quantity
            for field in Result.figure_fields()
            if (quantity := _of_record(row, field, f"r{number}_{field}"))
        }
        quantities += figures.values()
        site = _short(row["site"], 120) or "all"
        if row["concept"] == "other_outcome" and row.get("measure"):
            site = _short(row["measure"], 110) or site
        result = {"arm": row["arm_id"], "concept": row["concept"], "site": site}
        result |= {"time": _short(row["timepoint_printed"]), "kind": row["kind"]}
        key = tuple(result.values())
        repeats[key] += 1
        if repeats[key] > 1:
            result["site"] = f"{site} #{repeats[key]}"
        result |= {field: quantity["id"] for field, quantity in figures.items()}
        result |= {"unit": _short(row.get("unit")), "note": _short(row.get("measure"))}
        results.append(_given(result) | {"state": "proposed"})
    return quantities, results


_KINDS = {"n": "n", "mean": "mean", "sd": "sd", "median": "median", "count": "count", "p_value": "p_value"}


def _of_record(row: Row, field: str, name: str) -> Row | None:
    """Return a figure as a proposed quantity; None where it is missing or a sheet would refuse it."""
    value = row.get(field)
    if value is None or (field == "n" and value < 1):
        return None
    printed = f"{value:.12g}" if abs(value) < 1e12 else repr(value)
    kind = "percent" if field == "percent" and 0 <= value <= 100 else _KINDS.get(field, "value")
    quantity = {"id": name, "printed": printed, "value": float(printed), "kind": kind, "role": "result"}
    quantity |= {"concept": row["concept"], "arm": row["arm_id"]}
    quantity |= {"time": _short(row["timepoint_printed"]), "state": "proposed"}
    return None if any(check_figure((), quantity)) else _given(quantity)
