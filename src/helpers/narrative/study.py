"""One study's rows and sentences, arranged for its notebook and page."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from helpers.appraisal.grade import CONTROLLED, DOMAINS
from helpers.display import anchor, frame_of, number, with_origin, without_origins
from helpers.figures.outcome import harm_rows
from helpers.figures.study import COMPARISON_WORDS
from helpers.formats import NO_INTERVAL, is_missing, plain_unit, plain_words, show_number, show_with_unit
from helpers.sheets.tokens import read_token
from helpers.tables.vocabulary import ESTIMAND_WORDS, label
from notebookpress.tables import join_ids, records, split_ids
from trialfiles.record import Row

# kinds of figures that say which statistic it is; the others follow from what it is of
STATISTICS = {"mean": "mean", "sd": "SD", "mean_sd": "mean and spread", "median": "median", "range": "range"}
STATISTICS |= {"percent_change": "percent change", "p_value": "p value", "percent": "share"}
ALIKE = ("arm_id", "concept", "unit", "category", "timepoint_printed", "n")
WORDS_ALONE = "direction only, without mean or SD"
PLACES = ("before", "after", "change", "assumption")  # cells of a result
SAID_BY_TOKEN = ("mean_sd", "percent")  # by their signs, ± and %
NUMBER = re.compile(r"\d+(?:\.\d+)?")
PRINTED_AS_EFFECTS = ("mean", "mean_sd", "ratio", "percent", "percent_change")
MOST_EVENTS = 4  # in the summary of a study
INFERRED = "inferred"  # of a time that is not printed with the figure


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
    last = shown.sort_values("timepoint_weeks", kind="stable", na_position="first")
    others = last.duplicated(["concept", "estimand", "arm_id"], keep="last")[shown.index]
    told = list(map(_effect, records(shown[~others]))) if len(shown) else _without_interval(effects)
    if others.any():
        told[-1]["said"] += Markup('; <a href="#results">others below</a>')
    grave = discrepancies.loc[discrepancies["concern"] == "serious", "discrepancy_id"]
    of = effects.set_index("effect_id")["discrepancy_ids"].map(split_ids).to_dict()
    for row in told:
        if not set(grave).isdisjoint(of.get(row["effect_id"], ())):
            row["said"] += Markup('; <a href="#discrepancies">seriously doubted</a>')
    rows = [
        {"what": "Who", "said": _people(study), "quantity_ids": study.get("quantity_ids")},
        {"what": "Compared", "said": COMPARISON_WORDS.get(study.get("comparison"))},
        *told,
        *_harms(events),
        _doubt(discrepancies, checks),
        {"what": "Risk of bias", "said": verdict or "not judged"},
    ]
    for row in rows:
        row["said"] = row["said"] or "not stated"
    return frame_of(rows, dict.fromkeys(("what", "said", "quantity_ids", "effect_id", "origins"), ""))


ALONE = " in the exosome arm only"


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
    """Return a headline effect with its interval, or a direction that is told alone."""
    doubt = effect["contrast_doubt"] if effect["estimand"] in CONTROLLED or effect["effect"] is None else None
    row = {name: effect[name] for name in ("effect_id", "quantity_ids")} | {"what": _outcome_name(effect)}
    if effect["effect"] is None:
        return row | {"said": "; ".join(filter(None, (effect["stated"], effect["why_not"], doubt)))}
    limits = effect["ci_lower"], effect["ci_upper"]
    size = show_with_unit(effect["effect"], *limits, effect["unit"], effect["estimand"], effect["concept"])
    who = "" if effect["arm_id"] is None else f", {effect['arm_id'].replace('_', ' ')}"
    given = str(effect["background"])  # with what else, if that is given to one arm alone
    who += f" with {given.removesuffix(ALONE)}" * given.endswith(ALONE)
    week, size = effect["timepoint_weeks"], str(size).removesuffix(NO_INTERVAL)
    when = effect["timepoint_printed"] or (
        None if is_missing(week) else f"week {show_number(round(week, 1))}"
    )
    said = escape(", ".join(filter(None, (size, ESTIMAND_WORDS[effect["estimand"]], when))))
    if is_missing(effect["ci_lower"]):
        said += "" if is_missing(effect["assumption"]) else f"; {effect['assumption']}"
    elif not is_missing(effect["n_assumed"]) or " assumed" in str(effect["assumption"]):
        link = Markup('; <a href="#{}">rests on assumptions</a>')
        said += link.format(anchor("effect", effect["effect_id"]))
    return row | {"what": f"{row['what']}{who}", "said": said + (f"; {doubt}" if doubt else "")}


def _without_interval(effects: pd.DataFrame) -> list[Row]:
    """Return changes without an interval, the last of each outcome, and directions that are told alone."""
    own = effects[(effects["concept"] != "adverse_events") & effects["n"].ne(1).fillna(True)]
    sized = own[(own["headline"] == "yes") & own["effect"].notna()]
    words = own[own["stated"].notna() & ~own["concept"].isin(sized["concept"])]
    return [
        _effect(row)
        for part in (sized, words)
        for row in records(part.drop_duplicates("concept", keep="last"))
    ]


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
    """Return how many discrepancies there are, or how many rules looked for one."""
    tried, certain = int((checks["outcome"] != "not applicable").sum()), int(discrepancies["certain"].sum())
    said = Markup('<a href="#discrepancies">{}, {} of them certain</a>').format(len(discrepancies), certain)
    if discrepancies.empty:
        said = Markup('none was found; only <a href="#checks">{} of {} rules</a> could be tried')
        said = said.format(tried, len(checks))
    return {"what": "Discrepancies", "said": said}


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

    A value before treatment with no later one of its arm, outcome, site and unit has a row of its own; sites
    with the same values share one. Added are `outcome` (and its unit), `before`, `after` and `change` in
    words, with the interval of `effects`, and `assumption`: on what it rests, or why there is none. The
    anchors of what is joined into a row stand in its cells.
    """
    names = ["arm_id", "concept", "site", "unit", "category"]
    rows = results.assign(value=list(map(value_words, records(results)))).reset_index(names="order")
    starts = (rows["timepoint_weeks"] == 0).fillna(False) & (rows["kind"] != "change")
    start = rows.loc[starts, [*names, "value", "result_id", "quantity_ids"]].drop_duplicates(names)
    later = rows[~starts].merge(start, on=names, how="left", suffixes=("", "_before"))
    alone = rows[starts & ~rows["result_id"].isin(later["result_id_before"])]
    alone = alone.assign(value_before=alone["value"], value=None)
    table = pd.concat([later, alone]).sort_values("order", kind="stable", ignore_index=True)
    known: dict[str | None, list[Row]] = {}
    for effect in records(with_interval(effects[beside_results(effects, results)])):
        known.setdefault(split_ids(effect["result_ids"])[0], []).append(effect)
    together: dict[tuple, Row] = {}
    anchors: dict[str, tuple] = {}
    for row in records(table):
        one = _with_effects(row, known)
        key = *(row[name] for name in ALIKE), *(without_origins(one[name] or "") for name in PLACES)
        if key in together:
            one["at"][anchor("result", row["result_id"])] = one["place"]
        first = together.setdefault(key, one | {"sites": []})
        ids = [first["quantity_ids"], row["quantity_ids"], row["quantity_ids_before"]]
        first["quantity_ids"] = join_ids(ids)
        first["sites"] += [] if row["site"] in (None, "all") else [row["site"]]
        for name, place in one["at"].items():
            anchors.setdefault(name, (key, place))
    told = []
    for key, one in together.items():
        at = {cell: [name for name, where in anchors.items() if where == (key, cell)] for cell in PLACES}
        unit = "%" if one["unit"] == "proportion" else plain_unit(one["unit"])
        name = ": ".join(filter(None, [label(one["concept"]), one["category"]]))
        outcome = Markup('{} <span class="sub">{}</span>').format(name, unit)
        cells = {cell: _anchored(one[cell], names) for cell, names in at.items()}
        told.append(one | cells | {"outcome": outcome, "site": _joined(one["sites"])})
    return frame_of(told, dict.fromkeys(("outcome", *results.columns, *PLACES), ""))


