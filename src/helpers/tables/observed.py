"""Schemas of what was observed, cleaned to one unit and one time scale (notebook 02)."""

from helpers.tables.columns import count, flag, number, schema, text

RESULT_KINDS = ("level", "change", "count")
WAYS = ("higher", "lower", "no change")  # a direction that a source states in words

RESULTS = schema(
    "results",
    "An observation: arm x outcome x site x time",
    {
        "study_id": text("Study", required=True),
        "arm_id": text("Arm", required=True),
        "concept": text("Outcome in our vocabulary", required=True),
        "site": text("Part of the scalp, or all", required=True),
        "timepoint_weeks": number("Weeks since the first treatment; 0 is baseline", ge=0),
        "kind": text("level, change or count", required=True, one_of=RESULT_KINDS),
        "n": count("Participants measured, where stated", at_least=1),
        "mean": number("Mean (of one case: its value)"),
        "sd": number("Standard deviation", ge=0),
        "median": number("Median"),
        "q1": number("Lower quartile"),
        "q3": number("Upper quartile"),
        "iqr": number("Width of the interquartile range, where its ends are not printed", ge=0),
        "minimum": number("Smallest value"),
        "maximum": number("Largest value"),
        "count": number("People with the event or answer", ge=0),
        "percent": number("Proportion, 0 to 1", ge=0, le=1),
        "unit": text("Unit"),
        "quantity_ids": text("Figures that the row rests on", required=True),
        "result_id": text("Name of the row", required=True),
        "source_id": text("Source", required=True),
        "timepoint_printed": text("Time as printed"),
        "p_value": number("P value printed with the row", ge=0, le=1),
        "p_value_token": text("P value as printed: < 0.05 is no 0.05"),
        "p_value_against": text("What the printed p value compares with"),
        "stated": text("Direction in the source's words, where it gives no figure", one_of=WAYS),
        "second_hand": flag("Whether the row rests on a figure seen only second-hand"),
        "converted": text("Conversions made between the printed figure and this row"),
        "note": text("Reader's note"),
        "measure": text("Title of the posted outcome"),
        "category": text("Class and category of the answer, where posted"),
        "unit_analysed": text("What was counted as one, where posted: participants, eyes, sites"),
        "se": number("Standard error as posted", ge=0),
        "ci_lower": number("Lower confidence limit as posted"),
        "ci_upper": number("Upper confidence limit as posted"),
        "ci_level": number("Level of the confidence interval, percent", gt=0, lt=100),
        "estimate": number("A model's or transformed mean: never a mean of values"),
        "estimate_kind": text("model_mean, geometric_mean or log_mean"),
        "within_person": flag("Whether the same people stand in several groups"),
    },
)

QUANTITY_USE = schema(
    "quantity_use",
    "Whether and where each figure is used; none is lost without a reason",
    {
        "quantity_id": text("Figure", required=True),
        "study_id": text("Study", required=True),
        "used_in": text("Tables that use it"),
        "reason_unused": text("Why it is not used"),
    },
)

ADVERSE_EVENTS = schema(
    "adverse_events",
    "An event in a study's arm",
    {
        "study_id": text("Study", required=True),
        "arm_id": text("Arm", required=True),
        "term": text("Event", required=True),
        "count": count("People with the event, where stated"),
        "n": count("People watched, where stated", at_least=1),
        "severity": text("Severity as stated"),
        "resolved_hours": number("Hours until it had gone, where stated", ge=0),
        "quantity_ids": text("Figures that the row rests on"),
        "note": text("Reader's note"),
        "events": number("How often it happened, where posted", ge=0),
        "organ_system": text("Organ system, where posted"),
        "group": text("Title of the posted group"),
        "timepoint_printed": text("Time over which events were collected"),
        "monitored": text("What was watched for, and how, as stated"),
        "monitored_weeks": number("Weeks over which events were collected, where stated", ge=0),
        "upper_limit": number("Exact one-sided upper 95 % limit of the proportion of people", ge=0, le=1),
    },
)
