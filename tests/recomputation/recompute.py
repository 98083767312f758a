"""Values of the tables computed anew from the raw files, by a script that imports nothing of this project.

Each family of estimates yields rows of a table. The raw figures are read by their ids; the formulas are written out
from the textbooks (Cochrane Handbook, metafor's manual, Roever 2020), so that an error in the project's code shows.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from scipy import optimize, stats

PROJECT = Path(__file__).resolve().parents[2]
WEEKS_A_MONTH = 365.25 / 12 / 7
EXACT = 1e-6
# The project's solver stops some 4e-6 off the detectable difference; the quadrature here is exact to 1e-12.
POWER = 1e-5


class Row(NamedTuple):
    """What the table should hold in some columns of the one row that the keys name."""

    table: str
    keys: dict[str, Any]
    values: dict[str, Any]
    tolerance: float = EXACT


@cache
def document(name: str) -> Any:
    """Return a YAML file of the project."""
    return yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))


def sheet(study: str) -> Any:
    """Return a study sheet."""
    return document(f"data/raw/studies/{study}.yaml")


def parameter(name: str) -> Any:
    """Return the default of a parameter of the notebooks."""
    return document("notebooks/parameters.yaml")[name]["default"]


@cache
def lines(name: str) -> dict[str, dict[str, str]]:
    """Return the rows of a CSV file by their first column."""
    with (PROJECT / "data" / "raw" / name).open(encoding="utf-8", newline="") as file:
        return {next(iter(row.values())): row for row in csv.DictReader(file)}


def printed(study: str, name: str) -> float:
    """Return a printed figure of a sheet by its id: `id`, or `id.low`, `id.high`, `id.sd`."""
    identity, _, part = name.partition(".")
    (quantity,) = (row for row in sheet(study)["quantities"] if row["id"] == identity)
    return float(quantity[part or "value"])


def people(study: str) -> int:
    """Return the number of people of a study; a report of one case states none."""
    stated = sheet(study)["study"]["n_enrolled"]
    return int(printed(study, stated)) if stated else 1


def arm(row: str, column: str) -> float:
    """Return a figure of an arm of an established treatment."""
    return float(lines("comparators/established_treatments.csv")[row][column])


def threshold(row: str, column: str = "value") -> float:
    """Return what an eye sees, what a count gets wrong, or how people differ."""
    return float(lines("comparators/thresholds.csv")[row][column])


def quantile(df: float = math.inf) -> float:
    """Return Student's quantile for a two-sided interval at the level of the report."""
    return float(stats.t.ppf((1 + parameter("level")) / 2, df))


def limits(effect: float, se: float, df: float) -> dict[str, float]:
    """Return the columns of an estimate with Student's limits."""
    half = quantile(df) * se
    return {"effect": effect, "se": se, "ci_lower": effect - half, "ci_upper": effect + half}


def two_groups(effect: float, sds: tuple[float, float], sizes: tuple[float, float]) -> dict[str, float]:
    """Return a difference of means with Welch's standard error and degrees of freedom."""
    parts = [sd**2 / n for sd, n in zip(sds, sizes, strict=True)]
    df = sum(parts) ** 2 / sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
    return limits(effect, math.sqrt(sum(parts)), df)


NO_INTERVAL = ("se", "ci_lower", "ci_upper")


def wan_change() -> dict[str, float]:
    """Return the change of wan2025 at 12 months, all enrolled taken as measured."""
    n, mean, sd = people("wan2025"), printed("wan2025", "change_mean"), printed("wan2025", "change_sd")
    return limits(mean, sd / math.sqrt(n), n - 1)


def printed_alone() -> Iterator[Row]:
    """The change with its printed SD; shares of a number of people that is not stated, without an interval."""
    keys = {"study_id": "wan2025", "site": "frontal and vertex", "timepoint_printed": "12 months"}
    yield Row("effects", keys, wan_change())
    for name, concept in (("noticed", "noticed_improvement"), ("satisfied", "satisfaction")):
        share = {"effect": printed("wan2025", name) / 100, "events": None} | dict.fromkeys(NO_INTERVAL)
        yield Row("effects", {"study_id": "wan2025", "concept": concept}, share)


