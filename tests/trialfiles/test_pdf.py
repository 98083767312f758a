"""Articles as PDF: the print of a made-up article, and files that are refused."""

import struct
import zlib
from pathlib import Path

import pytest

from helpers.sheets.read import read_sheet
from helpers.sheets.write import add_source
from helpers.verification import verify_locators
from trialfiles import SourceError, page_image, pdf_pages, read_source
from trialfiles.pdf_articles import read_pdf

PRINTED = Path(__file__).with_name("article.pdf")  # the print of article.html
WORDS = b"BT /F %f Tf 50 %d Td (%s) Tj ET\n"


@pytest.fixture(scope="module")
def article():
    (read,) = read_pdf(PRINTED)
    return read


def test_what_the_article_is(article):
    title = "Topical exosomes for thinning hair: a randomised, double-blind, placebo-controlled trial"
    assert (article.title, article.year, article.doi) == (title, "2023", "10.5555/made.2023.12")
    assert article.authors == ["Mörk, Ada", "Lund, Bo"]
    titles = [title for title, *_ in article.sections if "Abstract" not in title]
    assert titles == ["Introduction", "Methods", "Results", "Table 1", "Table 2", "Discussion"]
    assert article.abstract.startswith(
        "Background: Efficacy of topical exosomes is not known. Methods: Sixty"
    )


def test_columns_hyphens_ligatures_and_signs(article):
    lines = [line for line in article.text.replace("\f", "").split("\n") if line]
    assert "never been shown in a sufficiently large trial.¹,²" in lines[lines.index("Introduction") + 1]
    methods = lines[lines.index("Methods") + 1]
    assert "assigned in a 1:1 ratio to topical exosomes or to saline; computer-generated" in methods
    assert "who had been trained for the purpose. Fifty-seven" in lines[lines.index("Methods") + 2]
    assert "changed by −1.3 hairs/cm² (SD 9.8)" in article.text
    assert "Made-up Journal" not in article.text and "13" not in lines  # running heads and page numbers
    assert [part.count("Table 2.") for part in article.text.split("\f")] == [0, 1]  # its page is told


def test_tables_are_grids_with_places(article):
    ruled, boxed = article.tables
    assert [row.texts for row in ruled.rows[:3]] == [
        ["Outcome", *["Exosomes (n = 29)"] * 2, *["Saline (n = 28)"] * 2],
        ["", "Baseline", "Week 24", "Baseline", "Week 24"],
        ["Hair density, hairs/cm²", "118.2 (21.4)", "136.6 (22.0)", "120.5 (19.7)", "119.2 (20.3)"],
    ]
    assert [row.head for row in ruled.rows] == [True, True, False, False, False]
    assert ruled.caption == "Hair at baseline and at 24 weeks, mean (SD)"
    assert ruled.foot == "SD, standard deviation."
    assert [row.texts for row in boxed.rows][2] == ["PGAIS improved", "19 (65.5)", "10 (35.7)"]
    for row in (*ruled.rows, *boxed.rows):
        assert all(article.text.startswith(cell.text, cell.start) for cell in row.cells)
    figures = {
        (row["value"], row["sd"], row["arm_id"], row["timepoint_printed"], row["unit"])
        for row in read_source(PRINTED).quantities
    }
    assert (136.6, 22.0, "exosomes", "Week 24", "hairs/cm²") in figures


def test_a_sheet_of_proposals_with_the_text_beside_the_pdf(tmp_path):
    kept, text, sheet = add_source(PRINTED, tmp_path)
    assert [kept.name, text.name, sheet.name] == ["mork2023.pdf", "mork2023.txt", "mork2023.yaml"]
    assert kept.read_bytes() == PRINTED.read_bytes()
    assert len(read_sheet(sheet).source.pdf_sha256) == 64
    assert verify_locators(tmp_path).problems == []
    with pytest.raises(SourceError, match="is there already, of this article"):
        add_source(PRINTED, tmp_path)


def test_a_picture_of_a_page():
    assert page_image(PRINTED, 2).startswith(b"\x89PNG")


def test_a_picture_of_a_page_that_is_not_there_of_one_that_is_vast_and_of_none(tmp_path):
    file = tmp_path / "one.pdf"
    for content, page, words in ((pdf(), 2, "none is number 2"), (b"%PDF-1.4", 1, "no whole PDF")):
        file.write_bytes(content)
        with pytest.raises(SourceError, match=words):
            page_image(file, page)
    file.write_bytes(pdf().replace(b"[0 0 600 800]", b"[0 0 14000 9]"))
    width, height = struct.unpack(">II", page_image(file, 1)[16:24])
    assert width == pdf_pages.MOST_DOTS and height < 10


def pdf(content: bytes = WORDS % (9, 700, b"words " * 40), pages: int = 1, more: bytes = b"") -> bytes:
    """Return the smallest PDF with such a page, so many times."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b"3 0 R " * pages),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"".join(b"%d 0 obj%s\nendobj\n" % (number, one) for number, one in enumerate(objects, start=1))
    return b"%%PDF-1.4\n%strailer<</Size 6/Root 1 0 R%s>>\n%%%%EOF" % (body, more)


CROWDED = [WORDS % (0.1, 20 * at, b"x" * 4000) for at in range(11)]
LOCKED = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<00><00>]" % (b"41" * 32, b"42" * 32)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n%", "no whole PDF. Remedy: download it again"),
        (PRINTED.read_bytes()[:20_000], "no whole PDF|no text"),
        (pdf(pages=0), "no whole PDF|no pages"),
        (pdf(pages=201), "201 pages, more than 200. Remedy: give the article alone"),
        (pdf(b"0 0 m 500 0 l S"), r"\(a scan\). Remedy: recognise its text first"),
        (pdf(more=LOCKED), "locked with a password. Remedy: open it and save a copy without"),
        (pdf(b"q Q " * 1_000_000), "a scan"),
        (pdf(b"".join(CROWDED)), "page 1 holds more than a page of an article can"),
    ],
)
def test_a_pdf_is_refused_with_its_remedy(tmp_path, data, words):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=words):
        read_source(path)


def test_a_page_that_takes_for_ever_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_pages, "LONGEST_READING", 1)
    (tmp_path / "bomb.pdf").write_bytes(pdf(b"0 0 m 9 9 l S " * 2_000_000))
    with pytest.raises(SourceError, match="a page takes more than 1 seconds"):
        pdf_pages.read_pages(tmp_path / "bomb.pdf")
    with pytest.raises(SourceError, match="a page takes more than 1 seconds"):
        page_image(tmp_path / "bomb.pdf", 1)
