"""Trust by INSPECT-SR: proposals from tables, a person's answers over them, and what a serious concern does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from case_files import cases_of
from frames import evidence, frame, quantity, result
from real_tables import cleaned_tables
from test_one_wrong_figure import TRIAL

from helpers.appraisal.discrepancies import RULES, merge_discrepancies, run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.risk_of_bias import SECTIONS
from helpers.appraisal.trust import (
    INSPECT,
    _by_silence,
    serious_studies,
    standing,
    told_particulars,
    trust_domains,
    trust_rows,
)
from helpers.sheets.context import read_retractions
from helpers.tables import validate
from notebookpress.tables import records, split_ids

RANDOMISED = {"allocation": "randomised"}


def made_tables(discrepancies: list[dict], checks: list[dict], notices: list[dict]) -> dict[str, Any]:
    """Return what the proposals rest on."""
    rows = {"discrepancies": merge_discrepancies(discrepancies, []), "checks": checks, "retractions": notices}
    return {name: frame(name, part) for name, part in rows.items()}


def answered(known: StudyEvidence, notices: list[dict] = (), answers: list[dict] = ()) -> dict[str, dict]:
    """Return the rows of `trust` of a study by check; a person's in the place of the rule's."""
    found, checks = run_checks(known)
    tables = made_tables(found, checks, notices)
    rows = validate("trust", trust_rows(known, tables, answers))
    assert set(rows["check"]) == set(INSPECT["checks"])
    return dict(standing(records(rows)))


def domains_of(rows, answers: list[dict] = ()) -> dict[str, dict]:
    """Return the rows of `trust_domains` by domain, of a study without discrepancies."""
    judged = trust_domains(list(rows), frame("discrepancies", []), answers)
    return {row["domain"]: row for row in judged}


def answer(question: str, word: str) -> dict[str, Any]:
    """Return a person's answer."""
    return cases_of(__file__)["answer"] | {"question": question, "answer": word}


def density(**arms: tuple[float, float, int]) -> dict[str, Any]:
    """Return means, SDs and sizes of groups at baseline, as rows of results and figures."""
    results, figures = [], []
    for number, (arm, (mean, sd, n)) in enumerate(arms.items(), start=1):
        name, own = f"q{number}", {"arm_id": arm, "mean": mean, "sd": sd, "n": n, "unit": "hairs/cm2"}
        figures.append(quantity(name, f"{mean} ± {sd}", "hair_density", value=mean, sd=sd, kind="mean_sd"))
        results.append(result(number, ids=[name], **own))
    return {"results": results, "quantities": figures}


def test_there_are_twenty_one_checks_and_a_rule_answers_at_least_fifteen():
    assert len(INSPECT["checks"]) == 21
    by_rule = {number for rule in RULES for number in split_ids(rule.inspect_sr)} - {"none"}
    assert by_rule <= set(INSPECT["checks"])
    assert len(by_rule | {number for number, check in INSPECT["checks"].items() if "by" in check}) >= 15


@pytest.mark.parametrize(("control", "word"), [((80.5, 10, 40), "no"), ((120, 10, 40), "yes")])
def test_groups_that_chance_cannot_have_made_so_unlike(control, word):
    made = density(exosome=(80, 10, 40), control=control)
    assert answered(evidence(study=RANDOMISED, **made))["4.3"]["answer"] == word


@pytest.mark.parametrize(("analysed", "word"), [(55, "no"), (60, "yes"), (None, "unclear")])
def test_losses(analysed, word):
    made = density(exosome=(80, 10, 40))
    made["results"].append(result(9, ids=["q1"], mean=90.0, timepoint_weeks=52.0))
    sizes = {"n_enrolled": 60, "n_analysed": analysed}
    assert answered(evidence(study=RANDOMISED | sizes, **made))["4.5"]["answer"] == word


NOT_TOLD = "The sizes of the groups are not all told, or the groups are no groups of people."


