"""Articles as source records: what they are, their groups, and the figures of their tables as proposals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.sources.article import Article, read_jats, read_plain
from helpers.sources.article_figures import Figure, table_figures
from helpers.sources.record import SourceRecord
from helpers.sources.registry_words import concept_of, name_apart, role_of, slug
from helpers.sources.source_text import without_contacts

Row = dict[str, Any]
_RATED = re.compile(
    r"question|self-?assess|satisf|score|quality of life|rating|\bVAS\b|survey", re.IGNORECASE
)
_KINDS = {"mean_se": "other", "pair": "other", "ci": "other"}


def read_jats_records(path: Path) -> Iterator[SourceRecord]:
    """Yield one record an article of a JATS file."""
    for article in read_jats(path):
        yield article_record(article, "article, JATS XML")


def read_text_records(path: Path) -> Iterator[SourceRecord]:
    """Yield the record of an article saved as plain text."""
    for article in read_plain(path):
        yield article_record(article, "article, plain text")


def article_record(article: Article, form: str) -> SourceRecord:
    """Return an article's rows. Its figures are located quantities; no result is made of them.

    A person makes results of them, by confirming them in the study sheet that `evidence add` writes.
    """
    study_id = study_name(article)
    figures = table_figures(article)
    arms = arm_rows(study_id, figures)
    names = {arm["label"]: arm["arm_id"] for arm in arms}
    row = {
        "source_id": study_id, "study_id": study_id, "tier": "core", "format": form,
        "citation": article.citation[:2000], "doi": article.doi, "licence": article.licence,
        "access": "full text" if article.sections else "abstract",
    }  # fmt: skip
    return SourceRecord(
        sources=[row],
        studies=[{"study_id": study_id, "title": article.title[:2000]}],
        arms=arms,
        quantities=[
            figure_row(article, study_id, figure, number, names)
            for number, figure in enumerate(figures, start=1)
        ],
        tables=[
            {
                "study_id": study_id, "label": grid.label, "caption": grid.caption, "foot": grid.foot,
                "rows": [line.texts for line in grid.rows],
            }
            for grid in article.tables
        ],
        sections=[
            {"study_id": study_id, "title": title, "text": _inner(article, start, end)}
            for title, start, end in article.sections
        ],
    )  # fmt: skip


def _inner(article: Article, start: int, end: int) -> str:
    return without_contacts(article.text[start:end].partition("\n")[2].strip())


def study_name(article: Article) -> str:
    """Return a name for an article's study: first author and year, else the first words of its title."""
    author = re.sub(r"[^a-z]", "", article.authors[0].split(" ")[0].lower()) if article.authors else ""
    if author and article.year and article.year.isdecimal():
        return f"{author[:40]}{article.year}"
    return slug(article.title).strip("_") or "article"


def arm_rows(study_id: str, figures: list[Figure]) -> list[Row]:
    """Return the groups that the tables name, with their sizes where these agree."""
    sizes: dict[str, set[int]] = {}
    for figure in figures:
        if figure.arm and figure.value.kind != "p_value":
            sizes.setdefault(figure.arm, set()).update([figure.n] if figure.n else [])
    rows = [
        {
            "study_id": study_id, "arm_id": slug(label), "role": role_of(label), "label": label,
            "n": next(iter(known)) if len(known) == 1 else None,
        }
        for label, known in sizes.items()
    ]  # fmt: skip
    return name_apart(rows, "arm_id")


def article_concept(figure: Figure) -> str:
    """Return the outcome concept of a table's row; ratings by questionnaire and shed hairs are others."""
    words = figure.measure
    if _RATED.search(figure.caption) or _RATED.search(words):
        return "satisfaction" if re.search(r"satisf", words, re.IGNORECASE) else "other_outcome"
    low = words.lower()
    if re.search(r"\bshed|\bpull|wash test|vellus", low) and "%" not in low:
        return "other_outcome"
    if re.search(r"hair.{0,20}(diameter|thickness|calib)", low):
        return "hair_thickness"
    if re.search(r"terminal hairs?\b(?!.{0,20}(share|ratio|%|percent))|number of hairs", low):
        return "hair_count"
    return concept_of(words)


def figure_row(article: Article, study_id: str, figure: Figure, number: int, arms: dict[str, str]) -> Row:
    """Return a figure as a row of `quantities`, with its place in the article's text."""
    value = figure.value
    said = "; mean with standard error" if value.kind == "mean_se" else ""
    said += "; that the bracket is an SD stands in another table" if figure.assumed else ""
    return {
        "quantity_id": f"{study_id}.t{number}",
        "study_id": study_id,
        "source_id": study_id,
        "printed": value.printed,
        "value": value.value,
        "value_low": value.low,
        "value_high": value.high,
        "sd": value.sd if value.kind == "mean_sd" else None,
        "unit": None,
        "kind": _KINDS.get(value.kind, value.kind),
        "role": "result",
        "arm_id": arms.get(figure.arm or "") if value.kind != "p_value" else None,
        "concept": article_concept(figure),
        "timepoint_printed": figure.time,
        "section": figure.table,
        "line": article.line_at(figure.start),
        "char_start": figure.start,
        "char_end": figure.start + len(value.printed),
        "note": figure.measure[:200] + said,
    }
