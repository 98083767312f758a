"""What a source claims in words, against its own figures, tests and length of follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence, quantity_weeks
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

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
        from helpers.appraisal.pairs import value_pairs

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
