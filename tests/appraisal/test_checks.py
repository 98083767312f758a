"""Each check finds the figure that was broken, weighs it rightly, and says what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import pytest
from approved import Approved
from case_files import cases_of
from frames import RULE, STUDY, evidence, frame, quantity, result, weight

from helpers.appraisal.discrepancies import RULES, run_checks
from helpers.appraisal.evidence import NotApplicable, StudyEvidence
from helpers.tables import TABLES
from notebookpress.tables import split_ids

CASES = cases_of(__file__)
APPROVED = Approved(Path(__file__).with_name("rules_said.json"))
AS_IT_IS = "as it is"
WORDS = {  # for each cell of a column also these
    "concept": ("hair_density", "satisfaction"), "kind": ("mean", "change", "count"), "unit": ("percent of baseline", "mm"),
    "arm_id": ("exosome", "control"), "site": ("all", "patient 1"), "role": ("design", "cited"), "measure": ("RR", "SMD"),
    "says": ("lower", "yes", "no"), "printed": ("P < 0.05", "12 (40 %) women", "3 months"), "note": ("adjusted",),
    "p_value_test": ("ANCOVA", "Wilcoxon test", "one-sided t test"), "p_value_against": ("baseline", "control"),
    "about": ("hair_density",), "timepoint_printed": ("week 12",), "category": ("better",), "section": ("Methods",),
}  # fmt: skip
PARTS = ("value", "sd", "value_low", "value_high")


def study_of(case: dict) -> StudyEvidence:
    """Return the study of a case: its figures, its results, and other rows that it has."""
    told = ("check", "found", "says", "alone")
    tables = {name: rows for name, rows in case.items() if name not in told}
    figures = [row | {"name": row["id"]} for row in tables.pop("quantities", [])]
    figures = [quantity(**{key: value for key, value in row.items() if key != "id"}) for row in figures]
    rows = [result(number, **row) for number, row in enumerate(tables.pop("results", []), start=1)]
    return evidence(figures, rows, **tables)


def variants(study: StudyEvidence) -> Iterator[tuple[str, StudyEvidence]]:
    """Yield a study as it is, in other designs, of people not told, and with each figure another one."""
    yield AS_IT_IS, study
    for design in ("parallel", "within_person", "single_arm", "case", "crossover"):
        yield design, other(study, study=study.study | {"comparison": design})
    for n in (None, 2, 15):
        yield f"of {n}", other(study, study=study.study | dict.fromkeys(("n_enrolled", "n_analysed"), n))
    for row in study._results:
        for n in (None, 1, 3):
            rows = [SimpleNamespace(**vars(one) | {"n": n}) if one is row else one for one in study._results]
            yield f"{row.result_id} of {n}", other(study, _results=rows)
    for column in (
        name for name, value in study.study.items() if value is not None and may_lack("studies", name)
    ):
        yield f"without {column}", other(study, study=study.study | {column: None})
    named = {
        "_results": "results",
        "quantity": "quantities",
        "_statement": "statements",
        "contrasts": "reported_contrasts",
    }
    for part, table in named.items():
        yield from without_cells(study, part, table)
    for table in ("arms", "outcomes", "adverse_events", "registry_versions"):
        frame = getattr(study, table)
        for column in (name for name in frame if frame[name].notna().any() and may_lack(table, name)):
            yield f"{table} without {column}", other(study, **{table: frame.assign(**{column: None})})
        yield f"no {table}", other(study, **{table: frame.iloc[:0]})
    for name, row in study.quantity.items():
        for part in PARTS:
            value = getattr(row, part)
            for times in (0, 0.5, 1.02, 2) if value is not None else ():
                yield (
                    f"{name} {part} x {times}",
                    with_figure(study, name, part, value, round(value * times, 2)),
                )


def may_lack(table: str, column: str) -> bool:
    """Return whether a cell of a column may be empty; a sheet says what each statement is about."""
    return (
        column != "about" and column in TABLES[table].columns and not TABLES[table].columns[column].required
    )


def without_cells(study: StudyEvidence, part: str, table: str) -> Iterator[tuple[str, StudyEvidence]]:
    """Yield a study without a row, or without one cell of a row, of a table whose rows are objects."""
    rows = getattr(study, part)
    keyed = rows if isinstance(rows, dict) else dict(enumerate(rows))
    for key, row in keyed.items():
        cells = {name: value for name, value in vars(row).items() if value is not None}
        lacking = {f" without {name}": {name: None} for name in cells if may_lack(table, name)}
        swapped = {
            f" with {name} {new}": {name: new}
            for name, value in cells.items()
            for new in WORDS.get(name, ())
            if new != value
        }
        turned = {words: SimpleNamespace(**vars(row) | cell) for words, cell in (lacking | swapped).items()}
        for words, less in (turned | {" left out": None}).items():
            left = {name: less if name == key else one for name, one in keyed.items()}
            left = {name: one for name, one in left.items() if one is not None}
            yield (
                f"{table} {key}{words}",
                other(study, **{part: left if isinstance(rows, dict) else [*left.values()]}),
            )


def with_figure(study: StudyEvidence, name: str, part: str, old: float, new: float) -> StudyEvidence:
    """Return a study with another figure, and whatever result or contrast has it."""

    def turned(row: Any) -> Any:
        if name not in split_ids(row.quantity_ids):
            return row
        same = {key: new / scale for key, value in vars(row).items() for scale in (1, 100)
                if isinstance(value, int | float) and key != "timepoint_weeks" and value * scale == old}  # fmt: skip
        return SimpleNamespace(**vars(row) | same)

    figures = study.quantity | {name: SimpleNamespace(**vars(study.quantity[name]) | {part: new})}
    contrasts = [turned(row) for row in study.contrasts]
    return other(study, contrasts=contrasts, quantity=figures, _results=[*map(turned, study._results)])


def other(study: StudyEvidence, /, **rows: Any) -> StudyEvidence:
    """Return a study of which some rows are others; what it has worked out of the rest is kept."""
    changed = copy(study)
    vars(changed).update(rows)
    vars(changed).pop("arm_sizes", None)
    return changed


def shortened(words: str) -> str:
    """Return the beginning of a text, and a number that differs where the rest does."""
    return words if len(words) < 70 else f"{words[:60]}… {crc32(words.encode()):x}"


def said(check: str, study: StudyEvidence) -> str:
    """Return what a rule says of a study."""
    try:
        rows = RULE[check].run(study)
    except NotApplicable as error:
        return f"not applicable: {error}"
    return "; ".join(
        f"{weight(row)}, {row['concepts']}: {row['arithmetic'] or row['statement']}" for row in rows
    )


@pytest.mark.parametrize("case", [
    pytest.param(case, id=f"{name}-{n}") for name, cases in CASES.items() for n, case in enumerate(cases, 1)
])  # fmt: skip
def test_a_check_weighs_what_it_finds(case, request):
    study, check = study_of(case), case["check"]
    shown = [(AS_IT_IS, study)] if case.get("alone") else variants(study)
    lines = {name: said(check, one) for name, one in shown}
    told = {name: words for name, words in lines.items() if name == AS_IT_IS or words != lines[AS_IT_IS]}
    APPROVED(request.node.callspec.id, [f"{name}: {shortened(words)}" for name, words in told.items()])
    if case["found"] == "not applicable":
        with pytest.raises(NotApplicable):
            RULE[check].run(study)
        return
    rows = RULE[check].run(study)
    frame("discrepancies", rows)
    assert [weight(row) for row in rows] == case["found"]
    told = "; ".join(f"{row['statement']} {row['arithmetic']}; {row['locators']}" for row in rows)
    APPROVED(f"{request.node.callspec.id} in words", [told])
    assert all(words in told for words in case.get("says", ()))


def test_rules_without_inputs_are_not_applicable():
    discrepancies, checks = run_checks(evidence(study={"comparison": None}, arms=[]))
    assert discrepancies == []
    assert {row["outcome"] for row in checks} <= {"not applicable", "passed"}
    assert len(frame("checks", checks)) == len(RULES)


def test_a_discrepancy_says_where_and_with_which_numbers():
    row = RULE["percent-of-n"].run(study_of(CASES["share_of_people"][0]))[0]
    assert row["discrepancy_id"] == f"{STUDY}.rule-percent-of-n-1"
    assert row["locators"] == "made.txt, line 7 (Results); made.txt, line 3 (Methods)"
    assert "12.8" in row["arithmetic"] and "n = " in row["arithmetic"]
    assert row["quantity_ids"] == f"{STUDY}.p;{STUDY}.n"
    assert row["concepts"] == "satisfaction"


def test_a_time_point_without_any_result_is_not_applicable():
    study = study_of(CASES["time_points"][0] | {"results": []})
    with pytest.raises(NotApplicable):
        RULE["time-point-not-reported"].run(study)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"section": "Methods", "line": 3}, "Methods"),
        ({"section": None, "line": 3}, "line 3"),
        ({"section": None, "line": None, "access": "abstract"}, "abstract"),
        ({"section": None, "line": None}, "place not stated"),
    ],
)
def test_the_place_of_a_figure_is_always_told(where, words):
    figures = [
        quantity("a", "20", "sample_size", value=20, kind="n", role="design", unit="people", **where),
        quantity("b", "24", "sample_size", value=24, kind="n", role="design", unit="people"),
    ]
    rows = RULE["printed-twice"].run(evidence(figures))
    assert any(f"20 ({words})" in row["arithmetic"] for row in rows)