def unharmed() -> Iterator[Row]:
    """Nobody with any adverse event: Wilson's upper limit, z2 / (n + z2)."""
    for study in ("ersan2024", "imcas2025", "koumprentziotis2025"):
        n, z2 = people(study), quantile() ** 2
        row = {"effect": 0, "events": 0, "n": n, "se": 0, "ci_lower": 0, "ci_upper": z2 / (n + z2)}
        yield Row("effects", {"study_id": study, "concept": "adverse_events"}, row)


def table_one() -> Iterator[Row]:
    """Week 4 of Table 1: each group's change and the difference, for each split of the 16 enrolled."""
    base = {"study_id": "wan2025", "concept": "hair_density", "site": "Table 1"}
    n, r = people("wan2025"), parameter("pre_post_correlation")
    parts = ("base_{}", "week4_{}", "base_{}.sd", "week4_{}.sd")
    groups = ("exosome", "control")
    figures = {group: [printed("wan2025", f"t1_{part}".format(group)) for part in parts] for group in groups}
    gains = {group: after - before for group, (before, after, *_) in figures.items()}
    spreads = {group: math.sqrt(a**2 + b**2 - 2 * r * a * b) for group, (_, _, a, b) in figures.items()}
    exosome, control = figures.values()
    for size in range(2, n - 1):
        for group, gain in gains.items():
            keys = base | {"arm_id": group, "n_assumed": str(size), "estimand": "uncontrolled_change"}
            yield Row("effects", keys, limits(gain, spreads[group] / math.sqrt(size), size - 1))
        keys = base | {"estimand": "between_group", "n_assumed": f"{size} + {n - size}"}
        final = two_groups(exosome[1] - control[1], (exosome[3], control[3]), (size, n - size))
        final["baseline_gap"] = exosome[0] - control[0]
        yield Row("effects", keys | {"compared": "final values"}, final)
        more, sds = gains["exosome"] - gains["control"], (spreads["exosome"], spreads["control"])
        yield Row("effects", keys | {"compared": "changes"}, two_groups(more, sds, (size, n - size)))


def rank_effect() -> Iterator[Row]:
    """Cliff's delta as printed, and the probability of superiority that it is."""
    delta, low, high = (printed("amini2025", name) for name in ("delta", "delta.low", "delta.high"))
    # The printed limits lie evenly about the estimate on Fisher's scale, not on their own.
    se = (1 - delta**2) * (math.atanh(high) - math.atanh(low)) / (2 * float(stats.norm.ppf(0.975)))
    cliff = {"effect": delta, "ci_lower": low, "ci_upper": high, "se": se}
    yield Row("effects", {"study_id": "amini2025", "measure": "CLIFF"}, cliff)
    superior = {name: (1 + value) / 2 for name, value in cliff.items()} | {"se": se / 2}
    yield Row("effects", {"study_id": "amini2025", "measure": "CLES"}, superior)


def without_spread() -> Iterator[Row]:
    """Changes of means or of single people: after less before; no spread, so no interval."""
    changes = [("wan2025", f"fig{i}_stage", {"site": f"patient of figure {i}"}, 1) for i in range(1, 5)]
    changes += [("wan2025", end, {"site": f"patients {end} at baseline"}, 1) for end in ("lowest", "highest")]
    for case in "12":
        for site in ("first", "second"):
            keys = {"arm_id": f"case_{case}", "site": f"{site} of the printed pair"}
            changes.append(("lepekhova2025", f"case{case}_{site}", keys, 0.01))
    for study, name, keys, scale in changes:
        change = scale * (printed(study, f"{name}_after") - printed(study, f"{name}_before"))
        yield Row("effects", {"study_id": study} | keys, {"effect": change, "se": None})
    for name, concept, scale in (("density", "hair_density", 1), ("diameter", "hair_thickness", 1000)):
        for week in "36":
            before, after = (printed("preprint5252508", f"{name}_{time}") for time in ("before", week))
            keys = {"concept": concept, "timepoint_printed": f"{week} weeks post-intervention"}
            change = {"effect": scale * (after - before), "ci_lower": None}
            yield Row("effects", {"study_id": "preprint5252508"} | keys, change)


