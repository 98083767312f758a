"""Articles: the tables of two open articles agree cell by cell; what is found is proposed, never used."""

import re

import pytest
from case_files import cases_of
from review_readers import read_source

from helpers.sheets.raw import check_raw, read_raw
from helpers.sheets.read import read_sheet
from helpers.sheets.write import add_source
from helpers.tables import validate
from helpers.verification import verify_locators
from trialfiles.article_tables import WIDEST, statistic_of, values_in
from trialfiles.articles import read_jats

CASES = cases_of(__file__)


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "samples" / "articles"


@pytest.fixture(scope="module")
def hair(folder):
    return read_source(folder / "PMC4389977.nxml")


@pytest.fixture(scope="module")
def wound(folder):
    return read_source(folder / "PMC4796446.nxml")


def figures(record, **wanted):
    return [row for row in record.quantities if all(row[name] == value for name, value in wanted.items())]


def mean_sd(rows):
    return [(row["value"], row["sd"]) for row in rows if row["kind"] == "mean_sd"]


@pytest.mark.parametrize("name", ["PMC4389977.nxml", "PMC4796446.nxml"])
def test_every_cell_stands_in_its_grid_in_order(folder, name):
    """The cells as a plain search of the file finds them, without any grid."""
    raw = (folder / name).read_text()
    (article,) = read_jats(folder / name)
    wraps = re.findall(r"<table-wrap .*?</table-wrap>", raw, re.DOTALL)
    assert len(wraps) == len(article.tables)
    for wrap, grid in zip(wraps, article.tables, strict=True):
        printed = re.findall(r"<t[dh][^>]*?(?:/>|>(.*?)</t[dh]>)", wrap, re.DOTALL)
        printed = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", cell)).strip() for cell in printed]
        printed = [re.sub(r"&#x0*([0-9a-f]+);", lambda m: chr(int(m[1], 16)), cell) for cell in printed]
        cells = {id(cell): cell.text for row in grid.rows for cell in row.cells}
        assert [text for text in cells.values() if text] == [text for text in printed if text]
        for row in grid.rows:
            for cell in row.cells:
                assert not cell.text or article.text.startswith(cell.text, cell.start)


def test_a_table_stacked_below_another_is_the_other_groups(hair):
    for arm in ("mps", "placebo"):
        table = CASES[arm]
        for time, place in (("Baseline", 1), ("Day 90", 2)):
            rows = figures(hair, section="Table 1", arm_id=arm, timepoint_printed=time)
            assert mean_sd(rows) == [tuple(line[place]) for line in table]
            assert [row["note"].split(";")[0] for row in rows] == [line[0] for line in table]
    p_values = [row["value"] for row in figures(hair, section="Table 1", kind="p_value")]
    assert p_values == [0.0001, 0.0001, 0.002]  # the others are printed as NS
    assert [(arm["arm_id"], arm["role"], arm["n"]) for arm in hair.arms] == [
        ("mps", "active", 30), ("placebo", "placebo", 30),
    ]  # fmt: skip


def test_headers_over_several_columns(hair):
    for arm, place in (("mps", 0), ("placebo", 1)):
        rows = figures(hair, section="Table 2", arm_id=arm)
        assert mean_sd(rows) == [tuple(line[place]) for line in CASES["rated"]]
        assert {row["timepoint_printed"] for row in rows} == {"Day 90"}
    third = figures(hair, section="Table 3")
    assert len([row for row in third if row["kind"] == "mean_sd"]) == 15 * 4
    first = {(row["arm_id"], row["timepoint_printed"]): (row["value"], row["sd"]) for row in third[:6]}
    assert first["mps", "Baseline"] == (2.70, 0.84)  # printed "2.70 ( 0.84)"
    assert first["mps", "Day 90"] == (2.13, 0.82)
    assert first["placebo", "Baseline"] == (2.73, 1.02)
    assert first["placebo", "Day 90"] == (2.47, 0.92)


def test_values_that_belie_their_header(wound):
    rows = figures(wound, section="Table 1")
    for measure, (aloe, control, p_value) in CASES["wound"].items():
        own = [row for row in rows if row["note"] == measure]
        assert mean_sd(own) == [tuple(aloe), tuple(control)]
        assert [row["value"] for row in own if row["kind"] == "p_value"] == [p_value]
        assert [row["arm_id"] for row in own] == ["aloe_vera", "control", None]


