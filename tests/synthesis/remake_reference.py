"""Make the reference values anew with R and metafor, and say how far they are from the stored ones.

Run ``python tests/synthesis/remake_reference.py OUTPUT.json``. It needs R with metafor, metadat and jsonlite
(on Debian: ``apt-get install r-cran-metafor r-cran-jsonlite``) and the scripts beside the reference files, in
``reference`` of $EVIDENCE_SHARED or of ``../shared`` beside the checkout.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from synthesis_reference import shared_folder


def largest_difference(one: object, other: object) -> float:
    """Largest difference of two trees of numbers, relative where the number is above 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return max(
            (largest_difference(one[key], other[key]) for key in one.keys() & other.keys()), default=0.0
        )
    if isinstance(one, list) and isinstance(other, list):
        return max((largest_difference(a, b) for a, b in zip(one, other, strict=False)), default=0.0)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) / max(1.0, abs(other))
    return 0.0


def main() -> int:
    """Run the R script and compare."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = shared_folder() / "reference"
    if not shutil.which("Rscript") or not (folder / "make_public.R").exists():
        print(f"Rscript or {folder / 'make_public.R'} is missing: install R, or set EVIDENCE_SHARED")
        return 1
    output = Path(sys.argv[1]).resolve()
    done = subprocess.run(["Rscript", "make_public.R", str(output)], cwd=folder, check=False)
    if done.returncode != 0:
        print("R stopped with an error, see above; is metafor installed?")
        return 1
    stored = json.loads((folder / "metafor_cases.json").read_text(encoding="utf-8"))["cases"]
    anew = {case["id"]: case for case in json.loads(output.read_text(encoding="utf-8"))["cases"]}
    for case in stored:
        print(f"{case['id']:<28}{largest_difference(case, anew.get(case['id'], {})):.2e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
