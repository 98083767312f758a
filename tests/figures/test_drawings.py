"""Each drawing: numbers in its words, the same bytes twice, nothing beyond the edge."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from case_files import cases_of

from helpers.figures.forest import forest
from helpers.figures.outcome import direction
from helpers.figures.risk_of_bias import judgement_letter, risk_of_bias
from helpers.figures.study import before_after, flip_points, split_curve, timeline

ROWS = cases_of(__file__)
STUDIES = ROWS["studies"]
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
DRAWINGS = {
    "forest": lambda: forest(
        STUDIES[:2], unit="hairs/cm²", pooled=ROWS["pooled"], not_poolable=STUDIES[2:], title="Density"
    ),
    "direction": lambda: direction(ROWS["ways"]),
    "risk_of_bias": lambda: risk_of_bias(JUDGED),
    "split_curve": lambda: split_curve(SPLITS, assumption="correlation", unit="SMD", title="r", chosen=0.5),
    "timeline": lambda: timeline(ROWS["lanes"]),
    "before_after": lambda: before_after(ROWS["cases"], title="Cases"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_hold_the_numbers(name):
    figure = DRAWINGS[name]()
    for word in ROWS["words"][name]:
        assert word in figure.alt
    assert figure.caption


@pytest.mark.parametrize("name", DRAWINGS)
def test_same_bytes_twice_and_no_version_in_them(name):
    make = DRAWINGS[name]
    assert make().svg() == make().svg()
    assert "matplotlib" not in make().svg().lower()


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_beyond_the_edge(name):
    figure = DRAWINGS[name]().figure
    figure.savefig("/dev/null", format="png", dpi=96)
    (width, height), box = figure.get_size_inches(), figure.get_tightbbox()  # of everything drawn, in inches
    assert min(box.x0, box.y0) >= -0.02 and box.x1 <= width + 0.02 and box.y1 <= height + 0.02


def test_frames_and_records_draw_alike():
    frame, rows = (forest(data, unit="u", title="t") for data in (pd.DataFrame(STUDIES), STUDIES))
    assert frame.svg() == rows.svg()


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


def test_letters_of_judgements():
    judgements = ("3 of 8 yes", "High concern", "low risk of bias", None, "serious")
    assert [judgement_letter(judgement) for judgement in judgements] == ["3/8", "H", "L", "?", "S"]


def test_unknown_mark_is_refused():
    with pytest.raises(ValueError, match="mark guessed is none of"):
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
