"""The table of coverage says what theory and the published simulations say, and can be simulated again."""

import csv

import pytest
from simulate_coverage import DESIGNS, FITS, POSTERIORS, PRIORS, STUDIES, TABLE, TAU2, TESTS, coverage

ROWS = {
    (row["variances"], int(row["k"]), row["i2_about"]): row
    for row in csv.DictReader(TABLE.open(encoding="utf-8"))
}
CELLS = [(design, k, i2) for design in DESIGNS for k in STUDIES for i2 in TAU2]
Z, KH, TRUNCATED = TESTS.values()
NARROW, WIDE = PRIORS.values()


def share(cell, name):
    """Coverage in percent."""
    return float(ROWS[cell][name])


def error(percent, n):
    """Standard error of a simulated percentage."""
    return (percent * (100 - percent) / n) ** 0.5 + 0.05


def test_the_table_is_whole():
    assert list(ROWS) == CELLS


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell[0] == "alike"])
def test_equally_precise_studies_make_knapp_hartung_exact(cell):
    # it is then the one-sample t interval of the effects, whatever tau2 (Hartung and Knapp 2001)
    assert share(cell, KH) == pytest.approx(95, abs=4 * error(95, FITS))


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell[0] == "uneven"])
def test_uneven_studies_take_a_little_from_it(cell):
    # IntHout, Ioannidis and Borm (2014): error rates near 5 percent, somewhat above it with unequal sizes
    assert 92 < share(cell, KH) < 96.5


@pytest.mark.parametrize("cell", CELLS)
def test_the_truncation_only_widens(cell):
    # Roever, Knapp and Friede (2015): conservative, most of all with two or three studies
    assert share(cell, TRUNCATED) >= share(cell, KH)
    assert share(cell, TRUNCATED) > 94
    if cell[1] == 2:
        assert share(cell, TRUNCATED) > 98


@pytest.mark.parametrize("design", list(DESIGNS))
def test_the_normal_interval_is_too_narrow_where_effects_differ(design):
    # Langan et al. (2019), Friede et al. (2017): far below 95 percent for few studies, better with more
    for i2 in ("50", "80"):
        by_k = [share((design, k, i2), Z) for k in STUDIES]
        assert by_k == sorted(by_k)
        assert by_k[0] < 90
        assert by_k[-1] < 95
    assert all(share((design, k, "0"), Z) > 95 for k in STUDIES)


@pytest.mark.parametrize("cell", CELLS)
def test_the_posterior_covers_where_the_prior_allows_for_the_heterogeneity(cell):
    # Friede et al. (2017): near or above 95 percent while tau is of the size that the prior expects
    tau = TAU2[cell[2]] ** 0.5
    for scale, name in PRIORS.items():
        if tau <= scale:
            assert share(cell, name) > 93
    assert share(cell, WIDE) >= share(cell, NARROW) - 0.5
    if cell[2] == "0":
        assert share(cell, NARROW) > 96


def test_the_posterior_is_far_shorter_than_the_truncated_interval_of_two_studies():
    for design in DESIGNS:
        row = ROWS[design, 2, "50"]
        assert 3 * float(row[f"{WIDE} width"]) < float(row[f"{TRUNCATED} width"])


@pytest.mark.parametrize("cell", [("alike", 2, "50"), ("uneven", 3, "80"), ("uneven", 5, "0")])
def test_a_few_cells_simulated_again(cell):
    design, k, i2 = cell
    n, n_bayes = 4000, 200
    found = coverage(k, design, i2, n, n_bayes, seed=1)
    for name in (*TESTS.values(), *PRIORS.values()):
        sizes = (FITS, n) if name in TESTS.values() else (POSTERIORS, n_bayes)
        expected = share(cell, name)
        slack = 4 * sum(error(expected, size) ** 2 for size in sizes) ** 0.5
        assert found[name] == pytest.approx(expected, abs=slack), name
