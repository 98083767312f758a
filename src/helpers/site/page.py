"""A page: template, header, contents, and pages in pieces."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.display import frame_of, table_html
from helpers.formats import DAGGER
from helpers.site.checks import (
    CARDS,
    HEADINGS,
    SCRIPT,
    STYLE,
    WHAT_IF,
    SiteError,
    Tag,
    check_drawing,
    parse,
)
from notebookpress.yaml_files import YamlFile

TEMPLATES = Path(__file__).with_name("templates")
SITE_TITLE = "Exosome therapy for hair loss"
DATA_IMAGE = re.compile(r"data:image/(png|svg)(?:\+xml)?;base64,")
TALL = 2.2  # a figure higher than this, by its width, cannot be read when it is shrunk to one printed page
DATA_CSV = "data:text/csv;base64,"
MAIN_PAGES = "index", "04_outcome_comparison", "05_pooled_effect", "methods", "data"


@dataclass
class Page:
    """A page before its shell: file name, titles, body, contents, and the facts for its header."""

    file: str
    title: str
    body: str
    short: str = ""
    status: Markup = Markup("")  # how current it is, beside the kind of the site
    contents: list[tuple[str, str]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)
    tree: Tag = field(default_factory=lambda: Tag(""))

    @property
    def name(self) -> str:
        """The title as navigation shows it."""
        return self.short or self.title


def arrange(page: Page) -> Page:
    """Put a page's body in order: headings, anchors, contents, figures as files, tables that scroll.

    The first heading of level one becomes the page's title when it has none.
    """
    tree = parse(page.body, page.file)
    _take_title(page, tree)
    _order_headings(page, tree)
    _file_figures(page, tree)
    _wrap_tables(tree)
    page.anchors = {tag.attrs["id"] for tag in tree.walk() if "id" in tag.attrs}
    page.tree = tree
    return page


def render(page: Page, body: str, pages: list[Page], version: str = "") -> str:
    """Return a whole HTML document: shell, navigation, header facts, contents, finished body."""
    place = next((number for number, other in enumerate(pages) if other.file == page.file), 0)
    panel = WHAT_IF in page.anchors
    context = {
        "page": page,
        "body": Markup(body),
        "pages": pages,
        "places": [other for other in pages if other.file.removesuffix(".html") in MAIN_PAGES],
        "previous": pages[place - 1] if place > 0 else None,
        "following": pages[place + 1] if place + 1 < len(pages) else None,
        "site_title": SITE_TITLE,
        "version": version,
        "styles": [STYLE, *(["whatif.css"] if panel else [])],
        "scripts": [CARDS, SCRIPT, *(["whatif.js"] if panel else [])],
        "policy": POLICY,
        "marked": DAGGER in body and "(‡)" not in body,  # which explains it
    }
    return environment().get_template("page.html.j2").render(context).rstrip() + "\n"


@cache
def environment() -> Environment:
    """Return the templates' environment: everything is escaped, nothing may be undefined."""
    given = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    return Environment(loader=PackageLoader("helpers.site"), autoescape=True, **given)


def page_slug(name: str) -> str:
    """Return a name that is safe as a file name and as an anchor."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "page"


def _take_title(page: Page, tree: Tag) -> None:
    heading = next(iter(tree.all("h1")), None)
    if heading and not page.title:
        page.title = heading.words()
        heading.parent.children.remove(heading)
    if not page.title:
        raise SiteError(
            f"{page.file}: no heading of the first level; the first cell of a notebook states its title"
        )


def _order_headings(page: Page, tree: Tag) -> None:
    """Let no heading rise above level two or skip a level, and give each an anchor."""
    level, taken = 1, {tag.attrs["id"] for tag in tree.walk() if "id" in tag.attrs}
    for heading in tree.all(*HEADINGS):
        level = min(max(int(heading.name[1]), 2), level + 1)
        heading.name = f"h{level}"
        if not heading.attrs.get("id"):
            base = page_slug(heading.words().lower())[:60]
            name, number = base, 2
            while name in taken:
                name, number = f"{base}-{number}", number + 1
            heading.attrs["id"] = name
            taken.add(name)
        if level == 2:
            page.contents.append((heading.attrs["id"], heading.words()))


def _file_figures(page: Page, tree: Tag) -> None:
    """Number figures, move images and the numbers behind them into files, put drawings into the page."""
    for number, figure in enumerate(tree.all("figure"), start=1):
        for caption in figure.all("figcaption"):
            caption.children.insert(0, _tag("b", {"class": "fixed"}, f"Figure {number}. ", caption))
    for number, image in enumerate(tree.all("img"), start=1):
        if not (kind := DATA_IMAGE.match(image.attrs.get("src", ""))):
            continue
        figure = next((tag for tag in image.parents() if tag.name == "figure"), None)
        label = figure.attrs.get("id") if figure else None
        path = f"figures/{PurePosixPath(page.file).stem}-{page_slug(label or str(number))}.{kind[1]}"
        drawn = _filed(page, path, image.attrs["src"])
        if kind[1] == "svg":
            _draw_in_page(page, image, drawn, path)
        else:
            image.attrs |= {"src": path, "loading": "lazy"}
            image.wrap(Tag("a", {"href": path, "class": "picture"}))
        for caption in figure.all("figcaption") if figure else ():
            _file_numbers(page, caption, f"{path.removesuffix(kind[1])}csv")
            caption.children += [" ", _tag("a", {"href": path, "download": ""}, kind[1].upper(), caption)]


def _tag(name: str, attrs: dict[str, str], text: str, parent: Tag) -> Tag:
    tag = Tag(name, attrs, parent)
    tag.children.append(text)
    return tag


def _filed(page: Page, path: str, address: str) -> str:
    """Keep the image that an address holds as a file; return a drawing's text once it is checked."""
    page.figures[path] = base64.b64decode(address.partition("base64,")[2])
    if not path.endswith(".svg"):
        return ""
    text = page.figures[path].decode("utf-8")
    check_drawing(path, text)
    return text


