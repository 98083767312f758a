"""Compare effect sizes with metafor's escalc."""

from __future__ import annotations

import numpy as np
from ledger import Ledger

from metastats import effect_size

RTOL = 1e-11  # closed formulas: nothing is iterated
BIAS_CORRECTED_SINCE_5_0 = ("ROM", "ROMC")


def compare_escalc(ledger: Ledger, table: dict) -> None:
    """One table; where versions of metafor differ the file holds both, and the newer one is implemented."""
    newer = table.get("metafor_5_1_12")
    es = effect_size(table["measure"], **(ledger.take("options") or {}), **ledger.take("inputs"))
    at = ("metafor_5_1_12",) if newer else ()
    ledger.agree((*at, "yi"), es.yi, rtol=RTOL, atol=1e-14)
    ledger.agree((*at, "vi"), es.vi, rtol=RTOL)
    expected = newer or table
    np.testing.assert_array_equal(np.isnan(es.yi), np.isnan(np.array(expected["yi"], dtype=float)))
    if newer:  # the values of 3.8-1 beside them
        ledger.excuse("yi")
        ledger.excuse("vi")


def compare_inputs(ledger: Ledger, case: dict, y: np.ndarray, v: np.ndarray) -> None:
    """Effects of a case from its raw inputs; those of ROM and ROMC were made without the bias correction."""
    inputs, measure = ledger.take("inputs"), case["measure"]
    if "given" in measure:
        return
    es = effect_size(measure, **inputs)
    if measure not in BIAS_CORRECTED_SINCE_5_0:
        np.testing.assert_allclose(es.yi, y, rtol=RTOL, atol=1e-14)
    np.testing.assert_allclose(es.vi, v, rtol=RTOL)
