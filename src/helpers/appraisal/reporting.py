"""What a source promises, omits or claims beyond its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import (
    CERTAIN,
    LIKELY,
    MINOR,
    Hit,
    NotApplicable,
    Rule,
    StudyEvidence,
    missing,
    quantity_weeks,
    tidy,
)
from helpers.tables import split_ids
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label
from trialfiles.times import in_weeks

_EXACT = 0.01  # share of a time by which two spellings of it may differ
_NEAR = 0.1  # as 4 weeks stand for 1 month and 12 weeks for 3


def promised_weeks(row) -> list[float]:
    """Return the times that a quantity announces, in weeks; several for `1, 3, 6, and 12 months`."""
    unit = None if missing(row.unit) else str(row.unit)
    listed = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", row.printed)]
    if len(listed) > 1 and in_weeks(1.0, unit) is not None:
        return [in_weeks(number, unit) for number in listed]
    single = quantity_weeks(row)
    return [] if single is None else [single]


def _same(first: float, second: float, share: float) -> bool:
    return abs(first - second) <= share * max(first, second, 1e-9)


def _full_text(evidence: StudyEvidence) -> bool:
    return "full text" in str(evidence.study.get("access") or "").lower()


@dataclass(frozen=True)
class TimePoints(Rule):
    """Times of assessment that are announced and for which nothing is printed."""

    name: str = "time-point-not-reported"
    source: str = "Chan AW et al. JAMA 2004;291:2457-2465 (incomplete reporting); CONSORT 2010, item 17a"
    severity: str = CERTAIN
    inputs: str = "times announced in the design, planned outcomes, and times of the results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each announced time without a result, then each outcome that misses a time others have."""
        if not evidence.study["has_results"]:
            raise NotApplicable("no results yet")
        reported = sorted({float(week) for week in evidence.results["timepoint_weeks"].dropna()})
        promised = self._promised(evidence)
        if not promised or not any(week > 0 for week in reported):
            raise NotApplicable("no announced time, or no dated result")
        taken = [week for week in reported if any(_same(week, other, _EXACT) for other in promised)]
        lacking = {
            w: rows for w, rows in promised.items() if not any(_same(w, other, _EXACT) for other in reported)
        }
        for week, rows in sorted(lacking.items()):
            yield self._hit(
                evidence, week, rows, [w for w in reported if _same(week, w, _NEAR)], taken, reported
            )
        yield from self._by_outcome(evidence, list(lacking))

    @staticmethod
    def _promised(evidence: StudyEvidence) -> dict[float, list]:
        """Return the announced times after baseline with the quantities that announce them."""
        found: dict[float, list] = {}
        for row in evidence.figures(role=("design",), concept="follow_up", kind=("timepoint",)).itertuples():
            for week in promised_weeks(row):
                key = next((known for known in found if _same(known, week, _EXACT)), week)
                if week > 0:
                    found.setdefault(key, []).append(row)
        for week in evidence.outcomes["timepoint_weeks"].dropna():
            if week > 0 and not any(_same(known, week, _EXACT) for known in found):
                found[float(week)] = []
        return found

    @staticmethod
    def _hit(evidence, week, rows, near, taken, reported) -> Hit:
        # No outcome counts as touched: a visit left out does not make the figures of other visits impossible.
        outcomes = evidence.outcomes[(evidence.outcomes["timepoint_weeks"] - week).abs() <= _EXACT * week]
        printed = next((row.printed for row in rows if len(promised_weeks(row)) == 1), None)
        printed = printed or next(iter(outcomes["timepoint_printed"].dropna()), f"{tidy(week)} weeks")
        times = ", ".join(tidy(other) for other in reported)
        free = [other for other in near if other not in taken]
        case = evidence.study.get("comparison") == "case"
        severity = MINOR if case or free else LIKELY if near or not _full_text(evidence) else CERTAIN
        close = (
            f"; the nearest, {tidy(near[0])} weeks, is announced as a time of its own"
            if near and not free
            else ""
        )
        return Hit(
            statement=f"An assessment at {printed} is named; no figure is printed for it.",
            arithmetic=f"{printed} = {tidy(week)} weeks; figures are printed for weeks {times}{close}",
            quantity_ids=tuple(row.quantity_id for row in rows),
            severity=severity,
        )

    @staticmethod
    def _by_outcome(evidence: StudyEvidence, told: list[float]) -> Iterator[Hit]:
        reported = evidence.results[["concept", "timepoint_weeks"]].dropna()
        for concept in dict.fromkeys(evidence.outcomes["concept"]):
            own = reported[reported["concept"] == concept]["timepoint_weeks"].tolist()
            plan = evidence.outcomes[evidence.outcomes["concept"] == concept]["timepoint_weeks"].dropna()
            others = reported["timepoint_weeks"].tolist()
            lacking = [
                week
                for week in sorted(set(plan))
                if week > 0
                and not any(_same(week, other, _EXACT) for other in told)
                and any(_same(week, other, _NEAR) for other in others)
                and not any(_same(week, other, _NEAR) for other in own)
            ]
            if own and lacking:
                yield Hit(
                    statement=f"Figures of {label(concept)} are lacking for planned times at which other "
                    "outcomes are "
                    "reported.",
                    arithmetic=f"planned without a figure: weeks {', '.join(map(tidy, lacking))}; printed: "
                    "weeks " + ", ".join(tidy(week) for week in sorted(set(own))),
                    concepts=(concept,),
                    severity=LIKELY,
                )


