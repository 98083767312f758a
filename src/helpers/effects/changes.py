"""Changes within one arm, printed as such or worked out from values before and after."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.effects.study_figures import Observed, StudyFigures, instead_of_a_mean, no_interval
from trialfiles.record import Row


def uncontrolled_changes(study: StudyFigures) -> Iterator[Row]:
    """Yield changes of each arm, with their interval where a spread and a number of people are known."""
    yield from _printed_changes(study)
    yield from _level_changes(study)


def _printed_changes(study: StudyFigures) -> Iterator[Row]:
    for result in study.results:
        if result["kind"] != "change":
            continue
        size = study.group_size(result)
        values: Row = {name: result[name] for name in ("p_value", "p_value_token")} | size.columns
        values["_against"] = result["p_value_against"] or "baseline"
        if result["mean"] is not None:
            found = study.printed(result).spread(size.n)
            if found:
                values |= study.interval(result["mean"], found.se, size.n - 1 if size.n else None)
                values["se_basis"] = found.basis
                of_model = "a model's mean" if result["estimate_kind"] else ""
                values["assumption"] = _joined(size.assumption, found.assumed, of_model)
            else:
                values |= {"effect": result["mean"], "assumption": no_interval([result], [size.n])}
        elif printed := instead_of_a_mean(result):
            values |= {"why_not": f"{printed}: no single estimate", "stated": _way(result)}
        elif result["stated"]:
            values |= {"why_not": "direction in the source's words, no figure", "stated": result["stated"]}
        else:
            continue
        question = study.question(result["arm_id"])
        yield study.row("uncontrolled_change", [result], question, measure="MC", **values)


def _way(result: Row) -> str | None:
    """Return the direction of a change that has no mean: of its median, or of a range that leaves 0 out."""
    low, high, median = result["minimum"], result["maximum"], result["median"]
    if median is not None:
        return "no change" if median == 0 else "higher" if median > 0 else "lower"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else None


def _level_changes(study: StudyFigures) -> Iterator[Row]:
    places = ("arm_id", "concept", "site", "unit", "timepoint_weeks")
    printed = {tuple(row[name] for name in places) for row in study.results if row["kind"] == "change"}
    for before, after in study.before_and_after():
        observed = study.worked_out(before, after)
        again = tuple(after[name] for name in places) in printed
        rows = list(_with_sizes(study, observed, (after["arm_id"], after["concept"]) in study.whole))
        yield from ({**row, "headline": "no"} if again else row for row in rows)


def _with_sizes(study: StudyFigures, observed: Observed, whole: bool) -> Iterator[Row]:
    """Yield a change for each size that its group may have; one without an interval stands once."""
    after, question = observed.results[0], study.question(observed.results[0]["arm_id"])
    for (n, *_), size in study.sizes([after]):
        if size.headline == "no" and not observed.by_size:
            continue
        found = observed.spread(n)
        if found is None:
            values: Row = {"effect": observed.mean, "assumption": no_interval(observed.results, [n])}
            values |= {"headline": "no" if whole else "yes", "n": study.stated_size(after)}
            yield study.row("uncontrolled_change", observed.results, question, measure="MC", **values)
            return
        values = study.interval(observed.mean, found.se, n - 1 if n else None) | size.columns
        values |= {"headline": size.headline, "se_basis": found.basis}
        values["assumption"] = _joined(found.assumed, size.assumption)
        yield study.row("uncontrolled_change", observed.results, question, measure="MC", **values)


def _joined(*parts: str) -> str | None:
    return "; ".join(filter(None, parts)) or None
