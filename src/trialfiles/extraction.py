"""Extraction tables: CSV and spreadsheets with a row a result."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialfiles.forms import names_of, patterns_of
from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import ascii_name, free_name, label_name, printed_number, slug
from trialfiles.times import weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary, says_change
from trialfiles.worksheets import Sheet, plain_heading, sheet_cell_text, table_sheets
from trialfiles.yaml_lines import read_yaml

_WIDE = names_of("extraction")
FIGURE_FIELDS = tuple(_WIDE["figures"])
EXTRACTION_FIELDS = (*_WIDE["texts"], *FIGURE_FIELDS)
_NEEDED = ("study_id", "arm")
_SAID = patterns_of("extraction", "patterns")
_KINDS = ("level", "change", "count")


def read_extraction_table(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read an extraction table with the mapping beside it, or with our own column names."""
    mappings = [path.with_name(path.stem + end) for end in (".mapping.yaml", ".mapping.yml")]
    return read_extraction(path, next(filter(Path.is_file, mappings), None), vocabulary)


def read_extraction(
    path: str | Path, mapping: str | Path | Row | None = None, vocabulary: Vocabulary | None = None
) -> list[SourceRecord]:
    """Read an extraction table.

    Parameters
    ----------
    path : path
        CSV (comma, semicolon or tab) or xlsx, every sheet.
    mapping : path or dict, optional
        `columns`, from our fields to the table's, and `constants`.
    vocabulary : Vocabulary, optional
        Names concepts and roles.

    Returns
    -------
    list of SourceRecord
        One a study, in the table's order.

    Raises
    ------
    SourceError
        For a mapping that names an absent column, a cell that is no number, or a row without study or arm;
        every problem is listed with its line.
    """
    sheets, stated = table_sheets(Path(path)), _stated(mapping)
    if sum(len(sheet.lines) for sheet in sheets) < 2:
        raise refusal(path, 1, "", "a table without a row", "export at least one row")
    heads = [_head(sheet, stated) for sheet in sheets]
    if not any(heads):
        raise _no_columns(sheets[0], stated)
    found: dict[str, SourceRecord] = {}
    names: dict[str, str] = {}
    problems: list[Problem] = []
    unread: list[Problem] = []
    for place, (sheet, head) in enumerate(zip(sheets, heads, strict=True)):
        if head is None:
            unread.append(sheet.not_read())
            continue
        unread += _unread_columns(sheet, head)
        mark = f".{slug(sheet.name)}" if place else ""
        for line, row in _table_rows(sheet, head, problems):
            faults = [] if problems else _faults(row | {"study_id": _study_id(row, names)})
            problems += [sheet.problem(line, field, fault, "mend the cell") for field, fault in faults]
            if not problems:
                record = found.setdefault(row["study_id"], SourceRecord())
                _add(record, f"{mark}.row{line}{row['side']}", row, vocabulary or NO_WORDS)
    if problems:
        raise SourceError(problems)
    records = list(found.values())
    if records:
        records[0].unread += unread
    return records


def _study_id(row: Row, names: dict[str, str]) -> str:
    """Name a row's study by what the table calls it; `names` holds the names given, also in lower case."""
    name = " ".join(unicodedata.normalize("NFC", row["study_id"]).split())
    row["study"] = name[:40]
    if f"study {name}" not in names:
        short = ascii_name(name, "-", 64)
        short += free_name(short.lower(), names)[len(short) :]  # some systems' file names know no case
        names |= {f"study {name}": short, short.lower(): ""}
    row["study_id"] = names[f"study {name}"]
    return str(row["study_id"])


@dataclass(frozen=True)
class _Head:
    """Where a table's columns stand: its line, its names, and for each group of a row its own."""

    at: int
    names: list[str]
    groups: list[tuple[dict[str, int], Row]]  # the place of each field's column, and the constants
    year: int | None  # where a year stands behind the study's name