# Treated and placebo arm of each trial in men at 24 weeks; none prints an SD.
DUTASTERIDE = {
    "eun2010": ("eun2010.01", "eun2010.02"),
    "gubelinharcha2014": ("gubelinharcha2014.03", "gubelinharcha2014.04"),
    "olsen2006": ("olsen2006.03", "olsen2006.05"),
}
MINOXIDIL = {
    ("lucky2004.01", "lucky2004.03"): "minoxidil 2 %",
    ("lucky2004.02", "lucky2004.03"): "minoxidil 5 %",
    ("olsen2002.01", "olsen2002.03"): "minoxidil 2 %",
    ("olsen2002.02", "olsen2002.03"): "minoxidil 5 %",
    ("olsen2007.01", "olsen2007.02"): "minoxidil 5 %",
}

# Without an SD, at a time at which no other trial of the drug measures.
IMPUTED = {
    ("berger2003.01", "berger2003.02"): "minoxidil 5 %",
    ("stough_dutasteride.01", "stough_dutasteride.02"): "dutasteride 0.5 mg",
}


def placebo_difference(arms: tuple[str, str], sd: float | None = None) -> dict[str, float]:
    """Return the difference of the changes of a drug and of placebo; `sd` stands for SDs that are not printed."""
    (drug, placebo), (n, n_placebo) = ([arm(row, column) for row in arms] for column in ("change_mean", "n"))
    sds = (sd, sd) if sd else (arm(arms[0], "change_sd"), arm(arms[1], "change_sd"))
    return two_groups(drug - placebo, sds, (n, n_placebo))


