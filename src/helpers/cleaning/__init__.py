"""Cleaning: units, time points, severity scales and the outcome vocabulary, each change said."""

from helpers.cleaning.observations import clean_events, clean_results
from helpers.cleaning.quantity_use import quantity_use
from helpers.cleaning.severity import Severity, parse_severity
from helpers.cleaning.units import Conversion, conversion
from helpers.sources.time_points import WEEKS_PER_MONTH, durations, in_weeks, weeks
from helpers.tables.vocabulary import CONCEPTS, DESIGN_CONCEPTS, OUTCOME_CONCEPTS, Concept, label

__all__ = [
    "CONCEPTS",
    "DESIGN_CONCEPTS",
    "OUTCOME_CONCEPTS",
    "WEEKS_PER_MONTH",
    "Concept",
    "Conversion",
    "Severity",
    "clean_events",
    "clean_results",
    "conversion",
    "durations",
    "in_weeks",
    "label",
    "parse_severity",
    "quantity_use",
    "weeks",
]


def __dir__() -> list[str]:
    """Return what tab completion offers: the names that are meant to be used."""
    return sorted(__all__)
