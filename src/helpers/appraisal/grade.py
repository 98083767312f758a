"""Certainty of an outcome by GRADE, proposed by rule, each step with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from helpers.appraisal.evidence import each_row, missing, tidy
from helpers.appraisal.risk_of_bias import TOOLS_FILE, overall
from helpers.tables.vocabulary import EVIDENCE
from notebookpress.tables import join_ids, split_ids
from notebookpress.yaml_files import YamlFile

_COUNTS = ("information_size", "very_few", "few_studies", "small_study")
_ENTRIES: dict[str, Any] = {
    **dict.fromkeys(("levels", "steps", "high_risk"), list),
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys(("heterogeneity", "small_study_p"), (int, float)),
}
GRADE = YamlFile(TOOLS_FILE).entries(("grade",), _ENTRIES, tuple(_ENTRIES))
LEVELS = tuple(GRADE["levels"])
INFORMATION_SIZE, VERY_FEW = GRADE["information_size"], GRADE["very_few"]
_CONTROLLED = ("between_group", "within_participant")
_RANDOMISED = re.compile(r"\brandomi[sz]ed\b", re.IGNORECASE)
_NOT_RANDOMISED = re.compile(r"\bnot randomi[sz]ed\b|\bnon-?\s?randomi[sz]ed\b", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(Risk of bias|Inconsistency|Indirectness|Imprecision|Publication bias), "
    rf"(?:{'|'.join(GRADE['steps'])}): "
)
GradeStep = tuple[int, str]


def certainty(
    concept: str,
    evidence: str,
    comparisons: pd.DataFrame,
    results: pd.DataFrame,
    studies: pd.DataFrame,
    risk_of_bias: pd.DataFrame,
    findings: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    arms: pd.DataFrame | None = None,
    thresholds: Mapping[str, float] | None = None,
    overrides: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return an outcome's certainty as a row of the table `certainty`.

    Parameters
    ----------
    concept : str
        Outcome.
    evidence : str
        `core` (the core sources) or `published` (core and published).
    comparisons, results, studies, risk_of_bias, findings, pooled : pandas.DataFrame
        The tables of those names.
    arms : pandas.DataFrame, optional
        Arms of the studies: exosomes given only together with something else are indirect evidence.
    thresholds : mapping of str to float, optional
        By outcome, the smallest difference that matters; an interval that holds it is imprecise.
    overrides : sequence of mapping
        Rows of `certainty_overrides`: a person's steps in place of the rule's, with the reason.

    Returns
    -------
    dict
        Start (high when every study with results is randomised and compares what was randomised, low
        otherwise, `no evidence` without a result), steps down of 0 to 2 in each domain, and the reason
        of each domain in words, with its numbers. The floor is `very low`.

    Notes
    -----
    Balshem H et al. J Clin Epidemiol 2011;64:401-406.

    """
    body = body_of(concept, evidence, comparisons, results, studies, risk_of_bias, findings, pooled)
    body = replace(body, arms=arms, threshold=(thresholds or {}).get(concept))
    row: dict[str, Any] = {"concept": concept, "evidence": evidence, "studies": join_ids(body.names)}
    if not body.names:
        row |= dict.fromkeys(("start", "certainty", "proposed"), "no evidence") | dict.fromkeys(DOMAINS, 0)
        return row | {
            "reasons": "No study reports this outcome.",
            "participants": None,
            "overridden": False,
        }
    randomised = len(body.randomised) == len(body.names)
    start = LEVELS.index("high" if randomised else "low")
    steps = {name: judge(body) for name, judge in DOMAINS.items()}
    proposed = start - sum(step for step, _ in steps.values())
    overriding = {
        row["domain"]: row for row in overrides if (row["concept"], row["evidence"]) == (concept, evidence)
    }
    steps |= {name: _overridden(steps[name], row) for name, row in overriding.items()}
    reasons = [_start(body, randomised), *(_reason(name, *step) for name, step in steps.items())]
    return row | {
        "start": LEVELS[start],
        **{name: step for name, (step, _) in steps.items()},
        "certainty": LEVELS[max(start - sum(step for step, _ in steps.values()), 0)],
        "reasons": " ".join(reasons),
        "participants": body.participants(),
        "proposed": LEVELS[max(proposed, 0)],
        "overridden": bool(overriding),
    }


def _overridden(step: GradeStep, override: Mapping[str, Any]) -> GradeStep:
    """Return a person's step in place of the rule's; what the rule proposed stays to be read."""
    reason = f"judged by {override['by']}: {str(override['reason']).rstrip('.')}"
    return int(override["steps"]), f"{reason} (the rule proposed {step[0]}: {step[1]})"


