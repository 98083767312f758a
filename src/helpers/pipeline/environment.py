"""The environment of everything that makes a report: the same whoever runs it, wherever and whenever."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

FIXED = {
    "EVIDENCE_GATHERS": "1",  # the parts of the studies are put together by a step of the run
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "SOURCE_DATE_EPOCH": "0",
    # One thread a kernel: the order of sums, and so the last bit, does not depend on the machine's cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
# A user's own settings of matplotlib would change every figure.
NOT_TAKEN_OVER = ("LANGUAGE", "MATPLOTLIBRC", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE")


def run_environment() -> dict[str, str]:
    """Return the environment for kernels and their server: the runner's, with what decides results fixed."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin:
        settings = Path(found.origin).parent / "mpl-data" / "matplotlibrc"
        kept["MATPLOTLIBRC"] = str(settings)
    return kept | FIXED


def private_settings(folder: Path) -> dict[str, str]:
    """Return where matplotlib keeps its list of fonts when the user has no folder for it.

    Left alone it would make one among the temporary files, and leave it there when the run is killed.
    """
    homes = (("XDG_CONFIG_HOME", "~/.config"), ("XDG_CACHE_HOME", "~/.cache"))
    places = [Path(os.environ.get(name) or os.path.expanduser(usual)) for name, usual in homes]
    if "MPLCONFIGDIR" in os.environ or all(map(_can_be_written, places)):
        return {}
    return {"MPLCONFIGDIR": str(folder)}


def _can_be_written(folder: Path) -> bool:
    """Return whether matplotlib has its folder there; it is made, as matplotlib does."""
    try:
        (folder / "matplotlib").mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder / "matplotlib", os.W_OK | os.X_OK)
