"""The two equations that give tau2 by iteration, solved to rounding error in any unit.

Steps are judged against tau2 plus the smallest sampling variance, so that effects in micrometres and in
kilometres stop after the same step and tau2 scales exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Newton's method squares its error: after a relative step of 1e-9 the rest is below rounding error.
SMALL_STEP = 1e-9
MOST_STEPS = 200
SIDE_BY_SIDE = 500
FEWEST_POINTS, MOST_POINTS = 6, 64


def q_root(model: Any, target: np.ndarray | float) -> np.ndarray | float:
    """Find the tau2 at which the generalised Q equals `target`; 0 where Q is already below it at tau2 = 0.

    1/Q is concave and increasing in tau2 (Q is a sum of a_j / (d_j + tau2) with a_j >= 0, d_j > 0), so
    Newton's method on 1/Q climbs to the root from the left and never passes it.
    """
    floor = model.smallest_v()
    shape = np.broadcast_shapes(np.shape(floor), np.shape(target))
    tau2 = np.zeros(shape) if shape else 0.0
    for _ in range(MOST_STEPS):
        profile = model.profile(tau2)
        q, ypp = profile.q(), profile.ypp()
        if not shape:  # plain numbers for one meta-analysis: an array of one costs ten times as much
            moved = max(tau2 + (q / target - 1.0) * q / ypp, 0.0) if ypp > 0 and target > 0 else 0.0
            done = abs(moved - tau2) <= SMALL_STEP * (moved + floor)
        else:
            usable = (ypp > 0) & (target > 0)
            step = np.divide(
                (q / np.where(usable, target, 1.0) - 1.0) * q, ypp, out=np.zeros(shape), where=usable
            )
            moved = np.maximum(tau2 + step, 0.0)
            done = (np.abs(moved - tau2) <= SMALL_STEP * (moved + floor)).all()
        tau2 = moved
        if done:
            break
    return tau2


def score(profile: Any, restricted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the (restricted) log-likelihood in tau2, and the slope of that slope."""
    trace_p, trace_pp = profile.traces() if restricted else (profile.sum_w, profile.sum_w2())
    ypp, yppp = profile.ypp_yppp()
    return 0.5 * (ypp - trace_p), 0.5 * trace_pp - yppp


def slope(profile: Any, restricted: bool) -> np.ndarray:
    """Slope of the (restricted) log-likelihood in tau2, times two."""
    return profile.ypp() - (profile.trace_p() if restricted else profile.sum_w)


def likelihood_grid(model: Any, restricted: bool) -> np.ndarray:
    """Values of tau2 from 0 to a bound above which the likelihood can only fall, even in log(v + tau2).

    The residual part of the slope is at most S / (v_min + t)^2 and the other at least d / (v_max + t), with S
    the unweighted residual sum of squares and d the degrees of freedom (k for ML): beyond the root of their
    equation the slope is negative.
    """
    count = np.maximum(model.df if restricted else model.k, 1)
    s2 = model.spread() / count
    low = model.smallest_v()
    bound = 0.5 * (s2 + np.sqrt(s2 * s2 + 4.0 * s2 * (model.largest_v() - low)))
    ratio = np.maximum(bound * (1 + 1e-9) / low, 1.0)
    # the likelihood bends on the scale of v + tau2 itself: neighbours no more than a factor of 2 apart
    points = int(min(max(FEWEST_POINTS, 2 + np.log2(np.max(ratio))), MOST_POINTS))
    exponents = np.arange(points) / (points - 1)
    grid = low * (ratio ** (exponents if np.ndim(ratio) == 0 else exponents[:, None]) - 1.0)
    grid[0] = 0.0
    return grid


