"""The whole site: what its pages hold, what they must not, and that it is the same each time."""

import re

import pytest
from bs4 import BeautifulSoup
from made_world import shown, write_notebook, write_world
from nbformat.v4 import new_output

from helpers.display import say, show, show_figure
from helpers.figures.study import before_after
from helpers.site.build import build_site
from helpers.site.checks import CARDS, SCRIPT, STYLE, SiteError, check_page
from helpers.site.notebook import notebook_page
from helpers.site.page import POLICY, script, stylesheet
from helpers.tables import read_table
from notebookpress.tables import TableError

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
SCRIPTS = [{"src": CARDS, "defer": ""}, {"src": SCRIPT, "defer": ""}]
RUNS = (
    "01_ingestion",
    "02_cleaning",
    "03_study_evidence-made1",
    "03_study_evidence-made2",
    "05_pooled_effect",
)
PROVENANCE = {
    "version": "0.1.0",
    "code_sha256": "ab" * 32,
    "parameters": {"evidence": "core", "raw": "/home/somebody/data/raw"},
}


def outputs_of(world):
    """Return outputs as the notebooks have them: a table, a figure, a sentence."""
    frame = read_table("quantities", world)[["quantity_id", "printed"]].rename(
        columns={"quantity_id": "quantity_ids"}
    )
    figure = before_after([{"case": "Case 1", "before": 42, "after": 31.5}], title="Cases")
    return [
        *shown(show, frame, caption="Figures used"),
        *shown(show_figure, figure, label="cases"),
        *shown(say, "There are {{ n }} figures.", n=len(frame)),
        new_output("stream", name="stdout", text="3 rows <b>\n"),
    ]


def make(folder, world, **changes):
    """Build a site of a few runs; return its folder."""
    outputs = outputs_of(world)
    executed = {
        name: write_notebook(folder / "nb" / f"{name}.ipynb", outputs, f"# Run {name[:2]}") for name in RUNS
    }
    build_site(executed | changes, world, folder / "site", PROVENANCE)
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    world = write_world(folder / "processed", studies={"title": "=HYPERLINK(1)", "design": HOSTILE})
    return make(folder, world)


@pytest.fixture(scope="module")
def pages(site):
    return {
        path.name: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(site.glob("*.html"))
    }


def test_expected_files(site):
    names = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert {
        "index.html",
        "01_ingestion.html",
        "study-made1.html",
        "data.html",
        "data/quantities.csv",
        STYLE,
        SCRIPT,
    } <= names
    assert "figures/study-made1-cases.svg" in names


def test_no_page_asks_for_anything_but_its_own_files(site, pages):
    for name, page in pages.items():
        assert not page.find_all(["iframe", "object", "embed", "style"]), name
        assert [tag.attrs for tag in page.find_all("script")] == SCRIPTS, name
        assert [tag.attrs for tag in page.find_all("link")] == [{"rel": ["stylesheet"], "href": STYLE}], name
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert policy == POLICY and "unsafe" not in policy and "http" not in policy, name
        for tag in page.find_all("img"):
            assert re.fullmatch(r"figures/[\w.-]+\.svg", tag["src"]), name
        for tag in page.find_all(href=True):
            assert tag.name in ("a", "link"), name
    assert (site / STYLE).read_text("utf-8") == stylesheet(STYLE)
    assert (site / SCRIPT).read_text("utf-8") == script(SCRIPT)
    assert "url(" not in stylesheet(STYLE) and "@import" not in stylesheet(STYLE)
    assert len(stylesheet(STYLE).encode()) < 16_000


def test_structure_of_every_page(pages):
    for name, page in pages.items():
        assert page.html["lang"] == "en"
        assert page.title.get_text(strip=True)
        assert len(page.find_all("h1")) == 1, name
        levels = [int(tag.name[1]) for tag in page.find_all(re.compile(r"^h[1-6]$"))]
        assert levels[0] == 1
        assert all(two <= one + 1 for one, two in zip(levels, levels[1:], strict=False)), name
        assert all(image["alt"].strip() for image in page.find_all("img")), name
        assert page.find("a", class_="skip")["href"] == "#main"
        assert page.find("main", id="main")
        assert page.find("nav")
        for table in page.find_all("table"):
            assert table.find_parent(class_="scroll")["aria-label"]
            assert all(cell.get("scope") for cell in table.find_all("th")), name


def test_hostile_text_stays_text(site, pages):
    assert HOSTILE in pages["index.html"].get_text()
    assert not pages["index.html"].find("img", src="x")
    assert "'=HYPERLINK(1)" in (site / "data/studies.csv").read_text("utf-8")


