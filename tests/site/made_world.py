"""A made-up world: a few studies in tables that follow the schemas, and small executed notebooks."""

from pathlib import Path
from unittest.mock import patch

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.tables import write_table

CONCEPTS = ("hair_density", "hair_thickness", "satisfaction")


def study_rows(number: int) -> dict[str, list[dict]]:
    """Return the rows of one made-up study with results."""
    name = f"made{number}"
    quantity = {
        "study_id": name,
        "source_id": name,
        "role": "result",
        "concept": "hair_density",
        "kind": "mean",
    }
    certain = [("a", "certain"), ("b", "minor")] if number == 1 else [("a", "likely")]
    return {
        "sources": [
            {
                "source_id": name,
                "study_id": name,
                "tier": "core",
                "format": "sheet",
                "has_results": True,
                "verified_on": "2026-01-31",
            }
        ],
        "studies": [
            {
                "study_id": name,
                "title": f"A made-up study, the {number}. of its kind",
                "design": "Prospective, open label",
                "comparison": "single_arm" if number % 2 else "within_person",
                "n_enrolled": 10 + number,
                "n_analysed": 10 + number,
            }
        ],
        "arms": [
            {"study_id": name, "arm_id": "exo", "role": "exosome", "n": 10 + number},
            {"study_id": name, "arm_id": "saline", "role": "placebo"},
        ],
        "quantities": [
            quantity
            | {
                "quantity_id": f"{name}.{place}",
                "printed": printed,
                "value": value,
                "section": "Results",
                "line": 40 + place,
                "char_start": 18_664_950 + place,
                "char_end": 18_664_955 + place,
                "verified": verified,
            }
            for place, printed, value, verified in (
                (1, "35", 35.0, True),
                (2, "-8", -8.0, False),
                (3, "12.5", 12.5, None),
            )
        ],
        "findings": [
            {
                "finding_id": f"{name}.{letter}",
                "study_id": name,
                "check": "totals",
                "detected_by": "reader",
                "severity": severity,
                "statement": "The groups do not add up to the total",
                "locators": "Results, line 41",
                "arithmetic": "9 + 9 = 18, printed 16",
            }
            for letter, severity in certain
        ],
        "risk_of_bias": [
            {
                "study_id": name,
                "tool": "ROBINS-I",
                "domain": domain,
                "judgement": judgement,
                "reason": "As stated",
                "order": order,
            }
            for order, (domain, judgement) in enumerate(
                (("Confounding", "serious"), ("Overall", "serious")), start=1
            )
        ],
        "comparisons": [
            {
                "concept": concept,
                "study_id": name,
                "tier": "core",
                "direction": direction,
                "effect": effect,
                "ci_lower": lower,
                "ci_upper": upper,
                "unit": "hairs/cm²" if effect else None,
                "comparable": False,
                "line_id": f"{name}.{concept}.{arm}",
                "arm_id": arm,
                "timepoint_weeks": 12.0,
                "n": str(10 + number),
                "why_not": "measured in another way",
                "estimand": "uncontrolled_change" if number % 2 else "within_participant",
            }
            for concept, arm, direction, effect, lower, upper in (
                ("hair_density", "exo", "better", 35.0, 31.5, 38.5),
                ("hair_density", "saline", "worse", -2.0, None, None),
                ("hair_thickness", "exo", "better" if number == 1 else "no change", 4.25, None, None),
            )
        ],
    }


def shared_rows(studies: int) -> dict[str, list[dict]]:
    """Return the rows that are about outcomes, and one registered trial."""
    concepts = CONCEPTS[:2] if studies else ()
    return {
        "studies": [
            {
                "study_id": "NCT00000001",
                "title": "A planned trial",
                "n_planned": 18,
                "comparison": "within_person",
            }
        ],
        "sources": [
            {
                "source_id": "NCT00000001",
                "study_id": "NCT00000001",
                "tier": "core",
                "format": "ctgov",
                "has_results": False,
            }
        ],
        "pooled": [
            {
                "concept": concept,
                "evidence": "core",
                "model": "none",
                "k": 1,
                "pooled": False,
                "reason": "one estimate only",
                "without_certain_findings": False,
                "pooled_id": f"{concept}.core",
            }
            for concept in concepts
        ],
        "certainty": [
            {
                "concept": concept,
                "evidence": "core",
                "start": "low",
                "risk_of_bias": 2,
                "inconsistency": 0,
                "indirectness": 1,
                "imprecision": 1,
                "publication_bias": 0,
                "certainty": "very low",
                "reasons": "no comparison group",
            }
            for concept in concepts
        ],
        "ongoing_outcomes": [
            {
                "study_id": "NCT00000001",
                "n_planned": 18,
                "concept": "hair_density",
                "expected": "2026-03",
                "detectable_difference": 12.4,
                "power": 0.8,
                "assumption": "standard deviation 20",
                "unit": "hairs/cm²",
                "ongoing_id": "NCT00000001.hair_density",
            }
        ],
    }


def write_world(folder: Path, count: int = 2, **changes: dict) -> Path:
    """Write the made-up tables; `changes` updates the first row of a table."""
    rows: dict[str, list[dict]] = {}
    parts = [study_rows(number) for number in range(1, count + 1)]
    for part in [*parts, shared_rows(count)]:
        for table, lines in part.items():
            rows.setdefault(table, []).extend(lines)
    for table, change in changes.items():
        rows[table][0] |= change
    for table, lines in rows.items():
        write_table(table, lines, folder)
    return folder


def shown(function, *arguments, **options) -> list:
    """Return the notebook outputs of a display function."""
    with patch("helpers.display.display") as display:
        function(*arguments, **options)
    return [new_output("display_data", data=call.args[0]) for call in display.call_args_list]


def write_notebook(path: Path, outputs=(), title="# What came in", extra=()) -> Path:
    """Write a tiny executed notebook: title, a section, a parameter cell, one cell with the outputs given."""
    cells = [
        new_markdown_cell(f"{title}\n\nA few words."),
        new_code_cell('evidence = "core"  # tier', metadata={"tags": ["parameters"]}, execution_count=1),
        new_code_cell(
            'evidence = "all"\nraw = "/home/somebody/data/raw"',
            metadata={"tags": ["injected-parameters"]},
            execution_count=2,
        ),
        new_markdown_cell(
            "## First section\n\nText with **weight** and a table:\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        ),
        new_code_cell("show(1)", outputs=list(outputs), execution_count=3),
        new_markdown_cell("## Second section\n\n#### A heading that skips a level"),
        *extra,
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path
