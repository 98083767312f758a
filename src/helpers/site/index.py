"""The index page: the answer, the studies, what changed, contents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from markupsafe import Markup

from helpers.appraisal.grade import CERTAINTY, CONTROLLED, told_lines
from helpers.appraisal.risk_of_bias import only_abstract, overall_words
from helpers.display import anchor, figure_html, linked_text, number, without_origins
from helpers.effects import EXOSOME_ROLES
from helpers.figures.outcome import context_plot, context_rows
from helpers.figures.study import TESTED_ON, by_weight
from helpers.formats import DAGGER, is_missing, plain_words, show_with_unit
from helpers.narrative import answer
from helpers.narrative.pooled import HARMS
from helpers.narrative.study import value_words
from helpers.sheets.context import ReviewFacts
from helpers.site.data import CHANGES, changes_since, history_rows
from helpers.site.page import Page, environment, link, rows_table
from helpers.site.references import csl_items, printed_references
from helpers.tables.vocabulary import EVIDENCE, label
from notebookpress.tables import join_ids, records, split_ids

# What each sentence of the answer is made from: the anchor where it is accounted for, and its name.
ANSWER_ORIGINS = (
    ("certainty-of-evidence", "certainty"),
    ("results-by-outcome", "results by outcome"),
    ("harms", "adverse events"),
    ("what-can-be-pooled", "pooling"),
    ("what-would-change-the-answer", "one more trial"),
)
DENSITY = "hairs/cm2"
NO_EFFECT = "no estimate"
ABOUT = " about the effect of exosome therapy on {}"  # which the row itself says
CONSTANT = r"\d+(?:\.\d+)? % (?:interval|limit)|\b\d is (?:no|every)\b"  # chosen, or of a scale: not found
RULE = r"(?<=below )\d+(?: events)?(?=[;.]|$)"  # of what size is large enough, by the rules
CERTAIN = re.compile(r"\b(\d+)( certain discrepanc)")
LIKE = "Placebo arms are those like a study shown in sex and time, where it states both."
UNMATCHED = "Other treatments are matched in neither."
DOUBTED = "§: a discrepancy touches it, certain or not."
MOST_NOT_DRAWN = 3  # differences from a control that are named below the figure
GRACE = 1  # months after which a search that is due is overdue
TOTAL = "studies-total"  # anchor of the row that adds the studies up
FIRST = ("certainty-of-evidence", "results-by-outcome", "what-can-be-pooled")  # in the largest letters
FIXED, SUB = Markup('<span class="fixed">{}</span>'), Markup('<span class="sub">{}</span>')


def index_page(tables: answer.Tables, pages: list[Page], provenance: Mapping[str, Any]) -> Page:
    """Return the index; `pages` are the other pages, in order."""
    shown = {page.file: page.anchors for page in pages}
    known = set().union(*shown.values())
    titles, cited = answer.study_titles(tables["sources"]), csl_items(tables["sources"])
    sentences = [
        {
            "text": _plain_titles(text, titles),
            "origin": origin,
            "figures": TOTAL,
            "from": words if origin in known else "",
        }
        for text, (origin, words) in zip(answer.answer_sentences(tables), ANSWER_ORIGINS, strict=True)
        if text
    ]
    place = next((n for n, told in enumerate(sentences) if told["origin"] == "harms"), len(sentences))
    sentences[place:place] = _warnings(provenance["review"])
    review, changed = provenance["review"], changes_since(tables, provenance.get("previous"))
    others = [page for page in pages if not page.file.startswith("study-")]  # to those the table leads
    body = environment().get_template("index.html.j2").render(
        failed=provenance.get("failed") or [],
        short=[told for told in sentences if told["origin"] in FIRST],
        rest=[told for told in sentences if told["origin"] not in FIRST],
        review=review,
        release=provenance.get("previous_version"),
        symbols=_symbols(tables),
        picture=_picture(tables, titles),
        summary=_summary(tables),
        notes=_notes(tables, titles),
        studies=_studies_table(tables, titles, shown),
        concerns=_concerns(tables, titles),
        changes=_changes(tables, provenance, changed),
        groups={
            "Notebook runs": [page for page in others if page.file.startswith("0")],
            "How it was made": [page for page in others if not page.file.startswith("0")],
        },
        references=zip(printed_references(cited), cited, strict=True),
        version=str(provenance.get("version") or ""),
        code_sha256=str(provenance.get("code_sha256") or ""),
    )  # fmt: skip
    status = _status(review, provenance, changed)
    title = "Does exosome therapy regrow hair?"
    return Page(file="index.html", title=title, short="The answer", body=body, status=status)


def _status(
    review: ReviewFacts, provenance: Mapping[str, Any], changed: list[dict[str, Any]] | None
) -> Markup:
    """Return how current the answer is: last search, when the next is due, and what changed last."""
    last = review.last_search
    searched = Markup(" · last search {}").format(last.on if last else "not stated")
    searched += "" if last is None or last.extent == "systematic" else ", not systematic"
    due = Markup(" · no next search is set")
    if review.due:
        late = (review.due + pd.DateOffset(months=GRACE)).date()
        due = Markup(' · next due <time datetime="{0}" data-late="{1}">{0}</time>').format(review.due, late)
    what = "first version"
    if changed and not (len(review.versions) < 2 and _as_released(provenance, changed)):
        since = provenance.get("previous_version")
        what = f"answer {changed[-1]['named'].partition(':')[0]} since {since}"
    return searched + due + " · " + link("#changes", what)


def _as_released(provenance: Mapping[str, Any], changed: list[dict[str, Any]]) -> bool:
    """Return whether a report is that of the newest release: its version, and no table differs."""
    return provenance.get("version") == provenance.get("previous_version") and len(changed) == 1


def _warnings(review: ReviewFacts) -> list[dict[str, Any]]:
    """Return what authorities say, as sentences of the answer that lead to the notice's line."""
    notice = {"origin": "version", "figures": "", "from": "notice"}
    return [
        notice | {"text": FIXED.format(f"{item.who}, notice of {str(item.on)[:4]}: {item.says}.")}
        for item in review.regulation
    ]


