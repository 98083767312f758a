"""The code behind the computed numbers, whole, as it was when the pages were made."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from markupsafe import Markup

from helpers.site.code import code_html
from helpers.site.page import Page
from helpers.site.pages.parts import say_html

# What computes a number that stands on a page, in the order of the data's way.
MODULES = (
    "helpers.cleaning.observations",
    "helpers.cleaning.units",
    "helpers.appraisal.risk_of_bias_tools",
    "helpers.synthesis.study_effects",
    "helpers.synthesis.effect_sizes",
    "helpers.synthesis.comparison_lines",
    "helpers.synthesis.evidence_pool",
    "helpers.synthesis.pooling",
    "helpers.synthesis.pool_members",
    "helpers.synthesis.tau2",
    "helpers.appraisal.grade",
    "helpers.appraisal.body",
    "helpers.synthesis.horizon",
    "helpers.words.answer",
)


METHODS = re.compile(r"^from (helpers\.(?:synthesis|cleaning|appraisal)\.\w+) import", re.M)


def code_page() -> Page:
    """Return the page of the code that computes the numbers."""
    parts = [
        say_html(
            "Each computed number leads here, to the module that computed it. Open a module to read "
            "it; the docstrings "
            "name the papers and manuals that the methods come from."
        )
    ]
    for name in shown_modules():
        source = module_source(name)
        if source is not None:
            meaning = source.split('"""')[1].strip().splitlines()[0] if '"""' in source else ""
            parts.append(
                Markup('<h2 id="code-{0}"><code>{0}</code></h2><p>{1}</p>{2}').format(
                    name, meaning, Markup(code_html((source, ""), label=f"{name}, the whole module"))
                )
            )
    return Page(
        file="code.html",
        title="The code behind the numbers",
        short="Code",
        kicker="Provenance",
        body=str(Markup("\n").join(parts)),
        owns=("code",),
    )


def shown_modules() -> list[str]:
    """Return the modules that compute, each followed by those of its methods that it imports by itself."""
    names: dict[str, None] = {}
    for name in MODULES:
        names[name] = None
        imported = METHODS.findall(module_source(name) or "")
        names.update(dict.fromkeys(sorted(imported)))
    return list(names)


def module_source(name: str) -> str | None:
    """Return the source text of a module without importing it; nothing when there is no such module."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else None
