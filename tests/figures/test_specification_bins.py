"""Very many specifications in one curve: nothing is left out of the bins, and the file stays small."""

import numpy as np
import pandas as pd
import pytest

from helpers.figures.sensitivity import BINS, DENSE, bins_of, edges_of, specification_curve
from helpers.pooling.specifications import CHOICES


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