def _plain_titles(text: str, titles: Mapping[str, str]) -> Markup:
    """Return a sentence in which no year of a study's name and no constant is taken for a result."""
    constants = "|".join([*map(re.escape, titles.values()), CONSTANT])
    parts = enumerate(re.split(f"({constants})", text))
    return Markup("").join(FIXED.format(part) if place % 2 else linked_text(part) for place, part in parts)


_COUNTED = re.compile(r"((?<!\d)(\d+) of (\d+) \(up to [\d.]+ %\))")


def _of_events(text: str, events: pd.DataFrame) -> Markup:
    """Return the cell of harms; each count leads to the row of the event that it counts."""
    said, term, left = Markup(""), "", events.to_dict("index")
    for place, part in enumerate(_COUNTED.split(text)):
        if place % 4 == 0:
            term = part.rpartition(":")[0].rpartition("; ")[2].strip() or term
            said += _plain_titles(part, {})
        elif place % 4 == 1:
            count, n = map(float, re.match(r"(\d+) of (\d+)", part).groups())  # type: ignore[union-attr]
            alike = [name for name, row in left.items() if (row["count"], row["n"]) == (count, n)]
            alike.sort(key=lambda name: left[name]["term"] != term)
            own = alike[0] if alike else ""
            said += Markup('<span data-from="{}">{}</span>').format(own, part)
            said += ", n worked out" * bool(left.pop(own, {}).get("worked_out"))
    return said


def _symbols(tables: answer.Tables) -> str:
    """Return the best certainty of hair itself as GRADE draws it, and in words; empty where none is."""
    levels = set(answer.of_hair(answer.widest_tier(tables["certainty"]))["certainty"])
    best = next((level for level in reversed(CERTAINTY["levels"]) if level in levels), None)
    return f"{CERTAINTY['symbols'][best]} {best} certainty" if best else ""


