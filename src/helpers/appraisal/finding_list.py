"""Findings as a list that reads well at the prompt."""

from __future__ import annotations

from typing import Any

from helpers.tables.at_the_prompt import rows_html

COLUMNS = ("study_id", "severity", "statement", "arithmetic", "detected_by")


class FindingList(list[dict[str, Any]]):
    """Rows of the table `findings`; a list in every way, shown as a table in JupyterLab."""

    def _repr_html_(self) -> str:
        certain = sum(row.get("severity") == "certain" for row in self)
        return rows_html(f"{len(self)} findings, {certain} certain", self, COLUMNS)
