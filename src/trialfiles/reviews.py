"""Data of Cochrane reviews: RevMan 5 files and CSV, RevMan Web CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from trialfiles.forms import names_of
from trialfiles.record import Problem, Row, SourceRecord, refusal, stated_source
from trialfiles.text import (
    csv_rows,
    free_name,
    inert,
    inert_cell,
    label_name,
    parse_xml,
    printed_number,
    slug,
)
from trialfiles.times import time_in_words, weeks
from trialfiles.vocabulary import NO_WORDS, Vocabulary, says_change

_NAMES = names_of("reviews")
_YEAR = "Year of study"
_MEASURED = ("mean", "sd", "median", "q1", "q3", "minimum", "maximum", "count", "percent", "unit")


def read_rm5(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read every study's data of a RevMan 5 file."""
    root = parse_xml(path, doctype=True)
    rows = list(rm5_rows(path, root))
    if not rows:
        raise refusal(path, None, "COMPARISON", "no data of a study in it", "add an analysis")
    records = _records(path, rows, "RevMan 5", vocabulary)
    for table in root.iter("OTHER_OUTCOME"):
        name = inert(table.findtext("NAME")) or "OTHER_OUTCOME"
        records[0].unread.append(Problem(str(path), None, name, "a table of words", "read it in the review"))
    return records