def _picture(tables: answer.Tables, titles: Mapping[str, str]) -> Markup:
    """Return the figure of changes in hair density after exosomes beside placebo arms like them."""
    every = context_rows(tables["context"], tables["comparators"], DENSITY, tables["comparisons"])
    like = {name for names in tables["context"]["controls"].dropna() for name in split_ids(names)}
    given = tables["arms"].dropna(subset="co_intervention").query("role == 'exosome_combination'")
    beside = given.set_index("study_id")["co_intervention"].str.split(",").str[0].to_dict()
    treatments = tables["comparators"]["treatment"].isin(beside.values())  # what was given beside, alone
    alone = tables["comparators"].loc[treatments, "row_id"]
    doubted = _doubted(tables["discrepancies"])
    marks = {name: f", with {treatment}" for name, treatment in beside.items()}
    marks |= {name: marks.get(name, "") + mark for name, mark in doubted.items()}
    rows = [
        row | {"label": answer.with_titles(row["label"], titles) + marks.get(row["label"], "")}
        for row in every
        if row["group"] == "exosome" or row["row_id"] in {*like, *alone}
    ]
    if not any(row["group"] == "exosome" for row in rows):
        return Markup("")
    seen = next(iter(records(tables["thresholds"].query("row_id == 'visible'"))), None)
    title = "Change in hair density from baseline, after exosomes and in arms of other trials"
    note = _not_drawn(tables["comparisons"], titles)
    drawn = context_plot(rows, unit=DENSITY, title=title, seen=seen, note=note)
    marked = any(mark in row["label"] for row in rows for mark in doubted.values())
    said = [
        drawn.caption,
        DOUBTED if marked else "",
        LIKE if like else "",
        UNMATCHED if any(row["group"] == "active" for row in rows) else "",
    ]
    return figure_html(replace(drawn, caption=" ".join(filter(None, said))), "density")


