"""In grey nothing is lost: what differs by colour differs by shape, fill or word too, and stands off white."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from helpers.figures import canvas as figure
from helpers.figures.outcome import DIRECTION_MARKS, LOOKS, albatross, context_plot, harms
from helpers.figures.risk_of_bias import MARKS


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
POINT = {"study_id": "a2024", "p_value": 0.01, "n": 20, "direction": "better", "label": "a2024, hair density"}
DRAWN = {
    "beside": lambda: context_plot(beside_rows(), unit="hairs/cm2", title="Beside", visible=43.0),
    "harms": lambda: harms(HARMS),
    "albatross": lambda: albatross(
        [POINT | {"estimand": "uncontrolled_change"}, POINT | {"estimand": "between_group", "p_value": 0.2}],
        title="P",
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_in_grey_the_drawing_keeps_its_contrast_and_nothing_is_cut_at_the_edge(name):
    drawn = DRAWN[name]()
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
    drawn = DRAWN["beside"]()
    told = "".join(text.get_text() for text in drawn.figure.texts)
    assert "more room than others" in told and "…" not in told
    drawn.close()
