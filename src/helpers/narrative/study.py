"""One study's rows and sentences, arranged for its notebook and page."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from helpers.appraisal.grade import CONTROLLED, DOMAINS
from helpers.display import anchor, frame_of, number, with_origin, without_origins
from helpers.figures.outcome import harm_rows
from helpers.figures.study import COMPARISON_WORDS, by_weight
from helpers.formats import NO_INTERVAL, is_missing, plain_unit, plain_words, show_number, show_with_unit
from helpers.tables.vocabulary import ESTIMAND_WORDS, label
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

# kinds of figures that say which statistic it is; the others follow from what it is of
STATISTICS = {"mean": "mean", "sd": "SD", "mean_sd": "mean and spread", "median": "median", "range": "range"}
STATISTICS |= {"percent_change": "percent change", "p_value": "p value", "percent": "share"}
NUMBER = re.compile(r"\d+(?:\.\d+)?")
PRINTED_AS_EFFECTS = ("mean", "mean_sd", "ratio", "percent", "percent_change")
MOST_EVENTS = 4  # in the summary of a study


def at_a_glance(
    study: Row,
    effects: pd.DataFrame,
    events: pd.DataFrame,
    discrepancies: pd.DataFrame,
    checks: pd.DataFrame,
    verdict: str | None,
) -> pd.DataFrame:
    """Return a study in a few rows, for the head of its page.

    Of its row of `studies`, its rows of the four tables and its overall risk of bias: `what`, `said`, and
    `quantity_ids` or `origins`, which account for the numbers; what is not stated is said to be so.
    """
    shown = effects[(effects["headline"] == "yes") & effects["ci_lower"].notna()]
    shown = shown[~shown["arm_id"].isin(effects["comparator_id"].dropna())]
    shown = shown[shown["concept"] != "adverse_events"]
    rows = [
        {"what": "Who", "said": _people(study), "quantity_ids": study.get("quantity_ids")},
        {"what": "Compared", "said": COMPARISON_WORDS.get(study.get("comparison"))},
        *(map(_effect, records(shown)) if len(shown) else _without_interval(effects)),
        *_harms(events),
        _doubt(discrepancies, checks),
        {"what": "Risk of bias", "said": verdict or "not judged"},
    ]
    for row in rows:
        row["said"] = row["said"] or "not stated"
    return frame_of(rows, dict.fromkeys(("what", "said", "quantity_ids", "effect_id", "origins"), ""))


def _people(study: Row) -> str | None:
    """Return how many people of which kind: `16 enrolled; male, 36 to 45 years; ...`."""
    planned = "by the registration" if study.get("n_enrolled") else "planned"
    counts = [
        f"{number(study, name)} {word}"
        for name, word in (("n_planned", planned), ("n_enrolled", "people"), ("n_analysed", "analysed"))
        if not is_missing(study.get(name))
    ]
    ages = {name: study[name] for name in ("age_min", "age_max") if not is_missing(study.get(name))}
    years = [number(study, name) for name in ages]
    span = f"{' to '.join(years if len(set(ages.values())) > 1 else years[:1])} years" if years else None
    if len(years) == 1:
        span = f"{years[0]} years or {'older' if 'age_min' in ages else 'younger'}"
    sex = {"all": "women and men", "male": "men", "female": "women"}.get(study.get("sex"))
    whom = ", ".join(part for part in (sex, span) if part)
    parts = [", ".join(counts), whom, study.get("population"), study.get("country")]
    return "; ".join(part for part in parts if not is_missing(part)) or None


def _outcome_name(row: Row) -> str:
    """Return an outcome's name; that of the source for one without a name of ours."""
    name, site = label(row["concept"]), row["site"]
    if row["concept"] == "other_outcome" and site not in (None, "all"):
        return site.capitalize()
    return name.capitalize() + (f" ({site})" if site not in (None, "all") else "")


