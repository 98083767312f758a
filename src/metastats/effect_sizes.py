"""Effect sizes with their sampling variances, as metafor's ``escalc`` computes them, and their way back.

Inputs are checked here, zero cells corrected (Cochrane Handbook 10.4; Sweeting, Sutton and Lambert 2004); the
formulas are those of `metastats.measures`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from metastats.checks import Array, as_finite, as_floats, check_choice, plain_result, refuse, refuse_negative
from metastats.measures import (
    CHANGED_IN,
    COUNT_FORMULAS,
    FORMULAS,
    MEASURES,
    PROPORTIONS,
    RATES,
    STANDARDISED,
    TWO_BY_TWO,
)
from metastats.results import Printed

ZERO_RULES = ("only0", "all", "if0all", "none")
# defined with a zero cell: corrected only on request (metafor corrects PETO, which needs none, by default)
UNCORRECTED = ("PAS", "PFT", "AS", "PHI", "IRSD", "PETO")
HUGE_SMD = 5.0
SE_AS_SD = "was a standard error given as an SD?"
RATIO_OF_NOTHING = "a ratio to a mean that may be zero says little, use a difference"
TWO_MEANS, BEFORE_AFTER = (
    (("m1i", "sd1i", "n1i"), ("m2i", "sd2i", "n2i")),
    (("m1i", "sd1i", "ni"), ("m2i", "sd2i", "ni")),
)
MEANS_OF_RATIOS = {"ROM": TWO_MEANS, "CVR": TWO_MEANS, "ROMC": BEFORE_AFTER, "MNLN": (("mi", "sdi", "ni"),)}
RATIOS = ("RR", "OR", "PETO", "IRR", "ROM", "ROMC", "PLN")
TRANSFORMED = (*RATIOS, "PLO", "PAS", "PFT")


@dataclass(frozen=True, repr=False)
class EffectSizes(Printed):
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
    yi: Array
    vi: Array
    corrected: Array
    note: str

    @property
    def sei(self) -> Array:
        """Standard errors, the roots of `vi`."""
        return np.sqrt(self.vi)

    def to_frame(self) -> pd.DataFrame:
        """Table with one row an effect: yi, vi, sei, corrected."""
        columns = {"yi": self.yi, "vi": self.vi, "sei": self.sei, "corrected": self.corrected}
        return pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})

    def _content(self) -> tuple[str, pd.DataFrame]:
        return self.note, self.to_frame()[["yi", "vi", "sei"]]


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
        Zero cells: `add` (1/2; 0 for PFT, PAS, AS, PHI, IRSD and PETO) is added to the cells of the rows that
        `to` names (only0, all, if0all, none); with `drop00`, tables without any event or any non-event become
        NaN.
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
        Unknown measure, argument without meaning for it, group sizes for one group and non-events for the
        other, unequal lengths, a negative SD or count, a group of nobody, a correlation outside -1 to 1, or a
        number from which the measure cannot be computed; position named.

    Warns
    -----
    UserWarning
        A standardised difference beyond 5: a standard error was probably given as a standard deviation. A
        log ratio of means one of which is less than its standard error.

    Notes
    -----
    PETO, which needs no correction, gets none by default (metafor's has one: ``add=0.5``). Where versions of
    metafor differ the newer is followed: the variances of SMDH, SMD1H and SMCRH are those since 4.6; ROM,
    ROMC and CVR carry the bias correction that is the default since 5.0. Formulas: Borenstein et al. (2009)
    and the papers named in `metastats.measures`.

    Examples
    --------
    >>> effect_size("MD", m1i=10, sd1i=2, n1i=20, m2i=8, sd2i=2, n2i=20).yi
    array([2.])
    """
    check_choice("measure", measure, MEASURES)
    check_choice("to", to, ZERO_RULES)
    columns = {name: as_column(name, value, data) for name, value in inputs.items() if value is not None}
    if measure in FORMULAS:
        refuse_needless(measure, add=add is not None, to=to != "only0", drop00=drop00)
        return effects_of_means(measure, columns, vtype or "LS")
    refuse_needless(measure, drop00=drop00 and measure in PROPORTIONS)
    if add is not None and not (isinstance(add, Real) and 0 <= add < np.inf):
        raise ValueError(f"add: {add!r} is not zero or more; give what is added to each cell, such as 0.5")
    if vtype not in (None, "LS"):
        raise ValueError(f"vtype: {vtype!r} is not defined for {measure}; leave it out")
    return effects_of_counts(measure, columns, add, to, drop00)


def refuse_needless(measure: str, **given: bool) -> None:
    """Refuse an argument that has no meaning for the measure, instead of passing over it."""
    for name in (name for name, is_given in given.items() if is_given):
        raise ValueError(f"{name}: has no meaning for {measure}; leave it out")


