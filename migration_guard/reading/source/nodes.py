"""What is in a node of libcst, quicker than libcst says it: white space and punctuation are left out."""

from __future__ import annotations

from dataclasses import fields
from functools import cache, lru_cache

import libcst as cst

# The fields of libcst's nodes that hold white space or punctuation begin so.
_NO_CODE = (
    *("whitespace", "leading", "trailing", "lines", "empty_lines", "header", "footer", "indent"),
    *("lpar", "rpar", "lbrac", "rbrac", "comma", "semicolon", "colon", "equal", "dot", "operator"),
)


@lru_cache(maxsize=512)
def names_in(node: cst.CSTNode) -> frozenset[str]:
    """Every name that stands in a node, but for those of attributes and keywords."""
    found = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if type(part) is cst.Name:
            found.add(part.value)
        else:
            waiting += parts_of(part)
    return frozenset(found)


def parts_of(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes in a node, but for white space, punctuation, and the names of attributes and keywords."""
    found: list[cst.CSTNode] = []
    for field in _parts(type(node)):
        value = getattr(node, field)
        if type(value) in (list, tuple):
            found += value
        elif _is_node(value.__class__):
            found.append(value)
    return found


@cache
def _is_node(kind: type) -> bool:
    """Asking libcst's abstract classes what is an instance of them is slow; there are few kinds."""
    return issubclass(kind, cst.CSTNode)


@cache
def _parts(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node in which names can stand: `children` asks for white space and punctuation, too."""
    if issubclass(kind, cst.Attribute | cst.Arg):
        return ("value",)
    every = (field.name for field in fields(kind))
    return tuple(name for name in every if not name.startswith(_NO_CODE))
