"""Numbers of people and pairs of values against each other: arms and totals, events, ages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import (
    CERTAIN,
    LIKELY,
    MINOR,
    Hit,
    NotApplicable,
    PrintedFigure,
    Rule,
    StudyEvidence,
    missing,
    tidy,
)
from helpers.appraisal.spread import mean_changes, result_rows
from helpers.tables import split_ids
from helpers.tables.vocabulary import label

_AT_THE_END = "it equals one of the two, so that nearly everybody would have to change like that end."


def value_pairs(evidence: StudyEvidence, concept: str | None = None) -> list[tuple]:
    """Return the row, the figure before and the figure after of each arm, outcome and site."""
    rows = [row for row in result_rows(evidence, "level") if concept in (None, row.concept)]
    found = []
    for row in rows:
        before = evidence.figure(row, "mean") or evidence.figure(row, "percent")
        if missing(row.timepoint_weeks) or row.timepoint_weeks != 0 or before is None:
            continue
        same = [r for r in rows if (r.arm_id, r.concept, r.site) == (row.arm_id, row.concept, row.site)]
        for later in (r for r in same if missing(r.timepoint_weeks) or r.timepoint_weeks > 0):
            after = evidence.figure(later, "mean") or evidence.figure(later, "percent")
            found += [(row, before, after)] if after else []
    return found


@dataclass(frozen=True)
class ChangeOfExtremes(Rule):
    """A mean change, or its SD, that the changes at both ends of the baseline range do not suggest."""

    name: str = "change-of-extremes"
    source: str = "Bhatia R, Davis C. Am Math Mon 2000;107:353-357; ends of the range as bounds of the change"
    severity: str = LIKELY
    inputs: str = "mean change, and the values before and after of those lowest and highest at baseline"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield a mean outside the changes of the extremes, and an SD too large for them."""
        tested = 0
        for row, change, sd in mean_changes(evidence):
            pairs = self._ends(evidence, row)
            if len(pairs) < 2:
                continue
            tested += 1
            changes = sorted(after.value - before.value for before, after in pairs)
            told = "; ".join(
                f"{tidy(before.value)} to {tidy(after.value)} is {tidy(after.value - before.value)}"
                for before, after in pairs
            )
            names = tuple(figure.quantity_id for pair in pairs for figure in pair)
            low, high = changes[0], changes[-1]
            if not low < change.value < high and not (low == change.value == high):
                outside = change.low > high or change.high < low
                yield Hit(
                    statement=f"The mean change in {label(row.concept)} is not between the changes of the "
                    "patients "
                    "lowest and highest at baseline; "
                    + ("those in between would have to change more than both." if outside else _AT_THE_END),
                    arithmetic=f"mean change {tidy(change.value)}; {told}",
                    quantity_ids=(change.quantity_id, *names),
                    concepts=(row.concept,),
                    severity=LIKELY if outside else MINOR,
                )
            yield from self._spread(evidence, row, sd, low, high, told, names)
        if not tested:
            raise NotApplicable("no mean change beside the values of the extremes before and after")

    @staticmethod
    def _spread(evidence, row, sd: PrintedFigure | None, low, high, told, names) -> Iterator[Hit]:
        n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled") or 2
        largest = (high - low) / 2 * math.sqrt(n / (n - 1)) if n > 1 else 0.0
        if sd is not None and sd.low > largest:
            yield Hit(
                statement=f"The SD of change in {label(row.concept)} is larger than changes between those "
                "of the "
                "extremes can give; other patients would have to change much more or much less than both "
                "ends.",
                arithmetic=f"{told}; largest SD between {tidy(low)} and {tidy(high)} with n = {n}: "
                f"({tidy(high)} - {tidy(low)}) / 2 x sqrt({n}/{n - 1}) = {largest:.2f}, printed "
                f"{tidy(sd.value)}",
                quantity_ids=(sd.quantity_id, *names),
                concepts=(row.concept,),
            )

    @staticmethod
    def _ends(evidence: StudyEvidence, row) -> list[tuple[PrintedFigure, PrintedFigure]]:
        """Return before and after of each subgroup that starts at an end of the baseline range."""
        place = {"arm_id": row.arm_id, "concept": row.concept}
        base = list(result_rows(evidence, "level", **place, timepoint_weeks=0.0))
        figures = [evidence.figure(r, end) for r in base for end in ("minimum", "maximum")]
        ends = {figure.value for figure in figures if figure}
        pairs = []
        for start in base:
            first = evidence.figure(start, "mean")
            after = result_rows(
                evidence, "level", **place, site=start.site, timepoint_weeks=row.timepoint_weeks
            )
            last = next((figure for r in after if (figure := evidence.figure(r, "mean"))), None)
            if first and last and first.value in ends and missing(start.sd):
                pairs.append((first, last))
        return pairs


