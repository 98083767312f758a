"""Tools of risk of bias: domains, words, and the overall judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pandas as pd
import pytest
from case_files import cases_of

from helpers.appraisal.risk_of_bias import (
    NOT_ASSESSABLE,
    TOOLS,
    agreement,
    by_algorithm,
    check_answers,
    check_judgements,
    judge,
    overall,
    tool_for,
)

CASES = cases_of(__file__)


def appraisal(tool: str, *words: str) -> list[dict]:
    """Return a full appraisal with the given judgements; the last one is repeated."""
    domains = TOOLS[tool].judged
    words = [*words, *([words[-1]] * (len(domains) - len(words)))]
    row = {"study_id": "s", "tool": tool, "reason": "because"}
    return [row | {"domain": d, "judgement": w} for d, w in zip(domains, words, strict=True)]


@pytest.mark.parametrize(("tool", "domains"), CASES["domains"])
def test_every_tool_has_its_domains(tool, domains):
    assert len(TOOLS[tool].judged) == domains
    assert check_judgements(appraisal(tool, TOOLS[tool].judgements[0])) == []


def test_what_is_wrong_is_named():
    rows = appraisal("RoB 2", "low")
    assert "no tool is called" in check_judgements([rows[0] | {"tool": "GradeX"}])[0]
    assert "is missing" in check_judgements(rows[1:])[0]
    assert "judged 2 times" in check_judgements([*rows, rows[0]])[0]
    assert "is no domain" in check_judgements([*rows, rows[0] | {"domain": "mood"}])[0]
    assert "'serious' is none" in check_judgements([rows[0] | {"judgement": "serious"}, *rows[1:]])[0]
    assert "has no reason" in check_judgements([rows[0] | {"reason": " "}, *rows[1:]])[0]


@pytest.mark.parametrize(("tool", "words", "verdict"), CASES["overall"])
def test_overall(tool, words, verdict):
    assert overall(appraisal(tool, *words)) == verdict
    assert overall([]) == "not appraised"


@pytest.mark.parametrize(("study", "cases", "tool"), CASES["tools"])
def test_the_design_asks_for_its_tool(study, cases, tool):
    assert tool_for(study, cases) == tool


# The flow charts of the tools, walked as a person walks them, and for ROBINS-I as ladders where they are such: where a study
# enters, how far each further answer takes it. Each domain is compared on every combination of answers.
Y, N, N_NI, Y_NI = {"Y", "PY"}, {"N", "PN"}, {"N", "PN", "NI"}, {"Y", "PY", "NI"}
LOW, SOME, HIGH = "low", "some concerns", "high"
LADDER = ("low", "moderate", "serious", "critical")


def randomisation(a, b, c):
    if b in N:
        return HIGH
    if b == "NI":
        return HIGH if c in Y else SOME
    return LOW if a in Y_NI and c in N_NI else SOME


def deviations(a, b, c, d, e, f, g):
    first = LOW
    if a in Y_NI or b in Y_NI:
        first = LOW if c in N else SOME
        if c in Y and d in Y_NI:
            first = SOME if e in Y else HIGH
    second = LOW if f in Y else SOME if g in N else HIGH
    return max(first, second, key=(LOW, SOME, HIGH).index)


def missing_outcomes(a, b, c, d):
    if a in Y or b in Y or c in N:
        return LOW
    return SOME if d in N else HIGH


def measurement(a, b, c, d, e):
    if a in Y or b in Y:
        return HIGH
    least = SOME if b == "NI" else LOW
    if c in N or d in N:
        return least
    return SOME if e in N else HIGH


def selection(a, *chosen):
    if Y & set(chosen):
        return HIGH
    return LOW if a in Y and "NI" not in chosen else SOME


def periods(a, b, c):
    if c in N:
        return HIGH
    return LOW if c in Y and (a in Y or b in Y) else SOME


def sites(a, b, c):
    return HIGH if b in Y else LOW if a in Y and b in N and c in Y else SOME


def triage(a, b, c):
    return "critical" if (a in N and b in Y) or c in Y else "low"


def confounding(controlled, measured, later, doubt):
    if controlled in {"SN", "NI"}:
        return "critical" if doubt in Y else "serious"
    if later in Y:
        return "serious" if doubt in N and measured in Y else "critical"
    if doubt in Y or measured in {"SN", "NI"}:
        return "serious"
    return "moderate" if "WN" in (controlled, measured) else "low except for uncontrolled confounding"


def classification(a, b, avoided, influenced, errors):
    step = 0 if a in Y or b in Y else {"SY": 0, "WY": 1, "NI": 1}.get(avoided, 2)
    step += {"SY": 2, "WY": 1, "NI": 1}.get(influenced, 0)
    return LADDER[min(step + (errors not in N), 3)]


def missing_data(a, b, c, complete, related, explained, imputed, at_random, sound, other, unbiased):
    if {a, b, c} <= Y or (complete in Y_NI and related in N):
        return "low"
    way = explained if complete in Y_NI else sound if imputed in Y else other
    if complete in N and imputed in Y and at_random not in Y:
        return "serious"
    if complete in N and way in Y:
        return "low"
    step = 0 if way in Y else 2 if way == "SN" else 1
    return LADDER[step + (unbiased not in Y)]


def selected_people(a, b, c, d, e, f, g, h):
    first = {"SN": "serious", "WN": "moderate", "NI": "moderate"}.get(a, "moderate" if b in Y else "low")
    second = "low" if c in N else "moderate"
    if c in Y:
        second = "low" if d in N else "moderate"
        if d in Y and e in Y:
            second = "serious"
    if "serious" not in (first, second):
        return "moderate" if "moderate" in (first, second) else "low"
    if f in Y or g in Y:
        return "moderate"
    return "critical" if h in Y else "serious"


def measured(a, b, c):
    if a in Y:
        return "serious"
    if b not in N and c == "SY":
        return "serious"
    return "moderate" if a == "NI" or (b not in N and c in {"WY", "NI"}) else "low"


def reported(a, *chosen):
    if a in Y:
        return "low"
    yes = sum(one in Y for one in chosen)
    if yes:
        return "critical" if yes > 1 else "serious"
    return "serious" if set(chosen) == {"NI"} else "moderate" if "NI" in chosen else "low"


FIVE = (randomisation, deviations, missing_outcomes, measurement, selection)
CHARTS: dict[str, tuple[Callable[..., str], ...]] = {
    "RoB 2": FIVE,
    "RoB 2 for crossover trials": (*FIVE, periods),
    "RoB 2 for sites of one scalp": (*FIVE, sites),
    "ROBINS-I": (triage, confounding, classification, selected_people, missing_data, measured, reported),
}
DOMAINS = [(t, *one) for t, own in CHARTS.items() for one in zip(TOOLS[t].algorithms, own, strict=True)]
FEWER = {"4.1": "YN", "4.2": "YN", "4.3": "YN"}  # where a domain has eleven questions


@pytest.mark.parametrize(("tool", "domain", "chart"), DOMAINS)
def test_every_combination_of_answers_leads_where_the_flow_chart_does(tool, domain, chart):
    algorithm, numbers = TOOLS[tool].algorithms[domain], list(TOOLS[tool].questions[domain])
    own = {number: [a for a in TOOLS[tool].answers[number] if a not in {"PY", "PN"}] for number in numbers}
    answers = own | (FEWER if len(numbers) > 8 else {})
    for given in product(*answers.values()):
        assert by_algorithm(algorithm, dict(zip(numbers, given, strict=True))) == chart(*given), given


def test_every_algorithm_has_a_chart_and_tells_no_probable_answer_from_a_certain_one():
    for tool in TOOLS.values():
        assert not tool.algorithms or tool.name in CHARTS
        for _, *conditions in (step for algorithm in tool.algorithms.values() for step in algorithm):
            for number, wanted in (item for condition in conditions for item in condition.items()):
                words = set(wanted.split())
                assert words - {"NI"} <= set(tool.answers[number])
                assert ("Y" in words, "N" in words) == ("PY" in words, "PN" in words)


def given(*pairs: str, tool: str = "RoB 2", who: str = "first") -> Iterator[dict]:
    """Yield answers such as `1.1 Y`."""
    base = {"study_id": "s", "tool": tool, "appraiser": who, "reason": "because"}
    for pair in pairs:
        yield base | dict(zip(("question", "answer"), pair.split(), strict=True))


TRIAL = CASES["trial"]


def test_the_first_appraisers_answers_decide_and_a_person_may_judge_otherwise_with_a_reason():
    answers = [*given("1.1 Y", "1.2 N"), *given("1.2 Y", who="second")]
    rows, stored = judge(TRIAL, 2, answers)
    assert [(row["domain"], row["judgement"]) for row in rows] == [("randomisation process", "high")]
    assert len(stored) == 3 and {row["domain"] for row in stored} == {"randomisation process"}
    [row], _ = judge(TRIAL, 2, answers, [CASES["otherwise"]])
    assert row["judgement"] == "some concerns" and "The answers give high" in row["reason"]


def test_one_group_and_an_abstract_are_said_once_and_a_registration_is_not_judged():
    [row], answers = judge(TRIAL | {"comparison": "single_arm", "allocation": None}, 1)
    told = row["tool"], row["domain"], row["judgement"], len(answers)
    assert told == ("ROBINS-I", "triage", "critical", 2)
    [row], answers = judge(TRIAL | {"access": "abstract"}, 2)
    assert row["judgement"] == NOT_ASSESSABLE and not answers and not check_judgements([row])
    assert judge(TRIAL | {"has_results": False}, 2) == ([], [])


def test_an_answer_that_a_question_does_not_take_is_named_and_counts_as_none():
    wrong = list(given("1.1 N", "1.2 Y", "1.3 N", "1.4 N", tool="ROBINS-I"))
    [problem] = check_answers(wrong)
    assert "1.1 is not answered N; answer one of Y, PY, WN, SN, NI, NA" in problem
    assert judge(TRIAL, 2, wrong)[0][0]["judgement"] == "serious"
    open_question = judge(TRIAL, 2, given("2.1 Y", "2.2 Y", "2.3 NA", "2.6 Y"))[0][0]
    assert open_question["judgement"] == SOME and not check_answers(given("2.3 NA", "3.2 PN"))
    assert check_answers(given("5.4 Y")) == [
        f"s, RoB 2: there is no question '5.4'; there are {', '.join(TOOLS['RoB 2'].answers)}"
    ]
    assert check_answers(given("1.1 Y", tool="GradeX"))[0].startswith(
        "s, GradeX: there is no question '1.1'; there are RoB 2, "
    )
    assert check_answers(given("1.1 anything", tool="INSPECT-SR")) == []


def test_agreement_is_weighted():
    order = ["Y", "PY", "NI", "PN", "N"]
    pairs = ["1.1 Y", "1.2 PY", "1.3 N"], ["1.1 Y", "1.2 Y", "1.3 N"]
    rows = pd.DataFrame([*given(*pairs[0]), *given(*pairs[1], who="second")])
    found = agreement(rows, order, ["tool", "question"])
    # by hand: mean distance seen 1/3, expected by the margins (Y PY N against Y Y N) 17/9
    kappa = pytest.approx(1 - (1 / 3) / (17 / 9))
    assert (found["questions"], found["same"], found["kappa"]) == (3, 2, kappa)
    assert agreement(rows[:3], order, ["tool", "question"]) is None
    third = pd.DataFrame([*given("1.1 N", who="third"), *given("1.1 PN", who="rule")])
    assert agreement(pd.concat([rows, third]), order, ["tool", "question"]) == found
    assert (found["first"], found["second"]) == ("first", "second")
    one = agreement(pd.concat([rows[:1], third[:1]]), order, ["tool", "question"])
    assert (one["second"], one["questions"], one["same"], one["kappa"]) == ("third", 1, 0, 0)
    alike = pd.DataFrame([*given("1.1 Y", "1.2 Y"), *given("1.1 Y", "1.2 Y", who="second")])
    assert agreement(alike, order, ["tool", "question"])["kappa"] is None
    apart = pd.DataFrame([*given("1.1 Y"), *given("1.2 Y", who="second")])
    assert agreement(apart, order, ["tool", "question"]) is None
