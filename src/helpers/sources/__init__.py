"""Readers, one small module a format, all giving the same `SourceRecord`.

>>> record = read_source("data/raw/registry/NCT06932393.json")  # doctest: +SKIP
"""

from helpers.sources.context_tables import read_context
from helpers.sources.converted import converted
from helpers.sources.extraction_table import read_extraction
from helpers.sources.folder_check import FolderCheck, check_folder, is_raw_folder
from helpers.sources.new_files import add_source, new_sheet
from helpers.sources.raw_folder import RawData, check_raw, figures_used, raw_files, read_raw
from helpers.sources.raw_merging import source_files
from helpers.sources.reading import read_source, read_sources, recognise
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.reference_lists import (
    Merge,
    add_references,
    distinct,
    reference_forms,
)
from helpers.sources.references import Reference
from helpers.sources.references_written import write_csl, write_ris
from helpers.sources.revman_web import write_web_rows
from helpers.sources.screening import read_screening
from helpers.sources.study_sheet import read_sheet, sha256_of
from helpers.sources.time_points import WEEKS_PER_MONTH, durations, in_weeks, weeks

__all__ = [
    "WEEKS_PER_MONTH",
    "FolderCheck",
    "Merge",
    "Problem",
    "RawData",
    "Reference",
    "SourceError",
    "SourceRecord",
    "add_references",
    "add_source",
    "check_folder",
    "check_raw",
    "converted",
    "distinct",
    "durations",
    "figures_used",
    "in_weeks",
    "is_raw_folder",
    "new_sheet",
    "raw_files",
    "read_context",
    "read_extraction",
    "read_raw",
    "read_screening",
    "read_sheet",
    "read_source",
    "read_sources",
    "recognise",
    "reference_forms",
    "sha256_of",
    "source_files",
    "weeks",
    "write_csl",
    "write_ris",
    "write_web_rows",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
