"""The whole report on the real sources: what it says, and that files alone decide what is in it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from made_trials import randomised_trial
from page_links import broken_links

from helpers.tables import TABLES, read_table
from notebookpress.tables import records, split_ids

CORE = ["IRCT20160427027636N8", "NCT06932393", "chan2025", "lepekhova2025", "wan2025"]
PUBLISHED = ["amini2025", "ersan2024", "imcas2025", "koumprentziotis2025", "lee2024", "park2022", "preprint5252508",
             "preprint6938290"]  # fmt: skip
STUDIES = sorted(CORE + PUBLISHED)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"\+\d{1,3}[ -]?\d[\d -]{6,}\d|(?<![\d.])09\d{9}\b")  # behind a decimal point is none


def notebooks_run(said: str) -> set[str]:
    """Return the notebooks that a run names as done, a study's with its study."""
    return set(re.findall(r"^\[ *\d+/\d+\] (\d\d_\S+(?: \S+)?) … [\d.]+ s$", said, re.MULTILINE))


def made_files(project) -> dict[Path, tuple[bytes, int]]:
    files = [
        path
        for folder in (project.reports, project.processed)
        for path in folder.rglob("*")
        if path.is_file()
    ]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


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
    beyond = pooled[pooled["pooled"].astype(bool)]  # licensed drugs, with an SD imputed that is named
    assert (beyond["evidence"] == "context").all() and beyond["assumption"].notna().all()
    assert "as printed" not in set(beyond["scenario"])
    for page in ("index.html", "05_pooled_effect.html"):
        assert "No meta-analysis is possible" in (made.reports / page).read_text(encoding="utf-8")


def test_the_single_study_estimate_is_the_hand_calculation(made):
    effects = read_table("effects", made.processed)
    own = effects[(effects["study_id"] == "wan2025") & effects["effect"].notna()]
    [row] = records(own[own["site"] == "frontal and vertex"])
    # 35 with SD 6.5 and sixteen people: 2.13145 is Student's t at 0.975 with 15 degrees of freedom
    assert row["effect"] == 35 and abs(row["se"] - 6.5 / 4) < 1e-12
    assert abs(row["ci_lower"] - (35 - 2.131449546 * 1.625)) < 1e-6
    assert row["discrepancy_ids"]


def test_a_second_run_is_quick_and_changes_no_file(project):
    before = made_files(project)
    result = project.evidence("run")
    assert result.returncode == 0, result.stderr
    assert re.search(r"^0 run, ", result.stdout, re.MULTILINE), result.stdout
    assert made_files(project) == before


def test_a_remark_in_a_sheet_reruns_its_study_and_nothing_that_follows(three):
    sheet = three.raw / "studies" / "lepekhova2025.yaml"
    sheet.write_text(sheet.read_text() + "# read once more\n")
    ran = three.evidence("run")
    assert ran.returncode == 0, ran.stderr
    assert notebooks_run(ran.stderr) == {"01_ingestion", "03_study_evidence lepekhova2025"}


@pytest.mark.slow
def test_another_citation_in_a_sheet_reruns_what_follows_and_no_other_study(three):
    sheet = three.raw / "studies" / "wan2025.yaml"
    sheet.write_text(sheet.read_text().replace("A Prospective Study of", "A Study of", 1))
    ran = three.evidence("run")
    assert ran.returncode == 0, ran.stderr
    follows = {
        "02_cleaning",
        "04_outcome_comparison",
        "05_pooled_effect",
    }  # they name studies after citations
    assert notebooks_run(ran.stderr) == {"01_ingestion", "03_study_evidence wan2025"} | follows


def test_one_page_a_notebook_run_and_the_index_links_them(made):
    index = (made.reports / "index.html").read_text(encoding="utf-8")
    pages = {path.name for path in made.reports.glob("*.html")}
    for study in STUDIES:
        assert f"study-{study}.html" in pages
    assert len(pages) == 7 + len(list(made.reports.glob("study-*.html")))
    for page in pages - {"index.html"}:
        assert f'href="{page}"' in index, page


def test_links_and_anchors_lead_somewhere(made):
    assert broken_links(sorted(made.reports.glob("*.html"))) == []


def test_no_page_asks_another_host_for_anything(made):
    tags = "script|img|link|iframe|source|video|audio|object|embed"
    loading = re.compile(rf"<(?:{tags})[^>]+(?:src|href|data)=[\"']https?:", re.I)
    for path in made.reports.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not loading.search(text) and "@import" not in text and "url(http" not in text, path.name


def test_nothing_made_holds_a_contact_detail(made):
    files = [path for path in made.reports.rglob("*") if path.suffix in (".html", ".csv", ".json")]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    texts |= {name: frame.to_csv() for name, frame in tables(made).items()}
    assert [name for name, text in texts.items() if EMAIL.search(text) or PHONE.search(text)] == []


def test_manifest_names_every_output_with_its_hash(made):
    manifest = json.loads((made.reports / "manifest.json").read_text(encoding="utf-8"))
    assert str(made.root) not in str(manifest)
    page = hashlib.sha256((made.reports / "index.html").read_bytes()).hexdigest()
    assert manifest["entity"]["reports/index.html"]["sha256"] == page
    result = made.evidence("verify")
    assert result.returncode == 0, result.stdout + result.stderr