def dutasteride(sd: float, without: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Return differences and their variances of the trials of dutasteride, with the SD imputed in both arms."""
    rows = [placebo_difference(arms, sd) for study, arms in DUTASTERIDE.items() if study != without]
    return np.array([row["effect"] for row in rows]), np.array([row["se"] ** 2 for row in rows])


def reml(y: np.ndarray, v: np.ndarray) -> float:
    """Return tau2 at the maximum of the restricted likelihood: the root of its derivative, or 0."""

    def slope(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = (w * y).sum() / w.sum()
        return float((w**2 * (y - mean) ** 2).sum() - w.sum() + (w**2).sum() / w.sum())

    return float(optimize.brentq(slope, 0, 1e5, xtol=1e-13)) if slope(0) > 0 else 0.0


def random_effects(y: np.ndarray, v: np.ndarray) -> dict[str, float]:
    """Return mean, Knapp-Hartung limits never narrower than normal ones, prediction interval, tau2 and I2."""
    df, tau2 = len(y) - 1, reml(y, v)
    w, fixed, t = 1 / (v + tau2), 1 / v, quantile(df)
    mean = float((w * y).sum() / w.sum())
    se = math.sqrt(max(1.0, (w * (y - mean) ** 2).sum() / df) / w.sum())
    reach = t * math.sqrt(tau2 + se**2)
    typical = df * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
    row = {"estimate": mean, "se": se, "ci_lower": mean - t * se, "ci_upper": mean + t * se}
    row |= {"pi_lower": mean - reach, "pi_upper": mean + reach, "pi_df": df}
    return row | {"tau2": tau2, "i2": 100 * tau2 / (tau2 + typical)}


def posterior(y: np.ndarray, v: np.ndarray, scale: float) -> dict[str, float]:
    """Return medians and equal-tailed limits with a flat mean and a half-normal tau, by quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(2000)
    most = 12 * scale

    def given(tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return density of tau (not scaled), and mean and variance of the overall effect given tau."""
        w = 1 / (v + tau[:, None] ** 2)
        mean = (w * y).sum(axis=1) / w.sum(axis=1)
        log = np.log(w).sum(axis=1) - np.log(w.sum(axis=1)) - (w * (y - mean[:, None]) ** 2).sum(axis=1)
        return np.exp(log / 2 - tau**2 / (2 * scale**2)), mean, 1 / w.sum(axis=1)

    def mass(upper: float) -> float:
        return float((weights * given((nodes + 1) / 2 * upper)[0]).sum() * upper / 2)

    tau = (nodes + 1) / 2 * most
    density, means, variances = given(tau)
    p = weights * density / (weights * density).sum()
    mean = float((p * means).sum())

    def at(probability: float, extra: np.ndarray | float = 0.0) -> float:
        """Return a quantile of the mean; with tau2 as `extra`, of the effect in a new study."""
        sds = np.sqrt(variances + extra)
        below = lambda x: (p * stats.norm.cdf(x, means, sds)).sum()  # noqa: E731
        return optimize.brentq(lambda x: below(x) - probability, mean - most, mean + most)

    low, high = (1 - parameter("level")) / 2, (1 + parameter("level")) / 2
    row = {"estimate": at(0.5), "se": math.sqrt((p * (variances + means**2)).sum() - mean**2)}
    row |= {"ci_lower": at(low), "ci_upper": at(high)}
    row |= {"pi_lower": at(low, tau**2), "pi_upper": at(high, tau**2)}
    return row | {"tau2": optimize.brentq(lambda x: mass(x) - mass(most) / 2, 0, most) ** 2}


def pools() -> Iterator[Row]:
    """Licensed drugs against placebo: single trials, the pool of dutasteride, each trial left out, the posterior."""
    sd = parameter("assumed_sd")
    label = [arm("propecialabel.01", name) for name in ("change_mean", "area_cm2", "n", "n_control")]
    finasteride = two_groups(label[0] / label[1], (sd, sd), (label[2], label[3]))
    keys = {"studies": "propecialabel", "scenario": "missing SDs imputed"}
    finasteride["estimate"] = finasteride.pop("effect")
    yield Row("pooled", keys, finasteride | {"participants": label[2] + label[3]})
    for arms, drug in {**MINOXIDIL, **IMPUTED}.items():
        keys = {"intervention": drug, "studies": arms[0].split(".")[0]}
        keys |= {"scenario": "missing SDs imputed" if arms in IMPUTED else "as printed"}
        row = placebo_difference(arms, sd if arms in IMPUTED else None)
        row["estimate"] = row.pop("effect")
        yield Row("pooled", keys, row | {"participants": sum(arm(name, "n") for name in arms)})
    y, v = dutasteride(sd)
    pool = random_effects(y, v)
    pool["participants"] = sum(arm(row, "n") for arms in DUTASTERIDE.values() for row in arms)
    models = {"random effects": pool, "Bayesian random effects": posterior(y, v, parameter("tau_prior"))}
    for model, row in models.items():
        yield Row("pooled", {"intervention": "dutasteride 0.5 mg", "model": model}, row)
    weights = 1 / (v + pool["tau2"])
    for study, effect, variance, weight in zip(DUTASTERIDE, y, v, weights / weights.sum(), strict=True):
        rest = random_effects(*dutasteride(sd, without=study))
        row = {f"left_out_{name}": rest[name] for name in ("estimate", "ci_lower", "ci_upper")}
        row |= {"effect": effect, "se": math.sqrt(variance), "weight": weight, "ci_method": "Welch's t"}
        own = placebo_difference(DUTASTERIDE[study], sd)
        row |= {name: own[name] for name in ("ci_lower", "ci_upper")}
        yield Row("pool_members", {"study_id": study}, row)


def specifications() -> Iterator[Row]:
    """The same pool under other SDs, and without one trial."""
    for sd in (threshold("sd_change"), parameter("assumed_sd"), threshold("sd_change", "value_high")):
        for without in ("", "olsen2006", "gubelinharcha2014"):
            pool = random_effects(*dutasteride(sd, without))
            keys = {"included": f"without {without}" if without else "all", "assumed_sd": sd}
            keys |= {"tau2_method": "REML", "ci_method": "Knapp-Hartung"}
            row = {name: pool[name] for name in ("estimate", "ci_lower", "ci_upper", "tau2")}
            yield Row("specifications", keys, row)


VOTES = {
    ("hair_density", ""): ("ersan2024", "lee2024", "park2022", "preprint5252508", "preprint6938290"),
    ("hair_density", ".radiofrequency microneedling in the exosome arm only"): ("koumprentziotis2025",),
    ("hair_thickness", ""): ("park2022", "preprint5252508", "preprint6938290"),
    ("investigator_global", ""): ("lee2024",),
}


def rises(study: str, concept: str) -> bool:
    """Return whether all that a study tells of an outcome goes up, in words or in means."""
    rows = [row for row in sheet(study)["results"] if row["concept"] == concept]
    means = [printed(study, row["mean"]) for row in rows if "mean" in row]
    words = {row.get("stated", "higher") for row in rows}
    return words == {"higher"} and all(mean > means[0] for mean in means[1:])


def votes() -> Iterator[Row]:
    """Studies in favour, exact sign test, and Clopper and Pearson's limits."""
    for (concept, background), studies in VOTES.items():
        n, up = len(studies), sum(rises(study, concept) for study in studies)
        exact = stats.binomtest(up, n, 0.5)
        ends = exact.proportion_ci(parameter("level"), method="exact")
        row = {"better": up, "worse": n - up, "p_value": exact.pvalue, "share": up / n}
        keys = {"vote_id": f"published.{concept}.uncontrolled_change{background}"}
        yield Row("votes", keys, row | {"share_lower": ends.low, "share_upper": ends.high})


def context() -> Iterator[Row]:
    """A change, less the drift of men under placebo at a like time, beside what is seen."""
    weeks, tolerance, drifts = 12 * WEEKS_A_MONTH, parameter("time_tolerance"), []
    for row in lines("comparators/established_treatments.csv").values():
        like = (row["treatment"], row["sex"], row["concept"]) == ("placebo", "male", "hair_density")
        if like and row["change_mean"] and abs(float(row["timepoint_weeks"]) - weeks) <= tolerance * weeks:
            drifts.append(float(row["change_mean"]))
    gain = wan_change()["effect"]
    left = {"left_low": gain - max(drifts), "left_high": gain - min(drifts), "control_arms": len(drifts)}
    left |= {"drift_low": min(drifts), "drift_high": max(drifts)}
    late = printed("preprint5252508", "density_6") - printed("preprint5252508", "density_before")
    for line, effect, more in (
        ("wan2025.hair_density.1", gain, left),
        ("preprint5252508.hair_density.2", late, {}),
    ):
        told = {"effect": effect, "visible_at": threshold("visible")}
        yield Row("context", {"line_id": line}, told | more)


def spread_of_sample(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the sample's SD as a share of the true one, and the weights for a mean over it."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    share = (nodes + 1) * 3
    return share, weights * 3 * stats.chi.pdf(share * math.sqrt(df), df) * math.sqrt(df)


def detectable(power: float, df: float, se: float) -> float:
    """Return the smallest difference that a two-sided test finds with this power: noncentral t, by quadrature."""
    t = quantile(df)
    share, weights = spread_of_sample(df)

    def reached(shift: float) -> float:
        return float(weights @ (stats.norm.sf(t * share - shift) + stats.norm.cdf(-t * share - shift)))

    return se * float(optimize.brentq(lambda shift: reached(shift) - power, 0.5, 20, xtol=1e-12))


def analysed(planned: float, groups: float = 1) -> int:
    """Return whole people of each group after the expected losses."""
    return math.floor(planned * (1 - parameter("expected_losses")) / groups + 1e-9)


def two_sites(n: int) -> tuple[float, float]:
    """Return degrees of freedom and standard error, in SDs, of a difference between two sites of the same people."""
    return n - 1, math.sqrt(2 * (1 - parameter("site_correlation")) / n)


def trials() -> Iterator[Row]:
    """People after losses, detectable differences, expected interval, and when results are due."""
    sd, listed = parameter("assumed_sd"), lines("trials.csv")
    n = analysed(printed("NCT06932393", "n_planned"))
    site, keys = two_sites(n), {"study_id": "NCT06932393"}
    sizes = {"n_exosome": n, "n_comparator": n, "se_expected": sd * site[1]}
    yield Row("ongoing_trials", keys, sizes | {"width_expected": 2 * quantile(n - 1) * sd * site[1]})
    powers = {"detectable_80_sds": detectable(0.8, *site), "detectable_80": sd * detectable(0.8, *site)}
    powers["detectable_80_high"] = threshold("sd_change", "value_high") * detectable(0.8, *site)
    smallest = arm("lanzafame2014.01", "change_sd") / arm("lanzafame2014.01", "area_cm2")
    powers["detectable_80_low"] = smallest * detectable(0.8, *site)
    yield Row("ongoing_trials", keys, powers | {"detectable_90": sd * detectable(0.9, *site)}, POWER)
    iranian = analysed(printed("IRCT20160427027636N8", "n_target"), printed("IRCT20160427027636N8", "groups"))
    other = analysed(float(listed["IRCT-76960"]["n_planned"]), float(listed["IRCT-76960"]["arms"]))
    for trial, size in (("IRCT20160427027636N8", iranian), ("IRCT-76960", other)):
        yield Row("ongoing_trials", {"study_id": trial}, {"n_exosome": size, "n_comparator": size})
        row = {"detectable_80_sds": detectable(0.8, 2 * size - 2, math.sqrt(2 / size))}
        yield Row("ongoing_trials", {"study_id": trial}, row, POWER)
    lahore = analysed(float(listed["NCT06239207"]["n_planned"]))
    one, two = lahore // 2, lahore - lahore // 2
    yield Row("ongoing_trials", {"study_id": "NCT06239207"}, {"n_exosome": one, "n_comparator": two})
    row = {"detectable_80_sds": detectable(0.8, lahore - 2, math.sqrt(1 / one + 1 / two))}
    yield Row("ongoing_trials", {"study_id": "NCT06239207"}, row, POWER)
    halves = two_sites(analysed(float(listed["NCT07248410"]["n_planned"])))
    row = {"detectable_80_sds": detectable(0.8, *halves)}
    yield Row("ongoing_trials", {"study_id": "NCT07248410"}, row, POWER)
    # The ends known to be the study's; an end of recruitment, or of what was not seen, makes no date.
    ends = {name: listed[name]["expected"].partition("-") for name in ("NCT06239207", "NCT07248410")}
    due = {name: f"{int(year) + 1}-{rest}" for name, (year, _, rest) in ends.items()}
    for trial in (*due, "NCT06932393", "IRCT20160427027636N8", "NCT07203599"):
        yield Row("ongoing_trials", {"study_id": trial}, {"results_due": due.get(trial)})
    for power in (0.8, 0.9):
        graded = detectable(power, 2 * iranian - 2, math.sqrt(2 / iranian))
        told = {f"IRCT20160427027636N8.primary-1.group_{group}-group_c": graded for group in "ab"}
        told["IRCT20160427027636N8.secondary-2.group_b-group_c"] = graded
        told["NCT06932393.primary-1.exosomes-saline"] = sd * detectable(power, *site)
        told["NCT06932393.primary-3.exosomes-saline"] = detectable(power, *site)
        told["NCT06932393.secondary-1-month-6.exosomes"] = sd * detectable(power, n - 1, n**-0.5)
        for name, value in told.items():
            keys = {"ongoing_id": f"{name}.{power}"}
            yield Row("ongoing_outcomes", keys, {"detectable_difference": value}, POWER)


def simulation() -> Iterator[Row]:
    """What one trial would show, by quadrature over tau and the SD found; within 4.5 errors of the project's 2000 tries."""
    n, draws, scale = analysed(printed("NCT06932393", "n_planned")), 2000, parameter("tau_prior")
    df, se = n - 1, two_sites(n)[1] * parameter("assumed_sd")
    share, of_share = spread_of_sample(df)
    half = quantile(df) * se * share
    nodes, weights = np.polynomial.legendre.leggauss(300)
    tau = (nodes + 1) * 4 * scale
    of_tau = weights * 4 * scale * stats.halfnorm.pdf(tau, scale=scale)
    seen = threshold("visible")
    width = 2 * float(of_share @ half)
    error = 4.5 * 2 * math.sqrt(of_share @ half**2 - (width / 2) ** 2) / math.sqrt(draws)
    for true in (0, 10, 20, 40):
        keys = {"simulation_id": f"NCT06932393.{true}"}
        yield Row("ongoing_simulation", keys, {"width_after": width}, error / width)
        above = {"shows_gain": true, "shows_visible": true - seen, "rules_out_visible": seen - true}
        for column, distance in above.items():
            z = (distance - half) / np.sqrt(tau[:, None] ** 2 + se**2)
            p = float(of_tau @ stats.norm.cdf(z) @ of_share)
            error_of_p = 4.5 * math.sqrt(p * (1 - p) / draws) + 1 / draws
            yield Row("ongoing_simulation", keys, {column: p}, error_of_p / p)


COUNTED = {
    "core.adverse_events": "chan2025 wan2025",
    "core.hair_density_relative": "chan2025",
    "core.noticed_improvement": "wan2025",
    "core.satisfaction": "wan2025",
    "core.anagen_share": "lepekhova2025",
    "published.hair_count": "amini2025",
    "published.hair_thickness": "imcas2025 koumprentziotis2025 park2022 preprint5252508 preprint6938290",  # wan2025 only claims it
    "published.investigator_global": "lee2024",
}

HARMS = "amini2025 chan2025 ersan2024 imcas2025 koumprentziotis2025 lee2024 park2022 preprint5252508 preprint6938290 wan2025"


def summary() -> Iterator[Row]:
    """The summary of findings: the effect shown, and the people and studies of that effect."""
    shown = {name: value for name, value in wan_change().items() if name != "se"}
    shown |= {"studies": 1, "participants": people("wan2025"), "timepoint_weeks": 12 * WEEKS_A_MONTH}
    others = sum(len(studies) for (concept, _), studies in VOTES.items() if concept == "hair_density")
    claimed = 1  # lepekhova2025 tells of density in words alone
    for tier, n in (("core", claimed), ("published", others + claimed)):
        yield Row("summary_of_findings", {"summary_id": f"{tier}.hair_density"}, shown | {"other_studies": n})
    for name, studies in COUNTED.items():
        row = {"participants": sum(map(people, studies.split())), "studies": len(studies.split())}
        yield Row("summary_of_findings", {"summary_id": name}, row)
    # Of harms in the placebo arm of amini2025 nothing is told.
    told = sum(map(people, HARMS.split())) - printed("amini2025", "n_arm")
    row = {"participants": told, "studies": len(HARMS.split())}
    yield Row("summary_of_findings", {"summary_id": "published.adverse_events"}, row)
    for name, concept in (("noticed", "noticed_improvement"), ("satisfied", "satisfaction")):
        share = {"effect": printed("wan2025", name) / 100, "ci_lower": None, "ci_upper": None}
        yield Row("summary_of_findings", {"summary_id": f"core.{concept}"}, share)