def _head(sheet: Sheet, stated: Row | None) -> _Head | None:
    """Return the first line that names the columns needed; titles may stand above it."""
    for at, (_, cells) in enumerate(sheet.lines[:20]):
        names = [str(cell or "").strip() for cell in cells]
        plain = {plain_heading(name): place for place, name in reversed(list(enumerate(names)))}
        also = {field: plain[name] for name, field in reversed(_WIDE["other_names"].items()) if name in plain}
        columns = also | {name: place for name, place in plain.items() if name in EXTRACTION_FIELDS}
        constants, year = {}, None if "study_id" in plain else plain.get("year")
        if stated is not None:
            if not {str(name) for name in stated["columns"].values()} <= set(names):
                continue
            columns = {field: names.index(str(name)) for field, name in stated["columns"].items()}
            constants, year = stated["constants"], None
        elif "study_id" not in columns and year is not None and "author" in plain:
            columns["study_id"] = plain["author"]
        groups = _groups(plain, columns, constants)
        if all(name in groups[0][0] or name in groups[0][1] for name in _NEEDED):
            _check_heading(sheet, at, names, {place for own, _ in groups for place in own.values()})
            return _Head(at, names, groups, year)
    return None


_BASE, _SIDE = "|".join(_WIDE["fields"]), "|".join(_WIDE["sides"])
_SIDED = re.compile(rf"(?P<base>{_BASE})_?(?P<side>{_SIDE})|(?P<before>{_SIDE})_(?P<behind>{_BASE})")


def _groups(
    plain: dict[str, int], columns: dict[str, int], constants: Row
) -> list[tuple[dict[str, int], Row]]:
    """Return the columns and constants of each group of a row.

    Two in the wide shape of metafor, meta, RevMan and Stata (`n1i m1i sd1i n2i m2i sd2i`, `mean.e mean.c`):
    where no column names the arm, and both groups have a number of people.
    """
    sides: list[dict[str, int]] = [{}, {}]
    labels = ["", ""]
    for name, place in plain.items():
        if match := _SIDED.fullmatch(_WIDE["also"].get(name, name)):
            side, label = _WIDE["sides"][match["side"] or match["before"]]
            labels[side] = label
            sides[side].setdefault(_WIDE["fields"][match["base"] or match["behind"]], place)
    mapped = {field: place for field, place in columns.items() if field in FIGURE_FIELDS}
    if mapped.items() <= sides[1].items() and mapped:  # the mapping is of the second group
        sides, labels = sides[::-1], labels[::-1]
    paired = set(sides[0]) == set(sides[1]) and {"n"} < set(sides[0]) and mapped.items() <= sides[0].items()
    if not paired or "arm" in columns:
        return [(columns, constants)]
    common = {field: place for field, place in columns.items() if field not in FIGURE_FIELDS}
    named = ({"arm": labels[0]} | constants, constants | {"arm": labels[1]})
    return [(common | side, constant) for side, constant in zip(sides, named, strict=True)]


def _check_heading(sheet: Sheet, at: int, names: list[str], used: set[int]) -> None:
    """Refuse a heading of two rows, and a name that stands over two columns."""
    below = [str(cell or "").strip() for cell in sheet.lines[at + 1][1]] if at + 1 < len(sheet.lines) else []
    under = [below[place] in ("", names[place]) for place in used if place < len(below)]
    if any(below) and all(under) and not any(re.search(r"\d", cell) for cell in below):
        remedy = "make one row of them, such as `baseline mean`, or put each time on a row of its own"
        raise SourceError(sheet.problem(sheet.lines[at][0], "", "the header has two rows", remedy))
    if twins := sorted({names[place] for place in used if names.count(names[place]) > 1}):
        problem, remedy = "two columns of one name", "give each column its own name"
        raise SourceError(sheet.problem(sheet.lines[at][0], twins[0], problem, remedy))


def _unread_columns(sheet: Sheet, head: _Head) -> list[Problem]:
    """Return one problem that names the filled columns that no field is read from."""
    used = {place for columns, _ in head.groups for place in columns.values()} | {head.year}
    rows = [cells for _, cells in sheet.lines[head.at + 1 :]]
    filled = {at for cells in rows for at, cell in enumerate(cells) if cell not in (None, "")}
    names = [head.names[at] or f"column {at + 1}" for at in sorted(filled - used) if at < len(head.names)]
    remedy = "map them to fields of ours if they are needed"
    where = ", ".join(names)[:200]
    return [sheet.problem(sheet.lines[head.at][0], where, "columns not read", remedy)] if names else []