@pytest.mark.parametrize(
    ("sizes", "comparison", "word", "reason"),
    [
        ((10, 10), "parallel", "no", "The groups have 10, 10 people, as equal allocation makes them."),
        # of 100 a chi squared of 4 has p = 0.0455, one of 3.24 has 0.072
        (
            (40, 60),
            "parallel",
            "unclear",
            "The groups have 40, 60 people: more unlike than equal allocation makes them.",
        ),
        ((41, 59), "parallel", "no", "The groups have 41, 59 people, as equal allocation makes them."),
        ((30, None), "parallel", "unclear", NOT_TOLD),
        ((30, 30, None), "parallel", "unclear", NOT_TOLD),
        ((30,), "parallel", "unclear", NOT_TOLD),
        ((10, 10), "crossover", "unclear", NOT_TOLD),
    ],
)
def test_groups_as_equal_allocation_makes_them(sizes, comparison, word, reason):
    arms = [{"arm_id": f"a{place}", "role": "placebo", "n": n} for place, n in enumerate(sizes)]
    known = evidence(study=RANDOMISED | {"comparison": comparison}, arms=arms, source={"has_results": True})
    found = answered(known)["4.2"]
    assert (found["answer"], found["reason"]) == (word, reason)


def test_what_makes_no_sense_for_one_person_is_not_asked():
    cases = [
        ({"comparison": "case", "n_enrolled": n}, density(exosome=(80, 10, n or 1))) for n in (1, None, 2)
    ]
    one, not_told, two = (answered(evidence(study=study, **made)) for study, made in cases)
    numbers = ("2.4", "4.1", "4.5", "4.8", "4.9")
    for found in (one, not_told):
        assert {found[number]["answer"] for number in numbers} == {"not applicable"}
    silent = {number for number in numbers if two[number]["answer"] == "not applicable"}
    assert silent == {"4.1", "4.8", "4.9"}


@pytest.mark.parametrize(
    ("access", "word"), [("full text", "yes"), ("abstract", "unclear"), ("record", "unclear")]
)
def test_only_a_full_text_that_is_silent_on_approval_is_in_doubt(access, word):
    assert answered(evidence(source={"access": access}))["2.1"]["answer"] == word


def test_a_discrepancy_that_a_person_places_is_nothing_else_besides():
    known = evidence(study=RANDOMISED, source={"has_results": True})
    place = answer("4.6", "yes") | {"discrepancy_ids": "made2026.odd"}
    own = {"study_id": "made2026", "discrepancy_id": "made2026.odd", "check": "other", "certain": True}
    own |= {"concern": "some", "detected_by": "reviewer", "statement": "Odd.", "locators": "line 1"}
    tables = made_tables([own], [], [])
    by_check = [dict(standing(trust_rows(known, tables, given))) for given in ([], [place])]
    assert [found["4.10"]["answer"] for found in by_check] == ["yes", "unclear"]


def test_a_person_stands_over_the_rule_and_both_are_there():
    known = evidence(study=RANDOMISED, **density(exosome=(80, 10, 40)))
    rows = trust_rows(known, made_tables([], run_checks(known)[1], []), [answer("1.3", "yes")])
    both = [(row["appraiser"], row["answer"]) for row in rows if row["check"] == "1.3"]
    assert both == [("rule", "unclear"), ("first", "yes")]
    looked = trust_rows(known, made_tables([], [], []), [answer(number, "no") for number in ("1.1", "1.2")])
    notices = domains_of(looked, [])["notices after publication"]
    assert notices["judgement"] == "no concerns"
    assert "the other checks found nothing; not looked at: other studies" in notices["reason"]
    judged = domains_of(rows, [answer("overall", "serious concerns")])
    assert judged["notices after publication"]["judgement"] == "some concerns"
    overall = judged["overall"]
    assert overall["judgement"] == "serious concerns" and "the rule proposed some" in overall["reason"]
    assert serious_studies(validate("trust_domains", list(judged.values()))) == {"made2026"}


def test_a_registration_without_results_is_not_judged_over_all():
    known = evidence(study=RANDOMISED, source={"has_results": False, "access": "registry page"})
    judged = domains_of(answered(known).values())
    assert judged["results"]["judgement"] == judged["overall"]["judgement"] == "not applicable"
    assert "no results yet" in judged["overall"]["reason"]


