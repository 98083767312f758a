"""Files broken at random: each is read cleanly or refused as a `SourceError`, never anything else."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from broken_files import VALUES, places, quick, read_or_refused, with_value
from hypothesis import given
from hypothesis import strategies as st

from helpers.sheets.raw import read_raw
from trialfiles import SourceError

RAW = Path(__file__).parents[2] / "data" / "raw"
JUNK = (
    "null", "[]", "{}", "true", "-1", "0", "1e400", ".nan", "-.inf", "''", "12", "0x1F", "2026-01-01", "[1, 2]",
    "{a: b}", "!!int 3", "!!binary aGk=", "!!bool maybe", "!!set {a}", "&a x", "*a", "? a", "\x00", "\u2028", "[[[[",
    "- x", "<<: {a: 1}", "9" * 400, "1:30:99", "12.10.2024", "100000000000000000000", "1_000.5", "\ud7ff", "%", "@", "`",
)  # fmt: skip


def mutated(lines: list[str], rng: random.Random) -> list[str]:
    """Return lines with one to three of them deleted, doubled, exchanged, or given another value."""
    lines = list(lines)
    for _ in range(rng.randint(1, 3)):
        place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, lines[place])
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
            case 3:
                lines[place] = lines[other]
            case 4:
                cut = rng.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:cut] + lines[place][cut + 1 :]
            case _:
                name, mark, rest = lines[place].rpartition(": ")
                tail = rest[rest.find(",") :] if "," in rest else rest[len(rest.rstrip("}])")) :]
                lines[place] = f"{name}{mark}{rng.choice(JUNK)}{tail}"
    return lines


SHEETS = ("studies/NCT06932393.yaml", "studies/chan2025.yaml", "studies/lepekhova2025.yaml", "made2026.yaml")
RECORDS = ("registry/NCT06932393.json", "registry/IRCT20160427027636N8.xml")


@pytest.mark.parametrize("name", [*SHEETS, *RECORDS])
def test_a_file_with_random_mistakes_or_cut_off_is_read_or_refused(tmp_path, sheet, name):
    rng = random.Random(name)
    made = name == "made2026.yaml"  # the small sheet has blocks of every kind
    lines = (sheet.write() if made else RAW / name).read_text(encoding="utf-8").split("\n")
    lines = [line for line in lines if made or "statement:" not in line or rng.random() < 0.5]
    path, outcomes = tmp_path / Path(name).name, set()
    for at in range(150 if made else 50):
        text = "\n".join(mutated(lines, rng))
        path.write_text(text if at % 5 else text[: rng.randrange(1, len(text))], encoding="utf-8")
        outcomes.add(read_or_refused(path))
    assert not made or outcomes == {True, False}


def pruned(value: object) -> object:
    if isinstance(value, dict):
        return {key: pruned(item) for key, item in value.items()}
    return [pruned(item) for item in value[:2]] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["NCT06932393", "NCT02210780"])  # the second with posted results
@quick
@given(st.data())
def test_any_value_anywhere_in_a_ctgov_record_is_read_or_refused(shared, tmp_path, name, data):
    own = RAW / "registry" / f"{name}.json"
    if own.exists():
        record, part = json.loads(own.read_text()), ()
    else:
        posted = shared / "samples" / "ctgov" / f"{name}.json"
        record, part = pruned(json.loads(posted.read_text())), ("resultsSection",)
    where = [place for place in places(record) if place and place[: len(part)] == part]
    path = tmp_path / "record.json"
    path.write_text(with_value(record, data.draw(st.sampled_from(where)), data.draw(VALUES)))
    read_or_refused(path)


@quick
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"{", b"[", b"<", b"PK", b"study_sheet: 1\n", b"study_id: x\n"]),
)
def test_any_bytes_are_read_or_refused(tmp_path, data, head):
    path = tmp_path / "x.yaml"
    path.write_bytes(head + data)
    read_or_refused(path)


TAGS = ("TrialID", "Target_size", "Inclusion_gender", "Inclusion_agemax", "Study_design", "Intervention",
        "Primary_outcome", "Date_registration3")  # fmt: skip


@quick
@given(st.sampled_from(TAGS), st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40))
def test_any_text_in_an_ictrp_field_is_read_or_refused(tmp_path, tag, words):
    text = (RAW / "registry" / "IRCT20160427027636N8.xml").read_text()
    start, end = text.index(f"<{tag}>") + len(tag) + 2, text.index(f"</{tag}>")
    safe = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    path = tmp_path / "record.xml"
    path.write_text(text[:start] + safe + text[end:], encoding="utf-8")
    read_or_refused(path)


def test_a_folder_of_junk_is_refused_and_not_read_by_half(raw):
    (raw / "studies" / "junk.yaml").write_bytes(bytes(range(256)))
    (raw / "registry" / "junk.bin").write_bytes(bytes(range(255, 0, -1)))
    with pytest.raises(SourceError) as caught:
        read_raw(raw)
    assert {Path(problem.file).name for problem in caught.value.problems} == {"junk.yaml", "junk.bin"}
