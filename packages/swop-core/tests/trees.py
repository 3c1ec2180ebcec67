"""Random projects: modules that rename, re-export, inherit and decorate."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

MODULES = (
    "a.py",
    "b.py",
    "kernel/__init__.py",
    "kernel/marks.py",
    "kernel/bases.py",
    "shop/__init__.py",
    "shop/ops.py",
    "shop/sub/__init__.py",
    "shop/sub/deep.py",
    "loose/x.py",
)
DOTTED = (
    "a",
    "b",
    "kernel",
    "kernel.marks",
    "kernel.bases",
    "shop",
    "shop.ops",
    "shop.sub",
    "shop.sub.deep",
    "loose.x",
    "swop",
    "swop.cqrs",
    "click",
    "mediator",
    "logging",
)
RELATIVE = (".", "..", ".marks", ".bases", ".ops", "..kernel", "..kernel.marks", ".sub.deep")
NAMES = (
    "command",
    "query",
    "event",
    "handler",
    "c",
    "mark",
    "Root",
    "Base",
    "Command",
    "Event",
    "Handler",
    "Query",
    "DomainEvent",
    "Middle",
    "Ordinary",
    "s",
    "ops",
    "marks",
    "\uff43ommand",
)
CLASSES = (
    "Root",
    "Base",
    "Middle",
    "Leaf",
    "Ordinary",
    "IssueCommand",
    "Command",
    "Handler",
    "PaidEvent",
    "Event",
    "X",
    "SomeHandler",
    "ÜberCommand",
)
names = st.sampled_from(NAMES)
chains = st.one_of(
    names,
    st.builds("{}.{}".format, names, names),
    st.builds("{}.{}.{}".format, st.sampled_from(("kernel", "shop", "swop")), names, names),
)
decorators = st.one_of(
    chains,
    st.builds("{}('x')".format, chains),
    st.builds("({})('x')".format, chains),
    st.builds("(  # note\n  {}\n)('x')".format, chains),
)
bases = st.one_of(
    chains,
    st.builds("{}[int]".format, chains),
    st.builds("x(':')['y'], {}".format, chains),
    st.builds("\n  # class: (\n  {}".format, chains),
    st.builds("make(lambda: 1), {}".format, chains),
)


@st.composite
def imports(draw: st.DrawFn) -> str:
    name, other = draw(names), draw(names)
    module = draw(st.sampled_from(DOTTED))
    return draw(
        st.sampled_from(
            (
                f"from {module} import {name}",
                f"from {module} import {name} as {other}",
                f"from {draw(st.sampled_from(RELATIVE))} import {name} as {other}",
                f"from {draw(st.sampled_from(RELATIVE))} import {name}",
                f"from {module} import *",
                f"import {module}",
                f"import {module} as {other}",
                f"from {module} import (\n    {name}  # why\n    as {other},\n)",
                f"from {module} \\\n  import {name}",
                f"from . import (  # class Command:\n    {name},\n    {other} as {name})",
                f"import os; import {module} as {other}",
                f"if 1: from {module} import {name}",
                f"try:\n    from {module} import {name}\nexcept ImportError:\n    {name} = None",
            )
        )
    )


@st.composite
def assignments(draw: st.DrawFn) -> str:
    name, chain = draw(names), draw(chains)
    return draw(
        st.sampled_from(
            (
                f"{name} = {chain}",
                f"{name} = ({chain})",
                f"{name} = {chain}('ctx')",
                f"{name} = {chain}[int]",
                f"{name} = other = {chain}",
                f"{name} = (\n  {chain}\n)",
                f"{name}: object = {chain}",
                f"{name} = partial({chain}, 'ctx')",
            )
        )
    )


@st.composite
def classes(draw: st.DrawFn, indent: str = "") -> str:
    lines = [f"@{draw(decorators)}" for _ in range(draw(st.integers(0, 2)))]
    name = draw(st.sampled_from(CLASSES))
    inside = ", ".join(draw(st.lists(bases, max_size=2)))
    header = draw(st.sampled_from((f"class {name}({inside}):", f"class \\\n  {name}({inside}):")))
    body = draw(
        st.sampled_from(
            ("    x: int = 1", "    def handle(self, e: Leaf): ...", f"    c = {draw(chains)}")
        )
    )
    return "\n".join([*lines, header, body])


modules = st.lists(st.one_of(imports(), imports(), assignments(), classes(), classes()), max_size=7)
trees = st.dictionaries(st.sampled_from(MODULES), modules, min_size=2, max_size=7)


@st.composite
def chained_trees(draw: st.DrawFn) -> dict[str, list[str]]:
    """A project in which one class is ours through a chain of links, each in a file of its own."""
    files = draw(st.permutations(MODULES))[: draw(st.integers(2, 5))]
    marks = draw(st.booleans())
    start = draw(st.sampled_from(("command", "query", "event")))
    first = "swop" if marks else "mediator"
    name = start if marks else start.title()
    tree: dict[str, list[str]] = {}
    source = first
    for number, path in enumerate(files[:-1]):
        new = draw(st.sampled_from((name, f"link{number}", "x", "mark")))
        forms = [f"from {source} import {name} as {new}", f"import {source} as m\n{new} = m.{name}"]
        if new == name:
            forms += [f"from {source} import {name}", f"from {source} import *"]
        if not marks:
            forms.append(f"import {source} as m\nclass {new}(m.{name}): pass")
        tree[path] = [draw(st.sampled_from(forms))]
        source = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        name = new
    used = (
        f"from {source} import {name} as used" if draw(st.booleans()) else f"import {source} as m"
    )
    reach = "used" if used.endswith("used") else f"m.{name}"
    body = f"@{reach}('ctx')\nclass Final: pass" if marks else f"class Final({reach}): pass"
    tree[files[-1]] = [used, body]
    return tree


def write_tree(root: Path, tree: dict[str, list[str]]) -> None:
    """Write a project, and `__init__.py` nowhere but where the tree has one."""
    for path, statements in tree.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(statements) + "\n", encoding="utf-8")
