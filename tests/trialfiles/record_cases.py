"""A file and what its case says: the rows that come out and what is left unread, or the words of its refusal."""

from pathlib import Path

import openpyxl
import pytest
from review_readers import read_sources

from trialfiles import SourceError, SourceRecord


def written(folder: Path, case: dict) -> Path:
    """Write the text or the workbook of a case, and the mapping beside it; or return the file that it names."""
    if "file" in case:
        return Path(__file__).with_name(case["file"])
    path = folder / "file.any"
    path.with_name("file.mapping.yaml").write_text(case["mapping"]) if "mapping" in case else None
    if "text" in case:
        path.write_bytes(case["text"].encode(case.get("code", "utf-8")))
        return path
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in case["sheets"].items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in case.get("hidden", ()) else "visible"
        for row in rows:
            sheet.append(row)
        for area in case.get("merged", ()):
            sheet.merge_cells(area)
        for cell in case.get("percent", ()):
            sheet[cell].number_format = "0%"
    book.save(path)
    return path


def holds(path: Path, case: dict) -> None:
    """Assert that a file is read, or refused, as its case says."""
    if "refused" in case:
        with pytest.raises(SourceError, match=case["refused"]):
            list(read_sources(path))
        return
    records = list(read_sources(path))
    for table in SourceRecord().__dict__.keys() & case.keys() - {"unread"}:
        rows = [row for record in records for row in getattr(record, table)]
        found = [{name: row[name] for name in one} for row, one in zip(rows, case[table], strict=True)]
        assert found == case[table]
    unread = [str(problem) for record in records for problem in record.unread]
    assert all(words in said for words, said in zip(case.get("unread", ()), unread, strict=True))