# every one is deleted in tests/sheets
@pytest.mark.slow
@pytest.mark.parametrize("study", ["wan2025", "NCT06932393"])
def test_a_deleted_sheet_is_one_study_fewer_and_a_new_one_is_one_more(three, study: str):
    left = sorted({*tables(three)["studies"]["study_id"], "smith2027"} - {study})
    (three.raw / "studies" / f"{study}.yaml").unlink()
    assert three.evidence("new", "smith2027").returncode == 0
    result = three.evidence("run")
    assert result.returncode == 0, result.stderr
    every = tables(three)
    assert list(every["studies"]["study_id"]) == left
    for name in ("discrepancies", "effects", "risk_of_bias", "checks", "results"):
        assert study not in set(every[name]["study_id"])
    assert [path.stem.removeprefix("study-") for path in sorted(three.reports.glob("study-*.html"))] == left
    assert "smith2027" in (three.reports / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_impossible_figure_in_another_raw_folder_is_a_discrepancy_and_splits_the_pool(
    three, tmp_path: Path
):
    other, out = tmp_path / "other", tmp_path / "out"
    (other / "studies").mkdir(parents=True)
    trials = {f"made{number}": (mean, 9, 30) for number, mean in enumerate((22.0, 26.0, 24.0), start=1)}
    trials["made1"] = (22.0, 9, 20)  # a group of thirty is reported for a trial of twenty
    for study_id, treated in trials.items():
        sheet = randomised_trial(study_id, treated, (10.0, 8, 30))
        if study_id == "made1":
            sheet["study"]["n_enrolled"] = "n_treated"
        (other / "studies" / f"{study_id}.yaml").write_text(yaml.safe_dump(sheet), encoding="utf-8")
    before = made_files(three)
    result = three.evidence("run", "--raw", str(other), "--out", str(out))
    assert result.returncode == 0, result.stderr
    assert made_files(three) == before
    processed = out / "data" / "processed"
    assert list(read_table("studies", processed)["study_id"]) == ["made1", "made2", "made3"]
    discrepancies = read_table("discrepancies", processed)
    (row,) = records(discrepancies[(discrepancies["study_id"] == "made1") & discrepancies["certain"]])
    assert (row["check"], row["arithmetic"], row["concepts"]) == ("totals", "30 > 20", "hair_density")
    pooled = read_table("pooled", processed)
    fits = pooled[pooled["pooled"] & (pooled["evidence"] == "core") & (pooled["model"] == "random effects")]
    told = {row["without_certain_discrepancies"]: (row["k"], row["estimate"]) for row in records(fits)}
    assert told[False][0] == 3 and told[True][0] == 2 and abs(told[True][1] - 15) < 1e-9
    page = (out / "reports" / "study-made1.html").read_text(encoding="utf-8")
    assert "30 &gt; 20" in page and "more people than were enrolled" in page


def test_a_broken_sheet_stops_the_run_with_every_problem_and_nothing_written(three):
    sheet = three.raw / "studies" / "wan2025.yaml"
    text = sheet.read_text(encoding="utf-8").replace("sex: male", "sexx: male", 1)
    text = text.replace('printed: "87%", value: 87', 'printed: "187%", value: 187', 1)
    sheet.write_text(text, encoding="utf-8")
    before = made_files(three)
    result = three.evidence("run")
    said = result.stdout + result.stderr
    assert result.returncode == 1 and "Traceback" not in said
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "sexx" in line)
    assert re.search(rf"wan2025\.yaml:{number}: study\.sexx: unknown field.*did you mean 'sex'", said)
    assert "a percent of 187" in said
    assert made_files(three) == before


@pytest.mark.parametrize(
    ("argument", "words"),
    [("evidenec=core", "did you mean"), ("level=wide", "level"), ("level=1.5", "level"), ("tau2_method=XX", "tau2_method")],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_before_anything_starts(small, argument: str, words: str):
    before = made_files(small)
    result = small.evidence("run", "-p", argument)
    assert result.returncode == 2 and words in result.stderr and "Traceback" not in result.stderr
    assert made_files(small) == before


@pytest.mark.slow
def test_a_study_whose_notebook_fails_is_left_out_and_named(three):
    notebook = three.root / "notebooks" / "03_study_evidence.ipynb"
    content = json.loads(notebook.read_text())
    cell = next(cell for cell in content["cells"] if "StudyEvidence.from_tables" in "".join(cell["source"]))
    cell["source"] = ["assert study_id != 'wan2025', 'made to fail'\n", *cell["source"]]
    notebook.write_text(json.dumps(content))
    result = three.evidence("run")
    assert (result.returncode, "was made without wan2025" in result.stdout + result.stderr) == (1, True)
    page, index = ((three.reports / name).read_text() for name in ("study-wan2025.html", "index.html"))
    assert "made to fail" in page and "This report is not whole." in index
    assert three.evidence("verify").returncode == 0
    for name, frame in tables(three).items():
        if "study_id" in frame and TABLES[name].notebook > "03":
            assert "wan2025" not in set(frame["study_id"]), name
    assert not broken_links(sorted(three.reports.glob("*.html")))
