"""One study's rows and sentences, arranged for its notebook and page."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from helpers.appraisal.grade import DOMAINS
from helpers.figures.rows import COMPARISON_WORDS, by_weight
from helpers.formats import is_missing, plain_unit, plain_words, show_number, show_with_unit
from helpers.tables.vocabulary import CONFIDENCE, ESTIMAND_WORDS, label
from notebookpress.tables import records, split_ids
from trialfiles.ctgov_results import BASELINE, FLOW
from trialfiles.record import Row


def at_a_glance(
    study: Row,
    effects: pd.DataFrame,
    discrepancies: pd.DataFrame,
    verdict: str | None,
) -> pd.DataFrame:
    """Return a study in a few rows, for the head of its page.

    Parameters
    ----------
    study : dict
        Its row of `studies`.
    effects, discrepancies : pandas.DataFrame
        Its rows of these tables.
    verdict : str or None
        Overall risk of bias.

    Returns
    -------
    pandas.DataFrame
        `what`, `said`, and `quantity_ids` or `origins`, which account for the numbers; a row whose facts are
        not stated says so.

    """
    shown = effects[(effects["headline"] == "yes") & effects["ci_lower"].notna()]
    rows = [
        {"what": "Who", "said": _people(study), "quantity_ids": study.get("quantity_ids")},
        {"what": "Compared", "said": COMPARISON_WORDS.get(study.get("comparison"))},
        *map(_effect, records(shown)),
        _doubt(discrepancies),
        {"what": "Risk of bias", "said": verdict or "not appraised yet"},
    ]
    frame = pd.DataFrame(rows, columns=["what", "said", "quantity_ids", "effect_id", "origins"])
    return frame.assign(said=frame["said"].where(frame["said"].notna(), "not stated"))


def _people(study: Row) -> str | None:
    """Return how many people of which kind: `16 enrolled; male, 36 to 45 years; ...`."""
    counts = [
        f"{show_number(study[name])} {word}"
        for name, word in (("n_planned", "planned"), ("n_enrolled", "enrolled"), ("n_analysed", "analysed"))
        if not is_missing(study.get(name))
    ]
    low, high = study.get("age_min"), study.get("age_max")
    years = [show_number(age) for age in (low, high) if not is_missing(age)]
    span = f"{' to '.join(dict.fromkeys(years))} years" if years else None
    sex = {"all": "women and men", "male": "men", "female": "women"}.get(study.get("sex"))
    whom = ", ".join(part for part in (sex, span) if part)
    parts = [", ".join(counts), whom, study.get("population"), study.get("country")]
    return "; ".join(part for part in parts if not is_missing(part)) or None


def _effect(effect: Row) -> Row:
    """Return a headline effect with its interval."""
    limits = effect["ci_lower"], effect["ci_upper"]
    size = show_with_unit(effect["effect"], *limits, effect["unit"], effect["estimand"])
    who = "" if effect["arm_id"] is None else f", {effect['arm_id'].replace('_', ' ')}"
    week = effect["timepoint_weeks"]
    when = "" if is_missing(week) else f", week {show_number(round(week, 1))}"
    return {
        "what": f"{label(effect['concept']).capitalize()}{who}",
        "said": f"{size}, {ESTIMAND_WORDS[effect['estimand']]}{when}",
        "effect_id": effect["effect_id"],
    }


def _doubt(discrepancies: pd.DataFrame) -> Row:
    """Return how many discrepancies there are, with the weightiest that touches an outcome."""
    if discrepancies.empty:
        return {"what": "Discrepancies", "said": "nothing was found"}
    certain = int(discrepancies["certain"].sum())
    ranked = records(by_weight(discrepancies))
    first = next((row for row in ranked if row["concepts"]), ranked[0])
    said = f"{len(discrepancies)}, {certain} of them certain; one of the weightiest: {first['statement']}"
    return {"what": "Discrepancies", "said": said, "origins": f"discrepancy-{first['discrepancy_id']}"}


def people_posted(quantities: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the posted figures of the participant flow or of the baseline, one a group.

    Parameters
    ----------
    quantities : pandas.DataFrame
        A study's rows of `quantities`.
    part : str
        `participant flow` or `baseline`.

    Returns
    -------
    pandas.DataFrame
        `what`, `group`, `printed`, `unit` and `quantity_id`, in the register's order; empty when nothing is
        posted. The numbers analysed are left to the list of printed figures.

    Raises
    ------
    ValueError
        For another part.

    """
    if part not in (FLOW, BASELINE):
        raise ValueError(f"no part {part!r}; there are {FLOW!r} and {BASELINE!r}")
    own = quantities[quantities["section"].astype("string").str.startswith(f"{part}, ").fillna(False)]
    own = own[(own["role"] == "design") & (own["kind"] != "n")]
    order = own["quantity_id"].str.replace(r"\d+", lambda digits: digits[0].zfill(6), regex=True)
    own = own.assign(_order=order).sort_values("_order")
    own = own.assign(what=own["section"].str.removeprefix(f"{part}, ")).rename(columns={"note": "group"})
    return own[["what", "group", "printed", "unit", "quantity_id"]]


