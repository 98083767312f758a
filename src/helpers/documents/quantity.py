"""What a printed quantity is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A figure as it stands in a text, with its meaning as far as the text itself gives it.

    Parameters
    ----------
    printed : str
        The characters from `char_start` to `char_end`, exactly.
    value : float or None
        The number; None where two numbers stand for one thing (a range, an interval).
    value_low, value_high : float or None
        Ends of a range or of an interval; the quartiles of a median. In a `pair` and in the sides of an
        `area`: the first and the second number as printed. In a `ratio` (12 of 16): part and whole.
    sd : float or None
        Standard deviation, in kinds `mean_sd` and `sd`.
    unit : str
        Unit in one spelling, such as `hairs/cm²`, `%`, `weeks`; the scale of a `grade`; '' if
        none stands there.
    char_start, char_end : int
        0-based offsets into the text that was searched.
    kind : str
        `mean_sd mean_se mean sd median median_iqr ci p_value range percent pair n ratio count dose
        density length area duration timepoint age grade phase coefficient statistic effect
        estimate score measure magnification`.
    relation : str
        `= < > ≤ ≥ ≈` for a p value, a threshold or an approximate figure; '' otherwise.

    """

    printed: str
    value: float | None
    value_low: float | None
    value_high: float | None
    sd: float | None
    unit: str
    char_start: int
    char_end: int
    kind: str
    relation: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """All numbers printed in it: value, low, high, SD, without those that are missing."""
        numbers = (self.value, self.value_low, self.value_high, self.sd)
        return tuple(dict.fromkeys(number for number in numbers if number is not None))


def quantity(
    kind: str,
    span: tuple[int, int],
    value: float | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    sd: float | None = None,
    unit: str = "",
    relation: str = "",
) -> Quantity:
    """Return a quantity whose printed characters are filled in later, from the text itself."""
    return Quantity("", value, low, high, sd, unit, span[0], span[1], kind, relation)
