"""The made-up world as a fixture."""

import pytest
from made_world import write_world


@pytest.fixture
def world(tmp_path):
    """Return the folder of the made-up tables."""
    return write_world(tmp_path / "processed")
