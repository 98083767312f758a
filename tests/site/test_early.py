"""A site in several processes, or with a part of it made beforehand: the same bytes as in one go."""

import json

import pytest
from made_world import write_notebook, write_world
from nbformat.v4 import new_output
from test_exports import EFFECT
from test_site import PROVENANCE, RUNS, outputs_of

from helpers.site.build import build_site, read_early, write_early
from helpers.site.checks import SiteError
from helpers.tables import TABLES, write_table
from notebookpress.tables import TableError

LAST = ("04_outcome_comparison", "05_pooled_effect")
FIRST = [name for name, spec in TABLES.items() if spec.notebook not in LAST]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = write_world(tmp_path_factory.mktemp("early") / "processed")
    rows = [
        EFFECT | {"effect_id": "made1.e1", "effect": -8.0, "se": 2.0, "ci_lower": -12.0, "ci_upper": -4.0}
    ]
    write_table("effects", rows, folder)
    return folder


@pytest.fixture(scope="module")
def executed(world):
    outputs, folder = outputs_of(world), world.parent / "nb"
    return {name: write_notebook(folder / f"{name}.ipynb", outputs, f"# Run {name[:2]}") for name in RUNS}


@pytest.fixture(scope="module")
def site(world, executed):
    """The bytes of the site that is made in one process and in one go."""
    build_site(executed, world, world.parent / "site", PROVENANCE)
    return contents(world.parent / "site")


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def before_the_last(executed):
    return {name: path for name, path in executed.items() if name not in LAST}


@pytest.mark.parametrize(("jobs", "beforehand"), [(2, False), (1, True), (3, True)])
def test_a_site_is_the_same_in_any_number_of_processes_and_steps(
    tmp_path, world, executed, site, jobs, beforehand
):
    early = tmp_path / "early.json"
    if beforehand:
        folder = tmp_path / "first"  # nothing but what it is given is there to be read
        folder.mkdir()
        for name in FIRST:
            if (world / f"{name}.parquet").exists():
                (folder / f"{name}.parquet").write_bytes((world / f"{name}.parquet").read_bytes())
        write_early(before_the_last(executed), folder, early, PROVENANCE | {"tables": FIRST})
        again = early.read_bytes()
        write_early(before_the_last(executed), folder, early, PROVENANCE | {"tables": FIRST})
        assert early.read_bytes() == again
    build_site(executed, world, tmp_path / "site", PROVENANCE, early=early if beforehand else None, jobs=jobs)
    assert contents(tmp_path / "site") == site


def test_what_is_made_beforehand_needs_no_table_of_the_last_notebooks(tmp_path, world, executed):
    write_early(before_the_last(executed), world, tmp_path / "early.json", PROVENANCE | {"tables": FIRST})
    known = read_early(tmp_path / "early.json")
    assert {"01_ingestion.html", "study-made1.html", "printed-made2.html", "code.html"} <= set(known)
    assert {"checklists.html", "data/effects"} <= set(known)
    assert not {"05_pooled_effect.html", "methods.html", "index.html", "data/pooled"} & set(known)
    with pytest.raises(KeyError):
        write_early(
            {},
            world,
            tmp_path / "less.json",
            {"version": "", "tables": [name for name in FIRST if name != "effects"]},
        )


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_is_the_same_in_any_number_of_processes(tmp_path, world, executed, jobs):
    """A page that may not be published, a table that cannot be read; and nothing is written."""
    wrong = write_notebook(tmp_path / "01_ingestion.ipynb", [], "no title")
    with pytest.raises(SiteError, match="^01_ingestion.html: no heading of the first level"):
        build_site(executed | {"01_ingestion": wrong}, world, tmp_path / "site", PROVENANCE, jobs=jobs)
    folder = write_world(tmp_path / "processed")
    (folder / "pooled.parquet").write_bytes(b"no table")
    with pytest.raises(TableError, match="not a readable Parquet file"):
        build_site(executed, folder, tmp_path / "site", PROVENANCE, jobs=jobs)
    assert not (tmp_path / "site").exists()


def test_a_draft_is_taken_only_where_its_questions_have_the_same_answers(tmp_path, world, executed, site):
    """A page whose anchors turn out to be elsewhere is linked again, from the body without links."""
    early = tmp_path / "early.json"
    write_early(before_the_last(executed), world, early, PROVENANCE | {"tables": FIRST})
    kept = json.loads(early.read_text())
    for piece in kept.values():
        if piece["page"]:
            piece["page"]["draft"] |= {"asked": {"somewhere": "else.html"}, "body": "<p>wrong</p>"}
    early.write_text(json.dumps(kept))
    build_site(executed, world, tmp_path / "site", PROVENANCE, early=early, jobs=2)
    assert contents(tmp_path / "site") == site
    kept["code.html"]["page"]["draft"]["asked"] = {}
    early.write_text(json.dumps(kept))
    build_site(executed, world, tmp_path / "site", PROVENANCE, early=early)
    changed = contents(tmp_path / "site")
    assert [name for name in site if changed[name] != site[name]] == ["code.html"]


def test_what_may_not_be_published_is_found_beforehand(tmp_path, world, executed):
    """A page is checked whole when it is drafted."""
    outputs = [new_output("stream", name="stdout", text="write to some.one@example.org")]
    wrong = write_notebook(tmp_path / "01_ingestion.ipynb", outputs)
    with pytest.raises(SiteError, match="^01_ingestion.html: 1 e-mail address"):
        write_early({"01_ingestion": wrong}, world, tmp_path / "early.json", PROVENANCE | {"tables": FIRST})
    assert not (tmp_path / "early.json").exists()
