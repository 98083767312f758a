"""Faults planted in simulated studies, one a study: each cannot be under any honest reading, by a margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from simulated_studies import Fault, Paper, SimulatedStudy, end_of, simulate

Row = dict[str, Any]
Plant = Callable[[Paper], tuple[list[str], str] | None]


@dataclass(frozen=True)
class Kind:
    """A kind of fault: the check it belongs to, the habits it needs, and how it is planted.

    A plant returns what it touched (figures; after `!` statements; after `@` outcomes) and why that cannot be;
    None where this study has no room for the fault.
    """

    name: str
    check: str
    wants: Row
    plant: Plant


KINDS: dict[str, Kind] = {}


def kind(name: str, check: str, **wants: Any) -> Callable[[Plant], Plant]:
    """Register a plant under a name."""

    def register(plant: Plant) -> Plant:
        KINDS[name] = Kind(name, check, wants, plant)
        return plant

    return register


def planted(name: str, study_id: str, seed: list[int]) -> tuple[SimulatedStudy, SimulatedStudy] | None:
    """Return a study with a fault of a kind, and its honest twin; None where there was no room for it."""
    chosen = KINDS[name]
    papers = []
    for fault in (True, False):
        paper = simulate(study_id, np.random.default_rng(seed), **chosen.wants)
        paper.tags.append(name)
        found = chosen.plant(paper) if fault else None
        if fault and found is None:
            return None
        told = None
        if found:
            touched, why = found
            marked = {mark: [item[1:] for item in touched if item[0] == mark] for mark in "!@"}
            figures = [item for item in touched if item[0] not in marked]
            told = Fault(name, chosen.check, figures, why, marked["!"], marked["@"])
        papers.append(paper.finish(told))
    return papers[0], papers[1]


def change(paper: Paper, name: str, value: float, decimals: int | None = None) -> str:
    """Print another number in a figure."""
    figure = paper.figures[name]
    decimals = len(str(figure["printed"]).partition(".")[2]) if decimals is None else decimals
    figure["printed"] = f"{value:.{decimals}f}"
    figure["value"] = float(figure["printed"])
    return name


def number(paper: Paper, name: str) -> float:
    """Return the number of a figure."""
    return float(paper.figures[name]["value"])


# Numbers of people (4.6), losses (4.5), allocation (4.2), eligibility (4.1), recruitment (2.4).
@kind("percent_impossible", "4.6", design="parallel", shares="percent and n", lost=False, size=16)
def _percent(paper: Paper) -> Any:
    n = len(paper.people[0].before)
    free = [k for k in range(20, 95) if min(abs(k - 100 * c / n) for c in range(n + 1)) > 1.6]
    if not free:
        return None
    token = paper.rng.choice(free)
    paper.figures["exosome_share"] |= {"printed": f"{token}%", "value": float(token)}
    return ["exosome_share"], f"no count of {n} people is within 1.6 points of {token} %"


@kind("count_against_percent", "4.6", design="parallel", shares="count and percent")
def _count_percent(paper: Paper) -> Any:
    share = number(paper, "exosome_share")
    token = round(share - 11 if share > 50 else share + 11)
    paper.figures["exosome_share"] |= {"printed": f"{token}%", "value": float(token)}
    return [
        "exosome_better",
        "exosome_share",
    ], "count and percentage differ by eleven points with the n printed"


@kind("arms_below_total", "4.6", design="parallel", lost=False, screened=False, block=None)
def _arms_total(paper: Paper) -> Any:
    change(paper, "enrolled", number(paper, "enrolled") + 4, 0)
    change(paper, "planned", number(paper, "planned") + 6, 0)
    paper.say("Results", "Everybody who took part was randomised, and everybody was analysed.")
    return ["enrolled", "n_exosome", "n_saline"], "all were randomised, and the arms are four people fewer"


@kind("arms_above_total", "4.6", design="parallel", lost=False, block=None)
def _arms_over(paper: Paper) -> Any:
    change(paper, "enrolled", number(paper, "enrolled") - 3, 0)
    return ["enrolled", "n_exosome", "n_saline"], "the arms hold three people more than took part"


@kind("analysed_above_enrolled", "4.6", design="parallel", lost=True)
def _analysed(paper: Paper) -> Any:
    change(paper, "analysed", number(paper, "enrolled") + 3, 0)
    return ["analysed", "enrolled"], "more people were analysed than took part"


@kind("arm_seen_above_allocated", "4.6", design="parallel", lost=True)
def _arm_seen(paper: Paper) -> Any:
    change(paper, "seen_exosome", number(paper, "n_exosome") + 3, 0)
    return ["seen_exosome", "n_exosome"], "more people were seen at the end than allocated to the arm"


@kind("events_above_people", "4.6", design="parallel", events="people")
def _events(paper: Paper) -> Any:
    n = int(number(paper, "n_exosome"))
    paper.figures["exosome_red"] |= {"printed": f"{n + 3} people", "value": float(n + 3)}
    next(row for row in paper.events if row["arm"] == "exosome").pop("n")
    return ["exosome_red", "n_exosome"], "more people with the event than people in the arm"


@kind("losses_do_not_add", "4.5", design="parallel", lost=True)
def _losses(paper: Paper) -> Any:
    if number(paper, "left") < 1:
        return None
    change(paper, "left", number(paper, "left") + 4, 0)
    return ["left", "enrolled", "analysed"], "those lost and those analysed are four more than took part"


@kind("more_lost_than_enrolled", "4.5", design="parallel", lost=True)
def _all_lost(paper: Paper) -> Any:
    change(paper, "left", number(paper, "enrolled") + 5, 0)
    return ["left", "enrolled"], "more people were lost than took part"


@kind("sizes_against_blocks", "4.2", design="parallel", arms=2, block=4, lost=False, size=24)
def _blocks(paper: Paper) -> Any:
    one, two = number(paper, "n_exosome"), number(paper, "n_saline")
    change(paper, "n_exosome", one + 6, 0)
    change(paper, "n_saline", two - 6, 0)
    for row in paper.results:  # nothing else may contradict: the sizes stand alone
        row.pop("n", None)
    return [
        "n_exosome",
        "n_saline",
        "block",
    ], "blocks of four, 1:1, one centre: arms differ by two people at most"


@kind("ages_outside_eligibility", "4.1", design="parallel", ages=True)
def _ages(paper: Paper) -> Any:
    paper.figures["ages"] |= {"printed": "15-66 years", "low": 15.0, "high": 66.0}
    return ["ages", "eligible"], "people of 15 and 66 years where 18 to 60 could take part"


@kind("woman_among_men", "4.1", design="parallel")
def _sex(paper: Paper) -> Any:
    paper.study["sex"] = "male"
    paper.say("Methods", "Only men could take part.")
    paper.figure("women", "7 women", "count", "baseline_characteristic", unit="participants")
    paper.say("Results", "There were {women}.")
    return ["women"], "seven women in a study of men"


@kind("recruited_too_fast", "2.4", design="parallel", dates=True, size=58)
def _fast(paper: Paper) -> Any:
    paper.figures.pop("study_end")
    paper.lines = [line for line in paper.lines if "{study_end}" not in line[1]]
    start = paper.figures["recruitment_start"]["printed"]
    paper.figure("recruitment_end", start, "date", "recruitment_end", "design", blank=True)
    paper.say("Methods", "In one centre recruitment ended on {recruitment_end}.")
    paper.study["ends_on"] = "recruitment_end"
    return [
        "recruitment_start",
        "recruitment_end",
        "enrolled",
    ], "more than a hundred people on one day at one centre"


# Registration, ethics, plan (2.1 to 2.3), publications (4.11), copies (3.1).
@kind("ethics_after_start", "2.1", design="parallel", dates=True)
def _ethics(paper: Paper) -> Any:
    paper.figures["ethics_date"]["printed"] = paper.figures["study_end"]["printed"]
    return ["ethics_date", "recruitment_start"], "ethical approval at the end of the study"


@kind("consent_contradicted", "2.1", design="single_arm")
def _consent(paper: Paper) -> Any:
    paper.state("consent_no", "consent", "not required", "consent was not required")
    paper.state("consent_yes", "consent", "required", "everybody gave written consent")
    return ["!consent_no", "!consent_yes"], "consent called for and not called for"


@kind("registered_after_end", "2.2", design="parallel", dates=True)
def _registered(paper: Paper) -> Any:
    end = paper.figures["study_end"]["printed"]
    paper.figures["registration_date"]["printed"] = f"{int(end[:4]) + 1}{end[4:]}".replace("02-29", "02-28")
    return ["registration_date", "study_end"], "registered a year after the study ended"


@kind("another_primary_outcome", "2.3", design="parallel", outcome="hair_density")
def _primary(paper: Paper) -> Any:
    paper.state("main_else", "primary_outcome", "satisfaction", "the primary outcome was satisfaction")
    return ["!main", "!main_else"], "two outcomes are each called the primary one"


@kind("announced_not_reported", "2.3", design="parallel")
def _announced(paper: Paper) -> Any:
    paper.outcomes.append(
        {"outcome_id": "anagen", "concept": "anagen_share", "priority": "primary", "timepoint": "24 weeks"}
    )
    paper.state(
        "anagen_planned",
        "claim",
        "to be measured",
        "the share of growing hair was measured",
        about="anagen_share",
    )
    return [
        "!anagen_planned",
        "@anagen_share",
    ], "an outcome measured by the full text is reported nowhere (outcome anagen_share)"


@kind("publications_differ", "4.11", design="parallel", lost=False)
def _publications(paper: Paper) -> Any:
    n = number(paper, "enrolled") + 9
    paper.figure("enrolled_abstract", f"{n:.0f}", "n", "sample_size", "design", unit="participants",
                 source="congress-abstract", note="In the conference abstract of the same study, after its end.")  # fmt: skip
    paper.say("Conference abstract of this study", "{enrolled_abstract} people took part.")
    return ["enrolled", "enrolled_abstract"], "two publications of one study count nine people more or fewer"


@kind("same_arms", "3.1", design="parallel", arms=2, style="levels", with_change=False, between=None, decimals=2,
      outcome="hair_thickness", lost=False, percent_change=False)  # fmt: skip
def _same(paper: Paper) -> Any:
    parts = ("before_mean", "before_sd", "after_mean", "after_sd")
    for part in parts:
        change(paper, f"saline_{part}", number(paper, f"exosome_{part}"))
    return [
        f"{arm}_{part}" for arm in ("exosome", "saline") for part in parts
    ], "four figures with two decimals agree between two arms"


@kind("same_rows", "3.1", design="parallel", style="levels", with_change=False, decimals=2, outcome="hair_thickness",
      between=None, within=None, scale=(1, 5))  # fmt: skip
def _rows(paper: Paper) -> Any:
    touched = []
    for group in paper.people:
        for part, other in (("mean", ""), ("sd", "_sd")):
            value = number(paper, f"{group.arm}_rating{other}")
            touched += [change(paper, f"{group.arm}_after_{part}", value), f"{group.arm}_rating{other}"]
    return touched, "a row of hair thickness is a copy of the row of ratings: hair of 3 micrometres"


# Values that cannot be (4.3, 4.7, 4.8).
@kind("sd_outside_range", "4.3", design="parallel", style="extremes")
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


@kind("mean_outside_scale", "4.7", design="parallel", scale=(1, 5))
def _mean_scale(paper: Paper) -> Any:
    return [change(paper, "exosome_rating", 5.6 + paper.rng.random(), 2)], "a mean above the top of the scale"


@kind("mean_of_steps_impossible", "4.8", design="parallel", scale=(1, 5), lost=False, size=14)
def _grim(paper: Paper) -> Any:
    n, mean = len(paper.people[0].rating), paper.people[0].rating.mean()
    if n > 30:
        return None
    change(paper, "exosome_rating", (np.floor(mean * n) + 0.5) / n, 2)
    return ["exosome_rating"], f"half way between two means that {n} whole ratings can have"


@kind("sd_of_steps_impossible", "4.8", design="parallel", scale=(1, 5), lost=False, size=9)
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


@kind("sd_of_steps_too_large", "4.8", design="parallel", scale=(1, 5), lost=False)
def _sd_scale(paper: Paper) -> Any:
    rating = paper.people[0].rating
    n, mean = len(rating), rating.mean()
    most = ((5 - mean) * (mean - 1) * n / (n - 1)) ** 0.5
    return [
        change(paper, "exosome_rating_sd", most * 1.15 + 0.1, 2)
    ], "larger than with everybody at an end of the scale"


@kind("sd_of_yes_and_no", "4.8", design="parallel", shares="count", lost=False, size=30)
def _debit(paper: Paper) -> Any:
    mean, end = float(np.mean(paper.people[0].better)), end_of(paper)
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


@kind("age_mean_outside_range", "4.3", design="parallel", ages=True)
def _age_mean(paper: Paper) -> Any:
    value = paper.figures["ages"]["high"] + 3
    paper.figures["age_mean"] |= {"printed": f"{value:.1f} ± 4.1 years", "value": value, "sd": 4.1}
    return ["age_mean", "ages"], "the mean age is above the oldest person's"


@kind("baseline_sd_impossible", "4.3", design="parallel", ages=True)
def _age_sd(paper: Paper) -> Any:
    value = round((paper.figures["ages"]["high"] - paper.figures["ages"]["low"]) * 0.8, 1)
    mean = paper.figures["age_mean"]["value"]
    paper.figures["age_mean"] |= {"printed": f"{mean} ± {value} years", "sd": value}
    return ["age_mean", "ages"], "the SD of age is larger than the range allows"


@kind("density_beyond_nature", "4.7", design="parallel", style="levels", with_change=False, outcome="hair_density",
      per_mm2=False, between=None, percent_change=False)  # fmt: skip
def _nature(paper: Paper) -> Any:
    value = 3000 + 500 * paper.rng.random()
    return [change(paper, "exosome_after_mean", value)], "3,000 hairs on a square centimetre of scalp"


@kind("level_below_zero", "4.7", design="parallel", style="extremes", outcome="hair_density", with_change=False,
      per_mm2=False)  # fmt: skip
def _below(paper: Paper) -> Any:
    return [change(paper, "exosome_before_low", -20)], "fewer than no hairs"


# Text and tables, within one report (4.4, 4.10).
@kind("change_is_not_difference", "4.4", design="parallel", style="levels", with_change=True, lost=False, twice=False,
      outcome="hair_density", per_mm2=False, within=None, between=None)  # fmt: skip
def _difference(paper: Paper) -> Any:
    touched = ["exosome_change_mean", "exosome_before_mean", "exosome_after_mean"]
    change(paper, touched[0], number(paper, touched[0]) + 15)
    return touched, "nobody was lost, and the mean change is 15 more than the difference of the means"


@kind(
    "printed_otherwise_elsewhere",
    "4.4",
    design="parallel",
    style="change",
    lost=False,
    twice=True,
    per_mm2=False,
)
def _twice(paper: Paper) -> Any:
    change(paper, "change_again", number(paper, "change_again") + 12)
    return ["change_again", "exosome_change_mean"], "the abstract and the results differ by 12"


@kind("size_otherwise_elsewhere", "4.4", design="single_arm", lost=False, screened=False)
def _size_twice(paper: Paper) -> Any:
    value = number(paper, "enrolled") + 7
    paper.figure("enrolled_again", f"{value:.0f}", "n", "sample_size", "design", unit="participants")
    paper.lines.insert(0, ("Abstract", "{enrolled_again} people took part."))
    return ["enrolled_again", "enrolled"], "the abstract and the results count people differently by seven"


@kind("median_outside_quartiles", "4.10", design="parallel", style="quartiles", per_mm2=False)
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


@kind("follow_up_beyond_end", "4.10", design="parallel", dates=True)
def _beyond(paper: Paper) -> Any:
    start = paper.figures["recruitment_start"]["printed"]
    paper.figures["study_end"]["printed"] = start[:8] + f"{min(int(start[8:]) + 4, 28):02d}"
    if paper.figures["study_end"]["printed"] < start:
        return None
    return ["study_end", "recruitment_start", "last_visit"], "seen after 24 weeks in a study that lasted days"


@kind("sessions_beyond_treatment", "4.10", design="parallel")
def _sessions(paper: Paper) -> Any:
    paper.figure("sessions", "6 sessions", "count", "sessions", "design", arm="exosome", unit="sessions")
    paper.figure("interval", "4 weeks", "duration", "session_interval", "design", arm="exosome", unit="weeks")
    paper.figure("course", "6 weeks", "duration", "treatment_duration", "design", arm="exosome", unit="weeks")
    paper.say("Methods", "Everybody had {sessions}, each {interval} after the last, over {course} in all.")
    paper.arms[0] |= {"sessions": "sessions", "interval": "interval"}
    return ["sessions", "interval", "course"], "six sessions four weeks apart take twenty weeks, not six"


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
        time=end_of(paper),
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
