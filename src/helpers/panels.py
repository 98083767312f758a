"""Live controls in JupyterLab; in an unattended run the same picture stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from IPython.display import display
from markupsafe import Markup

from helpers.display import figure_html
from helpers.effects import study_effects
from helpers.figures.canvas import Figure
from helpers.figures.forest import forest, pooled_forest
from helpers.figures.outcome import direction
from helpers.figures.rows import direction_rows, estimate_rows
from helpers.formats import joined, plain_unit, plain_words
from helpers.pooling.groups import RANDOM
from helpers.pooling.tiers import Options, tier_synthesis
from helpers.tables import as_frame
from helpers.tables.vocabulary import EVIDENCE
from notebookpress.tables import records

LIVE = "JPY_SESSION_NAME"  # Jupyter's server names the open notebook here; papermill and nbconvert do not
RUNNER = "EVIDENCE_GATHERS"
LEAST_ROWS = 2  # a figure of one estimate tells no more than its row
WIDGET = "application/vnd.jupyter.widget-view+json"


class NothingToDrawError(ValueError):
    """There is no estimate to draw under what was chosen; the message says so in a sentence."""


@dataclass(frozen=True)
class Choice:
    """A control: its words, its values or its range, whether several may be taken, and its default."""

    words: str
    value: Any
    options: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01


def one_of(words: str, options: Iterable[Any], value: Any) -> Choice:
    """Return a choice of one value."""
    return Choice(words, value, tuple(options))


def some_of(words: str, options: Iterable[Any]) -> Choice:
    """Return a choice of several values; all of them at first."""
    every = tuple(options)
    return Choice(words, every, every)


def between(words: str, low: float, high: float, step: float, value: float) -> Choice:
    """Return a choice of a number in a range."""
    return Choice(words, value, (), low, high, step)


def panel(draw: Callable[..., Figure], *, label: str, **choices: Choice) -> None:
    """Show a picture, in JupyterLab with controls that draw it anew at once.

    Parameters
    ----------
    draw : callable
        Takes the chosen values by name and returns a figure, or raises `NothingToDrawError`.
    label : str
        Anchor of the figure.
    **choices : Choice
        The controls, by the name of the argument of `draw`.
    """
    defaults = {name: choice.value for name, choice in choices.items()}
    still = drawn(draw, label, defaults)
    bundle: dict[str, Any] = {"text/html": str(still), "text/plain": still.striptags()}
    if watched():
        bundle |= _controls(draw, label, choices, still)
    display(bundle, raw=True)


def drawn(draw: Callable[..., Figure], label: str, chosen: dict[str, Any]) -> Markup:
    """Return the picture under some choices as HTML, or the sentence that there is none."""
    try:
        figure = draw(**chosen)
    except NothingToDrawError as nothing:
        return Markup('<p id="{}">{}</p>').format(label, str(nothing))
    return figure_html(figure, label)


def watched() -> bool:
    """Return whether a person has this notebook open and ipywidgets is there."""
    if RUNNER in os.environ or LIVE not in os.environ:
        return False
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


def _controls(
    draw: Callable[..., Figure], label: str, choices: dict[str, Choice], still: Markup
) -> dict[str, Any]:
    """Return the live form: controls above a picture that follows them."""
    import ipywidgets

    picture = ipywidgets.HTML(value=str(still))
    controls = {name: _control(choice) for name, choice in choices.items()}

    def follow(_change: Any) -> None:
        chosen = {name: control.value for name, control in controls.items()}
        picture.value = str(drawn(draw, label, chosen))

    for control in controls.values():
        control.observe(follow, names="value")
    box = ipywidgets.VBox([*controls.values(), picture])
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

    The unit with most intervals is drawn: estimates in different units share no axis.
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
        raise NothingToDrawError("No estimate of hair with an interval can be computed for this study.")
    if sized["unit"].isna().all():
        raise NothingToDrawError("No estimate with an interval states its unit, so they share no axis.")
    unit = sized["unit"].value_counts().sort_index().idxmax()
    rows = estimate_rows(sized, unit)
    if len(rows) < LEAST_ROWS:
        raise NothingToDrawError("There is one estimate with an interval; the table above has it.")
    title = f"Estimates, with a correlation of {pre_post_correlation:g} where one is needed"
    return forest(rows, unit=plain_unit(unit), title=title, level=level, head="Contrast")


def outcome_picture(
    comparisons: pd.DataFrame,
    studies: pd.DataFrame,
    *,
    evidence: str,
    included: Sequence[str],
    named: Callable[[str], str] = str,
) -> Figure:
    """Draw the direction of every outcome in the studies of some tiers that are included."""
    tiers = EVIDENCE.get(evidence, list(comparisons["tier"]))
    lines = comparisons[comparisons["tier"].isin(tiers) & comparisons["study_id"].isin(list(included))]
    if lines.empty:
        raise NothingToDrawError("No line is left under these choices.")
    rows = [row | {"study_id": named(row["study_id"])} for row in direction_rows(lines, studies)]
    return direction(rows, title="Direction of effect by outcome and study")


def pool_picture(
    tables: Mapping[str, pd.DataFrame],
    verdicts: Mapping[str, str],
    options: Options,
    *,
    evidence: str,
    concept: str,
    included: Sequence[str],
    named: Callable[[str], str] = str,
    **choices: Any,
) -> Figure:
    """Draw what can be pooled of an outcome under other choices.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        The tables that notebook 05 reads.
    verdicts : dict of str to str
        Overall risk of bias by study.
    options : Options
        The choices of the run.
    evidence : str
        `core` or `published`.
    concept : str
        Outcome.
    included : sequence of str
        Studies that take part.
    named : callable
        Gives a study's name for a reader.
    **choices
        Fields of `Options` (`tau2_method`, `ci_method`, ...) that replace those of the run.
    """
    kept = {
        name: frame[frame["study_id"].isin(list(included))] if "study_id" in frame else frame
        for name, frame in tables.items()
    }
    own = kept["comparisons"]
    kept["comparisons"] = own[own["concept"] == concept]
    chosen = replace(options, **choices)
    found = tier_synthesis(kept, evidence, overall=dict(verdicts), options=chosen)
    fits = [row for row in found.pooled if row["pooled"] and row["model"] == RANDOM]
    if not fits:
        single = [row["studies"] for row in found.pooled if row.get("ci_lower") is not None]
        studies = joined(sorted({named(study) for study in single}))
        words = f"{len(single)} with an interval, of {studies}" if single else "no estimate has an interval"
        raise NothingToDrawError(f"{plain_words(concept).capitalize()}: nothing can be pooled; {words}.")
    members = as_frame("pool_members", found.members)
    return pooled_forest(fits[0], members, level=chosen.level, named=named)
