"""The panel's script has the arithmetic of metastats and the rules of certainty.yaml: against R and against Python."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made_studies import change, world
from real_tables import RAW
from reference_values import BAYES, METAFOR

from helpers.appraisal.grade import baseline_of, minimal_differences
from helpers.appraisal.risk_of_bias import overall
from helpers.comparison import evidence_states
from helpers.effects.means import drug_differences
from helpers.narrative.pooled import statement
from helpers.pooling.groups import TEST_WORDS, Options, tier_lines
from helpers.pooling.specifications import Levels, sensitivity
from helpers.pooling.tiers import BAYES as BAYESIAN
from helpers.pooling.tiers import Basis, reanalysed
from helpers.pooling.what_if import what_if_data
from helpers.sheets.context import read_context
from helpers.site.page import script
from helpers.tables import as_frame, validate
from metastats.measures import TWO_GROUPS
from notebookpress.tables import records, split_ids

METHODS = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
ENDS = ("estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper")
PARTS = (*ENDS[:3], "se", *ENDS[3:], "tau2", "i2")
MODEL = {"tau2_method": "REML", "ci_method": "adhoc"}
ASSUMED = {"pre_post_correlation": (0.7,), "site_correlation": (0.7,)}
RUN = {"pre_post_correlation": 0.7, "sd_use": "printed"}
ANSWERS = "(data, sets) => { data = whatIf.checked(data); return sets.map(one => whatIf.answer(data, one)); }"


@pytest.fixture(scope="module")
def run(browser):
    """Return a function that calls JavaScript with data, where the panel's script is loaded."""
    page = browser.new_page()
    page.add_script_tag(content=script("whatif.js"))
    plain = lambda data: json.loads(json.dumps(data, default=float))  # noqa: E731
    yield lambda code, *data: page.evaluate(f"given => ({code})(...given)", plain(data))
    page.close()


def near(got, names, wanted, to: float, scale: float) -> None:
    """Compare numbers of two rows, to a share of themselves or of a scale."""
    ours, theirs = ([row[name] for name in names] for row in (got, wanted))
    assert ours == pytest.approx(theirs, rel=to, abs=to * scale), (names, ours, theirs)


def test_every_pool_and_posterior_is_that_of_r(run):
    cases = [case for case in METAFOR["cases"] if "fits" in case]
    asked = [(case, fit) for case in cases for fit in case["fits"] if fit["method"] in METHODS]
    sets = [(case["yi"], case["vi"], fit["method"], fit["test"], 0.95) for case, fit in asked]
    for (case, fit), got in zip(asked, run("all => all.map(one => whatIf.pool(...one))", sets), strict=True):
        fit |= {"ci_lower": fit["ci_lb"], "ci_upper": fit["ci_ub"], "i2": fit["I2"]}
        near(got, ("estimate", "se", "ci_lower", "ci_upper", "tau2", "i2"), fit, 1e-7, np.ptp(case["yi"]))
    assert len(asked) == 24 * len(cases) >= 48  # two cases are in the repository
    flat = [case for case in BAYES["cases"] if case["mu_prior"]["kind"] == "flat"]
    flat = [case for case in flat if case["tau_prior"]["kind"] == "half-normal"]
    sets = [(case["yi"], case["vi"], case["tau_prior"]["scale"], 0.95) for case in flat]
    for case, got in zip(flat, run("all => all.map(one => whatIf.bayes(...one))", sets), strict=True):
        mu, new = case["mu"], case["predictive"]
        wanted = dict(zip(ENDS, (mu["median"], mu["lo"], mu["hi"], new["lo"], new["hi"]), strict=True))
        near(got, ENDS, wanted, 1e-7, 1)


