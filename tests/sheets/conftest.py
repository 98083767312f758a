"""A small study sheet that is right in everything, for the tests to break one place at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.sheets.read import read_sheet
from trialfiles import Problem, SourceError

RAW = Path(__file__).parents[2] / "data" / "raw"
SHEET = """\
study_sheet: 1
study_id: made2026
source:
  source_id: made2026
  tier: core
  format: article
  document: made.txt
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
extraction:
  readers: 2
  date: 2026-01-31
study:
  comparison: parallel
  n_enrolled: people
  age_min: ages.low
  age_max: ages.high
  starts_on: start
  ends_on: end
arms:
  - arm_id: treated
    role: exosome
    n: group
  - arm_id: control
    role: placebo
outcomes:
  - outcome_id: density
    concept: hair_density
    priority: primary
    timepoint: 6 months
quantities:
  - {id: people, printed: "30", value: 30, kind: n, role: design, concept: sample_size,
     at: {section: Methods, line: 4, chars: [100, 102]}}
  - {id: group, printed: "15", value: 15, kind: n, role: design, concept: group_size, arm: treated}
  - {id: ages, printed: "20-45", low: 20, high: 45, kind: age, role: design, concept: age}
  - {id: start, printed: "25 November 2024", kind: date, role: design, concept: recruitment_start}
  - {id: end, printed: "8 December 2025", kind: date, role: design, concept: recruitment_end}
  - {id: gain, printed: "35 ± 6.5", value: 35, sd: 6.5, unit: hairs/cm2, kind: mean_sd, role: result,
     concept: hair_density, arm: treated, time: "6 months"}
  - {id: happy, printed: "80%", value: 80, unit: percent, kind: percent, role: result, concept: satisfaction}
  - {id: gone, printed: "48 hours", value: 48, unit: hours, kind: duration, role: safety, concept: adverse_events}
statements:
  - {id: open, topic: assessor_masking, says: none, line: 5, printed: "open label"}
  - {id: thicker, topic: claim, about: hair_thickness, says: thicker shafts, line: 6}
results:
  - {arm: treated, concept: hair_density, time: 6 months, kind: change, mean: gain, sd: gain.sd, n: group}
  - {arm: treated, concept: satisfaction, time: 6 months, kind: count, percent: happy}
adverse_events:
  - {arm: treated, term: redness, resolved: gone}
findings:
  - id: doubt
    check: spread
    severity: likely
    statement: The spread is small.
    quantities: [gain]
    places: [{line: 9, printed: "6.5"}]
    concepts: [hair_density]
risk_of_bias:
  tool: RoB 2
  domains:
    - domain: randomisation
      judgement: high
      reason: No method is given.
      quantities: [people]
"""


@dataclass(frozen=True)
class SheetFile:
    """A place for the sheet, and what reading it says."""

    path: Path

    def write(self, text: str = SHEET) -> Path:
        """Write a text as the sheet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.path

    def change(self, old: str, new: str) -> tuple[list[Problem], str]:
        """Return the problems after replacing one place, and the text that was read."""
        assert SHEET.count(old) == 1, f"{old!r} stands {SHEET.count(old)} times"
        text = SHEET.replace(old, new)
        return self.problems(text), text

    def problems(self, text: str | bytes) -> list[Problem]:
        """Return everything that is wrong with a text; an empty list when it is read."""
        self.write(text)
        try:
            read_sheet(self.path)
        except SourceError as error:
            return error.problems
        return []


@pytest.fixture
def sheet(tmp_path: Path) -> SheetFile:
    """Return the file of a small sheet in a raw folder of its own."""
    return SheetFile(tmp_path / "raw" / "studies" / "made2026.yaml")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return a copy of the project's raw data, to be broken."""
    target = tmp_path / "raw"
    shutil.copytree(RAW, target, ignore=shutil.ignore_patterns("documents"))
    return target


@pytest.fixture
def line_of() -> Callable[[str, str], int]:
    """Return a function that gives the line, from 1, on which a token first stands."""
    return lambda text, token: text[: text.index(token)].count("\n") + 1