@dataclass(frozen=True)
class OutcomesReported(Rule):
    """Outcomes that are planned or named and for which no figure is printed."""

    name: str = "outcome-not-reported"
    source: str = "Chan AW et al. JAMA 2004;291:2457-2465; Kirkham JJ et al. BMJ 2010;340:c365"
    severity: str = CERTAIN
    inputs: str = "planned and named outcomes, results, adverse events"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome without a figure."""
        if not evidence.study["has_results"]:
            raise NotApplicable("no results yet")
        if evidence.outcomes.empty:
            raise NotApplicable("no outcome is named")
        given = set(evidence.results["concept"])
        given |= {"adverse_events"} if not evidence.adverse_events.empty else set()
        for concept, rows in evidence.outcomes.groupby("concept", sort=True):
            if concept in given or concept not in OUTCOME_CONCEPTS:
                continue
            planned = rows["priority"].isin(["primary", "secondary", "safety"]).any()
            case = evidence.study.get("comparison") == "case"  # a case may be told in words
            severity = MINOR if case else CERTAIN if planned and _full_text(evidence) else LIKELY
            yield Hit(
                statement=f"{label(concept).capitalize()} is named as an outcome; no figure of it is "
                "printed.",
                arithmetic=f"outcomes named: {len(rows)}; results printed: 0",
                concepts=(concept,),
                severity=severity,
                statement_ids=tuple(
                    said.statement_id
                    for topic in ("measurement", "claim")
                    for said in evidence.said(topic, concept)
                ),
            )


@dataclass(frozen=True)
class OutcomesPlanned(Rule):
    """Outcomes that are reported and were not planned."""

    name: str = "outcome-not-planned"
    source: str = "Kirkham JJ et al. BMJ 2010;340:c365 (outcome reporting bias)"
    severity: str = MINOR
    inputs: str = "planned outcomes and results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each reported outcome that no plan names."""
        if evidence.results.empty or evidence.outcomes.empty:
            raise NotApplicable("no results, or no planned outcome")
        planned = set(evidence.outcomes["concept"])
        for concept, rows in evidence.results.groupby("concept", sort=True):
            if concept not in planned:
                names = [name for ids in rows["quantity_ids"] for name in str(ids).split(";")]
                yield Hit(
                    statement=f"Figures are printed for {label(concept)}, which is not among the outcomes "
                    "announced.",
                    arithmetic=f"results printed: {len(rows)}; outcomes announced: 0",
                    quantity_ids=tuple(names),
                    concepts=(concept,),
                )