def test_counts_with_their_percent(wound):
    rows = figures(wound, section="Table 2")
    shares = [(row["kind"], row["value"]) for row in rows if row["kind"] != "p_value"]
    assert shares[:8] == [
        ("count", 31), ("percent", 68.9), ("count", 29), ("percent", 64.4),
        ("count", 19), ("percent", 42.2), ("count", 24), ("percent", 55.8),
    ]  # fmt: skip
    scored = figures(wound, section="Table 4")
    last = [row for row in scored if row["note"].startswith("0 REEDA score 8 days")]
    assert [(row["value"], row["timepoint_printed"]) for row in last[:4]] == [
        (42, "8 days"), (93.33, "8 days"), (41, "8 days"), (91.11, "8 days"),
    ]  # fmt: skip
    assert mean_sd(figures(wound, section="Table 3")) == [(0, 0), (0.6, 1.3), (0.11, 0.49), (0.29, 0.99)]


def test_what_an_article_is_and_that_nothing_of_it_is_a_result(hair, wound):
    (source,) = hair.sources
    assert (source["source_id"], source["doi"]) == ("ablon2015", "10.1155/2015/841570")
    assert source["licence"] == "licenses/by/3.0"
    assert "3.2. Primary Endpoints" in [section["title"] for section in hair.sections]
    assert wound.sources[0]["doi"] == "10.5539/gjhs.v7n1p203"
    for record in (hair, wound):
        assert record.results == record.adverse_events == []
        for name in ("sources", "studies", "arms", "quantities"):
            validate(name, getattr(record, name))


@pytest.fixture
def added(folder, tmp_path):
    raw = tmp_path / "raw"
    document, sheet = add_source(folder / "PMC4389977.nxml", raw)
    return raw, document, sheet


def test_a_proposed_sheet_validates_and_every_place_is_right(added):
    raw, document, sheet = added
    assert (document.name, sheet.name) == ("ablon2015.txt", "ablon2015.yaml")
    assert check_raw(raw) == []
    check = verify_locators(raw)
    assert check.problems == []
    found = read_sheet(sheet)
    assert len([quantity for quantity in found.quantities if quantity.id.startswith("t")]) == 136
    for quantity in found.quantities:
        start, end = quantity.at.chars
        assert document.read_text()[start:end] == quantity.printed
    assert {quantity.state for quantity in found.quantities} == {"proposed"}
    assert {result.state for result in found.results} == {"proposed"}
    assert len(found.results) == 16 + 26 + 60


def test_only_what_a_person_confirms_is_used(added):
    raw, _, sheet = added
    record = read_raw(raw).record
    assert record.results == record.quantities == []
    text = sheet.read_text()
    at = text.index("\nresults:")
    first = text.index("state: proposed", at)
    sheet.write_text(text[:first] + "state: confirmed" + text[first + len("state: proposed") :])
    record = read_raw(raw).record
    (row,) = record.results
    assert (row["mean"], row["sd"], row["n"], row["timepoint_printed"]) == (178.3, 7.8, 30, "Baseline")
    assert [figure["printed"] for figure in record.quantities] == ["178.3 (7.8)", "30"]
    validate("reported_results", record.results)


def test_plain_articles_have_sections_and_proposals(shared, tmp_path):
    for name in ("chan2025_case_report", "lepekhova2025_case_series", "wan2025_prospective"):
        path = shared / "documents" / f"{name}.txt"
        titles = {section["title"].lower() for section in read_source(path).sections}
        assert "abstract" in titles
        _, sheet = add_source(path, tmp_path / name)
        assert len(read_sheet(sheet).quantities) > 4
        assert verify_locators(tmp_path / name).problems == []


@pytest.mark.parametrize(("text", "words", "expected"), CASES["cells"])
def test_what_a_cell_says(text, words, expected):
    found = values_in(text, statistic_of(words))
    said = [[value.kind, value.value, value.sd] for value in found]
    assert said == [(one + [None])[:3] for one in expected]
    for value in found:
        assert text.startswith(value.printed, value.start)


def test_a_span_of_millions_is_cut(tmp_path):
    path = tmp_path / "a.xml"
    table = '<table><tr><td colspan="99999" rowspan="99999">x</td></tr><tr><td>1</td></tr></table>'
    path.write_text(
        "<article><front><article-meta><title-group><article-title>A title of it</article-title></title-group>"
        f"</article-meta></front><body><table-wrap>{table}</table-wrap></body></article>"
    )
    (article,) = read_jats(path)
    assert {len(row.cells) for row in article.tables[0].rows} == {WIDEST}
