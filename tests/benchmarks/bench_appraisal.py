"""Honesty and sight of the appraisal, on simulated studies.

    python tests/benchmarks/bench_appraisal.py [--honest 10000] [--planted 400] [--seed 1] [--only KIND] [--write DIR]

Honest studies: how many have a discrepancy marked certain, or of serious concern, and which ways of reporting
brought it. Studies with one planted fault: how many are *found*. A fault is found by a discrepancy that its
honest twin (the same study without the fault) does not have, that names a figure, line or outcome of the fault,
and that is certain or of the fault's check of INSPECT-SR; it is *noticed* by any other that names one of these.
The exit status is always 0: this measures, it does not judge.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import planted_values  # noqa: F401  (registers its kinds)
import published_rules
from planted_faults import KINDS, planted
from simulated_papers import SimulatedStudy
from simulated_studies import simulate

import helpers
from helpers.appraisal.discrepancies import run_checks
from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.trust import trust_domains, trust_rows
from helpers.cleaning import clean_events, clean_results
from helpers.sheets.check import cross_checks
from helpers.sheets.model import StudySheet
from helpers.sheets.read import sheet_record
from notebookpress.tables import TableStore, table_store

Row = dict[str, Any]
BATCH = 100
_TABLES = {
    "results": "reported_results",
    "adverse_events": "reported_events",
    "contrasts": "reported_contrasts",
}


@dataclass
class Outcome:
    """What the appraisal said of a study, and what other rules would."""

    study: SimulatedStudy
    said: list[Row] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    refused: str = ""
    overall: str = ""


@lru_cache
def _store() -> TableStore:
    return table_store(Path(helpers.__file__).parent / "tables" / "schema.yaml")


def tables_of(sheets: Iterable[Row]) -> dict[str, Any]:
    """Return the tables of checked sheets, cleaned, as notebooks 01 and 02 make them.

    Their strings are Python's own in place of Arrow's, which cost several times more in tables of ten rows.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    for sheet in sheets:
        for name, found in sheet_record(StudySheet.model_validate(sheet)).table_rows().items():
            rows[_TABLES.get(name, name)] += found
    store = _store()
    made = {name: store.validate(name, found) for name, found in rows.items() if name in store.tables}
    made["results"] = store.validate("results", clean_results(made["reported_results"]))
    made["adverse_events"] = store.validate("adverse_events", clean_events(made["reported_events"]))
    made["comparators"] = store.as_frame("comparators", [])
    return {name: _plain_strings(frame) for name, frame in made.items()}


def _plain_strings(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(frame.select_dtypes("str"), object))


def appraise_studies(tables: dict[str, Any], names: list[str]) -> list[tuple[list[Row], str]]:
    """Return what the appraisal says of each study and its overall judgement; the one place that knows its names.

    A discrepancy has the numbers of the checks of INSPECT-SR that rest on it; an answer "yes" that rests on
    none is a row of its own.
    """
    store, evidence = _store(), [StudyEvidence.from_tables(tables, name) for name in names]
    ran = [run_checks(study) for study in evidence]
    listed = _of_studies("discrepancies", [row for rows, _ in ran for row in rows])
    checks = _of_studies("checks", [row for _, rows in ran for row in rows])
    notices = store.as_frame("retractions", [])
    found = []
    for study, (rows, _) in zip(evidence, ran, strict=True):
        said = {row["discrepancy_id"]: _plain(row) for row in rows}
        own = listed.get(study.study_id, listed[""])
        parts = {"discrepancies": own, "checks": checks[study.study_id], "retractions": notices}
        answers = trust_rows(study, parts)
        for answer in answers:
            if answer["answer"] != "yes":
                continue
            number = answer["check"]
            named = [name for name in str(answer["discrepancy_ids"] or "").split(";") if name in said]
            if not named:
                told = {"check": f"trust {number}", "statement": answer["reason"], "certain": False}
                named = [told["check"]]
                said[told["check"]] = _plain(answer | told)
            for name in named:
                said[name]["checks"].add(number)
        overall = [row["judgement"] for row in trust_domains(answers, own) if row["domain"] == "overall"]
        found.append((list(said.values()), overall[0]))
    return found


def _of_studies(name: str, rows: list[Row]) -> dict[str, pd.DataFrame]:
    """Return a checked table by study; under no name, no rows."""
    frame = _plain_strings(_store().validate(name, rows))
    return {"": frame[:0]} | {str(study): own for study, own in frame.groupby("study_id")}


def _plain(row: Row) -> Row:
    """Return a discrepancy or an answer in the terms of this benchmark."""

    def names(column: str) -> set[str]:
        return {name.partition(".")[2] for name in str(row.get(column) or "").split(";")}

    return {
        "check": row["check"],
        "checks": set(),
        "certain": bool(row["certain"]),
        "serious": row.get("concern") == "serious",
        "statement": row["statement"],
        "arithmetic": row.get("arithmetic") or "",
        "figures": names("quantity_ids"),
        "statements": names("statement_ids"),
        "lines": {int(line) for line in re.findall(r"line (\d+)", row.get("locators") or "")},
        "concepts": set(str(row.get("concepts") or "").split(";")) - {""},
    }


