"""Effect sizes with metafor's codes and argument names, from numbers, arrays or columns of a table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.synthesis import counts, rates
from helpers.synthesis.effect_inputs import aligned, look_up, refuse_impossible, split_groups
from helpers.synthesis.inputs import one_of, refuse
from helpers.synthesis.measures import (
    FORMULAS,
    MEASURES,
    NEWER,
    PROPORTIONS,
    RATES,
    STANDARDISED,
    TABLES,
    UNCORRECTED,
)
from helpers.tables.at_the_prompt import rows_html

HUGE_SMD = 5.0


@dataclass(frozen=True)
class EffectSizes:
    """Effects of a set of studies.

    Attributes
    ----------
    measure : str
        metafor's code.
    yi, vi : ndarray of float
        Effects and sampling variances; NaN where an input is missing.
    corrected : ndarray of bool
        Rows whose counts got the zero-cell correction.
    note : str
        Version of the formula and corrections made, in one sentence.

    """

    measure: str
    yi: np.ndarray
    vi: np.ndarray
    corrected: np.ndarray
    note: str

    def _repr_html_(self) -> str:
        rows = self.to_frame().to_dict("records")
        return rows_html(f"{self.measure}: {self.note}".rstrip(": "), rows, ("yi", "vi", "sei"))

    @property
    def sei(self) -> np.ndarray:
        """Standard errors, the roots of `vi`."""
        return np.sqrt(self.vi)

    def to_frame(self) -> pd.DataFrame:
        """Table with one row an effect: yi, vi, sei, corrected."""
        columns = {"yi": self.yi, "vi": self.vi, "sei": self.sei, "corrected": self.corrected}
        return pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})


def effect_size(
    measure: str,
    *,
    data: pd.DataFrame | None = None,
    vtype: str | None = None,
    add: float | None = None,
    to: str = "only0",
    drop00: bool = False,
    **inputs: Any,
) -> EffectSizes:
    """Compute effect sizes and their sampling variances as metafor's ``escalc`` does.

    Parameters
    ----------
    measure : str
        Two groups (``m1i, sd1i, n1i, m2i, sd2i, n2i``): MD, SMD, SMDH, SMD1, SMD1H, ROM, RPB, and of the
        spread CVR, VR. Paired (``m1i, m2i, sd1i, sd2i, ni, ri``): MC, SMCC, SMCR (without sd2i), SMCRH, ROMC;
        for SMCR and SMCRH sd1i is the SD *before*. One group (``mi, sdi, ni``): MN, SMN, MNLN. Proportions
        (``xi, ni`` or ``xi, mi``): PR, PLO, PFT, PLN, PAS. Two by two tables (``ai, bi, ci, di`` or ``ai,
        n1i, ci, n2i``): RR, OR, PETO (all as logs), RD, AS, PHI, YUQ, YUY. Events over person-time (``x1i,
        t1i, x2i, t2i``): IRR (as a log), IRD, IRSD. Correlations (``ri, ni``): COR, ZCOR.
    data : DataFrame, optional
        Table in which an input given as text is looked up as a column.
    vtype : str, optional
        Variance type: LS (the default everywhere); also LS2, UB, AV for SMD and SMCC, LS2 for SMCR, HO for
        MD, HO, AV, AVHO for ROM. AV and AVHO average over the studies, the last axis.
    add, to, drop00 : float, str, bool
        Zero cells: `add` (1/2; 0 for PFT, PAS, AS, PHI and IRSD) is added to the cells of the rows that `to`
        names (only0, all, if0all, none); with `drop00`, tables without any event or any non-event become NaN.
    **inputs : float or array_like
        The numbers, by metafor's names. A plain number serves every row (``ri=0.5``). Arrays of more than
        one dimension are broadcast, so that a grid of ``ri`` of shape (g, 1) gives effects (g, k) at once.

    Returns
    -------
    EffectSizes
        `.yi` and `.vi` in the units of the measure; NaN in a row with a missing input.

    Raises
    ------
    ValueError
        Unknown measure or argument, unequal lengths, a negative SD or count, a group of nobody, a correlation
        outside -1 to 1, or a number from which the measure cannot be computed; position named.

    Warns
    -----
    UserWarning
        A standardised difference beyond 5: a standard error was probably given as a standard deviation.

    Notes
    -----
    Where versions of metafor differ the newer is followed: the variances of SMDH, SMD1H and SMCRH are those
    since 4.6; ROM, ROMC and CVR carry the bias correction that is the default since 5.0. Formulas: Borenstein
    et al. (2009) and the papers named in the modules `mean_differences`, `paired_changes`, `single_groups`,
    `spreads`, `associations`, `counts` and `rates`.

    Examples
    --------
    >>> effect_size("MD", m1i=10, sd1i=2, n1i=20, m2i=8, sd2i=2, n2i=20).yi
    array([2.])

    """
    one_of("measure", measure, MEASURES)
    one_of("to", to, counts.ZERO_RULES)
    columns = {name: look_up(name, value, data) for name, value in inputs.items() if value is not None}
    if measure in FORMULAS:
        return continuous(measure, columns, vtype or "LS")
    if vtype not in (None, "LS"):
        raise ValueError(f"vtype: {vtype!r} is not defined for {measure}; leave it out")
    return counted(measure, columns, add, to, drop00)


def continuous(measure: str, columns: dict[str, np.ndarray], vtype: str) -> EffectSizes:
    """Effect sizes from means and standard deviations."""
    formula, names, vtypes = FORMULAS[measure]
    one_of("vtype", vtype, vtypes)
    if measure == "SMCR":
        columns.pop("sd2i", None)  # metafor takes it and has no use for it
    given = dict(zip(names, aligned(measure, columns, names), strict=True))
    refuse_impossible(given)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = formula(**given, vtype=vtype)
    missing = np.any([np.isnan(values) for values in given.values()], axis=0)
    yi, vi = np.where(missing, np.nan, yi), np.where(missing, np.nan, vi)
    if measure in STANDARDISED and (huge := np.abs(yi) > HUGE_SMD).any():
        where = ", ".join(
            str(tuple(map(int, i)) if yi.ndim > 1 else int(i[0])) for i in np.argwhere(huge)[:5]
        )
        warnings.warn(
            f"{measure} beyond {HUGE_SMD:g} in row {where}: was a standard error given as an SD?",
            stacklevel=3,
        )
    newer = NEWER.get(measure)
    note = f"{measure}, variance type {vtype}" + (f", as in metafor since {newer}" if newer else "")
    return EffectSizes(measure, yi, vi, np.zeros(yi.shape, bool), note)


def counted(
    measure: str, columns: dict[str, np.ndarray], add: float | None, to: str, drop00: bool
) -> EffectSizes:
    """Effect sizes from counts, with the zero-cell correction."""
    cells = cells_of(measure, columns)
    add = (0.0 if measure in UNCORRECTED else 0.5) if add is None else add
    if drop00 and measure in (*TABLES, *RATES):
        nothing = counts.without_events(measure, cells)
        cells = [np.where(nothing, np.nan, cell) for cell in cells]
    counted_cells = (0, 2) if measure in RATES else range(len(cells))  # the other two are person-times
    has_zero = np.any([cells[i] == 0 for i in counted_cells], axis=0)
    corrected = counts.rows_to_correct(to, has_zero) & (add > 0)
    cells = [cell + add * corrected if i in counted_cells else cell for i, cell in enumerate(cells)]
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = COUNT_FORMULAS[measure](measure, *cells)
    undefined = ~(np.isfinite(yi) & np.isfinite(vi))
    yi, vi = np.where(undefined, np.nan, yi), np.where(undefined, np.nan, vi)
    note = f"{measure}; {int(corrected.sum())} of {yi.size} rows with {add:g} added to each cell (rule {to})"
    return EffectSizes(measure, yi, vi, corrected, note)


def cells_of(measure: str, columns: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Check the counts of a measure: events and non-events of each group, or events and person-times."""
    if measure in RATES:
        names = ("x1i", "t1i", "x2i", "t2i")
        cells = aligned(measure, columns, names)
        for name, values in zip(names, cells, strict=True):
            refuse(name, values < 0, "is negative", "a count or a time is zero or more")
            refuse(name, np.isinf(values), "is infinite", "give a number")
        return cells
    one, two = ("xi", "mi", "ni"), (("ai", "bi", "n1i"), ("ci", "di", "n2i"))
    return list(split_groups(measure, columns, (one,) if measure in PROPORTIONS else two))


COUNT_FORMULAS = (
    dict.fromkeys(PROPORTIONS, counts.proportion)
    | dict.fromkeys(TABLES, counts.two_by_two)
    | dict.fromkeys(RATES, rates.person_times)
)
