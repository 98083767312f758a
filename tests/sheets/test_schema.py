"""The JSON Schema of study sheets beside the data, as editors use it."""

import json
from pathlib import Path

import jsonschema
import pytest

from helpers.sheets.model import SCHEMA_FILE, sheet_schema
from helpers.sheets.write import new_sheet
from trialfiles.yaml_lines import read_yaml

RAW = Path(__file__).parents[2] / "data" / "raw"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(sheet_schema()))


def test_the_schema_beside_the_sheets_is_that_of_the_model_and_every_sheet_keeps_it(tmp_path):
    assert (RAW / SCHEMA_FILE).read_text(encoding="utf-8") == sheet_schema()
    new = new_sheet("smith2026", tmp_path)
    for path in (new, *sorted((RAW / "studies").glob("*.yaml"))):
        assert [error.message for error in VALIDATOR.iter_errors(read_yaml(path)[0])] == [], path
    pointed = new.read_text().splitlines()[0].partition("$schema=")[2]
    assert (new.parent / pointed).read_text() == sheet_schema()


@pytest.mark.parametrize(
    ("quantity", "wrong"),
    [({}, 0), ({"concept": "hair_densty"}, 1), ({"kind": "avrage"}, 1), ({"at": {"in": "Results"}, "line": 0}, 1)],
)  # fmt: skip
def test_short_forms_keep_the_schema_and_words_that_are_none_do_not(tmp_path, quantity, wrong):
    sheet = read_yaml(new_sheet("smith2026", tmp_path))[0]
    figure = {"id": "a", "printed": "18.4 hairs/cm2", "role": "result", "concept": "hair_density"}
    figure |= {"in": "Results"}
    errors = list(VALIDATOR.iter_errors(sheet | {"quantities": [figure | quantity]}))
    assert len(errors) == wrong
