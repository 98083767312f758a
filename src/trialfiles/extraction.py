"""Extraction tables: CSV and spreadsheets with a row a result."""

from __future__ import annotations

import io
import re
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any

from trialfiles.record import Problem, Row, SourceError, SourceRecord, refusal, stated_source
from trialfiles.text import csv_lines, inert, printed_number, read_bytes, slug
from trialfiles.times import weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary, says_change
from trialfiles.yaml_lines import read_yaml

FIGURE_FIELDS = (
    "n", "mean", "sd", "se", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "p_value",
)  # fmt: skip
EXTRACTION_FIELDS = (
    "study_id", "arm", "outcome", "concept", "site", "time", "kind", "unit", "note", "title", "doi",
    *FIGURE_FIELDS,
)  # fmt: skip
_ALSO = {  # other names of our columns
    "study": "study_id", "arm_id": "arm", "group": "arm", "timepoint": "time", "timepoint_printed": "time",
}  # fmt: skip
_TIME_UNIT = re.compile(r"\b(day|week|month|year)s?\b", re.IGNORECASE)  # in the heading of bare numbers
_NEEDED = ("study_id", "arm")
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
        CSV (comma, semicolon or tab) or xlsx, first sheet.
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
    path = Path(path)
    lines = table_lines(path)
    if len(lines) < 2:
        raise refusal(path, 1, "", "a table without a row", "export at least one row")
    names = [str(cell or "").strip() for cell in lines[0][1]]
    columns, constants = _mapping(path, names, mapping)
    comma, unit = decimal_comma(lines), _TIME_UNIT.search(names[columns["time"]] if "time" in columns else "")
    problems: list[Problem] = []
    found: dict[str, SourceRecord] = {}
    for line, cells in lines[1:]:
        given = {field: cells[place] if place < len(cells) else None for field, place in columns.items()}
        if not any(str(cell or "").strip() for cell in cells):
            continue
        row: Row = {
            field: sheet_cell_text(given.get(field, constants.get(field))) for field in EXTRACTION_FIELDS
        }
        if unit and re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", row["time"] or ""):
            row["time"] = f"{row['time']} {unit.group(1).lower()}s"
        for field in FIGURE_FIELDS:
            row[field], wrong = cell_figure(row[field], comma, whole=field in _WHOLE)
            if wrong:
                fault = (names[columns[field]], f"{wrong[:40]!r} is no number", _PLAIN_NUMBER)
                problems.append(Problem(str(path), line, *fault))
        for field in (field for field in _NEEDED if not row[field]):
            problems.append(Problem(str(path), line, field, "missing", "fill the cell in"))
        if problems:
            continue
        row["study"] = row["study_id"][:40]
        row["study_id"] = re.sub(r"[^A-Za-z0-9_-]+", "-", row["study_id"]).strip("-_")[:64]
        row["kind"] = _kind(row, names[columns["mean"]] if "mean" in columns else "")
        faults = _faults(row)
        problems += [Problem(str(path), line, field, fault, "mend the cell") for field, fault in faults]
        if not faults:
            _add(found.setdefault(row["study_id"], SourceRecord()), line, row, vocabulary or NO_WORDS)
    if problems:
        raise SourceError(problems)
    return list(found.values())


