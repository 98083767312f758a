"""Schemas of what each study shows and how far to believe it (notebook 03)."""

from helpers.tables.columns import count, flag, number, schema, text
from helpers.tables.observed import WAYS

SEVERITIES = ("certain", "likely", "minor")
DETECTORS = ("rule", "reader")

FINDINGS = schema(
    "findings",
    "A contradiction, or a check that failed",
    {
        "finding_id": text("Name of the finding", required=True),
        "study_id": text("Study", required=True),
        "check": text("Kind of check", required=True),
        "detected_by": text("rule or reader", required=True, one_of=DETECTORS),
        "severity": text("certain, likely or minor", required=True, one_of=SEVERITIES),
        "statement": text("What cannot be so, in words", required=True),
        "locators": text("Places in the documents", required=True),
        "arithmetic": text("The calculation"),
        "quantity_ids": text("Figures concerned"),
        "concepts": text("Outcomes whose estimates it touches"),
        "also": text("Readers' findings that say the same and are not listed again"),
    },
)

CHECKS = schema(
    "checks",
    "A consistency rule that ran on a study, and what came of it",
    {
        "study_id": text("Study", required=True),
        "check": text("Kind of check", required=True),
        "outcome": text(
            "passed, found, not applicable", required=True, one_of=("passed", "found", "not applicable")
        ),
        "inputs": text("What it looked at"),
        "source": text("Paper or manual that the rule comes from"),
    },
)

RISK_OF_BIAS = schema(
    "risk_of_bias",
    "A judgement in one domain",
    {
        "study_id": text("Study", required=True),
        "tool": text("Tool", required=True),
        "domain": text("Domain", required=True),
        "judgement": text("Judgement in the tool's words", required=True),
        "reason": text("Why", required=True),
        "quantity_ids": text("Figures that it rests on"),
        "finding_ids": text("Findings that it rests on"),
        "order": count("Place of the domain in the tool", required=True),
    },
)

EFFECTS = schema(
    "effects",
    "An effect size, with the assumption it needs",
    {
        "effect_id": text("Name of the effect", required=True),
        "study_id": text("Study", required=True),
        "contrast": text("within_arm, within_person, between_arm or proportion", required=True),
        "concept": text("Outcome", required=True),
        "arm_id": text("Arm, or the treated arm"),
        "comparator_id": text("Arm compared with"),
        "site": text("Part of the scalp, or all"),
        "timepoint_weeks": number("Weeks", ge=0),
        "timepoint_printed": text("Time as printed"),
        "measure": text("Effect measure, by metafor's code", required=True),
        "effect": number("Effect on the scale of the measure"),
        "se": number("Standard error", ge=0),
        "ci_lower": number("Lower 95 % limit"),
        "ci_upper": number("Upper 95 % limit"),
        "n": count("Participants, where stated", at_least=1),
        "n_assumed": text("Participants assumed where not stated"),
        "unit": text("Unit of the effect"),
        "headline": text(
            "yes for the estimate shown first, no for its variants", required=True, one_of=("yes", "no")
        ),
        "assumption": text("What had to be assumed"),
        "quantity_ids": text("Figures that it rests on", required=True),
        "finding_ids": text("Certain findings that touch it"),
        "stated": text("Direction, where there is no single estimate", one_of=WAYS),
        "p_value": number("P value printed for it", ge=0, le=1),
        "p_value_token": text("P value as printed: < 0.05 is no 0.05"),
        "second_hand": flag("Whether it rests on a figure seen only second-hand"),
        "contrast_doubt": text("Why it is not the contrast that it looks like"),
    },
)

CERTAINTY_OVERRIDES = schema(
    "certainty_overrides",
    "A person's judgement of a GRADE domain in place of the rule's",
    {
        "override_id": text("Name of the row", required=True),
        "concept": text("Outcome", required=True),
        "evidence": text("Tier", required=True, one_of=("core", "published")),
        "domain": text("Domain of GRADE", required=True),
        "steps": count("Steps down", required=True),
        "reason": text("Why", required=True),
        "by": text("Who judged", required=True),
    },
)
