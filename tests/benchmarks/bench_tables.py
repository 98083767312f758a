"""Hand-read tables of open articles: which figures `trialfiles` proposes right, wrong, incomplete or not.

Run ``python tests/benchmarks/bench_tables.py`` (seconds); ``--articles FOLDER`` reads the articles' own
files, named by DOI as the gold is, instead of the grids. Kept in ``results/tables.txt``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from table_scores import GOLD, LAST, UNSEEN, Outcome, read_gold

RESULTS = Path(__file__).parent / "results" / "tables.txt"
FIRST = """\
Figures of hand-read tables: what trialfiles proposes (format and rules: EXTRACTION.md).
First measurement, before anything was mended: of 1027 figures 247 right (24.1 %), 452 incomplete, 21 missed; 422 of
1121 proposals wrong (37.6 %). First half of the articles: 136 of 514 right, 70 of 517 wrong; other half: 111 of 513
right, 352 of 604 wrong. From the articles' own files: 307 right, 379 incomplete, 21 missed, 435 wrong.
The other half before it was looked at: 201 of 513 right (39.2 %), 322 of 595 wrong (54.1 %).
Seven articles read after that, first measurement: 88 of 323 right (27.2 %), 121 of 333 wrong (36.3 %).
Four articles read last, first measurement: 110 of 144 right (76.4 %), 30 of 146 wrong (20.5 %), 28 in one article.
"""


def shares(outcomes: list[Outcome]) -> tuple[int, float, float]:
    """Return the figures, the share of them that is right, and the share of the proposals that is wrong."""
    right, incomplete, missed, wrong = (
        sum(each) for each in zip(*(one.counts() for one in outcomes), strict=True)
    )
    extra = sum("no figure" in text for one in outcomes for text in one.wrong)
    figures = right + incomplete + missed + wrong - extra
    return figures, right / figures, wrong / max(1, right + incomplete + wrong)


def line(name: str, outcomes: list[Outcome]) -> str:
    """Return the counts of some articles on a line: shares of the figures, and of the proposals."""
    right, incomplete, missed, wrong = (
        sum(each) for each in zip(*(one.counts() for one in outcomes), strict=True)
    )
    figures, good, bad = shares(outcomes)
    return f"{name:36}{figures:8}{right:7}{incomplete:12}{missed:8}{wrong:7}{good:9.1%}{bad:9.1%}"


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
            for gold in (GOLD, UNSEEN, LAST)
            for path in sorted(gold.glob("*.yaml"))
        }
    every = list(outcomes.values())
    third, last = (
        {path.stem: outcomes.pop(path.stem) for path in sorted(gold.glob("*.yaml"))}
        for gold in (UNSEEN, LAST)
    )
    seen, unseen = halves(outcomes)
    head = f"{'':36}{'figures':>8}{'right':>7}{'incomplete':>12}{'missed':>8}{'wrong':>7}{'right':>9}{'wrong':>9}"
    lines = [FIRST, head, *(line(name, [one]) for name, one in outcomes.items())]
    lines += [line("in view while mending", seen), line("the other half", unseen)]
    lines.append(line("these", list(outcomes.values())))
    for title, some in (("seven read after that", third), ("four read last", last)):
        lines += ["", *(line(name, [one]) for name, one in some.items()), line(title, [*some.values()])]
        outcomes |= some
    lines += ["", line("all", every)]
    for kind in ("wrong", "missed", "incomplete"):
        texts = [f"  {name}: {text}" for name, one in outcomes.items() for text in getattr(one, kind)]
        lines += ["", kind, *texts]
    print("\n".join(lines))
    if not files:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
