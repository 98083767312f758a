"""A figure of a table with its setting, and what it is taken for where its table does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from trialfiles.article_tables import Value, values_in
from trialfiles.table_heads import HEAD_WORDS, Size

ELSEWHERE = "that the bracket is an SD stands in another table"
UNSAID = "that an SD stands behind ± is said nowhere"


@dataclass(frozen=True)
class ArticleFigure:
    """A figure of a table and its setting; `start` counts in the article's text.

    `size` is the people that the figure is of, `arm_n` those that stand with the group's name, `assumed` why
    its kind is no more than likely.
    """

    value: Value
    table: str
    measure: str
    arm: str | None
    arm_n: int | None
    size: Size | None
    time: str | None
    start: int
    caption: str
    unit: str | None = None
    change: bool = False
    assumed: str = ""


def as_means(figures: list[ArticleFigure]) -> list[ArticleFigure]:
    """Return an article's figures, numbers in brackets as SDs where its other tables all say so.

    What stands behind ± and is named nowhere is taken for an SD, unless the article has standard errors.
    """
    kinds = {figure.value.kind for figure in figures}
    if "mean_se" in kinds:
        return [_left_open(figure) if figure.assumed else figure for figure in figures]
    if not any(figure.value.kind == "mean_sd" and not figure.assumed for figure in figures):
        return figures
    return [_assumed(figure) if figure.value.kind == "pair" else figure for figure in figures]


def _left_open(figure: ArticleFigure) -> ArticleFigure:
    low, high = sorted(number for number in (figure.value.value, figure.value.sd) if number is not None)
    return replace(figure, value=replace(figure.value, kind="pair", sd=None, low=low, high=high), assumed="")


def _assumed(figure: ArticleFigure) -> ArticleFigure:
    """Return a figure read as mean and SD; unchanged where that cannot be."""
    again = values_in(figure.value.printed, "sd")
    if not again or again[0].kind != "mean_sd" or not re.match(r"\D*\d+[.,\u00b7]\d", figure.value.printed):
        return figure  # `26 (52)` is a count with its percentage, more often than not
    return replace(figure, value=replace(again[0], start=figure.value.start), assumed=ELSEWHERE)


def as_counts(found: list[ArticleFigure]) -> list[ArticleFigure]:
    """Return a table's figures, those without a statistic as counts where they can be nothing else.

    Whole numbers in all groups of a row, none above its group, with no unit: in a table of events, in one
    that has three such rows and a nought among them, or beside counts.
    """
    rows: dict[tuple[str, str | None], list[ArticleFigure]] = {}
    for one in found:
        if one.arm and one.value.kind not in ("p_value", "n", "percent"):
            rows.setdefault((one.measure, one.time), []).append(one)
    whole = [row for row in rows.values() if all(one.value.kind == "count" or _may_count(one) for one in row)]
    bare = [row for row in whole if all(map(_may_count, row))]
    events = any(HEAD_WORDS["events"].search(row[0].caption) for row in bare)
    if not events and (len(bare) < 3 or all(one.value.value for row in bare for one in row)):
        whole = [row for row in whole if row not in bare]
    counts = {id(one): replace(one, value=replace(one.value, kind="count")) for row in whole for one in row}
    return [counts.get(id(one), one) for one in found]


def _may_count(figure: ArticleFigure) -> bool:
    number, size = figure.value.value, figure.size
    return (
        figure.value.kind == "value" and size is not None and number is not None and number <= size.n
        and figure.value.printed.isdecimal() and not figure.unit and not figure.change
        and not HEAD_WORDS["scored"].search(figure.measure)
    )  # fmt: skip