def _table_rows(sheet: Sheet, head: _Head, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    """Yield each group of each row with its line, its figures read; what is wrong joins the problems."""
    comma = decimal_comma(sheet.lines)
    for line, cells in sheet.lines[head.at + 1 :]:
        if len(cells) > len(head.names):
            remedy = "quote texts and numbers that hold the separator"
            problems.append(sheet.problem(line, "", "more cells than columns", remedy))
            continue
        for number, (columns, constants) in enumerate(head.groups):
            given = {field: cells[place] if place < len(cells) else None for field, place in columns.items()}
            known = constants | given
            row: Row = {field: sheet_cell_text(known.get(field)) for field in EXTRACTION_FIELDS}
            if number and all(row[field] is None for field in FIGURE_FIELDS):
                continue
            at = head.year
            year = sheet_cell_text(cells[at]) if at is not None and at < len(cells) else None
            if year and row["study_id"] and year not in row["study_id"]:
                row["study_id"] += f" {year}"  # two works of one author
            row["side"] = "b" if number else ""
            unit = _SAID["time_unit"].search(head.names[columns["time"]]) if "time" in columns else None
            if unit and re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", row["time"] or ""):
                row["time"] = f"{row['time']} {unit.group(1).lower()}s"
            merged = {field for field, place in columns.items() if (line, place) in sheet.merged}
            for field, fault in _unfit(row, merged, comma):
                where = head.names[columns[field]] if field in columns and fault[0] != "missing" else field
                problems.append(sheet.problem(line, where, *fault))
            row["kind"] = _kind(row, head.names[columns["mean"]] if "mean" in columns else "")
            yield line, row


def _unfit(row: Row, merged: set[str], comma: bool | None) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what is wrong with the cells of a row, whose figures are read on the way."""
    for field in EXTRACTION_FIELDS:
        text = row[field]
        if (text or "").startswith("="):
            yield field, ("a formula without a stored value", "save the workbook anew, or paste its values")
        elif field in FIGURE_FIELDS:
            row[field], wrong = cell_figure(text, comma, whole=field in _WHOLE)
            if wrong:
                yield field, (f"{wrong[:40]!r} is no number", _PLAIN_NUMBER)
            elif text and field in merged and field != "p_value":
                yield field, ("a number in merged cells, of nobody knows which row", "split the cells")
        elif not text and field in _NEEDED:
            yield field, ("missing", "fill the cell in")


def _stated(mapping: Any) -> Row | None:
    """Return a mapping's columns and constants, checked but for the names of the table's own columns."""
    if mapping is None:
        return None
    where, content = "mapping", mapping
    if not isinstance(mapping, dict):
        where = str(mapping)
        content, _, wrong = read_yaml(Path(mapping))
        if wrong:
            raise SourceError(wrong)
    columns = content.get("columns") if isinstance(content, dict) else None
    constants = (content.get("constants") or {}) if isinstance(content, dict) else {}
    if not isinstance(columns, dict) or not isinstance(constants, dict):
        raise refusal(where, 1, "columns", "missing", "write `columns:` with `our field: its column`")
    remedy = "use one of: " + ", ".join(EXTRACTION_FIELDS)
    unknown = [str(field) for field in (*columns, *constants) if field not in EXTRACTION_FIELDS]
    if unknown:
        raise SourceError([Problem(where, None, field, "no field of ours", remedy) for field in unknown])
    return {"columns": columns, "constants": constants, "where": where}


def _no_columns(sheet: Sheet, stated: Row | None) -> SourceError:
    """Return what is wrong with a table in which no line names the columns that are needed."""
    path, (line, cells) = sheet.path, sheet.lines[0]
    names = [name for cell in cells if (name := str(cell or "").strip())]
    if stated is None:
        shape = "`columns: {study_id: ..., arm: ..., mean: ...}`"
        remedy = f"write {path.stem}.mapping.yaml beside it, with {shape}"
        return refusal(path, line, ", ".join(names)[:120], "a table whose columns are not ours", remedy)
    remedy = "its columns: " + ", ".join(names)[:300]
    wrong = [
        (field, f"no column {str(name)!r} in {path.name}", remedy)
        for field, name in stated["columns"].items()
        if str(name) not in names
    ]
    given = stated["columns"] | stated["constants"]
    wrong += [(field, "not mapped", "name its column") for field in _NEEDED if field not in given]
    return SourceError([Problem(stated["where"], None, *fault) for fault in wrong])


def _kind(row: Row, heading: str) -> str:
    """Return the kind that a row states, or that its figures, its outcome or its mean's heading imply."""
    if row["kind"]:
        return str(row["kind"]).lower()
    measured = any(row[name] is not None for name in ("mean", "median", "sd", "se"))
    if not measured and (row["count"] is not None or row["percent"] is not None):
        return "count"
    return "change" if says_change(row["outcome"]) or says_change(heading) else "level"


def _faults(row: Row) -> list[tuple[str, str]]:
    """Return the fields of a row that cannot be so, each with what is wrong."""
    faults = []
    if not row["study_id"]:
        faults.append(("study_id", f"{row['study']!r} is no name for a study"))
    if row["kind"] not in _KINDS:
        faults.append(("kind", f"{row['kind']!r} is none of {', '.join(_KINDS)}"))
    counted = ("n", "sd", "se", "count")
    faults += [(name, f"{row[name]:g} is negative") for name in counted if (row[name] or 0) < 0]
    parts = [(name, row[name]) for name in _WHOLE if row[name] is not None and row[name] != int(row[name])]
    faults += [(name, f"{number:g} is no number of people") for name, number in parts]
    share, least = row["percent"], 50 / row["n"] if row["n"] else 0  # below it less than half of one
    if share and row["kind"] == "count" and not least <= share <= 100:
        faults.append(("percent", f"{share:g} percent" + (f" of {row['n']:g} people" if least else "")))
    if row["p_value"] is not None and not 0 <= row["p_value"] <= 1:
        faults.append(("p_value", f"{row['p_value']:g} is no probability"))
    if row["kind"] == "count" and row["n"] is not None and (row["count"] or 0) > row["n"]:
        faults.append(("count", f"{row['count']:g} of {row['n']:g} people"))
    for low, high in (("q1", "q3"), ("q1", "median"), ("median", "q3"), ("minimum", "maximum")):
        if row[low] is not None and row[high] is not None and row[low] > row[high]:
            faults.append((low, f"{row[low]:g} is above {high} {row[high]:g}"))
    return faults


def _add(record: SourceRecord, place: str, row: Row, vocabulary: Vocabulary) -> None:
    """Add a row to its study's record."""
    study = {"study_id": row["study_id"]}
    source = study | {"source_id": row["study_id"]}
    if not record.sources:
        known = {"has_results": True, "citation": row["title"], "doi": row["doi"]}
        record.sources.append(stated_source(row["study_id"], "extraction table", **known))
        record.studies.append(study | {"title": row["title"]})
    arm_id = label_name(record.arms, "arm_id", row["arm"])
    arm = study | {"arm_id": arm_id, "role": vocabulary.role(row["arm"]), "label": row["arm"]}
    if arm not in record.arms:
        record.arms.append(arm)
    name = row["study_id"] + place
    concept = row["concept"]
    if concept not in vocabulary.concepts:
        concept = vocabulary.concept(row["outcome"] or concept or "")
    stated = [field for field in FIGURE_FIELDS if row[field] is not None]
    result = source | {"result_id": name, "quantity_ids": name, "arm_id": arm["arm_id"], "concept": concept}
    result |= {"measure": row["outcome"], "site": row["site"] or "all"}
    result |= {"timepoint_printed": row["time"], "timepoint_weeks": weeks(row["time"])}
    result["figures"] = ";".join(f"{field}={name}" for field in stated) or f"value={name}"
    result |= {field: row[field] for field in ("kind", "unit", "note", *FIGURE_FIELDS)}
    record.results.append(result | {"n": int(row["n"]) if row["n"] is not None else None})


_WHOLE = ("n", "count")
_PLAIN_NUMBER = "write one number, without marks between thousands, or NA"
_MISSING = ("", "na", "n/a", "nr", "not reported", "-", "\u2013", ".", "none", "nan")


def decimal_comma(lines: list[tuple[int, list[Any]]]) -> bool | None:
    """Whether a table writes `12,5`: some cell can be nothing else, and none has a decimal point.

    None where no cell tells.
    """
    cells = [str(cell).strip() for _, row in lines for cell in row if isinstance(cell, str)]
    if any(map(_SAID["with_point"].fullmatch, cells)):
        return False
    return any(map(_SAID["with_comma"].fullmatch, cells)) or None


def cell_figure(
    text: str | None, comma: bool | None = False, whole: bool = False
) -> tuple[float | None, str | None]:
    """Return a number, and the text where it is none.

    `comma` tells that decimals stand behind a comma; where nothing tells (None), `1,234` is no number but of
    what is `whole`, such as people.
    """
    if text is None or text.lower() in _MISSING:
        return None, None
    plain = _SAID["between_thousands"].sub("", text.removesuffix("%").strip().lstrip("'"))
    if comma and re.fullmatch(r"[^.,]*(?:\.\d{3})*(?:,\d{1,30})?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    doubtful = comma is None and not whole and _SAID["grouped"].fullmatch(plain)
    if doubtful or not _SAID["number"].fullmatch(plain):
        return None, text
    return printed_number(plain), None
