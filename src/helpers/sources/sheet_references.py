"""References within a study sheet followed to their figures, and which of them are confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from helpers.sources.sheet_block import Seen
from helpers.sources.sheet_checks import (
    ARM_REFERENCES,
    CONTRAST_REFERENCES,
    EVENT_REFERENCES,
    RESULT_REFERENCES,
    STUDY_REFERENCES,
)
from helpers.sources.sheet_model import StudySheet
from helpers.sources.sheet_observed import Quantity
from helpers.tables import join_ids

_PARTS = {"": "value", "low": "low", "high": "high", "sd": "sd"}


def _is_second_hand(seen: Seen | None) -> bool:
    return seen is not None and seen.access == "secondary"


def seen_columns(seen: Seen | None) -> dict[str, Any]:
    """Return where and how something was seen, as columns of the tables."""
    stated = seen.model_dump() if seen else dict.fromkeys(("address", "access", "confidence"))
    return stated | {"second_hand": _is_second_hand(seen)}


def _named_figures(sheet: StudySheet) -> Iterator[str]:
    """Yield the figures that confirmed blocks name."""
    blocks = [(sheet.study, STUDY_REFERENCES), *((arm, ARM_REFERENCES) for arm in sheet.arms)]
    blocks += [(result, RESULT_REFERENCES) for result in sheet.results if result.state == "confirmed"]
    blocks += [(event, EVENT_REFERENCES) for event in sheet.adverse_events]
    blocks += [
        (contrast, CONTRAST_REFERENCES) for contrast in sheet.contrasts if contrast.state == "confirmed"
    ]
    for block, fields in blocks:
        yield from (getattr(block, field).partition(".")[0] for field in fields if getattr(block, field))
    for block in (*sheet.findings, *sheet.adverse_events):
        yield from block.quantities
    for domain in sheet.risk_of_bias.domains if sheet.risk_of_bias else []:
        yield from domain.quantities


class SheetReferences:
    """The figures of one sheet by id.

    Attributes
    ----------
    sheet : StudySheet
        The sheet.
    figures : dict of str to Quantity
        Its figures, confirmed or not.
    named : set of str
        Those that a confirmed block names, which confirms them.
    """

    def __init__(self, sheet: StudySheet):
        self.sheet = sheet
        self.figures: dict[str, Quantity] = {quantity.id: quantity for quantity in sheet.quantities}
        self.named = set(_named_figures(sheet))

    def confirmed(self, quantity: Quantity) -> bool:
        """Whether a person stands for a figure."""
        return quantity.state == "confirmed" or quantity.id in self.named

    def full(self, name: str) -> str:
        """Return the name of a figure, or of a part of it, over all studies."""
        return f"{self.sheet.study_id}.{name.partition('.')[0]}"

    def value(self, reference: str | None) -> float | None:
        """Return the number that a reference means."""
        if reference is None:
            return None
        name, _, part = reference.partition(".")
        return getattr(self.figures[name], _PARTS[part])

    def printed(self, reference: str | None) -> str | None:
        """Return the token of the figure that a reference means."""
        return self.figures[reference.partition(".")[0]].printed if reference else None

    def ids(self, block: Any, fields: tuple[str, ...]) -> str:
        """Return the full names of the figures that the fields of a block mean, joined."""
        return join_ids(self.full(getattr(block, field)) for field in fields if getattr(block, field))

    def second_hand(self, names: Iterable[str]) -> bool:
        """Whether any of these figures, or with none the source itself, was seen only second-hand."""
        named = [self.figures[name.partition(".")[0]] for name in names]
        seen = [figure.seen or self.sheet.source.seen for figure in named if not figure.at]
        return any(_is_second_hand(one) for one in (seen if named else [self.sheet.source.seen]))

    def locator(self, line: int, section: str | None) -> str:
        """Return a place in words: document, line and section."""
        document = self.sheet.source.document or self.sheet.source.source_id
        return f"{document}, line {line}" + (f" ({section})" if section else "")
