"""Each drawing: numbers in its words, the same bytes twice, nothing beyond the edge."""

import re

import numpy as np
import pandas as pd
import pytest
from case_files import cases_of
from matplotlib import pyplot

from helpers.figures.canvas import (
    MARKS,
    PALETTE,
    PHONE_WIDTH,
    SMALL,
    Figure,
    Plotted,
    judgement_letter,
    style,
    text_width,
)
from helpers.figures.forest import author_year, estimate_mark, forest, panel_rows, sides_of
from helpers.figures.outcome import (
    DIRECTION_MARKS,
    LOOKS,
    MOST,
    context_plot,
    direction,
    harms,
    modifier_rows,
    specification_curve,
)
from helpers.figures.study import appraisal_matrix, before_after, flow, ongoing_timeline, timeline
from helpers.site.notebook import COLOURED
from helpers.site.page import stylesheet
from helpers.tables.vocabulary import CHOICES
from trialfiles.text import inert_cell

ROWS = cases_of(__file__)
STUDIES = ROWS["studies"]
LONG = "b2025 with a name that is rather long to be written in one line"
GIVEN = {"a domain with a long name": "no concerns", "overall": "serious concerns"}
PAIRS = [(study, *pair) for study in ("a2024", LONG) for pair in GIVEN.items()]
JUDGED = pd.DataFrame(PAIRS, columns=["study_id", "domain", "judgement"])


class Pen:
    """A drawing that keeps the sizes of its marks."""

    def __init__(self) -> None:
        self.sizes: list[float] = []

    def line(self, *_: object, **__: object) -> None: ...

    def mark(self, _kind: str, _x: float, _y: float, size: float, *_: object, **__: object) -> None:
        self.sizes.append(size)


def test_the_area_of_a_square_is_in_proportion_to_its_weight():
    pen = Pen()
    for weight in (0.04, 0.16, 0.64):
        estimate_mark({"effect": 1.0, "weight": weight})(pen, float, 0.0)
    first, *others = (size**2 for size in pen.sizes)
    assert [area / first for area in others] == pytest.approx([4, 16])


