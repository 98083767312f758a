"""The committed report is what the code makes; looked at where EVIDENCE_REQUIRE_REPORT is set, as in CI.

Another processor may compute another last bit. Numbers therefore count as the same to six significant digits,
and hashes of what was made are not compared; those of code and inputs, and every word, are.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
from pathlib import Path

import pandas as pd
import pytest

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
MADE_NAMES = re.compile(r"\b[0-9a-f]{64}\b")  # SHA-256 of what was made
EXACT = ("code_sha256", "lock_sha256")

REMEDY = "run `evidence run` and commit reports/ with the change that made them differ"


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a report by its name, frozen releases left out."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith("releases/")}


def alike(name: str, old: bytes, new: bytes) -> bool:
    """Whether two files say the same: equal words, and numbers equal to six significant digits."""
    if name.endswith(".parquet"):
        tables = [pd.read_parquet(io.BytesIO(content)) for content in (old, new)]
        try:
            pd.testing.assert_frame_equal(*tables, rtol=1e-6, atol=1e-9)
        except AssertionError:
            return False
        return True
    if name == "manifest.json" and of_the_inputs(old) != of_the_inputs(new):
        return False
    texts = [MADE_NAMES.sub("made", content.decode("utf-8", "replace")) for content in (old, new)]
    words = [NUMBER.split(text) for text in texts]
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in texts]
    return words[0] == words[1] and all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in zip(*numbers, strict=True)
    )


def of_the_inputs(manifest: bytes) -> list[object]:
    """Return the hashes in a manifest that are the same on every machine: of the code and of the raw files."""
    known = json.loads(manifest)
    raw = {
        label: entry["sha256"] for label, entry in known["entity"].items() if label.startswith("data/raw/")
    }
    return [*(known["generator"].get(name) for name in EXACT), raw]


def differences(committed: dict[str, bytes], fresh: dict[str, bytes]) -> str:
    """Return what to read when two reports differ: the files, how each differs, and the remedy; else nothing."""
    lines = [f"  committed, but no longer made: {name}" for name in sorted(set(committed) - set(fresh))]
    lines += [f"  made, but not committed: {name}" for name in sorted(set(fresh) - set(committed))]
    for name in sorted(set(fresh) & set(committed)):
        if fresh[name] != committed[name] and not alike(name, committed[name], fresh[name]):
            old, new = committed[name], fresh[name]
            at = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
            line = old[:at].count(b"\n") + 1
            sizes = f"{len(old)} bytes committed, {len(new)} made"
            lines.append(f"  out of date: {name}, first at line {line} ({sizes})")
    if not lines:
        return ""
    return "\n".join([f"{len(lines)} file(s) of reports/ are not what the code makes; {REMEDY}", *lines])


def test_the_committed_report_is_what_the_code_makes(made, checkout: Path):
    if not os.environ.get("EVIDENCE_REQUIRE_REPORT"):
        pytest.skip("set EVIDENCE_REQUIRE_REPORT to compare the committed reports/ with what the code makes")
    if told := differences(contents(checkout / "reports"), contents(made.reports)):
        pytest.fail(told, pytrace=False)


def test_a_difference_names_its_files_and_the_remedy(tmp_path: Path):
    for name, words in (("a", "1"), ("b", "2")):
        (tmp_path / name / "releases").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text(f"same\n{words}")
        (tmp_path / name / f"only-{name}.html").write_text("x")
        (tmp_path / name / "releases" / "x.html").write_text(words)
    told = differences(contents(tmp_path / "a"), contents(tmp_path / "b")).splitlines()
    assert told[0].startswith("3 file(s)") and told[0].endswith(REMEDY)
    assert told[1:] == [
        "  committed, but no longer made: only-a.html",
        "  made, but not committed: only-b.html",
        "  out of date: index.html, first at line 2 (6 bytes committed, 6 made)",
    ]
    assert differences(contents(tmp_path / "a"), contents(tmp_path / "a")) == ""


def test_another_last_bit_is_no_difference():
    assert alike("a.csv", b"x,0.123456789012\n", b"x,0.123456789013\n")
    assert alike("a.svg", b'<path d="M 1.5 2"/>', b'<path d="M 1.5000000001 2"/>')
    assert not alike("a.csv", b"x,0.12345\n", b"x,0.12346\n")
    assert not alike("a.csv", b"x,12\n", b"y,12\n")
    assert not alike("a.csv", b"x,1,2\n", b"x,1\n")


def test_another_code_or_input_is_a_difference(checkout: Path):
    manifest = json.loads((checkout / "reports" / "manifest.json").read_text(encoding="utf-8"))
    old = json.dumps(manifest).encode()
    label = next(name for name in manifest["entity"] if name.startswith("data/raw/"))
    made = next(name for name in manifest["entity"] if name.startswith("reports/"))
    for entry in (manifest["entity"][label], manifest["generator"]):
        key = "sha256" if "sha256" in entry else "code_sha256"
        kept, entry[key] = entry[key], "0" * 64
        assert not alike("manifest.json", old, json.dumps(manifest).encode())
        entry[key] = kept
    manifest["entity"][made]["sha256"] = "0" * 64
    assert alike("manifest.json", old, json.dumps(manifest).encode())


def test_ci_asks_for_it(checkout: Path):
    assert "EVIDENCE_REQUIRE_REPORT=1" in (checkout / ".ci" / "run").read_text(encoding="utf-8")
