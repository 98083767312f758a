"""Percentages of people against the number of people: GRIM for shares.

A share of n people can only be 0/n, 1/n, ... n/n. Exact integer arithmetic, so that a share which
falls on a half is judged as it was rounded, not as a computer stores it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from helpers.appraisal.evidence import StudyEvidence
from helpers.appraisal.printed_figure import PrintedFigure, missing, tidy
from helpers.appraisal.rule import CERTAIN, LIKELY, Hit, NotApplicable, Rule
from helpers.tables.vocabulary import label

FITS, CUT_OFF, IMPOSSIBLE = "fits", "cut off", "impossible"
_ONLY_CUT = "is a share of the {n} people stated only if digits were cut off or a half was rounded down."


def share_fit(percent: float, decimals: int, n: int) -> str:
    """Return whether a printed percentage can be a share of n people.

    Parameters
    ----------
    percent : float
        Percentage as printed, 0 to 100.
    decimals : int
        Places printed after its point.
    n : int
        Number of people.

    Returns
    -------
    str
        `fits` when a count gives it by rounding half up or half to even, `cut off` when one gives it only
        by cutting digits off, rounding a half down or always rounding up, `impossible` when none does.

    Notes
    -----
    Brown NJL, Heathers JAJ. The GRIM test. Social Psychological and Personality Science 2017;8:363-369.

    Examples
    --------
    >>> share_fit(80, 0, 16), share_fit(87, 0, 16), share_fit(87, 0, 15)
    ('impossible', 'cut off', 'fits')

    """
    target = round(percent * 10**decimals)
    scale = 100 * 10**decimals
    around = range(max(0, (target - 1) * n // scale), min(n, -(-(target + 1) * n // scale)) + 1)
    shares = [Fraction(scale * count, n) for count in around]
    if any(target in (round(share), int(share + Fraction(1, 2))) for share in shares):
        return FITS
    return CUT_OFF if any(abs(share - target) < 1 for share in shares) else IMPOSSIBLE


def fitting_sizes(shares: list[tuple[float, int]], largest: int) -> list[int]:
    """Return every n up to `largest` of which all printed percentages (value, decimals) can be shares."""
    sizes = range(1, largest + 1)
    return [n for n in sizes if all(share_fit(percent, places, n) == FITS for percent, places in shares)]


@dataclass(frozen=True)
class PercentOfN(Rule):
    """Shares of people that no whole number of them gives."""

    name: str = "percent-of-n"
    source: str = "Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369"
    severity: str = CERTAIN
    inputs: str = "percentages of participants and the number of participants stated"

    def find(self, evidence: StudyEvidence) -> Iterator[Hit]:
        """Yield each share that the stated number of people cannot have."""
        shares = self._shares(evidence)
        if not shares:
            raise NotApplicable("no percentage of a stated number of participants")
        for concept, figure, n, source in shares:
            fit = share_fit(figure.value, figure.decimals, n)
            if fit == FITS:
                continue
            others = [(f.value, f.decimals) for _, f, size, _ in shares if size == n]
            together = fitting_sizes(sorted(set(others)), max(n, 30))
            exact = figure.value / 100 * n
            near = sorted({int(exact), int(exact) + 1} & set(range(n + 1)))
            options = " or ".join(f"{k}/{n} = {tidy(100 * k / n)} %" for k in near)
            people = ", ".join(map(str, together)) or f"no number up to {max(n, 30)}"
            printed = " and ".join(f"{tidy(value)} %" for value, _ in sorted(set(others)))
            claim = "cannot be a share of the {n} people stated." if fit == IMPOSSIBLE else _ONLY_CUT
            repeats = [f.quantity_id for c, f, _, _ in shares if c == concept and f.value == figure.value]
            yield Hit(
                statement=f"{tidy(figure.value)} % ({label(concept)}) {claim.format(n=n)}",
                arithmetic=f"{tidy(figure.value)} % of {n} is {tidy(exact)} people; {options}; "
                f"{printed} {'fit' if len(set(others)) == 1 else 'fit together'}: n = {people}",
                quantity_ids=(*repeats, *self._elsewhere(evidence, concept, figure), *source),
                concepts=(concept,),
                severity=CERTAIN if fit == IMPOSSIBLE else LIKELY,
            )

    def _shares(self, evidence: StudyEvidence) -> list[tuple[str, PrintedFigure, int, tuple[str, ...]]]:
        """Return concept, printed share, number of people and its quantities, one for each distinct share."""
        stated = evidence.count("n_analysed", "n_enrolled")
        rows = evidence.figures(role=("design",), concept="sample_size")
        names = tuple(rows[rows["value"] == stated]["quantity_id"]) if stated else ()
        found: dict[tuple, tuple[str, PrintedFigure, int, tuple[str, ...]]] = {}
        for row in evidence.observed(kind="count"):
            figure, own = evidence.figure(row, "percent"), evidence.figure(row, "n")
            n = int(row.n) if not missing(row.n) else stated
            if figure is not None and n:
                source = (own.quantity_id,) if own else names
                found.setdefault((row.concept, row.arm_id, figure.value, n), (row.concept, figure, n, source))
        return list(found.values())

    @staticmethod
    def _elsewhere(evidence: StudyEvidence, concept: str, figure: PrintedFigure) -> list[str]:
        """Return other places that print the same share, such as the abstract."""
        rows = evidence.figures(role=("result", "safety"), concept=concept, kind=("percent",))
        return list(rows[rows["value"] == figure.value]["quantity_id"])
