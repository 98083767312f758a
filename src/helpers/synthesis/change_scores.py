"""Changes from baseline: the SD of the changes, the correlation behind it, and percent change as a log ratio.

Source: Cochrane Handbook 6.5.2.8.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.synthesis.converted import Converted, plain
from helpers.synthesis.inputs import as_floats, refuse
from helpers.synthesis.paired_changes import change_variance


def deviations(**given: Any) -> list[np.ndarray]:
    """Check standard deviations: floats, not negative."""
    arrays = {name: as_floats(name, value) for name, value in given.items()}
    for name, values in arrays.items():
        refuse(name, values < 0, "is negative", "a standard deviation is zero or more")
    return list(arrays.values())


def change_sd(sd_baseline: Any, sd_followup: Any, r: Any) -> Converted:
    """Compute the SD of individual changes from the SDs before and after and their correlation `r`.

    Parameters
    ----------
    sd_baseline, sd_followup : float or array_like
        SDs before and after, in the units of the outcome.
    r : float or array_like
        Correlation of the two measurements.

    Returns
    -------
    Converted
        SD of the changes, and the correlation it rests on.

    Raises
    ------
    ValueError
        A negative SD, or a correlation outside -1 to 1.

    Notes
    -----
    Cochrane Handbook 6.5.2.8.

    """
    before, after = deviations(sd_baseline=sd_baseline, sd_followup=sd_followup)
    r = as_floats("r", r)
    refuse("r", np.abs(r) > 1, "is not between -1 and 1", "give a correlation")
    sd = np.sqrt(change_variance(after, before, r))
    used = f"r = {float(r):g}" if r.ndim == 0 else "the given correlations"
    return Converted(plain(sd), f"correlation of before and after: {used}")


def change_correlation(sd_baseline: Any, sd_followup: Any, sd_change: Any) -> Converted:
    """Compute the correlation of before and after from all three SDs.

    Parameters
    ----------
    sd_baseline, sd_followup, sd_change : float or array_like
        SDs before, after and of the individual changes, in the units of the outcome.

    Returns
    -------
    Converted
        Correlation, and that all three SDs are taken to be of the same people.

    Raises
    ------
    ValueError
        A negative SD, an SD of zero before or after, or three SDs that no correlation can join (position
        named): the printed figures then contradict each other.

    Notes
    -----
    Cochrane Handbook 6.5.2.8.

    """
    before, after, change = deviations(sd_baseline=sd_baseline, sd_followup=sd_followup, sd_change=sd_change)
    refuse("sd_baseline", before * after == 0, "or sd_followup is zero", "no correlation is defined")
    r = (before**2 + after**2 - change**2) / (2 * before * after)
    low, high = plain(np.abs(before - after)), plain(before + after)
    bounds = f": it must lie between {low:g} and {high:g}" if isinstance(low, float) else ""
    problem = f"is impossible beside the other two SDs{bounds}"
    refuse("sd_change", np.abs(r) > 1 + 1e-12, problem, "check which figures are standard errors")
    return Converted(plain(np.clip(r, -1, 1)), "all three SDs are of the same people")


def log_ratio_from_percent(percent: Any, se_percent: Any = None) -> tuple[Converted, Converted | None]:
    """Convert a percent change of a mean to a log ratio (measure ROM or ROMC), with its standard error.

    Parameters
    ----------
    percent : float or array_like
        Change in percent of the baseline mean; +25 means 1.25 times.
    se_percent : float or array_like, optional
        Its standard error in percentage points.

    Returns
    -------
    (Converted, Converted or None)
        log(1 + percent / 100), and its standard error by the delta method.

    Raises
    ------
    ValueError
        A fall of 100 percent or more, of which there is no logarithm.

    Notes
    -----
    Hedges, Gurevitch and Curtis (1999); the delta method as in Lajeunesse (2011).

    """
    percent = as_floats("percent", percent)
    refuse(
        "percent",
        percent <= -100,
        "is a fall to zero or below",
        "a log ratio is not defined: use a difference",
    )
    effect = Converted(
        plain(np.log1p(percent / 100)), "the percent change is that of the mean, not a mean of changes"
    )
    if se_percent is None:
        return effect, None
    (se,) = deviations(se_percent=se_percent)
    return effect, Converted(
        plain(se / (100 + percent)), "delta method: a small standard error beside the ratio"
    )
