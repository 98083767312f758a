"""Numbers of people against each other: arms against totals, events against people, ages against limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, MINOR, Hit, NotApplicable, Rule
from helpers.tables import split_ids
from helpers.tables.vocabulary import label

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
