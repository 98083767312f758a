"""What is imported before a notebook asks for it."""

from __future__ import annotations

from pathlib import Path

from pipeline_project import EACH_PARAMETERS, write_cells

from helpers.pipeline import preload
from helpers.pipeline.runner import _more_to_preload


def test_a_slow_package_is_ready_only_where_a_notebook_imports_it(project: Path) -> None:
    assert _more_to_preload(project) == ()
    write_cells(
        project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, "import statsmodels.api as sm, pandas"
    )
    assert _more_to_preload(project) == ("statsmodels.api",)
    (project / "notebooks" / "broken.ipynb").write_text("[")  # refused later, with a message
    assert _more_to_preload(project) == ("statsmodels.api",)


def test_a_step_that_fails_is_told_and_stops_nothing() -> None:
    assert preload.load("no_such_module_here").startswith("no_such_module_here: ModuleNotFoundError")
    assert preload.load("helpers.pipeline.preload:_table_used_once") == ""


def test_modules_of_ours_that_a_notebook_imports_are_ready(project: Path) -> None:
    text = "from helpers.figures import panel, show_table\nfrom helpers.formats import show_value"
    write_cells(project / "notebooks" / "02_each.ipynb", EACH_PARAMETERS, text)
    assert _more_to_preload(project) == ("helpers.formats", "helpers.panels")
    assert all(preload.load(name) == "" for name in _more_to_preload(project))


def test_parts_of_a_kernel_can_be_imported() -> None:
    assert preload.load("helpers.pipeline.preload:_parts_of_a_kernel") == ""
    assert preload.load("helpers.pipeline.preload:_notebook_checked_once") == ""
