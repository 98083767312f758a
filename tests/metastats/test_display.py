"""Results print themselves: as text at the prompt, as one table with a caption in a notebook; hostile text as text."""

import numpy as np
import pytest
from bs4 import BeautifulSoup

from metastats import (
    bayes_pool,
    cluster_robust,
    effect_size,
    egger_test,
    mean_sd_from_quantiles,
    meta_regression,
    pool,
    pool_counts,
    pool_many,
    proportional_odds,
    rank_effect,
    rank_test,
    sd_from_se,
    subgroup_test,
    three_level,
    trim_and_fill,
)
from metastats.results import pairs_html, rows_html

YI, VI = [0.2, 0.5, 0.3, 0.9], [0.04, 0.05, 0.03, 0.09]
GROUPS = ["a", "a", "b", "c"]
RESULTS = {
    "effect sizes": effect_size("PLO", xi=[3, 4], ni=[10, 12]),
    "conversion": sd_from_se(2.0, 16),
    "conversions": sd_from_se([2.0, 3.0], 16),
    "mean and SD": mean_sd_from_quantiles(50, 30, q1=42, q3=57),
    "fit": pool(YI, VI),
    "fits": pool_many([YI] * 3, VI),
    "posterior": bayes_pool(YI, VI),
    "meta-regression": meta_regression(YI, VI, {"weeks": [4, 8, 12, 20]}),
    "subgroups": subgroup_test(YI[:3], VI[:3], GROUPS[:3]),
    "Egger's test": egger_test(YI, VI),
    "rank test": rank_test(YI, VI),
    "trim and fill": trim_and_fill(YI, VI),
    "three levels": three_level(YI, VI, GROUPS),
    "cluster-robust": cluster_robust(pool(YI, VI), GROUPS),
    "counts": pool_counts("OR", ai=[3, 0], n1i=[9, 8], ci=[5, 0], n2i=[9, 9]),
    "rank effect": rank_effect([1, 2, 5], [3, 2, 1]),
    "proportional odds": proportional_odds([1, 2, 5], [3, 2, 1]),
}
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">=1+1'


def page(result):
    return BeautifulSoup(result if isinstance(result, str) else result._repr_html_(), "html.parser")


def named(result):
    return {row.th.get_text(): row.td.get_text() for row in page(result).select("tbody tr")}


@pytest.mark.parametrize("name", list(RESULTS))
def test_text_and_table_say_the_same(name):
    title, *lines = repr(RESULTS[name]).splitlines()
    table = page(RESULTS[name])
    assert len(table.find_all("table")) == 1 and table.caption.get_text() == title
    assert len(lines) in (len(table.select("tbody tr")), len(table.select("tr")))
    for cell in table.select("td"):
        assert cell.get_text() in repr(RESULTS[name])
    assert "array(" not in repr(RESULTS[name])


def test_a_fit():
    fit = pool(YI, VI, method="REML", test="adhoc")
    shown = named(fit)
    assert shown["studies"] == "4" and shown["estimate"] == f"{fit.estimate:.4g}"
    assert shown["95 % interval (adhoc)"] == f"{fit.ci_lower:.4g} to {fit.ci_upper:.4g}"
    assert "one study" in named(pool([0.2], [0.04]))["note"].lower()


def test_a_long_table_is_cut_and_says_so():
    sizes = effect_size("MN", mi=np.arange(12.0), sdi=1, ni=9)
    assert len(page(sizes).select("tbody tr")) == 10 and "2 more" in page(sizes).caption.get_text()
    assert len(repr(sizes).splitlines()) == 13 and repr(sizes).endswith("2 more")


@pytest.mark.parametrize(
    "html", [pairs_html(HOSTILE, {HOSTILE: HOSTILE}), rows_html(HOSTILE, [{HOSTILE: HOSTILE}], [HOSTILE])]
)
def test_hostile_text_stays_text(html):
    assert not page(html).find(["script", "img"]) and page(html).get_text().count(HOSTILE) == 3
