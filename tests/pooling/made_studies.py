"""Tables of made-up studies, and the pooled effect worked out from their raw figures by brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.comparison import comparison_lines
from helpers.effects import study_effects
from helpers.tables import as_frame, validate


def change(study: str, arm: str, mean: float | None, sd: float | None, n: int | None, **more: Any) -> dict:
    """Return a row of `results`: the mean change in hair density of an arm."""
    number = more.pop("number", 1)
    return {
        "result_id": f"{study}.{arm}.{number}", "study_id": study, "source_id": study, "arm_id": arm,
        "concept": "hair_density", "site": "all", "timepoint_weeks": 24.0, "kind": "change", "n": n, "mean": mean,
        "sd": sd, "unit": "hairs/cm2", "quantity_ids": f"{study}.{arm}.{number}.q",
    } | more  # fmt: skip


def world(*results: dict, tiers: dict[str, str] | None = None, studies: dict[str, dict] | None = None,
          doubtful: tuple[str, ...] = (), correlation: float = 0.7) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the tables that notebook 05 reads, made by the package from rows of results."""
    names = sorted({row["study_id"] for row in results})
    tiers, studies = tiers or {}, studies or {}
    arms = sorted({(row["study_id"], row["arm_id"]) for row in results})
    roles = {"t": "exosome", "c": "placebo"}
    two = {name for name in names if (name, "c") in arms}
    tables: dict[str, Any] = {
        "sources": [{"source_id": name, "study_id": name, "tier": tiers.get(name, "core"), "format": "f",
                     "has_results": True} for name in names],
        "studies": [{"study_id": name, "comparison": "parallel" if name in two else "single_arm",
                     "allocation": "randomised" if name in two else "none"} | studies.get(name, {}) for name in names],
        "arms": [{"study_id": name, "arm_id": arm, "role": roles[arm]} for name, arm in arms],
        "results": list(results), "outcomes": [], "reported_contrasts": [], "adverse_events": [], "risk_of_bias": [],
        "discrepancies": [{"discrepancy_id": f"{name}.f", "study_id": name, "check": "c", "detected_by": "automated",
                      "certain": True, "concern": "serious", "statement": "w", "locators": "l", "concepts": "hair_density"}
                     for name in doubtful],
    }  # fmt: skip
    tables = {name: as_frame(name, rows) for name, rows in tables.items()}
    effects = []
    for study in tables["studies"].to_dict("records"):
        parts = (tables[name] for name in ("arms", "results", "discrepancies"))
        own = [part[part["study_id"] == study["study_id"]] for part in parts]
        plain = {key: None if pd.isna(value) else value for key, value in study.items()}
        effects += study_effects(plain, *own, pre_post_correlation=correlation)
    tables["effects"] = validate("effects", effects)
    tables["comparisons"] = as_frame("comparisons", comparison_lines(tables, overall={}))
    return tables


def reml(yi: np.ndarray, vi: np.ndarray) -> tuple[float, float, float]:
    """Return estimate, truncated Knapp-Hartung standard error and tau2, by search over a fine grid."""

    def loss(tau2: np.ndarray) -> np.ndarray:
        w = 1 / (vi + tau2[:, None])
        mu = (w * yi).sum(1) / w.sum(1)
        return 0.5 * (np.log(w.sum(1)) - np.log(w).sum(1) + (w * (yi - mu[:, None]) ** 2).sum(1))

    low, high = 0.0, 20 * float(np.var(yi) + vi.max())
    for _ in range(12):
        grid = np.linspace(low, high, 2001)
        best = int(np.argmin(loss(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 2000)]
    tau2 = float(grid[best])
    w = 1 / (vi + tau2)
    mu = float((w * yi).sum() / w.sum())
    spread = float((w * (yi - mu) ** 2).sum() / (len(yi) - 1))
    return mu, float(np.sqrt(max(spread, 1.0) / w.sum())), tau2
