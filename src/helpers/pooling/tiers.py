"""The pooled effect of one tier of evidence: as printed, under each assumption, by each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.comparison import alike
from helpers.pooling.assumptions import as_lines, assumed_effects, people_of, prior_scale, with_sd
from helpers.pooling.groups import pooled_rows, rows_of_lines
from helpers.tables.vocabulary import tiers_of
from metastats.bayes import bayes_pool
from metastats.checks import check_studies
from metastats.pooling import pool
from notebookpress.tables import records, split_ids

MODELS = {
    "equal effects": ("EE", "z", "all studies share one true effect"),
    "random effects, normal": ("REML", "z", "true effects differ; their spread is taken as known"),
    "random effects, Knapp-Hartung": ("REML", "knha", "true effects differ; their spread is estimated"),
    "random effects, truncated": ("REML", "adhoc", "the same, and agreement by chance earns no credit"),
}
PRIORS = {
    "Bayesian, half-normal prior": 1.0,
    "Bayesian, prior half as wide": 0.5,
    "Bayesian, prior twice as wide": 2.0,
}
BAYES_TAKES = "true effects differ; their spread is unlikely to exceed twice {:.3g}"


def models_compared(yi: Any, vi: Any, tau_scale: float, level: float = 0.95) -> pd.DataFrame:
    """Pool the same estimates by each model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of at least two studies.
    tau_scale : float
        Scale of the half-normal prior of tau, in the units of yi.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row a model: `model`, `takes` (in words), `estimate`, `ci_lower`, `ci_upper`, `pi_lower`,
        `pi_upper` (none where effects are equal by assumption), `tau`. The prediction intervals use t with
        k - 1 degrees of freedom; the Bayesian row gives medians and equal-tailed limits.

    Raises
    ------
    ValueError
        What `pool` and `bayes_pool` refuse; a single study.

    Notes
    -----
    The models of `pool` and `bayes_pool`; Röver, Knapp and Friede (2015) for the truncation.

    """
    given = check_studies(yi, vi)
    if given.yi.size < 2:
        raise ValueError("yi: one study; models differ only with two or more")
    rows = []
    for model, (method, test, takes) in MODELS.items():
        fit = pool(given.yi, given.vi, method, test, level)
        low, high = (np.nan, np.nan) if method == "EE" else fit.prediction_interval("t")
        rows.append((model, takes, fit.estimate, fit.ci_lower, fit.ci_upper, low, high, fit.tau))
    for model, share in PRIORS.items():
        scale = share * tau_scale
        post = bayes_pool(given.yi, given.vi, ("half-normal", scale), level=level)
        fitted = post.mu.median, post.mu.lower, post.mu.upper, post.predictive.lower, post.predictive.upper
        rows.append((model, BAYES_TAKES.format(scale), *fitted, post.tau.median))
    names = ["model", "takes", "estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper", "tau"]
    return pd.DataFrame(rows, columns=names)


OF_MEMBER = (
    "study_id", "effect_id", "effect", "se", "ci_lower", "ci_upper", "unit", "estimand", "timepoint_weeks",
    "site", "risk_of_bias", "certain_findings", "assumption", "timepoint_printed",
)  # fmt: skip


def other_visits(member: dict[str, Any], lines: Iterable[dict[str, Any]]) -> str | None:
    """Return in words the same study's estimates at other visits, which the pool did not take."""
    names = ("study_id", "concept", "estimand", "unit", "measure", "arm_id", "site")
    mine = next((line for line in lines if line["effect_id"] == member["effect_id"]), None)
    others = [
        f"{line['effect']:.4g} at {line['timepoint_printed'] or 'a time not stated'}"
        for line in lines
        if mine and line["effect"] is not None
        and all(line[name] == mine[name] for name in names)
        and line["timepoint_printed"] != mine["timepoint_printed"]
    ]  # fmt: skip
    return "; ".join(dict.fromkeys(others)) or None


