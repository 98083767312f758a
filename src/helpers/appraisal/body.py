"""The body of evidence for one outcome: which studies report it, and what is known of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.appraisal.printed_figure import missing
from helpers.appraisal.risk_of_bias_tools import overall
from helpers.tables import split_ids
from helpers.tables.evidence import EVIDENCE

_RANDOMISED = re.compile(r"\brandomi[sz]ed\b", re.IGNORECASE)
_NOT_RANDOMISED = re.compile(r"\bnot randomi[sz]ed\b|\bnon-?\s?randomi[sz]ed\b", re.IGNORECASE)
_CONTROLLED = ("between_arm", "within_person")


@dataclass(frozen=True)
class Body:
    """The studies that report an outcome, and the rows about them."""

    concept: str
    lines: pd.DataFrame  # rows of comparisons with a result
    studies: pd.DataFrame
    results: pd.DataFrame
    risk_of_bias: pd.DataFrame
    findings: pd.DataFrame
    pooled: pd.Series | None  # the fitted synthesis that is shown, if there is one
    arms: pd.DataFrame | None = None
    threshold: float | None = None  # smallest difference that matters, in the unit of the outcome

    @property
    def names(self) -> list[str]:
        """Studies with a result, sorted."""
        return sorted(set(self.lines["study_id"]))

    @property
    def certain(self) -> pd.DataFrame:
        """Certain findings that touch the outcome."""
        touched = self.findings["concepts"].map(lambda text: self.concept in split_ids(text)).astype(bool)
        return self.findings[touched & (self.findings["severity"] == "certain")]

    @property
    def randomised(self) -> list[str]:
        """Studies that were randomised and whose results compare what was randomised."""
        rows = self.studies[self.studies["allocation"].map(is_randomised).astype(bool)]
        contrast = self.lines[self.lines["contrast"].isin(_CONTROLLED)]
        return sorted(set(rows["study_id"]) & set(contrast["study_id"]))

    @property
    def uncontrolled(self) -> list[str]:
        """Studies whose results have no comparison group."""
        declared = dict(zip(self.studies["study_id"], self.studies["comparison"], strict=True))
        return [
            name
            for name in self.names
            # a stray control group in a table does not make a study a controlled one
            if declared.get(name) not in ("parallel", "within_person")
            or not self.lines_of(name)["contrast"].isin(_CONTROLLED).any()
        ]

    @property
    def combined(self) -> list[str]:
        """Studies that gave exosomes only together with something else that the comparison did not get."""
        if self.arms is None:
            return []
        roles = self.arms[self.arms["study_id"].isin(self.names)].groupby("study_id")["role"].agg(set)
        return sorted(
            name
            for name, seen in roles.items()
            if "exosome_combination" in seen and not seen & {"exosome", "active"}
        )

    def lines_of(self, study: str) -> pd.DataFrame:
        """Return the lines of one study."""
        return self.lines[self.lines["study_id"] == study]

    def judgement(self, study: str) -> str:
        """Return the overall judgement of one study."""
        return overall(self.risk_of_bias[self.risk_of_bias["study_id"] == study])

    def participants(self) -> int | None:
        """Return the participants of the studies that state them; None when none does."""
        numbers = [self.people(row) for row in self.studies.sort_values("study_id").to_dict("records")]
        stated = [number for number in numbers if number]
        return sum(stated) if stated else None

    def people(self, study: dict[str, Any]) -> int | None:
        """Return the participants of a row of `studies`; cases are counted, what is not stated is None."""
        for column in ("n_analysed", "n_enrolled"):
            if not missing(study.get(column)):
                return int(study[column])
        if study.get("comparison") == "case":
            return self.results[self.results["study_id"] == study["study_id"]]["arm_id"].nunique() or 1
        sizes = (
            self.results[(self.results["study_id"] == study["study_id"])]
            .groupby("arm_id")["n"]
            .max()
            .dropna()
        )
        within = study.get("comparison") == "within_person"
        return (int(sizes.max() if within else sizes.sum()) or None) if len(sizes) else None


def is_randomised(allocation: Any) -> bool:
    """Return whether the words of an allocation say randomised."""
    text = "" if missing(allocation) else str(allocation)
    return bool(_RANDOMISED.search(text)) and not is_not_randomised(text)


def is_not_randomised(words: Any) -> bool:
    """Return whether words say that a study is not randomised."""
    return bool(_NOT_RANDOMISED.search("" if missing(words) else str(words)))


def body_of(
    concept: str,
    evidence: str,
    comparisons: pd.DataFrame,
    results: pd.DataFrame,
    studies: pd.DataFrame,
    risk_of_bias: pd.DataFrame,
    findings: pd.DataFrame,
    pooled: pd.DataFrame,
) -> Body:
    """Return the body of evidence of an outcome in a tier; comparator studies are never part of it."""
    lines = comparisons[(comparisons["concept"] == concept) & (comparisons["direction"] != "not reported")]
    lines = lines[lines["tier"].isin(EVIDENCE.get(evidence, (evidence,)))]
    names = set(lines["study_id"])
    fits = pooled[(pooled["concept"] == concept) & (pooled["evidence"] == evidence)]
    fits = fits[fits["pooled"].fillna(False).astype(bool) & fits["estimate"].notna()]
    # the Bayesian fit beside it has the same estimates
    fits = fits[~fits["model"].str.startswith("Bayesian").astype(bool)]
    # what rests on a borrowed SD or a median taken as a mean is a sensitivity analysis
    fits = fits[fits["scenario"].fillna("as printed") == "as printed"]
    # The body is judged on all its estimates; the one without touched estimates is a sensitivity analysis.
    fits = fits.sort_values(["without_certain_findings", "k", "pooled_id"], ascending=[True, False, True])
    return Body(
        concept=concept,
        lines=lines,
        studies=studies[studies["study_id"].isin(names)],
        results=results[results["study_id"].isin(names) & (results["concept"] == concept)],
        risk_of_bias=risk_of_bias[risk_of_bias["study_id"].isin(names)],
        findings=findings[findings["study_id"].isin(names)],
        pooled=None if fits.empty else fits.iloc[0],
    )
