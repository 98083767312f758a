"""The files that lie beside a review's data: characteristics of studies, judgements of risk of bias."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.registry_words import slug
from helpers.sources.source_text import inert, read_text

_JUDGED = re.compile(r"Domain \(judgement\): (.+)")


def read_review_csv(path: Path) -> list[SourceRecord]:
    """Read RevMan Web's study information or risk-of-bias CSV: one record a study.

    Judgements become rows of `reader_judgements`, with what supports them as the reason.
    """
    reader = csv.DictReader(io.StringIO(read_text(path).lstrip("\ufeff"), newline=""))
    records = []
    try:
        for row in reader:
            name = inert(row.get("Study"))
            if not name or None in row:
                what = "missing" if not name else "more cells than columns"
                raise SourceError(Problem(str(path), reader.line_num, "Study", what, "export the file again"))
            records.append(_record(slug(name), name, row))
    except csv.Error as error:
        raise SourceError(
            Problem(str(path), reader.line_num, "", f"not CSV: {error}", "export it again")
        ) from None
    if not records:
        raise SourceError(Problem(str(path), 1, "", "no study in it", "export at least one study"))
    return records


def _record(study_id: str, name: str, row: dict[str, Any]) -> SourceRecord:
    judgements = []
    for column, value in row.items():
        match = _JUDGED.fullmatch(column.strip())
        if match and inert(value):
            support = inert(row.get(f"Domain (support): {match[1]}"))
            judgements.append(
                {
                    "study_id": study_id,
                    "tool": "as in the review",
                    "domain": match[1],
                    "judgement": inert(value),
                    "reason": support or "no support given in the review",
                    "quantity_ids": None,
                    "order": len(judgements) + 1,
                }
            )
    year = inert(row.get("Year"))
    source = {"source_id": study_id, "study_id": study_id, "tier": "published", "format": "RevMan Web CSV"}
    source["citation"] = f"{name} {year}" if year else name
    characteristics = {
        key.removeprefix("Char: ").lower(): inert(value) for key, value in row.items() if "Char: " in key
    }
    return SourceRecord(
        sources=[source],
        studies=[
            {
                "study_id": study_id,
                "title": source["citation"],
                "population": characteristics.get("participants"),
            }
        ],
        reader_judgements=judgements,
        registered=[{"study_id": study_id, "other_ids": []} | characteristics],
    )