def members_of(group: list[dict[str, Any]], fit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the estimates of a pool, each with its weight and the pooled effect without it."""
    yi = np.array([line["effect"] for line in group])
    vi = np.array([line["se"] for line in group]) ** 2
    weights = pool(yi, vi, **fit).weights / 100
    rows = []
    for place, line in enumerate(group):
        rest = np.arange(len(group)) != place
        without = pool(yi[rest], vi[rest], **fit)
        rows.append({name: line.get(name) for name in OF_MEMBER} | {
            "n": people_of(line), "n_stated": bool(line.get("n")), "weight": float(weights[place]),
            "left_out_estimate": without.estimate, "left_out_ci_lower": without.ci_lower,
            "left_out_ci_upper": without.ci_upper, "left_out_k": without.k,
        })  # fmt: skip
    return rows


BAYES = "Bayesian random effects"
OTHER_VISIT = {"latest": "earliest", "earliest": "latest"}
OF_POOL = (
    "concept", "estimand", "unit", "measure", "studies", "effect_ids", "assumption", "k",
    "without_certain_findings", "scenario", "reason", "pooled",
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """A set of assumptions, by its name."""

    name: str
    medians: bool = False
    sd: str = "printed"
    any_time: bool = False
    other_visit: bool = False


SCENARIOS = (
    Scenario("medians taken as means", medians=True),
    Scenario("missing SDs borrowed", sd="missing"),
    Scenario("times not alike", any_time=True),
    Scenario("missing SDs borrowed, times not alike", sd="missing", any_time=True),
    Scenario(
        "missing SDs borrowed, times not alike, {visit} visits", sd="missing", any_time=True, other_visit=True
    ),
    Scenario("missing and doubtful SDs borrowed, times not alike", sd="doubtful", any_time=True),
    Scenario("all of these", medians=True, sd="doubtful", any_time=True),
)


@dataclass(frozen=True)
class Options:
    """The choices of an analysis; each is a parameter of notebook 05."""

    tau2_method: str = "REML"
    ci_method: str = "adhoc"
    level: float = 0.95
    time_tolerance: float = 0.25
    pre_post_correlation: float = 0.7
    assumed_sd: float = 20.0
    tau_prior: float = 10.0
    visit: str = "latest"

    @property
    def fit(self) -> dict[str, Any]:
        """Arguments of `pool`."""
        return {"method": self.tau2_method, "test": self.ci_method, "level": self.level}


@dataclass
class TierSynthesis:
    """Rows of `pooled`, and of `pool_members`: the estimates in each pool with weight and leave-one-out."""

    pooled: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)


def tier_synthesis(
    tables: dict[str, pd.DataFrame],
    evidence: str,
    *,
    overall: dict[str, str],
    options: Options = Options(),
    second_hand: bool = True,
) -> TierSynthesis:
    """Return what can be pooled in a tier, and what not with its reason.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `sources`, `studies`, `arms`, `results`, `effects`, `findings`, `comparisons`.
    evidence : str
        `core` or `published`.
    overall : dict of str to str
        Overall risk of bias by study.
    options : Options
        Models and assumed values.
    second_hand : bool
        Whether estimates that rest on a figure seen only second-hand take part.

    """
    found = TierSynthesis()
    printed = pooled_rows(
        tables["comparisons"], tables["effects"], evidence=evidence, tau2_method=options.tau2_method,
        ci_method=options.ci_method, level=options.level, time_tolerance=options.time_tolerance,
        visit=options.visit,
    )  # fmt: skip
    tiers = {row["study_id"]: row["tier"] for row in records(tables["sources"])}
    lines = as_lines(records(tables["effects"]), tiers, overall)
    for row in printed:
        _add(found, row, lines, options)
    if evidence != "core":
        known = {_signature(row) for row in printed if row["pooled"]}
        for scenario in SCENARIOS:
            effects = _scenario_effects(tables, scenario, options)
            lines = [line for line in as_lines(effects, tiers, overall) if line["tier"] in tiers_of(evidence)]
            lines = [line for line in lines if second_hand or not line.get("second_hand")]
            rows = _scenario_rows(lines, scenario, options)
            for row in rows:
                if row["pooled"] and _signature(row) not in known:
                    _add(found, row, lines, options)
            known |= {_signature(row) for row in rows if row["pooled"]}
    for number, row in enumerate(found.pooled, start=1):
        row["pooled_id"] = f"{evidence}.{row['concept']}.{number:02d}"
        row["evidence"] = evidence
        for member in row.pop("_members", ()):
            names = {"pooled_id": row["pooled_id"], "member_id": f"{row['pooled_id']}.{member['study_id']}"}
            found.members.append(member | names)
    return found


def _signature(row: dict[str, Any]) -> tuple:
    """Return what makes a pool the same pool: its outcome, estimates, their assumptions, and the result."""
    names = ("concept", "estimand", "unit", "studies", "assumption", "without_certain_findings")
    return (*(row.get(name) for name in names), round(row["estimate"], 9), round(row["se"], 9))


def _scenario_effects(
    tables: dict[str, pd.DataFrame], scenario: Scenario, options: Options
) -> list[dict[str, Any]]:
    correlation, level = options.pre_post_correlation, options.level
    effects = assumed_effects(tables, medians=scenario.medians, pre_post_correlation=correlation, level=level)
    return with_sd(effects, scenario.sd, options.assumed_sd, level)


def _scenario_rows(lines: list[dict[str, Any]], scenario: Scenario, options: Options) -> list[dict[str, Any]]:
    """Return the rows of `pooled` under a scenario."""
    tolerance = 1.0 if scenario.any_time else options.time_tolerance
    visit = OTHER_VISIT[options.visit] if scenario.other_visit else options.visit
    rows = rows_of_lines(lines, options.fit, tolerance, scenario.name.format(visit=visit), visit)
    for row in rows:
        if row["pooled"] and scenario.any_time:
            _name_times(row, lines, options.time_tolerance)
    return rows


def _name_times(row: dict[str, Any], lines: list[dict[str, Any]], tolerance: float) -> None:
    """Say in the row that its times differ, where they do by more than the rule allows."""
    ids = set(split_ids(row["effect_ids"]))
    stated = [line["timepoint_weeks"] for line in lines if line["effect_id"] in ids]
    weeks = sorted(time for time in stated if time is not None)
    if len(weeks) == len(stated) and alike(weeks[0], weeks[-1], tolerance):
        return
    span = f"{weeks[0]:.0f} to {weeks[-1]:.0f} weeks" if weeks else "none stated"
    unstated = ", some not stated" if 0 < len(weeks) < len(stated) else ""
    row["reason"] = row["reason"].replace("at a like time", f"at times that differ ({span}{unstated})")
    row["assumption"] = "; ".join(filter(None, [row["assumption"], "times that differ set side by side"]))


def _add(found: TierSynthesis, row: dict[str, Any], lines: list[dict[str, Any]], options: Options) -> None:
    """Add a row; to a pooled one its members, and the Bayesian fit of the same estimates."""
    found.pooled.append(row)
    if not row["pooled"]:
        return
    by_name = {line["effect_id"]: line for line in lines}
    group = [by_name[name] for name in split_ids(row["effect_ids"])]
    row["_members"] = [
        member | {"other_visits": other_visits(member, lines)} for member in members_of(group, options.fit)
    ]
    found.pooled.append(bayes_row(row, group, options))


def bayes_row(row: dict[str, Any], group: list[dict[str, Any]], options: Options) -> dict[str, Any]:
    """Return the Bayesian fit of a pool's estimates, beside the row that has pooled them.

    The scale of the half-normal prior of tau is that of `prior_scale`: stated beforehand, in the unit.
    """
    yi = np.array([line["effect"] for line in group])
    vi = np.array([line["se"] for line in group]) ** 2
    scale = prior_scale(group, options.tau_prior, options.assumed_sd)
    post = bayes_pool(yi, vi, tau_prior=("half-normal", scale), level=options.level)
    return {name: row.get(name) for name in OF_POOL} | {
        "model": BAYES, "ci_method": "equal-tailed, posterior",
        "tau2_method": f"half-normal prior on tau, scale {scale:.3g}",
        "estimate": float(post.mu.median), "se": float(post.mu.sd), "ci_lower": float(post.mu.lower),
        "ci_upper": float(post.mu.upper), "pi_lower": float(post.predictive.lower),
        "pi_upper": float(post.predictive.upper), "tau2": float(post.tau.median) ** 2,
    }  # fmt: skip
