"""Readers, one small module a format, all giving the same `SourceRecord`.

>>> record = read_source("data/raw/registry/NCT06932393.json")  # doctest: +SKIP
"""

from helpers.sources.context_tables import read_context
from helpers.sources.new_files import add_source, new_sheet
from helpers.sources.raw_folder import RawData, check_raw, figures_used, raw_files, read_raw
from helpers.sources.reading import read_source, read_sources, recognise
from helpers.sources.record import Problem, SourceError, SourceRecord
from helpers.sources.screening import read_screening
from helpers.sources.study_sheet import read_sheet, sha256_of
from helpers.sources.time_points import WEEKS_PER_MONTH, durations, in_weeks, weeks

__all__ = [
    "WEEKS_PER_MONTH",
    "Problem",
    "RawData",
    "SourceError",
    "SourceRecord",
    "add_source",
    "check_raw",
    "durations",
    "figures_used",
    "in_weeks",
    "new_sheet",
    "raw_files",
    "read_context",
    "read_raw",
    "read_screening",
    "read_sheet",
    "read_source",
    "read_sources",
    "recognise",
    "sha256_of",
    "weeks",
]