def _draw_in_page(page: Page, image: Tag, drawn: str, path: str) -> None:
    """Put a drawing in the place of its image, and beside it the one that a narrow screen loads."""
    picture = image.parent if image.parent.name == "picture" else None
    [drawing] = parse(drawn.strip(), path).children
    outer = {
        name: value for name, value in drawing.attrs.items() if name not in ("xmlns", "color", "font-family")
    }
    drawing.attrs = outer | {"role": "img", "aria-label": image.attrs.get("alt", "")}
    drawing.attrs["class"] = "tall" if float(outer["height"]) > TALL * float(outer["width"]) else "drawing"
    place = picture or image
    siblings = place.parent.children
    drawing.parent = place.parent
    siblings[siblings.index(place)] = drawing
    for source in picture.all("source") if picture else ():
        small = path.replace(".svg", "-phone.svg")
        [narrow] = parse(_filed(page, small, source.attrs["srcset"]).strip(), small).children
        size = {name: narrow.attrs[name] for name in ("width", "height")}
        shown = {"class": "phone", "src": small, "alt": image.attrs.get("alt", ""), "loading": "lazy"}
        siblings.insert(siblings.index(drawing) + 1, Tag("img", shown | size, place.parent))


def _file_numbers(page: Page, figure: Tag, path: str) -> None:
    """Move the numbers behind a figure into a file; where they are a table, lead to its download."""
    for tag in figure.all("a", "span"):
        if "csv" not in tag.classes:
            continue
        if table := tag.attrs.pop("data-table", None):
            tag.name, tag.attrs["href"] = "a", f"data/{table}.csv"
        elif tag.attrs.get("href", "").startswith(DATA_CSV):
            page.figures[path] = base64.b64decode(tag.attrs["href"].removeprefix(DATA_CSV))
            tag.attrs["href"] = path


def _wrap_tables(tree: Tag) -> None:
    """Give a table from Markdown what `show` gives: header scope and a region that scrolls."""
    above, number = "", 0
    for tag in list(tree.walk()):
        tag.attrs.pop("style", None)  # what a result prints for a notebook; the pages' policy allows none
        if tag.name in HEADINGS:
            above = f"Table in: {tag.words()}"
        if tag.name != "table":
            continue
        number += 1
        for cell in (cell for head in tag.all("thead") for cell in head.all("th")):
            cell.attrs.setdefault("scope", "col")
        if not any("scroll" in around.classes for around in tag.parents()):
            caption = next((part.words() for part in tag.all("caption")), "")
            name = caption or above or f"Table {number}"
            region = {"class": "scroll", "role": "region", "aria-label": name, "tabindex": "0"}
            tag.wrap(Tag("div", region))


def link(target: str, text: Any) -> Markup:
    """Return a link to a page or to an anchor of any page (`#discrepancy-x`)."""
    return Markup('<a href="{}">{}</a>').format(target, text)


POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)


def shared_files() -> dict[str, bytes]:
    """Return the style sheets and the scripts that pages load, by file name."""
    styles = {name: stylesheet(name).encode() for name in (STYLE, "whatif.css")}
    return styles | {name: script(name).encode() for name in (SCRIPT, "whatif.js")}


def stylesheet(name: str) -> str:
    """Return a style sheet without comments and idle space."""
    source = re.sub(r"/\*.*?(?:\*/|\Z)", "", (TEMPLATES / name).read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", source)).strip() + "\n"


def script(name: str) -> str:
    """Return a script without comments, indentation, and blanks around operators that no sentence has."""
    source = re.sub(r"^[ \t]*//.*$", "", (TEMPLATES / name).read_text(encoding="utf-8"), flags=re.M)
    lines = "\n".join(line for line in map(str.strip, source.splitlines()) if line)
    return re.sub(r" (=>|[=!]==|&&|\|\||\?\?|[-+*<>]?=) ", r"\1", lines) + "\n"


TABLES_OF_PAGES: dict[str, dict[str, Any]] = YamlFile(TEMPLATES / "tables.yaml").data


def rows_table(rows: list[dict[str, Any]], name: str, **options: Any) -> Markup:
    """Return rows as a table that `tables.yaml` describes; `options` stand over what it says."""
    told = TABLES_OF_PAGES[name] | options
    frame = frame_of(rows, told["columns"] | dict.fromkeys(told.pop("hidden", ()), ""))
    return table_html(frame, **told)
