"""A picture with controls in JupyterLab; on a page and in an unattended run the same picture stands still.

The picture is drawn by the same functions either way. Without ipywidgets, or where no person watches, the
default is shown as any other figure, and nothing of the controls is left in the notebook.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from IPython.display import display
from markupsafe import Markup

from helpers.figures.display import figure_html
from helpers.figures.figure import Figure

LIVE = "JPY_SESSION_NAME"  # Jupyter's server names the open notebook here; papermill and nbconvert do not
RUNNER = "EVIDENCE_GATHERS"
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
    html = figure_html(figure, label)
    figure.close()
    return html


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
        return ipywidgets.FloatSlider(
            value=choice.value,
            min=choice.low,
            max=choice.high,
            step=choice.step,
            continuous_update=False,
            **look,
        )
    if isinstance(choice.value, tuple):
        rows = min(len(choice.options), 8)
        return ipywidgets.SelectMultiple(options=choice.options, value=choice.value, rows=rows, **look)
    return ipywidgets.Dropdown(options=choice.options, value=choice.value, **look)
