"""Make the reference values anew with R, and say how far they are from the stored ones.

Run ``python tests/metastats/remake_reference.py FOLDER``. It writes metafor_cases.json and bayes_cases.json
into FOLDER by the R scripts that lie beside the stored files (``reference`` of $EVIDENCE_SHARED, or of
``../shared`` beside the checkout) and compares every number.

1. Install R 4.2 or later with metafor 3.8-1, metadat 1.2-0 and jsonlite. On Debian 12 these are the versions of
   ``apt-get install r-cran-metafor r-cran-metadat r-cran-jsonlite``; elsewhere, in R:
   ``install.packages(c("metafor", "metadat", "jsonlite"))`` (a newer metafor changes the variances of SMDH, SMD1H
   and SMCRH and the bias correction of ROM, ROMC and CVR, as the field metafor_5_1_12 of the stored file shows).
2. Run this script. By hand it is ``Rscript make_public.R FOLDER/metafor_cases.json`` in the folder of the scripts,
   then ``Rscript make_bayes_public.R FOLDER/bayes_cases.json``.
3. To test against the new values put the folder in the place of ``reference`` and run pytest on tests/metastats.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ledger import leaves
from reference_values import shared_folder

SCRIPTS = {"metafor_cases.json": "make_public.R", "bayes_cases.json": "make_bayes_public.R"}
ADDED_BY_HAND = "metafor_5_1_12"  # values of a newer metafor, put beside those of the script


def differences(stored: object, anew: object) -> tuple[int, int, float]:
    """Compare two trees: numbers in both, numbers in one only, and the largest relative difference."""
    old, new = (
        {path: value for path, value in leaves(tree) if ADDED_BY_HAND not in path} for tree in (stored, anew)
    )
    both = old.keys() & new.keys()
    far = max((abs(old[path] - new[path]) / max(1.0, abs(old[path])) for path in both), default=0.0)
    return len(both), len(old.keys() ^ new.keys()), far


def remake(script: str, folder: Path, output: Path) -> bool:
    """Run one R script; whether it went through."""
    done = subprocess.run(["Rscript", script, str(output.resolve())], cwd=folder, check=False)
    if done.returncode != 0:
        print(f"{script} stopped with an error, see above; are metafor, metadat and jsonlite installed?")
    return done.returncode == 0


def main() -> int:
    """Run the R scripts and compare."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder, target = shared_folder() / "reference", Path(sys.argv[1])
    if not shutil.which("Rscript") or not all((folder / script).exists() for script in SCRIPTS.values()):
        print(
            f"Rscript, or {' or '.join(SCRIPTS.values())} in {folder}, is missing: see the head of this file"
        )
        return 1
    target.mkdir(parents=True, exist_ok=True)
    for name, script in SCRIPTS.items():
        if not remake(script, folder, target / name):
            return 1
        stored, anew = (
            json.loads((place / name).read_text(encoding="utf-8"))["cases"] for place in (folder, target)
        )
        both, lonely, far = differences(stored, anew)
        print(f"{name}: {both} numbers in both, {lonely} in one only, largest relative difference {far:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
