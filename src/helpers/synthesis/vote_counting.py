"""Vote counting by direction: how many studies point each way, with an exact test.

Sizes and p values play no part (Cochrane Handbook 12.2.1.3; SWiM item 2). A vote says nothing about how
large an effect is, and where a study has no comparison it says only that things were better afterwards.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.stats import binomtest

from helpers.synthesis.contrast_doubts import CONTROLLED
from helpers.tables import join_ids, records
from helpers.tables.evidence import asked, tiers_of

BASES = {
    "before and after": ("within_arm",),
    "against a comparison": CONTROLLED,
}
COMPARED = "the study compares this outcome with a control"


def votes(directions: list[str], *, level: float = 0.95) -> dict[str, Any]:
    """Count directions and test whether better and worse are equally likely.

    Parameters
    ----------
    directions : list of str
        One for each study: `better` and `worse` are votes, every other word is none.
    level : float
        Coverage of the exact interval of the share of better.

    Returns
    -------
    dict
        `better`, `worse`, `neither`, two-sided exact `p_value`, `share` with Clopper and Pearson's
        `share_lower`, `share_upper`; without a vote the last four are None.

    Examples
    --------
    >>> votes(["better"] * 5 + ["worse"])["p_value"]
    0.21875
    """
    better, worse = directions.count("better"), directions.count("worse")
    counts = {"better": better, "worse": worse, "neither": len(directions) - better - worse}
    if better + worse == 0:
        return counts | dict.fromkeys(("p_value", "share", "share_lower", "share_upper"))
    test = binomtest(better, better + worse, 0.5)
    low, high = test.proportion_ci(level, method="exact")
    shares = {"share": better / (better + worse), "share_lower": float(low), "share_upper": float(high)}
    return counts | {"p_value": float(test.pvalue)} | shares


def vote_rows(comparisons: pd.DataFrame, *, evidence: str = "both") -> list[dict[str, Any]]:
    """Return the rows of `votes`: outcome by outcome, each body of evidence, with and without comparison.

    Parameters
    ----------
    comparisons : pandas.DataFrame
        Table `comparisons`.
    evidence : str
        `core`, `published` or `both`.

    Returns
    -------
    list of dict
        A study has one vote an outcome; one whose sites or times disagree has none. Shares of people,
        lists of events and outcomes not reported are no votes, nor is an effect that is not the contrast
        that it looks like (`contrast_doubt`), or a change within an arm whose study has a comparison: its
        study stands under `left_out` with the reason.
    """
    lines = [row for row in records(comparisons) if row["concept"] != "adverse_events"]
    rows = []
    for body in asked(evidence):
        own = [row for row in lines if row["tier"] in tiers_of(body)]
        for concept in sorted({row["concept"] for row in own}):
            mine = _doubts_named([row for row in own if row["concept"] == concept])
            for basis, contrasts in BASES.items():
                asked_of = [row for row in mine if row["contrast"] in contrasts]
                if asked_of:
                    name = {"vote_id": f"{body}.{concept}.{basis.split()[0]}", "concept": concept}
                    rows.append(name | {"evidence": body, "basis": basis} | _counted(asked_of))
    return rows


def _doubts_named(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines; a change within an arm has no vote where its study compares that outcome."""
    compared = {
        row["study_id"] for row in lines if row["contrast"] in CONTROLLED and not row["contrast_doubt"]
    }
    return [
        row | {"contrast_doubt": COMPARED}
        if row["contrast"] == "within_arm" and row["study_id"] in compared and not row["contrast_doubt"]
        else row
        for row in lines
    ]


def _counted(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the votes of the lines of one outcome and kind of contrast, and who has none and why."""
    by_study: dict[str, set[str]] = {}
    chosen = [row for row in lines if not row["contrast_doubt"]]
    for row in chosen:
        by_study.setdefault(row["study_id"], set()).add(row["direction"])
    told = [ways.pop() if len(ways) == 1 else "mixed" for _, ways in sorted(by_study.items())]
    second = sorted({row["study_id"] for row in chosen if row["second_hand"]})
    out = sorted({
        (row["study_id"], row["contrast_doubt"]) for row in lines
        if row["contrast_doubt"] and row["study_id"] not in by_study
    })  # fmt: skip
    facts = {"studies": join_ids(sorted(by_study)) or None, "second_hand": join_ids(second) or None}
    return facts | {"left_out": "; ".join(": ".join(pair) for pair in out) or None} | votes(told)
