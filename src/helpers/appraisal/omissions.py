"""What a report leaves out and needs: whose p value, how many in a group, which treatment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables import split_ids
from helpers.tables.vocabulary import label

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
