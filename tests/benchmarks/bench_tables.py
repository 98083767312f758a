"""Hand-read tables of open articles: which figures `trialfiles` proposes right, wrong, incomplete or not.

Run ``python tests/benchmarks/bench_tables.py`` (seconds); ``--articles FOLDER`` reads the articles' own
files, named by DOI as the gold is, instead of the grids. Kept in ``results/tables.txt``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from table_scores import GOLD, Outcome, read_gold

RESULTS = Path(__file__).parent / "results" / "tables.txt"
FIRST = """\
Figures of hand-read tables: what trialfiles proposes (format and rules: EXTRACTION.md).
First measurement, before anything was mended: of 1027 figures 241 right (23.5 %), 452 incomplete, 22 missed;
439 of 1132 proposals wrong (38.8 %). First half of the articles: 130 of 514 right, 84 of 529 wrong; other half:
111 of 513 right, 355 of 603 wrong. From the articles' own files: 307 right, 379 incomplete, 21 missed, 447 wrong.
"""


def line(name: str, outcomes: list[Outcome]) -> str:
    """Return the counts of some articles on a line: shares of the figures, and of the proposals."""
    right, incomplete, missed, wrong = (
        sum(one) for one in zip(*(each.counts() for each in outcomes), strict=True)
    )
    extra = sum("no figure" in text for each in outcomes for text in each.wrong)
    figures, proposals = right + incomplete + missed + wrong - extra, right + incomplete + wrong
    return (
        f"{name:36}{figures:8}{right:7}{incomplete:12}{missed:8}{wrong:7}"
        f"{right / figures:9.1%}{wrong / max(1, proposals):9.1%}"
    )


def halves(outcomes: dict[str, Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Return the articles that were in view while the reader was mended, and the others."""
    every = [outcomes[name] for name in sorted(outcomes)]
    return every[::2], every[1::2]


def main() -> None:
    """Print and keep the table."""
    files = Path(sys.argv[2]) if sys.argv[1:2] == ["--articles"] else None
    with tempfile.TemporaryDirectory() as folder:
        outcomes = {
            path.stem: read_gold(path, Path(folder), files / f"{path.stem}.xml" if files else None)
            for path in sorted(GOLD.glob("*.yaml"))
        }
    seen, unseen = halves(outcomes)
    head = f"{'':36}{'figures':>8}{'right':>7}{'incomplete':>12}{'missed':>8}{'wrong':>7}{'right':>9}{'wrong':>9}"
    lines = [FIRST, head, *(line(name, [one]) for name, one in outcomes.items())]
    lines += [line("in view while mending", seen), line("the other half", unseen)]
    lines.append(line("all", list(outcomes.values())))
    for kind in ("wrong", "missed", "incomplete"):
        texts = [f"  {name}: {text}" for name, one in outcomes.items() for text in getattr(one, kind)]
        lines += ["", kind, *texts]
    print("\n".join(lines))
    if not files:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