def _mapping(path: Path, names: list[str], mapping: Any) -> tuple[dict[str, int], Row]:
    """Return the place of each field's column, and the constants."""
    if mapping is None:
        plain = {re.sub(r"\W+", "_", name.lower()).strip("_"): place for place, name in enumerate(names)}
        places = {_ALSO.get(name, name): place for name, place in plain.items()}
        places = {name: place for name, place in places.items() if name in EXTRACTION_FIELDS}
        if not set(_NEEDED) <= set(places):
            shape = "`columns: {study_id: ..., arm: ..., mean: ...}`"
            remedy = f"write {path.stem}.mapping.yaml beside it, with {shape}"
            problem = "a table whose columns are not ours"
            raise refusal(path, 1, ", ".join(names)[:120], problem, remedy)
        return places, {}
    where = str(mapping) if not isinstance(mapping, dict) else "mapping"
    content = mapping
    if not isinstance(mapping, dict):
        content, _, wrong = read_yaml(Path(mapping))
        if wrong:
            raise SourceError(wrong)
    columns = content.get("columns") if isinstance(content, dict) else None
    constants = (content.get("constants") or {}) if isinstance(content, dict) else {}
    if not isinstance(columns, dict) or not isinstance(constants, dict):
        raise refusal(where, 1, "columns", "missing", "write `columns:` with `our field: its column`")
    problems = [
        Problem(where, None, str(field), "no field of ours", "use one of: " + ", ".join(EXTRACTION_FIELDS))
        for field in (*columns, *constants)
        if field not in EXTRACTION_FIELDS
    ]
    remedy = "its columns: " + ", ".join(names)[:300]
    problems += [
        Problem(where, None, str(field), f"no column {str(name)!r} in {path.name}", remedy)
        for field, name in columns.items()
        if str(name) not in names
    ]
    missing = [field for field in _NEEDED if field not in columns and field not in constants]
    problems += [Problem(where, None, field, "not mapped", "name its column") for field in missing]
    if problems:
        raise SourceError(problems)
    return {field: names.index(str(name)) for field, name in columns.items()}, constants


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
    if row["n"] is not None and row["n"] != int(row["n"]):
        faults.append(("n", f"{row['n']:g} is no number of people"))
    if row["percent"] is not None and row["kind"] == "count" and not 0 <= row["percent"] <= 100:
        faults.append(("percent", f"{row['percent']:g} percent"))
    if row["p_value"] is not None and not 0 <= row["p_value"] <= 1:
        faults.append(("p_value", f"{row['p_value']:g} is no probability"))
    if row["kind"] == "count" and row["n"] is not None and (row["count"] or 0) > row["n"]:
        faults.append(("count", f"{row['count']:g} of {row['n']:g} people"))
    for low, high in (("q1", "q3"), ("q1", "median"), ("median", "q3"), ("minimum", "maximum")):
        if row[low] is not None and row[high] is not None and row[low] > row[high]:
            faults.append((low, f"{row[low]:g} is above {high} {row[high]:g}"))
    return faults


def _add(record: SourceRecord, line: int, row: Row, vocabulary: Vocabulary) -> None:
    """Add a row to its study's record."""
    study = {"study_id": row["study_id"]}
    source = study | {"source_id": row["study_id"]}
    if not record.sources:
        known = {"has_results": True, "citation": row["title"], "doi": row["doi"]}
        record.sources.append(stated_source(row["study_id"], "extraction table", **known))
        record.studies.append(study | {"title": row["title"]})
    arm = study | {"arm_id": slug(row["arm"]), "role": vocabulary.role(row["arm"]), "label": row["arm"]}
    if arm["arm_id"] not in {other["arm_id"] for other in record.arms}:
        record.arms.append(arm)
    name = f"{row['study_id']}.row{line}"
    concept = row["concept"]
    if concept not in vocabulary.concepts:
        concept = vocabulary.concept(row["outcome"] or concept or "")
    stated = [field for field in FIGURE_FIELDS if row[field] is not None]
    result = source | {
        "result_id": name,
        "arm_id": arm["arm_id"],
        "concept": concept,
        "site": row["site"] or "all",
        "measure": row["outcome"],
        "timepoint_printed": row["time"],
        "timepoint_weeks": weeks(row["time"]),
        "quantity_ids": name,
        "figures": ";".join(f"{field}={name}" for field in stated) or f"value={name}",
    }
    result |= {field: row[field] for field in ("kind", "unit", "note", *FIGURE_FIELDS)}
    record.results.append(result | {"n": int(row["n"]) if row["n"] is not None else None})