DRAWINGS = {
    "forest": lambda: forest(STUDIES, unit="hairs/cm²", pooled=ROWS["pooled"], title="Density"),
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


def test_nothing_to_show_is_said():
    assert "no study" in direction([]).alt
    assert "No study" in appraisal_matrix(JUDGED[:0], {}).alt
    assert "nothing" in timeline([]).alt
    assert "no case" in before_after([], title="t").alt
    assert forest([], unit="u", title="t").drawing.svg()


def test_letters_of_judgements():
    judgements = ("High", "low risk of bias", None, "serious")
    assert [judgement_letter(judgement) for judgement in judgements] == ["H", "L", "?", "S"]


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", sorted(set(PALETTE) - {"ink"}))
def test_every_colour_stands_off_white_and_dark_paper_and_white_signs_off_it(name):
    own, dark = luminance(PALETTE[name]) + 0.05, luminance("#15191e") + 0.05
    assert 1.05 / own >= 3.0 and own / dark >= 3.0  # WCAG 1.4.11, graphics


@pytest.mark.parametrize("name", COLOURED)
def test_code_colours_have_contrast(name):
    style = stylesheet("style.css")
    pairs = [re.findall(rf"--{part}:\s*(#\w+)", style)[:2] for part in (f"code-{name}", "wash")]
    for colour, ground in zip(*pairs, strict=True):
        dark, light = sorted(map(luminance, (colour, ground)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert f"code .{name}{{color: var(--code-{name})" in style


def test_no_two_judgements_directions_or_groups_look_alike_without_their_colour():
    looks = list(MARKS.values())
    assert len({(mark.shape, mark.sign, mark.hollow) for mark in looks}) == len(looks)
    assert len({(shape, hollow) for shape, _, hollow in DIRECTION_MARKS.values()}) == len(DIRECTION_MARKS)
    assert len({(marker, fill) for marker, _, fill in LOOKS.values()}) == len(LOOKS)


SEEN = {"what": "difference that eyes see; another says more", "value": 43.0, "second_hand": False}


def beside_rows():
    row = {"ci_lower": None, "ci_upper": None, "weeks": 24, "n": 20, "second_hand": True}
    long = "study2014: a treatment with a name that is long enough to need more room than others"
    return [
        row | {"group": "exosome", "label": "a2024", "effect": 35.0},
        row | {"group": "control", "label": "b2014: placebo", "effect": 4.0},
        row | {"group": "active", "label": long, "effect": 20.0, "ci_lower": 15.0, "ci_upper": 25.0},
    ]


HARMS = ROWS["harms"]
ONGOING, RECORDS = pd.DataFrame(ROWS["ongoing"]), pd.DataFrame(ROWS["records"])
DRAWINGS |= {
    "beside": lambda: context_plot(
        beside_rows(), unit="hairs/cm2", title="Beside", seen=SEEN, note="Not drawn: c2025"
    ),
    "harms": lambda: harms(HARMS),
    "ongoing": lambda: ongoing_timeline(ONGOING),
    "flow": lambda: flow(RECORDS),
    "curve": lambda: specification_curve(specifications(61)),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_bytes_are_the_same_twice_and_nothing_is_cut_at_the_edge(name):
    drawn = DRAWINGS[name]()
    assert drawn.phone.width == PHONE_WIDTH and SMALL >= 11
    again = DRAWINGS[name]()
    assert (drawn.drawing.svg(), drawn.phone.svg()) == (again.drawing.svg(), again.phone.svg())
    for pen in (drawn.drawing, drawn.phone):
        assert [text for left, right, text in pen.texts if left < -3 or right > pen.width + 3] == []


def test_one_person_has_no_share_and_the_words_of_harms_hold_counts_limits_and_how_they_were_seen():
    one = HARMS[0] | {"study_id": "c2025", "n": 1, "ci_upper": 95.0}
    drawn = harms([*HARMS, one])
    assert "a2024: 0 of 20 (up to 13.9 %), itching; redness and much else; read: abstract." in drawn.alt
    assert "b2025: listed, not counted, headache; read: full text." in drawn.alt
    assert "c2025: 0 of 1, itching" in drawn.alt
    assert drawn.drawing.svg().count("V") == harms(HARMS).drawing.svg().count("V")  # no bar more


@pytest.mark.parametrize(
    "label", ["\u00ad", "\u200b", "\u200e", "\u2060", "\ufeff", "\u202e", r"$\frac{$", "$5 to $6", "=A1"]
)
def test_any_label_is_drawn_as_its_letters_and_no_cell_of_its_numbers_is_a_formula(label):
    with style():
        figure, axes = pyplot.subplots()
        axes.set_title(label)
    drawn = Figure(Plotted(figure), "", "", rows=[{"label": label}])
    assert f">{label}<" in drawn.drawing.svg() and text_width(label) >= 0
    assert drawn.csv().decode() == f"label\n{inert_cell(label)}\n" and inert_cell("=A1") == "'=A1"


@pytest.mark.parametrize(("inches", "dark"), [(3.4, True), (7.5, False)])
def test_a_plot_for_a_phone_follows_its_dark_by_itself(inches, dark):
    with style():
        figure, _ = pyplot.subplots(figsize=(inches, 2))
    assert ("prefers-color-scheme" in Plotted(figure).svg()) is dark


def test_the_flow_counts_each_record_once():
    words = flow(RECORDS).alt
    assert [said for said in ROWS["flow"] if said not in words] == []


def test_an_ongoing_study_without_a_date_says_so():
    drawn = ongoing_timeline(ONGOING)
    assert "NCT1: end, of what was not seen, 2026-11, n = 30 planned; status not seen." in drawn.alt
    assert "NCT3: recruitment to end 2026-12" in drawn.alt
    assert "NCT4: registered end 2026-10, results due 2027-10" in drawn.alt
    assert "NCT2" not in drawn.alt and drawn.caption.endswith("Without a date in the copy that was read: 1.")


def test_a_study_stands_in_the_groups_that_its_arm_tells():
    studies = {"study_id": ["a", "b"], "sex": ["male", None], "n_analysed": 9, "comparison": None}
    rows = modifier_rows(pd.DataFrame(ROWS["arms"]), pd.DataFrame(studies), pd.DataFrame(ROWS["lines"]))
    assert [[row["study_id"], row["concept"]] for row in rows] == ROWS["groups"]


def test_a_line_shows_what_was_printed_of_its_arms_and_what_was_assumed():
    line = ROWS["line"]
    results = pd.DataFrame(ROWS["measured"], columns=["arm_id", "timepoint_weeks", "mean", "sd"])
    results["result_id"] = list("pqrs")
    effects = pd.DataFrame({"effect_id": ["a.1"], "result_ids": ["p;q;r;s"]})
    ([row], unit) = panel_rows(pd.DataFrame([line]), effects, results)
    assert (unit, row["mean"], row["sd"]) == ("u", "80 → 95\n82 → 85", "10 → –\n12 → 14")
    assert (row["n"], row["assumed"]) == ("8 + 8", ["n"])
    share = line | {"estimand": "proportion", "unit": "proportion"}
    ([row], _) = panel_rows(pd.DataFrame([share]), effects, results)
    assert row["effect"] is None  # nobody is no null effect


def test_sides_of_an_outcome_follow_what_is_better():
    assert sides_of("hair_density") == ("← worse", "better →")
    assert sides_of("severity_stage", "favours saline", "favours exosomes")[0] == "← favours exosomes"


def test_a_short_name_becomes_author_and_year():
    assert author_year("gubelinharcha2014") == "Gubelin Harcha 2014"
    assert author_year("NCT06932393") == "NCT06932393" and author_year("stough_drug") == "Stough drug"


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


def test_of_many_specifications_as_many_are_drawn_as_there_is_room_for_and_the_caption_says_so():
    few, many = specification_curve(specifications(MOST)), specification_curve(specifications(6000))
    assert len(many.drawing.svg()) < 1.2 * len(few.drawing.svg()) < 60_000
    assert f"({MOST})" in few.caption and f"({MOST} of 6000, evenly spaced" in many.caption
    assert "6000 specifications" in many.alt


def test_band_and_line_are_named_over_the_axis_where_there_is_room():
    def spans(visible, phone=False):
        rows = [*beside_rows(), beside_rows()[0] | {"effect": 90.0}]
        drawn = context_plot(rows, unit="hairs/cm2", title="t", seen=SEEN | {"value": visible})
        texts = (drawn.phone if phone else drawn.drawing).texts
        return {
            text: (left, right) for left, right, text in texts if text in ("placebo or", "visible to most")
        }

    apart = spans(43.0)
    assert apart["placebo or"][1] < apart["visible to most"][0]
    assert list(spans(6.0)) == ["placebo or"]  # they would touch
    assert list(spans(90.0)) == ["placebo or"]  # beyond the end of the axis
    assert spans(43.0, phone=True) == {}  # the caption says it


def test_words_and_captions_follow_the_level():
    for drawn in (
        forest(STUDIES, unit="u", title="t", pooled=ROWS["pooled"], level=0.9),
        context_plot(beside_rows(), unit="hairs/cm2", title="t", level=0.9),
    ):
        words = drawn.caption + drawn.alt + " ".join(text for _, _, text in drawn.drawing.texts)
        assert "90 % interval" in drawn.caption and "95" not in words
