"""Which choice moves the answer most, when all the others stay."""

from __future__ import annotations

from typing import Any

import pandas as pd

CHOICES = {
    "tier": "tier of evidence",
    "included": "studies included",
    "times": "times set side by side",
    "visit": "visit of each study",
    "measure": "measure",
    "medians": "medians",
    "group_share": "share of people in the treated group",
    "sd_use": "standard deviation",
    "pre_post_correlation": "pre-post correlation",
    "set_against": "set against",
    "tau2_method": "estimator of tau²",
    "ci_method": "interval",
}


def choice_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how far each choice moves the estimate when all others stay, the strongest first.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `specification_rows` returned, with all combinations.

    Returns
    -------
    list of dict
        `choice`, `levels`, `sets` (matched sets that differ in this choice alone), `mean_move` and
        `largest_move` of the estimate, `mean_widening` (how much the width of the interval changes), and
        `turned`, the share of sets in which the conclusion changes.

    """
    rows = []
    for choice in CHOICES:
        others = [name for name in CHOICES if name != choice]
        grouped = frame.groupby(others, sort=False, observed=True)
        sizes = grouped[choice].nunique()
        row = {"choice": choice, "levels": int(frame[choice].nunique()), "sets": int((sizes > 1).sum())}
        if row["sets"]:
            several = sizes[sizes > 1].index
            moved = (grouped["estimate"].max() - grouped["estimate"].min())[several]
            width = (frame["ci_upper"] - frame["ci_lower"]).groupby(
                [frame[name] for name in others], sort=False
            )
            wider = (width.max() - width.min())[several]
            turned = grouped["conclusion"].nunique()[several] > 1
            row |= {"mean_move": float(moved.mean()), "largest_move": float(moved.max()),
                    "mean_widening": float(wider.mean()), "turned": float(turned.mean())}  # fmt: skip
        rows.append(row)
    return sorted(
        rows, key=lambda row: (-row.get("mean_move", -1), -row.get("mean_widening", -1), row["choice"])
    )
