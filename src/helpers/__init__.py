"""Helpers of the exosome hair evidence notebooks, in rooms.

A room imports only from the rooms above it: `tables`, `sources`, `documents`, `cleaning`,
`appraisal`, `synthesis`, `figures`, `site`, `pipeline`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("exosome-hair-evidence")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
