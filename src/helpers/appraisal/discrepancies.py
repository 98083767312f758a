"""The consistency checks of `rules.yaml`, run on a study, and one list of discrepancies with the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from helpers.appraisal import changes, contradictions, counts, p_values, reporting, spread
from helpers.appraisal.evidence import (
    TESTED,
    WEIGHTS,
    WHOLE_DOCUMENT,
    Check,
    Hit,
    NotApplicable,
    StudyEvidence,
    name_of,
    needed,
)
from helpers.tables.vocabulary import CONCERNS, OUTCOME_CONCEPTS, TOPICS, label
from metastats.results import rows_html
from notebookpress.tables import join_ids, split_ids
from notebookpress.yaml_files import YamlFile
from trialfiles.record import Row

RULES_FILE = Path(__file__).with_name("rules.yaml")
_MODULES = (spread, changes, p_values, counts, contradictions, reporting)
# The checks that compute something: each public function of these modules that yields hits. Those that
# compare answers need no function: they stand in rules.yaml alone.
CHECKS: dict[str, Check] = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if not name.startswith("_") and getattr(function, "__annotations__", {}).get("return") == "Iterator[Hit]"
}
# What every entry of the file says, and what that of a computed check and of a question says besides.
_ENTRIES = {"source": str, "certain": bool, "concern": str, "inspect_sr": str, "ruled_out": str}
_COMPUTED = {"meaning": str, "inputs": str} | _ENTRIES
_QUESTION = {"topic": str, "statement": str} | _ENTRIES
_SENTENCES = {"statement": str, "statements": dict, "function": str, "lacking": str}


@dataclass(frozen=True)
class Rule:
    """A consistency check with its words, as `rules.yaml` explains them."""

    name: str
    meaning: str
    source: str
    inputs: str
    certain: bool
    concern: str
    inspect_sr: str  # the check of INSPECT-SR that it speaks to, or several: `4.6;4.8`
    ruled_out: str  # honest explanations that it has tried first
    statements: dict[str, str]  # its sentences by case, with gaps that a hit fills
    find: Check  # yields what is wrong in a study; raises `NotApplicable` when the inputs are missing
    topic: str = ""  # the question, of a rule that compares answers to one
    lacking: str = ""  # what is missing where `find` does not even yield `TESTED`; else that is a pass

    def run(self, evidence: StudyEvidence) -> list[Row]:
        """Return rows of the table `discrepancies`, none when the study passes; raise as `find` does."""
        found = list(self.find(evidence))
        if self.lacking:
            needed(found, self.lacking)
        hits = (hit for hit in found if hit is not TESTED)
        return [self._row(evidence, number, hit) for number, hit in enumerate(hits, start=1)]

    def _row(self, evidence: StudyEvidence, number: int, hit: Hit) -> Row:
        outcome = label(hit.concepts[0]) if hit.concepts else ""
        words = {"outcome": outcome, "Outcome": outcome.capitalize(), **hit.words}
        names = list(dict.fromkeys(map(name_of, hit.rests_on)))
        certain, concern = WEIGHTS[hit.weight] if hit.weight else (self.certain, "")
        return {
            "discrepancy_id": f"{evidence.study_id}.rule-{self.name}-{number}",
            "study_id": evidence.study_id,
            "check": self.name,
            "detected_by": "automated",
            "certain": certain,
            "concern": hit.concern or concern or self.concern,
            "statement": self.statements[hit.case].format(**words),
            "locators": hit.places or evidence.locators(names),
            "arithmetic": hit.arithmetic or None,
            "quantity_ids": join_ids(name for name in names if not evidence.is_statement(name)),
            "concepts": join_ids(name for name in hit.concepts if name in OUTCOME_CONCEPTS),
        }


def read_rules(checks: Mapping[str, Check], path: Path = RULES_FILE) -> tuple[Rule, ...]:
    """Return the rules of a file in its order.

    An entry with a `topic` asks a question that has one true answer; every other one gives a function its
    words.

    Parameters
    ----------
    checks : mapping of str to callable
        The functions by their names, which are those of their rules unless an entry names its `function`.
    path : Path
        The file.

    Raises
    ------
    YamlError
        At the first mistake, with its line and the remedy.
    """
    file = YamlFile(path)
    rules = tuple(
        _question(file, name) if "topic" in (entries or {}) else _computed(file, name, checks)
        for name, entries in file.data.items()
    )
    for rule in rules:
        if rule.concern not in CONCERNS:
            problem = f"concern {rule.concern} is not known"
            raise file.error((rule.name, "concern"), problem, f"use one of {', '.join(CONCERNS)}")
    for name, function in checks.items():
        if function not in {rule.find for rule in rules}:
            raise file.error((), f"the check {name} has no entry", "add one, or remove its function")
    return rules


def _computed(file: YamlFile, name: str, checks: Mapping[str, Check]) -> Rule:
    words = file.entries((name,), _COMPUTED | _SENTENCES, tuple(_COMPUTED))
    function = words.pop("function", name.replace("-", "_"))
    if function not in checks:
        remedy = "add `topic:`, or a function of that name"
        raise file.error((name,), f"no check is called {function}", remedy)
    statements = words.pop("statements", {}) | ({"": words.pop("statement")} if "statement" in words else {})
    return Rule(name=name, find=checks[function], statements=statements, **words)


def _question(file: YamlFile, name: str) -> Rule:
    words = file.entries((name,), _QUESTION, tuple(_QUESTION))
    topic, statement = words["topic"], words.pop("statement")
    if topic not in TOPICS:
        remedy = f"use one of {', '.join(TOPICS)}, or add it to the topics of the vocabulary"
        raise file.error((name, "topic"), f"topic {topic} is not known", remedy)
    try:
        statement.format(about="", answers="")
    except (LookupError, ValueError):
        remedy = "write no other than {about} and {answers}"
        raise file.error((name, "statement"), "statement has a gap that nothing fills", remedy) from None
    words |= {"inputs": f"words on: {TOPICS[topic].question}", "statements": {"": statement}}
    meaning = f"Different answers to: {TOPICS[topic].question}."
    return Rule(name=name, meaning=meaning, find=partial(_different_answers, topic=topic), **words)


def _different_answers(evidence: StudyEvidence, topic: str) -> Iterator[Hit]:
    """Yield each matter on which a source gives two answers to a question with one true answer."""
    matters = needed(evidence.by_matter(topic), f"nothing is said of: {TOPICS[topic].question}")
    for about, rows in matters.items():
        answers = {row.says: label(row.says) if row.says in OUTCOME_CONCEPTS else row.says for row in rows}
        if len(answers) > 1:
            told = {"about": label(about), "answers": " and ".join(answers.values())}
            arithmetic = "; ".join(f"line {row.line}: {answers[row.says]}" for row in rows)
            yield Hit(arithmetic, rows, (about, *answers), words=told)


RULES: tuple[Rule, ...] = read_rules(CHECKS)


class DiscrepancyList(list[Row]):
    """Rows of the table `discrepancies`; a list in every way, shown as a table in JupyterLab."""

    def _repr_html_(self) -> str:
        certain = sum(bool(row.get("certain")) for row in self)
        columns = ("study_id", "certain", "concern", "statement", "arithmetic", "detected_by")
        return rows_html(f"{len(self)} discrepancies, {certain} certain", self, columns)


def run_checks(evidence: StudyEvidence) -> tuple[list[Row], list[Row]]:
    """Run all consistency rules on a study.

    Returns
    -------
    discrepancies : list of dict
        Rows of the table `discrepancies`, the rules in order, `detected_by` automated.
    checks : list of dict
        Rows of the table `checks`, one a rule: passed, found, or not applicable with what is missing.
    """
    discrepancies, checks = DiscrepancyList(), []
    for rule in RULES:
        rows, inputs = [], rule.inputs
        try:
            rows = rule.run(evidence)
            outcome = "found" if rows else "passed"
        except NotApplicable as reason:
            outcome, inputs = "not applicable", f"{rule.inputs}: {reason}"
        discrepancies += rows
        check = {"study_id": evidence.study_id, "check": rule.name, "outcome": outcome}
        checks.append(check | {"inputs": inputs, "source": rule.source})
    return discrepancies, checks


def merge_discrepancies(
    rule_discrepancies: Iterable[Row], reviewer_discrepancies: Iterable[Row]
) -> list[Row]:
    """Return rows of `discrepancies`, a rule's in place of the reader's where both found the same.

    Two discrepancies are the same when study and check agree and they share a figure; where one of them rests
    on no figure, a line of the text; and where one has no line either, an outcome if both name one. The
    rule's discrepancy then takes over the reader's places and figures, and the graver of both concerns: the
    reader has seen the words around the figures. A rule that rests on no figure takes the reader's sentence
    too, which says more. Sorted by study, certain ones first, concern, check and name.
    """
    merged = [dict(row) for row in rule_discrepancies]
    kept: list[Row] = []
    for reader in reviewer_discrepancies:
        same = [row for row in merged if _same_discrepancy(row, reader)]
        if not same:
            kept.append(dict(reader))
            continue
        _take_over(same[0], reader)
        # One sentence of the reader may cover several outcomes that the rule lists one by one.
        outcomes = set(split_ids(reader["concepts"]))
        bare = [row for row in same[1:] if not row["quantity_ids"]]
        covered = [row["discrepancy_id"] for row in bare if set(split_ids(row["concepts"])) <= outcomes]
        merged = [row for row in merged if row["discrepancy_id"] not in covered]

    def gravest_first(row: Row) -> tuple:
        weight = (not row["certain"], CONCERNS.index(row["concern"]))
        return row["study_id"], *weight, row["check"], row["discrepancy_id"]

    return DiscrepancyList(sorted(merged + kept, key=gravest_first))


def _same_discrepancy(rule: Row, reader: Row) -> bool:
    """Return whether a reader found what a rule found."""
    if (rule["study_id"], rule["check"]) != (reader["study_id"], reader["check"]):
        return False
    ours, theirs = set(split_ids(rule["quantity_ids"])), set(split_ids(reader["quantity_ids"]))
    if ours and theirs:
        return bool(ours & theirs)
    here, there = _lines(rule), _lines(reader)
    if here and (there or ours):
        return bool(here & there)
    outcomes = set(split_ids(rule["concepts"]))
    return not outcomes or not outcomes.isdisjoint(split_ids(reader["concepts"]))


def _lines(row: Row) -> set[str]:
    """Return the lines that a discrepancy points at, without the names of their sections."""
    places = str(row["locators"]).split("; ")
    return {place.partition(" (")[0] for place in places if place != WHOLE_DOCUMENT}


def _take_over(rule: Row, reader: Row) -> None:
    """Add the reader's places, figures and outcomes to the rule's discrepancy."""
    if not split_ids(rule["quantity_ids"]):
        rule["statement"] = reader["statement"]
    places = dict.fromkeys(place for row in (rule, reader) for place in str(row["locators"]).split("; "))
    places.pop(WHOLE_DOCUMENT, None)
    rule["locators"] = "; ".join(places) or WHOLE_DOCUMENT
    for column in ("quantity_ids", "concepts"):
        rule[column] = join_ids([*split_ids(rule[column]), *split_ids(reader[column])])
    rule["also"] = join_ids([*split_ids(rule.get("also")), reader["discrepancy_id"]])
    rule["certain"] = rule["certain"] or reader["certain"]
    rule["concern"] = min(rule["concern"], reader["concern"], key=CONCERNS.index)
    rule["arithmetic"] = rule["arithmetic"] or reader["arithmetic"]


def rest_on_listed(judgements: Iterable[Row], discrepancies: Iterable[Row]) -> list[Row]:
    """Return rows of `risk_of_bias` whose discrepancies are among those merged.

    A judgement names a reader's discrepancy; where a rule found the same, the rule's is listed in its place.
    """
    listed = {name: row["discrepancy_id"] for row in discrepancies for name in split_ids(row.get("also"))}
    ids = "discrepancy_ids"
    return [{**row, ids: join_ids(listed.get(x, x) for x in split_ids(row.get(ids)))} for row in judgements]
