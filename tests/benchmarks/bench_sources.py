"""How fast registry records become tables: against `json.loads` of the same bytes, and how memory grows.

    EVIDENCE_SHARED=../shared python tests/benchmarks/bench_sources.py

Records are made by varying the samples (with and without results) and read from one page of studies. Each
size runs in a process of its own, so that its peak memory is its own. Rows go to Parquet in batches.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SIZES = (1_000, 10_000, 100_000)
SAMPLES = ("NCT02210780", "NCT00716976", "NCT04207047", "NCT03418623")
# one record in this many posts results, as in the register at large
WITH_RESULTS = 5
TABLES = ("sources", "studies", "arms", "outcomes", "results", "adverse_events")
BATCH = 1_000
LARGEST_WHOLE = 10_000  # a page that is parsed at once must fit into memory many times over


def made_page(shared: Path, path: Path, count: int) -> int:
    """Write a page of studies; return its bytes."""
    texts = {name: (shared / "samples" / "ctgov" / f"{name}.json").read_text() for name in SAMPLES}
    plain = [
        json.dumps(json.loads(text), ensure_ascii=False)
        for name, text in texts.items()
        if name in SAMPLES[2:]
    ]
    posted = [json.dumps(json.loads(texts[name]), ensure_ascii=False) for name in SAMPLES[:2]]
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"totalCount": %d, "studies": [' % count)  # noqa: UP031
        for number in range(count):
            pool = posted if number % WITH_RESULTS == 0 else plain
            text = re.sub(r"NCT\d{8}", f"NCT{number:08d}", pool[number // WITH_RESULTS % len(pool)], count=1)
            text = text.replace('"value": "1', f'"value": "{1 + number % 8}')  # other figures in every record
            stream.write(("," if number else "") + text)
        stream.write('], "nextPageToken": "x"}')
    return path.stat().st_size


def parse_seconds(path: Path) -> float:
    """Return what `json.loads` needs for the page's studies one by one: the least that parsing can cost."""
    from trialfiles.json_records import json_items

    seconds = 0.0
    for _, _, record in json_items(path):
        text = json.dumps(record, ensure_ascii=False)
        begun = time.process_time()
        json.loads(text)
        seconds += time.process_time() - begun
    return seconds


def whole_seconds(path: Path) -> float:
    """Return what `json.loads` needs for the page in one piece, as it is called in practice."""
    data = path.read_bytes()
    begun = time.process_time()
    json.loads(data)
    return time.process_time() - begun


def whole_seconds_uncollected(path: Path) -> float:
    """Return the same with the garbage collector off, which looks at the whole page again and again."""
    gc.disable()
    try:
        return whole_seconds(path)
    finally:
        gc.enable()


def read_into_tables(path: Path, folder: Path) -> dict[str, int]:
    """Read a page into Parquet, a row group a batch; return the rows of each table."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    from trialfiles import read_sources

    schemas = {name: _schema(name) for name in TABLES}
    writers = {name: parquet.ParquetWriter(folder / f"{name}.parquet", schemas[name]) for name in TABLES}
    rows: dict[str, list[dict]] = {name: [] for name in TABLES}
    counts = dict.fromkeys(TABLES, 0)

    def flush() -> None:
        for name, held in rows.items():
            if held:
                writers[name].write_table(arrow.Table.from_pylist(held, schema=schemas[name]))
                counts[name] += len(held)
                rows[name] = []

    for number, record in enumerate(read_sources(path), start=1):
        for name, held in rows.items():
            held += getattr(record, name)
        if number % BATCH == 0:
            flush()
    flush()
    for writer in writers.values():
        writer.close()
    return counts


def _schema(name: str):
    """Return the Parquet schema of the table that a record's rows go into."""
    import pyarrow as arrow

    from helpers.tables import TABLES as SPECS

    table = {"results": "reported_results", "adverse_events": "reported_events"}.get(name, name)
    kinds = {
        "string": arrow.string(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
    }
    return arrow.schema([(name, kinds[column.type]) for name, column in SPECS[table].columns.items()])


def one(path: Path) -> dict:
    """Read one page in this process and return what it took."""
    import helpers.sheets.raw  # noqa: F401  (imports are not timed)

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        used = time.process_time()
        counts = read_into_tables(path, Path(folder))
        cpu = time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": cpu, "peak": peak, "rows": sum(counts.values())}


def apart(path: Path, what: str) -> Any:
    """Return what a function of this module gives for a page, in a process of its own."""
    script = f"import sys, json; sys.path.insert(0, {str(HERE)!r}); from pathlib import Path; import bench_sources as b"
    run = [sys.executable, "-c", f"{script}; print(json.dumps(b.{what}(Path({str(path)!r}))))"]
    return json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def measure(shared: Path, sizes: tuple[int, ...], folder: Path) -> Iterator[str]:
    """Yield the lines of the result; each time is the best of two."""
    yield (
        f"{'records':>8}{'MB':>7}{'tables s':>10}{'loads s':>9}{'ratio':>7}{'no gc s':>9}{'ratio':>7}"
        f"{'by record s':>13}{'ratio':>7}{'peak MB':>9}{'rows':>10}"
    )
    for size in sizes:
        path = folder / "page.json"
        bytes_ = made_page(shared, path, size)
        fits = size <= LARGEST_WHOLE
        times = range(2 if fits else 1)
        runs = [apart(path, "one") for _ in times]
        cpu = min(run["cpu"] for run in runs)
        said = ""
        for what, width in (("whole_seconds", 9), ("whole_seconds_uncollected", 9), ("parse_seconds", 13)):
            seconds = min(apart(path, what) for _ in times) if fits or what == "parse_seconds" else None
            said += f"{seconds:>{width}.2f}{cpu / seconds:>7.2f}" if seconds else f"{'-':>{width}}{'-':>7}"
        path.unlink()
        yield (
            f"{size:>8}{bytes_ / 1e6:>7.0f}{cpu:>10.2f}{said}"
            f"{max(run['peak'] for run in runs) / 1024:>9.0f}{runs[0]['rows']:>10}"
        )
    yield f"CPU seconds of one core, best of two; Python {platform.python_version()}; one in {WITH_RESULTS} posts results"
    yield "tables: from the file to six Parquet files. loads: json.loads of the whole page at once, as in practice."
    yield "no gc: the same with Python's garbage collector off, which otherwise grows with the size of the page."
    yield "by record: json.loads of each record's text alone, the least that parsing can cost."
    yield f"Above {LARGEST_WHOLE:,} records: one run, and no page parsed at once, which would not fit into memory."


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--folder", type=Path, default=None, help="Folder for the pages (3 GB for 100,000).")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "sources.txt")
    options = parser.parse_args()
    shared = Path(os.environ.get("EVIDENCE_SHARED") or HERE.parents[2] / "shared")
    lines = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for line in measure(shared, tuple(options.sizes), Path(folder)):
            print(line, flush=True)
            lines.append(line)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
