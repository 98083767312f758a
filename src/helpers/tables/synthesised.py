"""Schemas of the answer: comparisons, pooled, certainty, horizon (notebooks 04 and 05)."""

from helpers.tables.columns import count, flag, number, schema, text

DIRECTIONS = ("better", "worse", "no change", "unclear", "not reported")

COMPARISONS = schema(
    "comparisons",
    "A study's line in the picture of an outcome",
    {
        "concept": text("Outcome", required=True),
        "study_id": text("Study", required=True),
        "tier": text("Tier", required=True),
        "direction": text("Direction of the change", required=True, one_of=DIRECTIONS),
        "effect": number("Size"),
        "ci_lower": number("Lower 95 % limit"),
        "ci_upper": number("Upper 95 % limit"),
        "unit": text("Unit"),
        "comparable": flag("Whether another study measures the same in the same way", required=True),
        "why_not": text("Why it cannot be compared"),
        "line_id": text("Name of the line", required=True),
        "contrast": text("Kind of contrast"),
        "arm_id": text("Arm"),
        "site": text("Part of the scalp"),
        "timepoint_weeks": number("Weeks", ge=0),
        "timepoint_printed": text("Time as printed"),
        "n": text("Participants, with what is assumed"),
        "risk_of_bias": text("Overall judgement"),
        "certain_findings": count("Certain findings that touch the estimate"),
        "printed_range": text("Range as printed, where there is no single estimate"),
        "effect_id": text("Effect shown"),
        "quantity_ids": text("Figures that it rests on"),
        "access": text("What was read of the source"),
        "second_hand": flag("Whether it rests on a figure seen only second-hand"),
        "p_value": number("P value printed for it", ge=0, le=1),
        "p_value_token": text("P value as printed"),
    },
)

POOLED = schema(
    "pooled",
    "A fitted synthesis, or the reason why there is none",
    {
        "concept": text("Outcome", required=True),
        "evidence": text("Tier that was asked for", required=True),
        "measure": text("Effect measure"),
        "model": text("Model", required=True),
        "tau2_method": text("Estimator of the between-study variance"),
        "ci_method": text("Kind of interval"),
        "k": count("Estimates in it", required=True),
        "estimate": number("Estimate"),
        "se": number("Standard error", ge=0),
        "ci_lower": number("Lower 95 % limit"),
        "ci_upper": number("Upper 95 % limit"),
        "pi_lower": number("Lower limit of the prediction interval"),
        "pi_upper": number("Upper limit of the prediction interval"),
        "pi_df": count("Degrees of freedom of the prediction interval; none for a posterior"),
        "tau2": number("Between-study variance", ge=0),
        "i2": number("Percent of variance between studies", ge=0, le=100),
        "assumption": text("What had to be assumed"),
        "pooled": flag("Whether estimates were pooled", required=True),
        "reason": text("Why, or why not", required=True),
        "contrast": text("Kind of contrast"),
        "unit": text("Unit"),
        "studies": text("Studies in it"),
        "effect_ids": text("Effects in it"),
        "without_certain_findings": flag(
            "Whether estimates touched by a certain finding were left out", required=True
        ),
        "pooled_id": text("Name of the row", required=True),
        "scenario": text("As printed, or the assumption that the row rests on"),
    },
)

POOL_MEMBERS = schema(
    "pool_members",
    "An estimate in a pool: its weight, and the pooled effect without it",
    {
        "member_id": text("Name of the row", required=True),
        "pooled_id": text("Pool", required=True),
        "study_id": text("Study", required=True),
        "effect_id": text("Effect"),
        "effect": number("Effect", required=True),
        "se": number("Standard error", required=True, gt=0),
        "ci_lower": number("Lower 95 % limit"),
        "ci_upper": number("Upper 95 % limit"),
        "unit": text("Unit"),
        "contrast": text("Kind of contrast"),
        "timepoint_weeks": number("Weeks", ge=0),
        "site": text("Part of the scalp"),
        "n": count("Participants, stated or assumed"),
        "n_stated": flag("Whether the source states them"),
        "risk_of_bias": text("Overall judgement"),
        "certain_findings": count("Certain findings that touch the estimate"),
        "assumption": text("What had to be assumed"),
        "weight": number("Share of the weight", required=True, ge=0, le=1),
        "left_out_k": count("Estimates left without it"),
        "left_out_estimate": number("Pooled effect without it"),
        "left_out_ci_lower": number("Its lower 95 % limit"),
        "left_out_ci_upper": number("Its upper 95 % limit"),
    },
)

CERTAINTY_LEVELS = ("high", "moderate", "low", "very low", "no evidence")

CERTAINTY = schema(
    "certainty",
    "An outcome's certainty by GRADE",
    {
        "concept": text("Outcome", required=True),
        "evidence": text("Tier", required=True),
        "start": text("Where the body of evidence starts", required=True),
        "risk_of_bias": count("Steps down", required=True),
        "inconsistency": count("Steps down", required=True),
        "indirectness": count("Steps down", required=True),
        "imprecision": count("Steps down", required=True),
        "publication_bias": count("Steps down", required=True),
        "certainty": text("Certainty", required=True, one_of=CERTAINTY_LEVELS),
        "reasons": text("The reason of each step", required=True),
        "studies": text("Studies with this outcome"),
        "participants": count("Participants, where stated"),
    },
)

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
