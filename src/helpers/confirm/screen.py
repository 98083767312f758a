"""The room on a screen: the text with the proposal marked, the form, one key for each answer."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.display import Javascript, display
from markupsafe import Markup, escape

from helpers.confirm.forms import ConfirmationError, Entry, Form
from helpers.confirm.readings import Room
from helpers.panels import watched
from helpers.places import line_at
from notebookpress.errors import PipelineError
from trialfiles.record import SourceError

BEFORE, AFTER = 8000, 3000  # characters of the text that are shown around a token
_KEYBOARD = Path(__file__).with_name("keyboard.js").read_text(encoding="utf-8")
_BOX = "border:1px solid;padding:0.3rem;overflow:auto;white-space:pre-wrap;font-family:monospace"


def show_room(room: Room | None) -> None:
    """Show the room: in JupyterLab as a form that obeys the keyboard, unattended as its state in words."""
    if room is None:
        print("No study waits: `evidence add FILE` takes an article in and proposes its figures.")
    elif watched():
        display(_Screen(room).box, Javascript(_KEYBOARD))
    else:
        print("\n".join([f"{room.study_id}: {room.progress()} answered", *room.summary()]))


def excerpt(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """Return a text with its lines numbered and some tokens marked, scrolled to the first of them.

    Without a token it is the whole text from its start. The upper of two boxes ends just behind the token: a
    column in reverse stands at its end without a script.
    """
    box = Markup('<div style="{};max-height:{}" tabindex="0"><div>{}</div></div>')
    if not spans:
        return box.format(_BOX, "24rem", _shown(text, 0, len(text), spans))
    first, end = min(spans)
    start = text.rfind("\n", 0, max(0, first - BEFORE)) + 1
    line_end = text.find("\n", end) % (len(text) + 1)  # of the last line, that of the text
    space = text.find(" ", end + 150, line_end)
    cut = line_end if space < 0 else space
    upper = box.format(
        f"{_BOX};display:flex;flex-direction:column-reverse", "16rem", _shown(text, start, cut, spans)
    )
    return upper + box.format(_BOX, "7rem", _shown(text, cut + 1, cut + AFTER, spans))


def _shown(text: str, start: int, stop: int, spans: Sequence[tuple[int, int]]) -> Markup:
    """Return the text between two places, the number before each line that begins there."""
    lines = []
    for line in text[start:stop].split("\n"):
        begins = text[start - 1 : start] in ("\n", "")
        parts, at = [f"{line_at(text, start):>4}  " if begins else ""], start
        for first, end in sorted(span for span in spans if start <= span[0] < start + len(line)):
            parts += [escape(text[at:first]), Markup("<mark>{}</mark>").format(text[first:end])]
            at = end
        start += len(line) + 1
        lines.append(Markup("").join([*parts, escape(text[at : start - 1])]))
    return Markup("\n").join(lines)


def page_beside(pdf: Path, text: str, start: int) -> Markup:
    """Return the picture of the page of a PDF on which a character of its text stands; none without a PDF."""
    if not pdf.is_file():
        return Markup("")
    from trialfiles.pdf_pages import page_image

    page = text.count("\f", 0, start) + 1  # each page but the first begins with a form feed
    try:
        picture = base64.b64encode(page_image(pdf, page)).decode()
    except SourceError as error:
        return Markup("<p>{}</p>").format(error)
    return Markup(
        '<div style="flex:1;max-height:24rem;overflow:auto" tabindex="0">'
        '<img alt="page {} of {}" style="width:100%" src="data:image/png;base64,{}"></div>'
    ).format(page, pdf.name, picture)


class _Screen:
    """The widgets of a room; all that is asked and written is the room's."""

    def __init__(self, room: Room):
        import ipywidgets

        self.room, self.kit = room, ipywidgets
        self.head, self.place, self.said = (ipywidgets.HTML() for _ in range(3))
        columns = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(26rem, 1fr))")
        self.form = ipywidgets.GridBox(layout=columns)
        self.fields: dict[str, Any] = {}
        words = ", ".join(f"{key} {word}" for key, word in room.keys.items())
        look = {"style": {"description_width": "initial"}, "layout": ipywidgets.Layout(width="34rem")}
        self.key = ipywidgets.Text(description=f"Key: {words}", **look)
        self.key.add_class("evidence-key")
        self.key.observe(self._press, names="value")
        buttons = [ipywidgets.Button(description=word) for word in room.keys.values()]
        for key, button in zip(room.keys, buttons, strict=True):
            button.on_click(lambda _, key=key: self._answer(key))
        row = ipywidgets.HBox(buttons)
        self.box = ipywidgets.VBox([self.head, self.place, self.form, self.key, row, self.said])
        self._ask()

    def _press(self, change: Any) -> None:
        if change.new:
            self.key.value = ""
            self._answer(change.new.strip()[-1:].lower())

    def _answer(self, key: str) -> None:
        room, given = self.room, {name: field.value for name, field in self.fields.items()}
        act = {"r": lambda: room.accept(given), "w": room.reject, "l": room.later, "u": room.undo}.get(key)
        try:
            if act is None:
                raise ConfirmationError(f"{key!r} is none of the keys {', '.join(room.keys)}")
            act()
            self._say([])
            self._ask()
        except (PipelineError, SourceError, OSError) as error:  # the form stays as it is
            self._say(str(error).split("\n"))

    def _say(self, lines: list[str]) -> None:
        text = Markup("<br>").join(map(escape, lines))
        self.said.value = str(Markup('<p role="status"><strong>{}</strong></p>').format(text))

    def _ask(self) -> None:
        """Put the next question on the screen, or what has come of all of them."""
        proposal, room = self.room.proposal(), self.room
        about = proposal.words if proposal else "nothing waits"
        heading = Markup("<p><strong>{}, {}</strong>: {}</p>")
        self.head.value = str(heading.format(room.study_id, room.progress(), about))
        self.place.value = str(self._place(proposal)) if proposal else ""
        self.fields = {entry.name: self._field(entry) for entry in proposal.entries} if proposal else {}
        self.form.children = tuple(self.fields.values())
        if proposal is None:
            self._say(room.summary())

    def _place(self, proposal: Form) -> Markup:
        """Return the place of a proposal in the text, the page of its PDF beside it."""
        documents, text = self.room.raw / "documents", self.room.text
        if not text:
            words = "The text that the sheet was made from is not at hand: put it into"
            return Markup("<p>{} {}.</p>").format(words, documents)
        name = Path(self.room.sheet.source.document or "").with_suffix(".pdf")
        page = page_beside(documents / name, text, min(proposal.spans)[0]) if proposal.spans else ""
        beside = Markup(
            '<div style="display:flex;gap:0.5rem"><div style="flex:1;min-width:0">{}</div>{}</div>'
        )
        return beside.format(excerpt(text, proposal.spans), page)

    def _field(self, entry: Entry) -> Any:
        look = {"description": entry.words, "style": {"description_width": "12rem"}}
        look["layout"] = self.kit.Layout(width="26rem")
        if not entry.options:
            return self.kit.Text(value=str(entry.value or ""), **look)
        known = [value for _, value in entry.options]
        return self.kit.Dropdown(
            options=entry.options, value=entry.value if entry.value in known else None, **look
        )
