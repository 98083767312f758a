"""A page: its body put in order, its shell around it, its figures as files beside it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath

from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.figures.numbers import plain_words, show_value
from helpers.figures.table_html import anchor
from helpers.site.code import code_css
from helpers.site.guard import SiteError
from helpers.site.images import smaller_png
from helpers.site.policy import script, security_policy

SITE_TITLE = "Exosome therapy for hair loss"
DATA_IMAGE = "data:image/png;base64,"
DATA_CSV = "data:text/csv;base64,"
MAIN_PAGES = (
    "index.html",
    "studies.html",
    "outcomes.html",
    "findings.html",
    "certainty.html",
    "methods.html",
    "data.html",
    "provenance.html",
)


@dataclass
class Page:
    """A page before its shell: file name, titles, body, contents, and the facts for its header."""

    file: str
    title: str
    body: str
    short: str = ""
    kicker: str = ""
    owns: tuple[str, ...] = ()  # prefixes of the anchors that lead here before any other page
    contents: list[tuple[str, str]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)
    soup: BeautifulSoup | None = None

    @property
    def name(self) -> str:
        """The title as navigation shows it."""
        return self.short or self.title


def arrange(page: Page) -> Page:
    """Put a page's body in order: headings, anchors, contents, figures as files, tables that scroll.

    The first heading of level one becomes the page's title when it has none.
    """
    soup = BeautifulSoup(page.body, "html.parser")
    _take_title(page, soup)
    _order_headings(page, soup)
    _file_figures(page, soup)
    _wrap_tables(soup)
    page.anchors = {tag["id"] for tag in soup.find_all(id=True)}
    page.soup = soup
    return page


def render(page: Page, pages: list[Page], version: str = "") -> str:
    """Return a whole HTML document: shell, navigation, header facts, contents, body."""
    place = next((number for number, other in enumerate(pages) if other.file == page.file), 0)
    context = {
        "page": page,
        "body": Markup(str(page.soup)),
        "pages": pages,
        "places": [other for other in pages if other.file in MAIN_PAGES],
        "previous": pages[place - 1] if place > 0 else None,
        "following": pages[place + 1] if place + 1 < len(pages) else None,
        "site_title": SITE_TITLE,
        "version": version,
        "style": Markup(stylesheet()),
        "script": Markup(script()),
        "policy": security_policy(stylesheet()),
    }
    return environment().get_template("page.html.j2").render(context).rstrip() + "\n"


@cache
def environment() -> Environment:
    """Return the templates' environment: everything is escaped, nothing may be undefined."""
    made = Environment(
        loader=PackageLoader("helpers.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words=plain_words, shown=show_value)
    return made


@cache
def stylesheet() -> str:
    """Return the one style sheet, without comments and idle space."""
    source, _, _ = environment().loader.get_source(environment(), "style.css")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", source)).strip() + code_css()


def slug(name: str) -> str:
    """Return a name that is safe as a file name and as an anchor."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "page"


def _take_title(page: Page, soup: BeautifulSoup) -> None:
    heading = soup.find("h1")
    if heading and not page.title:
        page.title = heading.get_text(" ", strip=True)
        heading.decompose()
    if not page.title:
        raise SiteError(
            f"{page.file}: no heading of the first level; the first cell of a notebook states its title"
        )


def _order_headings(page: Page, soup: BeautifulSoup) -> None:
    """Let no heading rise above level two or skip a level, and give each an anchor."""
    level, taken = 1, {tag["id"] for tag in soup.find_all(id=True)}
    for heading in soup.find_all(re.compile(r"^h[1-6]$")):
        level = min(max(int(heading.name[1]), 2), level + 1)
        heading.name = f"h{level}"
        if not heading.get("id"):
            base = slug(heading.get_text(" ", strip=True).lower())[:60]
            name, number = base, 2
            while name in taken:
                name, number = f"{base}-{number}", number + 1
            heading["id"] = name
            taken.add(name)
        if level == 2:
            page.contents.append((heading["id"], heading.get_text(" ", strip=True)))


def _file_figures(page: Page, soup: BeautifulSoup) -> None:
    """Move embedded images and the numbers behind them into files; the image links to its file."""
    for number, image in enumerate(soup.find_all("img"), start=1):
        source = str(image.get("src") or "")
        if not source.startswith(DATA_IMAGE):
            continue
        figure = image.find_parent("figure")
        label = figure.get("id") if figure else None
        path = f"figures/{PurePosixPath(page.file).stem}-{slug(label or str(number))}.png"
        page.figures[path] = smaller_png(base64.b64decode(source.removeprefix(DATA_IMAGE)))
        image["src"], image["loading"] = path, "lazy"
        if image.parent and image.parent.name != "a":
            image.wrap(soup.new_tag("a", attrs={"href": path, "class": "picture"}))
        if figure:
            _file_numbers(page, figure, path.replace(".png", ".csv"))


def _file_numbers(page: Page, figure: Tag, path: str) -> None:
    """Move the numbers behind a figure into a file; where they are a table, lead to its download."""
    for named in figure.select("span.csv[data-table]"):
        named.name, named["href"] = "a", f"data/{named['data-table']}.csv"
        del named["data-table"]
    for link in figure.select("a.csv"):
        if str(link["href"]).startswith(DATA_CSV):
            page.figures[path] = base64.b64decode(str(link["href"]).removeprefix(DATA_CSV))
            link["href"] = path


def _wrap_tables(soup: BeautifulSoup) -> None:
    """Give a table from Markdown what `show_table` gives: header scope and a region that scrolls."""
    for number, table in enumerate(soup.find_all("table"), start=1):
        for cell in table.select("thead th:not([scope])"):
            cell["scope"] = "col"
        if table.find_parent(class_="scroll") is None:
            caption = table.find("caption")
            name = (
                caption.get_text(" ", strip=True) if caption else _heading_above(table) or f"Table {number}"
            )
            table.wrap(
                soup.new_tag(
                    "div", attrs={"class": "scroll", "role": "region", "aria-label": name, "tabindex": "0"}
                )
            )


def _heading_above(table: Tag) -> str:
    heading = table.find_previous(re.compile(r"^h[2-6]$"))
    return f"Table in: {heading.get_text(' ', strip=True)}" if heading else ""


def anchor_homes(pages: list[Page]) -> dict[str, str]:
    """Return for each anchor the file that holds it: the page that owns its kind, else the first one."""
    homes: dict[str, str] = {}
    for page in reversed(pages):
        homes.update(dict.fromkeys(page.anchors, page.file))
    for page in pages:
        homes.update({name: page.file for name in page.anchors if name.split("-")[0] in page.owns})
    return homes


def resolve_links(page: Page, homes: dict[str, str]) -> None:
    """Point links to anchors of other pages at those pages; a link that leads nowhere becomes text."""
    for link in page.soup.find_all("a", href=re.compile(r"^#")):
        name = link["href"][1:]
        if name in page.anchors:
            continue
        if name in homes:
            link["href"] = f"{homes[name]}#{name}"
        else:
            link.unwrap()


__all__ = [
    "Page",
    "anchor",
    "anchor_homes",
    "arrange",
    "environment",
    "render",
    "resolve_links",
    "slug",
    "stylesheet",
]
