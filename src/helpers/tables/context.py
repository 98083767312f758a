"""Schemas of what exosomes are set beside: other treatments, pools, thresholds, trials, searches.

Each row says where it was seen, what was read there, how far to trust it, and whether it is second-hand.
A second-hand row is one that was read in another paper, and only there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from helpers.tables.columns import count, flag, number, schema, text
from helpers.tables.extracted import ACCESS, CONFIDENCE
from helpers.tables.vocabulary import OUTCOME_CONCEPTS

TREATMENTS = (
    "minoxidil", "finasteride", "dutasteride", "finasteride and minoxidil", "light", "light and minoxidil",
    "PRP", "microneedling", "microneedling and PRP", "cell-free extract", "placebo", "untreated", "healthy",
)  # fmt: skip
STATISTICS = ("change", "levels", "difference from placebo", "none")

_SEEN = {
    "address": text("Where it was seen", required=True),
    "access": text("What was read there", required=True, one_of=ACCESS),
    "confidence": text("How it was seen (A, T1, T2, R, S, D)", required=True, one_of=tuple(CONFIDENCE)),
    "second_hand": flag("Whether only another paper's word for it was seen", required=True),
    "note": text("Reader's note"),
}
COMPARATORS = schema(
    "comparators",
    "An arm of a study of an established treatment, its placebo, or of nobody treated; never pooled here",
    {
        "row_id": text("Name of the row", required=True),
        "study_id": text("Study", required=True),
        "doi": text("Digital object identifier"),
        "design": text("Design in words", required=True),
        "treatment": text("Kind of treatment", required=True, one_of=TREATMENTS),
        "arm": text("Arm in words", required=True),
        "sex": text("all, male or female", one_of=("all", "male", "female")),
        "n": count("Participants in the arm, where seen", at_least=1),
        "n_control": count("Participants in the placebo arm of a difference", at_least=1),
        "concept": text("Outcome in our vocabulary", required=True, one_of=tuple(OUTCOME_CONCEPTS)),
        "measure": text("What was counted, in words", required=True),
        "statistic": text("change, levels, difference or none", required=True, one_of=STATISTICS),
        "unit": text("Unit as printed"),
        "area_cm2": number("Area that the printed figure counts, cm2", gt=0),
        "timepoint_weeks": number("Weeks of treatment", ge=0),
        "baseline_mean": number("Mean before, as printed"),
        "baseline_sd": number("SD before", ge=0),
        "followup_mean": number("Mean after, as printed"),
        "followup_sd": number("SD after", ge=0),
        "change_mean": number("Mean change, or difference from placebo, as printed"),
        "change_sd": number("SD of the change", ge=0),
        "p_value": text("P value as printed"),
    }
    | _SEEN,
)

PUBLISHED_POOLS = schema(
    "published_pools",
    "A pooled result that somebody else published; shown, never pooled again",
    {
        "row_id": text("Name of the row", required=True),
        "citation": text("Who pooled", required=True),
        "doi": text("Digital object identifier"),
        "treatment": text("Kind of treatment", required=True),
        "contrast": text("What was compared", required=True),
        "sex": text("all, male or female", one_of=("all", "male", "female")),
        "measure": text("Effect measure as printed", required=True),
        "unit": text("Unit"),
        "estimate": number("Estimate", required=True),
        "ci_lower": number("Lower limit"),
        "ci_upper": number("Upper limit"),
        "k": count("Studies", at_least=1),
        "n": count("Participants", at_least=1),
        "i2": number("I2, percent", ge=0, le=100),
        "doubt": text("What cannot be so in it"),
    }
    | _SEEN,
)

THRESHOLD_KINDS = ("visible difference", "measurement error", "correlation", "spread")

THRESHOLDS = schema(
    "thresholds",
    "A size to hold a change against: what an eye can see, what a count gets wrong, how people differ",
    {
        "row_id": text("Name of the row", required=True),
        "kind": text("Kind of threshold", required=True, one_of=THRESHOLD_KINDS),
        "what": text("What it is, in words", required=True),
        "value": number("Value", required=True),
        "value_high": number("Upper end, where a range is printed"),
        "unit": text("Unit", required=True),
        "n": text("On whom it was measured"),
    }
    | _SEEN,
)

TRIALS = schema(
    "trials",
    "A registered trial of exosomes for hair loss whose record is not at hand as an export",
    {
        "trial_id": text("Registration number, or a name where none was seen", required=True),
        "study_id": text("Sheet of the same study, where there is one"),
        "what": text("What it compares, in our words", required=True),
        "comparison": text("parallel, within_person or single_arm"),
        "comparator": text("What exosomes are compared with"),
        "n_planned": count("Participants planned", at_least=1),
        "status": text("Status when seen"),
        "expected": text("End as registered, ISO, with the precision of the source"),
        "results_posted": flag("Whether results are posted", required=True),
        "outcomes": text("Outcomes planned, in our vocabulary, joined by ;"),
    }
    | _SEEN,
)

SEARCHES = schema(
    "searches",
    "A search for records: when, where and for what",
    {
        "search_id": text("Name of the search", required=True),
        "date": text("Day or month of the search, ISO", required=True),
        "where": text("Where was searched", required=True),
        "what": text("What for", required=True),
        "note": text("What the search could not do"),
    },
)

Rule = tuple[Callable[[Mapping[str, Any]], bool], str]


def _in_order(low: str, high: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row[low] is None or row[high] is None or row[low] <= row[high]


def _needs(statistics: tuple[str, ...], *names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row["statistic"] not in statistics or all(row[name] is not None for name in names)


_SECOND_HAND: Rule = (
    lambda row: row["second_hand"] == (row["access"] == "secondary"),
    "second_hand is yes exactly where access is secondary",
)
# what a row must keep beyond its columns: table -> rules, each with what it says when broken
ROW_RULES: dict[str, tuple[Rule, ...]] = {
    "comparators": (
        _SECOND_HAND,
        (
            _needs(("change", "difference from placebo"), "change_mean", "unit"),
            "a change needs change_mean and unit",
        ),
        (_needs(("levels",), "baseline_mean", "unit"), "levels need baseline_mean and unit"),
    ),
    "published_pools": (
        _SECOND_HAND,
        (_in_order("ci_lower", "ci_upper"), "the interval ends before it starts"),
    ),
    "thresholds": (_SECOND_HAND, (_in_order("value", "value_high"), "the range ends before it starts")),
    "trials": (_SECOND_HAND,),
    "searches": (),
}
