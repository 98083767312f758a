"""One quantity printed in several places: values and units that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence, place_words
from helpers.appraisal.printed_figure import decimals_of, missing
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.sources import weeks
from helpers.tables.vocabulary import OUTCOME_CONCEPTS, label

# Concepts with one value for each arm and time, however often it is printed.
_SINGLE = (
    "sample_size", "group_count", "age", "sessions", "session_interval", "treatment_duration", "block_size",
    "allocation_ratio", "needle_length", "volume", "product_mass", "dose", "measured_area", "skin_type",
)  # fmt: skip
_SURE = {"block_size", "allocation_ratio", "group_count"}  # cannot differ between parts of a trial
_RESULT_KINDS = ("mean_sd", "mean", "sd", "median", "percent", "percent_change", "p_value")
_SCALES = ("proportion", "grade", "stage", "people", "description", "")
_NO_UNITS = ("Cliff's delta", "standard deviations")  # measures of a comparison, in no unit of the outcome
_PARTS = ("value", "value_low", "value_high", "sd")


def _figures(row) -> tuple[tuple[float, float], ...]:
    """Return each number of a quantity with half a unit of its last digit; nothing for words."""
    numbers = [(part, getattr(row, part)) for part in _PARTS]
    return tuple(
        (float(v), 0.5 * 10.0 ** -decimals_of(row.printed, float(v))) for _, v in numbers if not missing(v)
    )


def agree(first, second) -> bool:
    """Return whether two quantities can be the same figure, rounded differently at most."""
    a, b = _figures(first), _figures(second)
    if not a and not b:
        return (
            re.sub(r"\W+", " ", first.printed.lower()).strip()
            == re.sub(r"\W+", " ", second.printed.lower()).strip()
        )
    if len(a) != len(b):  # a range in one place and one of its ends in the other
        return True
    return all(abs(x - y) <= max(h, g) + 1e-9 for (x, h), (y, g) in zip(a, b, strict=True))


@dataclass(frozen=True)
class PrintedTwice(Rule):
    """A quantity with one value that is printed with two."""

    name: str = "printed-twice"
    source: str = "Cochrane Handbook 5.5.2 (reconciling several reports of one study)"
    severity: str = CERTAIN
    inputs: str = "figures of the design, and results of the abstract, that are printed more than once"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each pair of places that disagree."""
        pairs = [*self._design(evidence), *self._abstract(evidence), *self._results(evidence)]
        if not pairs:
            raise NotApplicable("no figure is printed more than once")
        for first, others, severity in pairs:
            if others and not any(agree(first, other) for other in others):
                other = others[0]
                yield Hit(
                    statement=f"{label(first.concept).capitalize()} is printed with different values in two "
                    "places.",
                    arithmetic=f"{first.printed} ({place_words(first)}) against "
                    f"{other.printed} ({place_words(other)})",
                    quantity_ids=(first.quantity_id, other.quantity_id),
                    concepts=(first.concept,),
                    severity=severity,
                )

    @staticmethod
    def _design(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each later figure of a single-valued concept with the first one."""
        first: dict[tuple, object] = {}
        for row in evidence.figures(role=("design",)).itertuples():
            if row.concept not in _SINGLE:
                continue
            shape = (len(_figures(row)), row.unit if not missing(row.unit) else "")
            arm = "" if missing(row.arm_id) else row.arm_id
            time = "" if missing(row.timepoint_printed) else row.timepoint_printed
            known = first.setdefault((row.concept, arm, time, shape), row)
            if known is not row and not (row.concept == "age" and len(_figures(row)) == 1):
                planned = row.concept == "sample_size" and not evidence.study["has_results"]
                yield known, [row], CERTAIN if planned or row.concept in _SURE else LIKELY

    @staticmethod
    def _abstract(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each result of the abstract with the figures of the text that should hold it."""
        rows = list(evidence.figures(role=("result",), kind=_RESULT_KINDS).itertuples())

        def key(row) -> tuple:
            time = None if missing(row.timepoint_printed) else weeks(row.timepoint_printed)
            return row.concept, str(row.arm_id), time, row.kind, str(row.unit)

        def abstract(row) -> bool:
            return not missing(row.section) and str(row.section).lower().startswith("abstract")

        for row in filter(abstract, rows):
            others = [other for other in rows if not abstract(other) and key(other) == key(row)]
            # With several figures of the same kind in the text, the abstract may give their mean.
            single = len({_figures(other) for other in others}) == 1
            yield row, others, CERTAIN if single else LIKELY

    @staticmethod
    def _results(evidence: StudyEvidence) -> Iterator[tuple]:
        """Yield each later mean of the same arm, outcome, site, time and n with the first one."""
        printed = {row.quantity_id: row for row in evidence.quantities.itertuples()}
        first: dict[tuple, object] = {}
        for row in evidence.observed():
            mean = evidence.figure(row, "mean")
            if mean is None or missing(row.timepoint_weeks):
                continue
            place = (
                row.arm_id,
                row.concept,
                row.site,
                row.timepoint_weeks,
                row.kind,
                str(row.n),
                str(row.unit),
            )
            known = first.setdefault(place, printed[mean.quantity_id])
            if known is not printed[mean.quantity_id]:
                yield known, [printed[mean.quantity_id]], LIKELY


def plain_unit(unit: str) -> str:
    """Return a unit without spelling: `hair/cm²` and `hairs per square centimetre` are both `hair/cm2`."""
    text = unit.lower().replace("²", "2").replace("per square centimetre", "/cm2").replace(" per ", "/")
    return re.sub(r"(?<=[a-z])s(?=/|$)", "", re.sub(r"\s+", "", text))


@dataclass(frozen=True)
class Units(Rule):
    """One outcome in two units that are not the same thing."""

    name: str = "units"
    source: str = "Cochrane Handbook 6.5.1 (units of measurement); a follicular unit bears one to four hairs"
    severity: str = LIKELY
    inputs: str = "units of results and planned outcomes with a measured unit"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome whose figures and plans use more than one unit."""
        tested = 0
        for concept in sorted(
            set(evidence.quantities["concept"].dropna()) | set(evidence.outcomes["concept"].dropna())
        ):
            if concept not in OUTCOME_CONCEPTS or OUTCOME_CONCEPTS[concept].unit in _SCALES:
                continue
            rows = evidence.figures(concept=concept)
            rows = rows[
                rows["unit"].notna()
                & ~rows["kind"].isin(["p_value", "percent", "percent_change", "n"])
                & ~rows["unit"].isin(_NO_UNITS)
            ]
            planned = evidence.outcomes[evidence.outcomes["concept"] == concept]["unit"].dropna()
            named = [(row.unit, row.quantity_id) for row in rows.itertuples()] + [
                (unit, "") for unit in planned
            ]
            spelling = {plain_unit(unit): unit for unit, _ in reversed(named)}
            tested += bool(named)
            if len(spelling) > 1:
                held = {
                    unit: [q for u, q in named if q and plain_unit(u) == plain]
                    for plain, unit in spelling.items()
                }
                yield Hit(
                    statement=f"{label(concept).capitalize()} is given in {len(held)} units: "
                    f"{' and '.join(sorted(held))}; a figure in one cannot be read as the other.",
                    arithmetic="; ".join(
                        f"{unit}: {len(names)} figure{'' if len(names) == 1 else 's'}"
                        for unit, names in sorted(held.items())
                    ),
                    quantity_ids=tuple(name for _, names in sorted(held.items()) for name in names),
                    concepts=(concept,),
                )
        if not tested:
            raise NotApplicable("no figure of an outcome with a measured unit")
