"""Schemas of what registered trials will add (notebook 05)."""

from helpers.tables.columns import count, flag, number, schema, text
from helpers.tables.pooled import CERTAINTY_LEVELS

HORIZON = schema(
    "horizon",
    "A registered trial to come, for one planned outcome",
    {
        "study_id": text("Study", required=True),
        "n_planned": count("Participants planned"),
        "concept": text("Outcome planned", required=True),
        "expected": text("When its data are due, as far as registered"),
        "detectable_difference": number("Smallest difference it can detect, in the unit", ge=0),
        "power": number("Power of that calculation", gt=0, lt=1),
        "assumption": text("What had to be assumed", required=True),
        "contrast": text("Kind of contrast it will give"),
        "unit": text("Unit of the detectable difference"),
        "priority": text("Priority of the outcome in the registration"),
        "horizon_id": text("Name of the row", required=True),
    },
)

HORIZON_TRIALS = schema(
    "horizon_trials",
    "A registered trial without results: what it compares, when it is due, how much it could teach",
    {
        "study_id": text("Registration or study", required=True),
        "what": text("What it is"),
        "comparison": text("What is compared"),
        "contrast": text("Kind of contrast it will give", required=True),
        "n_planned": count("Participants planned"),
        "status": text("Status when seen"),
        "expected": text("End as registered"),
        "outcomes": text("Outcomes planned"),
        "randomised": flag("Whether it is randomised; missing where what was seen does not say"),
        "against": text("What exosomes are set against"),
        "detectable_80": number("Smallest difference it can detect with 80 % power, hairs/cm2", ge=0),
        "detectable_90": number("Smallest difference it can detect with 90 % power, hairs/cm2", ge=0),
        "detectable_80_low": number("The same at 80 % with the smallest SD that comparators show", ge=0),
        "detectable_80_high": number("The same at 80 % with the largest SD that comparators show", ge=0),
        "se_expected": number("Standard error its estimate of hair density will have, hairs/cm2", gt=0),
        "teaches": number(
            "Share of the uncertainty about the effect against a control it would remove", ge=0, le=1
        ),
        "place": count("Place by how much it teaches", required=True, at_least=1),
        "late": flag("Whether it is past its date at the last search", required=True),
        "searched": text("Date of the last search"),
    },
)

HORIZON_SIMULATION = schema(
    "horizon_simulation",
    "What the pooled interval and the certainty would be after a trial, for one true effect",
    {
        "simulation_id": text("Name of the row", required=True),
        "study_id": text("Trial", required=True),
        "contrast": text("Kind of contrast", required=True),
        "n_planned": count("Participants planned", required=True),
        "sd": number("SD of the change between people, hairs/cm2", required=True, gt=0),
        "true_effect": number("Effect supposed to be true, hairs/cm2", required=True),
        "k": count("Estimates then", required=True, at_least=1),
        "width_now": number("Width of today's interval, where one estimate is at hand", ge=0),
        "width_after": number("Mean width of the interval then", required=True, ge=0),
        "shows_gain": number("Share of tries in which the interval lies above 0", required=True, ge=0, le=1),
        "shows_visible": number("Share in which it lies above what can be seen", ge=0, le=1),
        "rules_out_visible": number("Share in which it lies below what can be seen", ge=0, le=1),
        "certainty": text("Certainty most often reached, at best", required=True, one_of=CERTAINTY_LEVELS),
        "certainty_share": number("Share of tries that reach it", required=True, ge=0, le=1),
        "draws": count("Tries", required=True),
    },
)