def appraise(studies: list[SimulatedStudy]) -> list[Outcome]:
    """Return what is said of each study; one that the sheet's own checks refuse is told so."""
    if not studies:
        return []
    outcomes = [Outcome(study, others=published_rules.seen(study.sheet)) for study in studies]
    for outcome in outcomes:
        outcome.refused = "; ".join(fault[1] for fault in cross_checks(outcome.study.sheet))
    tables = tables_of(outcome.study.sheet for outcome in outcomes)
    told = appraise_studies(tables, [outcome.study.sheet["study_id"] for outcome in outcomes])
    for outcome, (said, overall) in zip(outcomes, told, strict=True):
        outcome.said, outcome.overall = said, overall
    return outcomes


def honest_batch(seed: int, numbers: range) -> list[Outcome]:
    """Simulate and appraise some honest studies."""
    studies = [simulate(f"honest{i}", np.random.default_rng([seed, i])).finish() for i in numbers]
    outcomes = appraise(studies)
    for outcome in outcomes:  # thousands are kept: of each its name and habits alone
        name = {"study_id": outcome.study.sheet["study_id"]}
        outcome.study = SimulatedStudy(name, "", outcome.study.tags)
    return outcomes


def planted_batch(seed: int, jobs: list[tuple[int, str]]) -> list[tuple[Outcome, Outcome]]:
    """Simulate and appraise some studies with a fault, each beside its honest twin."""
    pairs = []
    for number, name in jobs:
        tries = (planted(name, f"planted{number}", [seed, number, attempt]) for attempt in range(60))
        pairs.append(next(pair for pair in tries if pair is not None))
    faulty, twins = appraise([pair[0] for pair in pairs]), [Outcome(pair[1]) for pair in pairs]
    spoken = [i for i, outcome in enumerate(faulty) if outcome.others or new_about_fault(outcome, twins[i])]
    for i, twin in zip(spoken, appraise([twins[i].study for i in spoken]), strict=True):
        twins[i] = twin  # of the others nothing can be found, whatever is said of the twin
    return list(zip(faulty, twins, strict=True))


def new_about_fault(faulty: Outcome, twin: Outcome) -> list[Row]:
    """Return what is said of the fault and not of the twin."""
    fault, before = faulty.study.fault, {(row["check"], row["statement"]) for row in twin.said}
    if fault is None:
        return []
    lines = {row["line"] for row in faulty.study.sheet["statements"] if row["id"] in fault.statements}
    return [
        row
        for row in faulty.said
        if (row["check"], row["statement"]) not in before
        and (
            row["figures"] & set(fault.figures)
            or row["lines"] & lines
            or row["statements"] & set(fault.statements)
            or row["concepts"] & set(fault.concepts)
        )
    ]