def beside_results(effects: pd.DataFrame, results: pd.DataFrame) -> pd.Series:
    """Return which effects stand in the table of results: those of one arm, one for each result."""
    own = effects["result_ids"].str.split(";").str[0].isin(results["result_id"])
    own &= ~effects["estimand"].isin(CONTROLLED)
    return own & ((effects["headline"] == "yes") | effects["ci_lower"].isna())


def _with_effects(row: Row, known: Mapping[str | None, list[Row]]) -> Row:
    """Return a result with its effects in words, the cells of their anchors (`at`) and of its own value."""
    own, start = (known.get(row[name], []) for name in ("result_id", "result_id_before"))
    changed, change, limits = row["kind"] == "change", None, ""
    for effect in (one for one in own if one["effect"] is not None):
        size, bracket, rest = effect["interval"].removesuffix(NO_INTERVAL).partition(" (")
        limits = bracket + rest
        if effect["estimand"] == "uncontrolled_change":
            change = size.removesuffix(f" {plain_unit(row['unit'])}")
    told = {"before": row["value_before"], "after": None if changed else row["value"]}
    way = "no direction" if row["kind"] == "level" else row["stated"]
    how = "in words alone" if is_missing(row["p_value"]) else "a p value and no size"
    words = f"{way}, {how}" if row["stated"] and row["value"] is None else None
    told["change"] = (row["value"] if changed else None) or change or words
    place = "change" if told["change"] else "after"
    told[place] = told[place] and told[place] + limits
    told["assumption"] = "; ".join(dict.fromkeys(filter(None, map(_why, own)))) or None
    of = {True: "assumption" if told["assumption"] else place, False: place}
    at = {anchor("effect", one["effect_id"]): of[one["effect"] is None] for one in [*own, *start]}
    at |= {anchor("result", row["result_id_before"]): "before"} if row["result_id_before"] else {}
    return row | told | {"at": at, "place": place}


