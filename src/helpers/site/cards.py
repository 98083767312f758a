"""Cards of numbers: what a number's link says before anyone follows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pandas as pd

from helpers.display import anchor
from helpers.formats import is_missing, joined, plain_words, show_value
from helpers.narrative.answer import Tables, other_titles, study_titles, widest_tier, with_titles
from helpers.narrative.study import with_interval, with_reading, with_value
from helpers.site.checks import HEADINGS
from helpers.site.page import TEMPLATES, Page
from helpers.tables.vocabulary import CONFIDENCE
from notebookpress.tables import records, split_ids
from notebookpress.yaml_files import YamlFile

WEB = re.compile(r"https?://[^\s\"'<>#]+")
WORDS = YamlFile(TEMPLATES / "cards.yaml").data
ROW_KINDS: dict[str, dict[str, Any]] = WORDS["rows"]


def cards_script(pages: Sequence[Page], homes: Mapping[str, str], tables: Tables) -> str:
    """Return the script that holds the card of each number that is a link, by where the link leads.

    The links of the pages are resolved; nothing is told but what the tables hold.
    """
    rows, sections = _rows(tables), _sections(pages)
    names = other_titles(tables) | study_titles(tables["sources"])
    sources = {row["source_id"]: row for row in records(tables["sources"])}
    cards: dict[str, dict[str, Any]] = {}
    waiting = [target for page in pages for target in _targets(page, homes)]
    while waiting:
        if (target := waiting.pop()) in cards:
            continue
        file, _, name = target.partition("#")
        if name in rows:
            kind, row = rows[name]
            card = _card(kind, row, names) | {"go": "Show its row"}
            card["r"] += _seen(row, sources.get(row["source_id"], {})) if kind == "q" else []
            inputs = [made for made in _inputs(row) if made in homes and made in rows and made != name]
            if "p value" not in (row.get("se_basis") or "p value"):  # printed beside, not used
                inputs = [made for made in inputs if rows[made][1].get("kind") != "p_value"]
            card["i"] = [f"{homes[made]}#{made}" for made in inputs]
            waiting += card["i"]
        elif name:
            page, heading, cells = sections[target]
            card = {"t": heading, "r": [*cells, ["on the page", page]], "go": "Show this part"}
        else:
            card = {"t": "A count of rows", "r": [["counted in", file]], "go": "Open this table"}
        cards[target] = {key: value for key, value in card.items() if value}
    text = json.dumps(cards, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "self.cards=" + text.replace('},"', '},\n"') + ";\n"


def _targets(page: Page, homes: Mapping[str, str]) -> Iterator[str]:
    """Yield where the numbers of a page lead, as a page of the same folder would write it.

    What leads to code is told from the page itself, with the facts and printed figures of its row.
    """
    for link in page.tree.all("a"):
        if link.classes != ["n"]:
            continue
        file, _, name = link.attrs["href"].partition("#")
        beside = link.attrs.get("data-in", "").split()
        if name.startswith("cell-"):
            own = [tag.attrs.get("id", "") for tag in link.parents() if tag.name == "tr"]
            beside += [made for made in own if made.partition("-")[0] in ROW_KINDS]
        else:
            yield f"{file or page.file}#{name}" if name else file
        yield from (f"{homes[made]}#{made}" for made in beside)


def _rows(tables: Tables) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return for each anchor of a row its kind and the row, with its value in words."""
    ready = {
        "quantities": with_reading(tables["quantities"]),
        "results": with_value(tables["results"]),
        "effects": with_interval(tables["effects"]),
        "comparisons": with_interval(tables["comparisons"]),
        "pooled": with_interval(tables["pooled"].assign(printed_range=None), "estimate"),
        "adverse_events": _with_limit(tables["adverse_events"]),
        "certainty": (sure := widest_tier(tables["certainty"])).assign(certainty_id=sure["concept"]),
        "votes": _with_test(tables["votes"]),
        "ongoing_trials": _with_power(tables["ongoing_trials"]),
    }
    return {
        anchor(kind, row[told["key"]]): (kind, row)
        for kind, told in ROW_KINDS.items()
        for row in records(ready.get(told["table"], tables[told["table"]]))
    }


