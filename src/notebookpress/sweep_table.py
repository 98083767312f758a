"""The table over all sets of a sweep: Parquet and CSV, and a page that shows it."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path
from typing import Any

from notebookpress.files import write_atomic

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sweep</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #1d2733; }}
div {{ overflow-x: auto; }} table {{ border-collapse: collapse; }}
th, td {{ border-bottom: 1px solid #c9cfd6; padding: .3rem .7rem; text-align: left; }}
</style></head><body><main><h1>Sweep: {total} parameter sets</h1>
<p>{ok} succeeded, {failed} failed. {leads}</p>
<div role="region" aria-label="All sets" tabindex="0"><table><caption>All sets</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div></main></body></html>
"""
INDEX = "reports/index.html"


def write_sweep(out: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the table of all sets as Parquet, CSV and a page; return the Parquet file."""
    import pyarrow as arrow
    from pyarrow import parquet

    columns = list(dict.fromkeys(name for row in rows for name in row))
    full = [{name: row.get(name) for name in columns} for row in rows]
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.Table.from_pylist(full), sink, compression="zstd")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(full)
    write_atomic(out / "sweep.csv", text.getvalue())
    write_atomic(out / "index.html", _page(out, columns, full))
    return write_atomic(out / "sweep.parquet", sink.getvalue().to_pybytes())


def _page(out: Path, columns: list[str], rows: list[dict[str, Any]]) -> str:
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    lines = []
    for row in rows:
        name = html.escape(str(row["set"]))
        linked = row["status"] == "ok" and (out / str(row["set"]) / INDEX).is_file()
        first = f'<a href="{name}/{INDEX}">{name}</a>' if linked else name
        cells = "".join(f"<td>{html.escape(_shown(row[column]))}</td>" for column in columns[1:])
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    ok = sum(row["status"] == "ok" for row in rows)
    body = "\n".join(lines)
    leads = "A set's name leads to its report." if "<a href" in body else ""
    return PAGE.format(total=len(rows), ok=ok, failed=len(rows) - ok, heads=heads, rows=body, leads=leads)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
