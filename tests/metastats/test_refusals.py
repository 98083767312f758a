"""What cannot be computed is refused by every function in the same words: argument, position, remedy."""

import numpy as np
import pytest
from case_files import cases_of

import metastats
from metastats import (
    bayes_pool,
    cumulative,
    effect_size,
    egger_test,
    influence,
    leave_one_out,
    meta_regression,
    pool,
    pool_many,
    rank_test,
    subgroup_test,
    three_level,
    trim_and_fill,
)
from metastats.conversions import sd_from_t
from metastats.measures import STANDARDISED
from metastats.ranks import rank_effect_from_u
from metastats.small_study import fail_safe_n

CALLS = cases_of(__file__)
GIVEN, TAKEN = CALLS.pop("given"), CALLS.pop("taken")
Y, V = GIVEN["Y"], GIVEN["V"]
GROUPS = ["a", "a", "b", "b"]
FUNCTIONS = {
    "pool": pool,
    "bayes_pool": bayes_pool,
    "leave_one_out": leave_one_out,
    "cumulative": cumulative,
    "influence": influence,
    "egger_test": egger_test,
    "rank_test": rank_test,
    "trim_and_fill": trim_and_fill,
    "fail_safe_n": fail_safe_n,
    "meta_regression": lambda y, v: meta_regression(y, v, [1, 2, 3, 5]),
    "subgroup_test": lambda y, v: subgroup_test(y, v, GROUPS),
    "three_level": lambda y, v: three_level(y, v, GROUPS),
}
FAULTS = [
    (2, 0, np.nan, r"yi\[2\]: is NaN"),
    (3, 1, np.nan, r"vi\[3\]: is NaN"),
    (1, 0, np.inf, r"yi\[1\]: is infinite"),
    (1, 1, np.inf, r"vi\[1\]: is infinite"),
    (0, 1, 0.0, r"vi\[0\]: is zero"),
    (3, 1, -0.01, r"vi\[3\]: is negative"),
]


@pytest.mark.parametrize(("call", "message"), [case for cases in CALLS.values() for case in cases])
def test_what_cannot_be_is_refused(call, message):
    names = {"np": np, "sd_from_t": sd_from_t, "rank_effect_from_u": rank_effect_from_u}
    with pytest.raises(ValueError, match=message):
        eval(call, vars(metastats) | names | GIVEN)


@pytest.mark.parametrize(("call", "value"), TAKEN)
def test_what_is_just_possible_is_taken(call, value):
    names = {"np": np, "rank_effect_from_u": rank_effect_from_u, "fail_safe_n": fail_safe_n}
    found = eval(call, vars(metastats) | names | GIVEN)
    if isinstance(value, str):
        assert found == value
    else:
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", list(FUNCTIONS))
@pytest.mark.parametrize(("row", "column", "value", "message"), FAULTS)
def test_a_faulty_number_is_named(name, row, column, value, message):
    data = np.array([Y, V])
    data[column, row] = value
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](*data)


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_unequal_lengths_and_nothing_at_all(name):
    with pytest.raises(ValueError, match="4 effects but 3 variances"):
        FUNCTIONS[name](Y, V[:3])
    with pytest.raises(ValueError, match=r"no study|0 studies|rows but 0|values but 0"):
        FUNCTIONS[name]([], [])


def test_text_is_refused_and_lists_columns_and_none_are_taken():
    with pytest.raises(ValueError, match="yi: not numeric"):
        pool(["much", "little"], [1, 1])
    assert pool(tuple(Y), V).estimate == pool(np.array(Y), np.array(V)).estimate
    assert pool([0.1, None], [0.1, 0.2], missing="drop").k == 1


@pytest.mark.parametrize("where", [(0,), (1, 3), (0, 1, 2)])
@pytest.mark.parametrize("column", [0, 1])
def test_dropped_rows_are_counted(where, column):
    data = np.array([Y, V])
    data[column, list(where)] = np.nan
    kept = [i for i in range(4) if i not in where]
    fit = pool(*data, missing="drop")
    assert (fit.k, fit.dropped, fit.yi.tolist()) == (len(kept), len(where), [Y[i] for i in kept])
    assert any(f"{len(where)} of 4 rows left out" in note for note in fit.notes)
    assert pool_many(*data[:, None], missing="drop").k.tolist() == [len(kept)]
    assert bayes_pool(*data, missing="drop").k == len(kept)


def test_a_negative_variance_is_refused_even_among_rows_to_drop():
    with pytest.raises(ValueError, match=r"vi\[1\]: is negative"):
        pool([0.1, 0.2, np.nan], [0.1, -0.1, 0.1], missing="drop")


@pytest.mark.parametrize("measure", STANDARDISED)
def test_an_se_given_as_sd_is_noticed_by_every_standardised_measure(measure):
    two = dict(
        m1i=[10.0, 60.0], sd1i=[9.0, 1.2], n1i=[30, 30], m2i=[8.0, 40.0], sd2i=[9.0, 1.2], n2i=[30, 30]
    )
    pair = dict(m1i=[10.0, 60.0], m2i=[8.0, 40.0], sd1i=[9.0, 1.2], sd2i=[9.0, 1.2], ni=[30, 30], ri=0.5)
    with pytest.warns(UserWarning, match="row 1: was a standard error given as an SD"):
        effect_size(measure, **(pair if measure.startswith("SMC") else two))


@pytest.mark.parametrize(("value", "message"), [(1e-130, r"vi\[0, 0\]"), (1e130, r"vi\[0, 0\]")])
def test_numbers_beyond_floating_point_are_refused_of_many_too(value, message):
    with pytest.raises(ValueError, match=f"{message}.*rescale"):
        pool_many([[0.1, 0.2]], [[value, 0.1]])
    with pytest.raises(ValueError, match=r"yi\[0, 1\].*rescale"):
        pool_many([[0.1, -1e70]], [[0.1, 0.1]])
    with pytest.raises(ValueError, match=r"yi\[0, 1\].*rescale"):
        pool_many([[0.1, 1e70]], [[0.1, 0.1]])


def test_level_test_and_moderators_are_looked_at_everywhere():
    with pytest.raises(ValueError, match="level: 95"):
        subgroup_test(Y, V, GROUPS, level=95)
    with pytest.raises(ValueError, match="test: 't'"):
        subgroup_test(Y, V, GROUPS, test="t")
    with pytest.raises(ValueError, match="mods: no moderators"):
        meta_regression(Y, V, None)
