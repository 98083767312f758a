"""A made-up world: a few studies in tables that follow the schemas, and small executed notebooks."""

from pathlib import Path
from string import Template
from unittest.mock import patch

import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.tables import write_table

ROWS = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
CONCEPTS = ("hair_density", "hair_thickness")


def filled(part: str, **words: object) -> dict[str, list[dict]]:
    """Return rows of the YAML file by their table, with words put in."""
    return yaml.safe_load(Template(ROWS).safe_substitute(words))[part]


def study_rows(number: int) -> dict[str, list[dict]]:
    """Return the rows of one made-up study with results; the first is the worst, every second has a control."""
    first, controlled = number == 1, number % 2 == 0
    rows = filled(
        "study",
        name=f"made{number}",
        number=number,
        people=10 + number,
        comparison="within_person" if controlled else "single_arm",
        estimand="within_participant" if controlled else "uncontrolled_change",
        certain="true" if first else "false",
        concern="serious" if first else "some",
        thickness="better" if first else "no change",
    )
    return rows if first else rows | {"discrepancies": rows["discrepancies"][:1]}


def write_world(folder: Path, count: int = 2, **changes: dict) -> Path:
    """Write the made-up tables; `changes` updates the first row of a table."""
    parts = [study_rows(number) for number in range(1, count + 1)] + [filled("trial")]
    parts += [filled("outcome", concept=concept) for concept in CONCEPTS if count]
    rows: dict[str, list[dict]] = {}
    for part in parts:
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
