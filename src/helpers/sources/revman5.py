"""Data of a RevMan 5 review, a row a study in an analysis: its own file (.rm5) and its CSV export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError
from helpers.sources.revman_cells import KINDS, Row, number
from helpers.sources.source_text import inert
from helpers.sources.xml_safety import parse_xml


def rm5_rows(path: Path) -> Iterator[Row]:
    """Yield every study's data of a RevMan 5 file."""
    root = parse_xml(path, doctype=True)
    studies = {element.get("ID"): element for element in root.iter("STUDY")}
    for comparison in root.iter("COMPARISON"):
        group = comparison.get("NO") or "1"
        for outcome in comparison:
            kind = KINDS.get(str(outcome.tag).removesuffix("_OUTCOME"))
            if kind is None:
                continue
            head = {
                "group": group,
                "number": outcome.get("NO"),
                "kind": kind,
                "name": inert(outcome.findtext("NAME")),
                "measure": outcome.get("EFFECT_MEASURE"),
                "method": outcome.get("METHOD"),
                "model": "random" if outcome.get("RANDOM") == "YES" else "fixed",
                "label_1": inert(outcome.findtext("GROUP_LABEL_1")),
                "label_2": inert(outcome.findtext("GROUP_LABEL_2")),
            }
            yield from (head | row for row in _rm5_data(path, outcome, studies))


def _rm5_data(path: Path, outcome: Any, studies: dict[str | None, Any]) -> Iterator[Row]:
    for block in [outcome, *(part for part in outcome if str(part.tag).endswith("_SUBGROUP"))]:
        subgroup = inert(block.findtext("NAME")) if block is not outcome else None
        for data in (part for part in block if str(part.tag).endswith("_DATA")):
            study = studies.get(data.get("STUDY_ID"))
            name = inert(study.get("NAME")) if study is not None else None
            if not name:
                problem = f"no study {str(data.get('STUDY_ID'))[:60]!r}"
                raise SourceError(Problem(str(path), None, str(data.tag), problem, "save the review again"))
            at = {"study": name, "year": study.get("YEAR"), "subgroup": subgroup}
            names = {
                "events_1": "EVENTS_1",
                "total_1": "TOTAL_1",
                "mean_1": "MEAN_1",
                "sd_1": "SD_1",
                "events_2": "EVENTS_2",
                "total_2": "TOTAL_2",
                "mean_2": "MEAN_2",
                "sd_2": "SD_2",
                "effect": "EFFECT_SIZE",
                "se": "SE",
                "ci_lower": "CI_START",
                "ci_upper": "CI_END",
                "weight": "WEIGHT",
                # as entered: of a ratio its logarithm, to which the SE belongs; EFFECT_SIZE is the ratio
                "giv_effect": "ESTIMATE",
                "o_e": "O_E",
                "variance": "VAR",
            }
            if data.tag in ("IV_DATA", "IV_SUBGROUP_DATA"):
                names["giv_se"] = "SE"
            yield at | {key: number(path, None, name, data.get(name)) for key, name in names.items()}


def revman5_rows(path: Path, lines: list[tuple[int, Row]]) -> Iterator[Row]:
    """Yield every study's data of a RevMan 5 CSV; a row of an analysis or a subgroup heads those below it."""
    head: Row = {}
    columns = {
        "events_1": "Events 1",
        "mean_1": "Mean 1",
        "sd_1": "SD 1",
        "total_1": "Total 1",
        "events_2": "Events 2",
        "mean_2": "Mean 2",
        "sd_2": "SD 2",
        "total_2": "Total 2",
        "effect": "Effect Estimate",
        "se": "SE",
        "ci_lower": "CI Start",
        "ci_upper": "CI End",
        "weight": "Weight",
    }
    for line, row in lines:
        if row.get("Data Type"):
            head = {
                "group": row["Comparison Number"],
                "number": row["Outcome Number"],
                "name": inert(row["Name"]),
                "kind": KINDS.get(row["Data Type"].strip().upper()[:3], "generic"),
                "measure": row.get("Effect Measure"),
                "method": row.get("Statistical Method"),
                "model": (row.get("Analysis Model") or "").lower(),
                "subgroup": None,
                "label_1": inert(row.get("Group Label 1")),
                "label_2": inert(row.get("Group Label 2")),
            }
        elif (
            row.get("Total 1")
            and head
            and row.get("Year of study") is not None
            and row.get("User defined order")
        ):
            figures = {key: number(path, line, name, row.get(name)) for key, name in columns.items()}
            if not inert(row["Name"]):
                raise SourceError(Problem(str(path), line, "Name", "missing", "name the study"))
            yield head | {"study": inert(row["Name"]), "year": row.get("Year of study")} | figures
        elif head and row.get("Subgroup Number") not in ("0", None, ""):
            head = head | {"subgroup": inert(row["Name"])}