def _why(effect: Row) -> str | None:
    """Return what an effect assumes, or why there is none; words alone and one person say so themselves."""
    assumed = effect["assumption"] if effect["headline"] == "yes" and effect["n"] != 1 else None
    why = None if effect["why_not"] == WORDS_ALONE else effect["why_not"] or assumed
    return "; ".join(filter(None, [why, effect["contrast_doubt"]])) or None


def _joined(names: list[str]) -> str | None:
    """Return names with what they begin with said once: `patient of figure 1, 2, 3`."""
    words = [name.split() for name in dict.fromkeys(names)]
    same = os.path.commonprefix(words) if len(words) > 1 else []
    return " ".join([*same, ", ".join(" ".join(own[len(same) :]) for own in words)]) or None


def differing(frame: pd.DataFrame, columns: str, once: str = "") -> tuple[str, str]:
    """Return those of some columns that tell more than a dash, and what is `once` the same in all rows.

    Such a column is left out, and its value in words, after a colon, is for the caption.
    """
    kept, same = [], []
    for name in columns.split():
        values = frame[name].drop_duplicates()
        if name in once.split() and len(frame) > 1 and len(values) == 1 and values.notna().all():
            value = {True: name, False: f"not {name}"}.get(values.iloc[0], values.iloc[0])
            same.append(plain_words(value))
        elif values.notna().any() or frame.empty:
            kept.append(name)
    return " ".join(kept), f": {', '.join(same)}" if same else ""


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
    """Return printed figures in the order of the document, those of one concept in one row.

    `means`, and `printed`: tokens with the anchors of their quantities, a place once behind all that stand
    there, before them the time, and the arm where arms differ, a remark on a line of its own.
    """
    rows = []
    ordered = quantities.sort_values(["source_id", "char_start", "quantity_id"])
    for concept, own in ordered.groupby("concept", sort=False, dropna=False):
        times = own["timepoint_printed"].dropna().unique()
        timed = len(times) > 1 or any(INFERRED not in time for time in times)
        of = ["arm_id"] * (own["arm_id"].nunique() > 1) + ["timepoint_printed"] * timed
        lines: dict[str, list[Row]] = {}
        for row in records(own):
            lines.setdefault(str(row["note"] or "").rstrip("."), []).append(row)
        printed = Markup("<br>").join(_line(note, line, of) for note, line in lines.items())
        rows.append({"means": plain_words(concept), "printed": printed})
    return frame_of(rows, {"means": "", "printed": ""})