_SAID_MISSING = re.compile(r"\bnot (stated|named|given|reported)\b|\bunknown\b", re.IGNORECASE)
_TREATMENT = {"exosome_source": "source", "dose": "dose", "route": "route", "sessions": "number of sessions"}


@dataclass(frozen=True)
class PValueOwner(Rule):
    """A p value against baseline beside several groups, without saying whose it is."""

    name: str = "p-value-owner"
    source: str = "Lang TA, Altman DG. SAMPL guidelines. Int J Nurs Stud 2015;52:5-9 (reporting of tests)"
    severity: str = CERTAIN
    inputs: str = "p values, the arms that have figures at the same time, what the p value compares"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each p value that would need one for every group."""
        rows = evidence.results[evidence.results["p_value"].notna()].sort_values("result_id")
        if rows.empty:
            raise NotApplicable("no p value")
        for row in rows.itertuples():
            p = evidence.figure(row, "p_value")
            place = {"concept": row.concept, "site": row.site, "timepoint_weeks": row.timepoint_weeks}
            beside = evidence.observed(**place, kind=row.kind)
            owner = evidence.quantities[evidence.quantities["quantity_id"] == (p.quantity_id if p else "")][
                "arm_id"
            ]
            baseline = not missing(row.p_value_against) and "baseline" in str(row.p_value_against).lower()
            arms = {other.arm_id for other in beside}
            single = len({other.arm_id for other in beside if not missing(other.p_value)}) == 1
            if p and baseline and single and owner.isna().all() and len(arms) > 1:
                yield Hit(
                    statement=f"One p value of {label(row.concept)} stands beside several groups as a "
                    "comparison with "
                    "baseline, which would need one for each; whose it is cannot be told.",
                    arithmetic=f"groups with figures at this time: {len(arms)}; p values: 1",
                    quantity_ids=(p.quantity_id,),
                    concepts=(row.concept,),
                )


@dataclass(frozen=True)
class GroupSizes(Rule):
    """Means of several groups without the number of people in them."""

    name: str = "group-size"
    source: str = "CONSORT 2010, item 16 (numbers analysed in each group)"
    severity: str = LIKELY
    inputs: str = "means of two or more arms, their n"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the outcomes whose groups have means and no size."""
        if evidence.study.get("comparison") in ("case", "within_person"):
            raise NotApplicable("not several groups of people")
        rows = evidence.results[evidence.results["mean"].notna() & evidence.results["sd"].notna()]
        if rows["arm_id"].nunique() < 2:
            raise NotApplicable("no means of two or more arms")
        sized = set(evidence.arms[evidence.arms["n"].notna()]["arm_id"])
        for concept, group in rows.groupby("concept", sort=True):
            bare = group[group["n"].isna() & ~group["arm_id"].isin(sized)]
            if group["arm_id"].nunique() > 1 and not bare.empty:
                names = sorted(bare["arm_id"].unique())
                yield Hit(
                    statement=f"Means of {label(concept)} are printed for {len(names)} groups whose sizes "
                    "are not "
                    "stated; no interval or test can be computed from them without an assumption.",
                    arithmetic=f"groups without n: {', '.join(names)}; means without n: {len(bare)}",
                    quantity_ids=tuple(name for ids in bare["quantity_ids"] for name in split_ids(ids)),
                    concepts=(concept,),
                )