def with_value(results: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `results` with a column `value`: `80 ± 10`, `75 to 95`, `87 %`, `3`."""
    return results.assign(value=[_value(row) for row in records(results)])


def with_interval(frame: pd.DataFrame, effect: str = "effect") -> pd.DataFrame:
    """Return rows with a column `interval`: `35 hairs/cm² (31.5 to 38.5)`; shares in percent."""
    intervals = [
        row.get("printed_range")
        if row[effect] is None
        else show_with_unit(row[effect], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])
        for row in records(frame)
    ]
    return frame.assign(interval=intervals)


def with_reading(quantities: pd.DataFrame) -> pd.DataFrame:
    """Return quantities with what each was read as, what it is, and its place."""
    rows = records(quantities)
    return quantities.assign(
        read=[_reading(row) for row in rows],
        means=[_meaning(row) for row in rows],
        place=[_place(row) for row in rows],
    )


def _reading(row: Row) -> str:
    """Return a figure's value as a program has it: `35 ± 6.5 hairs/cm²`, `75 to 95 %`, `no number`."""
    ends = [row[name] for name in ("value_low", "value_high") if row[name] is not None]
    numbers = " to ".join(map(show_number, ends)) if row["value"] is None else show_number(row["value"])
    if not numbers:
        return "no number"
    spread = f" ± {show_number(row['sd'])}" if row["sd"] is not None else ""
    unit = plain_unit(row["unit"])
    return f"{numbers}{spread} {unit.removesuffix('s') if numbers == '1' else unit}".rstrip()


def _meaning(row: Row) -> str:
    parts = [plain_words(row["concept"]), plain_words(row["kind"]), row["arm_id"], row["timepoint_printed"]]
    parts = [str(part) for part in [*parts, row["note"]] if not is_missing(part)]
    return ", ".join(dict.fromkeys(parts))


def _place(row: Row) -> str:
    parts = [None if row["source_id"] == row["study_id"] else row["source_id"]]
    parts.append(row["access"] if row["line"] is None else f"line {row['line']}")
    parts.append("told by another paper" if row["second_hand"] else None)
    return ", ".join(str(part) for part in parts if part) or "place not stated"


def with_steps(certainty: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `certainty` with a column `steps`: `risk of bias 2, imprecision 2`."""
    steps = [
        ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in DOMAINS if row[name]) or "none"
        for row in records(certainty)
    ]
    return certainty.assign(steps=steps)


def with_places(discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return discrepancies with a column `where`: `line 102, line 132`."""
    told = [", ".join(re.sub(r"^[^,;]+, (?=line )|(?<=\d) \(.*", "", part) for part in str(text).split("; "))
            for text in discrepancies["locators"]]  # fmt: skip
    return discrepancies.assign(where=told)


def with_discrepancies(judgements: pd.DataFrame, discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return judgements with a column `found`: kind and weight of each discrepancy that one rests on."""
    known = {row["discrepancy_id"]: row for row in records(discrepancies)}
    told = []
    for names in judgements["discrepancy_ids"]:
        rows = [known[name] for name in split_ids(names) if name in known]
        told.append("; ".join(f"{plain_words(row['check'])} ({_weight(row)})" for row in rows) or None)
    return judgements.assign(found=pd.array(told, dtype="string"))


def _weight(row: Row) -> str:
    return ("certain, " if row["certain"] else "") + f"{row['concern']} concern"


def _value(row: dict[str, Any]) -> str | None:
    share = row["unit"] == "proportion"
    factor, mark = (100, " %") if share else (1, "")

    def number(name: str) -> str:
        return show_number(row[name] * factor)

    if row["percent"] is not None:
        return f"{show_number(row['percent'] * 100)} %"
    if row["mean"] is not None:
        return number("mean") + (f" ± {number('sd')}" if row["sd"] is not None else "") + mark
    if row["median"] is not None:
        quartiles = f" ({number('q1')} to {number('q3')})" if row["q1"] is not None else ""
        if row["q1"] is None and row.get("iqr") is not None:
            quartiles = f" (interquartile range {number('iqr')} wide)"
        return f"median {number('median')}{quartiles}{mark}"
    if row["minimum"] is not None and row["maximum"] is not None:
        return f"{number('minimum')} to {number('maximum')}{mark}"
    return None if row["count"] is None else show_number(row["count"])


def seen_sentences(sources: pd.DataFrame, quantities: pd.DataFrame) -> list[str]:
    """Return what was read of a study whose text is not at hand; nothing for one that was read itself.

    Parameters
    ----------
    sources, quantities : pandas.DataFrame
        The study's rows of these tables.

    Returns
    -------
    list of str
        How its figures were seen and that they cannot be verified; whether they are second-hand.

    """
    sentences = []
    for row in records(sources[sources["address"].notna()]):
        seen = "another paper's word for it" if row["second_hand"] else f"the {row['access']}"
        sentences.append(
            f"Of this study only {seen} was seen ({CONFIDENCE[row['confidence']]}): {row['address']}. "
            "Its figures have no place in a document at hand and cannot be verified here."
        )
        if row["second_hand"]:
            sentences.append(
                "SECOND-HAND: every figure and direction of this study is told by somebody else."
            )
    count = int(quantities["second_hand"].fillna(False).sum())
    if count and not sources["second_hand"].fillna(False).any():
        sentences.append(
            f"SECOND-HAND: {count} of its {len(quantities)} figures were seen in another paper only."
        )
    return sentences
