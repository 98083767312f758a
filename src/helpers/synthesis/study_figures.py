"""What the effects of one study are worked out from: its figures, its groups and their possible sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from helpers.synthesis.critical_values import t_quantile
from helpers.tables import join_ids, split_ids

Row = dict[str, Any]


class StudyFigures:
    """Results of one study with the sizes of its groups.

    Parameters
    ----------
    study : dict
        Its row of `studies`.
    arms, results : list of dict
        Its rows of these tables.
    correlation : float
        Assumed between values before and after, and between two sites of one person.
    level : float
        Coverage of the intervals.

    """

    def __init__(self, study: dict, arms: list[dict], results: list[dict], correlation: float, level: float):
        self.study, self.results = study, results
        self.roles = {arm["arm_id"]: arm["role"] for arm in arms}
        self.sizes = {arm["arm_id"]: arm["n"] for arm in arms}
        self.correlation, self.level = correlation, level
        # a change printed for a whole arm comes before changes of some of its people
        self.whole = {(row["arm_id"], row["concept"]) for row in results if row["kind"] == "change"}
        self.within_person = study.get("comparison") == "within_person"
        self.total = study.get("n_analysed") or study.get("n_enrolled")

    def row(self, contrast: str, result: Row, *others: Row, **values: Any) -> Row:
        """Give a row of `effects`: what it is about, and the quantities of all results it uses."""
        ids = [name for row in (result, *others) for name in split_ids(row["quantity_ids"])]
        base = {
            name: result[name]
            for name in ("study_id", "concept", "arm_id", "site", "timepoint_weeks", "unit")
        }
        base["timepoint_printed"] = result.get("timepoint_printed")
        base["second_hand"] = any(row.get("second_hand") for row in (result, *others))
        return base | {"contrast": contrast, "headline": "yes", "quantity_ids": join_ids(ids)} | values

    def interval(self, effect: float, se: float, df: float) -> dict[str, float]:
        """Effect, standard error and the limits by Student's t; no limits without a degree of freedom."""
        half = t_quantile(0.5 + self.level / 2, df) * se if df > 0 else np.nan
        return {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}

    def group_size(self, result: Row) -> tuple[int | None, str, str]:
        """Return n, n in words where assumed, and the assumption."""
        stated = result["n"] or self.sizes.get(result["arm_id"])
        if stated:
            return int(stated), "", ""
        if self.total:
            return (
                int(self.total),
                f"{self.total} (all enrolled)",
                "n not stated with the result: all enrolled",
            )
        return None, "", "n not stated"

    def group_splits(self, result: Row) -> Iterator[tuple[int, str, str]]:
        """Yield possible sizes of one of two groups: n, headline, words."""
        stated = result["n"] or self.sizes.get(result["arm_id"])
        if stated:
            yield int(stated), "yes", ""
        elif self.total and (len(self.roles) == 1 or self.within_person):
            yield int(self.total), "yes", f"all {self.total} enrolled"
        elif self.total:
            for size in range(2, int(self.total) - 1):
                half = "yes" if size == self.total // 2 else "no"
                yield size, half, f"{size} of the {self.total} enrolled in this group"