def test_notices_are_looked_up_by_doi_and_a_retraction_is_serious(tmp_path: Path):
    dois = {"made2026": "10.1/A", "other": "10.1/b", "none": None}
    sources = [{"study_id": name, "doi": doi} for name, doi in dois.items()]
    assert read_retractions(tmp_path, sources) == []
    head = "Title,OriginalPaperDOI,RetractionDOI,RetractionDate,RetractionNature,Reason\n"
    (tmp_path / "retractions.csv").write_text(f"{head}x,10.1/a,10.1/r,1/2/2026,Retraction,Data\n")
    notices = read_retractions(tmp_path, sources)
    natures = {row["study_id"]: row["nature"] for row in notices}
    assert natures == {"made2026": "Retraction", "other": "none"}
    known = evidence(study=RANDOMISED, **density(exosome=(80, 10, 40)))
    silent = answered(known)["1.1"]
    assert silent["answer"] == "unclear" and "Nobody has looked" in silent["reason"]
    found = answered(known, notices[:1])
    assert (found["1.1"]["answer"], found["1.2"]["answer"]) == ("yes", "no")
    assert domains_of(found.values())["overall"]["judgement"] == "serious concerns"
    none = answered(known, [notices[1] | {"study_id": "made2026"}])
    assert none["1.1"]["reason"] == "The list of notices holds no retraction of it."
    assert none["1.2"]["reason"] == "The list of notices holds no expression of concern or correction of it."
    several = [{"notice_id": "1", "nature": "Correction", "date": "2026-01-02", "reason": "Data"},
               {"notice_id": "2", "nature": "Expression of Concern"}]  # fmt: skip
    told = answered(known, [notices[0] | {"date": None, "reason": None} | one for one in several])["1.2"]
    assert told["reason"] == "Correction, 2026-01-02: Data; Expression of Concern, no date: no reason told."


@pytest.mark.parametrize(
    ("says", "dated", "answer", "names"), [("no", True, "yes", ("s0", "")), ("yes", True, "no", ("s0", "d")),
                                           (None, True, "no", ("", "d")), ("yes", False, "no", ("s0", ""))]
)  # fmt: skip
def test_approval_is_told_by_words_or_a_date(says, dated, answer, names):
    words = [{"topic": "ethics", "says": says, "printed": "words"}] if says else []
    day = quantity("d", "2025-09-01", "ethics_date", kind="date", role="design")
    found = answered(evidence([day] if dated else [], statements=words))["2.1"]
    rests_on = (found["statement_ids"] or "", found["quantity_ids"] or "")
    assert (found["answer"], rests_on) == (answer, tuple(name and f"made2026.{name}" for name in names))


@pytest.mark.parametrize(
    ("passed", "minor", "silence", "said"),
    [
        (5, False, None, "Nothing was found by: r0, r1, r2, r3, r4."),
        (6, True, None, "Only what is minor was found by: 6 rules."),
        (
            1,
            False,
            "unclear",
            "Rules found nothing in the part of it that was read; the rest is left to a person.",
        ),
        (0, False, None, "What was read tells nothing to check it with."),
    ],
)
def test_the_silence_of_rules_is_told(passed, minor, silence, said):
    rules = [{"check": f"r{place}", "outcome": "passed"} for place in range(passed)]
    rules.append({"check": "other", "outcome": "not applicable"})
    answer, reason = _by_silence(evidence(), {"silence": silence}, rules, minor)
    assert (answer, reason) == ("no" if passed > 1 else "unclear", said)


def test_certain_serious_discrepancies_in_three_checks_are_serious_and_in_two_are_not():
    rows = [row | {"discrepancy_ids": ""} for row in answered(evidence(study=RANDOMISED)).values()]
    found = {"study_id": "made2026", "check": "x", "detected_by": "automated", "certain": True, "concern": "serious",
             "statement": "x", "locators": "x"}  # fmt: skip
    listed = frame("discrepancies", [found | {"discrepancy_id": f"d{place}"} for place in range(3)])
    by_check = {row["check"]: row for row in rows}
    for place, (number, expected) in enumerate((("4.4", "some"), ("4.8", "some"), ("4.6", "serious"))):
        by_check[number] |= {"answer": "yes", "discrepancy_ids": f"d{place}"}
        judged = {row["domain"]: row for row in trust_domains(rows, listed)}
        assert judged["overall"]["judgement"] == judged["results"]["judgement"] == f"{expected} concerns"
    assert (
        trust_domains([row | {"tool": "other"} for row in rows], listed)[-1]["judgement"] == "some concerns"
    )
    assert "possible problems: " in judged["results"]["reason"]
    assert judged["results"]["reason"].index(by_name("4.4")) < judged["results"]["reason"].index(
        by_name("4.8")
    )


