"""What an exosome arm is compared with, and what else was given: the comparator and the background."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from helpers.tables.vocabulary import EXOSOME_ROLES, INCIDENTAL, TREATMENT_WORDS
from trialfiles.record import Row

_SEPARATORS = re.compile(r"\s*(?:[,;+&]|\band\b|\bplus\b|\bwith\b)\s*")
_NOTHING = re.compile(r"(?:not stated|not given|none|no|nothing|unknown)\b")
# how much, by which way and how often a treatment is given is no treatment of its own
_DOSE = re.compile(
    r"(?:(?:\d[\w.,/]*|%|mg|ml|topical(?:ly)?|oral(?:ly)?|once|twice|times|daily|weekly|monthly|an?|per|every|day"
    r"|week|month|solution|foam|tablets?)\s*)+"
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
