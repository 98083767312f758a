"""Widths of texts, against the slow way that matplotlib has."""

from __future__ import annotations

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from helpers.figures.canvas import PIXELS_PER_POINT, text_width

TEXTS = (
    "wan2025, week 24, n 16 ‡", "S", "…", "O", "e", "D", ")", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789",
    "abcdefghijklmnopqrstuvwxyz", "hairs/cm²", "±25.5 (−3 to 7) ", "a&b@$%", "ß ö ç é Ω µ", "|", "(", "Q",
)  # fmt: skip


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("size", [8.0, 9.0, 10.5])
def test_width_is_that_of_every_curve_bent(size, weight):
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    for text in (part for whole in TEXTS for part in (whole, whole[: len(whole) // 2 or 1], whole[-1])):
        if text.strip():
            path = TextPath((0, 0), text, prop=font, usetex=False)
            assert text_width(text, size, weight) == path.get_extents().x1 * PIXELS_PER_POINT, text