def _effect(effect: Row) -> Row:
    """Return a headline effect with its interval."""
    limits = effect["ci_lower"], effect["ci_upper"]
    size = show_with_unit(effect["effect"], *limits, effect["unit"], effect["estimand"], effect["concept"])
    who = "" if effect["arm_id"] is None else f", {effect['arm_id'].replace('_', ' ')}"
    week, size = effect["timepoint_weeks"], str(size).removesuffix(NO_INTERVAL)
    when = effect["timepoint_printed"] if is_missing(week) else f"week {show_number(round(week, 1))}"
    when = f", {when}" if when else ""
    said = escape(f"{size}, {ESTIMAND_WORDS[effect['estimand']]}{when}")
    if is_missing(effect["ci_lower"]):
        said += "" if is_missing(effect["assumption"]) else f"; {effect['assumption']}"
    elif not is_missing(effect["n_assumed"]) or " assumed" in str(effect["assumption"]):
        said += Markup('; <a href="#effect-sizes">rests on assumptions</a>')
    if effect["estimand"] in CONTROLLED and not is_missing(effect["contrast_doubt"]):
        said += f"; {effect['contrast_doubt']}"
    return {
        "what": f"{_outcome_name(effect)}{who}",
        "said": said,
        "effect_id": effect["effect_id"],
    }


def _without_interval(effects: pd.DataFrame) -> list[Row]:
    """Return changes without an interval, the last of each outcome, and directions that are told alone."""
    own = effects[(effects["concept"] != "adverse_events") & effects["n"].ne(1).fillna(True)]
    sized = own[(own["headline"] == "yes") & own["effect"].notna()].drop_duplicates("concept", keep="last")
    words = own[own["stated"].notna() & ~own["concept"].isin(sized["concept"])]
    alone = [
        {
            "what": _outcome_name(row),
            "said": "; ".join(filter(None, (row["stated"], row["why_not"], row["contrast_doubt"]))),
            "effect_id": row["effect_id"],
        }
        for row in records(words.drop_duplicates("concept", keep="last"))
    ]
    return [*map(_effect, records(sized)), *alone]


def _harms(events: pd.DataFrame) -> list[Row]:
    """Return what is told of adverse events, counted or not; nothing where nothing is."""
    limit = Markup(' (one-sided <span class="fixed">95 %</span> limit, if all were followed: {} %)')
    told, one = [], events["n"].eq(1).any()  # of one person an event is told or denied, not counted
    for row in harm_rows(events, pd.DataFrame()):
        if one and row["n"] in (None, 1):
            told.append(escape(f"{'denied' if row.get('count') == 0 else 'told'}: {row['event']}"))
        elif row["effect"] is None:
            told.append(escape(f"{row['event']} ({row['instead']})"))
        else:
            most = "" if row["count"] else limit.format(show_number(round(row["ci_upper"], 1)))
            told.append(escape(f"{row['event']}: {row['count']} of {row['n']}") + most)
    said = Markup("; ").join(told[:MOST_EVENTS] + ["others below"] * (len(told) > MOST_EVENTS))
    ids = join_ids(name for names in events["quantity_ids"].dropna() for name in split_ids(names))
    row = {"what": "Adverse events", "said": said, "quantity_ids": ids, "origins": "events"}
    return [row] if told else []


def _doubt(discrepancies: pd.DataFrame, checks: pd.DataFrame) -> Row:
    """Return how many discrepancies there are, with the weightiest that touches an outcome."""
    if discrepancies.empty:
        tried = int((checks["outcome"] != "not applicable").sum())
        said = Markup('none was found; only <a href="#checks">{} of {} rules</a> could be tried')
        return {"what": "Discrepancies", "said": said.format(tried, len(checks))}
    certain = int(discrepancies["certain"].sum())
    ranked = records(by_weight(discrepancies))
    first = next((row for row in ranked if row["concepts"]), ranked[0])
    said = Markup('<a href="data.html#discrepancies">{}, {} of them certain</a>; one of the weightiest: {}')
    said = said.format(len(discrepancies), certain, first["statement"])
    return {"what": "Discrepancies", "said": said, "origins": f"discrepancy-{first['discrepancy_id']}"}


