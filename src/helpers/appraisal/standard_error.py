"""Standard errors that are printed as standard deviations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import missing, tidy
from helpers.appraisal.rule import LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

_FEWEST = 4  # with fewer people a standard error is too close to the SD to be told from it


@dataclass(frozen=True)
class StandardError(Rule):
    """An SD far below that of another group, which would be alike if it were a standard error."""

    name: str = "se-as-sd"
    source: str = "Altman DG, Bland JM. BMJ 2005;331:903; Cochrane Handbook 6.5.2.2 (SE taken for SD)"
    severity: str = LIKELY
    inputs: str = "SDs of the same outcome in several groups or times, with the number of people"
    ratio: float = 3.0  # samples of one population with four people or more rarely differ so much

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each SD that meets the largest SD of its kind only when multiplied by the root of n."""
        groups: dict[tuple, list[tuple]] = {}
        stated = evidence.count("n_analysed", "n_enrolled")
        for row in evidence.observed():
            sd = evidence.figure(row, "sd")
            n = int(row.n) if not missing(row.n) else stated
            if sd and sd.value > 0 and n and n >= _FEWEST:
                groups.setdefault((row.concept, row.kind, str(row.unit)), []).append((row, sd, n))
        groups = {key: rows for key, rows in groups.items() if len(rows) > 1}
        if not groups:
            raise NotApplicable("no two SDs of one outcome with the number of people")
        for (concept, *_), rows in groups.items():
            _, widest, _ = max(rows, key=lambda item: item[1].value)
            for row, sd, n in rows:
                as_sd = sd.value * math.sqrt(n)
                if sd.high * self.ratio < widest.low and widest.low / 2 < as_sd < widest.high * 2:
                    yield Hit(
                        statement=f"The SD of {label(concept)} ({row.arm_id}) is far smaller than another in "
                        "the same study; it looks like a standard error.",
                        arithmetic=f"{tidy(sd.value)} against {tidy(widest.value)}; as a standard error of "
                        f"{n} people: {tidy(sd.value)} x sqrt({n}) = {as_sd:.2f}",
                        quantity_ids=(sd.quantity_id, widest.quantity_id),
                        concepts=(concept,),
                    )
