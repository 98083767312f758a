"""Any study whatever: no error, no number without its basis, every result told, no order that matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from approved import Approved
from made_study import any_study, effects

from notebookpress.tables import split_ids

APPROVED = Approved(Path(__file__).with_name("any_study.json"))


def assert_sound(row: dict[str, Any]) -> None:
    assert (row.get("effect") is None) == bool(row.get("why_not"))
    numbers = [row.get(name) for name in ("effect", "se", "ci_lower", "ci_upper")]
    assert np.isfinite([value for value in numbers if value is not None]).all()
    assert row.get("se") is None or row["se_basis"]
    if row.get("se") is not None and "printed" not in row["se_basis"]:
        assert row["ci_lower"] - 1e-9 <= row["effect"] <= row["ci_upper"] + 1e-9 or row["measure"] == "PR"
        assert row["measure"] not in ("PR", "CLES") or 0 <= row["ci_lower"] <= row["ci_upper"] <= 1


def told(rows: list[dict]) -> dict[tuple, tuple]:
    """Return what the effects say, whatever their names and order."""
    names = ("estimand", "measure", "headline", "comparator", "background", "effect", "se", "n")
    ids = [tuple(sorted(split_ids(row["result_ids"]))) for row in rows]
    keys = sorted((own, str([row.get(name) for name in names])) for own, row in zip(ids, rows, strict=True))
    return dict(enumerate(keys))


@pytest.mark.parametrize("seed", range(60))
def test_any_study_is_told_whole_whatever_the_order_of_its_rows(seed):
    rows, given = any_study(seed)
    made = effects(*rows, **given)
    shown = [{name: value for name, value in row.items() if value is not None} for row in made]
    APPROVED(str(seed), [row | dict.fromkeys(("study_id", "quantity_ids"), "") for row in shown])
    for row in made:
        assert_sound(row)
    names = {row["result_id"] for row in rows} | {row["contrast_id"] for row in given["contrasts"]}
    assert names == {name for row in made for name in split_ids(row["result_ids"])}
    turned = effects(*rows[::-1], **given | {"arms": dict(reversed(given["arms"].items()))})
    assert told(turned) == told(made)
