"""Which tiers take part in an answer: the parameter `evidence`."""

from __future__ import annotations

# what the parameter asks for -> tiers that take part; established treatments never do
EVIDENCE: dict[str, tuple[str, ...]] = {"core": ("core",), "published": ("core", "published")}
BOTH = "both"


def asked(evidence: str) -> tuple[str, ...]:
    """Return the bodies of evidence that `evidence` asks for: `both` asks for each, one after the other.

    Raises
    ------
    ValueError
        For a word that is neither `core`, `published` nor `both`.

    Examples
    --------
    >>> asked("both")
    ('core', 'published')
    """
    if evidence == BOTH:
        return tuple(EVIDENCE)
    if evidence not in EVIDENCE:
        raise ValueError(f"evidence {evidence!r} is not one of {', '.join([*EVIDENCE, BOTH])}")
    return (evidence,)


def tiers_of(evidence: str) -> tuple[str, ...]:
    """Return the tiers of the studies that take part in any of the bodies asked for."""
    return tuple(dict.fromkeys(tier for body in asked(evidence) for tier in EVIDENCE[body]))