def likelihood_root(model: Any, restricted: bool) -> np.ndarray | float:
    """Find the tau2 >= 0 with the highest (restricted) likelihood, wherever on the grid it hides."""
    grid = likelihood_grid(model, restricted)
    slopes = slopes_on(model, grid, restricted)
    peaks = (slopes[:-1] > 0) & (slopes[1:] <= 0)
    if grid.ndim == 1:
        return highest_peak(model, restricted, grid, slopes, peaks)
    # the first peak of each column, bracketed; (0, 0) where there is none
    first, inside = peaks.argmax(axis=0), peaks.any(axis=0)
    low, high, rise, fall = (at(x, i) for x in (grid, slopes) for i in (first, first + 1))
    start = low + (high - low) * rise / np.where(inside, rise - fall, 1.0)
    tau2 = climb_many(model, restricted, *(np.where(inside, x, 0.0) for x in (low, high, start)))
    for (j,) in np.argwhere(peaks.sum(axis=0) + (slopes[0] <= 0) > 1):
        tau2[j] = highest_peak(model.column(j), restricted, grid[:, j], slopes[:, j], peaks[:, j])
    return tau2


def slopes_on(model: Any, grid: np.ndarray, restricted: bool) -> np.ndarray:
    """Slope at every value of the grid: side by side for one small meta-analysis, else one after the other.

    The first saves calls, the second keeps the arrays in the cache of the processor and memory linear in k.
    """
    if grid.ndim == 1 and model.y.shape[0] <= SIDE_BY_SIDE:
        return slope(model.profiles(grid), restricted)
    return np.array([slope(model.profile(tau2), restricted) for tau2 in grid])


def at(grid: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Take from each column of `grid` the row that `index` names."""
    return np.take_along_axis(grid, index[None], axis=0)[0]


def highest_peak(
    model: Any, restricted: bool, grid: np.ndarray, slopes: np.ndarray, peaks: np.ndarray
) -> float:
    """Climb every peak of one meta-analysis, and 0 where the likelihood falls from it; keep the highest."""
    candidates = []
    for j in np.flatnonzero(peaks):
        low, high, rise, fall = (float(x) for x in (grid[j], grid[j + 1], slopes[j], slopes[j + 1]))
        candidates.append(climb_one(model, restricted, low, high, low + (high - low) * rise / (rise - fall)))
    if slopes[0] <= 0 or not candidates:
        candidates.append(0.0)
    if len(candidates) == 1:
        return candidates[0]
    heights = [float(model.profile(t).log_likelihood(restricted)) for t in candidates]
    return candidates[int(np.argmax(heights))]


def climb_one(model: Any, restricted: bool, low: float, high: float, tau2: float) -> float:
    """Newton's method from `tau2` for a slope of 0 between `low` (slope above 0) and `high`, or halving."""
    floor = float(model.smallest_v())
    for _ in range(MOST_STEPS):
        first, second = score(model.profile(tau2), restricted)
        low, high = (tau2, high) if first > 0 else (low, tau2)
        newton = tau2 - first / second if second < 0 else -1.0
        if not low <= newton <= high:
            newton = 0.5 * (low + high)
            near = high - low <= 4e-16 * (high + floor)
        else:
            near = abs(newton - tau2) <= SMALL_STEP * (newton + floor)
        tau2 = float(newton)
        if near:
            break
    return tau2


def climb_many(
    model: Any, restricted: bool, low: np.ndarray, high: np.ndarray, tau2: np.ndarray
) -> np.ndarray:
    """Do as `climb_one` for many meta-analyses at once; those with `low` = `high` stay there."""
    floor = model.smallest_v()
    done = low >= high
    for _ in range(MOST_STEPS):
        first, second = score(model.profile(tau2), restricted)
        up = first > 0
        low, high = np.where(up, tau2, low), np.where(up, high, tau2)
        newton = tau2 - first / np.where(second < 0, second, -np.inf)
        usable = (second < 0) & (newton >= low) & (newton <= high)
        moved = np.where(done, tau2, np.where(usable, newton, 0.5 * (low + high)))
        near = np.abs(moved - tau2) <= SMALL_STEP * (moved + floor)
        done = done | (usable & near) | (high - low <= 4e-16 * (high + floor))
        tau2 = moved
        if done.all():
            break
    return tau2
