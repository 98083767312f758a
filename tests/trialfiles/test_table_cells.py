"""Cells of extraction tables that are no plain text or number."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from review_readers import read_extraction

from trialfiles import SourceError
from trialfiles.extraction import sheet_cell_text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, None),
        (12.0, "12"),
        (12.5, "12.5"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (1e300, "1e+300"),
    ],
)
def test_a_cell_as_text(cell, text):
    assert sheet_cell_text(cell) == text


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