@dataclass(frozen=True)
class TreatmentDescribed(Rule):
    """An exosome treatment that could not be repeated from its description."""

    name: str = "treatment-not-described"
    source: str = "Hoffmann TC et al. BMJ 2014;348:g1687 (TIDieR, items 3 to 8); MISEV2023"
    severity: str = LIKELY
    inputs: str = "source, dose, route and sessions of the exosome arms"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield what the exosome arms leave open, once for the study."""
        arms = evidence.arms[evidence.arms["role"].isin(["exosome", "exosome_combination"])]
        if arms.empty:
            raise NotApplicable("no exosome arm")
        lacking = [
            words
            for column, words in _TREATMENT.items()
            if all(missing(value) or _SAID_MISSING.search(str(value)) for value in arms[column])
        ]
        if lacking:
            yield Hit(
                statement=f"The exosome treatment cannot be repeated: not stated: {', '.join(lacking)}.",
                arithmetic=f"{len(lacking)} of {len(_TREATMENT)} particulars missing in {len(arms)} "
                f"{'arm' if len(arms) == 1 else 'arms'}",
            )


_YEAR = 52.0  # weeks; a hair cycle of the scalp takes years, six months are the least that trials ask for
_LATER = 1.05


def dated_results(evidence: StudyEvidence) -> list[float]:
    """Return the times of the results in weeks, sorted, each once."""
    return sorted({float(week) for week in evidence.results["timepoint_weeks"].dropna()})


@dataclass(frozen=True)
class SignificanceWithoutTest(Rule):
    """A change called significant without a test, a p value or an interval."""

    name: str = "significance-without-test"
    source: str = "Lang TA, Altman DG. SAMPL guidelines. Int J Nurs Stud 2015;52:5-9"
    severity: str = LIKELY  # the word is also used for large
    inputs: str = "changes called significant, p values of the same outcome"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome whose change is called significant and was not tested at its last time."""
        rows = evidence.said("significance")
        if not rows:
            raise NotApplicable("no change is called significant")
        for about in dict.fromkeys(row.about for row in rows):
            same = [row for row in rows if row.about == about]
            changes = evidence.observed(concept=about)
            last = max(
                (row.timepoint_weeks for row in changes if not missing(row.timepoint_weeks)), default=0
            )
            tested = [
                row for row in changes if not missing(row.p_value) and row.timepoint_weeks >= last / _LATER
            ]
            if not tested:
                people = evidence.count("n_analysed", "n_enrolled")
                one = evidence.study.get("comparison") == "case" and len(evidence.arms) == 1
                size = "; n = 1, no test is possible" if one else f"; n = {people}" if people else ""
                yield Hit(
                    statement=f"The change in {label(about)} is called significant; no p value and no "
                    "interval is given for it at the last time of measurement.",
                    arithmetic=f"places that call it so: {len(same)}; p values at week {tidy(last)}: 0{size}",
                    concepts=(about,),
                    statement_ids=tuple(row.statement_id for row in same),
                )


@dataclass(frozen=True)
class LongTermClaim(Rule):
    """Lasting benefit or safety claimed beyond the last assessment."""

    name: str = "long-term-claim"
    source: str = "CARE guidelines 2013, item 10; ICH E1 (a year of exposure for long-term safety)"
    severity: str = CERTAIN
    inputs: str = "claims of lasting benefit or safety, the last time with a result"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each claim of a long term from less than a year of results."""
        rows, times = evidence.said("long_term"), dated_results(evidence)
        if not rows or not times:
            raise NotApplicable("no long-term claim, or no dated result")
        for row in rows:
            if times[-1] < _YEAR / _LATER:
                yield Hit(
                    statement=f"The long term is spoken of ({label(row.about)}) and was not waited for.",
                    arithmetic=f"last result at week {tidy(times[-1])}, less than a year",
                    concepts=(row.about,),
                    statement_ids=(row.statement_id,),
                )


@dataclass(frozen=True)
class LaterThanFollowUp(Rule):
    """A result told for a time after the last assessment."""

    name: str = "later-than-follow-up"
    source: str = "CARE guidelines 2013, items 7 and 10 (timeline, follow-up)"
    severity: str = CERTAIN
    inputs: str = "times told with results, times of assessment, dated results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each time told as reached that lies after every assessment."""
        visits = self._weeks(evidence, "design")
        told, dated = self._weeks(evidence, "result"), dated_results(evidence)
        if not told or not (visits and dated):
            raise NotApplicable("no time told with a result beside dated results and assessments")
        last_visit, visit = max(visits, key=lambda item: item[0])
        last = max(last_visit, *dated)
        for week, row in told:
            if week > last * _LATER:
                yield Hit(
                    statement=f"A result is told for {row.printed}, later than any assessment that the "
                    "source describes.",
                    arithmetic=f"{row.printed} = week {tidy(week)}; last assessment: {visit.printed} = week "
                    f"{tidy(last_visit)}; last dated result: week {tidy(dated[-1])}",
                    quantity_ids=(row.quantity_id, visit.quantity_id),
                )

    @staticmethod
    def _weeks(evidence: StudyEvidence, role: str) -> list[tuple]:
        rows = evidence.figures(role=(role,), concept="follow_up", kind=("timepoint",)).itertuples()
        found = [(quantity_weeks(row), row) for row in rows]
        return [(week, row) for week, row in found if week is not None]