@dataclass(frozen=True)
class NoChange(Rule):
    """A figure that stays the same while its companions improve."""

    name: str = "no-change"
    source: str = "internal consistency of the report (CARE 2013, item 10: outcomes as measured)"
    severity: str = MINOR
    inputs: str = "the same outcome, arm and site before and after, in more than one site or arm"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each pair that does not move although another pair of the outcome does."""
        pairs = value_pairs(evidence)
        if len(pairs) < 2:
            raise NotApplicable("fewer than two pairs of the same outcome before and after")
        for row, before, after in pairs:
            moved = [r for r, b, a in pairs if r.concept == row.concept and a.value != b.value]
            claimed = evidence.said("every_pair", row.concept)  # the rule on every pair tells of these
            if before.value == after.value and moved and not claimed:
                yield Hit(
                    statement=f"The {label(row.concept)} of {row.arm_id} ({row.site}) is the same before "
                    "and after, "
                    f"while {len(moved)} other {'pairs' if len(moved) > 1 else 'pair'} of this outcome "
                    "moved.",
                    arithmetic=f"{tidy(after.value)} - {tidy(before.value)} = 0",
                    quantity_ids=(before.quantity_id, after.quantity_id),
                    concepts=(row.concept,),
                )


_COMPARED = (
    "role",
    "exosome_source",
    "dose",
    "dose_unit",
    "route",
    "co_intervention",
    "sessions",
    "interval_weeks",
)


@dataclass(frozen=True)
class Totals(Rule):
    """Counts of people that do not add up."""

    name: str = "totals"
    source: str = "Moher D et al. BMJ 2010;340:c869 (CONSORT 2010, flow of participants)"
    severity: str = CERTAIN
    inputs: str = "participants planned, enrolled, analysed, in each arm, in each result and event"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each total that its parts contradict."""
        enrolled, analysed = evidence.count("n_enrolled"), evidence.count("n_analysed")
        total = enrolled or analysed
        sizes = evidence.arms[evidence.arms["n"].notna()]
        rows = evidence.results[evidence.results["n"].notna() | evidence.results["count"].notna()]
        counted = evidence.adverse_events[evidence.adverse_events["count"].notna()]
        groups = evidence.figures(role=("design",), concept="group_count")
        groups = groups[groups["value"].notna() & groups["unit"].isin(["groups", "arms"])]
        if not (total and (len(sizes) or analysed)) and rows.empty and counted.empty and groups.empty:
            raise NotApplicable("no numbers of people that could be compared")
        if enrolled and analysed and analysed > enrolled:
            ids = tuple(split_ids(evidence.study.get("quantity_ids")))
            yield Hit("More people are analysed than enrolled.", f"{analysed} > {enrolled}", ids)
        yield from self._arms(evidence, total, sizes)
        yield from self._groups(evidence, groups)
        yield from self._parts(rows, enrolled, "result")
        yield from self._parts(counted, enrolled, "event")

    @staticmethod
    def _arms(evidence: StudyEvidence, total: int | None, sizes) -> Iterator[Hit]:
        if not total or len(sizes) < len(evidence.arms) or sizes.empty:
            return
        within = evidence.study.get("comparison") == "within_person"
        whole = int(sizes["n"].max() if within else sizes["n"].sum())
        if whole != total:
            parts = ", ".join(str(int(n)) for n in sizes["n"])
            yield Hit(
                statement="The arms do not add up to the participants of the study.",
                arithmetic=f"arms {parts}: {whole}; study {total}",
                quantity_ids=tuple(name for ids in sizes["quantity_ids"].dropna() for name in split_ids(ids)),
                severity=CERTAIN if whole > total else LIKELY,  # fewer may have left before treatment
            )

    @staticmethod
    def _groups(evidence: StudyEvidence, groups) -> Iterator[Hit]:
        for row in groups.itertuples():
            if len(evidence.arms) and row.value != len(evidence.arms):
                yield Hit(
                    statement="The number of groups stated is not the number of arms described.",
                    arithmetic=f"stated {tidy(row.value)}, described {len(evidence.arms)}",
                    quantity_ids=(row.quantity_id,),
                    severity=LIKELY,
                )

    @staticmethod
    def _parts(rows, enrolled: int | None, what: str) -> Iterator[Hit]:
        for row in rows.itertuples():
            n = None if missing(row.n) else float(row.n)
            count = None if missing(row.count) else float(row.count)
            concept = getattr(row, "concept", "adverse_events")
            ids = tuple(split_ids(row.quantity_ids))
            if n is not None and enrolled and n > enrolled:
                words = f"A {what} ({label(concept)}) is given for more people than were enrolled."
                yield Hit(words, f"{tidy(n)} > {enrolled}", ids, (concept,))
            limit = n if n is not None else enrolled
            if count is not None and limit and count > limit:
                words = f"More people have the {what} ({label(concept)}) than there are."
                yield Hit(words, f"{tidy(count)} > {tidy(limit)}", ids, (concept,))


