"""Broken files by the hundred thousand: each is read whole or refused with a remedy, and nothing crashes.

    EVIDENCE_SHARED=../shared python tests/benchmarks/fuzz_sources.py --count 100000

Every sample of every format is mutated at random (bytes, spans, lines, values, encodings, cuts) and read. Of
the files that are read whole, one in fifty goes on into its tables. Counts are written to results/fuzz.txt.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import platform
import random
import re
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl

sys.path.append(str(Path(__file__).parents[1] / "trialfiles"))
from review_readers import read_extraction, read_sources

from helpers.cleaning import clean_events, clean_results
from helpers.sheets.read import read_sheet, sheet_record
from helpers.tables import validate
from trialfiles import SourceError, recognise
from trialfiles.ctgov_results import posted_figures

HERE = Path(__file__).parent
RAW = HERE.parents[1] / "data" / "raw"
LIMIT = 5_000  # bytes of a seed; longer samples are shortened, as whole records, before they are broken
JUNK = (
    b"null", b"[]", b"{}", b"true", b"-1", b"1e999", b"NaN", b"''", b'"', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"&x;", b"&#x0;", b"<![CDATA[", b"-->", b"]]>", b"\xed\xa0\x80", b"\\ud800",
    b"9" * 400, b"[" * 300, b"<a>" * 300, b"../../x", b"=1+1", b"!!python/object:os.system", b"\r", b"\n\n", b"\t", b",",
    b";", b"{{", b"TY  - ", b"ER  - ", b"@article{", b"\xc2\x85", b"\xe2\x80\xa8", b"0x1F", b"2026-13-45", b"%s%n",
)  # fmt: skip
TABLE = b"study_id,arm,outcome,time,n,mean,sd,count\nsmith,Exosome,Hair density,12 weeks,20,95.5,10.2,\nsmith,Saline,x,,21,80.1,9.9,3\n"


NBIB = b"PMID- 12345678\nDP  - 2021 Mar\nTI  - A trial of\n      vesicles\nFAU - Doe, Jane\nLID - 10.1000/abc [doi]\n"
EXCHANGE = (
    b'<?xml version="1.0"?><!DOCTYPE trials [<!ELEMENT trials ANY>]><trials><trial><main>'
    b"<trial_id>IRCT20190101000001N3</trial_id><reg_name>IRCT</reg_name><date_registration>12/03/2019"
    b"</date_registration><public_title>Hair</public_title><target_size>40</target_size><phase>2</phase>"
    b"<i_freetext>Intervention 1: exosome. Intervention 2: saline.</i_freetext></main><countries>"
    b"<country2>Iran</country2></countries><criteria><agemin>18 years</agemin><gender>Male</gender></criteria>"
    b"<primary_outcome><prim_outcome>Density. Timepoint: 6 months. Method of measurement: x."
    b"</prim_outcome></primary_outcome></trial></trials>"
)


def seeds(shared: Path) -> dict[str, list[bytes]]:
    """Return the samples by form, each small enough to be read in a few milliseconds."""
    found: dict[str, list[bytes]] = {
        "table": [TABLE],
        "nbib": [NBIB],
        "exchange": [EXCHANGE],
        "xlsx": [_workbook()],
    }
    files = [*(shared / "samples").rglob("*"), *(shared / "documents").glob("*.txt"), *RAW.glob("*/*.*")]
    for path in sorted(files):
        if (
            not path.is_file()
            or path.suffix == ".md"
            or path.parent.name == "documents"
            and path.parents[1] == RAW
        ):
            continue
        try:
            form = recognise(path)
        except SourceError:
            continue
        found.setdefault(form, []).append(shortened(form, path.read_bytes()))
    return found


def shortened(form: str, data: bytes) -> bytes:
    """Return a sample with its long lists cut, still a whole file of its form."""
    if form == "sheet":  # a sheet bears its file's name
        data = re.sub(rb"(?m)^study_id: .*", b"study_id: sample", data)
        return b"\n".join(_shorter_sheet(data.split(b"\n")))
    if len(data) <= LIMIT:
        return data
    if form == "ictrp_csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        kept = io.StringIO()
        csv.writer(kept).writerows([[cell[:400] for cell in row] for row in (rows[0], rows[2], rows[5])])
        return kept.getvalue().encode()
    if form in ("ctgov", "csl"):
        return json.dumps(_pruned(json.loads(data)), ensure_ascii=False, indent=1).encode()
    if form == "ictrp":
        end = data.index(b"</Trial>", data.index(b"</Trial>") + 8) + 8
        return data[:end] + b"</Trials_downloaded_from_ICTRP>"
    if form == "jats":
        table = data[data.index(b"<table-wrap") : data.index(b"</table-wrap>") + 13]
        head = data[: data.index(b"</front>") + 8]
        return (
            head
            + b"<body><sec><title>Results</title><p>Mean 5.1 (SD 2).</p>"
            + table
            + b"</sec></body></article>"
        )
    if form == "rm5":
        start = data.index(b"<COMPARISON ")
        studies = data[data.index(b"<STUDIES_AND") : data.index(b"</STUDIES_AND_REFERENCES>") + 25]
        comparison = data[start : data.index(b"</COMPARISON>") + 13]
        return b"<COCHRANE_REVIEW>" + studies + comparison + b"</COCHRANE_REVIEW>"
    if form == "pubmed":
        return data
    lines = data.split(b"\n")
    return b"\n".join(lines[: max(3, len(lines) * LIMIT // len(data))])


def _shorter_sheet(lines: list[bytes]) -> list[bytes]:
    """Return a sheet with its first figures only, and nothing that rests on the others."""
    starts = [at for at, line in enumerate(lines) if re.match(rb"[a-z_]+:", line)]
    parts = {
        lines[at].partition(b":")[0]: lines[at:to] for at, to in zip(starts, [*starts[1:], None], strict=True)
    }
    kept = [line for name in (b"study_sheet", b"study_id", b"source", b"extraction") for line in parts[name]]
    figures = []
    for line in parts[b"quantities"][1:]:
        if line.lstrip().startswith(b"- ") and len(figures) > 24:
            break
        figures.append(line)
    figures = [re.sub(rb", arm: [\w-]+|arm: [\w-]+, ", b"", line) for line in figures]
    return [
        *kept,
        b"study: {title: x, design: y}",
        b"arms:",
        b"- {arm_id: a, role: exosome}",
        b"quantities:",
        *figures,
    ]


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for line in TABLE.decode().strip().split("\n"):
        book.active.append(
            [float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")]
        )
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _pruned(value: object) -> object:
    if isinstance(value, dict):
        return {key: _pruned(item) for key, item in value.items()}
    return [_pruned(item) for item in value[:2]] if isinstance(value, list) else value


def broken(data: bytes, rng: random.Random) -> bytes:
    """Return data broken in one to four places; of a workbook mostly one of its parts, packed again."""
    if not zipfile.is_zipfile(io.BytesIO(data)) or rng.random() < 0.1:
        return mutated(data, rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(packed, "w") as parts:
        chosen = rng.choice([name for name in whole.namelist() if "sheet" in name or rng.random() < 0.2])
        for name in whole.namelist():
            part = whole.read(name)
            parts.writestr(name, mutated(part, rng) if name == chosen else part)
    return packed.getvalue()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return data broken in one to four places."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((1, 1, 2, 5, 20, 200)))
        match rng.randrange(10):
            case 0:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[to:]
            case 2:
                data = data[:to] + data[at:to] + data[to:]
            case 3:
                data = data[:at] + rng.choice(JUNK) + data[at:]
            case 4:
                data = data[:at] + rng.choice(JUNK) + data[to:]
            case 5:
                data = data[:at] if rng.random() < 0.7 else data[at:]
            case 6:
                lines = data.split(b"\n")
                one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[one], lines[other] = lines[other], lines[one]
                data = b"\n".join(lines)
            case 7:
                lines = data.split(b"\n")
                del lines[rng.randrange(len(lines))]
                data = b"\n".join(lines)
            case 8:
                data = _value(data, rng)
            case _:
                data = _recoded(data, rng)
    return data


def _value(data: bytes, rng: random.Random) -> bytes:
    """Exchange one value after a colon, an equals sign or a tag for junk."""
    marks = [at for at, byte in enumerate(data) if byte in b":=>,"]
    if not marks:
        return data
    at = rng.choice(marks) + 1
    end = next((place for place in range(at, min(len(data), at + 80)) if data[place] in b",<\n}]"), at)
    return data[:at] + rng.choice(JUNK) + data[end:]


def _recoded(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    code = rng.choice(("utf-16", "latin-1", "cp1252", "utf-8-sig", "utf-32"))
    return text.encode(code, "replace")


def outcome(path: Path, form: str, deep: bool) -> str:
    """Return what reading a file came to: read, refused, or a crash with its place."""
    try:
        readers = {"table": read_extraction, "sheet": lambda sheet: [sheet_record(read_sheet(sheet))]}
        records = readers.get(form, lambda file: list(read_sources(file)))(path)
        if deep:
            for record in records[:2]:
                into_tables(record)
    except SourceError as error:
        whole = error.problems and all(
            problem.file and problem.problem and problem.remedy for problem in error.problems
        )
        return "refused" if whole else "crash: a refusal without file, problem or remedy"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"crash: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:80]}"
    return "read"


def into_tables(record) -> None:
    """Bring a record's rows into the tables that they are made for."""
    for name in (
        "sources",
        "studies",
        "arms",
        "outcomes",
        "quantities",
        "reviewer_discrepancies",
        "reader_judgements",
    ):
        if rows := getattr(record, name):
            validate(name, rows)
    if record.results:
        validate("results", clean_results(validate("reported_results", record.results)))
    if record.adverse_events:
        validate("adverse_events", clean_events(validate("reported_events", record.adverse_events)))
    if record.posted_outcomes:
        validate("quantities", posted_figures(record))