def as_column(name: str, value: Any, data: pd.DataFrame | None) -> Array:
    """Turn one input, or the column of `data` that it names, into floats."""
    if isinstance(value, str):
        if data is None or value not in data:
            raise ValueError(f"{name}: no column {value!r}; pass data=, or the numbers themselves")
        value = data[value]
    return as_finite(name, value)


def effects_of_means(measure: str, columns: dict[str, Array], vtype: str) -> EffectSizes:
    """Effect sizes from means and standard deviations, or from correlations."""
    formula = FORMULAS[measure]
    check_choice("vtype", vtype, formula.vtypes)
    if measure == "SMCR":
        columns.pop("sd2i", None)  # metafor takes it and has no use for it
    given = align(measure, columns, formula.inputs)
    for name, values in given.items():
        if name.startswith("sd"):
            refuse_negative(name, values)
        elif name in ("ni", "n1i", "n2i"):
            refuse(name, values < 1, "is below 1", "give the number of people analysed")
        elif name == "ri":
            refuse(name, np.abs(values) > 1, "is not between -1 and 1", "give a correlation")
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = formula.function(**given, vtype=vtype)
    missing = np.any([np.isnan(values) for values in given.values()], axis=0)
    yi, vi = np.where(missing, np.nan, yi), np.where(missing, np.nan, vi)
    if measure in STANDARDISED:
        warn_of_rows(np.abs(yi) > HUGE_SMD, f"{measure} beyond {HUGE_SMD:g}", SE_AS_SD)
    for mean, sd, n in MEANS_OF_RATIOS.get(measure, ()):
        near_zero = np.abs(given[mean]) < given[sd] / np.sqrt(given[n])
        warn_of_rows(near_zero, f"{measure}: {mean} less than its standard error", RATIO_OF_NOTHING)
    newer = f", as in metafor since {CHANGED_IN[measure]}" if measure in CHANGED_IN else ""
    note = f"{measure}, variance type {vtype}{newer}"
    return EffectSizes(measure, yi, vi, np.zeros(yi.shape, bool), note)


def warn_of_rows(flags: Array, problem: str, consequence: str) -> None:
    """Warn of the rows in which `flags` holds, the first five by position."""
    positions = np.argwhere(flags)[:5].tolist()
    if positions:
        rows = ", ".join(str(tuple(i)) if flags.ndim > 1 else str(i[0]) for i in positions)
        warnings.warn(f"{problem} in row {rows}: {consequence}", stacklevel=4)


def effects_of_counts(
    measure: str, columns: dict[str, Array], add: float | None, to: str, drop00: bool
) -> EffectSizes:
    """Effect sizes from counts, with the zero-cell correction."""
    cells = person_time_cells(measure, columns) if measure in RATES else group_cells(measure, columns)
    add = (0.0 if measure in UNCORRECTED else 0.5) if add is None else add
    if drop00 and measure in (*TWO_BY_TWO, *RATES):
        nothing = without_events(measure, cells)
        cells = [np.where(nothing, np.nan, cell) for cell in cells]
    counts = (0, 2) if measure in RATES else range(len(cells))  # the other two are person-times
    has_zero = np.any([cells[i] == 0 for i in counts], axis=0)
    corrected = rows_to_correct(to, has_zero) & (add > 0)
    cells = [cell + add * corrected if i in counts else cell for i, cell in enumerate(cells)]
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = COUNT_FORMULAS[measure](measure, *cells)
    undefined = ~(np.isfinite(yi) & np.isfinite(vi))
    yi, vi = np.where(undefined, np.nan, yi), np.where(undefined, np.nan, vi)
    note = f"{measure}; {int(corrected.sum())} of {yi.size} rows with {add:g} added to each cell (rule {to})"
    given = ~np.any([np.isnan(cell) for cell in cells], axis=0)
    if (undefined & given).any():
        note += f"; {int((undefined & given).sum())} without an effect: too few events"
    return EffectSizes(measure, yi, vi, corrected, note)


def rows_to_correct(to: str, has_zero: Array) -> Array:
    """Say which rows get the correction under the rule `to`, given which of them have a zero cell."""
    if to == "all":
        return np.ones_like(has_zero)
    if to == "if0all":
        return np.broadcast_to(has_zero.any(axis=-1, keepdims=True), has_zero.shape).copy()
    return has_zero if to == "only0" else np.zeros_like(has_zero)


def without_events(measure: str, cells: list[Array]) -> Array:
    """Say which rows have no event in either group, or (of tables) nothing but events."""
    first, second, third, fourth = cells
    nothing = (first == 0) & (third == 0)
    return nothing if measure in RATES else nothing | ((second == 0) & (fourth == 0))


def person_time_cells(measure: str, columns: dict[str, Array]) -> list[Array]:
    """Check events and person-times of both groups."""
    given = align(measure, columns, ("x1i", "t1i", "x2i", "t2i"))
    for name, values in given.items():
        refuse_negative(name, values, "a count or a time")
    return list(given.values())


