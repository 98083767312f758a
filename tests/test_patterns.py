"""Every regular expression of the code takes a time that grows with its text, on texts made of its own pieces."""

import ast
import contextlib
import importlib
import re
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as kinds  # type: ignore[attr-defined]

import pytest

SRC = Path(__file__).parents[1] / "src"
CALLS = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
SIGNS, LOOPS = 'a1 A-.,(<"\n:/%)', (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)
SHORT, LONG, GROWTH, MOMENT = 1000, 4000, 4, 0.04  # letters, their ratio; seconds of the processor
CAPPED = ("article_tables", "article_figures", "table_cells")  # look at 1000 letters, blanks joined
MATCHED = {"references._LOOSE", "article_tables._ALONE"}  # from the first letter, under another name


def patterns() -> Iterator[tuple[str, re.Pattern, set[str]]]:
    """Yield each pattern that a module holds or calls, with its place and how it is called."""
    calls, held = defaultdict(set), {}
    for path in SRC.rglob("[!_]*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in CALLS:
                key = ast.unparse(node.value)
                calls[key if "[" in key else f"{path.stem}.{key}"].add(node.attr)
            if isinstance(node, ast.Call) and re.fullmatch(r"re\.(?!compile)\w+", ast.unparse(node.func)):
                said = [*node.args[1:], *(word.value for word in node.keywords)]
                flags = sum(getattr(re, one.attr, 0) for one in said if isinstance(one, ast.Attribute))
                if isinstance(node.args[0], ast.Constant) and node.func.attr in CALLS:
                    yield (
                        f"{path.name}:{node.lineno}",
                        re.compile(node.args[0].value, flags),
                        {node.func.attr},
                    )
        module = importlib.import_module(".".join(path.relative_to(SRC).with_suffix("").parts))
        for name, value in vars(module).items():
            for key, one in value.items() if isinstance(value, dict) else [("", value)]:
                if isinstance(one, re.Pattern):
                    held[one] = (f"{path.stem}.{name}", f"{name}[{key!r}]" if key else f"{path.stem}.{name}")
    for one, (name, key) in held.items():
        yield (
            f"{name} {key}",
            one,
            {"match"} if name in MATCHED else calls[key] or {"search"},
        )


def example(tree: object, at: int) -> str:
    """Return a text that a parsed pattern takes, the `at`-th of several."""
    text = ""
    for kind, said in tree:
        if kind is kinds.LITERAL:
            text += chr(said)
        elif kind in (kinds.IN, kinds.ANY, kinds.NOT_LITERAL):
            one = _compiler.compile(_parser.SubPattern(_parser.State(), [(kind, said)]))
            own = (
                "".join(chr(code) for name, code in said if name is kinds.LITERAL) if kind is kinds.IN else ""
            )
            fitting = [sign for sign in SIGNS + own if one.fullmatch(sign)] or [" "]
            text += fitting[at % len(fitting)]
        elif kind is kinds.BRANCH:
            text += example(said[1][at % len(said[1])], at)
        elif kind in (kinds.SUBPATTERN, *LOOPS):
            text += example(said[-1], at) * (max(said[0], 1) if kind in LOOPS else 1)
    return text


def pieces(tree: object, before: str, at: int) -> Iterator[tuple[str, str]]:
    """Yield what stands before each repeated part of a parsed pattern, and the part; at last the whole."""
    for kind, said in tree:
        if kind in LOOPS:
            yield from ((before, part := example(said[2], at)), ("", before + part))
        parts = said[1] if kind is kinds.BRANCH else [said[-1]] if kind in (kinds.SUBPATTERN, *LOOPS) else []
        for part in parts:
            yield from pieces(part, before, at)
        before += example([(kind, said)], at)
    yield "", before


def seconds(compiled: re.Pattern, name: str, text: str) -> float:
    """Return the processor's seconds that a call takes, about a second at most."""
    given = text if isinstance(compiled.pattern, str) else text.encode("latin-1", "replace")
    call, start = getattr(compiled, name), time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    with contextlib.suppress(TimeoutError):
        list(call(given)) if name == "finditer" else call(given[:0], given) if name == "sub" else call(given)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - start


def late(*_: object) -> None:
    raise TimeoutError


@pytest.mark.slow
def test_no_pattern_takes_for_ever() -> None:
    signal.signal(signal.SIGVTALRM, late)
    slow = []
    for place, compiled, calls in patterns():
        words = compiled.pattern if isinstance(compiled.pattern, str) else compiled.pattern.decode("latin-1")
        tree = _parser.parse(words, compiled.flags)
        hostile = {pair for at in range(2) for pair in pieces(tree, "", at) if pair[1]}
        for (start, part), name in product(hostile, calls):
            short, long = (start + part * (length // len(part)) + "\0" for length in (SHORT, LONG))
            if place.split(".")[0] in CAPPED:
                short, long = "", " ".join(short.split())
            for _ in range(3):  # one measurement may be disturbed
                took = seconds(compiled, name, long)
                linear = took <= MOMENT or took <= 2 * GROWTH * seconds(compiled, name, short)
                if linear:
                    break
            if not linear:
                slow.append(f"{place} {name}: {start[:40]!r} + {part[:40]!r} * n: {took:.2f} s")
    assert not slow, "\n".join(slow)
