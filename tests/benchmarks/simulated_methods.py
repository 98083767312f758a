"""How a simulated study was planned, and who took part: the first half of its text."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from simulated_papers import UNITS, Paper
from simulated_people import ARMS


def print_methods(paper: Paper) -> None:
    """Print design, dates, eligibility, sizes planned and outcomes."""
    habits, rng, figure = paper.habits, paper.rng, paper.figure
    planned = int(
        sum(
            len(group.before)
            for group in paper.people[: paper.habits.arms if habits.design == "parallel" else 1]
        )
    )
    planned = planned + int(rng.integers(0, 3)) if paper.people else 40
    registered = habits.design == "registration"
    compared = {"registration": "parallel"}.get(habits.design, habits.design)
    words = {"parallel": "randomised, parallel groups", "within_person": "randomised split-head study",
             "crossover": "randomised crossover study", "single_arm": "open, single-arm, before and after"}[compared]  # fmt: skip
    paper.study = {"title": f"Made up: {paper.study_id}", "design": words, "comparison": compared, "sex": "all",
                   "allocation": None if compared == "single_arm" else "randomised",
                   "masking": "open label" if compared == "single_arm" else "double-blind"}  # fmt: skip
    paper.say("Methods", f"A study: {words}.")
    paper.state("approved", "ethics", "yes", "the committee of the hospital approved it")
    paper.study["n_planned"] = figure(
        "planned", f"{planned}", "n", "sample_size", "design", unit="participants"
    )
    paper.say("Methods", "We planned to take in {planned} people.")
    paper.study |= {"age_min": "eligible.low", "age_max": "eligible.high"}
    figure("eligible", "18 to 60 years", "age", "age", "design", low=18, high=60, unit="years")
    paper.say("Methods", "Adults of {eligible} could take part.")
    figure("last_visit", "24 weeks", "timepoint", "follow_up", "design", unit="weeks")
    paper.say("Methods", "Hairs were counted at baseline and at {last_visit}.")
    if habits.dates or registered:
        _dates(paper, planned)
    if compared == "parallel":
        uneven = habits.uneven and habits.arms == 2 and not habits.block and paper.people
        paper.study["allocation_ratio"] = figure("ratio", "2:1" if uneven else ":".join("1" * max(habits.arms, 2)), "ratio",
                                                 "allocation_ratio", "design", blank=True)  # fmt: skip
        paper.say("Methods", "Allocation was {ratio}.")
        if habits.block and habits.block % max(habits.arms, 2) == 0:
            paper.state("random_how", "randomisation", "block", "in permuted blocks")
            figure("block", f"{habits.block}", "count", "block_size", "design", unit="participants")
            paper.say("Methods", "Each block had {block} people; one centre took part.")
    for arm, role, label in ARMS[: 2 if registered else habits.arms]:
        _treatment(paper, arm, role, label)
    outcomes = [(habits.outcome, "primary")] + [("patient_global", "secondary")] * (habits.scale is not None)
    for concept, priority in outcomes:
        paper.outcomes.append({"outcome_id": concept, "concept": concept, "priority": priority,
                               "unit": UNITS[concept], "timepoint": "24 weeks"})  # fmt: skip
    if habits.readings == 2 and habits.outcome != "hair_thickness" and habits.named:
        paper.outcomes[0]["measure"] = "mean of the counts in two photographs"
    if paper.people:
        paper.state(
            "main", "primary_outcome", habits.outcome, "the primary outcome was counted in photographs"
        )


def _treatment(paper: Paper, arm: str, role: str, label: str) -> None:
    """Print what was given, how much of it and how often."""
    row = {"arm_id": arm, "role": role, "label": label, "route": "topical", "dose_unit": "ml"}
    if role == "exosome":
        row["exosome_source"] = "adipose-derived mesenchymal stem cells"
    more = {"role": "design", "arm": arm}
    row["dose"] = paper.figure(f"dose_{arm}", "2 ml", "dose", "dose", unit="ml", **more)
    row["sessions"] = paper.figure(
        f"sessions_{arm}", "3 sessions", "count", "sessions", unit="sessions", **more
    )
    row["interval"] = paper.figure(
        f"interval_{arm}", "4 weeks", "duration", "session_interval", unit="weeks", **more
    )
    paper.say(
        "Methods", f"Of {label} {{dose_{arm}}} were given in {{sessions_{arm}}}, {{interval_{arm}}} apart."
    )
    paper.arms.append(row)


def _dates(paper: Paper, planned: int) -> None:
    """Print dates in an order that can be, with at most some ten people recruited a month."""
    start = date(2022, 1, 10) + timedelta(days=int(paper.rng.integers(0, 500)))
    recruited = timedelta(days=int(planned * paper.rng.uniform(3, 9)) + 10)
    days = {
        "ethics_date": start - timedelta(days=int(paper.rng.integers(20, 200))),
        "registration_date": start - timedelta(days=int(paper.rng.integers(3, 60))),
        "recruitment_start": start, "study_end": start + recruited + timedelta(days=200),
    }  # fmt: skip
    fields = {"registration_date": "registered_on", "recruitment_start": "starts_on", "study_end": "ends_on"}
    for concept, day in days.items():
        paper.figure(concept, day.isoformat(), "date", concept, "design", blank=True)
        paper.say("Methods", f"{concept.replace('_', ' ').capitalize()}: {{{concept}}}.")
        if concept in fields:
            paper.study[fields[concept]] = concept
    paper.study["registration"] = "NCT00000000"


def print_flow(paper: Paper) -> None:
    """Print who was screened, enrolled, allocated, lost, analysed; ages at the start."""
    habits, groups, figure = paper.habits, paper.people, paper.figure
    apart = groups if habits.design == "parallel" else groups[:1]
    enrolled, stayed = sum(len(g.before) for g in apart), sum(int(g.stayed.sum()) for g in apart)
    people = {"concept": "sample_size", "role": "design", "kind": "n", "unit": "participants"}
    paper.study["n_enrolled"] = figure("enrolled", f"{enrolled}", **people)
    if habits.screened:
        figure(
            "screened",
            f"{enrolled + int(paper.rng.integers(3, 30))}",
            **people | {"concept": "participant_flow"},
        )
        paper.say("Results", "Of {screened} people screened, the others did not meet the criteria.")
    paper.say("Results", "{enrolled} people took part.")
    if habits.lost:
        paper.study["n_analysed"] = figure("analysed", f"{stayed}", **people)
        left = enrolled - stayed + sum(group.carried for group in apart)
        figure("left", f"{left}", **people | {"concept": "participant_flow"})
        paper.say("Results", "{left} people were lost to follow-up, and {analysed} were analysed.")
        if habits.carried:
            paper.say("Results", "Of who was lost the last value was carried forward.")
    for group in groups:
        size = people | {"concept": "group_size", "arm": group.arm}
        figure(f"n_{group.arm}", f"{len(group.before)}", **size)
        paper.say(
            "Results",
            f"To {group.label} {{n_{group.arm}}} {'people' if habits.design != 'within_person' else 'sites'} were allocated.",
        )
        next(arm for arm in paper.arms if arm["arm_id"] == group.arm)["n"] = f"n_{group.arm}"
        if habits.lost:
            figure(
                f"seen_{group.arm}", f"{int(group.stayed.sum())}", **size | {"role": "result"}, time=paper.end
            )
            paper.say("Results", f"At {paper.end} {{seen_{group.arm}}} of them were seen.")
    if habits.ages:
        ages = np.concatenate([g.age for g in apart])
        figure("ages", f"{ages.min():.0f}-{ages.max():.0f} years", "age", "age", low=float(ages.min()),
               high=float(ages.max()), unit="years")  # fmt: skip
        mean, sd = paper.number(ages.mean(), 1), paper.number(ages.std(ddof=1), 1)
        figure(
            "age_mean",
            f"{mean} ± {sd} years",
            "mean_sd",
            "age",
            value=float(mean),
            sd=float(sd),
            unit="years",
        )
        paper.say("Results", "They were {age_mean} old (range {ages}).")