def test_every_difference_of_two_means_is_that_of_r(run):
    for table in METAFOR["escalc"]:
        if table["measure"] != "MD" or "HO" in str(table["options"]):
            continue
        lines = []
        for m1, sd1, n1, m2, sd2, n2 in zip(*(table["inputs"][name] for name in TWO_GROUPS), strict=True):
            first = {"side": 1, "n": n1, "mean": m1, "se": [sd1 / n1**0.5]}
            second = {"side": -1, "n": n2, "mean": m2, "se": [sd2 / n2**0.5]}
            lines.append({"estimand": "between_group", "arms": [first, second]})
        got = run("all => all.map(line => whatIf.figured(line, {}, 0.95))", lines)
        assert [one["effect"] for one in got] == pytest.approx(table["yi"], rel=1e-7)
        assert [one["se"] ** 2 for one in got] == pytest.approx(table["vi"], rel=1e-7)


def raw(name: str):
    return validate(name, read_context(RAW)[name])


def chosen(data: dict, question: str, included: str = "all", **more) -> dict:
    """Return the choices of a set: the default but for those given."""
    first = {"comparator": "any", "own": [], "sound": included == "sound", "question": question}
    return data["chosen"] | first | {"out": [included[8:]] if included[:8] == "without " else []} | more


def hold_specifications(run, data: dict, lines: list, levels: Levels, tables: dict, least: int) -> None:
    """Hold the script to every row of `specifications`."""
    found = sensitivity(lines, levels, MODEL, tables, sds=(14.6, 25.4)).specifications
    rows, tests = records(validate("specifications", found)), dict(map(reversed, TEST_WORDS.items()))
    names = ("included", "sd_use", "assumed_sd", "tau2_method", "pre_post_correlation", "site_correlation")
    kept = [{name: row[name] for name in names} | {"ci_method": tests[row["ci_method"]]} for row in rows]
    assert len(rows) >= least and list(data["questions"]) == ["drug1"]
    sets = [chosen(data, "drug1", **one) for one in kept]
    for row, got in zip(rows, run(ANSWERS, data, sets), strict=True):
        assert set(got["shown"]["studies"]) == set(split_ids(row["studies"]))
        near(got["shown"], (*ENDS[:3], "tau2"), row, 1e-9, abs(row["estimate"]))


def test_every_set_of_the_sensitivity_analysis_of_the_drugs(run):
    drugs = drug_differences(raw("comparators"))
    data = what_if_data(basis_of(world(change("a", "t", 9, 6, 20))), drugs, ["core", "published"], **RUN)
    hold_specifications(run, data, drugs, Levels(tier=("context",), sd_use=("missing",), **ASSUMED), {}, 58)


def levels_of(study: str, arm: str, before: tuple, after: tuple, n: int) -> list[dict]:
    """Return values of an arm before and after, whose change needs a correlation."""
    rows = [change(study, arm, *figures, n, number=place) for place, figures in enumerate((before, after))]
    return [row | {"kind": "level", "timepoint_weeks": 24.0 * place} for place, row in enumerate(rows)]


TWO = [change("a", "t", 18, 12, 30), change("a", "c", 6, 11, 28), change("b", "t", 25, 9, 22), change("b", "c", 7, 10, 20)]  # fmt: skip
FIVE = [  # of one a change in one arm and levels in the other, of one two sites of the same people
    *TWO, change("c", "t", 9, 14, 140), change("c", "c", 4, 13, 141), change("m", "t", 20, 9, 18),
    *levels_of("m", "c", (82, 18), (88, 19), 20), *levels_of("s", "t", (70, 9), (92, 10), 18),
    *levels_of("s", "c", (71, 9), (78, 9), 18),
]  # fmt: skip
STUDIES = {
    "a": {"n_analysed": 58, "registration": "NCT1"}, "c": {"n_analysed": 281, "registration": "NCT3"},
    "s": {"comparison": "within_person", "n_analysed": 18}, "own1": {"n_analysed": 61, "registration": "NCT9"},
}  # fmt: skip
JUDGED = {"a": "low", "b": "some concerns", "c": "low", "s": "high", "own1": "low"}


