"""The page of methods, with the checklists of the reporting guidelines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.appraisal.grade import CERTAINTY
from helpers.appraisal.risk_of_bias import NOT_ASSESSABLE, only_abstract
from helpers.formats import joined, show_value
from helpers.narrative.answer import Tables
from helpers.pooling.groups import CONTEXT
from helpers.sheets.context import ReviewFacts
from helpers.site.data import released_table
from helpers.site.notebook import place_free
from helpers.site.page import TEMPLATES, Page, environment, link, rows_table
from notebookpress.files import project_root
from notebookpress.parameters import load_parameters
from notebookpress.tables import records
from notebookpress.yaml_files import YamlFile

CHECKLISTS: dict[str, dict[str, Any]] = YamlFile(TEMPLATES / "checklists.yaml").data


def methods_page(tables: Tables, provenance: Mapping[str, Any]) -> Page:
    """Return the page of methods; its words stand in `templates/methods.html.j2`."""
    review, sources = provenance["review"], tables["sources"]
    told = sources[sources["has_results"] & (sources["tier"] != "comparator")]
    first = len(review.versions) < 2  # then no version stands before this one
    of_drugs = tables["pooled"].query(f"pooled and evidence != '{CONTEXT}'").empty
    judged = tables["risk_of_bias"].query(f"judgement != '{NOT_ASSESSABLE}'")
    body = environment().get_template("methods.html.j2").render(
        protocol=review.protocol,
        searches=rows_table([vars(item) for item in review.searches], "searches"),
        sources=len(sources),
        twice=int((sources["extraction_readers"].fillna(0) >= 2).sum()),
        figures=len(tables["quantities"]),
        placed=int(tables["quantities"]["line"].notna().sum()),
        told=len(told),
        abstracts=int((told["access"].map(only_abstract) | told["second_hand"]).sum()),
        tools=joined(sorted(judged["tool"].unique())),
        limits=CERTAINTY["limits"],
        parameters=_parameters(provenance.get("parameters") or {}),
        checklists=CHECKLISTS,
        selection=_selection(tables["screening"], provenance, first),
        waiting=len(tables["ongoing_trials"]),
        tables={name: _checklist(guide, first, of_drugs, review) for name, guide in CHECKLISTS.items()},
    )  # fmt: skip
    return Page(file="methods.html", title="Methods: how the answer was reached", short="Methods", body=body)


def _selection(screening: pd.DataFrame, provenance: Mapping[str, Any], first: bool) -> Markup:
    """Return how many records had each decision now and, but in the first version, in the last release."""
    counts = {"now": screening["decision"].value_counts()}
    if provenance.get("previous") and not first:
        before = released_table(Path(provenance["previous"]), "screening")
        counts = {"before": pd.Series() if before is None else before["decision"].value_counts()} | counts
    rows = pd.DataFrame(counts, dtype="Int64").fillna(0).rename_axis("decision").reset_index()
    return rows_table(records(rows), "selection")


def _parameters(values: Mapping[str, Any]) -> Markup:
    declared = load_parameters(project_root()) if values else {}
    rows = [
        {
            "name": name,
            "value": show_value(place_free(value)),
            "meaning": declared[name].meaning,
            "parameter_id": name,
        }
        for name, value in sorted(values.items())
    ]
    return rows_table(rows, "parameters")


def _checklist(guide: Mapping[str, Any], first: bool, of_drugs: bool, review: ReviewFacts) -> Markup:
    """Return the items of a guideline as a folded table.

    The first version has no version before it; what `review.yaml` does not state is not done; where drugs
    alone are pooled, what is asked of pools is not applicable.
    """
    rows = []
    for entry in guide["items"]:
        places = [link(target, words) for words, target in (entry.get("where") or {}).items()]
        where = Markup(", ").join(places) or None
        row = dict(entry) | {"item": str(entry["item"]), "where": where}
        stated, of_pools = row.pop("stated", None), row.pop("of_pools", False)
        if first and row.pop("since_last", False):
            row |= {"answer": "not applicable", "remark": "First version"}
        elif of_pools and of_drugs:
            row |= {"answer": "not applicable", "remark": "No exosomes pooled; drugs show how"}
        elif stated and not getattr(review, stated):
            row |= {"answer": "no", "remark": "Not stated"}
        rows.append(row)
    return rows_table(rows, "checklist", caption=guide["title"])