def _start(body: Body, randomised: bool) -> str:
    studies = _studies(len(body.names))
    if randomised:
        return f"Starts high: {studies}, all randomised."
    return f"Starts low: {len(body.randomised)} of {studies} with a randomised comparison."


def _reason(name: str, step: int, why: str) -> str:
    return f"{name.replace('_', ' ').capitalize()}, {GRADE['steps'][step]}: {why}."


def domain_reasons(reasons: str) -> dict[str, str]:
    """Return the reason of each domain from the column `reasons`, by the domain's name."""
    parts = _DOMAIN.split(reasons)
    return {
        name.lower().replace(" ", "_"): why.strip().rstrip(".")
        for name, why in zip(parts[1::2], parts[2::2], strict=True)
    }


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
    def controlled(self) -> set[str]:
        """Studies with a result against a comparison group."""
        return set(self.lines[self.lines["estimand"].isin(_CONTROLLED)]["study_id"])

    @property
    def randomised(self) -> list[str]:
        """Studies that were randomised and whose results compare what was randomised."""
        rows = self.studies[self.studies["allocation"].map(is_randomised).astype(bool)]
        return sorted(set(rows["study_id"]) & self.controlled)

    @property
    def uncontrolled(self) -> list[str]:
        """Studies whose results have no comparison group."""
        # a stray control group in a table does not make a study a controlled one
        designed = self.studies[self.studies["comparison"].isin(["parallel", "within_person"])]
        return sorted(set(self.names) - (set(designed["study_id"]) & self.controlled))

    @property
    def combined(self) -> list[str]:
        """Studies that gave exosomes only together with something else that the comparison did not get."""
        if self.arms is None:
            return []
        roles = self.arms[self.arms["study_id"].isin(self.names)].groupby("study_id")["role"].agg(set)
        return sorted(
            str(name)
            for name, given in roles.items()
            if "exosome_combination" in given and not given & {"exosome", "active"}
        )

    def judgement(self, study: str) -> str:
        """Return the overall judgement of one study."""
        return overall(self.risk_of_bias[self.risk_of_bias["study_id"] == study])

    def participants(self) -> int | None:
        """Return the participants of the studies that state them; None when none does."""
        return sum(filter(None, self.sizes())) or None

    def sizes(self) -> list[int | None]:
        """Return the participants of each study; cases are counted, what is not stated is None."""
        return [self._size(row) for row in each_row(self.studies)]

    def _size(self, study: Any) -> int | None:
        for n in (study.n_analysed, study.n_enrolled):
            if not missing(n):
                return int(n)
        results = self.results[self.results["study_id"] == study.study_id]
        if study.comparison == "case":
            return results["arm_id"].nunique() or 1
        largest = results.groupby("arm_id")["n"].max().dropna()
        within = study.comparison == "within_person"
        return (int(largest.max() if within else largest.sum()) or None) if len(largest) else None


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
    # a Bayesian fit has the same estimates
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


def is_randomised(allocation: Any) -> bool:
    """Return whether the words of an allocation say randomised."""
    text = "" if missing(allocation) else str(allocation)
    return bool(_RANDOMISED.search(text)) and not is_not_randomised(text)


def is_not_randomised(words: Any) -> bool:
    """Return whether words say that a study is not randomised."""
    return bool(_NOT_RANDOMISED.search("" if missing(words) else str(words)))


def _risk_of_bias(body: Body) -> GradeStep:
    """Judge limitations of the studies and what cannot be so in their reports."""
    judged = {name: body.judgement(name) for name in body.names}
    high = [name for name, word in judged.items() if _is_high(word)]
    certain = len(body.certain)
    why = f"{len(high)} of {len(judged)} at high risk ("
    why += "; ".join(f"{name}: {word}" for name, word in judged.items())
    why += f"), {certain} certain {'finding touches' if certain == 1 else 'findings touch'} the outcome"
    mostly, every = 2 * len(high) > len(judged), len(high) == len(judged)
    return min(2, int(mostly) + int(mostly and every and certain > 0) or int(certain > 0)), why


def _is_high(judgement: str) -> bool:
    """Return whether an overall judgement is a serious limitation; fewer than two thirds yes is one."""
    if " of " in judgement and judgement.endswith("yes"):
        yes, total = (int(word) for word in judgement.split()[:3:2])
        return 3 * yes < 2 * total
    return judgement in GRADE["high_risk"]


