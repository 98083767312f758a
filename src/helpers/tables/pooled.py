"""Schemas of what notebook 05 pools, how sure it is, and how far the choices decide."""

from helpers.tables.columns import count, flag, number, schema, text

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
        "small_study_p": number("P value of Egger's test, for ten estimates or more", ge=0, le=1),
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
        "timepoint_printed": text("Time as printed"),
        "other_visits": text("What the study tells at visits that the pool did not take"),
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
        "proposed": text("Certainty that the rule proposes", one_of=CERTAINTY_LEVELS),
        "overridden": flag("Whether a person's judgement stands in place of the rule's in some domain"),
    },
)

SUMMARY_OF_FINDINGS = schema(
    "summary_of_findings",
    "An outcome in a GRADE summary of findings",
    {
        "summary_id": text("Name of the row", required=True),
        "concept": text("Outcome", required=True),
        "evidence": text("Tier", required=True),
        "contrast": text("Kind of contrast of the effect shown"),
        "timepoint_weeks": number("Weeks of the effect shown", ge=0),
        "studies": count("Studies with this outcome", required=True),
        "participants": count("Participants, where stated"),
        "effect": number("Effect, in the unit"),
        "ci_lower": number("Lower limit"),
        "ci_upper": number("Upper limit"),
        "unit": text("Unit"),
        "basis": text(
            "pooled, single study, or none", required=True, one_of=("pooled", "single study", "none")
        ),
        "absolute": text("Effect with interval in absolute terms", required=True),
        "against_threshold": text("How it stands to the smallest difference that can be seen"),
        "certainty": text("Certainty", required=True, one_of=CERTAINTY_LEVELS),
        "overridden": flag("Whether a person's judgement is in it"),
        "footnotes": text("Letters of the reasons for steps down"),
        "statement": text("What this means in plain words", required=True),
    },
)

FOOTNOTES = schema(
    "summary_footnotes",
    "A reason for a step down, as the summary of findings cites it",
    {
        "footnote_id": text("Name of the row", required=True),
        "evidence": text("Tier", required=True),
        "letter": text("Letter", required=True),
        "domain": text("Domain of GRADE", required=True),
        "steps": count("Steps down", required=True, at_least=1),
        "reason": text("Reason", required=True),
    },
)

SPECIFICATIONS = schema(
    "specifications",
    "The answer to one question under one set of defensible choices",
    {
        "specification_id": text("Name of the row", required=True),
        "concept": text("Outcome", required=True),
        "contrast": text("Kind of contrast", required=True),
        "unit": text("Unit of the estimate", required=True),
        "tier": text("Tier of evidence", required=True),
        "included": text("all, sound (without certain findings), or without a study", required=True),
        "times": text("like (by the tolerance) or any", required=True),
        "visit": text("latest or earliest visit of each study", required=True),
        "measure": text("raw, or standardised and told in the unit", required=True),
        "medians": text("out, or means (medians taken as means)", required=True),
        "group_share": number("Share of people in the treated group, where not stated", gt=0, lt=1),
        "sd_use": text("printed, or borrowed where missing, doubtful, or for all", required=True),
        "pre_post_correlation": number("Correlation between before and after", ge=-1, le=1),
        "set_against": text("What a change within an arm is set against", required=True),
        "tau2_method": text("Estimator of the between-study variance, or one study only", required=True),
        "ci_method": text("Kind of interval, or one study only", required=True),
        "k": count("Estimates in it", required=True, at_least=1),
        "studies": text("Studies in it", required=True),
        "estimate": number("Estimate", required=True),
        "ci_lower": number("Lower limit", required=True),
        "ci_upper": number("Upper limit", required=True),
        "tau2": number("Between-study variance", ge=0),
        "conclusion": text("gain, loss, or not shown", required=True, one_of=("gain", "loss", "not shown")),
    },
)

CHOICE_EFFECTS = schema(
    "choice_effects",
    "How far one choice moves the answer when all others stay",
    {
        "choice_id": text("Name of the row", required=True),
        "concept": text("Outcome", required=True),
        "contrast": text("Kind of contrast", required=True),
        "choice": text("Choice", required=True),
        "levels": count("Values tried", required=True),
        "sets": count("Sets of specifications that differ in this choice alone", required=True),
        "mean_move": number("Mean range of the estimate within a set", ge=0),
        "largest_move": number("Largest range of the estimate within a set", ge=0),
        "mean_widening": number("Mean range of the width of the interval within a set", ge=0),
        "turned": number("Share of sets in which the conclusion changes", ge=0, le=1),
    },
)

TURNING_POINTS = schema(
    "turning_points",
    "The value of an assumption at which the conclusion turns",
    {
        "turning_id": text("Name of the row", required=True),
        "concept": text("Outcome", required=True),
        "contrast": text("Kind of contrast", required=True),
        "assumption": text("Assumption", required=True),
        "tier": text("Tier of evidence", required=True),
        "low": number("Lowest value looked at", required=True),
        "high": number("Highest value looked at", required=True),
        "at_low": text("Conclusion there", required=True),
        "at_high": text("Conclusion there", required=True),
        "turns_at": number("Value at which it turns first"),
        "under": text("Choices that make the assumption count"),
    },
)
