"""What tests of broken files share: reading one through every table, and values put anywhere into JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fuzz_sources import into_tables
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from helpers.sheets.read import read_records
from trialfiles import SourceError

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def read_or_refused(path: Path) -> bool:
    """Read a file through every table that its rows reach; False when it is refused with a remedy."""
    try:
        found = list(read_records(path))
    except SourceError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.file == str(path) and problem.problem and problem.remedy
        return False
    for record in found:
        into_tables(record)
    return True


def places(value: object, place: tuple = ()) -> list[tuple]:
    """Return the path of every value in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, item in inner for found in places(item, (*place, key)))]


def with_value(document: Any, place: tuple, value: Any) -> str:
    """Return a JSON document with another value at one place."""
    content = block = json.loads(json.dumps(document))
    for key in place[:-1]:
        block = block[key]
    block[place[-1]] = value
    return json.dumps(content)
