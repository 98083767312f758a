"""Small files that once gave wrong numbers, beside the checkout, and their relatives: the values that are right."""

import re

import pytest
from case_files import cases_of

from trialfiles import SourceError, read_sources
from trialfiles.article_figures import grid_figures
from trialfiles.articles import read_jats

CASES = cases_of(__file__)
TABLES = CASES["articles"] | CASES["tables"]


def figure_line(figure):
    value, size = figure.value, figure.size and figure.size.n
    numbers = [one if one is None else f"{one:g}" for one in (value.value, value.sd)]
    told = (figure.measure, figure.arm, size, figure.time, value.kind, *numbers, figure.unit)
    return " | ".join("-" if one is None else str(one) for one in told) + " | change" * figure.change


def made_article(case):
    rows = ""
    for tag, lines in zip(("th", "td"), case["rows"].split("---\n"), strict=True):
        rows += re.sub(r"(?m)^(.*)$\n", rf"<tr><{tag}>\1</{tag}></tr>", lines).replace(
            "|", f"</{tag}><{tag}>"
        )
    rows = re.sub(r"<t([dh])> ?(\d)\*", r'<t\1 colspan="\2">', rows)
    return CASES["article"].format(caption=case["caption"], rows=rows)


@pytest.mark.parametrize("name", TABLES)
def test_figures_of_a_table(request, tmp_path, name):
    path, case = tmp_path / "a.xml", TABLES[name]
    if name in CASES["articles"]:
        path = request.getfixturevalue("shared") / "cases" / "sources" / f"{name}.xml"
    else:
        path.write_text(made_article(case))
    (article,) = read_jats(path)
    found = grid_figures(article.tables)
    assert [figure_line(one) for one in found if one.value.kind != "p_value"] == case["figures"]
    assert [one.value.value for one in found if one.value.kind == "p_value"] == case.get("p", [])
    for printed, start in [(one.value.printed, one.start) for one in found]:
        assert article.text.startswith(printed, start)
    assert all(article.text.startswith(one.size.printed, one.size.start) for one in found if one.size)


@pytest.mark.parametrize("name", CASES["results"])
def test_results_of_a_shared_file(shared, name):
    records = read_sources(shared / "cases" / "sources" / name)
    for record, facts in zip(records, CASES["results"][name], strict=True):
        assert record.studies[0].items() >= facts.get("study", {}).items()
        for row, expected in zip(record.results, facts.get("rows", []), strict=False):
            assert row.items() >= expected.items()


@pytest.mark.parametrize(("text", "expected"), CASES["extraction"])
def test_an_extraction_table_of_one_row(tmp_path, text, expected):
    (tmp_path / "a.csv").write_text(text)
    if isinstance(expected, str):
        with pytest.raises(SourceError, match=expected):
            list(read_sources(tmp_path / "a.csv"))
    else:
        assert next(read_sources(tmp_path / "a.csv")).results[0].items() >= expected.items()
