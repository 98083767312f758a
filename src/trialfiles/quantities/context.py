"""What the words around a figure say of it: a mean, a median, a stretch of time, the convention of a text."""

from __future__ import annotations

import re
from functools import cached_property

from trialfiles.quantities.numerals import CELL
from trialfiles.quantities.terms import Terms, Unit

_MEAN = re.compile(r"(?<!\w)(?i:means?|averages?|averaged|averaging)\b(?! ?(?:±|\())[^0-9.;:\f\0]{0,80}$")
_MEAN_SAYS = re.compile(r"(?<!\w)(?i:mean|average)\b[^.;\f]{0,220}$")
_MEDIAN = re.compile(r"(?<!\w)(?i:median)\b[^0-9.;:\f\0]{0,60}$")
_MEDIAN_RANGE = re.compile(r"(?i:median[^.;\f0-9]{0,40}[(,\[] ?(?:min(?:imum)?–max(?:imum)?|range))")
_MEAN_SD = re.compile(
    r"(?i:(?:means?|averages?)[^.;\f0-9]{0,40}[(±,\[] ?(?:± ?)?(?:SD|s\.d\.|standard deviation))"
)
_MEAN_SE = re.compile(r"(?i:± ?(?:SEM?|s\.e\.m?\.?|standard errors?)\b|means? \((?:SEM?|standard error)\))")
_MEAN_PM_SD = re.compile(r"(?i:± ?(?:SD|s\.d\.|standard deviations?)\b|means? \((?:SD|standard deviation)\))")
_STRETCH = re.compile(
    r"(?<!\w)(?i:for|within|every|lasting|over|during|throughout|past|previous|last|next|first)(?: the)? ?$"
)


class Context:
    """A folded text as it was before anything was read, and the units and scales that are known."""

    def __init__(self, text: str, terms: Terms):
        self.text, self.terms = text, terms

    def unit(self, printed: str | None) -> Unit:
        """Return the unit that a printed unit is."""
        return self.terms.unit(printed)

    def before(self, start: int, length: int) -> str:
        """Return the characters before a place."""
        return self.text[max(0, start - length) : start]

    def cell_before(self, start: int, length: int) -> str:
        """Return the same within a table's cell; what a table says of its cells is read in `cells`."""
        return self.before(start, length).rpartition(CELL)[2]

    def says_mean(self, start: int) -> bool:
        """Whether a figure is introduced as a mean: `mean ... was`, without another figure in between."""
        return _MEAN.search(self.cell_before(start, 100)) is not None

    def says_median(self, start: int) -> bool:
        """Whether a figure is introduced as a median."""
        return _MEDIAN.search(self.cell_before(start, 80)) is not None

    def says_stretch(self, start: int) -> bool:
        """Whether a time is introduced as a stretch: `for`, `within`, `every` ..."""
        return _STRETCH.search(self.before(start, 30)) is not None

    def says_mean_sd(self, start: int) -> bool:
        """Whether the sentence before a figure promises `mean (SD)`."""
        return _MEAN_SD.search(self.sentence_before(start)) is not None

    def in_sentence_about_mean(self, start: int) -> bool:
        """Whether the word mean stands earlier in the same sentence."""
        before = self.cell_before(start, 240)
        return _MEAN_SAYS.search(re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", before)) is not None

    def in_sentence_about_median(self, start: int) -> bool:
        """Whether the sentence tells of medians, and neither of means nor of ranges."""
        before = re.sub(r"(?<=[0-9])\.(?=[0-9])", "·", self.cell_before(start, 240))
        sentence = re.split(r"[.;\f]", before)[-1].lower()
        return "median" in sentence and not re.search(r"\bmeans?\b|\branged?\b|\bci\b|confidence", sentence)

    def sentence_before(self, start: int) -> str:
        """Return what stands in the sentence before a figure, its table cell at most."""
        # A semicolon between two numbers parts the ends of an interval, not two clauses.
        return re.split(r"\. |(?<![0-9]); |; (?![0-9])|\f", self.cell_before(start, 240))[-1]

    def says_median_range(self, start: int) -> bool:
        """Whether the sentence promises `median (range)`."""
        return _MEDIAN_RANGE.search(self.sentence_before(start)) is not None

    @cached_property
    def spreads(self) -> str:
        """Return what a text says its spreads are: 'sd', 'se', or '' when it says neither or both."""
        sd, se = _MEAN_PM_SD.search(self.text) is not None, _MEAN_SE.search(self.text) is not None
        return "" if sd == se else "sd" if sd else "se"
