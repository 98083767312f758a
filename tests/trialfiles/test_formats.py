"""What is read and what is refused by name: each form has its row and its sample, with relatives of each kind."""

import re
from pathlib import Path

import pytest
from case_files import cases_of
from record_cases import holds, written

import trialfiles
from trialfiles.reading import READERS

CASES = cases_of(__file__)


@pytest.mark.parametrize("name", CASES)
def test_a_relative_is_read_or_refused_by_name(tmp_path, name):
    holds(written(tmp_path, CASES[name]), CASES[name])


def test_the_table_of_what_is_read_has_a_sample_of_each_form(tmp_path):
    readme = Path(trialfiles.__file__).with_name("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| `(\w+)` \| (.+) \|$", readme.partition("## What is read")[2], re.MULTILINE)
    assert {form for form, _ in rows} == set(READERS)
    for form, sample in rows:
        file = Path(__file__).with_name(sample)
        assert trialfiles.recognise(file if file.is_file() else written(tmp_path, CASES[sample])) == form