def read_revman_csv(path: Path, vocabulary: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read a CSV of RevMan Web (data rows, estimates) or of RevMan 5."""
    names, lines = csv_rows(path)
    if "Comparison Number" in names:
        _require(path, names, ("Outcome Number", "Name", "Data Type", "Total 1", "Total 2"))
        return _records(path, list(revman5_rows(path, lines)), "RevMan 5 CSV", vocabulary)
    if "Study" in names and "Experimental N" in names:
        _require(path, names, ("Analysis group", "Analysis number", "Control N"))
        return _records(path, list(web_rows(path, lines)), "RevMan Web data rows", vocabulary)
    pooled = [
        {"analysis": f"{row.get('Analysis group')}.{row.get('Analysis number')}", "pooled": True}
        | {slug(name): inert(value) for name, value in row.items() if name and isinstance(value, str)}
        for _, row in lines
    ]
    return [SourceRecord(effects=pooled)]


def _require(path: Path, names: set[str], wanted: tuple[str, ...]) -> None:
    if missing := [name for name in wanted if name not in names]:
        raise refusal(path, 1, ", ".join(missing), "missing column", "export the data again")


def _records(path: Path, rows: list[Row], form: str, vocabulary: Vocabulary) -> list[SourceRecord]:
    """Return one record a study, with its groups, observations and effects."""
    found: dict[str, SourceRecord] = {}
    names: dict[tuple[str, str], str] = {}
    for row in rows:
        key = (row["study"], row.get("year") or "")  # two works may have one author
        study_id = names.setdefault(key, free_name(slug(row["study"]), names.values()))
        record = found.setdefault(study_id, SourceRecord())
        if not record.sources:
            year = row.get("year") or ""
            named = row["study"] if not year or year in row["study"] else f"{row['study']} {year}"
            known = {"citation": named, "has_results": True, "access": "record"}
            record.sources.append(stated_source(study_id, form, "published", **known))
            record.studies.append({"study_id": study_id, "title": named, "comparison": "parallel"})
        record.effects.append(
            {name: value for name, value in row.items() if value is not None} | {"study_id": study_id}
        )
        if row["kind"] != "generic":
            _observations(path, record, study_id, row, vocabulary)
    return list(found.values())


def _observations(path: Path, record: SourceRecord, study_id: str, row: Row, vocabulary: Vocabulary) -> None:
    for side, default in ((1, "experimental"), (2, "control")):
        label = row.get(f"label_{side}") or default
        if side == 2 and label == (row.get("label_1") or "experimental"):
            label = f"{label} (group 2)"
        arm_id = label_name(record.arms, "arm_id", label)
        total = row[f"total_{side}"]
        if total is not None and (total != int(total) or total < 0):
            problem = f"{total:g} is no number of people"
            raise refusal(path, None, f"{row['study']}: N", problem, "mend it")
        if arm_id not in {arm["arm_id"] for arm in record.arms}:
            record.arms.append(
                {"study_id": study_id, "arm_id": arm_id, "role": vocabulary.role(label), "label": label}
            )
        name = f"{study_id}.r{len(record.results) + 1:02d}"
        time = time_in_words(row.get("subgroup")) or time_in_words(row["name"])
        result: Row = dict.fromkeys(_MEASURED) | {"result_id": name, "quantity_ids": name, "arm_id": arm_id}
        result |= {"study_id": study_id, "source_id": study_id, "site": "all"}
        result |= {"measure": row["name"], "concept": vocabulary.concept(row["name"] or "")}
        result |= {"timepoint_printed": time, "timepoint_weeks": weeks(time), "category": row.get("subgroup")}
        result["n"] = int(total) if total is not None else None
        if row["kind"] == "continuous":
            sd, subgroup = row[f"sd_{side}"], row.get("subgroup")
            final = re.search(r"\b(?:final|end-?point|post-?treatment)\b", subgroup or "", re.IGNORECASE)
            changed = says_change(subgroup) or (says_change(row["name"]) and not final)
            result |= {
                "kind": "change" if changed else "level",
                "mean": row[f"mean_{side}"],
                "sd": sd if sd is None or sd > 0 else None,  # 0 stands where none was entered
            }
            result["figures"] = f"mean={name};sd={name};n={name}"
        else:
            events = row[f"events_{side}"]
            result |= {"kind": "count", "count": events if events is None or events >= 0 else None}
            result["figures"] = f"count={name};n={name}"
        record.results.append(result)


def rm5_rows(path: Path, root: Element) -> Iterator[Row]:
    """Yield every study's data of a RevMan 5 file; studies of one name differ by their ID."""
    studies = {element.get("ID"): element for element in root.iter("STUDY")}
    named = Counter(element.get("NAME") for element in studies.values())
    for element in studies.values():
        if named[element.get("NAME")] > 1:
            element.set("NAME", f"{element.get('NAME')} ({element.get('ID')})")
    for comparison in root.iter("COMPARISON"):
        group = comparison.get("NO") or "1"
        for outcome in comparison:
            if str(outcome.tag).removesuffix("_OUTCOME") not in ("DICH", "CONT", "IV", "IPD"):
                continue
            head = {"group": group, "kind": _kind(str(outcome.tag))}
            head |= {key: outcome.get(name) for key, name in _NAMES["rm5_analysis"].items()}
            head |= {key: inert(outcome.findtext(name)) for key, name in _NAMES["rm5_texts"].items()}
            head["model"] = "random" if outcome.get("RANDOM") == "YES" else "fixed"
            yield from (head | row for row in _rm5_data(path, outcome, studies))


def _rm5_data(path: Path, outcome: Any, studies: dict[str | None, Any]) -> Iterator[Row]:
    for block in [outcome, *(part for part in outcome if str(part.tag).endswith("_SUBGROUP"))]:
        subgroup = inert(block.findtext("NAME")) if block is not outcome else None
        for data in (part for part in block if str(part.tag).endswith("_DATA")):
            study = studies.get(data.get("STUDY_ID"))
            name = inert(study.get("NAME")) if study is not None else None
            if study is None or not name:
                problem = f"no study {str(data.get('STUDY_ID'))[:60]!r}"
                raise refusal(path, None, str(data.tag), problem, "save the review again")
            at = {"study": name, "year": study.get("YEAR"), "subgroup": subgroup}
            figures = _figures("rm5", path, None, data.get)
            yield at | figures | ({"giv_se": figures["se"]} if str(data.tag).startswith("IV_") else {})


def revman5_rows(path: Path, lines: list[tuple[int, Row]]) -> Iterator[Row]:
    """Yield every study's data of a RevMan 5 CSV; a row of an analysis or a subgroup heads those below it."""
    head: Row = {}
    for line, row in lines:
        if row.get("Data Type"):
            head = {key: row.get(name) for key, name in _NAMES["revman5_analysis"].items()}
            head |= {key: inert(row.get(name)) for key, name in _NAMES["revman5_texts"].items()}
            head |= {"kind": _kind(row["Data Type"].strip()), "model": (head["model"] or "").lower()}
            head["subgroup"] = None
        elif head and all(map(row.get, ("Total 1", "User defined order"))) and row.get(_YEAR) is not None:
            figures = _figures("revman5", path, line, row.get)
            if not inert(row["Name"]):
                raise refusal(path, line, "Name", "missing", "name the study")
            yield head | {"study": inert(row["Name"]), "year": row[_YEAR]} | figures
        elif head and row.get("Subgroup Number") not in ("0", None, ""):
            head = head | {"subgroup": inert(row["Name"])}


def web_rows(path: Path, lines: list[tuple[int, Row]]) -> Iterator[Row]:
    """Yield every study's data, with the kind of its analysis from the settings that lie beside."""
    settings = _settings(path)
    for line, row in lines:
        if not inert(row.get("Study")):
            raise refusal(path, line, "Study", "missing", "export the data rows again")
        figures = _figures("web", path, line, row.get)
        key = (row.get("Analysis group"), row.get("Analysis number"))
        said = settings.get(key, {})
        # without their settings the kind of an analysis shows in its figures
        known = "continuous" if figures["sd_1"] or figures["sd_2"] else "dichotomous"
        known = said.get("kind") or ("generic" if figures["giv_se"] else known)
        texts = {key: inert(row.get(name)) for key, name in _NAMES["web_texts"].items()}
        settled = {name: said.get(name) for name in _NAMES["web_settings"]}
        kind = {"kind": known, "kind_stated": "kind" in said}
        yield {"group": key[0], "number": key[1]} | texts | kind | settled | figures


def _settings(path: Path) -> dict[tuple[Any, Any], Row]:
    """Return the kind of each analysis from the settings that lie beside the data rows."""
    found: dict[tuple[Any, Any], Row] = {}
    for other in sorted(path.parent.glob("*.csv"))[:200]:
        if other == path or other.stat().st_size > 5_000_000:
            continue
        with other.open("rb") as stream:
            head = stream.readline(20_000)
        if b"Data type" not in head or b"Analysis number" not in head:
            continue
        for _, row in csv_rows(other)[1]:
            found[row.get("Analysis group"), row.get("Analysis number")] = {
                "kind": _kind(row.get("Data type") or "")
            } | {key: inert(row.get(name)) for key, name in _NAMES["web_settings"].items()}
    return found


def write_web_rows(records: Iterable[SourceRecord]) -> str:
    """Return the studies' data as a RevMan Web CSV of data rows, with its byte order mark.

    The columns that an analysis does not use hold 0, as RevMan Web writes them.
    """
    rows = [row for record in records for row in record.effects if "study" in row]
    rows.sort(key=lambda row: (str(row.get("group")), str(row.get("number"))))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_NAMES["web_columns"])
    for row in rows:
        cells = {name: row.get(key) for key, name in _NAMES["web_texts"].items()}
        cells |= {"Analysis group": row.get("group"), "Analysis number": row.get("number")}
        cells["Applicability"] = row.get("applicability") or "SUBGROUP_AND_OVERALL"
        used = {name: row.get(key) for key, name in _NAMES["web"].items()}
        if "giv_effect" not in row and row["kind"] == "generic":
            used |= {"GIV Mean": row.get("effect"), "GIV SE": row.get("se")}
        cells = {name: "" if value is None else inert_cell(value) for name, value in cells.items()}
        cells |= {name: 0 if value is None else f"{value:.12g}" for name, value in used.items()}
        writer.writerow([cells.get(name, "") for name in _NAMES["web_columns"]])
    return "\ufeff" + stream.getvalue()


