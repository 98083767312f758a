"""The tables for download: a CSV each, a page that says what every column means."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.figures.table_html import table_html
from helpers.site.guard import check_contacts
from helpers.site.page import Page, environment
from helpers.tables import TABLES, data_dictionary
from helpers.tables.storage import parquet_bytes
from helpers.words.load import Tables

EXPORTS = {
    "references.ris": "the sources as RIS, for reference managers",
    "references.csl.json": "the sources as CSL-JSON, for citation tools",
    "revman.csv": "the headline effects as data rows of RevMan Web, by inverse variance",
    "datapackage.json": "all tables as a data package after the Frictionless standard",
}
KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no"}
FORMULA = re.compile(r"^[=+\-@\t\r]")
NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as RFC 4180 CSV in which no cell can run as a spreadsheet's formula.

    A text that starts with `=`, `+`, `-` or `@` and is no number gets a leading apostrophe.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(frame.columns)
    columns = [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()


def table_files(name: str, frame: pd.DataFrame) -> dict[str, bytes]:
    """Return the content of `data/<table>.csv`, looked through for contact details, and of `….parquet`."""
    for column in frame.select_dtypes(["string", "object"]):
        check_contacts(f"table {name}, column {column}", "\n".join(frame[column].dropna().astype(str)))
    text = csv_text(frame)
    return {f"data/{name}.csv": text.encode("utf-8"), f"data/{name}.parquet": parquet_bytes(frame)}


def columns_table(name: str) -> Markup:
    """Return what each column of a table means, as a table."""
    meanings = data_dictionary(name)
    meanings["type"] = [_kind(kind) for kind in meanings["type"]]
    headings = {
        "column": "Column",
        "type": "Type",
        "may_be_missing": "May be missing",
        "meaning": "Meaning",
    }
    return table_html(meanings, caption=f"Columns of the table {name}", columns=headings)


def data_page(tables: Tables, files: Mapping[str, bytes], columns: Mapping[str, str]) -> Page:
    """Return the page that lists every table with its meaning, columns, download and hash.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        All tables.
    files : mapping of str to bytes
        The CSV and Parquet of every table and the exports, by file name.
    columns : mapping of str to str
        By table, what `columns_table` returned.

    """
    entries = [
        {
            "name": name,
            "meaning": TABLES[name].schema.description,
            "one_row": " and ".join(TABLES[name].keys),
            "notebook": TABLES[name].notebook,
            "rows": len(frame),
            "downloads": [
                _download(file, files[f"data/{file}"]) for file in (f"{name}.csv", f"{name}.parquet")
            ],
            "columns": Markup(columns[name]),
        }
        for name, frame in tables.items()
    ]
    exports = [
        (name, meaning, hashlib.sha256(files[f"data/{name}"]).hexdigest())
        for name, meaning in EXPORTS.items()
        if f"data/{name}" in files
    ]
    body = environment().get_template("data.html.j2").render(entries=entries, exports=exports)
    title = "Data: every table, column by column"
    return Page(file="data.html", title=title, short="Data", body=body, owns=tuple(tables))


def _download(file: str, content: bytes) -> tuple[str, str, str]:
    """Return a file's name, size and hash."""
    return file, f"{len(content) / 1000:.1f} kB", hashlib.sha256(content).hexdigest()


def _kind(dtype: str) -> str:
    """Return a column's type in a reader's words, whatever library holds it."""
    return next((words for start, words in KINDS.items() if dtype.lower().startswith(start)), dtype)


def _cells(column: pd.Series) -> list[Any]:
    """Return a column's cells as they are written: empty where a value is missing, and none a formula."""
    missing = column.isna()
    return ["" if gone else _cell(value) for value, gone in zip(column, missing, strict=True)]


def _cell(value: Any) -> Any:
    if isinstance(value, str) and FORMULA.match(value) and not NUMBER.match(value):
        return "'" + value
    return value