def in_batches(work: Any, seed: int, jobs: list[Any], label: str, workers: int) -> Iterator[Any]:
    """Yield the results of a batch function over jobs, with progress."""
    begun, parts = time.monotonic(), [jobs[i : i + BATCH] for i in range(0, len(jobs), BATCH)]
    with ProcessPoolExecutor(workers) as pool:
        done = 0
        for found in pool.map(work, [seed] * len(parts), parts):
            done += len(found)
            print(
                f"\r{label}: {done}/{len(jobs)}, {time.monotonic() - begun:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )
            yield from found
    print(file=sys.stderr)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({100 * part / max(whole, 1):.1f} %)"


def tell_honest(outcomes: list[Outcome]) -> None:
    """Print false alarms: how many, by which check, and which ways of reporting they go with."""
    total = len(outcomes)
    certain = [outcome for outcome in outcomes if any(row["certain"] for row in outcome.said)]
    serious = [outcome for outcome in outcomes if any(row["serious"] for row in outcome.said)]
    print(f"\nHONEST, {total} studies")
    print(f"  with a discrepancy marked certain: {_share(len(certain), total)}")
    print(f"  with a discrepancy of serious concern: {_share(len(serious), total)}")
    proposed = [outcome for outcome in outcomes if outcome.overall.startswith("serious")]
    print(f"  with a proposal of serious concern overall: {_share(len(proposed), total)}")
    for outcome in proposed[:3]:
        print(f"    e.g. {outcome.study.sheet['study_id']}: {[row['statement'] for row in outcome.said][:3]}")
    other = sum(not row["certain"] for outcome in outcomes for row in outcome.said)
    print(f"  other alarms: {other}, {other / max(total, 1):.2f} a study")
    print(f"  refused by the sheet's own checks: {sum(bool(o.refused) for o in outcomes)}")
    rules = Counter(rule for outcome in outcomes for rule in outcome.others)
    print(f"  alarms of rules re-stated: {dict(rules) or 'none'}")
    base = Counter(tag for outcome in outcomes for tag in outcome.study.tags)
    for mark in (True, False):
        by_check: dict[str, list[tuple[Outcome, Row]]] = defaultdict(list)
        for outcome in outcomes:
            for row in outcome.said:
                if row["certain"] is mark:
                    by_check[row["check"]].append((outcome, row))
        print(f"\n  {'CERTAIN' if mark else 'other'} alarms by check")
        for check, found in sorted(by_check.items(), key=lambda item: -len(item[1])):
            studies = {id(outcome): outcome for outcome, _ in found}.values()
            tags = Counter(tag for outcome in studies for tag in outcome.study.tags)
            lift = sorted(tags, key=lambda tag: -tags[tag] / (base[tag] + 3))[:4]
            first, row = found[0]
            print(f"    {check}: {len(found)} in {len(studies)} studies; goes with {', '.join(lift)}")
            print(
                f"      e.g. {first.study.sheet['study_id']}: {row['statement']} [{row['arithmetic'][:160]}]"
            )


def tell_planted(pairs: list[tuple[Outcome, Outcome]]) -> None:
    """Print for each kind how many faults were found, how many only noticed, and what other rules see."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[str, tuple[Outcome, Outcome]] = {}
    for faulty, twin in pairs:
        fault = faulty.study.fault
        if fault is None:
            continue
        about = new_about_fault(faulty, twin)
        found = any(row["certain"] or fault.check in row["checks"] for row in about)
        count = kinds[fault.kind]
        count["all"] += 1
        count["found" if found else "noticed" if about else "missed"] += 1
        count["refused"] += bool(faulty.refused and not twin.refused)
        count.update(faulty.others - twin.others)
        if not found:
            examples.setdefault(fault.kind, (faulty, twin))
    total, found = (
        sum(count["all"] for count in kinds.values()),
        sum(count["found"] for count in kinds.values()),
    )
    noticed = sum(count["noticed"] for count in kinds.values())
    print(f"\nPLANTED, {total} studies: found {_share(found, total)}, only noticed {_share(noticed, total)}")
    rules = ("GRIM", "GRIMMER", "DEBIT", "statcheck")
    print(
        "  "
        + ", ".join(
            f"{rule} sees {_share(sum(count[rule] for count in kinds.values()), total)}" for rule in rules
        )
    )
    print(f"\n  {'kind':32}{'check':>6}{'all':>5}{'found':>7}{'noticed':>9}{'missed':>8}  other rules")
    for name, count in sorted(kinds.items(), key=lambda item: (item[1]["found"] / item[1]["all"], item[0])):
        others = ", ".join(f"{rule} {count[rule]}" for rule in rules if count[rule])
        numbers = f"{count['all']:>5}{count['found']:>7}{count['noticed']:>9}{count['missed']:>8}"
        print(f"  {name:32}{KINDS[name].check:>6}{numbers}  {others}")
    print("\n  NOT FOUND, an example of each kind")
    for name, (faulty, twin) in sorted(examples.items()):
        tell_missed(name, faulty, new_about_fault(faulty, twin))


def tell_missed(name: str, faulty: Outcome, about: list[Row]) -> None:
    """Print one fault that was not found: its figures as printed, why it cannot be, what was said instead."""
    fault, sheet = faulty.study.fault, faulty.study.sheet
    if fault is None:
        return
    printed = {row["id"]: row["printed"] for row in (*sheet["quantities"], *sheet["statements"])}
    told = ", ".join(f"{item}: {printed[item]!r}" for item in (*fault.figures, *fault.statements))
    print(f"    {name} ({sheet['study_id']}): {told}: {fault.why}")
    for row in about[:2]:
        print(f"      said, not certain: {row['check']}: {row['statement']}")


def write(folder: Path, studies: Iterable[SimulatedStudy]) -> None:
    """Write sheets and texts as a raw folder has them, to be read and run in the ordinary way."""
    for part in ("studies", "documents"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for study in studies:
        name = study.sheet["study_id"]
        why = f"# planted: {study.fault.kind}: {study.fault.why}\n" if study.fault else "# honest\n"
        (folder / "studies" / f"{name}.yaml").write_text(why + json.dumps(study.sheet, indent=1), "utf-8")
        (folder / "documents" / f"{name}.txt").write_text(study.text, "utf-8")


def main() -> None:
    """Run the benchmark and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--honest", type=int, default=50)
    parser.add_argument("--planted", type=int, default=len(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(KINDS), help="plant this kind alone")
    parser.add_argument("--write", type=Path, help="write the planted studies to this folder as well")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    print(f"bench_appraisal.py {' '.join(sys.argv[1:])}: seed {asked.seed}")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    if asked.honest:
        numbers: Any = range(asked.honest)
        tell_honest(list(in_batches(honest_batch, asked.seed, numbers, "honest", asked.workers)))
    names = [asked.only] if asked.only else list(KINDS)
    jobs = [(number, names[number % len(names)]) for number in range(asked.planted)]
    if jobs:
        pairs = list(in_batches(planted_batch, asked.seed, jobs, "planted", asked.workers))
        tell_planted(pairs)
        if asked.write:
            write(asked.write, (faulty.study for faulty, _ in pairs))


if __name__ == "__main__":
    main()