_JUDGED = re.compile(r"Domain \(judgement\): (.+)")


def read_review_csv(path: Path, _: Vocabulary = NO_WORDS) -> list[SourceRecord]:
    """Read RevMan Web's study information or risk-of-bias CSV: one record a study.

    Judgements become rows of `reader_judgements`, with what supports them as the reason.
    """
    records: list[SourceRecord] = []
    taken: set[str] = set()
    for line, row in csv_rows(path)[1]:
        name = inert(row.get("Study"))
        if not name or None in row:
            what = "missing" if not name else "more cells than columns"
            raise refusal(path, line, "Study", what, "export the file again")
        records.append(_record(free_name(slug(name), taken), name, row))
        taken.add(records[-1].sources[0]["source_id"])
    if not records:
        raise refusal(path, 1, "", "no study in it", "export at least one study")
    return records


def _record(study_id: str, name: str, row: Row) -> SourceRecord:
    judgements: list[Row] = []
    for column, value in row.items():
        match = _JUDGED.fullmatch(column.strip())
        if match and inert(value):
            support = inert(row.get(f"Domain (support): {match[1]}"))
            said = {"study_id": study_id, "tool": "as in the review", "domain": match[1]}
            said |= {"judgement": inert(value), "reason": support or "no support given in the review"}
            judgements.append(said | {"quantity_ids": None, "order": len(judgements) + 1})
    year = inert(row.get("Year"))
    title = f"{name} {year}" if year else name
    told = {name.removeprefix("Char: ").lower(): value for name, value in row.items() if "Char: " in name}
    characteristics = {name: inert(value) for name, value in told.items()}
    return SourceRecord(
        sources=[stated_source(study_id, "RevMan Web CSV", "published", citation=title)],
        studies=[{"study_id": study_id, "title": title, "population": characteristics.get("participants")}],
        reader_judgements=judgements,
        registered=[{"study_id": study_id, "other_ids": []} | characteristics],
    )


def _kind(name: str) -> str:
    """Return the kind of an analysis, by how its name begins."""
    kinds = (kind for start, kind in _NAMES["kinds"].items() if name.upper().startswith(start))
    return next(kinds, "generic")


def _figures(form: str, path: Path, line: int | None, get: Callable[[str], str | None]) -> Row:
    """Return the figures of a row, each from the cell that a form has for it; None where it has none."""
    figures: Row = {}
    for key, name in _NAMES[form].items():
        text = (get(name) or "").strip()
        missing = text in ("", "NA", "#N/A", "Not estimable")
        if not missing and not re.fullmatch(r"[-+\u2212]?\d{1,15}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?", text):
            raise refusal(path, line, name, f"{text[:40]!r} is no number", "export the data again")
        figures[key] = None if missing else printed_number(text)
    return figures
