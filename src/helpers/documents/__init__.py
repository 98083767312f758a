"""Source texts as sections, lines and offsets; the quantities printed in them; and locators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpers.documents.document import Document, read_document
from helpers.documents.errors import DocumentError
from helpers.documents.locators import Locator, check_locator, locate
from helpers.documents.quantity import Quantity
from helpers.documents.sections import Section
from helpers.documents.verification import Verification, verify_locators
from helpers.documents.verified_record import (
    mark_verified,
    read_verification,
    reading_agreement,
    record_verification,
    stale,
)

if TYPE_CHECKING:
    from helpers.documents.quantities import find_quantities

__all__ = [
    "Document",
    "DocumentError",
    "Locator",
    "Quantity",
    "Section",
    "Verification",
    "check_locator",
    "find_quantities",
    "locate",
    "mark_verified",
    "read_document",
    "read_verification",
    "reading_agreement",
    "record_verification",
    "stale",
    "verify_locators",
]


def __getattr__(name: str) -> Any:
    """Import the grammar of printed quantities when it is asked for: no notebook needs it, and it is slow."""
    if name == "find_quantities":
        from helpers.documents.quantities import find_quantities

        return find_quantities
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
