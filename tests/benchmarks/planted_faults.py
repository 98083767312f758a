"""Faults planted in simulated studies, one a study: each cannot be under any honest reading, by a margin.

Here those of people, plan and registration; `planted_values` has those of values, text and statistics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from simulated_papers import Fault, Paper, SimulatedStudy
from simulated_studies import simulate

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


ANY = ["parallel", "within_person", "crossover", "single_arm"]  # designs of studies of several people
KINDS: dict[str, Kind] = {}
# Of these the faults are none, or not by the margin that they tell: who is lost may be analysed all the same.
PLAIN: Row = {"carried": False, "least_squares": False, "uneven": False, "rounding": ["half up", "half even"]}


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
        paper = simulate(study_id, np.random.default_rng(seed), **PLAIN | chosen.wants)
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
@kind("percent_impossible", "4.6", design=ANY, shares="percent and n", lost=False, size=16)
def _percent(paper: Paper) -> Any:
    n = len(paper.people[0].before)
    free = [k for k in range(20, 95) if min(abs(k - 100 * c / n) for c in range(n + 1)) > 1.6]
    if not free:
        return None
    token = paper.rng.choice(free)
    paper.figures["exosome_share"] |= {"printed": f"{token}%", "value": float(token)}
    return ["exosome_share"], f"no count of {n} people is within 1.6 points of {token} %"


@kind("count_against_percent", "4.6", design=ANY, shares="count and percent")
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
    paper.study["n_analysed"] = "enrolled"
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


@kind("ages_outside_eligibility", "4.1", design=ANY, ages=True)
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
@kind("ethics_after_start", "2.1", design=ANY, dates=True)
def _ethics(paper: Paper) -> Any:
    paper.figures["ethics_date"]["printed"] = paper.figures["study_end"]["printed"]
    return ["ethics_date", "recruitment_start"], "ethical approval at the end of the study"


@kind("consent_contradicted", "2.1", design="single_arm")
def _consent(paper: Paper) -> Any:
    paper.state("consent_no", "consent", "not required", "consent was not required")
    paper.state("consent_yes", "consent", "required", "everybody gave written consent")
    return ["!consent_no", "!consent_yes"], "consent called for and not called for"


@kind("registered_after_end", "2.2", design=ANY, dates=True)
def _registered(paper: Paper) -> Any:
    end = paper.figures["study_end"]["printed"]
    paper.figures["registration_date"]["printed"] = f"{int(end[:4]) + 1}{end[4:]}".replace("02-29", "02-28")
    return ["registration_date", "study_end"], "registered a year after the study ended"


@kind("another_primary_outcome", "2.3", design=ANY, outcome="hair_density")
def _primary(paper: Paper) -> Any:
    paper.state("main_else", "primary_outcome", "satisfaction", "the primary outcome was satisfaction")
    return ["!main", "!main_else"], "two outcomes are each called the primary one"


@kind("announced_not_reported", "2.3", design=ANY)
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
