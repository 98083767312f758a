"""Critical values of the normal and of Student's distribution, asked for thousands of times in one report.

The values are those of `scipy.stats`, whose `ppf` checks its arguments for twenty times as long as it counts.
"""

from __future__ import annotations

from typing import Any

from scipy import special


def normal_quantile(share: Any) -> Any:
    """Return the value below which a share (0 to 1) of the standard normal distribution lies."""
    return special.ndtri(share)


def t_quantile(share: Any, df: Any) -> Any:
    """Return the value below which a share (0 to 1) of Student's distribution lies.

    Not a number without a degree of freedom.
    """
    return special.stdtrit(df, share)
