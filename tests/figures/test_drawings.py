"""Each drawing: numbers in its words, the same bytes twice, nothing beyond the edge."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from helpers.figures.forest import forest
from helpers.figures.outcome import direction
from helpers.figures.risk_of_bias import judgement_letter, risk_of_bias
from helpers.figures.study import before_after, flip_points, split_curve, timeline

STUDIES = [
    {
        "study_id": "a2024",
        "effect": 35.0,
        "ci_lower": 31.5,
        "ci_upper": 38.5,
        "n": 16,
        "risk_of_bias": "serious",
    },
    {"study_id": "b2025", "effect": 9.4, "ci_lower": None, "ci_upper": None, "n": None, "risk_of_bias": None},
    {
        "study_id": "c2025 with a name that is rather long",
        "effect": None,
        "n": 2,
        "risk_of_bias": "some concerns",
    },
]
POOLED = {"estimate": 20.0, "ci_lower": 5.0, "ci_upper": 35.0, "pi_lower": -40.0, "pi_upper": 80.0}
JUDGED = [
    {"study_id": study, "tool": tool, "domain": domain, "judgement": judgement, "order": order}
    for study, tool in (("a2024", "ROBINS-I"), ("b2025", "JBI case reports"))
    for order, (domain, judgement) in enumerate(
        [("Confounding by a long list of things that had to be named", "critical"), ("Overall", None)]
    )
]
SPLITS = [
    {"assumption": share, "estimate": 1.0, "ci_lower": share - 0.55, "ci_upper": 2.5 - share}
    for share in np.linspace(0, 1, 11)
]
LANES = [
    {"lane": "hair_density", "weeks": 52, "mark": "measured"},
    {"lane": "hair_density", "weeks": 26.1, "mark": "promised"},
    {"lane": "hair_density", "weeks": None, "mark": "promised"},
    {"lane": "treatment", "weeks": 0, "mark": "session"},
]
CASES = [
    {"case": "Case 1", "before": 42, "after": 31.5, "measure": "vellus_share", "unit": "%"},
    {"case": "Case 2", "before": 55, "after": None, "measure": "vellus_share", "unit": "%"},
]
WAYS = [
    {"study_id": "a2024", "concept": "hair_density", "direction": "better", "n": 16, "design": "open label"},
    {"study_id": "a2024", "concept": "severity", "direction": "no change"},
    {"study_id": "b2025", "concept": "hair_density", "direction": "worse", "n": None},
]
DRAWINGS = {
    "forest": (
        lambda: forest(
            STUDIES[:2], unit="hairs/cm²", pooled=POOLED, not_poolable=STUDIES[2:], title="Density"
        ),
        [
            "35 (31.5 to 38.5)",
            "n 16",
            "serious",
            "9.4 (no interval)",
            "not reported",
            "20 (5 to 35)",
            "−40 to 80",
        ],
    ),
    "direction": (
        lambda: direction(WAYS),
        ["n = 16", "density better", "severity no change", "n not stated"],
    ),
    "risk_of_bias": (
        lambda: risk_of_bias(JUDGED),
        ["Confounding", "critical", "Overall: no information", "JBI"],
    ),
    "split_curve": (
        lambda: split_curve(SPLITS, assumption="correlation", unit="SMD", title="r", chosen=0.5),
        ["flips at 0.55", "uses 0.5", "1 (−0.55 to 2.5)"],
    ),
    "timeline": (
        lambda: timeline(LANES),
        ["week 52", "promised but not reported at week 26.1", "time not stated"],
    ),
    "before_after": (
        lambda: before_after(CASES, title="Cases"),
        ["42 before and 31.5 after", "not stated after"],
    ),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_hold_the_numbers(name):
    make, words = DRAWINGS[name]
    figure = make()
    for word in words:
        assert word in figure.alt
    assert figure.caption


@pytest.mark.parametrize("name", DRAWINGS)
def test_same_bytes_twice_and_no_version_in_them(name):
    make, _ = DRAWINGS[name]
    assert make().svg() == make().svg()
    assert "matplotlib" not in make().svg().lower()


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_beyond_the_edge(name):
    make, _ = DRAWINGS[name]
    figure = make().figure
    figure.savefig("/dev/null", format="png", dpi=96)
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()  # of everything drawn, in inches
    assert min(box.x0, box.y0) >= -0.02
    assert box.x1 <= width + 0.02
    assert box.y1 <= height + 0.02


def test_frames_and_records_draw_alike():
    assert (
        forest(pd.DataFrame(STUDIES), unit="u", title="t").svg() == forest(STUDIES, unit="u", title="t").svg()
    )


def test_nothing_to_show_is_said():
    assert "no study" in direction([]).alt
    assert "No study" in risk_of_bias([]).alt
    assert "nothing" in timeline([]).alt
    assert "no case" in before_after([], title="t").alt
    assert forest([], unit="u", title="t").svg()
    with pytest.raises(ValueError, match="no row"):
        split_curve([], assumption="a", unit="u", title="t")


def test_many_studies_turn_the_matrix():
    rows = [{**row, "study_id": f"study {number}"} for number in range(7) for row in JUDGED[:2]]
    assert "study 6 (ROBINS-I)" in risk_of_bias(rows).alt


@pytest.mark.parametrize(
    ("judgement", "letter"),
    [("3 of 8 yes", "3/8"), ("High concern", "H"), ("low risk of bias", "L"), (None, "?"), ("serious", "S")],
)
def test_letters_of_judgements(judgement, letter):
    assert judgement_letter(judgement) == letter


def test_unknown_mark_is_refused():
    with pytest.raises(ValueError, match="guessed"):
        timeline([{"lane": "a", "weeks": 1, "mark": "guessed"}])


def test_flips_lie_between_neighbours():
    rows = [
        {"assumption": 0, "ci_lower": -1.0, "ci_upper": 3.0},
        {"assumption": 1, "ci_lower": 1.0, "ci_upper": 2.0},
        {"assumption": 2, "ci_lower": -3.0, "ci_upper": -1.0},
    ]
    assert flip_points(rows) == pytest.approx([0.5, 1.25, 1 + 2 / 3])
    assert flip_points(rows[:1]) == []


def test_house_style_is_left_behind_nowhere():
    before = dict(matplotlib.rcParams)
    forest(STUDIES, unit="u", title="t").svg()
    assert dict(matplotlib.rcParams) == before
