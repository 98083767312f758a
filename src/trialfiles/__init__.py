"""Files of the field, read into plain records, and the quantities printed in a text.

>>> record = read_source("NCT06932393.json")  # doctest: +SKIP
"""

from __future__ import annotations

from trialfiles.citations import Reference, write_csl, write_ris
from trialfiles.extraction import read_extraction
from trialfiles.pdf_pages import page_image
from trialfiles.quantities.grammar import find_quantities
from trialfiles.reading import converted, read_source, read_sources, recognise
from trialfiles.record import Problem, SourceError, SourceRecord
from trialfiles.reviews import write_web_rows
from trialfiles.sections import Section
from trialfiles.text import contact_details
from trialfiles.times import WEEKS_PER_MONTH, durations, in_weeks, weeks
from trialfiles.vocabulary import Vocabulary, read_vocabulary

__all__ = [
    "Problem", "Reference", "Section", "SourceError", "SourceRecord", "Vocabulary", "WEEKS_PER_MONTH",
    "contact_details", "converted", "durations", "find_quantities", "in_weeks", "page_image",
    "read_extraction", "read_source", "read_sources", "read_vocabulary", "recognise", "weeks", "write_csl",
    "write_ris", "write_web_rows",
]  # fmt: skip


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
