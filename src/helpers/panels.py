"""Live controls in JupyterLab; in an unattended run the same picture stands still."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import pandas as pd
from IPython.display import display
from markupsafe import Markup

from helpers.display import LEFT, figure_html, table_html
from helpers.effects import study_effects
from helpers.figures.canvas import Figure
from helpers.figures.forest import forest, panel_rows, pooled_forest, sides_of
from helpers.figures.outcome import direction, direction_rows
from helpers.figures.study import estimate_rows
from helpers.formats import plain_unit, plain_words, show_with_unit
from helpers.pooling.groups import RANDOM
from helpers.pooling.tiers import Basis, OutcomeAnswer, reanalysed
from helpers.tables import as_frame
from helpers.tables.vocabulary import ESTIMAND_WORDS, EVIDENCE
from notebookpress.files import project_root
from notebookpress.parameters import load_parameters
from notebookpress.tables import records, split_ids

LIVE = "JPY_SESSION_NAME"  # Jupyter's server names the open notebook here; papermill and nbconvert do not
RUNNER = "EVIDENCE_GATHERS"
LEAST_ROWS = 2  # a study's figure of one estimate tells no more than its row
WIDGET = "application/vnd.jupyter.widget-view+json"


Part = Figure | str  # a figure, HTML of our own (`Markup`), or a sentence


class NothingToDrawError(ValueError):
    """There is no estimate to draw under what was chosen; the message says why, as what follows `because`."""


@dataclass(frozen=True)
class Choice:
    """A control: its words, its default, its values each with its words, or its range."""

    words: str
    value: Any
    options: tuple[tuple[str, Any], ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01


def one_of(words: str, options: Iterable[Any] | Mapping[Any, str], value: Any) -> Choice:
    """Return a choice of one value; `options` may give each value its words."""
    return Choice(words, value, _worded(options))


def some_of(words: str, options: Iterable[Any] | Mapping[Any, str]) -> Choice:
    """Return a choice of several values; all of them at first."""
    every = _worded(options)
    return Choice(words, tuple(value for _, value in every), every)


def _worded(options: Iterable[Any] | Mapping[Any, str]) -> tuple[tuple[str, Any], ...]:
    named = options if isinstance(options, Mapping) else {value: str(value) for value in options}
    return tuple((words, value) for value, words in named.items())


def between(words: str, low: float, high: float, step: float, value: float) -> Choice:
    """Return a choice of a number in a range."""
    return Choice(words, value, (), low, high, step)


def panel(draw: Callable[..., Part | tuple[Part, ...]], *, label: str, **choices: Choice) -> None:
    """Show a picture, in JupyterLab with controls that draw it anew at once.

    Controls that are parameters of a run, by their names, can be written as its options.

    Parameters
    ----------
    draw : callable
        Takes the chosen values by name and returns a figure or HTML, or several, of which an unattended run
        shows the first; or raises `NothingToDrawError`.
    label : str
        Anchor of the figure.
    **choices : Choice
        The controls, by the name of the argument of `draw`.
    """
    defaults = {name: choice.value for name, choice in choices.items()}
    parts = drawn(draw, label, defaults)
    bundle: dict[str, Any] = {"text/html": str(parts[0]), "text/plain": parts[0].striptags()}
    if watched():
        bundle |= _controls(draw, label, choices, Markup("\n").join(parts))
    display(bundle, raw=True)


def drawn(draw: Callable[..., Any], label: str, chosen: dict[str, Any]) -> list[Markup]:
    """Return what is drawn under some choices as HTML, or the sentence that there is nothing, and why."""
    try:
        made = draw(**chosen)
    except NothingToDrawError as nothing:
        return [_html(f"Nothing to show, because {nothing}.", label)]
    parts = made if isinstance(made, tuple) else (made,)
    return [_html(part, label) for part in parts]


def _html(part: Part, label: str) -> Markup:
    if isinstance(part, Figure):
        return figure_html(part, label)
    return part if isinstance(part, Markup) else Markup('<p id="{}">{}</p>').format(label, part)


def options_command(chosen: Mapping[str, Any]) -> str:
    """Return the command that makes the report under some choices; what is no parameter is left out."""
    declared = load_parameters(project_root())
    kept = {name: value for name, value in chosen.items() if _sets(declared, name, value)}
    pairs = [shlex.quote(f"{name}={_option(value)}") for name, value in kept.items()]
    return " ".join(["evidence run", *(f"-p {pair}" for pair in pairs)])


def _option(value: Any) -> str:
    """Return a value as the command line takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sets(declared: Mapping[str, Any], name: str, value: Any) -> bool:
    """Return whether a value is one that a user may give to a parameter of that name."""
    known = declared.get(name)
    return known is not None and known.set_by == "user" and not known.problem(value)