def group_cells(measure: str, columns: dict[str, Array]) -> list[Array]:
    """Give events and non-events of each group, the second from the group's size where that is given."""
    groups = [("xi", "mi", "ni")] if measure in PROPORTIONS else [("ai", "bi", "n1i"), ("ci", "di", "n2i")]
    if any(size in columns and others in columns for _, others, size in groups):
        raise ValueError(f"{measure}: give either the non-events or the size of a group, not both")
    if 0 < sum(size in columns for _, _, size in groups) < len(groups):
        raise ValueError(f"{measure}: give the non-events of both groups (bi, di) or both sizes (n1i, n2i)")
    pairs = [(events, size if size in columns else others) for events, others, size in groups]
    given = align(measure, columns, tuple(name for pair in pairs for name in pair))
    for name, values in given.items():
        refuse_negative(name, values, "a count")
    for events, others, size in groups:
        if size in given:
            too_many = given[events] > given[size]
            refuse(events, too_many, f"is more than {size}", "events are part of the group")
            given[others] = given[size] - given[events]
        nobody = given[events] + given[others] == 0
        refuse(events, nobody, "is of a group of nobody", "leave the row out: there is no proportion")
    return [given[name] for events, others, _ in groups for name in (events, others)]


def align(measure: str, columns: dict[str, Array], names: tuple[str, ...]) -> dict[str, Array]:
    """Check that just the needed inputs are there and of matching length; give them one shape."""
    if needless := [name for name in columns if name not in names]:
        raise ValueError(f"{needless[0]}: not an input of {measure}, which takes {', '.join(names)}")
    if lacking := [name for name in names if name not in columns]:
        raise ValueError(f"{lacking[0]}: missing; {measure} takes {', '.join(names)}")
    lengths = {values.shape[-1] for values in columns.values() if values.ndim == 1}
    try:
        arrays = np.broadcast_arrays(*(np.atleast_1d(columns[name]) for name in names))
    except ValueError:
        arrays = ()
    if len(lengths) > 1 or not arrays:
        shapes = {name: values.shape for name, values in columns.items()}
        raise ValueError(f"{measure}: unequal lengths {shapes}; give one value for each study, or one number")
    return dict(zip(names, arrays, strict=True))


def back_transformed(measure: str, values: Any, ni: Any = None) -> Array | float:
    """Turn pooled effects, or their limits, into ratios or proportions.

    Parameters
    ----------
    measure : {"RR", "OR", "PETO", "IRR", "ROM", "ROMC", "PLN", "PLO", "PAS", "PFT"}
        What was pooled: a log ratio or log proportion, a logit, an arcsine or a double arcsine.
    values : float or array_like
        Estimates or limits on that scale.
    ni : array_like, optional
        Group sizes of the pooled studies; PFT alone needs them and takes their harmonic mean.

    Returns
    -------
    float or ndarray
        Ratios, or proportions from 0 to 1.

    Raises
    ------
    ValueError
        A measure that is read as it is; PFT without group sizes, or with one below 1.

    Notes
    -----
    The double arcsine by the inversion of Miller (1978), values beyond the range of a proportion taken to its
    end, as metafor's ``transf.ipft.hm``. Schwarzer et al. (2019) show how the harmonic mean can mislead when
    group sizes differ much.
    """
    check_choice("measure", measure, TRANSFORMED)
    x = as_floats("values", values)
    if ni is not None and measure != "PFT":
        raise ValueError(f"ni: has no meaning for {measure}; leave it out")
    if measure in RATIOS:
        return plain_result(np.exp(x))
    if measure == "PLO":
        return plain_result(expit(x))
    if measure == "PAS":
        return plain_result(np.sin(np.clip(x, 0, np.pi / 2)) ** 2)
    if ni is None:
        raise ValueError("ni: missing; the double arcsine is undone at the mean of the group sizes")
    sizes = np.atleast_1d(as_floats("ni", ni))
    refuse("ni", ~(sizes >= 1), "is not 1 or more", "give the group sizes of the pooled studies")
    return plain_result(double_arcsine_inverse(x, sizes.size / np.sum(1 / sizes)))


def double_arcsine_inverse(x: Array, n: float) -> Array:
    """Proportion whose double arcsine (half the sum of both arcsines) is `x` in a group of `n`."""
    low = 0.5 * np.arcsin(np.sqrt(1 / (n + 1)))
    high = 0.5 * (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2)
    t = 2 * np.clip(x, low, high)
    inner = np.sin(t) + (np.sin(t) - 1 / np.sin(t)) / n
    p = 0.5 * (1 - np.sign(np.cos(t)) * np.sqrt(np.maximum(0.0, 1 - inner**2)))
    return np.where(x <= low, 0.0, np.where(x >= high, 1.0, p))
