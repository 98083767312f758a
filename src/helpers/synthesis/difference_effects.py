"""Differences between a treated and a comparison arm, or between two sites of the same people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from helpers.synthesis.effect_sizes import effect_size
from helpers.synthesis.paired_changes import change_variance
from helpers.synthesis.study_figures import Row, StudyFigures

_TREATED = ("exosome", "exosome_combination")


def differences(study: StudyFigures) -> Iterator[Row]:
    """Yield differences between a treated and a comparison arm at the same time and place."""
    spread = [row for row in study.results if row["mean"] is not None and row["sd"] is not None]
    for treated in spread:
        for control in spread:
            if _comparison(study, treated, control):
                yield from _difference(study, treated, control)


def _comparison(study: StudyFigures, treated: Row, control: Row) -> bool:
    roles = study.roles.get(treated["arm_id"]), study.roles.get(control["arm_id"])
    key = ["concept", "site", "timepoint_weeks", "unit", "kind", "measure", "category"]
    if treated["timepoint_weeks"] is None:  # two times that are not stated may differ
        key.append("timepoint_printed")
    after = treated["timepoint_weeks"] != 0
    return (
        after
        and roles[0] in _TREATED
        and roles[1] not in _TREATED
        and all(treated[k] == control[k] for k in key)
    )


def _difference(study: StudyFigures, treated: Row, control: Row) -> Iterator[Row]:
    within = study.within_person
    for size, other, headline, said in _pair_sizes(study, treated, control):
        if other < 2 or size < 2:
            continue
        if within:
            values, why = _paired(study, treated, control, size)
        else:
            values, why = _welch(study, treated, control, size, other), ""
        people = str(size) if within else f"{size} + {other}"
        values |= {"n": None, "n_assumed": people} if said else {"n": size if within else size + other}
        assumption = "; ".join(part for part in (why, said) if part) or None
        values |= {"comparator_id": control["arm_id"], "assumption": assumption}
        contrast = "within_person" if within else "between_arm"
        yield study.row(contrast, treated, control, measure="MD", headline=headline, **values)


def _pair_sizes(study: StudyFigures, treated: Row, control: Row) -> Iterator[tuple[int, int, str, str]]:
    """Yield possible sizes of two groups, headline, and in words what was assumed for them."""
    stated = [row["n"] or study.sizes.get(row["arm_id"]) for row in (treated, control)]
    known = [int(size) for size in stated if size]
    if study.within_person and known:
        yield min(known), min(known), "yes", ""
    elif study.within_person and study.total:
        yield int(study.total), int(study.total), "yes", f"all {study.total} enrolled, both sites"
    elif len(known) == 2:
        yield known[0], known[1], "yes", ""
    elif known and study.total:
        rest = int(study.total) - known[0]
        sizes = (known[0], rest) if stated[0] else (rest, known[0])
        yield *sizes, "yes", f"{rest} people in one group: the {study.total} enrolled less {known[0]}"
    elif study.total:
        for size, headline, _ in study.group_splits(treated):
            rest = int(study.total) - size
            yield size, rest, headline, f"{size} and {rest} people in the groups"


def _welch(study: StudyFigures, treated: Row, control: Row, n1: int, n2: int) -> dict[str, float]:
    es = effect_size(
        "MD", m1i=[treated["mean"]], sd1i=[treated["sd"]], n1i=[n1],
        m2i=[control["mean"]], sd2i=[control["sd"]], n2i=[n2],
    )  # fmt: skip
    a, b = treated["sd"] ** 2 / n1, control["sd"] ** 2 / n2
    df = (a + b) ** 2 / (a**2 / (n1 - 1) + b**2 / (n2 - 1)) if a + b > 0 else n1 + n2 - 2
    return study.interval(float(es.yi[0]), float(np.sqrt(es.vi[0])), df)


def _paired(study: StudyFigures, treated: Row, control: Row, n: int) -> tuple[dict[str, float], str]:
    r = study.correlation
    sd = float(np.sqrt(change_variance(treated["sd"], control["sd"], r)))
    values = study.interval(treated["mean"] - control["mean"], sd / np.sqrt(n), n - 1)
    return values, f"correlation between the two sites {r:g}"
