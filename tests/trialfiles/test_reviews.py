"""Reviews' data: RevMan in three forms agree with each other, go out again, and extraction tables come in."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
from case_files import cases_of
from review_readers import read_extraction, read_source, read_sources

from helpers.tables import validate
from trialfiles import SourceError, write_web_rows

CASES = cases_of(__file__)


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "samples" / "revman"


@pytest.mark.parametrize("name", ["Fleiss1993.rm5", "Fleiss1993_CR.csv", "revmanweb_data-rows.csv"])
def test_every_study_with_its_figures(folder, name):
    records = list(read_sources(folder / name))
    assert len(records) == 12
    counts, means = {}, {}
    for record in records:
        (effect,) = record.effects
        treated, control = record.results
        if effect["kind"] == "dichotomous":
            counts[effect["study"]] = (treated["count"], treated["n"], control["count"], control["n"])
        else:
            means[effect["study"]] = tuple(
                row[key] for row in (treated, control) for key in ("mean", "sd", "n")
            )
        for table in ("sources", "studies", "arms"):
            validate(table, getattr(record, table))
        validate("reported_results", record.results)
    assert counts == {study: tuple(row) for study, row in CASES["aspirin"].items()}
    assert means == {study: tuple(row) for study, row in CASES["care"].items()}


def test_effects_as_the_review_has_them(folder):
    records = read_sources(folder / "Fleiss1993.rm5")
    effects = {row["study"]: row for record in records for row in record.effects}
    row = effects["MRC-1"]
    assert (row["measure"], row["method"], row["model"], row["year"]) == ("OR", "MH", "fixed", "1974")
    assert row["effect"] == pytest.approx(0.7197141500975687)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((0.4889745274989256, 1.0593362817898602))
    assert effects["Davis"]["measure"] == "SMD"
    records = read_sources(folder / "revmanweb_data-rows.csv")
    web = {row["study"]: row for record in records for row in record.effects}
    assert web["MRC-1"]["kind_stated"] is True  # from the settings beside it
    assert web["MRC-1"]["measure"] == "Odds Ratio"
    pooled = read_source(folder / "revmanweb_overall-estimates-and-settings.csv").effects
    assert [(row["analysis"], row["effect_measure"]) for row in pooled] == [
        ("1.1", "Odds Ratio"), ("1.2", "Standardized Mean Difference"),
    ]  # fmt: skip
    assert read_source(folder / "revmanweb_subgroup-estimates.csv").effects == []


def test_the_kind_is_told_by_the_figures_where_the_settings_are_not_there(folder, tmp_path):
    shutil.copyfile(folder / "revmanweb_data-rows.csv", tmp_path / "rows.csv")
    kinds = [row["kind"] for record in read_sources(tmp_path / "rows.csv") for row in record.effects]
    assert kinds == ["dichotomous"] * 7 + ["continuous"] * 5


def test_out_to_revman_web_and_the_same(folder):
    source = (folder / "revmanweb_data-rows.csv").read_text(encoding="utf-8-sig")
    written = write_web_rows(read_sources(folder / "revmanweb_data-rows.csv"))
    assert written.startswith("\ufeff")
    ours, theirs = (list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")))) for text in (written, source))
    assert list(ours[0]) == list(theirs[0])
    for here, there in zip(ours, theirs, strict=True):
        for name, value in there.items():
            number = value.replace(".", "").isdigit()
            ours_too, theirs_too = (float(one) if number else one for one in (here[name], value))
            assert ours_too == (pytest.approx(theirs_too) if number else theirs_too), name


def test_a_revman_5_file_goes_out_to_revman_web(folder, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(write_web_rows(read_sources(folder / "Fleiss1993.rm5")))
    found = {row["study"]: row for record in read_sources(path) for row in record.effects}
    assert (found["ISIS-2"]["events_1"], found["ISIS-2"]["total_2"]) == (1570, 8600)
    assert (found["Hart"]["mean_1"], found["Hart"]["sd_2"]) == (12.5, 1.66)


def test_judgements_and_characteristics(folder):
    judged = list(read_sources(folder / "revmanweb_risk-of-bias.csv"))
    assert len(judged) == 12
    (row,) = judged[0].reader_judgements
    assert (row["domain"], row["judgement"]) == ("Allocation concealment?", "Not applicable")
    validate("reader_judgements", judged[0].reader_judgements)
    information = list(read_sources(folder / "revmanweb_study-information.csv"))
    assert [record.sources[0]["citation"] for record in information][:2] == ["AMIS 1980", "CDP 1976"]


def test_a_broken_cell_of_a_review_is_named(folder, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text((folder / "revmanweb_data-rows.csv").read_text().replace(",246,", ",24b,"))
    with pytest.raises(SourceError) as caught:
        list(read_sources(path))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (2, "Experimental cases")


EXTRACTION = Path(__file__).with_name("extraction.csv")
TABLE, MAPPING = EXTRACTION.read_text(), EXTRACTION.with_suffix(".mapping.yaml").read_text()


def test_an_extraction_table_with_its_mapping(tmp_path):
    path = tmp_path / "extraction.csv"
    path.write_text(TABLE)
    with pytest.raises(SourceError, match="mapping.yaml"):
        list(read_sources(path))
    smith, li = read_sources(EXTRACTION)  # with the mapping beside it
    assert (smith.studies[0]["study_id"], li.studies[0]["study_id"]) == ("smith-2020", "li-2021")
    first, second = smith.results
    assert (first["mean"], first["sd"], first["n"], first["concept"]) == (95.5, 10.2, 20, "hair_density")
    assert (first["timepoint_weeks"], first["unit"], first["kind"]) == (12, "hairs/cm2", "level")
    assert second["arm_id"] == "saline"
    assert [arm["role"] for arm in smith.arms] == ["exosome", "placebo"]
    assert (li.results[0]["kind"], li.results[0]["count"], li.results[0]["mean"]) == ("count", 12, None)
    for record in (smith, li):
        validate("reported_results", record.results)


def test_a_workbook_is_read_as_its_csv_is(tmp_path):
    book = openpyxl.Workbook()
    for line in TABLE.strip().split("\n"):
        book.active.append(
            [float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(";")]
        )
    book.save(tmp_path / "any.thing")
    (tmp_path / "any.mapping.yaml").write_text(MAPPING)
    sheet = [record.results for record in read_sources(tmp_path / "any.thing")]
    assert sheet == [record.results for record in read_sources(EXTRACTION)]


@pytest.mark.parametrize(("old", "new", "field", "line"), CASES["mistakes"])
def test_a_mistake_is_named_with_its_place(tmp_path, old, new, field, line):
    path = tmp_path / "t.csv"
    assert old in TABLE + MAPPING
    path.write_text(TABLE.replace(old, new))
    (tmp_path / "m.yaml").write_text(MAPPING.replace(old, new))
    with pytest.raises(SourceError) as caught:
        read_extraction(path, tmp_path / "m.yaml")
    assert (field, line) in [(problem.field, problem.line) for problem in caught.value.problems]


def test_the_logarithm_of_a_ratio_goes_out_with_its_standard_error():
    exported = write_web_rows([read_source(Path(__file__).with_name("review.rm5"))]).splitlines()
    names = exported[0].lstrip("\ufeff").split(",")
    row = dict(zip(names, exported[3].split(","), strict=True))
    assert (row["GIV Mean"], row["GIV SE"]) == ("-0.5", "0.2")


@pytest.mark.parametrize("number", ["1e999", "-1E999"])
def test_a_workbook_with_a_number_beyond_all_bounds_is_refused(tmp_path, number):
    """Infinity is a cell value that openpyxl makes of a number too large; it is no whole number."""
    book = openpyxl.Workbook()
    for row in (["study_id", "arm", "outcome", "mean"], ["one", "a", "Density", 12345]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(path, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, whole.read(name).replace(b"<v>12345</v>", f"<v>{number}</v>".encode()))
    with pytest.raises(SourceError, match="is no number"):
        read_extraction(path)
