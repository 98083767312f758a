"""Faults planted in values, in what text and tables say, and in statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from planted_faults import ANY, change, kind, number
from scipy import stats
from simulated_papers import Paper


# Values that cannot be (4.3, 4.7, 4.8).
@kind("sd_outside_range", "4.3", design=ANY, style="extremes")
def _sd_range(paper: Paper) -> Any:
    low, high = number(paper, "exosome_before_low"), number(paper, "exosome_before_high")
    change(paper, "exosome_before_sd", (high - low) * 0.9)
    return ["exosome_before_sd"], "an SD is at most about half of the range"


@kind("se_as_sd_in_range", "4.3", design="parallel", style="extremes", outcome="hair_density", lost=False,
      readings=2, decimals=1, size=30)  # fmt: skip
def _se_range(paper: Paper) -> Any:
    group = paper.people[0].before
    least = (group.max() - group.min()) / (2 * (len(group) - 1)) ** 0.5
    value = group.std(ddof=1) / len(group) ** 0.5 * (0.01 if paper.habits.per_mm2 else 1)
    if value > 0.6 * least * (0.01 if paper.habits.per_mm2 else 1):
        return None
    change(paper, "exosome_before_sd", value)
    return ["exosome_before_sd"], "called an SD, and smaller than any SD with these extremes: it is the SE"


@kind("se_as_sd_by_test", "4.9", design="single_arm", style="change", within="paired t test", named=True,
      p_form="exact", lost=False, outcome="hair_density", per_mm2=False, decimals=2, size=30)  # fmt: skip
def _se_test(paper: Paper) -> Any:
    group = paper.people[0].change
    sd, n = group.std(ddof=1), len(group)
    scaled = 0.8 * sd / n**0.5  # a small change: t is 0.8 with the SD, and 4.4 with the SE in its place
    value = 2 * stats.t.sf(0.8, n - 1)
    change(paper, "exosome_change_mean", scaled)
    change(paper, "exosome_change_sd", sd / n**0.5)
    paper.figures.pop("change_again", None)
    paper.lines = [line for line in paper.lines if "{change_again}" not in line[1]]
    paper.figures["p_exosome"] |= {"printed": f"{value:.3f}", "value": round(value, 3)}
    return [
        "exosome_change_sd",
        "p_exosome",
    ], "by the SD printed the paired t test gives p < 0.001; it is the SE"


@kind("mean_outside_scale", "4.7", design=ANY, scale=(1, 5))
def _mean_scale(paper: Paper) -> Any:
    return [change(paper, "exosome_rating", 5.6 + paper.rng.random(), 2)], "a mean above the top of the scale"


@kind("mean_of_steps_impossible", "4.8", design=ANY, scale=(1, 5), lost=False, size=14)
def _grim(paper: Paper) -> Any:
    n, mean = len(paper.people[0].rating), paper.people[0].rating.mean()
    if n > 30:
        return None
    change(paper, "exosome_rating", (np.floor(mean * n) + 0.5) / n, 2)
    return ["exosome_rating"], f"half way between two means that {n} whole ratings can have"


@kind("sd_of_steps_impossible", "4.8", design=ANY, scale=(1, 5), lost=False, size=9)
def _grimmer(paper: Paper) -> Any:
    rating = paper.people[0].rating
    n, total = len(rating), rating.sum()
    squares = np.arange(total, 5 * total + 1)
    spread = np.sqrt(np.maximum(squares - total**2 / n, 0) / (n - 1))
    able = spread[(squares - total) % 2 == 0]
    for value in np.arange(0.5, 1.5, 0.01):
        if np.abs(able - value).min() > 0.011:
            return [
                change(paper, "exosome_rating_sd", value, 2)
            ], f"no {n} whole ratings with this mean have this SD"
    return None


@kind("sd_of_steps_too_large", "4.8", design=ANY, scale=(1, 5), lost=False)
def _sd_scale(paper: Paper) -> Any:
    rating = paper.people[0].rating
    n, mean = len(rating), rating.mean()
    most = ((5 - mean) * (mean - 1) * n / (n - 1)) ** 0.5
    return [
        change(paper, "exosome_rating_sd", most * 1.15 + 0.1, 2)
    ], "larger than with everybody at an end of the scale"


@kind("sd_of_yes_and_no", "4.8", design=ANY, shares="count", lost=False, size=30)
def _debit(paper: Paper) -> Any:
    mean, end = float(np.mean(paper.people[0].better)), paper.end
    if not 0.3 < mean < 0.7:
        return None
    of = {"concept": "noticed_improvement", "arm": "exosome", "time": end, "unit": "proportion"}
    paper.figure("yes_mean", f"{mean:.2f}", "mean", **of)
    paper.figure("yes_sd", "0.25", "sd", **of)
    paper.say(
        "Results", "Scored no 0 and yes 1, the mean of regrowth was {yes_mean} (SD {yes_sd}) with exosomes."
    )
    paper.result("exosome", "noticed_improvement", end, "level", n="n_exosome", mean="yes_mean", sd="yes_sd",
                 note="scored 0 for no and 1 for yes")  # fmt: skip
    return ["yes_mean", "yes_sd"], "a mean between 0.3 and 0.7 of zeros and ones has an SD of at least 0.45"


@kind("age_mean_outside_range", "4.3", design=ANY, ages=True)
def _age_mean(paper: Paper) -> Any:
    value = paper.figures["ages"]["high"] + 3
    paper.figures["age_mean"] |= {"printed": f"{value:.1f} ± 4.1 years", "value": value, "sd": 4.1}
    return ["age_mean", "ages"], "the mean age is above the oldest person's"


@kind("baseline_sd_impossible", "4.3", design=ANY, ages=True)
def _age_sd(paper: Paper) -> Any:
    value = round((paper.figures["ages"]["high"] - paper.figures["ages"]["low"]) * 0.8, 1)
    mean = paper.figures["age_mean"]["value"]
    paper.figures["age_mean"] |= {"printed": f"{mean} ± {value} years", "sd": value}
    return ["age_mean", "ages"], "the SD of age is larger than the range allows"


@kind("density_beyond_nature", "4.7", design=ANY, style="levels", with_change=False, outcome="hair_density",
      per_mm2=False, between=None, percent_change=False)  # fmt: skip
def _nature(paper: Paper) -> Any:
    value = 3000 + 500 * paper.rng.random()
    return [change(paper, "exosome_after_mean", value)], "3,000 hairs on a square centimetre of scalp"


@kind("level_below_zero", "4.7", design=ANY, style="extremes", outcome="hair_density", with_change=False,
      per_mm2=False)  # fmt: skip
def _below(paper: Paper) -> Any:
    return [change(paper, "exosome_before_low", -20)], "fewer than no hairs"


# Text and tables, within one report (4.4, 4.10).
@kind("change_is_not_difference", "4.4", design=ANY, style="levels", with_change=True, lost=False, twice=False,
      outcome="hair_density", per_mm2=False, within=None, between=None)  # fmt: skip
def _difference(paper: Paper) -> Any:
    touched = ["exosome_change_mean", "exosome_before_mean", "exosome_after_mean"]
    change(paper, touched[0], number(paper, touched[0]) + 15)
    return touched, "nobody was lost, and the mean change is 15 more than the difference of the means"


@kind("printed_otherwise_elsewhere", "4.4", design=ANY, style="change", lost=False, twice=True, per_mm2=False)
def _twice(paper: Paper) -> Any:
    change(paper, "change_again", number(paper, "change_again") + 12)
    return ["change_again", "exosome_change_mean"], "the abstract and the results differ by 12"


@kind("size_otherwise_elsewhere", "4.4", design="single_arm", lost=False, screened=False)
def _size_twice(paper: Paper) -> Any:
    value = number(paper, "enrolled") + 7
    paper.figure("enrolled_again", f"{value:.0f}", "n", "sample_size", "design", unit="participants")
    paper.lines.insert(0, ("Abstract", "{enrolled_again} people took part."))
    return ["enrolled_again", "enrolled"], "the abstract and the results count people differently by seven"


@kind("median_outside_quartiles", "4.10", design=ANY, style="quartiles", per_mm2=False)
def _median(paper: Paper) -> Any:
    low, high = number(paper, "exosome_before_low"), number(paper, "exosome_before_high")
    value = high + max(6.0, high - low)
    digits = paper.habits.decimals
    token = f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
    paper.figures["exosome_before_median"] |= {
        "printed": token,
        "value": float(f"{value:.{digits}f}"),
        "low": low,
        "high": high,
    }
    row = next(row for row in paper.results if row.get("median") == "exosome_before_median")
    row |= {"q1": "exosome_before_median.low", "q3": "exosome_before_median.high"}
    return ["exosome_before_median"], "the median lies above the upper quartile"


@kind("follow_up_beyond_end", "4.10", design=[*ANY, "registration"], dates=True)
def _beyond(paper: Paper) -> Any:
    start = paper.figures["recruitment_start"]["printed"]
    paper.figures["study_end"]["printed"] = start[:8] + f"{min(int(start[8:]) + 4, 28):02d}"
    if paper.figures["study_end"]["printed"] < start:
        return None
    return ["study_end", "recruitment_start", "last_visit"], "seen after 24 weeks in a study that lasted days"


@kind("sessions_beyond_treatment", "4.10", design="parallel")
def _sessions(paper: Paper) -> Any:
    paper.figures["sessions_exosome"] |= {"printed": "6 sessions", "value": 6.0}
    paper.figure("course", "6 weeks", "duration", "treatment_duration", "design", arm="exosome", unit="weeks")
    paper.say("Methods", "Exosomes were given over {course} in all.")
    return [
        "sessions_exosome",
        "interval_exosome",
        "course",
    ], "six sessions four weeks apart take twenty weeks, not six"


@kind("masking_contradicted", "4.10", design="parallel")
def _masking(paper: Paper) -> Any:
    paper.state("masked", "assessor_masking", "blinded", "assessors did not know the group")
    paper.state("open", "assessor_masking", "none", "assessors knew the group")
    return ["!masked", "!open"], "assessors who knew the group and did not"


@kind("group_count", "4.10", design="parallel", arms=2)
def _groups(paper: Paper) -> Any:
    paper.figure("groups_text", "two groups", "count", "group_count", "design", value=2, unit="groups")
    paper.figure("groups_flow", "four groups", "count", "group_count", "design", value=4, unit="groups")
    paper.say("Methods", "People were randomised to {groups_text}.")
    paper.say("Results", "We randomised to {groups_flow}.")
    return ["groups_text", "groups_flow"], "two groups in one place, four in another"


# Statistics (4.9).
TEST = {"design": "parallel", "arms": 2, "style": "change", "lost": False, "named": True, "p_form": "exact",
        "per_mm2": False, "outcome": "hair_density", "decimals": 2, "rounding": "half up"}  # fmt: skip


@kind("p_between_impossible", "4.9", **TEST, between="Welch's t test", contrast=False)
def _p_between(paper: Paper) -> Any:
    one, two = (group.change for group in paper.people)
    true = stats.ttest_ind(one, two, equal_var=False).pvalue
    value = 0.6 if true < 0.05 else 0.001 if true > 0.1 else None
    if value is None:
        return None
    change(paper, "p_exosome_saline", value, 3)
    return ["p_exosome_saline"], f"an unadjusted Welch's t test of the changes printed gives {true:.2g}"


@kind("p_within_impossible", "4.9", **TEST, within="paired t test")
def _p_within(paper: Paper) -> Any:
    true = stats.ttest_1samp(paper.people[0].change, 0).pvalue
    value = 0.48 if true < 0.02 else 0.0005 if true > 0.1 else None
    if value is None:
        return None
    change(paper, "p_exosome", value, 4)
    return ["p_exosome"], f"a paired t test of the change and SD printed gives {true:.2g}"


@kind("p_counts_impossible", "4.9", design="parallel", arms=2, shares="count and percent", lost=False, named=True,
      p_form="exact", contrast=True)  # fmt: skip
def _p_counts(paper: Paper) -> Any:
    counts = [int(group.better.sum()) for group in paper.people]
    table = [counts, [len(group.better) - count for group, count in zip(paper.people, counts, strict=True)]]
    true = stats.fisher_exact(table).pvalue
    value = 0.7 if true < 0.05 else 0.001 if true > 0.15 else None
    if value is None or "p_shares" not in paper.figures:
        return None
    change(paper, "p_shares", value, 3)
    return ["p_shares"], f"Fisher's exact test gives {true:.2g}, and no test of these counts the p printed"


@kind("interval_against_p", "4.9", **TEST, between="Welch's t test", contrast=True)
def _interval(paper: Paper) -> Any:
    low, high = number(paper, "ci_lower_saline"), number(paper, "ci_upper_saline")
    width = high - low
    if min(abs(low), abs(high)) < 0.12 * width:
        return None
    change(paper, "p_exosome_saline", 0.45 if low * high > 0 else 0.001, 3)
    return [
        "p_exosome_saline",
        "ci_lower_saline",
    ], "a 95 % interval and the p of the same test lie on two sides of 0.05"


@kind("effect_outside_interval", "4.9", **TEST, between="Welch's t test", contrast=True)
def _outside(paper: Paper) -> Any:
    low, high = number(paper, "ci_lower_saline"), number(paper, "ci_upper_saline")
    change(paper, "effect_saline", high + 0.5 * (high - low))
    return ["effect_saline", "ci_upper_saline"], "the estimate lies above its own interval"


@kind("difference_is_not_of_means", "4.9", **TEST, between="Welch's t test", contrast=True)
def _not_of_means(paper: Paper) -> Any:
    for name in ("effect_saline", "ci_lower_saline", "ci_upper_saline"):
        change(paper, name, number(paper, name) + 14)
    paper.contrasts[-1].pop("p_value", None)
    return [
        "effect_saline",
        "exosome_change_mean",
    ], "an unadjusted difference of means is 14 off the means printed"


@kind("limits_not_of_se", "4.9", design="single_arm", style="interval", lost=False, per_mm2=False,
      outcome="hair_density")  # fmt: skip
def _limits(paper: Paper) -> Any:
    low, high = number(paper, "exosome_change_low"), number(paper, "exosome_change_high")
    paper.figure(
        "change_se",
        f"{(high - low):.2f}",
        "other",
        "hair_density",
        arm="exosome",
        unit="hairs/cm2",
        time=paper.end,
    )
    paper.say("Results", "The standard error of the change was {change_se}.")
    next(row for row in paper.results if row["kind"] == "change")["se"] = "change_se"
    return [
        "change_se"
    ], "a 95 % interval four standard errors wide is printed with an SE as wide as the interval"


@kind("statistic_against_p", "4.9", **TEST, between="Student's t test", contrast=False)
def _statistic(paper: Paper) -> Any:
    free = sum(len(group.change) for group in paper.people) - 2
    found = stats.ttest_ind(*(group.change for group in paper.people))
    if found.pvalue > 0.01:
        return None
    token = f"t({free}) = {found.statistic:.2f}, p = 0.340"
    paper.figures["p_exosome_saline"] |= {"printed": token, "value": 0.34}
    return ["p_exosome_saline"], f"that statistic gives p = {found.pvalue:.2g}"


@kind("case_percent_not_of_values", "4.4", design=["report", "series"], percent_change=True)
def _case_percent(paper: Paper) -> Any:
    value = 100 * (number(paper, "case1_after") / number(paper, "case1_before") - 1) + 25
    paper.figures["case1_percent"] |= {"printed": f"{value:.0f}%", "value": float(f"{value:.0f}")}
    return [
        "case1_percent",
        "case1_before",
        "case1_after",
    ], "25 points more than the two counts of one person give"
