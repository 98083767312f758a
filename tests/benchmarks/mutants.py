"""Breaks the code on purpose, one small change at a time, and counts what the tests notice.

Run it by hand: `python tests/benchmarks/mutants.py 300 20261202 [--without-shared] [PATH ...]`: a sample of 300
by that seed, of the modules below `src` named (without names, of all in `ROOMS`). Nothing is written into the
tree: each change is made in the memory of a process of its own, where the tests of the room that call the
function run, the quick ones first, at most 30 s. Changes that change nothing stand with the reason in
`mutants.yaml`.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib
import json
import os
import random
import resource
import sys
import tempfile
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EVERY = ("test_committed_tables.py", "test_defaults.py")
ROOMS = {  # code: its tests
    "metastats": ["metastats"],
    "helpers/appraisal": ["appraisal", "sheets/test_registry_versions.py", *EVERY],
    "helpers/effects": ["effects", *EVERY],
    "helpers/pooling": ["pooling", "figures/test_findings_summary.py", *EVERY],
    "helpers/comparison.py": ["comparison", "pooling/test_made_collections.py", *EVERY],
    "helpers/formats.py": ["figures/test_display.py", "comparison"],
    "helpers/sheets/locators.py": ["sheets", "places"],
}
HEAVY = (
    "numpy pandas scipy.stats scipy.optimize statsmodels.api matplotlib.pyplot pydantic jinja2 bs4 hypothesis"
)
SECONDS = 30
SWAPS = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div], ast.Mod: [ast.Mult], ast.Pow: [ast.Mult], ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
}  # fmt: skip
GONE = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)
Change = tuple[ast.stmt, str, Callable[[], None]]


def replacements(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of an expression or a statement."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and isinstance(parent, ast.arguments):
        yield ast.Constant("")  # a default
    if getattr(parent, "test", None) is node or (
        isinstance(parent, ast.comprehension) and node in parent.ifs
    ):
        yield ast.UnaryOp(ast.Not(), node)
    if isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        yield ast.Return(ast.Constant(None))
    stored = isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if stored or called or isinstance(node, GONE):
        yield ast.Pass()


def changes(node: ast.AST, name: str = "", stmt: ast.stmt | None = None) -> Iterator[Change]:
    """Yield every change of a tree: its statement, the function it stands in, and what makes it."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list") or getattr(node, "arg", None) == "strict":
            continue
        several = value if isinstance(value, list) else [value]
        for at, child in enumerate(several):
            if not isinstance(child, ast.AST):
                continue
            own = child if isinstance(child, ast.stmt) else stmt
            named = name.rpartition(".")[0] if field == "args" and isinstance(node, ast.FunctionDef) else name
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                named = f"{name}.{child.name}".lstrip(".")
            options = [swap() for swap in SWAPS.get(type(child), ())] or list(replacements(child, node))
            for new in options:

                def change(field=field, at=at, new=new, several=several, value=value) -> None:
                    several[at] = new
                    setattr(node, field, several if isinstance(value, list) else new)

                yield own, named, change
            yield from changes(child, named, own)