def fuzz(shared: Path, count: int, seed: int, told: Callable[[str], None]) -> list[str]:
    """Return the lines of the result."""
    rng = random.Random(seed)
    samples = seeds(shared)
    forms = sorted(samples)
    table: dict[str, Counter[str]] = {form: Counter() for form in forms}
    crashes: Counter[str] = Counter()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for number in range(count):
            form = forms[number % len(forms)]
            path = Path(folder) / "sample"
            path.write_bytes(broken(rng.choice(samples[form]), rng))
            said = outcome(path, form, deep=number % 50 == 0)
            table[form][said.partition(":")[0]] += 1
            if said.startswith("crash"):
                crashes[f"{form}: {said}"] += 1
                if crashes[f"{form}: {said}"] == 1:
                    told(f"{number} {form}: {said}")
                    Path("/tmp/fuzz-crash").write_bytes(path.read_bytes())
            if number % 10_000 == 9_999:
                told(f"{number + 1} in {time.perf_counter() - begun:.0f} s")
    seconds = time.perf_counter() - begun
    lines = [f"{'form':<12}{'samples':>9}{'read whole':>12}{'refused':>9}{'crashes':>9}"]
    total: Counter[str] = Counter()
    for form in forms:
        row = table[form]
        total += row
        lines.append(f"{form:<12}{sum(row.values()):>9}{row['read']:>12}{row['refused']:>9}{row['crash']:>9}")
    lines.append(
        f"{'all':<12}{sum(total.values()):>9}{total['read']:>12}{total['refused']:>9}{total['crash']:>9}"
    )
    lines.append(f"seed {seed}, {seconds:.0f} s, Python {platform.python_version()}")
    return lines + [f"{times} x {crash}" for crash, times in crashes.most_common()]


def main() -> None:
    """Fuzz, print and keep the counts; status 1 when anything crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "fuzz.txt")
    options = parser.parse_args()
    shared = Path(os.environ.get("EVIDENCE_SHARED") or HERE.parents[2] / "shared")
    lines = fuzz(shared, options.count, options.seed, lambda text: print(text, flush=True))
    text = "\n".join(lines) + "\n"
    print(text)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text)
    raise SystemExit(any("crash:" in line for line in lines))


if __name__ == "__main__":
    main()
