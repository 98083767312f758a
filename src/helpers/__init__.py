"""The review: what the notebooks of the exosome hair evidence share, in rooms.

At the prompt begin with `from helpers import Review`. From the top, each importing only from rooms below it:
`cli`, `site`, `narrative`, `confirm`, `panels`, `review`, `display`, `figures`, `pooling`, `context`,
`comparison`, `effects`, `appraisal`, `cleaning`, `verification`, `sheets`, `places`, `formats`, `tables`.
"""

__all__ = ["Review"]


def __getattr__(name: str) -> object:
    """Return `Review` or the version when asked for: each takes longer than all else at the prompt."""
    if name == "Review":
        from helpers.review import Review

        return Review
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("exosome-hair-evidence")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    """Return what tab completion offers: the way in; rooms are found as modules."""
    return __all__