def code_in(holder: Any) -> Any:
    """Return the function in a method, a property or a decorated function; None where there is none."""
    for name in ("__func__", "fget", "func", "__wrapped__"):
        while hasattr(holder, name):
            holder = getattr(holder, name)
    return holder if isinstance(holder, types.FunctionType) else None


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield all code in the code of a module."""
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield part
            yield from codes_of(part)


def put_in(path: str, tree: ast.Module, function: str) -> None:
    """Put a changed module in the place of the loaded one: its functions, or what stands outside of them."""
    loaded = importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    compiled = compile(ast.fix_missing_locations(tree), str(ROOT / "src" / path), "exec")
    inside = False
    for code in codes_of(compiled):
        holder: Any = loaded
        for name in code.co_qualname.split("."):
            holder = vars(holder).get(name) if hasattr(holder, "__dict__") else None
        own = code_in(holder)
        if own is not None and own.__code__.co_freevars == code.co_freevars:
            own.__code__ = code
            inside |= code.co_qualname == function
    if not inside:  # a constant, a default, a class
        before = dict(vars(loaded))
        exec(compiled, vars(loaded))
        for name, old in before.items():
            new = vars(loaded)[name]
            own, other = code_in(old), code_in(new)
            if own and other:
                own.__defaults__, own.__kwdefaults__ = other.__defaults__, other.__kwdefaults__
            if isinstance(old, types.FunctionType):  # others hold it
                vars(loaded)[name] = old
            elif not name.startswith("__"):
                for module in list(sys.modules.values()):
                    if getattr(module, "__dict__", {}).get(name) is old:
                        setattr(module, name, new)


class Mutant:
    """One change of a module: where it is, and what it says before and after."""

    def __init__(self, path: str, number: int) -> None:
        self.path, self.tree = path, ast.parse((ROOT / "src" / path).read_text(encoding="utf-8"))
        stmt, self.function, change = list(changes(self.tree))[number]
        before = ast.unparse(stmt)
        change()
        after = ast.unparse(ast.fix_missing_locations(stmt))
        if after == before:  # the statement itself was replaced
            after = "return None" if isinstance(stmt, ast.Return) else "pass"
        start = len(os.path.commonprefix([before, after]))
        end = len(os.path.commonprefix([before[start:][::-1], after[start:][::-1]]))
        cut = [" ".join(said[max(0, start - 40) : len(said) - end + 30].split()) for said in (before, after)]
        self.line, self.key = stmt.lineno, f"{path} {self.function}: {cut[0]} -> {cut[1]}"


def marked(path: str) -> ast.Module:
    """Return a module each function of which says that it is called."""
    tree = ast.parse((ROOT / "src" / path).read_text(encoding="utf-8"))

    def mark(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            named = (
                f"{name}.{child.name}".lstrip(".")
                if isinstance(child, ast.FunctionDef | ast.ClassDef)
                else name
            )
            if isinstance(child, ast.FunctionDef):
                child.body.insert(0, ast.parse(f"CALLED.add({f'{path} {named}'!r})").body[0])
            mark(child, named)

    mark(tree, "")
    return tree


class Room:
    """A pytest plugin that, instead of running a room's tests once, runs them against each of its mutants."""

    def __init__(self, room: str, mutants: list[Mutant], known: dict[str, str]) -> None:
        self.room, self.mutants, self.known, self.count = room, mutants, known, Counter()
        self.raised = False
        self.fixtures: dict[str, set[str]] = defaultdict(set)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        """Watch what a fixture calls: it may be made for one test and used by many."""
        before, builtins.CALLED = getattr(builtins, "CALLED", None), self.fixtures[fixturedef.argname]
        yield
        builtins.CALLED = before

    def pytest_runtest_makereport(self, call):
        """Note whether a test ended by something other than an assertion."""
        refusals = (AssertionError, pytest.fail.Exception)
        self.raised |= call.excinfo is not None and not issubclass(call.excinfo.type, refusals)

    def pytest_runtestloop(self, session):
        """Run the tests in children of this process."""
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "calls.json"
            if self._ended(self._forked(lambda: self._watch(session, kept), 40)) != "survived":
                raise pytest.UsageError(f"{self.room}: its tests do not pass as the code stands")
            calls = json.loads(kept.read_text())
        running: dict[int, Mutant] = {}
        for mutant in [*self.mutants, None, None]:
            if len(running) == 2 or (mutant is None and running):
                child, status = os.wait()
                self._count(running.pop(child), status)
            if mutant:
                running[self._forked(lambda m=mutant: self._try(session, m, calls), 2)] = mutant
        return True

    def _forked(self, work: Callable[[], bool], times: int) -> int:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (times * SECONDS, times * SECONDS))
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            try:
                os._exit(0 if work() else 1 + self.raised)
            except BaseException:
                os._exit(2)
        return child

    def _ended(self, child: int, status: int | None = None) -> str:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1] if status is None else status)
        return {0: "survived", 1: "killed", 2: "raised"}.get(code, "timeout")

    def _count(self, mutant: Mutant, status: int) -> None:
        end = self._ended(0, status)
        end = "equivalent" if end == "survived" and mutant.key in self.known else end
        self.count[end] += 1
        if end in ("survived", "timeout"):
            print(f"\n{end} line {mutant.line}  {mutant.key}", end="", flush=True)

    def _watch(self, session, kept: Path) -> bool:
        builtins.CALLED, found = set(), {}  # a module may call its own functions when it is loaded
        for path in files_of(self.room):
            put_in(path, marked(path), "")
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            builtins.CALLED, start = set(), time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            calls = builtins.CALLED.union(*(self.fixtures[name] for name in item.fixturenames))
            found[item.nodeid] = time.process_time() - start, sorted(calls)
        kept.write_text(json.dumps(found))
        return not session.testsfailed

    def _try(self, session, mutant: Mutant, calls: dict) -> bool:
        """Return whether the mutant survives."""
        put_in(mutant.path, mutant.tree, mutant.function)
        name = f"{mutant.path} {mutant.function}"
        module = f"{mutant.path} "
        chosen = [item for item in session.items if name in calls[item.nodeid][1]]
        if not chosen:  # a constant, a default, or what runs when the module is loaded
            of_test = {item: calls[item.nodeid][1] for item in session.items}
            chosen = [
                i for i, own in of_test.items() if not own or any(one.startswith(module) for one in own)
            ]
        spent: Counter = Counter()
        for item in chosen:
            spent[item.path] += calls[item.nodeid][0]
        chosen.sort(key=lambda item: (spent[item.path], str(item.path), calls[item.nodeid][0]))
        start = time.process_time()
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed or time.process_time() - start > SECONDS:
                break
        return not session.testsfailed