@dataclass(frozen=True)
class EveryPair(Rule):
    """A movement claimed for all pairs of values of which one did not move, or moved the other way."""

    name: str = "every-pair"
    source: str = "internal consistency of the report (CARE 2013, item 10: outcomes as measured)"
    severity: str = CERTAIN
    inputs: str = "the direction claimed for every pair of values, and the pairs before and after"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the pairs that contradict the claim, one finding a claim."""
        from helpers.appraisal.counts import value_pairs

        claims = [(row, value_pairs(evidence, row.about)) for row in evidence.said("every_pair")]
        if not any(pairs for _, pairs in claims):
            raise NotApplicable("no direction is claimed for every pair of values")
        for row, pairs in claims:
            sign = -1 if row.says == "lower" else 1
            against = [
                (start, before, after)
                for start, before, after in pairs
                if (after.value - before.value) * sign <= 0
            ]
            if against:
                yield Hit(
                    statement=f"{label(row.about).capitalize()} is said to become {row.says} in every pair "
                    f"of values; {len(against)} of {len(pairs)} did not.",
                    arithmetic="; ".join(
                        f"{start.arm_id}, {start.site}: {tidy(before.value)} to {tidy(after.value)}"
                        for start, before, after in against
                    ),
                    quantity_ids=tuple(f.quantity_id for _, *pair in against for f in pair),
                    concepts=(row.about,),
                    statement_ids=(row.statement_id,),
                )


@dataclass(frozen=True)
class ClaimWithoutFigure(Rule):
    """An effect told in words for an outcome of which no figure is printed."""

    name: str = "claim-without-figure"
    source: str = "Boutron I et al. JAMA 2010;303:2058-2064 (spin: claims beyond the results)"
    severity: str = CERTAIN
    inputs: str = "effects told in words of outcomes that are not among those named, results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome said to have changed without any result."""
        rows = evidence.said("claim")
        if not rows:
            raise NotApplicable("no effect is told in words alone")
        named = set(evidence.outcomes["concept"])  # the rule on outcomes not reported tells of these
        for about in dict.fromkeys(row.about for row in rows):
            same = [row for row in rows if row.about == about]
            if about not in named and not evidence.observed(concept=about):
                yield Hit(
                    statement=f"The source tells of {label(about)} ({same[0].says}) and prints no figure "
                    "of it.",
                    arithmetic=f"places that claim it: {len(same)}; results printed: 0",
                    concepts=(about,),
                    statement_ids=tuple(row.statement_id for row in same),
                )


@dataclass(frozen=True)
class RegistrationMissing(Rule):
    """A prospective study of a treatment without a registration."""

    name: str = "registration-missing"
    source: str = "ICMJE recommendations III.L; De Angelis C et al. N Engl J Med 2004;351:1250-1251"
    severity: str = LIKELY
    inputs: str = "design and registration of a study with results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield a prospective study of a treatment that names no registration."""
        comparison = evidence.study.get("comparison")
        if not evidence.study["has_results"] or missing(comparison) or comparison == "case":
            raise NotApplicable("no study of a group with results")
        prospective = "prospective" in str(evidence.study.get("design") or "").lower()
        if prospective and missing(evidence.study.get("registration")):
            yield Hit(
                statement="A prospective study of a treatment names no registration; whether outcomes and "
                "times were fixed beforehand cannot be told.",
                arithmetic="registration numbers: 0",
            )