def _not_drawn(comparisons: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Return the estimates of hair against a control that is not in doubt: no axis of changes shows them."""
    lines = comparisons[comparisons["estimand"].isin(CONTROLLED) & comparisons["contrast_doubt"].isna()]
    lines = answer.of_hair(lines.dropna(subset="effect")).sort_values(["study_id", "concept"])
    told = [
        f"{titles.get(row['study_id'], row['study_id'])}, {plain_words(row['concept'])} "
        + show_with_unit(row["effect"], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])
        + DAGGER * bool(row["second_hand"])
        for row in records(lines)[:MOST_NOT_DRAWN]
    ]
    more = len(lines) - len(told)
    told += [f"{answer.number_word(more)} more"] if more else []
    return f"Not drawn, as differences from a control: {'; '.join(told)}" if told else ""


def _doubted(discrepancies: pd.DataFrame) -> dict[str, str]:
    """Return a mark for each study in which a discrepancy touches hair density and may turn it."""
    touching = discrepancies["concepts"].map(lambda names: "hair_density" in split_ids(names)).astype(bool)
    weighty = discrepancies["certain"].astype(bool) | (discrepancies["check"] == "plausibility")
    weighty &= touching & (discrepancies["concern"] != "minor")
    return dict.fromkeys(discrepancies.loc[weighty, "study_id"], " §")


def _summary(tables: answer.Tables) -> Markup:
    """Return the summary of findings of the widest body of evidence, in the fixed order, harms last."""
    found = answer.widest_tier(tables["summary_of_findings"])
    found = found.merge(tables["certainty"][["concept", "evidence", "pooled_id"]], how="left")
    found = found.merge(tables["pooled"][["pooled_id", "effect_ids"]], how="left")
    order = [*CERTAINTY["summary_outcomes"], HARMS]
    rows = [
        {
            "outcome": _outcome_and_time(row, tables["effects"]),
            "people": _participants(row, tables),
            "without": row["without_exosomes"] and _with_printed(row["without_exosomes"], row, tables),
            "with": row["with_exosomes"] and _with_exosomes(row, tables),
            "absolute": _plain_titles(row["absolute"], {}) if row["estimand"] in CONTROLLED else NO_EFFECT,
            "certainty": Markup("{} {} <sup>{}</sup>").format(
                CERTAINTY["symbols"].get(row["certainty"], ""), row["certainty"], row["footnotes"] or ""
            ),
            "statement": row["statement"].replace(ABOUT.format(plain_words(row["concept"])), ""),
            "pooled_id": row["pooled_id"] if row["basis"] == "pooled" else None,
            "effect_ids": row["effect_ids"],
            **_behind(row, tables),
        }
        for row in sorted(records(found), key=lambda row: order.index(row["concept"]))
    ]
    judged = answer.widest_tier(tables["certainty"]).query("certainty != 'no evidence'")
    if len(judged) <= len(rows):
        return rows_table(rows, "summary")
    shown_of = (
        f"{answer.number_word(len(rows))} of {answer.number_word(len(judged))} outcomes, by a fixed order"
    )
    return rows_table(rows, "summary", caption=f"Summary of findings: {shown_of}")


def _with_exosomes(row: Mapping[str, Any], tables: answer.Tables) -> Markup:
    """Return what the arms with exosomes showed; a count of studies leads to the outcome's certainty."""
    told = _of_events(row["with_exosomes"], _events_of(row, tables))
    if row["estimand"] in CONTROLLED:
        return _with_printed(row["with_exosomes"], row, tables)
    if row["estimand"] is None and row["concept"] != HARMS:
        return Markup('<span data-from="certainty-{}">{}</span>').format(row["concept"], told)
    return told


def _of_concept(name: str, row: Mapping[str, Any], tables: answer.Tables) -> pd.DataFrame:
    """Return the rows of a table that are about the outcome of a row of the summary."""
    return tables[name][tables[name]["concept"] == row["concept"]]


def _with_printed(text: str, row: Mapping[str, Any], tables: answer.Tables) -> Markup:
    """Return what the arms showed, the values of a study's results with their origins."""
    own = _of_concept("results", row, tables)
    own = own[own["study_id"].isin(split_ids(row["study_ids"]))]
    for value in filter(None, map(value_words, records(own))):
        text = text.replace(without_origins(value), value, 1)
    return linked_text(text)


def _outcome_and_time(row: Mapping[str, Any], effects: pd.DataFrame) -> Markup:
    """Return an outcome with the printed times of the effect that is shown."""
    of_effect = effects["effect_id"].isin(split_ids(row["effect_ids"]))
    times = effects.loc[of_effect, "timepoint_printed"].dropna().unique()
    time = Markup(' <span class="sub fixed">{}</span>').format("; ".join(times)) if len(times) else ""
    return label(row["concept"]).capitalize() + Markup(time)


def _behind(row: Mapping[str, Any], tables: answer.Tables) -> dict[str, str]:
    """Return what accounts for a row of the summary: printed figures, or rows of adverse events."""
    studies, events = split_ids(row["study_ids"]), tables["adverse_events"]
    told = events if row["concept"] == HARMS else _of_concept("results", row, tables)
    ids = told.loc[told["study_id"].isin(studies), "quantity_ids"]
    return {
        "quantity_ids": join_ids(name for names in ids for name in split_ids(names)),
        "origins": join_ids([*_events_of(row, tables).index, f"certainty-{row['concept']}"]),
    }


def _events_of(row: Mapping[str, Any], tables: answer.Tables) -> pd.DataFrame:
    """Return the events of more than one person behind a row of the summary, by their anchors."""
    events = tables["adverse_events"]
    events = events.assign(place=events.groupby("study_id").cumcount().astype(str))
    own = events[events["study_id"].isin(split_ids(row["study_ids"]) if row["concept"] == HARMS else [])]
    own = own[own["n"].gt(1).fillna(False)].sort_values("n", ascending=False, kind="stable")
    quantities = tables["quantities"]
    made = set(quantities.loc[quantities["confidence"] == "D", "quantity_id"])
    own = own.assign(worked_out=[bool(made & set(split_ids(names))) for names in own["quantity_ids"]])
    return own.set_index(pd.Index([anchor("event", name) for name in own["study_id"] + "." + own["place"]]))


def _participants(row: Mapping[str, Any], tables: answer.Tables) -> Markup:
    """Return the people and studies of an effect, how many studies more tell of it, and how many in words."""
    second_hand = set(tables["sources"].query("second_hand == True")["study_id"])
    own = split_ids(row["study_ids"])
    cell = Markup('<span data-from="certainty-{}">{} ({})</span>{}').format(
        row["concept"], row["participants"] or "not stated", row["studies"], _marked(own, second_hand)
    )
    if row["concept"] == HARMS:
        cell += " " + SUB.format("in arms of which events are told or denied")
    if row["other_studies"]:
        lines = told_lines(tables, row["concept"], EVIDENCE[row["evidence"]])
        figured = _of_concept("comparisons", row, tables).dropna(subset="unit")
        others = set(lines["study_id"]) - set(own)
        silent = len(others - set(figured["study_id"]))
        more = answer.count_words(len(others), "more study reports", "more studies report")
        in_words = "" if silent == len(others) else f"{answer.number_word(silent)} "
        more = f"{more} it{_marked(others, second_hand)}" + f", {in_words}without a size" * bool(silent)
        cell += " " + SUB.format(more)
    return cell


def _marked(studies: Collection[str], second_hand: set[str]) -> str:
    """Return the sign of what was seen second-hand, where a count of studies holds one of those."""
    return DAGGER * bool(second_hand & set(studies))


def _notes(tables: answer.Tables, titles: Mapping[str, str]) -> list[tuple[str, Markup]]:
    """Return the footnotes of the summary, each with the anchor of the certainty behind it."""
    summary = records(answer.widest_tier(tables["summary_of_findings"]))
    first = {letter: row for row in reversed(summary) for letter in (row["footnotes"] or "").split(", ")}
    notes = []
    for row in records(answer.widest_tier(tables["summary_footnotes"])):
        of = first.get(row["letter"], {})
        told = f"{row['letter']}: {plain_words(row['domain'])}, {row['steps']} down: "
        text = _plain_titles(f"{told}{answer.with_titles(row['reason'], titles)}", titles)
        text = Markup(re.sub(RULE, r'<span data-from="certainty-rules">\g<0></span>', str(text)))
        text = Markup(CERTAIN.sub(partial(_linked_count, _certain(of, tables)), str(text)))
        if row["domain"] == "imprecision" and of.get("against_relative"):
            places = ["row-visible", "row-visible_relative", *_compared_with(of, tables)]
            beside = Markup(' (<span data-from="{}">{}; {}</span>)')
            text += beside.format(" ".join(places), of["against_threshold"], of["against_relative"])
        notes.append((f"certainty-{of.get('concept')} certainty-of-evidence", text + "."))
    return notes


def _certain(row: Mapping[str, Any], tables: answer.Tables) -> list[str]:
    """Return the anchors of the certain discrepancies that touch the outcome of a row of the summary."""
    own = tables["discrepancies"][tables["discrepancies"]["certain"].astype(bool)]
    own = own[[row.get("concept") in split_ids(names) for names in own["concepts"]]]
    studies = split_ids(row["study_ids"])
    return [anchor("discrepancy", name) for name in own.loc[own["study_id"].isin(studies), "discrepancy_id"]]


def _linked_count(names: list[str], found: re.Match[str]) -> str:
    """Return a count of discrepancies as a link to the first, whose card names the others."""
    if len(names) != int(found[1]):  # rated on other studies
        return found[0]
    link_ = '<a class="n" href="#{}" data-in="{}">{}</a>{}'
    return str(Markup(link_).format(names[0], " ".join(names[1:]), found[1], found[2]))


def _compared_with(row: Mapping[str, Any], tables: answer.Tables) -> list[str]:
    """Return the anchors of the effect of a row of the summary, and of the values before treatment."""
    graded = _of_concept("certainty", row, tables)
    graded = graded[graded["evidence"] == row["evidence"]]
    shown = tables["pooled"].merge(graded[["pooled_id"]])["effect_ids"]
    before = _of_concept("results", row, tables)
    before = before[(before["timepoint_weeks"] == 0) & before["study_id"].isin(split_ids(row["study_ids"]))]
    told = {"effect": shown, "q": before["quantity_ids"]}
    return [anchor(kind, name) for kind, ids in told.items() for names in ids for name in split_ids(names)]


def _studies_table(tables: answer.Tables, titles: Mapping[str, str], shown: Mapping[str, set[str]]) -> Markup:
    """Return the studies with links to their pages."""
    discrepancies, rows = tables["discrepancies"], []
    counts = discrepancies.loc[discrepancies["certain"].astype(bool), "study_id"].value_counts()
    sources = {row["study_id"]: row for row in records(tables["sources"])}
    judged: dict[str, list[str]] = {}
    for (study, _), own in tables["risk_of_bias"].groupby(["study_id", "tool"]):
        judged.setdefault(study, []).append(overall_words(records(own)))
    for row in records(answer.evidence_studies(tables)):
        name, page = row["study_id"], f"study-{row['study_id']}.html"
        source, anchors = sources[name], shown.get(page, set())
        bias, certain = " / ".join(judged.get(name, ())) or None, FIXED.format(int(counts.get(name, 0)))
        if not counts.get(name, 0) and (source["second_hand"] or only_abstract(source["access"])):
            grave = int((discrepancies[["study_id", "concern"]] == [name, "serious"]).all(axis=1).sum())
            doubts = f"; {grave} serious, not certain" if grave else ""
            certain = FIXED.format(0) + " " + SUB.format(f"few checks apply{doubts}")
        rows.append(
            {
                "study": link(page, titles[name]) if page in shown else titles[name],
                "design": row["design"],
                **_given(tables["arms"], tables["comparisons"], name),
                "n": _people(row),
                "seen": "second-hand citation" if source["second_hand"] else source["access"],
                "bias": link(f"{page}#risk-of-bias", bias) if bias and "risk-of-bias" in anchors else bias,
                "certain": link(f"{page}#discrepancies", certain) if "discrepancies" in anchors else certain,
                "studies_id": name,
                "quantity_ids": row["quantity_ids"],
                "origins": anchor("printed", name),
            }
        )
    if rows:
        rows.append(_total(tables, int(counts.sum())))
    return rows_table(rows, "studies")


def _given(arms: pd.DataFrame, lines: pd.DataFrame, study: str) -> dict[str, Any]:
    """Return what the arms with exosomes got, in the words of the sheet, and the time of the last result."""
    own = arms[(arms["study_id"] == study) & arms["role"].isin(EXOSOME_ROLES)]
    products, ways = [], []
    for row in records(own):
        dose = row["dose"] and number(row, "dose")
        products.append(", ".join(filter(None, (row["exosome_source"], dose))))
        way = row["route"] or "route not told"
        beside = [part for part in (row["co_intervention"] or "").split(", ") if part and part not in way]
        times = [f"{number(row, 'sessions')} session{'s' * (row['sessions'] > 1)}"] if row["sessions"] else []
        way = "; ".join(filter(None, [way, *(f"with {part}" for part in beside), *times]))
        ways.append(way.replace(ways[0], "the same", 1) if ways and way != ways[0] else way)
    told = lines[(lines["study_id"] == study) & lines["effect_id"].notna()]  # no claim of a discussion
    told = told[told["direction"] != "not reported"].sort_values(
        "timepoint_weeks", kind="stable", na_position="first"
    )
    last = told["timepoint_printed"].dropna().tail(1)
    seen = [f"last result: {time}" for time in last] or ["time of result not told"] * (not told.empty)
    return {
        "product": "; ".join(dict.fromkeys(filter(None, products))) or None,
        "given": "; ".join(filter(None, ["; or ".join(dict.fromkeys(filter(None, ways))), *seen])) or None,
    }


def _total(tables: answer.Tables, certain: int) -> dict[str, Any]:
    """Return the last row of the studies: the people of those with results, and all certain discrepancies."""
    told = answer.evidence_studies(tables)
    told = told[told["study_id"].isin(answer.reported_lines(tables)["study_id"])]
    people = int(told["n_analysed"].fillna(told["n_enrolled"]).sum())
    in_studies = FIXED.format(f"{people} in {len(told)} studies with results")
    return {"studies_id": "total", "study": "All", "n": in_studies, "certain": FIXED.format(certain)}


def _concerns(tables: answer.Tables, titles: Mapping[str, str]) -> Markup:
    """Return five of the most serious certain discrepancies, at most two a study, with their arithmetic.

    First what was tested and on whom; then what rests on a figure from which an effect is computed.
    """
    certain = by_weight(tables["discrepancies"][tables["discrepancies"]["certain"].astype(bool)])
    effects = tables["effects"].dropna(subset="effect")
    used = {name for names in effects["quantity_ids"] for name in split_ids(names)}
    touches = [bool(used & set(split_ids(names))) for names in certain["quantity_ids"]]
    order = pd.DataFrame(
        {"serious": certain["concern"] == "serious", "tested": certain["check"].isin(TESTED_ON)}
    )
    order = order.assign(touches=touches).sort_values([*order, "touches"], ascending=False, kind="stable")
    certain = certain.loc[order.index].groupby("study_id", sort=False).head(2)
    rows = [
        row | {"study": link(f"#{anchor('discrepancy', row['discrepancy_id'])}", titles[row["study_id"]])}
        for row in records(certain.head(5))
    ]
    return rows_table(rows, "concerns")


def _people(row: dict[str, Any]) -> str | None:
    """Return how many people: analysed, enrolled, planned, whichever is stated first, or cases counted."""
    for word in ("analysed", "enrolled", "planned"):
        if row[f"n_{word}"] is not None:
            kind = "described" if row["comparison"] == "case" else word.replace("enrolled", "people")
            said = f"{number(row, f'n_{word}')} {kind}"
            counted = Markup('<span data-from="arms">{}</span>')
            return counted.format(said) if is_missing(row["n_stated"]) and word == "analysed" else said
    return None


def _changes(
    tables: answer.Tables, provenance: Mapping[str, Any], rows: list[dict[str, Any]] | None
) -> Markup:
    """Return what changed since the last release as a table, or that there is nothing to compare with."""
    history, same = history_rows(tables, provenance), rows is not None and _as_released(provenance, rows)
    for row in history[1:]:  # no page shows what those counted
        row |= {name: FIXED.format(row[name]) for name in ("studies", "certain", "pooled") if name in row}
    history[0]["pooled"] = Markup('<span data-from="what-can-be-pooled">{}</span>').format(
        history[0]["pooled"]
    )
    of_versions = rows_table(history[same:], "versions")
    versions = Markup('<div data-from="{} certainty-of-evidence">{}</div>').format(TOTAL, of_versions)
    if rows is None or (same and len(history) == 2):
        return Markup("<p>This is the first version: there is none to compare it with.</p>") + versions
    listed = Markup('<a class="n" href="{}">{}</a>')
    for row in rows:
        row |= {name: listed.format(CHANGES, row[name]) for name in ("new", "changed", "gone") if name in row}
    since = f"Changes since release {provenance.get('previous_version') or ''}".rstrip()
    return versions + rows_table(rows, "changes", caption=since)
