"""Extraction tables of reviewers, CSV or xlsx: a mapping in YAML says which column is which.

    columns: {study_id: Study, arm: Group, outcome: Outcome, time: Week, n: N, mean: Mean, sd: SD}
    constants: {unit: hairs/cm2, kind: level}

The mapping lies beside the table as `NAME.mapping.yaml`, or is given. Without one, columns count that bear
our own names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import concept_of, role_of, slug
from helpers.sources.table_cells import cell_figure, cell_text, decimal_comma, table_lines
from helpers.sources.time_points import weeks
from helpers.sources.yaml_lines import read_yaml
from helpers.tables.observed import RESULT_KINDS
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

Row = dict[str, Any]
FIGURES = ("n", "mean", "sd", "se", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "p_value")
FIELDS = (
    "study_id",
    "arm",
    "outcome",
    "concept",
    "site",
    "time",
    "kind",
    "unit",
    "note",
    "title",
    "doi",
    *FIGURES,
)
_TIME_UNIT = re.compile(r"\b(day|week|month|year)s?\b", re.IGNORECASE)  # in the heading of bare numbers
_NEEDED = ("study_id", "arm")


def read_table(path: Path) -> list[SourceRecord]:
    """Read an extraction table with the mapping beside it, or with our own column names."""
    mapping = next(
        (
            path.with_name(path.stem + end)
            for end in (".mapping.yaml", ".mapping.yml")
            if path.with_name(path.stem + end).is_file()
        ),
        None,
    )
    return read_extraction(path, mapping)


def read_extraction(
    path: str | Path, mapping: str | Path | dict[str, Any] | None = None
) -> list[SourceRecord]:
    """Read an extraction table.

    Parameters
    ----------
    path : path
        CSV (comma, semicolon or tab) or xlsx, first sheet.
    mapping : path or dict, optional
        `columns`, from our fields to the table's, and `constants`.

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
        raise SourceError(Problem(str(path), 1, "", "a table without a row", "export at least one row"))
    names = [str(cell or "").strip() for cell in lines[0][1]]
    columns, constants = _mapping(path, names, mapping)
    comma, unit = decimal_comma(lines), _TIME_UNIT.search(names[columns["time"]] if "time" in columns else "")
    problems: list[Problem] = []
    found: dict[str, SourceRecord] = {}
    for line, cells in lines[1:]:
        given = {field: cells[place] if place < len(cells) else None for field, place in columns.items()}
        if not any(str(cell or "").strip() for cell in cells):
            continue
        row = {field: cell_text(given.get(field, constants.get(field))) for field in FIELDS}
        if unit and re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", row["time"] or ""):
            row["time"] = f"{row['time']} {unit.group(1).lower()}s"
        for field in FIGURES:
            row[field], wrong = cell_figure(row[field], comma)
            if wrong:
                problem = f"{wrong[:40]!r} is no number"
                problems.append(
                    Problem(str(path), line, names[columns[field]], problem, "write one number, or NA")
                )
        for field in (field for field in _NEEDED if not row[field]):
            problems.append(Problem(str(path), line, field, "missing", "fill the cell in"))
        if not problems:
            _add(path, line, found, row, problems)
    if problems:
        raise SourceError(problems)
    return list(found.values())


