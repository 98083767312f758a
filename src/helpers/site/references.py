"""References of the sources: as items of CSL-JSON, and in the words of our style, `references.csl`."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.site.cards import WEB
from notebookpress.tables import records


def csl_items(sources: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each source as an item of CSL-JSON: its reference, with DOI, registration and address.

    The address of a source that was seen second-hand is that of another work, and left out.
    """
    items = []
    for row in records(sources):
        web = None if row["second_hand"] else WEB.search(row["address"] or "")
        known = {"id": row["source_id"], "type": "document", "title": row["source_id"]}
        known |= {"DOI": row["doi"], "number": row["registration"], "URL": web and web[0]}
        item = known | json.loads(row["reference"] or "{}")
        items.append({name: value for name, value in item.items() if value})
    return items


def printed_references(items: list[dict[str, Any]]) -> list[str]:
    """Return items of CSL-JSON as references in plain text, in their order, without DOI and address."""
    from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON

    # its HTML formatter would not escape the fields: plain text, which the template escapes
    style = CitationStylesStyle(str(Path(__file__).with_suffix(".csl")), validate=False)
    numbered = deepcopy(items)
    for number, item in enumerate(numbered):
        item["id"] = str(number)
        for name in item.get("author", ()):
            if name.get("given", "").isupper():  # of `MS`, read as one name, only the first would be kept
                name["given"] = re.sub(r"\B", " ", name["given"])
    bibliography = CitationStylesBibliography(style, CiteProcJSON(numbered), formatter.plain)
    bibliography.register(Citation([CitationItem(item["id"]) for item in numbered]))
    return [re.sub(r"([?!])\.", r"\1", str(text)) for text in bibliography.bibliography()]
