"""Fields of a design against each other and against the text: groups, blocks, masking, phase."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence, place_words
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.repeated import agree
from helpers.appraisal.rule import CERTAIN, LIKELY, MINOR, Hit, NotApplicable, Rule
from helpers.tables import split_ids
from helpers.tables.vocabulary import label

_COMPARATORS = ("placebo", "untreated", "active")
_OPEN = re.compile(r"\b(not blinded|not masked|unblinded|unmasked|open[ -]label|none)\b", re.IGNORECASE)
_BLIND = re.compile(r"(?<!un)(?<!not )\b(blind(ed)?|masked)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ControlGroup(Rule):
    """A comparison group in the results of a study that says it has none."""

    name: str = "control-group"
    source: str = "Sterne JAC et al. BMJ 2016;355:i4919 (ROBINS-I: what was compared)"
    severity: str = CERTAIN
    inputs: str = "the stated comparison, the roles of the arms, the results"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the results of a comparison group in a single-arm study."""
        if missing(evidence.study.get("comparison")) or evidence.results.empty:
            raise NotApplicable("no stated comparison, or no results")
        if evidence.study["comparison"] not in ("single_arm", "case"):
            return
        others = evidence.arms[evidence.arms["role"].isin(_COMPARATORS)]["arm_id"]
        rows = evidence.results[evidence.results["arm_id"].isin(others)].sort_values("result_id")
        if not rows.empty:
            names = [name for ids in rows["quantity_ids"] for name in split_ids(ids)]
            yield Hit(
                statement="The study describes itself as one without a control group and prints results of "
                "one.",
                arithmetic="arms by its own account: 1; arms with results: "
                f"{evidence.results['arm_id'].nunique()}; "
                f"results of the comparison group: {len(rows)}",
                quantity_ids=tuple(names),
                concepts=tuple(dict.fromkeys(rows["concept"])),
                statement_ids=tuple(row.statement_id for row in evidence.said("control_group")),
            )


@dataclass(frozen=True)
class BlockSize(Rule):
    """Randomisation blocks that do not go with the arms, the ratio or the sample size."""

    name: str = "block-size"
    source: str = "Schulz KF, Grimes DA. Lancet 2002;359:515-519 (blocks and allocation)"
    severity: str = CERTAIN
    inputs: str = "block size, allocation ratio, number of arms, planned participants"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield a block that the ratio does not divide, and a sample that is no whole number of blocks."""
        blocks = evidence.figures(role=("design",), concept="block_size")
        blocks = blocks[blocks["value"].notna()]
        if blocks.empty:
            raise NotApplicable("no block size is stated")
        ratios = evidence.figures(role=("design",), concept="allocation_ratio")
        ratio = next((self._parts(row.printed) for row in ratios.itertuples()), 0) or len(evidence.arms)
        names = tuple(ratios["quantity_id"])
        for row in blocks.itertuples():
            if ratio and row.value % ratio:
                yield Hit(
                    statement="A block cannot be divided among the arms in the stated ratio.",
                    arithmetic=f"{tidy(row.value)} / {ratio} = {tidy(row.value / ratio)}",
                    quantity_ids=(row.quantity_id, *names),
                )
            planned = evidence.count("n_planned")
            if planned and planned % row.value:
                yield Hit(
                    statement="The planned sample is no whole number of blocks, so that the last block "
                    "stays open.",
                    arithmetic=f"{planned} / {tidy(row.value)} = {tidy(planned / row.value)}",
                    quantity_ids=(row.quantity_id,),
                    severity=MINOR,
                )

    @staticmethod
    def _parts(printed: str) -> int:
        """Return the sum of a ratio such as 1:1:1 or 2:1; 0 when it is none."""
        return (
            sum(map(int, re.findall(r"\d+", printed)))
            if re.fullmatch(r"\d+(\s*:\s*\d+)+", printed.strip())
            else 0
        )


@dataclass(frozen=True)
class RegistryConflict(Rule):
    """A trial phase that stands in a record with two values."""

    name: str = "registry-conflict"
    source: str = "WHO trial registration data set 1.3.1; De Angelis C et al. N Engl J Med 2004;351:1250-1251"
    severity: str = CERTAIN
    inputs: str = "phases printed in the fields and the text of a source"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each phase that differs from the first one printed."""
        rows = list(evidence.figures(role=("design",), concept="phase").itertuples())
        if not rows:
            raise NotApplicable("no phase is printed")
        for row in rows[1:]:
            if not agree(rows[0], row):
                yield Hit(
                    statement="The trial phase stands in the source with two different values.",
                    arithmetic=f"{rows[0].printed} ({place_words(rows[0])}) against "
                    f"{row.printed} ({place_words(row)})",
                    quantity_ids=(rows[0].quantity_id, row.quantity_id),
                )


@dataclass(frozen=True)
class Masking(Rule):
    """An outcome called blinded in a study that is not."""

    name: str = "masking"
    source: str = "Schulz KF, Grimes DA. Lancet 2002;359:696-700 (blinding); CONSORT 2010, item 11a"
    severity: str = LIKELY
    inputs: str = "the masking field and the wording of the outcomes"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each outcome whose measure is called blinded although the study says nobody is."""
        masking = evidence.study.get("masking")
        if missing(masking) or evidence.outcomes.empty:
            raise NotApplicable("no masking field, or no outcomes")
        if not _OPEN.search(masking) or _BLIND.search(_OPEN.sub("", masking)):
            return
        for row in evidence.outcomes.sort_values("outcome_id").itertuples():
            if not missing(row.measure) and _BLIND.search(row.measure):
                yield Hit(
                    statement=f"Nobody is masked by the study's own field ({masking}); its {row.priority} "
                    "outcome, "
                    f"{label(row.concept)}, is called blinded.",
                    arithmetic=f"masking: {masking}; measure: {row.measure}",
                    concepts=(row.concept,),
                    statement_ids=tuple(said.statement_id for said in evidence.said("assessor_masking")),
                )


@dataclass(frozen=True)
class DesignField(Rule):
    """A design called crossover in which two sites of one person are treated at the same time."""

    name: str = "design-field"
    source: str = "Cochrane Handbook 23.1.1 (within-person and crossover designs)"
    severity: str = LIKELY
    inputs: str = "the design in words, the comparison, the labels of the arms"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield the contradiction between the design field and the arms."""
        design = evidence.study.get("design")
        if missing(design) or missing(evidence.study.get("comparison")):
            raise NotApplicable("no design or no comparison is stated")
        sites = (
            evidence.arms["label"].fillna("").str.contains(r"\b(?:area|site|side|half|scalp)\b", case=False)
        )
        within = evidence.study["comparison"] == "within_person" and sites.sum() >= 2
        if within and re.search(r"cross-?over", design, re.IGNORECASE):
            outcomes = evidence.outcomes[evidence.outcomes["priority"].isin(["primary", "secondary"])]
            concepts = [name for name in dict.fromkeys(outcomes["concept"]) if name != "adverse_events"]
            yield Hit(
                statement="The design field says crossover, while the arms are two areas of the same scalp "
                "treated "
                "side by side: no area changes over.",
                arithmetic=f"arms: {'; '.join(evidence.arms['label'].dropna())}",
                concepts=tuple(concepts),
                severity=CERTAIN if all(sites) else LIKELY,
                statement_ids=tuple(row.statement_id for row in evidence.said("comparison_design")),
            )