def _with_limit(events: pd.DataFrame) -> pd.DataFrame:
    """Return events by name and place in their study, with how the limit of a share is computed."""
    places = events.groupby("study_id").cumcount().astype(str)
    limit = (100 * events["upper_limit"]).map("{:.3g} %".format).astype(object)  # as text without rows too
    exact = "1 − 0.05^(1/" + events["n"].astype(str) + ") = " + limit
    told = exact.where(events["count"].eq(0).fillna(False), limit + ", Clopper-Pearson")
    told = told.mask(events["n"].le(1).fillna(True) | events["upper_limit"].isna())
    return events.assign(event_id=events["study_id"] + "." + places, limit=told)


def _with_test(votes: pd.DataFrame) -> pd.DataFrame:
    """Return votes with what their exact test compares."""
    counted = (votes["better"] + votes["worse"]).astype(str)
    return votes.assign(test=votes["better"].astype(str) + " of " + counted + " for better, against one half")


def _with_power(trials: pd.DataFrame) -> pd.DataFrame:
    """Return registered trials with the smallest difference that a t test detects in them."""
    sds, size = trials["detectable_80_sds"], trials["detectable_80"]
    told = sds.map("{:.2f} SDs".format).astype(object)
    told = told.where(size.isna(), told + size.map(" of the change, {:.1f} hairs/cm²".format).astype(object))
    return trials.assign(power=told.mask(sds.isna()))


def _sections(pages: Sequence[Page]) -> dict[str, tuple[str, str, list[list[str]]]]:
    """Return for each place of a page the page's title, the heading above it, and the cells of a row."""
    found = {}
    for page in pages:
        heading, columns = page.title, []
        for tag in page.tree.walk():
            if tag.name in HEADINGS:
                heading = tag.words()
            if tag.name == "thead":
                columns = [cell.words() for cell in tag.all("th")]
            if "id" in tag.attrs:
                cells = [cell.words() for cell in tag.all("th", "td")] if tag.name == "tr" else []
                told = [list(pair) for pair in zip(columns, cells, strict=False)]
                found[f"{page.file}#{tag.attrs['id']}"] = page.title, heading, told
    return found


def _card(kind: str, row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row of any kind tells: its heading, and a line for each column that is stated."""
    head = row[ROW_KINDS[kind]["head"]]
    studies = {
        name: joined([names.get(study, study) for study in split_ids(row[name])])
        for name in ("study_id", "studies", "reporting")
        if not is_missing(row.get(name))
    }
    lines = [
        [label, studies.get(name) or with_titles(_words(row[name]), names)]
        for name, label in ROW_KINDS[kind]["tells"].items()
        if not is_missing(row[name])
    ]
    return {"t": "no number" if is_missing(head) else _words(head), "r": lines}


def _words(value: Any) -> str:
    """Return a value in words; a name of the vocabulary in those of a sentence."""
    return plain_words(value) if isinstance(value, str) and value.isidentifier() else show_value(value)


def _seen(row: Mapping[str, Any], source: Mapping[str, Any]) -> list[list[str]]:
    """Return how a printed figure was seen: verified or not, what was read, and its address on the web."""
    worked_out = row["confidence"] == "D"  # then no page prints it
    read = CONFIDENCE["D"] if worked_out else row["access"] or source.get("access")
    read = WORDS["second_hand"] if row["second_hand"] or source.get("second_hand") else read
    found = [["verified", WORDS["verified"]["never" if row["verified"] is None else bool(row["verified"])]]]
    found += [["read", read]] if read else []
    told = row["address"] or source.get("address") or ""
    if address := next((text for text in (told, source.get("address")) if WEB.fullmatch(text or "")), None):
        token = quote(row["printed"], safe="").replace("-", "%2D")
        found.append(["seen at", address, address + ("" if worked_out else f"#:~:text={token}")])
    return found + ([["seen at", told]] if told and not WEB.fullmatch(told) else [])


def _inputs(row: Mapping[str, Any]) -> list[str]:
    """Return the anchors of what a row was made from: effects, else printed figures."""
    columns = {"effect_ids": "effect", "effect_id": "effect"}
    if is_missing(row.get("effect_id")) or "se_basis" in row:  # the effect has its own
        columns |= {"quantity_ids": "q"}
    return [anchor(kind, name) for column, kind in columns.items() for name in split_ids(row.get(column))]
