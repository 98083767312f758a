"""Changes within an arm: printed as such, or worked out from the levels before and after."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from helpers.synthesis.effect_sizes import effect_size
from helpers.synthesis.study_figures import Row, StudyFigures


def printed_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes that are printed as such, with their SD where there is one."""
    for result in study.results:
        if result["kind"] != "change":
            continue
        n, assumed, why = study.group_size(result)
        printed = {name: result.get(name) for name in ("p_value", "p_value_token")}
        printed["_against"] = result.get("p_value_against") or "baseline"
        printed |= {"n": None if assumed else n, "n_assumed": assumed or None}
        if result["mean"] is not None and result["sd"] is not None and n and n > 1:
            values = study.interval(result["mean"], result["sd"] / np.sqrt(n), n - 1)
            yield study.row("within_arm", result, measure="MC", assumption=why or None, **values, **printed)
        elif result["mean"] is not None:
            missing = "no SD" if result["sd"] is None else why or "one person"
            yield study.row(
                "within_arm",
                result,
                measure="MC",
                effect=result["mean"],
                assumption=f"no interval: {missing}",
                **printed,
            )
        elif said := _instead_of_a_mean(result):
            printed |= {"assumption": f"{said}: no single estimate", "stated": _way(result)}
            yield study.row("within_arm", result, measure="MC", **printed)
        elif result.get("stated"):
            printed |= {"assumption": "direction in the source's words, no figure"}
            yield study.row("within_arm", result, measure="MC", stated=result["stated"], **printed)


def _way(result: Row) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


def _instead_of_a_mean(result: Row) -> str:
    """Return in words what is printed of a change that has no mean; '' where nothing is."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if low is not None and high is not None:
        return f"printed as a range, {low:g} to {high:g}, without a mean"
    if median is not None:
        return f"printed as a median, {median:g}, without a mean"
    if low is not None or high is not None:
        return f"printed as {'at least' if high is None else 'at most'} {high if low is None else low:g}"
    return ""


def level_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes worked out from levels before and after."""
    for before, after in _pairs(study):
        change = after["mean"] - before["mean"]
        if before["sd"] is None or after["sd"] is None:
            why = "no interval: one person or no SD"
            shown = "no" if (after["arm_id"], after["concept"]) in study.whole else "yes"
            size = after["n"] or study.sizes.get(after["arm_id"])
            told = {"effect": change, "assumption": why, "headline": shown, "n": int(size) if size else None}
            yield study.row("within_arm", after, before, measure="MC", **told)
            continue
        yield from _spread_changes(study, before, after)


def _pairs(study: StudyFigures) -> Iterator[tuple[Row, Row]]:
    """Yield baseline and follow-up levels of the same arm, outcome, place and unit."""
    levels = [row for row in study.results if row["kind"] == "level" and row["mean"] is not None]
    key = ("arm_id", "concept", "site", "unit")
    for after in levels:
        for before in levels:
            same = all(before[name] == after[name] for name in key)
            if same and before["timepoint_weeks"] == 0 and after["timepoint_weeks"] != 0:
                yield before, after


def _spread_changes(study: StudyFigures, before: Row, after: Row) -> Iterator[Row]:
    for size, headline, said in study.group_splits(after):
        es = effect_size(
            "MC", m1i=[after["mean"]], m2i=[before["mean"]], sd1i=[after["sd"]], sd2i=[before["sd"]],
            ni=[size], ri=[study.correlation],
        )  # fmt: skip
        values = study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), size - 1)
        why = f"pre-post correlation {study.correlation:g}" + (f"; {said}" if said else "")
        values |= {"n": None, "n_assumed": str(size)} if said else {"n": size}
        yield study.row(
            "within_arm", after, before, measure="MC", headline=headline, assumption=why, **values
        )
