"""Each drawing: numbers in its words, the same bytes twice, nothing beyond the edge."""

import io
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from case_files import cases_of
from PIL import Image

from helpers.figures import canvas as figure
from helpers.figures.forest import forest
from helpers.figures.outcome import DIRECTION_MARKS, LOOKS, context_plot, direction, harms
from helpers.figures.risk_of_bias import MARKS, appraisal_matrix, judgement_letter
from helpers.figures.sensitivity import BINS, DENSE, bins_of, edges_of, specification_curve
from helpers.figures.study import before_after, timeline
from helpers.pooling.specifications import CHOICES

ROWS = cases_of(__file__)
STUDIES = ROWS["studies"]
JUDGED = pd.DataFrame(
    [
        {"study_id": study, "domain": domain, "judgement": judgement}
        for study in ("a2024", "b2025 with a name that is rather long to be written in one line")
        for domain, judgement in (
            ("a domain with a long name", "no concerns"),
            ("overall", "serious concerns"),
        )
    ]
)
DRAWINGS = {
    "forest": lambda: forest(
        STUDIES[:2], unit="hairs/cm²", pooled=ROWS["pooled"], not_poolable=STUDIES[2:], title="Density"
    ),
    "direction": lambda: direction(ROWS["ways"]),
    "risk_of_bias": lambda: appraisal_matrix(JUDGED, {"a2024": "not assessable from the abstract"}),
    "timeline": lambda: timeline(ROWS["lanes"]),
    "before_after": lambda: before_after(ROWS["cases"], title="Cases"),
}


@pytest.mark.parametrize("name", ROWS["words"])
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


def test_frames_and_records_draw_alike():
    frame, rows = (forest(data, unit="u", title="t") for data in (pd.DataFrame(STUDIES), STUDIES))
    assert frame.svg() == rows.svg()


def test_nothing_to_show_is_said():
    assert "no study" in direction([]).alt
    assert "No study" in appraisal_matrix(JUDGED[:0], {}).alt
    assert "nothing" in timeline([]).alt
    assert "no case" in before_after([], title="t").alt
    assert forest([], unit="u", title="t").svg()


def test_letters_of_judgements():
    judgements = ("High", "low risk of bias", None, "serious")
    assert [judgement_letter(judgement) for judgement in judgements] == ["H", "L", "?", "S"]


def test_unknown_mark_is_refused():
    with pytest.raises(ValueError, match="mark guessed is none of"):
        timeline([{"lane": "a", "weeks": 1, "mark": "guessed"}])


def test_house_style_is_left_behind_nowhere():
    before = dict(matplotlib.rcParams)
    forest(STUDIES, unit="u", title="t").svg()
    assert dict(matplotlib.rcParams) == before


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", ["INK", "MUTED", "BLUE", "ORANGE", "GREEN", "VERMILION", "PURPLE"])
def test_every_ink_stands_off_white_paper(name):
    assert (1 + 0.05) / (luminance(getattr(figure, name)) + 0.05) >= 3.0  # WCAG 1.4.11, graphics


def test_no_two_judgements_directions_or_groups_look_alike_without_their_colour():
    looks = list(MARKS.values())
    assert len({(mark.shape, mark.sign, mark.hollow) for mark in looks}) == len(looks)
    assert len({sign for sign, _ in DIRECTION_MARKS.values()}) == len(DIRECTION_MARKS)
    assert len({(marker, fill) for marker, _, fill in LOOKS.values()}) == len(LOOKS)


def beside_rows():
    row = {"ci_lower": None, "ci_upper": None, "weeks": 24, "n": 20, "second_hand": True}
    long = "study2014: a treatment with a name that is long enough to need more room than others"
    return [
        row | {"group": "exosome", "label": "a2024", "effect": 35.0},
        row | {"group": "control", "label": "b2014: placebo", "effect": 4.0},
        row | {"group": "active", "label": long, "effect": 20.0, "ci_lower": 15.0, "ci_upper": 25.0},
    ]