def _mapping(path: Path, names: list[str], mapping: Any) -> tuple[dict[str, int], Row]:
    """Return the place of each field's column, and the constants."""
    if mapping is None:
        plain = {re.sub(r"\W+", "_", name.lower()).strip("_"): place for place, name in enumerate(names)}
        known = {
            "study": "study_id",
            "arm_id": "arm",
            "group": "arm",
            "timepoint": "time",
            "timepoint_printed": "time",
        }
        columns = {
            known.get(name, name): place for name, place in plain.items() if known.get(name, name) in FIELDS
        }
        if not set(_NEEDED) <= set(columns):
            shape = "`columns: {study_id: ..., arm: ..., mean: ...}`"
            remedy = f"write {path.stem}.mapping.yaml beside it, with {shape}"
            problem = "a table whose columns are not ours"
            raise SourceError(Problem(str(path), 1, ", ".join(names)[:120], problem, remedy))
        return columns, {}
    where = str(mapping) if not isinstance(mapping, dict) else "mapping"
    content = mapping
    if not isinstance(mapping, dict):
        content, _, wrong = read_yaml(Path(mapping))
        if wrong:
            raise SourceError(wrong)
    columns = content.get("columns") if isinstance(content, dict) else None
    constants = (content.get("constants") or {}) if isinstance(content, dict) else {}
    if not isinstance(columns, dict) or not isinstance(constants, dict):
        raise SourceError(
            Problem(where, 1, "columns", "missing", "write `columns:` with `our field: its column`")
        )
    problems = [
        Problem(where, None, str(field), "no field of ours", "use one of: " + ", ".join(FIELDS))
        for field in (*columns, *constants)
        if field not in FIELDS
    ]
    problems += [
        Problem(
            where,
            None,
            str(field),
            f"no column {str(name)!r} in {path.name}",
            "its columns: " + ", ".join(names)[:300],
        )
        for field, name in columns.items()
        if str(name) not in names
    ]
    missing = [field for field in _NEEDED if field not in columns and field not in constants]
    problems += [Problem(where, None, field, "not mapped", "name its column") for field in missing]
    if problems:
        raise SourceError(problems)
    return {field: names.index(str(name)) for field, name in columns.items()}, constants


def _add(path: Path, line: int, found: dict[str, SourceRecord], row: Row, problems: list[Problem]) -> None:
    """Add a row to its study's record."""
    study_id = re.sub(r"[^A-Za-z0-9_-]+", "-", row["study_id"]).strip("-_")[:64]
    kind = (row["kind"] or "").lower() or (
        "count" if row["count"] is not None or row["percent"] is not None else "level"
    )
    wrong = []
    if not study_id:
        wrong.append(("study_id", f"{row['study_id'][:40]!r} is no name for a study"))
    if kind not in RESULT_KINDS:
        wrong.append(("kind", f"{kind!r} is none of {', '.join(RESULT_KINDS)}"))
    wrong += [
        (name, f"{row[name]:g} is negative") for name in ("n", "sd", "se", "count") if (row[name] or 0) < 0
    ]
    if row["n"] is not None and row["n"] != int(row["n"]):
        wrong.append(("n", f"{row['n']:g} is no number of people"))
    if row["percent"] is not None and kind == "count" and not 0 <= row["percent"] <= 100:
        wrong.append(("percent", f"{row['percent']:g} percent"))
    if wrong:
        problems += [Problem(str(path), line, field, problem, "mend the cell") for field, problem in wrong]
        return
    record = found.setdefault(study_id, SourceRecord())
    if not record.sources:
        source = {"source_id": study_id, "study_id": study_id, "tier": "core", "format": "extraction table"}
        record.sources.append(source | {"citation": row["title"], "doi": row["doi"], "has_results": True})
        record.studies.append({"study_id": study_id, "title": row["title"]})
    arm_id = slug(row["arm"])
    if arm_id not in {arm["arm_id"] for arm in record.arms}:
        record.arms.append(
            {"study_id": study_id, "arm_id": arm_id, "role": role_of(row["arm"]), "label": row["arm"]}
        )
    name = f"{study_id}.row{line}"
    concept = (
        row["concept"]
        if row["concept"] in OUTCOME_CONCEPTS
        else concept_of(row["outcome"] or row["concept"] or "")
    )
    figures = {field: row[field] for field in FIGURES if field != "n"}
    stated = [field for field in FIGURES if row[field] is not None]
    record.results.append(
        {
            "result_id": name,
            "study_id": study_id,
            "source_id": study_id,
            "arm_id": arm_id,
            "concept": concept,
            "site": row["site"] or "all",
            "measure": row["outcome"],
            "timepoint_printed": row["time"],
            "timepoint_weeks": weeks(row["time"]),
            "kind": kind,
            "n": int(row["n"]) if row["n"] is not None else None,
            "unit": row["unit"],
            "note": row["note"],
            "quantity_ids": name,
            "figures": ";".join(f"{field}={name}" for field in stated) or f"value={name}",
        }
        | figures
    )