def _inconsistency(body: Body) -> GradeStep:
    """Judge whether the studies point the same way and how much they differ."""
    if len(body.names) < 2:
        return 0, "one study only, cannot be judged"
    directions = body.lines.groupby("study_id")["direction"].agg(lambda values: "/".join(sorted(set(values))))
    counts = directions.value_counts().sort_index()
    i2 = None if body.pooled is None or missing(body.pooled["i2"]) else float(body.pooled["i2"])
    crossing = _holds_zero(body.pooled, "pi_lower", "pi_upper")
    why = "directions by study: " + ", ".join(f"{count} {words}" for words, count in counts.items())
    why += "" if i2 is None else f"; I² {tidy(i2)} %"
    why += "; the prediction interval includes no effect" if crossing else ""
    heterogeneous = i2 is not None and i2 >= GRADE["heterogeneity"] and crossing
    opposed = {"better", "worse"} <= set(body.lines["direction"])
    return int(opposed) + int(heterogeneous), why


def _indirectness(body: Body) -> GradeStep:
    """Judge whether the question was answered: exosomes against something, in people with hair loss."""
    alone, combined, k = len(body.uncontrolled), len(body.combined), len(body.names)
    inferred, mixed = 2 * alone > k, 2 * combined > k
    why = f"{k - alone} of {_studies(k)} with a comparison group"
    if inferred:
        why = (
            f"{alone} of {_studies(k)} without a comparison group, so that the effect of exosomes is inferred"
        )
    if mixed:
        why += f"; in {combined} exosomes were given only together with another treatment"
    return int(inferred) + int(mixed), why


def _imprecision(body: Body) -> GradeStep:
    """Judge number of participants and width of the interval."""
    people = body.participants()
    why = "participants not stated" if people is None else f"{people} participant{'s' * (people != 1)}"
    if people is None or people < VERY_FEW:
        return 2, f"{why}, fewer than {VERY_FEW} known"
    few = people < INFORMATION_SIZE
    crossing = _holds_zero(body.pooled, "ci_lower", "ci_upper")
    without = body.pooled is None and body.lines["ci_lower"].isna().all()
    why += f", below {INFORMATION_SIZE}" if few else ""
    why += "; the interval includes no effect" if crossing else "; no interval" if without else ""
    deciding = ""
    if body.threshold is not None and _holds_threshold(body.pooled, body.threshold):
        deciding = f"; it includes {tidy(body.threshold)}, the smallest difference that can be seen"
    why += deciding
    return min(2, int(few) + int(crossing or without) + bool(deciding)), why


def _publication_bias(body: Body) -> GradeStep:
    """Judge whether what is missing can be known; small studies that all find benefit make it likely."""
    k = len(body.names)
    registered = body.studies["registration"].notna().sum()
    small = all(size is None or size < GRADE["small_study"] for size in body.sizes())
    positive = set(body.lines["direction"]) <= {"better"}
    why = f"{_studies(k)}, {registered} registered"
    if small and positive and registered < k:
        return 1, f"{why}, all small (below {GRADE['small_study']}) and all in favour"
    if k < GRADE["few_studies"]:
        return 0, f"{why}; too few for a small-study test"
    p: Any = None if body.pooled is None else body.pooled.get("small_study_p")
    if missing(p):
        return 0, f"{why}; no small-study test could be made"
    why += f"; Egger's test of small-study effects p = {tidy(round(float(p), 3))}"
    return int(float(p) < GRADE["small_study_p"]), why


def _studies(k: int) -> str:
    return "1 study" if k == 1 else f"{k} studies"


def _holds_zero(row: pd.Series | None, lower: str, upper: str) -> bool:
    """Return whether an interval of a fit includes no effect."""
    if row is None or missing(row[lower]) or missing(row[upper]):
        return False
    return float(row[lower]) <= 0 <= float(row[upper])


def _holds_threshold(row: pd.Series | None, threshold: float) -> bool:
    """Return whether an interval, whatever its sign, holds the smallest difference that matters."""
    if row is None or missing(row["ci_lower"]) or missing(row["ci_upper"]):
        return False
    return any(float(row["ci_lower"]) < value < float(row["ci_upper"]) for value in (threshold, -threshold))


DOMAINS: dict[str, Callable[[Body], GradeStep]] = {
    "risk_of_bias": _risk_of_bias,
    "inconsistency": _inconsistency,
    "indirectness": _indirectness,
    "imprecision": _imprecision,
    "publication_bias": _publication_bias,
}
