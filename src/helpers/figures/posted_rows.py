"""What a register posts of the people in a study: who came, who left, what they were like at the start."""

from __future__ import annotations

import pandas as pd

from helpers.sources.posted_figures import BASELINE, FLOW


def people_posted(quantities: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the posted figures of the participant flow or of the baseline, one a group.

    Parameters
    ----------
    quantities : pandas.DataFrame
        A study's rows of `quantities`.
    part : str
        `participant flow` or `baseline`.

    Returns
    -------
    pandas.DataFrame
        `what`, `group`, `printed`, `unit` and `quantity_id`, in the register's order; empty when nothing is
        posted. The numbers analysed are left to the list of printed figures.

    Raises
    ------
    ValueError
        For another part.

    """
    if part not in (FLOW, BASELINE):
        raise ValueError(f"no part {part!r}; there are {FLOW!r} and {BASELINE!r}")
    own = quantities[quantities["section"].astype("string").str.startswith(f"{part}, ").fillna(False)]
    own = own[(own["role"] == "design") & (own["kind"] != "n")]
    order = own["quantity_id"].str.replace(r"\d+", lambda digits: digits[0].zfill(6), regex=True)
    own = own.assign(_order=order).sort_values("_order")
    return pd.DataFrame({
        "what": own["section"].str.removeprefix(f"{part}, "),
        "group": own["note"],
        "printed": own["printed"],
        "unit": own["unit"],
        "quantity_id": own["quantity_id"],
    })  # fmt: skip
