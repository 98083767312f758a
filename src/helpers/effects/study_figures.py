"""A study's printed figures: people and spread, and what its arms are compared with."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import product
from operator import itemgetter
from typing import Any

import numpy as np

from helpers.cleaning import of_one_person
from helpers.tables import TABLES
from helpers.tables.vocabulary import EXOSOME_ROLES, INCIDENTAL, TREATMENT_WORDS
from metastats.conversions import change_correlation, se_from_p
from metastats.heterogeneity import critical_value
from metastats.measures import change_variance
from notebookpress.tables import join_ids, split_ids
from trialfiles.record import Row

SAME_PEOPLE = ("within_person", "crossover")
OF_ONE_GROUP = ("single_arm", "case", *SAME_PEOPLE)


@dataclass(frozen=True)
class GroupSize:
    """The people of one group or several: as stated, or with the assumption in words; 0 where unknown."""

    sizes: Sequence[int]
    n: int  # all of them
    assumption: str = ""
    words: str | None = None  # of an assumed number
    headline: str = "yes"

    @property
    def columns(self) -> Row:
        """Columns `n` and `n_assumed`: an assumed number stands in the second alone."""
        return {"n": None if self.words else self.n or None, "n_assumed": self.words}


@dataclass(frozen=True)
class StandardError:
    """A standard error, and what it was made from."""

    se: float
    basis: str
    assumed: str = ""  # what it takes beyond the printed figures


@dataclass(frozen=True)
class Observed:
    """A mean, level or change, of one arm, with the results that it rests on; the first places it."""

    results: tuple[Row, ...]
    mean: float = math.nan  # of counts there is none
    spread: Callable[[int], StandardError | None] = lambda n: None  # for n people; 0 where that is not known

    @property
    def by_size(self) -> bool:
        """Whether the standard error depends on the number of people."""
        return any(row["sd"] is not None for row in self.results)


class StudyFigures:
    """Results of one study with the sizes of its groups.

    `study` is its row of `studies`; in `arms` and `results` a column that is not there is not stated. The
    correlations are those of `study_effects`.
    """

    def __init__(
        self, study: Row, arms: list[Row], results: list[Row],
        *, pre_post_correlation: float, site_correlation: float, level: float,
    ) -> None:  # fmt: skip
        self.results = [study_result(row) for row in results]
        self.arms = {arm["arm_id"]: arm for arm in arms}
        self.pre_post_correlation, self.site_correlation = pre_post_correlation, site_correlation
        self.level = level
        self.same_people = study.get("comparison") in SAME_PEOPLE
        self.groups_apart = study.get("comparison") not in OF_ONE_GROUP and len(self.arms) > 1
        total = study.get("n_analysed") or study.get("n_enrolled")
        self.total = int(total) if total else None
        self.of_cases = study.get("comparison") == "case" and (self.total or 1) <= len(self.arms)
        self.pairs = _before_and_after(self.results)
        self.own_correlations = _own_correlations(self.results, self.pairs)

    @property
    def estimand(self) -> str:
        """What a comparison of two arms estimates."""
        return "within_participant" if self.same_people else "between_group"

    def row(self, estimand: str, results: Sequence[Row], question: Comparator, **values: Any) -> Row:
        """Return a row of `effects`: what it is about, and the quantities of all results that it uses."""
        first = results[0]
        kept = ("study_id", "concept", "arm_id", "site", "timepoint_weeks", "timepoint_printed", "unit")
        row: Row = {name: first[name] for name in kept} | question.columns
        return row | {
            "second_hand": any(result.get("second_hand") for result in results),
            "estimand": estimand,
            "headline": "yes",
            "quantity_ids": join_ids(name for row in results for name in split_ids(row["quantity_ids"])),
            "result_ids": join_ids(result["result_id"] for result in results),
        } | values  # fmt: skip

    def question(self, arm_id: str, control_id: str | None = None) -> Comparator:
        """Return what an effect in an arm, or of an arm against a control, compares."""
        arm, control = (self.arms.get(name) or {"arm_id": name} for name in (arm_id, control_id))
        return one_arm(arm) if control_id is None else two_arms(arm, control)

    def interval(self, effect: float, se: float, df: float | None) -> Row:
        """Return an effect, its SE and limits by Student's t, or the normal distribution where df is None."""
        half = critical_value(self.level, df) * se if df is None or df > 0 else np.nan
        limits = {"ci_lower": effect - half, "ci_upper": effect + half}
        return limits | {"effect": effect, "se": se, "ci_method": "normal" if df is None else "Student's t"}

    def stated_size(self, result: Row) -> int | None:
        """Return the number of people that is stated with a result, or else for its arm; one of a case."""
        one = 1 if of_one_person(result["site"]) else None
        size = result["n"] or one or self.arms.get(result["arm_id"], {}).get("n")
        return int(size) if size else 1 if self.of_cases else None

    def group_size(self, result: Row) -> GroupSize:
        """Return the number of people of a result: stated, or else all enrolled, or this group's part."""
        n, total = self.stated_size(result), self.total
        if n or not total:
            return GroupSize([n or 0], n or 0, "" if n else "n not stated")
        if self.groups_apart:
            return next(size for size in self.sizes([result]) if size.headline == "yes")
        words = "n not stated with the result: all enrolled"
        return GroupSize([total], total, words, f"{total} (all enrolled)")

    def sizes(self, results: Sequence[Row], every: bool = False) -> Iterator[GroupSize]:
        """Yield the sizes that the groups of some results may have: `every` one, or the headline alone.

        What is not stated is assumed: everybody where there is one group or the sites are of the same people;
        the rest of those enrolled, in equal shares; of two groups all splits, halves the headline.
        """
        stated, total = [self.stated_size(row) for row in results], self.total
        known = [size for size in stated if size]
        if self.same_people and (n := min(known, default=total)):
            words = "" if known else f"all {n} enrolled" + (", both sites" if len(stated) > 1 else "")
            yield GroupSize([n] * len(stated), n, words, None if known else str(n))
        elif len(known) == len(stated):
            yield GroupSize(known, sum(known))
        else:
            yield from self._assumed_sizes(results, stated, every)

    def _assumed_sizes(
        self, results: Sequence[Row], stated: list[int | None], every: bool
    ) -> Iterator[GroupSize]:
        total, groups = self.total or 0, max(len(self.arms), len(results))
        known = {name: int(arm["n"]) for name, arm in self.arms.items() if arm.get("n")}
        known |= {row["arm_id"]: size for row, size in zip(results, stated, strict=True) if size}
        rest, unknown = total - sum(known.values()), groups - len(known)
        if total and groups == 1:
            yield _assumed([total], f"all {total} enrolled")
        elif unknown < 1 or rest < unknown or (total < 4 and groups > 1):  # nobody is left; or cases
            yield GroupSize([size or 0 for size in stated], 0, "n not stated")
        elif groups == unknown == 2:
            for size in range(2, total - 1) if every else [total // 2]:
                words = f"{size} and {total - size} people in the groups, assumed"
                if len(results) == 1:
                    words = f"{size} of the {total} enrolled in this group, assumed"
                headline = "yes" if size == total // 2 else "no"
                yield _assumed([size, total - size][: len(results)], words, headline)
        else:
            words = f"{rest} people in one group: the {total} enrolled less {total - rest}"
            if unknown > 1:
                words = f"{rest} of the {total} enrolled, divided equally among {unknown} groups"
            yield _assumed([size or rest // unknown for size in stated], words)

    def printed(self, result: Row) -> Observed:
        """Return a printed mean, of a level or a change."""
        return Observed((result,), result["mean"], lambda n: self.standard_error(result, n))

    def standard_error(self, result: Row, n: int) -> StandardError | None:
        """Return the standard error of a printed mean: from its SD, SE, interval, or a paired test's p."""
        low, high = result["ci_lower"], result["ci_upper"]
        if n == 1 or (result["sd"] is not None and not n):
            return None
        if result["sd"] is not None:
            return StandardError(result["sd"] / math.sqrt(n), "SDs printed")
        if result["se"]:
            return StandardError(result["se"], "SE printed")
        if low is not None and high is not None and low < high and low <= result["mean"] <= high:
            level = (result["ci_level"] or 95) / 100
            half = critical_value(level, n - 1 if n else None)
            return StandardError((high - low) / (2 * half), f"{100 * level:g} % interval printed")
        if result["kind"] == "change" and against_baseline(result):
            return p_value_spread(result, result["mean"], n - 1, "paired t test")
        return None

    def worked_out(self, before: Row, after: Row) -> Observed:
        """Return the change from a printed level before to one after."""
        change = after["mean"] - before["mean"]

        def spread(n: int) -> StandardError | None:
            if against_baseline(after) and (found := p_value_spread(after, change, n - 1, "paired t test")):
                return found
            first, second = self.standard_error(before, n), self.standard_error(after, n)
            if first is None or second is None:
                return None
            r, words = self.change_correlation(after)
            se = math.sqrt(change_variance(*map(np.asarray, (second.se, first.se, r))))
            return StandardError(se, f"{second.basis}; {words}", words)

        return Observed((after | {"kind": "change"}, before), change, spread)

    def change_correlation(self, result: Row) -> tuple[float, str]:
        """Return the correlation of before and after: the study's own where its SDs give one."""
        own = self.own_correlations.get((result["concept"], result["unit"]))
        if own is not None:
            return own, f"pre-post correlation {own:.3g} of the study's own SDs"
        return self.pre_post_correlation, f"pre-post correlation {self.pre_post_correlation:g} assumed"


def instead_of_a_mean(result: Row) -> str:
    """Return in words what is told of a result that has no mean; '' where nothing is."""
    factor, unit = (100, " %") if result["unit"] == "proportion" else (1, "")
    values = (result[name] for name in ("minimum", "maximum", "median"))
    low, high, median = (None if value is None else f"{factor * value:g}" for value in values)
    if low is not None and high is not None:
        return f"printed as a range, {low} to {high}{unit}, without a mean"
    if median is not None:
        return f"printed as a median, {median}{unit}, without a mean"
    if low is not None or high is not None:
        return f"printed as {'at least' if high is None else 'at most'} {low or high}{unit}"
    return ""


def no_interval(results: Sequence[Row], sizes: Sequence[int]) -> str:
    """Return in words why means of groups of some sizes, 0 where that is not known, have no interval."""
    if 1 in sizes:
        return f"no interval: one person{' in a group' if len(sizes) > 1 else ''}"
    n_is_missing = not all(sizes) and all(row["sd"] is not None for row in results)
    return f"no interval: {'n not stated' if n_is_missing else 'no SD'}"


def superiority(delta: Row) -> Row:
    """Return Cliff's delta told as probability of superiority, which stands beside it."""
    numbers = {name: delta.get(name) for name in ("effect", "ci_lower", "ci_upper")}
    half = {name: None if x is None else (1 + x) / 2 for name, x in numbers.items()}
    half["se"] = delta["se"] / 2 if delta.get("se") else None
    return delta | half | {"measure": "CLES", "unit": "probability", "headline": "no"}


def exact_p(result: Row) -> float | None:
    """Return a printed p value that is exact: `< 0.05` is none, nor is 0 or 1."""
    p, token = result["p_value"], str(result.get("p_value_token") or "")
    return p if p is not None and 0 < p < 1 and not any(sign in token for sign in "<>≤≥~") else None


def against_baseline(result: Row) -> bool:
    """Return whether a p value is said to be of a change from baseline, and nothing else is said."""
    return (result["p_value_against"] or "").strip().casefold() in ("baseline", "the baseline")


def p_value_spread(result: Row, effect: float, df: int | None, test: str) -> StandardError | None:
    """Return the standard error that an exact p value of a t test gives (Cochrane Handbook 6.5.2.3)."""
    p, stated = exact_p(result), result.get("p_value_test") or ""
    sides = 1 if re.search("one.(sided|tailed)", stated.casefold()) else 2
    if p is None or p >= sides / 2 or effect == 0 or (df is not None and df < 1) or is_rank_test(stated):
        return None
    assumed = "" if stated else f"p value taken as a {test}'s"
    basis = f"p value printed ({stated or test + ' assumed'})"
    return StandardError(float(se_from_p(effect, p, df, sides)), basis, assumed)


def is_rank_test(name: str | None) -> bool:
    """Return whether a test compares ranks or counts, so that it says nothing of a mean's standard error."""
    others = r"rank|wilcoxon|mann|u test|sign test|kruskal|friedman|fisher|chi"
    return bool(re.search(others, (name or "").casefold()))


def _assumed(sizes: list[int], words: str, headline: str = "yes") -> GroupSize:
    return GroupSize(sizes, sum(sizes), words, " + ".join(map(str, sizes)), headline)


def said(*parts: str | None) -> str | None:
    """Return what is said in one line, once each; None where nothing is."""
    return "; ".join(dict.fromkeys(filter(None, parts))) or None


def study_result(result: Row) -> Row:
    """Return a result with all its columns; a model's mean (least squares) stands as its mean."""
    result = dict.fromkeys(TABLES["results"].columns) | result
    if result["mean"] is None and result["estimate_kind"] == "model_mean":
        return result | {"mean": result["estimate"], "sd": None}
    return result


_same_site = itemgetter("arm_id", "concept", "site", "unit", "category")
_same_visit = itemgetter("arm_id", "concept", "site", "unit", "timepoint_weeks")


def _before_and_after(results: list[Row]) -> list[tuple[Row, Row]]:
    """Return baseline and follow-up levels of the same arm, outcome, place and unit."""
    levels = [row for row in results if row["kind"] == "level" and row["mean"] is not None]
    starts = [row for row in levels if row["timepoint_weeks"] == 0]
    later = [row for row in levels if row["timepoint_weeks"] != 0]
    pairs = ((before, after) for after, before in product(later, starts))
    return [pair for pair in pairs if _same_site(pair[0]) == _same_site(pair[1])]


def _own_correlations(results: list[Row], pairs: list[tuple[Row, Row]]) -> dict[tuple[str, str], float]:
    """Return, by outcome and unit, the mean correlation that SDs before, after and of the change give."""
    found = defaultdict[tuple[str, str], list[float]](list)
    changes = [row for row in results if row["kind"] == "change" and row["sd"] is not None]
    for (before, after), change in product(pairs, changes):
        if _same_visit(after) == _same_visit(change) and None not in (before["sd"], after["sd"]):
            with suppress(ValueError):  # no correlation joins them: a check of the appraisal says so
                r = float(change_correlation(before["sd"], after["sd"], change["sd"]))
                found[after["concept"], after["unit"]].append(r)
    return {key: float(np.mean(values)) for key, values in found.items()}


_SEPARATORS = re.compile(r"(?<!\s)\s*(?:[,;+&]|\band\b|\bplus\b|\bwith\b)\s*")
_NOTHING = re.compile(r"(?:not stated|not given|none|no|nothing|unknown)\b")
# how much, by which way and how often a treatment is given is no treatment of its own
_DOSE = re.compile(
    r"(?:(?>\d[\w.,/]*|%|mg|ml|topical(?:ly)?|oral(?:ly)?|once|twice|times|daily|weekly|monthly|an?|per|every|day"
    r"|week|month|solution|foam|tablets?)\s*+)++"
)
# the longer name first: radiofrequency microneedling is not microneedling
_BY_LENGTH = sorted(TREATMENT_WORDS, key=len, reverse=True)
_WORDS = re.compile("|".join(rf"\b{re.escape(word.casefold())}" for word in _BY_LENGTH))
_NAMES = {word.casefold(): name for word, name in TREATMENT_WORDS.items()}


@dataclass(frozen=True)
class Comparator:
    """What an effect compares: the columns `comparator`, `comparator_name` and `background`."""

    comparator: str | None = "none"  # None where the role of the other arm is not stated
    comparator_name: str | None = None
    background: str = "none"

    @property
    def columns(self) -> Row:
        """Return the columns of `effects`."""
        return asdict(self)


def comparator_key(row: Row) -> tuple[str, str | None, str]:
    """Return comparator, name and background of what asks the same; only an active comparator's name counts.

    Capitals and spaces tell no two apart. Two active comparators without a name are not known to be one.
    """
    comparator = row.get("comparator") or "none"
    named = row.get("comparator_name") or row.get("study_id") or ""
    name = _plain(named) if comparator == "active" else None
    return comparator, name, _plain(row.get("background") or "none")


def _plain(words: str) -> str:
    return "".join(words.split()).casefold()


def tested_arms(arms: Mapping[str, Row]) -> set[str]:
    """Return the arms whose treatment is tested: those of exosomes; in a trial without, other treatments."""
    exosomes = {name for name, arm in arms.items() if arm.get("role") in EXOSOME_ROLES}
    return exosomes or {name for name, arm in arms.items() if arm.get("role") == "active"}


def one_arm(arm: Row) -> Comparator:
    """Return the question of a change or share within one arm."""
    own, none = _other_treatments(arm), frozenset[str]()
    if arm.get("role") in EXOSOME_ROLES:
        return Comparator(background=_background(own, none))
    return Comparator(background=_background(none, none if arm.get("role") == "active" else own))


def two_arms(treated: Row, control: Row) -> Comparator:
    """Return the question of a treated arm beside a control.

    The comparator is the control's role; another exosome arm is an active one. An active one is named by its
    treatments, those in both arms left out; where nothing else is there, what is added is tested against
    nothing added, and the comparator is untreated. Any other is named by its label.
    """
    given, beside = _other_treatments(treated), _other_treatments(control)
    role, name = control.get("role"), control.get("label") or _words_of(control, "arm_id")
    if role in EXOSOME_ROLES:
        role = "active"
    elif role == "active":
        beside |= _known(_words_of(control, "label", "arm_id"))
        if beside and beside <= given:
            role = "untreated"
        else:
            name, beside = " and ".join(sorted(beside - given)) or name, beside & given
    return Comparator(role, name, _background(given, beside))


def _background(given: frozenset[str], control: frozenset[str]) -> str:
    """Return what both arms, and what only one of them, was given beside its own treatment."""
    groups = (
        (given & control, "in both arms"),
        (given - control, "in the exosome arm only"),
        (control - given, "in the comparator arm only"),
    )
    said = [f"{' and '.join(sorted(names))} {place}" for names, place in groups if names]
    return "; ".join(said) or "none"


def _words_of(arm: Row, *columns: str) -> str:
    return "; ".join(str(arm[name]) for name in columns if arm.get(name)).replace("_", " ")


def _known(words: str) -> frozenset[str]:
    """Return the treatments of the vocabulary that some words name."""
    return frozenset(_NAMES[found] for found in _WORDS.findall(words.casefold()))


def _other_treatments(arm: Row) -> frozenset[str]:
    """Return what an arm was given beside its own treatment: as stated, or as its label and route say."""
    stated = (arm.get("co_intervention") or "").strip()
    if not stated:
        return _known(_words_of(arm, "label", "route")) if arm.get("role") != "active" else frozenset()
    if _NOTHING.match(stated.casefold()):
        return frozenset()
    names: set[str] = set()
    for part in _SEPARATORS.split(stated.casefold()):
        unsaid = not part or "not stated" in part or bool(_DOSE.fullmatch(part))
        unsaid |= any(word in part for word in INCIDENTAL)
        names |= _known(part) or (frozenset() if unsaid else {part})
    return frozenset(names)
