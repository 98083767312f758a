"""Schemas of what readers wrote down, before cleaning: observations, events (notebook 01).

Values and units are as printed; `results` and `adverse_events` are made from these in notebook 02.
"""

from helpers.tables.columns import count, flag, number, schema, text
from helpers.tables.observed import RESULT_KINDS, WAYS

_FIGURES = {
    "n": "Participants measured",
    "mean": "Mean",
    "sd": "Standard deviation",
    "median": "Median",
    "q1": "Lower quartile",
    "q3": "Upper quartile",
    "iqr": "Width of the interquartile range",
    "minimum": "Smallest value",
    "maximum": "Largest value",
    "count": "People with the event or answer",
    "percent": "Percent",
    "p_value": "P value",
}

# What registers post beside the figures that a sheet names; empty for study sheets.
POSTED = {
    "timepoint_weeks": number("Time in weeks, where one single time is stated", ge=0),
    "outcome_id": text("Posted outcome that the row belongs to"),
    "measure": text("Title of the posted outcome"),
    "category": text("Class and category of the answer, where posted"),
    "group": text("Title of the posted group"),
    "unit_analysed": text("What was counted as one: participants, eyes, sites"),
    "n_units": count("How many of these"),
    "value": number("The posted number, whatever it is"),
    "se": number("Standard error as posted", ge=0),
    "ci_lower": number("Lower confidence limit as posted"),
    "ci_upper": number("Upper confidence limit as posted"),
    "ci_level": number("Level of the confidence interval, percent", gt=0, lt=100),
    "estimate": number("A model's or transformed mean: never a mean of values"),
    "estimate_kind": text("model_mean, geometric_mean or log_mean"),
    "within_person": flag("Whether the same people stand in several groups"),
    "converted": text("What was computed from the posted numbers"),
}

REPORTED_RESULTS = schema(
    "reported_results",
    "An observation as reported, in the printed unit and time",
    {
        "result_id": text("Name of the row", required=True),
        "study_id": text("Study", required=True),
        "source_id": text("Source", required=True),
        "arm_id": text("Arm", required=True),
        "concept": text("Outcome in our vocabulary", required=True),
        "site": text("Part of the scalp, or all", required=True),
        "timepoint_printed": text("Time as printed"),
        "kind": text("level, change or count", required=True, one_of=RESULT_KINDS),
        **{name: number(f"{meaning}, as printed") for name, meaning in _FIGURES.items()},
        "p_value_token": text("P value as printed"),
        "p_value_against": text("What the printed p value compares with"),
        "stated": text("Direction in the source's words, where it gives no figure", one_of=WAYS),
        "second_hand": flag("Whether the row rests on a figure seen only second-hand"),
        "unit": text("Unit as printed"),
        "quantity_ids": text("Figures that the row rests on", required=True),
        "figures": text("Which figure is which: mean=quantity;sd=quantity", required=True),
        "note": text("Reader's note"),
        **POSTED,
    },
)

REPORTED_EVENTS = schema(
    "reported_events",
    "An adverse event as reported",
    {
        "study_id": text("Study", required=True),
        "arm_id": text("Arm", required=True),
        "term": text("Event", required=True),
        "count": number("People with the event, where printed", ge=0),
        "n": number("People watched, where printed", ge=0),
        "severity": text("Severity as stated"),
        "resolved": number("Time until it had gone, as printed", ge=0),
        "resolved_unit": text("Unit of that time"),
        "quantity_ids": text("Figures that the row rests on"),
        "note": text("Reader's note"),
        "events": number("How often it happened, where posted", ge=0),
        "organ_system": text("Organ system, where posted"),
        "group": text("Title of the posted group"),
        "timepoint_printed": text("Time over which events were collected"),
        "monitored": text("What was watched for, and how, as stated"),
    },
)

CONTRASTS = {
    "MD": "difference of means",
    "SMD": "standardised difference of means",
    "CLIFF": "Cliff's delta: how much oftener a treated person exceeds a control than the reverse",
    "RANK": "rank test without an estimate",
}

REPORTED_CONTRASTS = schema(
    "reported_contrasts",
    "A comparison of two arms as the source prints it",
    {
        "contrast_id": text("Name of the row", required=True),
        "study_id": text("Study", required=True),
        "source_id": text("Source", required=True),
        "arm_id": text("Treated arm", required=True),
        "against": text("Arm compared with", required=True),
        "concept": text("Outcome in our vocabulary", required=True),
        "site": text("Part of the scalp, or all", required=True),
        "timepoint_printed": text("Time as printed"),
        "timepoint_weeks": number("Weeks", ge=0),
        "measure": text("MD, SMD, CLIFF (Cliff's delta) or RANK", required=True, one_of=tuple(CONTRASTS)),
        "effect": number("Effect as printed"),
        "ci_lower": number("Lower limit as printed"),
        "ci_upper": number("Upper limit as printed"),
        "p_value": number("P value", ge=0, le=1),
        "p_value_token": text("P value as printed"),
        "n": count("Participants in both arms", at_least=1),
        "unit": text("Unit"),
        "quantity_ids": text("Figures that the row rests on", required=True),
        "second_hand": flag("Whether the row rests on a figure seen only second-hand"),
        "note": text("Reader's note"),
    },
)
