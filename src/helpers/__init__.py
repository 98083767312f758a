"""The review: what the notebooks of the exosome hair evidence share, in rooms.

From the top, each importing only from rooms below it: `cli`, `site`, `narrative`, `confirm`, `panels`,
`display`, `figures`, `pooling`, `context`, `comparison`, `effects`, `appraisal`, `cleaning`, `verification`,
`sheets`, `places`, `formats`, `tables`.
"""


def __getattr__(name: str) -> str:
    """Return the version when it is asked for: to look it up takes longer than all else at the prompt."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("exosome-hair-evidence")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"