def files_of(room: str) -> list[str]:
    """Return the modules of a folder below `src`, or the one named."""
    place = ROOT / "src" / room
    found = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [path.relative_to(ROOT / "src").as_posix() for path in found]


def main(number: int, seed: int, names: list[str]) -> None:
    """Try a sample, two at a time, and print who survived."""
    known = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")) or {}
    sites = []
    for path in [path for name in names or ROOMS for path in files_of(name)]:
        own = changes(ast.parse((ROOT / "src" / path).read_text(encoding="utf-8")))
        sites += [(path, at) for at, _ in enumerate(own)]
    drawn = random.Random(seed).sample(sites, min(number, len(sites)))
    total: Counter = Counter()
    for room, tests in ROOMS.items():
        mutants = [Mutant(*site) for site in drawn if site[0].startswith(room)]
        if not mutants:
            continue
        ends, told = os.pipe()
        if os.fork() == 0:
            plugin = Room(room, mutants, known)
            options = ["-s", "-p", "no:cacheprovider", "-p", "no:terminal", "--hypothesis-profile=mutants"]
            pytest.main([*options, *(f"tests/{name}" for name in tests)], plugins=[plugin])
            os.write(told, json.dumps(plugin.count).encode())
            os._exit(0)
        os.wait()
        os.close(told)
        count = Counter(json.loads(os.read(ends, 10_000) or "{}"))
        print(f"\n== {room}: {dict(count)}", flush=True)
        total += count
    noticed = total["killed"] + total["raised"] + total["timeout"]
    share = noticed / max(1, noticed + total["survived"])
    print(
        f"{len(drawn)} of {len(sites)}, seed {seed}: {dict(total)}; noticed {share:.1%} of those not equivalent"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("names", nargs="*", help="modules or folders below src, such as metastats/ranks.py")
    parser.add_argument("--without-shared", action="store_true", help="as a clone without source texts")
    given = parser.parse_intermixed_args()
    if given.without_shared:
        os.environ["EVIDENCE_SHARED"] = os.devnull
    os.chdir(ROOT)
    for name in HEAVY.split():
        importlib.import_module(name)
    profile = {"deadline": None, "derandomize": True, "database": None}
    importlib.import_module("hypothesis").settings.register_profile("mutants", **profile)
    main(given.number, given.seed, given.names)