def watched() -> bool:
    """Return whether a person has this notebook open and ipywidgets is there."""
    return LIVE in os.environ and RUNNER not in os.environ and find_spec("ipywidgets") is not None


def _controls(
    draw: Callable[..., Any], label: str, choices: dict[str, Choice], first: Markup
) -> dict[str, Any]:
    """Return the live form: controls above a picture that follows them."""
    import ipywidgets

    picture = ipywidgets.HTML(value=str(first))
    controls = {name: _control(choice) for name, choice in choices.items()}
    command = ipywidgets.Text(placeholder="the options, to be copied", layout={"flex": "1 1 auto"})
    button = ipywidgets.Button(description="Write as options of a run", layout={"width": "auto"})

    def chosen() -> dict[str, Any]:
        return {name: control.value for name, control in controls.items()}

    def follow(_change: Any) -> None:
        command.value = ""
        picture.value = str(Markup("\n").join(drawn(draw, label, chosen())))

    def write(_button: Any) -> None:
        command.value = options_command(chosen())

    for control in controls.values():
        control.observe(follow, names="value")
    button.on_click(write)
    declared = load_parameters(project_root())
    settable = any(_sets(declared, name, choice.value) for name, choice in choices.items())
    more = [ipywidgets.HBox([button, command])] if settable else []
    box = ipywidgets.VBox([*controls.values(), picture, *more])
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}


def _control(choice: Choice) -> Any:
    """Return the control of a choice, its words in full beside it."""
    import ipywidgets

    look = {
        "description": choice.words,
        "style": {"description_width": "initial"},
        "layout": ipywidgets.Layout(width="34rem"),
    }
    if not choice.options:
        span = {"min": choice.low, "max": choice.high, "step": choice.step}
        return ipywidgets.FloatSlider(value=choice.value, continuous_update=False, **span, **look)
    if isinstance(choice.value, tuple):
        rows = min(len(choice.options), 8)
        return ipywidgets.SelectMultiple(options=choice.options, value=choice.value, rows=rows, **look)
    return ipywidgets.Dropdown(options=choice.options, value=choice.value, **look)


def study_picture(
    tables: Mapping[str, pd.DataFrame],
    discrepancies: pd.DataFrame,
    *,
    study_id: str,
    pre_post_correlation: float,
    site_correlation: float = 0.7,
    level: float = 0.95,
) -> Figure:
    """Draw one study's estimates under a correlation of before and after, and one of two sites.

    The unit with most intervals is drawn, for estimates in different units share no axis; those in another
    unit are told in words.
    """
    names = ("studies", "arms", "results", "reported_contrasts")
    studies, arms, results, contrasts, doubts = (
        frame[frame["study_id"] == study_id] for frame in (*(tables[name] for name in names), discrepancies)
    )
    [study] = records(studies)
    assumed = {"pre_post_correlation": pre_post_correlation, "site_correlation": site_correlation}
    effects = as_frame(
        "effects", study_effects(study, arms, results, doubts, contrasts=contrasts, level=level, **assumed)
    )
    sized = effects[effects["ci_lower"].notna() & (effects["headline"] == "yes")]
    sized = sized[sized["concept"] != "adverse_events"]
    if sized.empty:
        raise NothingToDrawError("no estimate of hair with an interval can be computed for this study")
    if sized["unit"].isna().all():
        raise NothingToDrawError("no estimate with an interval states its unit, so they share no axis")
    unit = sized["unit"].value_counts().sort_index().idxmax()
    rows = estimate_rows(sized, unit, arms.set_index("arm_id")["label"].to_dict())
    if len(rows) < LEAST_ROWS:
        raise NothingToDrawError("one estimate of this study has an interval: none is there to set beside it")
    title = f"Estimates, at a correlation of {pre_post_correlation:g}"
    figure = forest(rows, unit=plain_unit(unit), title=title, level=level, head="Contrast")
    words = [f"Lines: {100 * level:g} % intervals"]
    words += ["grey: number of people assumed"] * any(row["assumed"] for row in rows)
    words += ["another unit has no mark"] * any(row["instead"] for row in rows)
    return replace(figure, caption=f"{'; '.join(words)}.")


def outcome_picture(
    comparisons: pd.DataFrame,
    studies: pd.DataFrame,
    *,
    evidence: str,
    chosen_studies: Sequence[str],
    named: Callable[[str], str] = str,
) -> Figure:
    """Draw the direction of every outcome in the chosen studies of some tiers."""
    own = comparisons["tier"].isin(EVIDENCE[evidence]) & comparisons["study_id"].isin(list(chosen_studies))
    if not own.any():
        raise NothingToDrawError("none of the chosen studies belongs to this evidence, or none is chosen")
    rows = [row | {"study_id": named(row["study_id"])} for row in direction_rows(comparisons[own], studies)]
    return direction(rows, title="Direction of effect by outcome and study")