def people_posted(quantities: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return a study's posted figures of a part, `participant flow` or `baseline`, one a group.

    In the register's order: `what`, `group`, `printed`, `unit` and `quantity_id`; empty when nothing is
    posted. The numbers analysed are left to the list of printed figures.
    """
    own = quantities[quantities["section"].astype("string").str.startswith(f"{part}, ").fillna(False)]
    own = own[(own["role"] == "design") & (own["kind"] != "n")]
    order = own["quantity_id"].str.replace(r"\d+", lambda digits: digits[0].zfill(6), regex=True)
    own = own.assign(_order=order).sort_values("_order", kind="stable")
    own = own.assign(what=own["section"].str.removeprefix(f"{part}, ")).rename(columns={"note": "group"})
    return own[["what", "group", "printed", "unit", "quantity_id"]]


def with_value(results: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `results` with a column `value`: `80 ± 10`, `75 to 95`, `87 %`, `3`."""
    return results.assign(value=[without_origins(value_words(row) or "") or None for row in records(results)])


def with_baseline(results: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Return one study's results with the value before treatment beside each later one, and the change.

    A value before treatment with no later one of its arm, outcome, site and unit has a row of its own. Added
    are `outcome` (and its unit), `before`, `after` and `change` in words; a change is the printed one, or
    that of `effects`. The anchors of what is joined into a row stand in its cells.
    """
    names = ["arm_id", "concept", "site", "unit", "category"]
    rows = results.assign(value=list(map(value_words, records(results)))).reset_index(names="order")
    starts = (rows["timepoint_weeks"] == 0).fillna(False) & (rows["kind"] != "change")
    start = rows.loc[starts, [*names, "value", "result_id", "quantity_ids"]].drop_duplicates(names)
    later = rows[~starts].merge(start, on=names, how="left", suffixes=("", "_before"))
    alone = rows[starts & ~rows["result_id"].isin(later["result_id_before"])]
    alone = alone.assign(value_before=alone["value"], value=None)
    worked_out = _changes(effects)
    table = pd.concat([later, alone]).sort_values("order", kind="stable", ignore_index=True)
    told = []
    for row, again in zip(records(table), table["result_id_before"].duplicated(), strict=True):
        changed, own = row["kind"] == "change", None if again else row["result_id_before"]
        unit = "%" if row["unit"] == "proportion" else plain_unit(row["unit"])
        told.append({
            "outcome": Markup('{} <span class="sub">{}</span>').format(
                ": ".join(filter(None, [label(row["concept"]), row["category"]])), unit
            ),
            "before": _cell(row["value_before"], own and anchor("result", own)),
            "after": None if changed else row["value"],
            "change": (row["value"] if changed else worked_out.get(row["result_id"])) or _in_words(row),
            "quantity_ids": join_ids([row["quantity_ids"], row["quantity_ids_before"]]),
        })  # fmt: skip
    names = ("outcome", "before", "after", "change", "quantity_ids")
    return table.assign(**frame_of(told, dict.fromkeys(names, "")))


def _in_words(row: Row) -> str | None:
    """Return the direction of a result that is told without a figure; a level by itself has none."""
    way = "no direction" if row["kind"] == "level" else row["stated"]
    return f"{way}, in words alone" if row["stated"] and row["value"] is None else None


def _cell(text: str | None, name: str | None) -> Any:
    """Return a cell's text as the place to which links lead."""
    return Markup('<span id="{}">{}</span>').format(name, text) if text and name else text


def _changes(effects: pd.DataFrame) -> dict[str, Any]:
    """Return by result the change from its value before treatment; without an interval, with its anchor."""
    changes = effects[(effects["estimand"] == "uncontrolled_change") & effects["effect"].notna()]
    told = {}
    for row in records(changes):
        size = show_with_unit(row["effect"], None, None, row["unit"], row["estimand"], row["concept"])
        alone = row["headline"] != "yes" or (row["n"] == 1 and row["ci_lower"] is None)
        size = size.removesuffix(NO_INTERVAL).removesuffix(f" {plain_unit(row['unit'])}")
        name = anchor("effect", row["effect_id"]) if alone else None  # the others have a row of their own
        told[split_ids(row["result_ids"])[0]] = _cell(size, name)
    return told


def with_interval(frame: pd.DataFrame, effect: str = "effect") -> pd.DataFrame:
    """Return rows with a column `interval`: `35 hairs/cm² (31.5 to 38.5)`; shares in percent."""
    names = ("ci_lower", "ci_upper", "unit", "estimand")
    intervals = [
        row.get("printed_range")
        if row[effect] is None
        else show_with_unit(row[effect], *(row[name] for name in names), row.get("concept"))
        for row in records(frame)
    ]
    return frame.assign(interval=intervals)


def printed_means(headline: pd.DataFrame, quantities: pd.DataFrame) -> pd.DataFrame:
    """Return what is printed of the first headline effect with mean, SD and number of people in print.

    One row for a change, two for a difference of groups, the treated one first: `arm_id`, `mean`, `sd`, `n`,
    `concept`, `unit`, `effect_id`, `figures`. Empty where a figure is not printed, or has another unit.
    """
    people = quantities[quantities["kind"].eq("n") & quantities["unit"].eq("participants")]
    people = people.drop_duplicates("value").set_index("value")["quantity_id"]
    for effect in records(headline[headline["se_basis"].eq("SDs printed").fillna(False)]):
        ids, sizes = split_ids(effect["quantity_ids"]), _sizes(effect)
        own = quantities[quantities["quantity_id"].isin(ids) & quantities["unit"].eq(effect["unit"])]
        mean = own["value"].where(own["kind"].isin(["mean", "mean_sd"]))
        sd = own["sd"].fillna(own["value"].where(own["kind"].eq("sd")))
        arms = pd.DataFrame({"mean": mean, "sd": sd}).groupby(own["arm_id"])
        counts = [people.get(size) for size in sizes.values()]
        if sizes and all(counts) and set(arms.groups) == set(sizes) and arms.count().eq(1).all(axis=None):
            kept = {name: effect[name] for name in ("concept", "unit", "effect_id")}
            printed = [own["quantity_id"].where(part.notna()) for part in (mean, sd)]
            named = pd.concat(printed, axis=1, keys=["mean", "sd"]).groupby(own["arm_id"]).first()
            named = named.loc[list(sizes)].assign(n=counts)
            figures = [join_ids(f"{name}={told}" for name, told in row.items()) for row in records(named)]
            kept |= {"n": list(sizes.values()), "figures": figures}
            return arms.first().loc[list(sizes)].reset_index().assign(**kept)
    return pd.DataFrame()


def with_printed(effects: pd.DataFrame, quantities: pd.DataFrame) -> pd.DataFrame:
    """Return effects with `figures`: the printed figure of one that was printed as it stands."""
    own = quantities[quantities["kind"].isin(PRINTED_AS_EFFECTS)].set_index("quantity_id")["value"]
    figures = []
    for row in records(effects):
        values = own.reindex(split_ids(row["quantity_ids"])).dropna()
        scale = 100 if row["unit"] == "proportion" else 1
        same = values.index[(values - scale * (row["effect"] or 0)).abs() < 1e-9]
        figures.append(f"interval={same[0]}" if len(same) == 1 and row["effect"] is not None else None)
    return effects.assign(figures=figures)


def _sizes(effect: Row) -> dict[str, int]:
    """Return by arm the people of the one group of a change, or of the treated one and the control."""
    n, control = effect["n"], effect["n_comparator"]
    if effect["estimand"] == "uncontrolled_change":
        return {effect["arm_id"]: int(n or next(iter(NUMBER.findall(effect["n_assumed"] or "")), 0))}
    if effect["estimand"] == "between_group" and n and control:
        return {effect["arm_id"]: n - control, effect["comparator_id"]: control}
    return {}


def with_reading(quantities: pd.DataFrame) -> pd.DataFrame:
    """Return quantities with what each was read as, what it is, and its place."""
    told = {"read": _reading, "means": _meaning, "place": _place}
    return quantities.assign(**{name: list(map(say, records(quantities))) for name, say in told.items()})


def printed_figures(quantities: pd.DataFrame) -> pd.DataFrame:
    """Return printed figures in the order of the document, what means the same in one row.

    `means`, and `printed`: tokens with their places, each named once, and the anchors of their quantities.
    """
    told: dict[str, dict[str, list[Row]]] = {}
    for row in records(quantities.sort_values(["source_id", "char_start", "quantity_id"])):
        told.setdefault(_meaning(row), {}).setdefault(_token(row), []).append(row)
    rows = []
    for means, tokens in told.items():
        together: dict[str, list[tuple[str, list[Row]]]] = {}
        for token, own in tokens.items():
            together.setdefault(_where(own), []).append((token, own))
        figures = []
        for place, same in together.items():
            *first, (token, own) = same  # the place goes with the last of its tokens
            figures.append(
                Markup(", ").join([*(_anchored(*one) for one in first), _anchored(token + place, own)])
            )
        rows.append({"means": means, "printed": Markup("; ").join(figures)})
    return frame_of(rows, {"means": "", "printed": ""})


def _anchored(text: str, rows: list[Row]) -> Markup:
    """Return a text as the place to which links to some quantities lead."""
    shown = escape(text)
    for row in rows:
        shown = Markup('<span id="{}">{}</span>').format(anchor("q", row["quantity_id"]), shown)
    return shown


def _reading(row: Row) -> str:
    """Return a figure's value as a program has it, `35 ± 6.5 hairs/cm²`, `75 to 95 %`, or nothing."""
    ends = [row[name] for name in ("value_low", "value_high") if row[name] is not None]
    numbers = " to ".join(map(show_number, ends)) if row["value"] is None else show_number(row["value"])
    spread = f" ± {show_number(row['sd'])}" if row["sd"] is not None else ""
    unit = plain_unit(row["unit"])
    return numbers and f"{numbers}{spread} {unit.removesuffix('s') if numbers == '1' else unit}".rstrip()


def _meaning(row: Row) -> str:
    """Return what a figure is of; what its token says itself, such as a time, is left out."""
    kind = STATISTICS.get(row["kind"])
    if row["kind"] == "range" and row["value"] is not None:
        kind = "spread"
    parts = [plain_words(row["concept"]), kind, row["arm_id"], row["timepoint_printed"]]
    return ", ".join(dict.fromkeys(str(part) for part in parts if not is_missing(part)))


def _token(row: Row) -> str:
    """Return a figure as printed, and how it was read where neither token nor meaning says so."""
    read, said = _reading(row), f"{row['printed']} {plain_words(row['concept'])}".casefold()
    same = NUMBER.findall(read) == NUMBER.findall(row["printed"])
    same = same and plain_unit(row["unit"]).casefold()[:3] in said
    if same or not read or row["role"] == "result":  # the table of observations says how those were read
        return row["printed"]
    return f"{row['printed']}, read as {read}"


def _where(rows: list[Row]) -> str:
    """Return where a token stands, with what the sheet remarks of it there."""
    by_note: dict[str, list[Row]] = {}
    for row in rows:
        by_note.setdefault(f": {str(row['note']).rstrip('.')}" if row["note"] else "", []).append(row)
    return ";".join(f" ({_places(own)}){note}" for note, own in by_note.items())


def _places(rows: list[Row]) -> str:
    """Return where a token stands: its lines, `23, 132`, or `abstract`."""
    own = [row for row in rows if row["line"] is not None and row["source_id"] == row["study_id"]]
    lines = [", ".join(dict.fromkeys(str(row["line"]) for row in own))] if own else []
    return "; ".join(dict.fromkeys([*lines, *(_place(row) for row in rows if row not in own)]))


def _place(row: Row) -> str:
    parts = [None if row["source_id"] == row["study_id"] else row["source_id"]]
    unprinted = "not printed" if row.get("confidence") == "D" else row["access"]
    parts.append(unprinted if row["line"] is None else f"line {row['line']}")
    parts.append("told by another paper" if row["second_hand"] else None)
    return ", ".join(str(part) for part in parts if part) or "place not stated"


def with_steps(certainty: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `certainty` with a column `steps`: `risk of bias 2, imprecision 2`."""
    rows = records(certainty)
    by = {name: name.replace("_", " ") for name in DOMAINS}
    told = [
        [f"{words} {with_origin(row[name], 'certainty-rules')}" for name, words in by.items() if row[name]]
        for row in rows
    ]
    by_hand = certainty["overridden"].map({True: " (with a person's)", False: ""})
    return certainty.assign(steps=[", ".join(steps) or "none" for steps in told] + by_hand)


def with_places(discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return discrepancies with a column `where`: `lines 102, 132`."""
    told = []
    for text in discrepancies["locators"]:
        parts = [re.sub(r"^[^,;]+, (?=line )|(?<=\d) \(.*", "", part) for part in str(text).split("; ")]
        lines = [part.removeprefix("line ") for part in parts if re.fullmatch(r"line \d+", part)]
        named = [f"line{'s' if len(lines) > 1 else ''} {', '.join(lines)}"] if lines else []
        told.append("; ".join([*named, *(part for part in parts if not re.fullmatch(r"line \d+", part))]))
    return discrepancies.assign(where=told)


def with_discrepancies(judgements: pd.DataFrame, discrepancies: pd.DataFrame) -> pd.DataFrame:
    """Return judgements with a column `found`: the kind of each discrepancy that one rests on."""
    checks = discrepancies.set_index("discrepancy_id")["check"]
    named = judgements["discrepancy_ids"].map(split_ids)
    found = [checks.reindex(names).dropna().map(plain_words) for names in named]
    told = ["; ".join(own.unique()) or None for own in found]
    return judgements.assign(found=pd.array(told, dtype="string"))


def value_words(row: Row) -> str | None:
    """Return a row of `results` in words, its numbers with their origins: `80 ± 10`, `75 to 95`, `87 %`."""
    share = row["unit"] == "proportion"
    factor, mark = (100, " %") if share else (1, "")

    def of(name: str) -> str:
        return number(row, name, show_number(row[name] * factor))

    if row["percent"] is not None:
        return number(row, "percent", show_number(row["percent"] * 100)) + " %"
    if row["mean"] is not None:
        return of("mean") + (f" ± {of('sd')}" if row["sd"] is not None else "") + mark
    if row["median"] is not None:
        quartiles = f" ({of('q1')} to {of('q3')})" if row["q1"] is not None else ""
        if row["q1"] is None and row.get("iqr") is not None:
            quartiles = f" (interquartile range {of('iqr')} wide)"
        return f"median {of('median')}{quartiles}{mark}"
    if row["minimum"] is not None and row["maximum"] is not None:
        return f"{of('minimum')} to {of('maximum')}{mark}"
    return None if row["count"] is None else number(row, "count")


def seen_sentences(sources: pd.DataFrame, quantities: pd.DataFrame) -> list[str]:
    """Return what was read of a study, nothing for one that was read in full; and what is second-hand."""
    sentences = []
    for row in records(sources):
        if row["address"]:
            sentences.append(f"{row['provenance'] or 'Read second-hand.'} Address: {row['address']}")
        elif row["access"] not in (None, "full text"):
            sentences.append(f"What was read: {row['access']}.")
    count = int(quantities["second_hand"].fillna(False).sum())
    if count and not sources["second_hand"].fillna(False).any():
        told = f"{count} of its {len(quantities)} figures"
        sentences.append(f"Second-hand: {told} were seen in another paper only.")
    return sentences
