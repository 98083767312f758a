"""Shares of people, with Wilson's interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from helpers.synthesis.study_figures import Row, StudyFigures


def shares(study: StudyFigures) -> Iterator[Row]:
    """Yield shares of people with Wilson's interval, for the stated or the enrolled number."""
    for result in study.results:
        if result["kind"] != "count":
            continue
        n, assumed, why = study.group_size(result)
        share = result["percent"] if result["percent"] is not None else _ratio(result["count"], n)
        if share is None:
            continue
        values: Row = {"effect": share}
        if n and share <= 1:
            low, high = proportion_confint(share * n, n, alpha=1 - study.level, method="wilson")
            values |= {"se": np.sqrt(share * (1 - share) / n), "ci_lower": low, "ci_upper": high}
        elif n:
            why = "; ".join(part for part in (why, "no interval: more people than were watched") if part)
        yield study.row("proportion", result, measure="PR", **values, n=None if assumed else n,
                        n_assumed=assumed or None, assumption=why or None)  # fmt: skip


def _ratio(count: float | None, n: int | None) -> float | None:
    return count / n if count is not None and n else None