MOST_TABLE_ROWS = 200_000
_NUMBER = re.compile(
    r"[-+\u2212]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d{1,15}|(?=\.\d))(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?"
)
# what can be nothing but a decimal comma, or point: `0,065` is never thousands, `1.234` may be either
_WITH_COMMA = re.compile(
    r"[-+\u2212]?(?:0,\d{1,30}|\d{4,15},\d{3}|\d{1,15},(?:\d{1,2}|\d{4,30})|\d{1,3}(?:[. ]\d{3})+,\d{1,30})%?"
)
_WITH_POINT = re.compile(
    r"[-+\u2212]?(?:0?\.\d{1,30}|\d{4,15}\.\d{3}|\d{1,15}\.(?:\d{1,2}|\d{4,30})|"
    r"\d{1,3}(?:[, ]\d{3})+\.\d{1,30})%?"
)
_GROUPED = re.compile(r"[-+\u2212]?[1-9]\d{0,2},\d{3}%?")
_WHOLE = ("n", "count")
_PLAIN_NUMBER = "write one number, without marks between thousands, or NA"
_MISSING = ("", "na", "n/a", "nr", "not reported", "-", "\u2013", ".", "none", "nan")


def table_lines(path: Path) -> list[tuple[int, list[Any]]]:
    """Return the lines of a table with their numbers, cells as they stand.

    Raises
    ------
    SourceError
        For what is neither CSV nor a workbook, or longer than `MOST_TABLE_ROWS`.
    """
    if zipfile.is_zipfile(path):
        return _xlsx(path)
    lines: list[tuple[int, list[Any]]] = list(islice(csv_lines(path), MOST_TABLE_ROWS + 1))
    if len(lines) > MOST_TABLE_ROWS:
        raise refusal(path, lines[-1][0], "", "too many rows", "split the table")
    return lines


def _xlsx(path: Path) -> list[tuple[int, list[Any]]]:
    """Return the first sheet's rows; a formula counts as the value that was saved with it."""
    import openpyxl  # slow to import, and few folders hold a workbook

    lines = []
    try:
        book = openpyxl.load_workbook(io.BytesIO(read_bytes(path)), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=500), start=1):
            filled = max((at for at, cell in enumerate(cells, start=1) if cell is not None), default=0)
            lines.append((number, list(cells[:filled])))
            if len(lines) > MOST_TABLE_ROWS:
                raise refusal(path, number, "", "too many rows", "split the table")
        book.close()
    except SourceError:
        raise
    except Exception as error:  # a broken workbook raises whatever its broken part brings up
        problem = f"not a whole workbook: {type(error).__name__}"
        raise refusal(path, None, "", problem, "save it again, or as CSV") from None
    return lines


def sheet_cell_text(value: Any) -> str | None:
    """Return a cell as text; a whole number without its point."""
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        value = int(value)
    return None if value is None else inert(str(value))


def decimal_comma(lines: list[tuple[int, list[Any]]]) -> bool | None:
    """Whether a table writes `12,5`: some cell can be nothing else, and none has a decimal point.

    None where no cell tells.
    """
    cells = [str(cell).strip() for _, row in lines for cell in row if isinstance(cell, str)]
    if any(map(_WITH_POINT.fullmatch, cells)):
        return False
    return True if any(map(_WITH_COMMA.fullmatch, cells)) else None


def cell_figure(
    text: str | None, comma: bool | None = False, whole: bool = False
) -> tuple[float | None, str | None]:
    """Return a number, and the text where it is none.

    `comma` tells that decimals stand behind a comma; where nothing tells (None), `1,234` is no number but of
    what is `whole`, such as people.
    """
    if text is None or text.lower() in _MISSING:
        return None, None
    plain = re.sub(
        r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))", "", text.removesuffix("%").strip().lstrip("'")
    )
    if comma and re.fullmatch(r"[^.,]*(?:\.\d{3})*(?:,\d{1,30})?", plain):
        plain = plain.replace(".", "").replace(",", ".")
    doubtful = comma is None and not whole and _GROUPED.fullmatch(plain)
    if doubtful or not _NUMBER.fullmatch(plain):
        return None, text
    return printed_number(plain), None