def by_name(number: str) -> str:
    """Return what a check is about."""
    return INSPECT["checks"][number]["about"]


@pytest.mark.parametrize(("unclear", "judgement"), [(2, "no concerns"), (3, "unclear"), (6, "unclear")])
def test_a_domain_of_which_half_is_unclear_is_unclear(unclear: int, judgement: str):
    rows = list(answered(evidence(study=RANDOMISED)).values())
    own = [row for row in rows if row["check"].startswith("2.") or row["check"] == "4.2"]
    for place, row in enumerate(own):
        row |= {"check": f"2.{place + 1}", "answer": "unclear" if place < unclear else "no"}
    assert domains_of(own)["conduct and governance"]["judgement"] == judgement


def test_a_registration_is_asked_only_what_can_be_asked():
    study = {"registration": "NCT0", "registered_on": "2025-03-01", "starts_on": "2025-02"}
    found = answered(evidence(study=study, source={"format": "registry page"}))
    assert found["2.2"]["answer"] == "yes"  # no end is told
    assert {found[number]["answer"] for number in ("1.1", "2.4", "3.1", "4.7", "4.9")} == {"not applicable"}
    assert domains_of(found.values())["notices after publication"]["judgement"] == "not applicable"


def test_an_article_that_names_a_registration_is_not_asked_for_its_dates():
    named = {"study": {"registration": "NCT0"}, "source": {"has_results": None}}
    for form, said in ("registry page", {"found"}), ("article", {"not applicable"}):
        known = evidence(**named | {"source": named["source"] | {"format": form}})
        _, checks = run_checks(known)
        assert {row["outcome"] for row in checks if row["check"] == "dates-missing"} == said


def test_three_planted_faults_stand_in_the_right_checks(tmp_path: Path):
    """A made-up randomised trial, added by its sheet alone: a share of no people, a false difference, a late registration."""
    made = yaml.safe_load(TRIAL) | {"study_id": "made"}
    false = {"happy": {"printed": "71", "value": 71}, "change_treated": {"printed": "25.0", "value": 25}}
    made["quantities"] = [figure | false.get(figure["id"], {}) for figure in made["quantities"]]
    dates = ("registered", "2025-06-01", "registration_date"), ("start", "2025-01-01", "recruitment_start")
    for name, printed, concept in dates:
        own = {"id": name, "printed": printed, "concept": concept, "kind": "date", "role": "design"}
        made["quantities"].append(own)
    made["study"] |= {"registered_on": "registered", "starts_on": "start"}
    made["trust"] = [{"question": "1.3", "answer": "no", "reason": "Their other trials were looked at."}]
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "made.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    tables = cleaned_tables(tmp_path)
    found = answered(StudyEvidence.from_tables(tables, "made"), answers=records(tables["reviewer_answers"]))
    assert [found[number]["answer"] for number in ("2.2", "4.8", "4.4", "1.3")] == ["yes"] * 3 + ["no"]
    assert "71 %" in found["4.8"]["reason"] and "made.registered" in found["2.2"]["quantity_ids"]
    assert "yes" not in {found[number]["answer"] for number in ("4.2", "4.1")}


def test_what_is_told_of_the_product(tables):
    told = told_particulars(StudyEvidence.from_tables(tables, "chan2025")).set_index("what")["told"]
    assert told["number of particles"] == "not told"  # a volume is none
    told = told_particulars(StudyEvidence.from_tables(tables, "amini2025")).set_index("what")["told"]
    assert told["number of particles"] == "told"  # counted as exosomes
    told = told_particulars(StudyEvidence.from_tables(tables, "wan2025")).set_index("what")["told"].to_dict()
    wanted = {"told": ("who supplied the product", "conflicts of interest", "source of the vesicles"),
              "not told": ("storage and handling", "purity and identity")}  # fmt: skip
    assert all(told[name] == word for word, names in wanted.items() for name in names)
    assert set(told) == {*SECTIONS["product"], *SECTIONS["interests"]}
    every = told_particulars(StudyEvidence.from_tables(tables, "wan2025"))
    assert (every["said"].notna() == (every["told"] == "told")).all()
