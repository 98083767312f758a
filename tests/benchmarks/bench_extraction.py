"""Recall and precision of `trialfiles.find_quantities`, kind by kind.

Run ``python tests/benchmarks/bench_extraction.py`` (seconds). The source texts are looked for in
``$EVIDENCE_SHARED`` (else ``../shared`` beside the checkout); what is written to
``results/extraction.txt`` holds counts and, for what was missed or wrong, offsets.
"""

from __future__ import annotations

import os
from pathlib import Path

from extraction_scores import HERE, Score, merge, section_scores, sentence_scores, sheet_scores, total

CHECKOUT = HERE.parents[1]
SHARED = Path(os.environ.get("EVIDENCE_SHARED") or CHECKOUT.parent / "shared")
FOLDERS = (SHARED / "documents", SHARED / "samples" / "articles")
SHEETS = sorted((CHECKOUT / "data" / "raw" / "studies").glob("*.yaml"))


def table(title: str, scores: dict[str, Score], precise: bool = True) -> list[str]:
    """Return lines of a table, one kind a line, with the sum and what failed."""
    lines = [
        "",
        title,
        f"{'kind':20}{'marked':>8}{'found':>7}{'recall':>8}" + "   right   wrong  precision" * precise,
    ]
    for kind, one in [*sorted(scores.items()), ("all", total(scores))]:
        line = f"{kind:20}{one.marked:8}{one.found:7}{one.recall:8.3f}"
        lines.append(line + (f"{one.right:8}{len(one.wrong):8}{one.precision:11.3f}" if precise else ""))
    for kind, one in sorted(scores.items()):
        lines += [f"  missed {kind}: {'; '.join(one.missed)}"] if one.missed else []
        lines += [f"  wrong {kind}: {'; '.join(one.wrong)}"] if one.wrong and precise else []
    return lines


def main() -> None:
    """Print and keep the tables."""
    sections = section_scores(FOLDERS)
    lines = ["Extraction of quantities: what readers marked and what find_quantities finds."]
    lines += table("Results sections, read completely by hand (five articles)", merge(sections.values()))
    lines += [
        f"  {name}: recall {one.recall:.3f}, precision {one.precision:.3f} ({one.found} of {one.marked} found)"
        for name, one in ((name, total(scores)) for name, scores in sections.items())
    ]
    for title, roles in (
        ("result and safety", ("result", "safety")),
        ("design and cited", ("design", "cited")),
    ):
        scores = sheet_scores(SHEETS, FOLDERS[0], roles)
        lines += table(f"Confirmed sheets, figures of {title}", merge(scores.values()), precise=False)
    for name in ("first", "second", "third"):
        lines += table(f"Sentences of other topics, {name} table", sentence_scores(name))
    print("\n".join(lines))
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "extraction.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