HARMS = [
    {"study_id": "a2024", "event": "itching; redness and much else", "read": "abstract", "n": 20}
    | {"effect": 0.0, "ci_lower": 0.0, "ci_upper": 13.9},
    {"study_id": "b2025", "event": "headache", "read": "full text", "n": None}
    | {"effect": None, "ci_lower": None, "ci_upper": None, "instead": "listed, not counted"},
]
DRAWINGS |= {
    "beside": lambda: context_plot(beside_rows(), unit="hairs/cm2", title="Beside", visible=43.0),
    "harms": lambda: harms(HARMS),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_in_grey_the_drawing_keeps_its_contrast_and_nothing_is_cut_at_the_edge(name):
    drawn = DRAWINGS[name]()
    stream = io.BytesIO()
    with figure.style():
        drawn.figure.savefig(stream, format="png", dpi=192, facecolor="white")
    colour = Image.open(stream).convert("RGB")
    grey = np.asarray(colour.convert("L"), dtype=float)
    inked = np.abs(np.asarray(colour, dtype=float) - 255).max(axis=2) > 60
    assert grey[inked].max() < 225  # no mark fades into the paper
    box, size = drawn.figure.get_tightbbox(), drawn.figure.get_size_inches()
    assert box.x1 <= size[0] + 0.02 and box.y1 <= size[1] + 0.02 and min(box.x0, box.y0) >= -0.02
    drawn.close()


def test_the_words_of_harms_hold_limits_and_how_they_were_seen():
    drawn = harms(HARMS)
    assert "a2024: 0 (up to 13.9), n 20, itching; redness and much else, abstract." in drawn.alt
    assert "b2025: listed, not counted, headache, full text." in drawn.alt
    drawn.close()


def test_no_label_is_shortened():
    drawn = DRAWINGS["beside"]()
    told = "".join(text.get_text() for text in drawn.figure.texts)
    assert "more room than others" in told and "…" not in told
    drawn.close()


def specifications(count: int) -> pd.DataFrame:
    """Return so many specifications of one question, with two choices that vary."""
    place = np.arange(count)
    fixed = dict.fromkeys(CHOICES, "any") | {"concept": "hair_density", "estimand": "between_group"}
    fixed |= {"question": "hair density, difference between groups", "unit": "hairs/cm2"}
    return pd.DataFrame(fixed, index=place).assign(
        tau2_method=np.where(place % 3 == 0, "REML", "PM"),
        ci_method=np.where(place < count // 2, "normal", "knha"),
        estimate=place / 10 - 5,
        ci_lower=place / 10 - 9,
        ci_upper=place / 10 + 3,
        conclusion=np.where(place / 10 > 9, "gain", "not shown"),
    )


@pytest.mark.parametrize("count", [DENSE + 1, 2223, 9999])
def test_every_specification_has_a_bin_between_its_edges(count: int):
    bins, edges = bins_of(count), edges_of(count)
    assert bins[0] == 0 and bins[-1] == BINS - 1 and set(bins) == set(range(BINS))
    places = np.arange(count)
    assert (edges[bins] <= places + 0.5).all() and (places - 0.5 <= edges[bins + 1]).all()


def test_the_file_of_many_specifications_is_no_larger_than_that_of_some():
    some, many = (len(specification_curve(specifications(count)).svg()) for count in (DENSE + 50, 6000))
    assert many < 1.2 * some < 60_000


def test_the_caption_says_that_neighbours_share_a_point():
    assert "neighbours share a point" in specification_curve(specifications(DENSE + 50)).caption
    assert "neighbours" not in specification_curve(specifications(DENSE)).caption


def test_words_and_captions_follow_the_level():
    for drawn in (
        forest(STUDIES, unit="u", title="t", pooled=ROWS["pooled"], level=0.9),
        context_plot(beside_rows(), unit="hairs/cm2", title="t", level=0.9),
    ):
        words = drawn.caption + drawn.alt + re.sub("<[^>]*>", " ", drawn.svg())
        assert "90 % interval" in drawn.caption and "95" not in words
