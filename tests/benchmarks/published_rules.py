"""What statcheck's and scrutiny's rules would see of a study sheet, re-stated in a few lines each.

GRIM: Brown and Heathers, Soc Psychol Personal Sci 2017;8:363-369. GRIMMER: Anaya, PeerJ Preprints 2016;4:e2400v1.
DEBIT: Heathers and Brown 2019, osf.io/5vb3u. statcheck: Nuijten et al., Behav Res Methods 2016;48:1205-1226.
"""

from __future__ import annotations

import re
from math import ceil, floor, sqrt
from typing import Any

from scipy import stats

Row = dict[str, Any]
_STATISTIC = re.compile(r"t\((\d+)\) = (-?[\d.]+), p ([<=>]) ([\d.]+)")


def half_step(printed: str) -> float:
    """Return half of the last decimal place of a printed number."""
    return 0.5 * 10.0 ** -len(re.findall(r"\.(\d+)", printed + ".")[0] if "." in printed else "")


def grim(mean: float, half: float, n: int) -> bool:
    """Return whether a mean of n whole numbers can be so."""
    slack = half + 1e-9
    return floor((mean + slack) * n) >= ceil((mean - slack) * n)


def grimmer(mean: float, half: float, sd: float, sd_half: float, n: int) -> bool:
    """Return whether whole numbers with a mean and SD can be so: sums of squares, and their parity."""
    for total in range(ceil((mean - half - 1e-9) * n), floor((mean + half + 1e-9) * n) + 1):
        low, high = (((sd + sign * (sd_half + 1e-9)) ** 2 * (n - 1) + total**2 / n) for sign in (-1, 1))
        if any((squares - total) % 2 == 0 for squares in range(ceil(low), floor(high) + 1)):
            return True
    return False


def debit(mean: float, half: float, sd: float, sd_half: float, n: int) -> bool:
    """Return whether zeros and ones with a mean can have an SD."""
    spreads = [sqrt(max(p * (1 - p), 0) * n / (n - 1)) for p in (mean - half, mean, mean + half)]
    return (
        min(spreads) - sd_half - 1e-9
        <= sd
        <= max(*spreads, 0.5 if abs(mean - 0.5) < half else 0) + sd_half + 1e-9
    )


def statcheck(printed: str) -> bool:
    """Return whether a statistic printed with its p value agrees with it, one-sided tests let pass."""
    found = _STATISTIC.search(printed)
    if not found or found[3] != "=":
        return True
    p = 2 * stats.t.sf(abs(float(found[2])), int(found[1]))
    return any(abs(value - float(found[4])) < 0.0051 for value in (p, p / 2))


def seen(sheet: Row) -> set[str]:
    """Return which of the four rules find something in a sheet."""
    figures = {row["id"]: row for row in sheet["quantities"]}
    found = {
        "statcheck" for row in figures.values() if row["kind"] == "p_value" and not statcheck(row["printed"])
    }
    for row in sheet["results"]:
        n = figures.get(row.get("n", ""), {}).get("value")
        mean, sd = figures.get(row.get("mean", "")), figures.get(row.get("sd", ""))
        share = figures.get(row.get("percent", ""))
        if n and share and not grim(share["value"] / 100, half_step(share["printed"]) / 100, int(n)):
            found.add("GRIM")
        if not (n and mean and sd) or row["concept"] not in ("patient_global", "noticed_improvement"):
            continue  # the rules are for whole numbers
        values = (mean["value"], half_step(mean["printed"]), sd["value"], half_step(sd["printed"]), int(n))
        if row["concept"] == "noticed_improvement":
            found |= set() if debit(*values) else {"DEBIT"}
        elif not grim(values[0], values[1], int(n)):
            found.add("GRIM")
        elif not grimmer(*values):
            found.add("GRIMMER")
    return found