@dataclass(frozen=True)
class CountAndPercent(Rule):
    """A count, its percentage and its n that do not go together."""

    name: str = "count-and-percent"
    source: str = "Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369"
    severity: str = CERTAIN
    inputs: str = "counts with their percentage and n"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each percentage that its count does not give."""
        tested = 0
        for row in evidence.observed(kind="count"):
            percent, count = evidence.figure(row, "percent"), evidence.figure(row, "count")
            n = int(row.n) if not missing(row.n) else evidence.count("n_analysed", "n_enrolled")
            if percent is None or count is None or not n:
                continue
            tested += 1
            share = 100 * count.value / n
            low, high = percent.widest
            if not percent.low <= share <= percent.high:
                yield Hit(
                    statement=f"The percentage printed for {label(row.concept)} is not that of its count.",
                    arithmetic=f"{tidy(count.value)} / {n} = {share:.2f} %, printed {tidy(percent.value)} %",
                    quantity_ids=(count.quantity_id, percent.quantity_id),
                    concepts=(row.concept,),
                    severity=CERTAIN if not missing(row.n) and not low < share < high else LIKELY,
                )
        if not tested:
            raise NotApplicable("no count beside its percentage and n")


@dataclass(frozen=True)
class AgeLimits(Rule):
    """Patients older or younger than the study admits."""

    name: str = "age-limits"
    source: str = "CONSORT 2010, items 4a and 15 (eligibility against the people described)"
    severity: str = CERTAIN
    inputs: str = "ages of single patients and the limits stated"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each patient outside the limits."""
        limits = evidence.study.get("age_min"), evidence.study.get("age_max")
        ages = evidence.figures(role=("result",), concept="age")
        ages = ages[ages["value"].notna()]
        if ages.empty or all(missing(limit) for limit in limits):
            raise NotApplicable("no age of a patient, or no limits")
        low, high = (None if missing(limit) else float(limit) for limit in limits)
        for row in ages.itertuples():
            if (low is not None and row.value < low) or (high is not None and row.value >= high + 1):
                yield Hit(
                    statement="A patient is outside the ages that the study states.",
                    arithmetic=f"{tidy(row.value)} years, limits {limits[0]} to {limits[1]}",
                    quantity_ids=(row.quantity_id,),
                )


@dataclass(frozen=True)
class DuplicateArms(Rule):
    """Arms that are described alike, or results that two arms share digit by digit."""

    name: str = "duplicate-arms"
    source: str = "Carlisle JB. Anaesthesia 2017;72:944-952 (repeated values as a signal)"
    severity: str = MINOR
    inputs: str = "descriptions of the arms, means and SDs of different arms"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield arms without a difference between them and pairs of means with SDs that repeat."""
        if len(evidence.arms) < 2 or evidence.study.get("comparison") in ("case", "within_person"):
            raise NotApplicable("fewer than two arms of different people")
        arms = evidence.arms[list(_COMPARED)].astype("string")
        known = arms.notna().sum(axis=1) >= 3
        for index in arms.index[arms.fillna("").duplicated() & known]:
            arm = evidence.arms.loc[index]
            ids = tuple(split_ids(arm["quantity_ids"]))
            yield Hit(
                f"The arm {arm['arm_id']} is described exactly as another arm.",
                "; ".join(arms.loc[index].dropna()),
                ids,
            )
        yield from self._results(evidence)

    @staticmethod
    def _results(evidence: StudyEvidence) -> Iterator[Hit]:
        rows = evidence.results[evidence.results["mean"].notna() & evidence.results["sd"].notna()]
        same = ["concept", "timepoint_weeks", "kind", "mean", "sd"]
        for values, group in rows.groupby(same, sort=True):
            if group["arm_id"].nunique() > 1 and values[-1] > 0:
                yield Hit(
                    statement=f"{group['arm_id'].nunique()} arms have the same mean and SD of "
                    f"{label(values[0])}.",
                    arithmetic=f"{tidy(values[3])} ± {tidy(values[4])} in "
                    f"{', '.join(group['arm_id'].unique())}",
                    quantity_ids=tuple(name for ids in group["quantity_ids"] for name in split_ids(ids)),
                    concepts=(values[0],),
                )
