"""Two spellings of one thing: SQL that is written in two ways, and whether it is certain that it says two things."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^\s'\"]+|\s+")
_PLAIN_NAME = re.compile(r'"[a-z_][a-z0-9_]*"')
_CAST = re.compile(
    r"::(?:regclass|text|\"?char(?:acter)?(?: ?varying)?\"?|varchar|name|bpchar|integer|numeric)(?:\(\d+\))?(?:\[\])?"
)
_DESCENDS = re.compile(r"\bdesc\b", re.IGNORECASE)
_WORDS = {"t": "true", "f": "false", "1": "true", "0": "false"}
_OTHERWISE_WRITTEN = re.compile(r"::|\bany\b|\ball\b|\barray\b|~~|\bbetween\b|\bcase\b|\{\.\.\.}|\.\.\.")


def spelled(sql: str) -> str:
    """An expression, written in one way: without blanks, casts of constants and the parentheses around it."""
    text = "".join(map(_in_one_way, _TOKEN.findall(sql)))
    text = re.sub(r"\s+", " ", text).strip()
    text = _CAST.sub("", text.replace("!=", "<>"))
    text = re.sub(r" ?([^\w\s'\"]) ?", r"\1", text)
    while text.startswith("(") and _closes_at_end(text):
        text = text[1:-1].strip()
    return {"current_timestamp": "now()", "now": "now()"}.get(text, text)


def bare(sql: str) -> str:
    """An expression without blanks, parentheses and backquotes, of which a server prints more than people write."""
    return re.sub(r"[()\s`]", "", spelled(sql))


def _in_one_way(token: str) -> str:
    if token.startswith("'"):
        return token
    if token.startswith('"'):
        return token[1:-1] if _PLAIN_NAME.fullmatch(token) else token
    return token.lower()


def ordered(element: str) -> str:
    """
    What an index is built on, without what holds where nothing is said: ASC, and NULLS LAST behind it or NULLS FIRST
    behind DESC. https://www.postgresql.org/docs/18/indexes-ordering.html
    """
    element = re.sub(r"\s+nulls\s+last$", "", element, flags=re.I) if not _DESCENDS.search(element) else element
    return re.sub(r"\s+asc$|(?<=\bdesc)\s+nulls\s+first$", "", element, flags=re.I)


def renamed_in(sql: str, old: str, new: str) -> str:
    """SQL in which a name is another one, wherever it stands as a word of its own and not in a text."""
    word = re.compile(rf"(?<![\w.\"]){re.escape(old)}(?![\w\"])")
    return "".join(
        token if token.startswith("'") else f'"{new}"' if token == f'"{old}"' else word.sub(lambda found: new, token)
        for token in _TOKEN.findall(sql)
    )


def mentions(sql: str, name: str) -> bool:
    """Whether a name stands in SQL as a word of its own, be it in a text."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None


def _closes_at_end(text: str) -> bool:
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return place == len(text) - 1
    return False


def surely_differ(one: str | None, other: str | None) -> bool:
    """
    Whether two conditions certainly say two things: not where one of them is written as the server prints it, with
    casts, ANY (ARRAY[...]) and the like.
    """
    if one is None or other is None:
        return one is not other
    first, second = spelled(one), spelled(other)
    return bare(first) != bare(second) and not (_OTHERWISE_WRITTEN.search(first) or _OTHERWISE_WRITTEN.search(second))


def same_constant(one: str, other: str) -> bool:
    """Whether two constants are one: true, t and 1 are."""
    return _constant(one) == _constant(other)


def _constant(text: str) -> str:
    constant = spelled(text).strip("'")
    return _WORDS.get(constant, constant)
