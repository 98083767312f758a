"""The pooled effect of one tier of evidence by each model, and an answer under other choices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi, sqrt
from typing import Any

import numpy as np
import pandas as pd

from helpers.appraisal.grade import certainty, minimal_differences, missing_evidence_judgements
from helpers.appraisal.trust import serious_studies
from helpers.comparison import comparison_lines
from helpers.effects import study_effects
from helpers.effects.means import welch
from helpers.effects.study_figures import said
from helpers.pooling.groups import (
    QUESTION,
    Options,
    belongs,
    counts_of,
    made_one,
    on_scale,
    people_of,
    poolable,
    question_of,
    rows_of_lines,
    tier_lines,
)
from helpers.tables import TABLES, Tables, validate
from helpers.tables.vocabulary import SD_USES, tiers_of
from metastats.bayes import bayes_pool
from metastats.counts import pool_counts
from metastats.dependence import cluster_robust, sampling_covariance, three_level
from metastats.diagnostics import leave_one_out
from metastats.heterogeneity import critical_value
from metastats.pooling import pool
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row


def other_visits(member: Row, lines: Iterable[Row]) -> str | None:
    """Return in words what the same study answers at other visits, which the pool did not take."""
    return said(*(
        f"{line['effect']:.4g} at {line['timepoint_printed'] or 'a time not stated'}"
        for line in lines
        if (line["study_id"], line.get("site")) == (member["study_id"], member.get("site"))
        and line["effect"] is not None
        and question_of(line) == question_of(member)
        and line["timepoint_printed"] != member["timepoint_printed"]
    ))  # fmt: skip


def members_of(group: list[Row], fit: Row) -> list[Row]:
    """Return the estimates of a pool, each with its weight and the pooled effect without it."""
    scale = on_scale(group)
    fitted = pool(scale.yi, scale.vi, **fit)
    without = leave_one_out(fitted)
    told = pd.DataFrame(scale.told_of(without) | {"k": without["k"]}).add_prefix("left_out_")
    told = told.assign(se=np.sqrt(scale.vi), weight=fitted.weights / 100)
    return [
        {name: line.get(name) for name in TABLES["pool_members"].columns}
        | {"n": people_of(line), "n_stated": bool(line.get("n"))}
        | row
        for line, row in zip(group, records(told), strict=True)
    ]


_DECLARED = Options()
BAYES = "Bayesian random effects"
EXACT_BINOMIAL = "random effects, exact binomial"
ROBUST = "three levels, cluster-robust"
IMPUTED = "missing SDs imputed"
WITH_SERIOUS = "with studies of serious concern"
OF_POOL = (
    *QUESTION, "studies", "participants", "effect_ids", "assumption", "k", "without_certain_discrepancies",
    "scenario", "reason", "pooled",
)  # fmt: skip


@dataclass
class TierSynthesis:
    """Rows of `pooled`, and of `pool_members`: the estimates in each pool with weight and leave-one-out."""

    pooled: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)

    def add(self, rows: list[Row], lines: list[Row], evidence: str, options: Options) -> None:
        """Add rows made of some lines under their names, with other models and the members of each pool."""
        for row in rows:
            for fitted, members in _with_models(row, lines, options):
                name = f"{evidence}.{row['concept']}.{len(self.pooled) + 1:02d}"
                self.pooled.append(fitted | {"pooled_id": name, "evidence": evidence})
                named = [{"pooled_id": name, "member_id": f"{name}.{one['study_id']}"} for one in members]
                self.members += [one | own for one, own in zip(members, named, strict=True)]


def tier_synthesis(
    tables: Tables,
    evidence: str,
    *,
    overall: dict[str, str],
    options: Options = _DECLARED,
    second_hand: bool = True,
    serious: Collection[str] = (),
) -> TierSynthesis:
    """Return what can be pooled in a tier, and what not with its reason.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        `effects` and `comparisons`.
    evidence, overall : str, dict of str to str
        `core` or `published`, and the overall risk of bias by study.
    options : Options
        Models and assumed values.
    second_hand : bool
        Whether estimates that rest on a figure seen only second-hand take part.
    serious : collection of str
        Studies of serious concern: they take part only in rows of the scenario that says so.
    """
    lines = tier_lines(tables["comparisons"], tables["effects"], evidence)
    lines = [line | {"risk_of_bias": overall.get(line["study_id"])} for line in lines]
    lines = [line for line in lines if second_hand or not line.get("second_hand")]
    return synthesis_of_lines(lines, evidence, options, serious)


def synthesis_of_lines(
    every_line: list[Row], evidence: str, options: Options, serious: Collection[str] = ()
) -> TierSynthesis:
    """Return what can be pooled of some lines: as printed, and more where missing SDs are imputed.

    `every_line` are lines of a tier, or `drug_differences` with the evidence `context`; studies that are
    `serious` take part only in the scenario `with studies of serious concern`.
    """
    lines = [line for line in every_line if line["study_id"] not in serious]
    sized = [line for line in lines if not line.get("set_aside")]
    assumed = {"site_correlation": options.site_correlation, "level": options.level}
    sized = with_sd(sized, "missing", options.assumed_sd, **assumed)
    found = TierSynthesis()
    rows = rows_of_lines(lines, options)
    found.add(rows, lines, evidence, options)
    known = {_estimates_of(row) for row in rows if row["se"] is not None}
    rows = [row for row in rows_of_lines(sized, options, IMPUTED) if row["se"] is not None]
    found.add([row for row in rows if _estimates_of(row) not in known], sized, evidence, options)
    if serious:
        known = set(map(_estimates_of, found.pooled))
        rows = rows_of_lines(every_line, options, WITH_SERIOUS)
        rows = [row for row in rows if _estimates_of(row) not in known]
        rows = [row for row in rows if not set(serious).isdisjoint(split_ids(row["studies"]))]
        found.add(rows, every_line, evidence, options)
    return found


def _estimates_of(row: Row) -> tuple[str, bool]:
    return row["effect_ids"], row["without_certain_discrepancies"]


def _with_models(row: Row, lines: list[Row], options: Options) -> Iterator[tuple[Row, list[Row]]]:
    """Yield a row, of a pool with its members, and then other models of the same estimates."""
    if not row["pooled"]:
        yield row, []
        return
    group = group_of(row, lines)
    pairs = zip(members_of(group, options.fit), group, strict=True)
    yield row, [member | {"other_visits": other_visits(line, lines)} for member, line in pairs]
    shares = group[0]["estimand"] == "proportion"
    other = _exact_fit(group, options) if shares else _robust_fit(row, group, lines, options)
    for fitted in filter(None, (_bayes_fit(group, options), other)):
        yield {name: row.get(name) for name in OF_POOL} | fitted, []


def group_of(row: Row, lines: list[Row]) -> list[Row]:
    """Return the estimates of a row of `pooled`, one a study, from the lines that it was made of."""
    ids = set(split_ids(row["effect_ids"]))
    own = [line for line in lines if line["effect_id"] in ids]
    studies = split_ids(row["studies"])
    return [made_one([line for line in own if line["study_id"] == study]) for study in studies]


def _bayes_fit(group: list[Row], options: Options) -> Row:
    """Return the Bayesian fit of a pool's estimates.

    The scale of the half-normal prior of tau is that of `prior_scale`, in the unit.
    """
    scale = on_scale(group)
    errors = [line | {"se": se} for line, se in zip(group, np.sqrt(scale.vi), strict=True)]
    width = prior_scale(errors, options.tau_prior, options.assumed_sd)
    post = bayes_pool(scale.yi, scale.vi, tau_prior=("half-normal", width), level=options.level)
    told = {
        "estimate": post.mu.median, "ci_lower": post.mu.lower, "ci_upper": post.mu.upper,
        "pi_lower": post.predictive.lower, "pi_upper": post.predictive.upper,
    }  # fmt: skip
    return {
        "model": BAYES, "ci_method": "equal-tailed, posterior",
        "tau2_method": f"half-normal prior on tau, scale {width:.3g}",
        "measure": scale.measure, "se": float(post.mu.sd), "tau2": float(post.tau.median) ** 2,
    } | {name: scale.told(value) for name, value in told.items()}  # fmt: skip


def _exact_fit(group: list[Row], options: Options) -> Row | None:
    """Return the exact binomial-normal fit of proportions; None where nobody or everybody is counted."""
    events, people = zip(*filter(None, map(counts_of, group)), strict=True)
    if not 0 < sum(events) < sum(people):
        return None
    found = pool_counts("PLO", xi=events, ni=people, test="t", level=options.level)
    fitted = {"model": EXACT_BINOMIAL, "ci_method": "t", "tau2_method": "ML", "measure": "PLO"}
    return fitted | {"se": found.se, "tau2": found.tau2} | on_scale(group).told_of(found)


def _robust_fit(row: Row, group: list[Row], lines: list[Row], options: Options) -> Row | None:
    """Return the fit of all estimates of a pool's studies; None where each study has one alone.

    Sites, arms and visits of one study share people: their errors correlate as two sites do, and the
    standard error is cluster-robust with the correction for few studies (CR2, Satterthwaite).
    """
    own = [line for line in lines if line["study_id"] in split_ids(row["studies"]) and poolable(line)]
    own = [line for line in own if belongs(line, group[0], options.time_tolerance)]
    if row["without_certain_discrepancies"]:
        own = [line for line in own if not line["certain_discrepancies"]]
    studies = [line["study_id"] for line in own]
    if len(own) == len(set(studies)):
        return None
    scale, r = on_scale(own), options.site_correlation
    covariance = sampling_covariance(scale.vi, studies, r=r)
    fitted = three_level(scale.yi, covariance, studies, level=options.level)
    found = cluster_robust(fitted, studies, "CR2")
    method = f"CR2, t with {found.df:.1f} degrees of freedom"
    words = f"correlation {r:g} between estimates of one study"
    return scale.told_of(found) | {
        "model": ROBUST, "ci_method": method, "tau2_method": "REML", "se": found.se,
        "tau2": fitted.tau2_between + fitted.tau2_within, "measure": scale.measure,
        "k": len(own), "effect_ids": join_ids(line["effect_id"] for line in own),
        "assumption": said(row["assumption"], words),
    }  # fmt: skip


IMPUTED_UNIT = "hairs/cm2"
LOGISTIC_SD = pi / sqrt(3)  # SD between people on the log-odds scale


def with_sd(
    lines: list[Row], use: str, sd: float, *, site_correlation: float = 0.7, level: float = 0.95
) -> list[Row]:
    """Return estimates in which differences in hair density rest on an imputed SD, where `use` says so.

    Only differences between groups whose sizes are both known, or between two sites of the same people, in
    hairs/cm², can take an imputed SD (Cochrane Handbook 6.5.2.7). Their intervals are by Student's t with the
    degrees of freedom of the trial (Welch's between groups).

    Parameters
    ----------
    lines : list of dict
        Estimates.
    use : str
        One of `SD_USES`: where the imputed SD takes the place of what is printed or missing; doubtful is
        what a certain discrepancy touches.
    sd : float
        Standard deviation of the change between people, hairs/cm².
    site_correlation, level : float
        Correlation between two sites of one scalp, and coverage of the intervals.
    """
    place = list(SD_USES).index(use)
    rows = []
    for line in lines:
        missing = line["se"] is None and line.get("ci_lower") is None
        doubtful = bool(line["certain_discrepancies"])
        wanted = place == 3 or (place >= 1 and missing) or (place == 2 and doubtful)
        imputed = _imputed_se(line, sd, site_correlation) if wanted else None
        rows.append(line if imputed is None else line | _with_interval(line, sd, *imputed, level, missing))
    return rows


def _with_interval(line: Row, sd: float, se: float, df: float, level: float, missing: bool) -> Row:
    half = critical_value(level, df) * se
    words = f"SD {sd:g} imputed ({'missing' if missing else 'printed one set aside'})"
    kept = None if missing and "no interval" in (line["assumption"] or "") else line["assumption"]
    return {
        "assumption": said(kept, words),
        "se_basis": words,
        "se": se,
        "ci_lower": line["effect"] - half,
        "ci_upper": line["effect"] + half,
        "ci_method": "Welch's t" if line["estimand"] == "between_group" else "Student's t",
    }


def _imputed_se(line: Row, sd: float, site_correlation: float) -> tuple[float, float] | None:
    """Return the standard error that an SD of the change gives a difference, and its degrees of freedom."""
    if line["measure"] != "MD" or line["unit"] != IMPUTED_UNIT or line["effect"] is None:
        return None
    n, others = line.get("n"), line.get("n_comparator")
    if line["estimand"] == "between_group" and n and others and min(n - others, others) > 1:
        se, df = welch(sd / sqrt(n - others), n - others, sd / sqrt(others), others)
        return se, float(df or 0)
    if line["estimand"] == "within_participant" and n and n > 1:
        return sd * sqrt(2 * (1 - site_correlation) / n), n - 1
    return None


def prior_scale(group: list[Row], tau_prior: float, assumed_sd: float) -> float:
    """Return the scale of the half-normal prior of tau, on the scale on which estimates are pooled.

    For hair density it is `tau_prior`, hairs/cm². In another unit it is the same share of the SD between
    people, as `tau_prior` is of `assumed_sd`, of estimates that no certain discrepancy touches; for
    proportions, which are pooled as log odds, of the SD of the logistic distribution.
    """
    first, *_ = group
    if first["unit"] == IMPUTED_UNIT:
        return float(tau_prior)
    share = tau_prior / assumed_sd
    if first["estimand"] == "proportion":
        return float(share * LOGISTIC_SD)
    sound = [line for line in group if not line.get("certain_discrepancies")] or group
    # the SD of one person that a standard error implies; two equal groups where there are two
    parts = 2 if first["estimand"] == "between_group" else 1
    return float(share * np.median([line["se"] * sqrt(people_of(line) or 4) / parts for line in sound]))


PARTS = ("arms", "results", "discrepancies", "reported_contrasts", "adverse_events")  # of a study's effects


@dataclass(frozen=True)
class Basis:
    """What an answer is worked out from, whatever is chosen.

    `tables` are those that notebook 05 reads, `overall` is the risk of bias by study, `options` and
    `second_hand` are the choices of the run, `overrides` is the table `certainty_overrides`, `late` are
    overdue trials.
    """

    tables: Tables
    overall: Mapping[str, str]
    options: Options
    second_hand: bool = True
    overrides: Sequence[Row] = ()
    late: Collection[str] = ()


@dataclass(frozen=True)
class OutcomeAnswer:
    """The tables `effects`, `comparisons`, `pooled`, `pool_members`, and an outcome's row of `certainty`."""

    effects: pd.DataFrame
    comparisons: pd.DataFrame
    pooled: pd.DataFrame
    members: pd.DataFrame
    certainty: Row


def reanalysed(
    basis: Basis,
    concept: str,
    *,
    evidence: str,
    included: str = "all",
    comparator: str = "any",
    pre_post_correlation: float,
    **choices: Any,
) -> OutcomeAnswer:
    """Work out an outcome's answer by the calls of notebooks 03, 04 and 05.

    Parameters
    ----------
    basis : Basis
        Tables and choices of the run.
    concept, evidence : str
        Outcome, and `core` or `published`.
    included : str
        Studies that take part: `all`, `sound` (estimates without a certain discrepancy) or `without STUDY`.
    comparator : str
        Class of comparator: `any`, or one of the column.
    pre_post_correlation : float
        Correlation between values before and after, where one has to be assumed.
    **choices
        Fields of `Options` that replace those of the run.
    """
    options = replace(basis.options, **choices)
    tables = dict(basis.tables)
    assumed = {"pre_post_correlation": pre_post_correlation, "site_correlation": options.site_correlation}
    tables["effects"] = validate("effects", list(effects_anew(tables, **assumed, level=options.level)))
    lines = comparison_lines(
        tables,
        overall=dict(basis.overall),
        time_tolerance=options.time_tolerance,
        tiers=tiers_of(evidence),
        second_hand=basis.second_hand,
    )
    left_out = included.removeprefix("without ") if included.startswith("without ") else None
    lines = [line for line in lines if line["study_id"] != left_out]
    if comparator != "any":
        lines = [line for line in lines if line["comparator"] == comparator]
    if included == "sound":
        lines = [line for line in lines if not line["certain_discrepancies"]]
    tables["comparisons"] = validate("comparisons", lines)
    serious = serious_studies(tables["trust_domains"])
    found = tier_synthesis(
        tables, evidence, overall=dict(basis.overall), options=options, second_hand=basis.second_hand,
        serious=serious)  # fmt: skip
    pooled, members = validate("pooled", found.pooled), validate("pool_members", found.members)
    tiers = tables["sources"].set_index("study_id")["tier"].to_dict()
    missing = missing_evidence_judgements(
        pooled, tables["missing_evidence"], tables["studies"], tiers, basis.late
    )
    tables["missing_evidence_judgements"] = validate("missing_evidence_judgements", missing)
    differences = minimal_differences(tables["thresholds"], basis.second_hand)
    sure = certainty(concept, evidence, tables, pooled, differences=differences, overrides=basis.overrides)
    return OutcomeAnswer(tables["effects"], tables["comparisons"], pooled, members, sure)


def effects_anew(tables: Tables, **choices: float) -> Iterator[Row]:
    """Yield the effects of every study in `studies`, as notebook 03 makes them for each."""
    for study in records(tables["studies"]):
        own = [tables[name][tables[name]["study_id"] == study["study_id"]] for name in PARTS]
        arms, results, discrepancies, contrasts, events = own
        more = {"contrasts": contrasts, "events": events}
        yield from study_effects(study, arms, results, discrepancies, **more, **choices)
