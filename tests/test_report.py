"""The whole report on the real sources: what it says, and that files alone decide what is in it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from page_links import broken_links

from helpers.tables import TABLES, read_table
from notebookpress.tables import records, split_ids

CORE = ["IRCT20160427027636N8", "NCT06932393", "chan2025", "lepekhova2025", "wan2025"]
PUBLISHED = ["amini2025", "ersan2024", "imcas2025", "koumprentziotis2025", "lee2024", "park2022", "preprint5252508",
             "preprint6938290"]  # fmt: skip
STUDIES = sorted(CORE + PUBLISHED)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}")
PHONE = re.compile(
    r"\+\d{1,3}[ -]?\d[\d -]{6,}\d|(?<![\d.])09\d{9}\b"
)  # digits behind a decimal point are none


def notebooks_run(said: str) -> set[str]:
    """Return the notebooks that a run names as done, a study's with its study."""
    return set(re.findall(r"^\[ *\d+/\d+\] (\d\d_\S+(?: \S+)?) … [\d.]+ s$", said, re.MULTILINE))


def state(folder: Path) -> dict[str, tuple[str, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in files
    }


def tables(project) -> dict:
    return {name: read_table(name, project.processed) for name in TABLES}


def test_every_table_is_there_and_keeps_its_schema(made):
    assert sorted(path.stem for path in made.processed.glob("*.parquet")) == sorted(TABLES)
    assert list(tables(made)["studies"]["study_id"]) == STUDIES


def test_every_named_figure_exists(made):
    every = tables(made)
    known = set(every["quantities"]["quantity_id"])
    for name, frame in every.items():
        if "quantity_ids" in frame:
            named = {item for row in records(frame) for item in split_ids(row["quantity_ids"])}
            assert named <= known, name


def test_no_meta_analysis_is_possible_and_the_pages_say_so(made):
    pooled = read_table("pooled", made.processed)
    core = pooled[pooled["evidence"] == "core"]
    assert len(core) and not core["pooled"].any()
    beyond = pooled[pooled["pooled"].astype(bool)]  # other studies: only under an assumption that is named
    assert (beyond["evidence"] == "published").all() and beyond["assumption"].notna().all()
    assert "as printed" not in set(beyond["scenario"])
    for page in ("index.html", "05_pooled_effect.html"):
        assert "No meta-analysis is possible" in (made.reports / page).read_text(encoding="utf-8")


def test_the_single_study_estimate_is_the_hand_calculation(made):
    effects = read_table("effects", made.processed)
    [row] = records(effects[(effects["study_id"] == "wan2025") & (effects["site"] == "frontal and vertex")])
    # 35 with SD 6.5 and sixteen people: 2.13145 is Student's t at 0.975 with 15 degrees of freedom
    assert row["effect"] == 35 and abs(row["se"] - 6.5 / 4) < 1e-12
    assert abs(row["ci_lower"] - (35 - 2.131449546 * 1.625)) < 1e-6
    assert row["finding_ids"]


def test_a_second_run_is_quick_and_changes_no_file(project):
    before = state(project.reports) | state(project.processed)
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    assert re.search(r"^0 run, ", result.stdout, re.MULTILINE), result.stdout
    assert state(project.reports) | state(project.processed) == before


def test_a_remark_in_a_sheet_reruns_its_study_and_nothing_that_follows(project):
    sheet = project.root / "data" / "raw" / "studies" / "chan2025.yaml"
    sheet.write_text(sheet.read_text() + "# read once more\n")
    ran = project.evidence("run")
    assert ran.returncode == 0, ran.stderr
    assert notebooks_run(ran.stderr) == {"01_ingestion", "03_study_evidence chan2025"}
    assert "the first pages" not in ran.stderr  # no table that they show differs


def test_another_citation_in_a_sheet_reruns_what_follows_and_no_other_study(project):
    sheet = project.root / "data" / "raw" / "studies" / "wan2025.yaml"
    sheet.write_text(sheet.read_text().replace("A Prospective Study of", "A Study of", 1))
    ran = project.evidence("run")
    assert ran.returncode == 0, ran.stderr
    follows = {"04_outcome_comparison", "05_pooled_effect"}  # they show citations; 02 reads none
    assert notebooks_run(ran.stderr) == {"01_ingestion", "03_study_evidence wan2025"} | follows


def test_one_page_a_notebook_run_and_the_index_links_them(made):
    index = (made.reports / "index.html").read_text(encoding="utf-8")
    pages = {path.name for path in made.reports.glob("*.html")}
    for study in STUDIES:
        assert f"study-{study}.html" in pages
    for page in pages - {"index.html"}:
        assert f'href="{page}"' in index or page.startswith("printed-"), page


def test_links_and_anchors_lead_somewhere(made):
    assert broken_links(sorted(made.reports.glob("*.html"))) == []


def test_no_page_asks_another_host_for_anything(made):
    loading = re.compile(
        r"<(?:script|img|link|iframe|source|video|audio|object|embed)[^>]+(?:src|href|data)=[\"']https?:",
        re.I,
    )
    for path in made.reports.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not loading.search(text) and "@import" not in text and "url(http" not in text, path.name


def test_nothing_made_holds_a_contact_detail(made):
    for path in [*made.reports.rglob("*.html"), *made.reports.rglob("*.csv"), *made.reports.rglob("*.json")]:
        text = path.read_text(encoding="utf-8")
        assert not EMAIL.search(text) and not PHONE.search(text), path.name
    for name, frame in tables(made).items():
        text = frame.to_csv()
        assert not EMAIL.search(text) and not PHONE.search(text), name


def test_manifest_names_every_output_with_its_hash(made):
    text = (made.reports / "manifest.json").read_text(encoding="utf-8")
    assert str(made.root) not in text
    assert json.loads(text)
    result = made.evidence("verify")
    assert result.returncode == 0, result.stdout + result.stderr
    page = made.reports / "index.html"
    assert hashlib.sha256(page.read_bytes()).hexdigest() in text


def test_a_damaged_page_is_named_by_verify(project):
    (project.reports / "data.html").write_text("something else", encoding="utf-8")
    result = project.evidence("verify")
    assert result.returncode == 1 and "data.html" in result.stdout + result.stderr


@pytest.mark.parametrize("study", ["NCT06932393", "wan2025"])  # every one is deleted in tests/sheets
def test_a_deleted_sheet_leaves_one_study_fewer(project, study: str):
    (project.root / "data" / "raw" / "studies" / f"{study}.yaml").unlink()
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    left = [name for name in STUDIES if name != study]
    every = tables(project)
    assert list(every["studies"]["study_id"]) == left
    for name in ("findings", "effects", "risk_of_bias", "checks", "results"):
        assert study not in set(every[name]["study_id"])
    assert not (project.reports / f"study-{study}.html").exists()
    assert all((project.reports / f"study-{name}.html").exists() for name in left)


def test_a_new_sheet_is_one_study_more(project):
    assert project.evidence("new", "smith2027").returncode == 0
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    assert "smith2027" in set(read_table("studies", project.processed)["study_id"])
    assert (project.reports / "study-smith2027.html").exists()
    assert "smith2027" in (project.reports / "index.html").read_text(encoding="utf-8")


def randomised_sheet(study_id: str, difference: float) -> str:
    """Return the sheet of a made-up randomised study of hair density with means and SDs."""
    figures = {"n_treated": 30, "n_control": 30, "mean_treated": 10 + difference, "sd_treated": 9, "mean_control": 10,
               "sd_control": 8}  # fmt: skip
    quantities = [
        {"id": name, "printed": f"{value:g}", "value": value, "unit": "participants" if name[0] == "n" else "hairs/cm2",
         "kind": "n" if name[0] == "n" else "value", "role": "result",
         "concept": "sample_size" if name[0] == "n" else "hair_density"}
        for name, value in figures.items()
    ]  # fmt: skip
    results = [
        {"arm": arm, "concept": "hair_density", "time": "24 weeks", "kind": "change", "mean": f"mean_{arm}",
         "sd": f"sd_{arm}", "n": f"n_{arm}"}
        for arm in ("treated", "control")
    ]  # fmt: skip
    return yaml.safe_dump({
        "study_sheet": 1,
        "study_id": study_id,
        "source": {"source_id": study_id, "tier": "core", "format": "article", "has_results": True},
        "extraction": {"readers": 1, "date": "2026-01-01"},
        "study": {"title": f"Made up for a test: {study_id}", "allocation": "randomised", "comparison": "parallel"},
        "arms": [{"arm_id": "treated", "role": "exosome"}, {"arm_id": "control", "role": "placebo"}],
        "quantities": quantities,
        "results": results,
    })  # fmt: skip


def test_pooling_appears_by_itself_when_two_randomised_studies_are_added(project):
    for study_id, difference in (("made1", 12.0), ("made2", 16.0)):
        path = project.root / "data" / "raw" / "studies" / f"{study_id}.yaml"
        path.write_text(randomised_sheet(study_id, difference), encoding="utf-8")
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    pooled = read_table("pooled", project.processed)
    fits = pooled[pooled["pooled"] & (pooled["evidence"] == "core")]
    row, bayes = records(fits)
    assert (row["model"], bayes["model"]) == ("random effects", "Bayesian random effects")
    assert (row["concept"], row["estimand"], row["k"]) == ("hair_density", "between_group", 2)
    assert row["unit"] == "hairs/cm2"
    assert abs(row["estimate"] - 14) < 1e-9  # equal precision: the mean of the two differences
    members = read_table("pool_members", project.processed)
    own = members[members["pooled_id"] == row["pooled_id"]]
    assert set(own["study_id"]) == {"made1", "made2"} and abs(own["weight"].sum() - 1) < 1e-9
    sure = read_table("certainty", project.processed)
    [graded] = records(sure[(sure["concept"] == "hair_density") & (sure["evidence"] == "core")])
    assert {"made1", "made2"} <= set(graded["studies"].split(";")) and "I²" in graded["reasons"]
    summary = read_table("summary_of_findings", project.processed)
    [found] = records(summary[summary["summary_id"] == "core.hair_density"])
    assert (found["basis"], found["estimand"]) == ("pooled", "between_group")
    assert "No meta-analysis is possible" not in (project.reports / "index.html").read_text(encoding="utf-8")


def test_an_impossible_figure_is_a_finding_of_the_next_report_and_splits_the_pool(project):
    for study_id, difference in (("made1", 12.0), ("made2", 16.0), ("made3", 14.0)):
        text = randomised_sheet(study_id, difference)
        if study_id == "made1":  # thirty people an arm, and a group of thirty reported for a trial of twenty
            text = text.replace("printed: '30'\n", "printed: '20'\n", 1).replace(
                "value: 30\n", "value: 20\n", 1
            )
            text = text.replace("comparison: parallel", "comparison: parallel\n  n_enrolled: n_treated")
        path = project.root / "data" / "raw" / "studies" / f"{study_id}.yaml"
        path.write_text(text, encoding="utf-8")
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    findings = read_table("findings", project.processed)
    (row,) = records(findings[(findings["study_id"] == "made1") & (findings["severity"] == "certain")])
    assert (row["check"], row["arithmetic"], row["concepts"]) == ("totals", "30 > 20", "hair_density")
    pooled = read_table("pooled", project.processed)
    fits = pooled[pooled["pooled"] & (pooled["evidence"] == "core") & (pooled["model"] == "random effects")]
    told = {row["without_certain_findings"]: (row["k"], row["estimate"]) for row in records(fits)}
    assert told[False][0] == 3 and told[True][0] == 2 and abs(told[True][1] - 15) < 1e-9
    page = (project.reports / "study-made1.html").read_text(encoding="utf-8")
    assert "30 &gt; 20" in page and "more people than were enrolled" in page


def test_another_raw_folder_is_read_without_touching_anything(project, tmp_path: Path):
    other = tmp_path / "other"
    (other / "studies").mkdir(parents=True)
    shutil.copy(project.root / "data" / "raw" / "studies" / "chan2025.yaml", other / "studies")
    result = project.evidence("run", "--raw", str(other), "--out", str(tmp_path / "out"))
    assert result.returncode == 0, result.stderr
    assert list(read_table("studies", tmp_path / "out" / "data" / "processed")["study_id"]) == ["chan2025"]


def test_a_broken_sheet_stops_the_run_with_every_problem_and_nothing_written(project):
    sheet = project.root / "data" / "raw" / "studies" / "wan2025.yaml"
    text = sheet.read_text(encoding="utf-8")
    text = text.replace('printed: "87%", value: 87', 'printed: "187%", value: 187', 1).replace(
        "sex: male", "sexx: male", 1
    )
    sheet.write_text(text, encoding="utf-8")
    before = state(project.reports) | state(project.processed)
    result = project.evidence("run")
    said = result.stdout + result.stderr
    assert result.returncode == 1 and "Traceback" not in said
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "sexx" in line)
    assert re.search(rf"wan2025\.yaml:{number}: study\.sexx: unknown field.*did you mean 'sex'", said)
    assert "a percent of 187" in said
    assert state(project.reports) | state(project.processed) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p", "evidenec=core"], "did you mean"),
        (["-p", "level=wide"], "level"),
        (["-p", "level=1.5"], "level"),
        (["-p", "tau2_method=XX"], "tau2_method"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_starts(project, arguments: list[str], words: str):
    before = state(project.reports)
    result = project.evidence("run", *arguments)
    assert result.returncode == 2 and words in result.stderr and "Traceback" not in result.stderr
    assert state(project.reports) == before


def spoil(project, name: str, line: str) -> None:
    import nbformat

    path = project.root / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = [cell for cell in notebook.cells if cell.cell_type == "code"][1]
    cell.source = f"{line}\n{cell.source}"
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    "line", ["raise RuntimeError('spoilt')", "import sys; sys.exit(0)", "import os; os.kill(os.getpid(), 9)"]
)
def test_a_spoilt_notebook_is_named_and_the_earlier_report_stays(project, line: str):
    before = state(project.reports) | state(project.processed)
    spoil(project, "04_outcome_comparison", line)
    result = project.evidence("run")
    said = result.stdout + result.stderr
    assert result.returncode == 1 and "Traceback" not in said
    assert "04_outcome_comparison" in said and line.split(";")[0] in said
    assert state(project.reports) | state(project.processed) == before
    assert list(project.root.rglob("04_outcome_comparison.failed.ipynb"))
