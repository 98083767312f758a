"""`evidence add` and `evidence check` on files of every form, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil

import pytest

from helpers.cli import _status
from helpers.sheets.raw import read_raw
from helpers.sheets.read import read_sheet
from helpers.sheets.write import new_sheet


@pytest.fixture
def evidence(checkout, monkeypatch, capsys):
    """Return a function that runs a command and gives its status, output and errors."""
    monkeypatch.chdir(checkout)

    def run(*arguments: object) -> tuple[int, str, str]:
        status = _status([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_folder_is_checked_with_a_line_a_problem_and_a_summary(evidence, shared, tmp_path):
    status, out, _ = evidence("check", shared / "samples")
    assert status == 0
    assert "26 file(s): 26 read" in out
    assert "no problem found" in out
    shutil.copyfile(shared / "samples" / "ctgov" / "NCT03418623.json", tmp_path / "good")
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "worse.xml").write_text("<Trials_downloaded_from_ICTRP><Trial>")
    status, _, err = evidence("check", tmp_path)
    assert status == 1
    lines = err.strip().split("\n")
    assert "3 file(s): 1 read (1 ctgov), 1 record(s); 2 refused" in lines[0]
    assert [line.partition(":")[0].rpartition("/")[2] for line in lines[1:3]] == ["bad.json", "worse.xml"]
    assert all("Remedy:" in line for line in lines[1:3])
    assert lines[3] == "2 problem(s)"


def test_references_are_added_with_each_merge_shown(evidence, shared, tmp_path):
    bib = shared / "samples" / "articles" / "pubmed_parser_paper.bib"
    (first, new, _), (second, again, _) = (evidence("add", bib, "--raw", tmp_path) for _ in range(2))
    assert (first, second) == (0, 0)
    assert "11 new, 0 merged" in new and "0 new, 11 merged" in again
    assert again.count("the same ") == 11


def test_an_article_is_added_with_what_is_proposed_and_what_is_doubtful(evidence, shared, tmp_path):
    status, said, _ = evidence("add", shared / "samples" / "articles" / "PMC4389977.nxml", "--raw", tmp_path)
    assert status == 0
    assert "ablon2015.yaml: 281 figure(s) and 102 result(s) are proposed; none counts yet" in said
    assert "doubtful: 90 result(s) of no outcome that is known" in said and "next: " in said


def test_a_record_about_something_else_is_added_only_by_force(evidence, shared, tmp_path):
    record = shared / "samples" / "ctgov" / "NCT03418623.json"
    status, _, err = evidence("add", record, "--raw", tmp_path)
    assert status == 1 and "no exosome, vesicle, conditioned medium or hair in this record" in err
    assert "--force" in err and list(tmp_path.iterdir()) == []
    status, said, _ = evidence("check", record)
    assert status == 0 and "note: " in said and "--force" in said
    assert evidence("add", record, "--raw", tmp_path, "--force")[0] == 0
    kept = tmp_path / "registry" / record.name
    kept.write_text(re.sub(r'("completionDateStruct": {\s*"date": *")\d{4}', r"\g<1>2062", kept.read_text()))
    assert "ends_on: NCT03418623: 2062" in evidence("check", tmp_path)[1]


def test_a_new_sheet_takes_its_reference_from_a_file_of_one(evidence, shared, tmp_path):
    file = tmp_path / "one.ris"
    file.write_text(
        "TY  - JOUR\nTI  - A & B: <of> hair\nAU  - Doe, J\nPY  - 2026\nDO  - 10.1000/Made\nER  - \n"
    )
    assert evidence("new", "doe2026", file, "--raw", tmp_path)[0] == 0
    cited = read_sheet(tmp_path / "studies" / "doe2026.yaml").source.reference
    assert (cited.title, cited.author) == ("A & B: <of> hair", [{"family": "Doe", "given": "J"}])
    assert (cited.issued, cited.DOI) == ({"date-parts": [[2026]]}, "10.1000/made")
    assert read_raw(tmp_path).record.sources[0]["doi"] == "10.1000/made"
    file.write_text(f"TY  - JOUR\nTI  - {'y' * 100_001}\nER  - \n")
    assert (
        f"{file}: its title is cut; the sheet has 100,000"
        in evidence("new", "long", file, "--raw", tmp_path)[1]
    )
    many = shared / "samples" / "articles" / "pubmed_parser_paper.bib"
    status, _, err = evidence("new", "doe2027", many, "--raw", tmp_path)
    assert status != 0 and "holds 11 references" in err


def test_a_sheet_with_the_earlier_citation_is_still_read(evidence, tmp_path):
    path = new_sheet("doe2026", tmp_path)
    path.write_text(re.sub("  reference: null.*", "  citation: Doe J. A trial, 2026.", path.read_text()))
    assert read_sheet(path).source.reference.title == "Doe J. A trial, 2026."
    status, said, _ = evidence("check", path)
    assert status == 0 and "citation is read as the title of reference" in said
    path.write_text(path.read_text().replace("  citation", "  reference: {type: book}\n  citation"))
    assert evidence("check", path)[0] == 1


def test_references_and_reviews_go_out_in_another_form(evidence, shared, tmp_path):
    articles = shared / "samples" / "articles"
    out = tmp_path / "out.ris"
    assert evidence("export", "ris", articles / "pubmed_parser_paper.bib", "--out", out)[0] == 0
    assert out.read_text().count("TY  - JOUR") == 11
    status, said, _ = evidence("export", "csl", out)
    assert (status, len(json.loads(said))) == (0, 11)
    status, said, _ = evidence("export", "revman", shared / "samples" / "revman" / "Fleiss1993.rm5")
    rows = list(csv.DictReader(io.StringIO(said.lstrip("\ufeff"))))
    assert (status, len(rows)) == (0, 12)
    assert [row["Experimental cases"] for row in rows if row["Study"] == "ISIS-2"] == ["1570"]
    status, said, err = evidence("export", "revman", out)
    assert (status, said) == (1, "")
    assert "holds nothing to write as revman. Remedy: give a review's data" in err


@pytest.mark.parametrize(("form", "name"), [("ris", "references.ris"), ("revman", "revman.csv")])
def test_the_report_s_own_references_and_effects_go_out(evidence, checkout, form, name):
    status, said, _ = evidence("export", form)
    assert status == 0
    assert said == (checkout / "reports" / "data" / name).read_text(encoding="utf-8")


def test_an_export_of_a_report_that_is_not_made(evidence, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "parameters.yaml").write_text("{}")
    monkeypatch.chdir(tmp_path)
    status, _, err = evidence("export", "csl")
    assert (status, "make the report with `evidence run`, or name a file" in err) == (1, True)


@pytest.mark.parametrize("command", ["check", "add"])
def test_of_twenty_thousand_mistakes_twenty_are_said_and_all_are_counted(evidence, sheet, command):
    """And what a terminal would obey is spelt out."""
    more = "".join(f"x{number}: 1\n" for number in range(19_999))
    path = sheet.write(f'study_sheet: 1\nstudy_id: made2026\n"\\e[2J": 1\n{more}')
    raw = ["--raw", path.parents[1]] if command == "check" else []
    status, _, err = evidence(command, path, *raw)
    lines = err.splitlines()
    assert (status, len(lines), "\x1b" in err, "\\u001b[2J" in err) == (1, 22, False, True)
    assert lines[-2:] == ["… and 19,983 more lines like these", "20003 problem(s)"]