def answer_parts(
    basis: Basis, *, concept: str, named: Callable[[str], str] = str, **choices: Any
) -> tuple[Part, ...]:
    """Show an outcome's answer under other choices: what is pooled or stands alone, and how it came about.

    Parameters
    ----------
    basis : Basis
        Tables and choices of the run.
    concept : str
        Outcome.
    named : callable
        Gives a study's name for a reader.
    **choices
        Those of `reanalysed`.

    Returns
    -------
    tuple
        The pool's figure, or a sentence and the single estimates; then a table from the correlation to the
        certainty, a row for each estimate.
    """
    answer = reanalysed(basis, concept, **choices)
    level = basis.options.level
    lines = answer.comparisons[answer.comparisons["concept"] == concept]
    told = lines[lines["direction"] != "not reported"]
    estimates = told[told["effect"].notna()]
    what = plain_words(concept).capitalize()
    if estimates.empty:
        ways = told.groupby("direction")["study_id"].nunique()
        words = ", ".join(f"{way} in {count}" for way, count in ways.items())
        words = f"; in words: {words}" if words else ""
        raise NothingToDrawError(
            f"no figure of the chosen studies can stand for {plain_words(concept)}{words}"
        )
    fits = answer.pooled[answer.pooled["pooled"] & (answer.pooled["model"] == RANDOM)]
    fits = fits[(fits["concept"] == concept) & ~fits["without_certain_discrepancies"]]
    chain = _chain(answer, estimates, named, what)
    if len(fits):
        return pooled_forest(records(fits)[0], answer.members, level=level, named=named), chain
    rows, unit = panel_rows(estimates, answer.effects, basis.tables["results"])
    rows = [row | {"study_id": named(row["study_id"])} for row in rows]
    rows.sort(key=lambda row: row["effect"] is None)  # what another axis would need, last
    title = f"{what}: each estimate in {plain_unit(unit) or 'its unit'}, not pooled"
    figure = forest(
        rows, unit=unit or "as printed", title=title, text_columns=["estimand", "time"], level=level,
        sides=sides_of(concept))  # fmt: skip
    return _alone(answer, named, what), figure, chain


def _alone(answer: OutcomeAnswer, named: Callable[[str], str], what: str) -> str:
    """Return the sentence of an outcome without a pool: the estimate that stands for it, its certainty."""
    sure = f"certainty: {answer.certainty['certainty']}"
    shown = answer.pooled[answer.pooled["pooled_id"] == answer.certainty["pooled_id"]]
    if shown.empty:
        return f"{what}: no single estimate stands for the outcome, and none is pooled; {sure}."
    [row] = records(shown)
    size = show_with_unit(row["estimate"], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])
    why = row["reason"].removeprefix("no meta-analysis: ")
    words = f"{ESTIMAND_WORDS[row['estimand']]}, {row['studies']}; not pooled: {why}"
    return f"{what}: {size}, {named(words)}; {sure}."


CHAIN = {
    "study_id": "study", "contrast": "what is compared", "correlation": "correlation before and after",
    "se": "standard error", "se_basis": "made from", "interval": "estimate",
    "certainty": "certainty of the outcome",
}  # fmt: skip


def _chain(answer: OutcomeAnswer, estimates: pd.DataFrame, named: Callable[[str], str], what: str) -> Markup:
    """Return the way of each estimate: correlation, standard error, estimate, certainty."""
    basis = {row["effect_id"]: row["se_basis"] for row in records(answer.effects)}
    shown = answer.pooled[answer.pooled["pooled_id"] == answer.certainty["pooled_id"]]
    rated = {name for ids in shown["effect_ids"] for name in split_ids(ids)}
    sure = answer.certainty["certainty"]
    other = "rated on another estimate" if rated else f"{sure}, by direction"
    rows = []
    for row in records(estimates):
        made = basis.get(row["effect_id"]) or ""
        assumed = re.search(r"pre-post correlation ([\d.]+)", made)
        size = show_with_unit(row["effect"], row["ci_lower"], row["ci_upper"], row["unit"], row["estimand"])
        rows.append({
            "study_id": named(row["study_id"]),
            "contrast": f"{ESTIMAND_WORDS[row['estimand']]}, {row['timepoint_printed'] or 'time not stated'}",
            "correlation": assumed[1] if assumed else "not used",
            "se": row["se"],
            "se_basis": made or "no spread is known",
            "interval": size,
            "certainty": sure if row["effect_id"] in rated else other,
        })  # fmt: skip
    rows.sort(key=lambda row: row["certainty"] == other)
    caption = f"{what}: from the correlation to the certainty"
    table = table_html(pd.DataFrame(rows), caption=caption, columns=CHAIN, label="chain")
    return Markup(LEFT.sub(r'<\1 style="text-align:left">', str(table)))