def basis_of(tables: dict) -> Basis:
    """Return the basis of made-up tables, with the real thresholds and a judgement of bias for some studies."""
    names = [name for name in JUDGED if name in set(tables["studies"]["study_id"])]
    word = {"tool": "RoB 2", "order": 1, "domain": "x", "reason": "made up"}
    bias = [word | {"study_id": name, "judgement": JUDGED[name]} for name in names]
    empty = ("trust_domains", "reported_contrasts", "statements")
    tables = tables | {name: as_frame(name, []) for name in empty} | {"thresholds": raw("thresholds")}
    tables["risk_of_bias"] = as_frame("risk_of_bias", bias)
    tables["missing_evidence"] = as_frame("missing_evidence", evidence_states(tables))
    return Basis(tables, {row["study_id"]: overall([row]) for row in bias}, Options())


def held(run, basis: Basis, asked: list[dict], own: tuple = (), of: Basis | None = None) -> None:
    """Hold the script's answers to those of `reanalysed`: numbers, certainty with every reason, statement.

    `own` are studies that are typed in, where `of` is the basis that has them as studies.
    """
    data, of = what_if_data(basis, [], ["core"], **RUN), of or basis
    sets = [chosen(data, "hair_density.core", **one, own=list(own)) for one in asked]
    for one, got in zip(asked, run(ANSWERS, data, sets), strict=True):
        answer = reanalysed(of, "hair_density", evidence="core", **one)
        sure, pooled = answer.certainty, answer.pooled
        reasons = " ".join(got["reasons"]).replace("your study 1 ", "own1 ")
        assert (got["certainty"], reasons) == (sure["certainty"], sure["reasons"]), one
        [row] = records(pooled[pooled["pooled_id"] == sure["pooled_id"]]) or [None]
        assert (row is None) == (got["shown"] is None)
        if row is None:
            continue
        near(got["shown"], PARTS if row["pooled"] else PARTS[:4], row, 1e-9, abs(row["estimate"]))
        difference = minimal_differences(of.tables["thresholds"])["hair_density"]
        before = baseline_of(records(of.tables["results"]), split_ids(sure["studies"]), row["unit"])
        assert got["statement"] == statement(sure, row, difference, before)
        alike = (pooled["model"] == BAYESIAN) & (pooled["effect_ids"] == row["effect_ids"])
        for other in records(pooled[alike & ~pooled["without_certain_discrepancies"]]):
            near(got["bayes"], ENDS, other, 1e-9, abs(row["estimate"]))


@pytest.mark.parametrize("results", [TWO, FIVE], ids=["two studies", "five studies"])
def test_a_made_up_collection_under_every_kind_of_choice(run, results):
    basis = basis_of(world(*results, studies=STUDIES, doubtful=("b",)))
    included = ["all", "sound", *(f"without {name}" for name in basis.tables["studies"]["study_id"])]
    both = [(which, "any") for which in included] + [("all", word) for word in ("placebo", "none", "active")]
    asked = []
    for place, (which, against) in enumerate(both):
        r = (0.3, 0.9)[place % 2]
        given = {"pre_post_correlation": r, "site_correlation": 1.1 - r, "tau_prior": 5.0 + place % 4}
        given |= {"tau2_method": METHODS[place % 8], "ci_method": list(TEST_WORDS)[place % 3]}
        asked.append(given | {"included": which, "comparator": against})
    held(run, basis, asked)
    lines = tier_lines(basis.tables["comparisons"], basis.tables["effects"], "core")
    data = what_if_data(basis, lines, ["core"], **RUN)
    data["drugs"] = [line for line in data["lines"] if line["effect_id"] in data["questions"]["drug1"]["ids"]]
    hold_specifications(run, data, lines, Levels(tier=("core",), **ASSUMED), basis.tables, 37)


def test_a_study_that_is_typed_in_counts_as_one_of_the_collection(run):
    more = [change("own1", "t", 21, 8, 31), change("own1", "c", 12, 9, 30)]
    one = {"n1": 31, "m1": 21, "s1": 8, "n2": 30, "m2": 12, "s2": 9, "bias": "low"}
    before, after = (basis_of(world(*rows, studies=STUDIES)) for rows in (TWO, [*TWO, *more]))
    for which in ("all", "without a", "without own1"):
        held(run, before, [{"included": which, "pre_post_correlation": 0.7}], (one,), after)
