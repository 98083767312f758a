"""Runs the notebooks, unattended, and says the truth in its exit status.

Light to import: notebooks call `project_root` and `check_parameters`; everything that starts a
kernel or draws the run graph is imported only when a run begins.
"""

from helpers.pipeline.errors import NotebookFailure, ParameterError, PipelineError
from helpers.pipeline.parameters import check_parameters
from helpers.pipeline.paths import RunFolders, project_root

__all__ = [
    "NotebookFailure",
    "ParameterError",
    "PipelineError",
    "RunFolders",
    "check_parameters",
    "project_root",
]
