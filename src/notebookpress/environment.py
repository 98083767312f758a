"""The environment of everything that a run starts: the same whoever runs it, wherever and whenever."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

FIXED = {
    # as every IPython kernel has it; named here because matplotlib is imported before there is a kernel
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
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
# A user's own settings of matplotlib would change every figure; a kernel under pytest loses output.
NOT_TAKEN_OVER = (
    "LANGUAGE",
    "MATPLOTLIBRC",
    "PYTEST_CURRENT_TEST",
    "PYTHONOPTIMIZE",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
)


def run_environment(folder: Path, own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of kernels and workers: the runner's, with what decides results fixed.

    Parameters
    ----------
    folder : pathlib.Path
        Where matplotlib keeps its list of fonts when the user has no folder for it. Left alone it would make
        one among the temporary files, and leave it there when the run is killed.
    own : mapping of str to str
        What the collection adds.

    """
    kept = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin:
        kept["MATPLOTLIBRC"] = str(Path(found.origin).parent / "mpl-data" / "matplotlibrc")
        if "MPLCONFIGDIR" not in kept and not all(map(_can_be_written, _folders_of_matplotlib())):
            kept["MPLCONFIGDIR"] = str(folder)
    return kept | FIXED | dict(own)


def _folders_of_matplotlib() -> list[Path]:
    homes = (("XDG_CONFIG_HOME", "~/.config"), ("XDG_CACHE_HOME", "~/.cache"))
    return [Path(os.environ.get(name) or os.path.expanduser(usual)) / "matplotlib" for name, usual in homes]


def _can_be_written(folder: Path) -> bool:
    """Return whether matplotlib has its folder there; it is made, as matplotlib does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
