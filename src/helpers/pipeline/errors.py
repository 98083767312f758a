"""The errors of a run; they live in `notebookpress.errors`."""

from notebookpress.errors import (
    CLOSED,
    FULL,
    NotebookFailure,
    ParameterError,
    PipelineError,
    did_you_mean,
    system_problem,
    system_remedy,
)

__all__ = [
    "CLOSED",
    "FULL",
    "NotebookFailure",
    "ParameterError",
    "PipelineError",
    "did_you_mean",
    "system_problem",
    "system_remedy",
]
