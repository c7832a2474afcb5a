"""
Names that a file reads an attribute of and nothing in it gives a value, as of a module that is not imported: Python
stops at them with a NameError.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from migration_guard.reading.source.nodes import names_in, parts_of
from migration_guard.reading.source.source import Source

_BUILT_IN = frozenset(vars(builtins)) | {"__file__", "__name__", "__doc__", "__spec__", "__loader__", "__package__"}
# What may give names that are written nowhere. https://docs.python.org/3.13/reference/executionmodel.html
_BINDS_UNSEEN = ("import *", "exec(", "globals(", "vars(", "locals(", "__dict__", "setattr(", "builtins")


# A name with an attribute; and, in a few words, whatever may give a name a value, rather too much than too little.
_ROOT = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?=\.[A-Za-z_])")
_DEFINES = re.compile(
    r"^ *(?:from\b[^\n]*?)?import\b(?:[^\n(]*\([^)]{0,1000}\)|[^\n]*)|\b(?:as|for|def|class|global|lambda)\b[^\n:]*"
    r"|\b\w+\s*(?:=(?!=)|:)",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")


def undefined_names(source: Source, name: str) -> Iterator[tuple[str, cst.CSTNode]]:
    """The names that a function of the module reads on every run and nothing defines, each with its statement."""
    function = next(
        (one for one in source.module.body if isinstance(one, cst.FunctionDef) and one.name.value == name), None
    )
    suspected = _suspected(source.text) if function is not None else frozenset()
    if function is None or not suspected:
        return
    read = [
        (one, statement) for statement in _always_run(function.body) for one in sorted(_read(statement) & suspected)
    ]
    if not read:
        return
    defined = _bound(source.module)
    said: set[str] = set()
    for one, statement in read:
        if one not in defined and one not in said:
            said.add(one)
            yield one, statement


@lru_cache(maxsize=4)
def _suspected(text: str) -> frozenset[str]:
    """
    The names that have an attribute somewhere in the text, and that no words in it seem to define: of nearly every file
    there are none, and it is not looked at again.
    """
    if any(mark in text for mark in _BINDS_UNSEEN):
        return frozenset()
    defined = {word for found in _DEFINES.findall(text) for word in _WORD.findall(found)}
    return frozenset(set(_ROOT.findall(text, text.find("\ndef "))) - defined - _BUILT_IN)


def _always_run(body: cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements of a body that no condition, loop or handler stands around, up to one that may leave it."""
    for statement in body.body:
        if isinstance(statement, cst.With):
            yield from statement.items
            yield from _always_run(statement.body)
        elif isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
            if any(isinstance(one, cst.Return | cst.Raise) for one in statement.body):
                return
        elif _may_leave(statement):
            return


def _may_leave(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Return | cst.Raise) or any(map(_may_leave, parts_of(node)))


def _read(node: cst.CSTNode) -> frozenset[str]:
    """
    The names whose attributes a statement reads whatever happens: not those behind a lambda, a condition or a loop.
    """
    if isinstance(node, cst.Lambda | cst.IfExp | cst.BooleanOperation | cst.BaseComp | cst.Import | cst.ImportFrom):
        return frozenset()
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
        return frozenset({node.value.value})
    if isinstance(node, cst.Annotation | cst.Global | cst.Nonlocal | cst.Del | cst.Assert):
        return frozenset()
    return frozenset().union(*map(_read, parts_of(node)))


def _bound(module: cst.Module) -> frozenset[str]:
    """Every name that something in the module gives a value, wherever that is."""
    found: set[str] = set()
    waiting: list[cst.CSTNode] = [module]
    while waiting:
        node = waiting.pop()
        match node:
            case cst.ImportAlias(name=name, asname=asname):
                leftmost = name
                while isinstance(leftmost, cst.Attribute):
                    leftmost = leftmost.value  # type: ignore[assignment]
                found |= names_in(asname) if asname is not None else names_in(leftmost)
            case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
                found.add(name.value)
            case cst.Param(name=name) | cst.NameItem(name=name):
                found.add(name.value)
            case (
                cst.AssignTarget(target=target)
                | cst.AnnAssign(target=target)
                | cst.AugAssign(target=target)
                | cst.For(target=target)
                | cst.CompFor(target=target)
                | cst.NamedExpr(target=target)
            ):
                found |= names_in(target)
            case cst.AsName(name=name) | cst.MatchAs(name=name) | cst.MatchStar(name=name) if name is not None:
                found |= names_in(name)
            case cst.MatchMapping(rest=rest) if rest is not None:
                found.add(rest.value)
        waiting += parts_of(node)
    return frozenset(found)
