"""The data beside the code: read the same by PyYAML's own parser, and every pattern of the grammar in use."""

import re
from pathlib import Path

import pytest
import yaml

import helpers
import trialfiles
from trialfiles.forms import names_of
from trialfiles.quantities.readings import READINGS
from trialfiles.quantities.terms import Terms, grammar_file
from trialfiles.vocabulary import NO_WORDS

FOLDERS = [Path(package.__file__).parent for package in (helpers, trialfiles)]
FILES = [
    path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml")) if path.name != "new_sheet.yaml"
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_data_file_is_read_the_same_with_and_without_libyaml(path):
    text = path.read_text(encoding="utf-8")
    fast = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert yaml.load(text, Loader=yaml.SafeLoader) == fast


def test_every_pattern_of_the_grammar_fits_together_and_is_used():
    folder = Path(trialfiles.__file__).parent / "quantities"
    written = (folder / "grammar.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\{([A-Z_]+)\}", written))
    for path in folder.glob("*.py"):
        named |= set(re.findall(r"\b([A-Z_]{2,})\b", path.read_text(encoding="utf-8")))
    assert [name for name in grammar_file()["patterns"] if name not in named] == []
    assert all(Terms(NO_WORDS).pattern(name) for name in grammar_file()["patterns"])


def test_every_reading_belongs_to_a_rule():
    assert {rule.get("read", "figure") for rule in grammar_file()["rules"]} == set(READINGS)


def test_every_pattern_of_a_form_is_used():
    folder = Path(trialfiles.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    found = {path.stem: names_of(path.stem).get("patterns", {}) for path in folder.glob("forms/*.yaml")}
    assert [(form, name) for form, names in found.items() for name in names if f'"{name}"' not in code] == []
