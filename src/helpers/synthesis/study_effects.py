"""The effect sizes that one study's printed figures allow, each with the assumption it needs.

Three kinds of contrast are kept apart: the change within an arm, the difference between two arms,
and a share of people. Where a figure is missing (a group's size, the pre-post correlation) the effect
is computed over its range and every row says what was assumed; the headline row is the plainest one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from helpers.synthesis.effect_sizes import effect_size
from helpers.tables import join_ids, records, split_ids
from helpers.tables.reported import CONTRASTS

_TREATED = ("exosome", "exosome_combination")
_CERTAIN = "certain"


def study_effects(
    study: dict[str, Any],
    arms: pd.DataFrame,
    results: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    pre_post_correlation: float = 0.7,
    level: float = 0.95,
    contrasts: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of `effects` for one study.

    Parameters
    ----------
    study : dict
        The study's row of `studies`.
    arms, results, findings : pandas.DataFrame
        The study's rows of these tables.
    pre_post_correlation : float
        Correlation between the values before and after, assumed where a change has no printed SD.
    level : float
        Coverage of the intervals.
    contrasts : pandas.DataFrame, optional
        The study's rows of `reported_contrasts`: comparisons of arms that the source itself prints.

    Returns
    -------
    list of dict
        One row an effect and assumption. Intervals of mean changes and differences use Student's t
        with n - 1 (or Welch's) degrees of freedom, those of shares are Wilson's (1927).

    """
    builder = _Effects(study, records(arms), records(results), pre_post_correlation, level)
    rows = [*builder.printed_changes(), *builder.level_changes(), *builder.differences(), *builder.shares()]
    rows += [printed_contrast(row) for row in records(contrasts)] if contrasts is not None else []
    for number, row in enumerate(rows, start=1):
        row["effect_id"] = f"{study['study_id']}.e{number:03d}"
        row["finding_ids"] = join_ids(_touching(row["concept"], findings))
    return rows


def _touching(concept: str, findings: pd.DataFrame) -> list[str]:
    """Return the certain findings that touch an outcome's estimates."""
    return [
        row["finding_id"]
        for row in records(findings)
        if row["severity"] == _CERTAIN and concept in split_ids(row["concepts"])
    ]