def _line(note: str, rows: list[Row], of: list[str]) -> Markup:
    """Return figures with one remark behind the last: `placebo, baseline 80, 4 weeks 85 (102): Of all`."""
    figures: dict[tuple, list[Row]] = {}
    for row in rows:
        figures.setdefault((tuple(row[name] or "" for name in of), _token(row)), []).append(row)
    places: dict[str, list[tuple]] = {}
    for figure, own in figures.items():
        places.setdefault(_places(own), []).append(figure)
    parts = []
    for place, shown in places.items():
        said: tuple = ()
        shown.sort(key=lambda one: sum(map(bool, one[0])))  # what has no arm or time comes first
        for figure in shown:
            head = ", ".join(part for part in figure[0] if part and part not in said)
            text, said = figure[1] + (f" ({place})" if figure == shown[-1] else ""), figure[0]
            token = (Markup('<span class="fixed">{}</span> ').format(head) if head else "") + text
            parts.append(_anchored(token, [anchor("q", row["quantity_id"]) for row in figures[figure]]))
    end = Markup('<span class="fixed">: {}</span>').format(note) if note else ""
    return Markup(", ").join(parts) + end


def _anchored(text: Any, names: list[str]) -> Any:
    """Return a text as the place to which links to some anchors lead."""
    shown = escape(text) if text and names else text
    for name in names if text else ():
        shown = Markup('<span id="{}">{}</span>').format(name, shown)
    return shown


def _reading(row: Row) -> str:
    """Return a figure's value as a program has it, `35 ± 6.5 hairs/cm²`, `75 to 95 %`, or nothing."""
    ends = [row[name] for name in ("value_low", "value_high") if row[name] is not None]
    numbers = " to ".join(map(show_number, ends)) if row["value"] is None else show_number(row["value"])
    spread = f" ± {show_number(row['sd'])}" if row["sd"] is not None else ""
    unit = plain_unit(row["unit"])
    return numbers and f"{numbers}{spread} {unit.removesuffix('s') if numbers == '1' else unit}".rstrip()


def _meaning(row: Row) -> str:
    """Return what a figure is of."""
    parts = [plain_words(row["concept"]), _statistic(row), row["arm_id"], row["timepoint_printed"]]
    return ", ".join(dict.fromkeys(str(part) for part in parts if not is_missing(part)))


def _statistic(row: Row) -> str | None:
    return "spread" if row["kind"] == "range" and row["value"] is not None else STATISTICS.get(row["kind"])


def _token(row: Row) -> str:
    """Return a figure as printed, which statistic it is, and how it was read; not what the token says."""
    printed, read = row["printed"], _reading(row)
    unit = plain_unit(row["unit"]).casefold()[:3] in f"{printed} {plain_words(row['concept'])}".casefold()
    shown = f"{'' if row['kind'] in SAID_BY_TOKEN else _statistic(row) or ''} {printed}".strip()
    if not read or row["role"] == "result" or (unit and NUMBER.findall(read) == NUMBER.findall(printed)):
        return shown  # the table of results says how those were read
    stated = read_token(printed, row["kind"]) or read_token(f"{printed} people", "n") or {}  # a bare four
    alike = unit and row["value"] is not None and stated.get("value") == row["value"]
    return f"{shown} = {show_number(row['value'])}" if alike else f"{shown}, read as {read}"


def _places(rows: list[Row]) -> str:
    """Return where a token stands: its lines, `23;132`, or `abstract`."""
    own = [row for row in rows if row["line"] is not None and row["source_id"] == row["study_id"]]
    lines = [";".join(dict.fromkeys(str(row["line"]) for row in own))] if own else []
    return "; ".join(dict.fromkeys([*lines, *(_place(row) for row in rows if row not in own)]))


def _place(row: Row) -> str:
    parts = [None if row["source_id"] == row["study_id"] else row["source_id"]]
    unprinted = "not printed" if row.get("confidence") == "D" else row["access"]
    parts.append(unprinted if row["line"] is None else f"line {row['line']}")
    parts.append("second-hand" if row["second_hand"] else None)
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
    """Return discrepancies with a column `where`: the lines, `102;132`, or other places."""
    places = discrepancies["locators"].astype(str).str.split("; ")
    told = [
        [re.sub(r"^(?:[^,;]+, )?line (?=\d)|(?<=\d) \(.*", "", part) for part in parts] for parts in places
    ]
    joined_lines = [re.sub(r"(?<=\d), (?=\d)", ";", ", ".join(dict.fromkeys(parts))) for parts in told]
    return discrepancies.assign(where=joined_lines)


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