def test_notebook_page_says_where_it_comes_from(pages):
    facts = pages["study-made1.html"].find("dl", class_="facts").get_text(" ", strip=True)
    assert "03_study_evidence.ipynb" in facts
    assert "evidence = all" in facts
    assert re.search(r"[0-9a-f]{64}", facts)
    assert pages["study-made1.html"].h1.get_text() == "made1"
    assert "/home/somebody" not in str(pages["study-made1.html"])
    assert "/home/somebody" not in str(pages["index.html"])


def test_code_is_folded_and_contents_listed(pages):
    page = pages["01_ingestion.html"]
    assert page.find("details", class_="code").summary.get_text().startswith("Code")
    contents = page.find("nav", class_="contents")
    assert [link.get_text() for link in contents.find_all("a")] == ["First section", "Second section"]
    assert "3 rows <b>" in page.find("pre", class_="output").get_text()


def test_pages_of_a_study_that_went_are_removed(tmp_path):
    world = write_world(tmp_path / "processed")
    folder = make(tmp_path, world)
    (folder / "manifest.json").write_text("{}")
    fewer = {"01_ingestion": tmp_path / "nb" / "01_ingestion.ipynb"}
    build_site(fewer, write_world(tmp_path / "less", 1), folder)
    assert not (folder / "study-made1.html").exists()
    assert (folder / "manifest.json").exists()


def html(text: str):
    return new_output("display_data", data={"text/html": text})


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (new_output("stream", name="stderr", text="FutureWarning: x"), r"01_ingestion.ipynb, cell 5.*stderr"),
        (new_output("error", ename="KeyError", evalue="'n'", traceback=[]), r"cell 5.*raised KeyError"),
        (new_output("display_data", data={"image/png": "aGk="}), r"cell 5.*alternative text"),
        (html('<img src="figures/a.png">'), "no alternative text"),
        (html("<script>1</script>"), "holds <script>"),
        (html('<script src="a.js"></script>'), "holds <script>"),
        (html('<link rel="stylesheet" href="a.css">'), "holds <link>"),
        (html('<img alt="a" src="https://a.org/b.png">'), "another host"),
        (html('<p onclick="x()">a</p>'), "run a script"),
    ],
)
def test_what_may_not_be_published_is_refused(tmp_path, output, message):
    """That nothing is then written of the whole site: below; contact details: test_guard."""
    bad = write_notebook(tmp_path / "01_ingestion.ipynb", [output])
    with pytest.raises(SiteError, match=message):
        check_page("01_ingestion.html", notebook_page(bad, "01_ingestion", {}, {}).body)


def test_address_in_a_table_is_refused(tmp_path):
    world = write_world(
        tmp_path / "processed", sources={"reference": '{"note": "write to someone@example.org"}'}
    )
    with pytest.raises(SiteError, match="table sources, column reference") as refusal:
        make(tmp_path, world)
    assert "someone@example.org" not in str(refusal.value)


def test_a_site_is_the_same_each_time(tmp_path, world):
    one = make(tmp_path, world)
    executed = {name: tmp_path / "nb" / f"{name}.ipynb" for name in RUNS}
    build_site(executed, world, tmp_path / "again", PROVENANCE)
    made = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (one, tmp_path / "again")
    ]
    assert made[0] == made[1] and len(made[0]) > 80


def test_what_cannot_be_published_is_named_and_nothing_is_written(tmp_path, world):
    """A page without a title, a file that is no notebook, a table that cannot be read."""
    untitled, broken = write_notebook(tmp_path / "a.ipynb", title="no title"), tmp_path / "b.ipynb"
    broken.write_text("{")
    for path, message in (
        (untitled, "^01_ingestion.html: no heading of the first level"),
        (broken, "not a readable notebook"),
    ):
        with pytest.raises(SiteError, match=message):
            build_site({"01_ingestion": path}, world, tmp_path / "site", PROVENANCE)
    (world / "pooled.parquet").write_bytes(b"no table")
    with pytest.raises(TableError, match="not a readable Parquet file"):
        build_site({}, world, tmp_path / "site", PROVENANCE)
    assert not (tmp_path / "site").exists()


def test_empty_tables_still_make_a_site(tmp_path):
    build_site({}, tmp_path / "nothing", tmp_path / "site")
    assert "No study has been read yet" in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_markdown_output_is_not_trusted(tmp_path, world):
    hostile = new_output(
        "display_data", data={"text/markdown": "<script>1</script> [x](javascript:alert(1))"}
    )
    made = make(tmp_path, world, **{"01_ingestion": write_notebook(tmp_path / "a.ipynb", [hostile])})
    page = BeautifulSoup((made / "01_ingestion.html").read_text("utf-8"), "html.parser")
    assert [tag.attrs for tag in page.find_all("script")] == SCRIPTS
    assert "javascript:" not in [link.get("href", "")[:11] for link in page.find_all("a")]