class _Effects:
    """The effects of one study; each method yields the rows of one kind of contrast."""

    def __init__(self, study: dict, arms: list[dict], results: list[dict], correlation: float, level: float):
        self.study, self.results = study, results
        self.roles = {arm["arm_id"]: arm["role"] for arm in arms}
        self.sizes = {arm["arm_id"]: arm["n"] for arm in arms}
        self.correlation, self.level = correlation, level
        # a change printed for a whole arm comes before changes of some of its people
        self.whole = {(row["arm_id"], row["concept"]) for row in results if row["kind"] == "change"}
        self.within_person = study.get("comparison") == "within_person"
        self.total = study.get("n_analysed") or study.get("n_enrolled")

    def _row(
        self, contrast: str, result: dict[str, Any], *others: dict[str, Any], **values: Any
    ) -> dict[str, Any]:
        ids = [name for row in (result, *others) for name in split_ids(row["quantity_ids"])]
        base = {
            name: result[name]
            for name in (
                "study_id",
                "concept",
                "arm_id",
                "site",
                "timepoint_weeks",
                "timepoint_printed",
                "unit",
            )
        }
        base["second_hand"] = any(row.get("second_hand") for row in (result, *others))
        return base | {"contrast": contrast, "headline": "yes", "quantity_ids": join_ids(ids)} | values

    def _interval(self, effect: float, se: float, df: float) -> dict[str, float]:
        half = stats.t.ppf(0.5 + self.level / 2, df) * se if df > 0 else np.nan
        return {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}

    def _group_sizes(self, result: dict[str, Any]) -> tuple[int | None, str, str]:
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

    def printed_changes(self) -> Iterator[dict[str, Any]]:
        """Yield changes that are printed as such, with their SD where there is one."""
        for result in self.results:
            if result["kind"] != "change":
                continue
            n, assumed, why = self._group_sizes(result)
            printed = {"p_value": result["p_value"], "p_value_token": result.get("p_value_token")}
            people = {"n": None if assumed else n, "n_assumed": assumed or None}
            if result["mean"] is not None and result["sd"] is not None and n and n > 1:
                values = self._interval(result["mean"], result["sd"] / np.sqrt(n), n - 1)
                said = people | {"assumption": why or None} | printed
                yield self._row("within_arm", result, measure="MC", **values, **said)
            elif result["mean"] is not None:
                missing = "no SD" if result["sd"] is None else why or "one person"
                yield self._row(
                    "within_arm",
                    result,
                    measure="MC",
                    effect=result["mean"],
                    assumption=f"no interval: {missing}",
                    **people,
                    **printed,
                )
            elif said := _instead_of_a_mean(result):
                said = {"assumption": f"{said}: no single estimate", "stated": _way(result)}
                yield self._row("within_arm", result, measure="MC", **said, **people, **printed)
            elif result.get("stated"):
                said = {
                    "assumption": "direction in the source's words, no figure",
                    "stated": result["stated"],
                }
                yield self._row("within_arm", result, measure="MC", **said, **people, **printed)

    def _pairs(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield baseline and follow-up levels of the same arm, outcome, place and unit."""
        levels = [row for row in self.results if row["kind"] == "level" and row["mean"] is not None]
        key = ("arm_id", "concept", "site", "unit")
        for after in levels:
            for before in levels:
                same = all(before[name] == after[name] for name in key)
                if same and before["timepoint_weeks"] == 0 and after["timepoint_weeks"] != 0:
                    yield before, after

    def level_changes(self) -> Iterator[dict[str, Any]]:
        """Yield changes worked out from levels before and after."""
        for before, after in self._pairs():
            change = after["mean"] - before["mean"]
            if before["sd"] is None or after["sd"] is None:
                why = "no interval: one person or no SD"
                shown = "no" if (after["arm_id"], after["concept"]) in self.whole else "yes"
                yield self._row(
                    "within_arm", after, before, measure="MC", effect=change, assumption=why, headline=shown
                )
                continue
            yield from self._spread_changes(before, after)

    def _spread_changes(self, before: dict[str, Any], after: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for size, headline, said in self._splits(after):
            es = effect_size(
                "MC", m1i=[after["mean"]], m2i=[before["mean"]], sd1i=[after["sd"]], sd2i=[before["sd"]],
                ni=[size], ri=[self.correlation],
            )  # fmt: skip
            values = self._interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), size - 1)
            why = f"pre-post correlation {self.correlation:g}" + (f"; {said}" if said else "")
            values |= {"n": None, "n_assumed": str(size)} if said else {"n": size}
            yield self._row(
                "within_arm", after, before, measure="MC", headline=headline, assumption=why, **values
            )

    def _splits(self, result: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
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

    def differences(self) -> Iterator[dict[str, Any]]:
        """Yield differences between a treated and a comparison arm at the same time and place."""
        spread = [row for row in self.results if row["mean"] is not None and row["sd"] is not None]
        for treated in spread:
            for control in spread:
                if self._comparison(treated, control):
                    yield from self._difference(treated, control)

    def _comparison(self, treated: dict[str, Any], control: dict[str, Any]) -> bool:
        roles = self.roles.get(treated["arm_id"]), self.roles.get(control["arm_id"])
        key = ["concept", "site", "timepoint_weeks", "unit", "kind"]
        if treated["timepoint_weeks"] is None:  # two times that are not stated may differ
            key.append("timepoint_printed")
        after = treated["timepoint_weeks"] != 0
        return (
            after
            and roles[0] in _TREATED
            and roles[1] not in _TREATED
            and all(treated[k] == control[k] for k in key)
        )

    def _difference(self, treated: dict[str, Any], control: dict[str, Any]) -> Iterator[dict[str, Any]]:
        within = self.within_person
        for size, other, headline, said in self._pair_sizes(treated, control):
            if other < 2 or size < 2:
                continue
            if within:
                values, why = self._paired(treated, control, size)
            else:
                values, why = self._welch(treated, control, size, other), ""
            people = str(size) if within else f"{size} + {other}"
            values |= {"n": None, "n_assumed": people} if said else {"n": size if within else size + other}
            assumption = "; ".join(part for part in (why, said) if part) or None
            values |= {"comparator_id": control["arm_id"], "assumption": assumption}
            contrast = "within_person" if within else "between_arm"
            yield self._row(contrast, treated, control, measure="MD", headline=headline, **values)

    def _pair_sizes(
        self, treated: dict[str, Any], control: dict[str, Any]
    ) -> Iterator[tuple[int, int, str, str]]:
        """Yield possible sizes of two groups, headline, and in words what was assumed for them."""
        stated = [row["n"] or self.sizes.get(row["arm_id"]) for row in (treated, control)]
        known = [int(size) for size in stated if size]
        if self.within_person and known:
            yield min(known), min(known), "yes", ""
        elif self.within_person and self.total:
            yield int(self.total), int(self.total), "yes", f"all {self.total} enrolled, both sites"
        elif len(known) == 2:
            yield known[0], known[1], "yes", ""
        elif known and self.total:
            rest = int(self.total) - known[0]
            sizes = (known[0], rest) if stated[0] else (rest, known[0])
            yield *sizes, "yes", f"{rest} people in one group: the {self.total} enrolled less {known[0]}"
        elif self.total:
            for size, headline, _ in self._splits(treated):
                rest = int(self.total) - size
                yield size, rest, headline, f"{size} and {rest} people in the groups"

    def _welch(self, treated: dict[str, Any], control: dict[str, Any], n1: int, n2: int) -> dict[str, float]:
        es = effect_size(
            "MD", m1i=[treated["mean"]], sd1i=[treated["sd"]], n1i=[n1],
            m2i=[control["mean"]], sd2i=[control["sd"]], n2i=[n2],
        )  # fmt: skip
        a, b = treated["sd"] ** 2 / n1, control["sd"] ** 2 / n2
        df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else n1 + n2 - 2
        return self._interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), df)

    def _paired(
        self, treated: dict[str, Any], control: dict[str, Any], n: int
    ) -> tuple[dict[str, float], str]:
        r = self.correlation
        sd = np.sqrt(max(treated["sd"] ** 2 + control["sd"] ** 2 - 2 * r * treated["sd"] * control["sd"], 0))
        values = self._interval(treated["mean"] - control["mean"], sd / np.sqrt(n), n - 1)
        return values, f"correlation between the two sites {r:g}"

    def shares(self) -> Iterator[dict[str, Any]]:
        """Yield shares of people with Wilson's interval, for the stated or the enrolled number."""
        for result in self.results:
            if result["kind"] != "count":
                continue
            n, assumed, why = self._group_sizes(result)
            share = result["percent"] if result["percent"] is not None else _ratio(result["count"], n)
            if share is None:
                continue
            values: dict[str, Any] = {"effect": share}
            if n and share <= 1:
                low, high = proportion_confint(share * n, n, alpha=1 - self.level, method="wilson")
                values |= {"se": np.sqrt(share * (1 - share) / n), "ci_lower": low, "ci_upper": high}
            elif n:
                why = "; ".join(part for part in (why, "no interval: more people than were watched") if part)
            yield self._row("proportion", result, measure="PR", **values, n=None if assumed else n,
                            n_assumed=assumed or None, assumption=why or None)  # fmt: skip


def printed_contrast(row: dict[str, Any]) -> dict[str, Any]:
    """Return a printed comparison of two arms as a row of `effects`; its interval is the source's own."""
    kept = (
        "study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "measure", "effect",
        "ci_lower", "ci_upper", "n", "unit", "p_value", "p_value_token", "second_hand", "quantity_ids",
    )  # fmt: skip
    said = f"{CONTRASTS[row['measure']]}, as printed"
    fixed = {
        "contrast": "between_arm",
        "comparator_id": row["against"],
        "headline": "yes",
        "assumption": said,
    }
    return {name: row[name] for name in kept} | fixed


def _way(result: dict[str, Any]) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


def _instead_of_a_mean(result: dict[str, Any]) -> str:
    """Return in words what is printed of a change that has no mean; '' where nothing is."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if low is not None and high is not None:
        return f"printed as a range, {low:g} to {high:g}, without a mean"
    if median is not None:
        return f"printed as a median, {median:g}, without a mean"
    if low is not None or high is not None:
        return f"printed as {'at least' if high is None else 'at most'} {high if low is None else low:g}"
    return ""


def _ratio(count: float | None, n: int | None) -> float | None:
    return count / n if count is not None and n else None
