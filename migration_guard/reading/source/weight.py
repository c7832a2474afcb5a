"""
What a text would cost libcst's parser, told before it is parsed: a few hundred characters can take all memory or end
the process, and nothing stops a parser that has begun.

The parser keeps a copy of what it has read at each level that it may come back to, so a token costs as many times as
it is nested. Measured on libcst 1.9 and CPython 3.11: a token takes 12 microseconds and 2.9 KB; a level of brackets
around it 1.4 KB more; a link of the chain that it stands in, of operators or of attributes and calls, 0.1 to 0.2 KB
more; a level of a pattern behind `case` doubles the time. The end of a line outside of brackets takes three tokens
more, a field of an f-string two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import mul

from migration_guard.reading.discovery.encoding import TooHeavySource, UnreadableSource

HEAVIEST = 220_000
"""Of a file, in tokens that nothing is nested around."""
# Python's own tokenizer refuses deeper nesting ("too many nested parentheses"); libcst's parser would exhaust the C
# stack, as it does with longer chains.
DEEPEST_NESTING = 200
LONGEST_CHAIN = 1500
A_LINE = 3
A_FIELD = 2
LEVELS_OF_A_TOKEN = 2
LINKS_OF_A_TOKEN = 16
PATTERNS_OF_A_TOKEN = 4
_STRING = r"'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*"
_LARGE = 30_000
_CASE = r"[\r\n][ \t\f]*case\b"
# Each of these begins with one letter, so that Python looks for these letters first.
_BRACKETS = re.compile(rf"\(|\)|\[|\]|\{{|\}}|{_STRING}|\n[ \t\f]*case\b|\r[ \t\f]*case\b", re.DOTALL)
_TOKENS = re.compile(rf"[()\[\]{{}}]|{_STRING}|{_CASE}|[\r\n,;]|\\\r?\n|\w+|[^\s\\]", re.DOTALL)
_BRACES = re.compile(r"\{\{|\}\}|[{}]")
_FORMATTED = re.compile(r"[fFtT][rR]?\Z|[rR]?[fFtT]\Z")


def refuse_what_is_too_heavy(text: str) -> None:
    """Raises UnreadableSource where a text would take the parser too long, or its process down."""
    if len(text) > _LARGE or not _is_light(text):
        weight_of(text)


def weight_of(text: str) -> float:
    """What a text weighs, in tokens that nothing is nested around. Raises UnreadableSource where it is too heavy."""
    scales = Scales(text)
    scales.weigh(0, len(text))
    return scales.weight


def _is_light(text: str) -> bool:
    """Whether a text cannot be too heavy, as if each of its characters were a token: most are, and it takes no time."""
    pieces = list(map(len, text.split(",")))
    # A comma may part the parameters of a lambda, and the chain goes on behind it.
    depth, deepest, brackets = 0, 0, text.count("lambda")
    for match in _BRACKETS.finditer(text):
        token = match[0]
        if token in "([{":
            brackets += 1
            depth += 1
            deepest = max(depth, deepest)
        elif token in ")]}":
            depth -= depth > 0
        elif token[0] in "\r\n":
            return False
        elif _has_code(text, match.start()):
            deepest = max(deepest, depth + sum(map(token.count, "([{")))
    if max(pieces) + brackets > LONGEST_CHAIN or deepest > DEEPEST_NESTING:
        return False
    tokens = len(text) - text.count(" ")
    chains = (tokens * brackets + sum(map(mul, pieces, pieces)) / 2) / LINKS_OF_A_TOKEN
    weight: float = tokens * (1 + deepest / LEVELS_OF_A_TOKEN) + chains
    return weight <= HEAVIEST


def _has_code(text: str, start: int) -> bool:
    """Whether what begins here is a string that may have expressions in it."""
    return text[start] in "'\"" and _FORMATTED.search(text, max(0, start - 2), start) is not None


@dataclass(slots=True)
class Scales:
    """Weighs a text, token by token."""

    text: str
    weight: float = 0.0
    alternatives: int = 0
    """Each `elif` is nested in the one before it."""

    def weigh(self, start: int, end: int, outer: int = 0) -> None:
        """Adds what stands between two offsets, at this depth; raises UnreadableSource where that is too much."""
        chains: list[int] = []  # of the brackets that are open, each with the chain that it stands in
        chain, lambdas, depth, in_case = 0, 0, outer, False
        for match in _TOKENS.finditer(self.text, start, end):
            token = match[0]
            first = token[0]
            if first in "([{":
                chains.append(chain + 1)
                chain, depth = 0, depth + 1
                if in_case:
                    self.weight += 2 ** min(depth, DEEPEST_NESTING) / PATTERNS_OF_A_TOKEN
            elif first in ")]}":
                if chains:
                    chain, depth = chains.pop(), depth - 1
            elif first in "\r\n":
                if not chains:
                    self.weight += A_LINE
                    chain = lambdas = 0
                    in_case = len(token) > 1
            elif first in ",;":
                chain = lambdas  # a comma may part their parameters
            elif first not in "#\\":
                chain += 1
                lambdas += token == "lambda"
                self.alternatives += token == "elif"
                if first in "'\"" and _has_code(self.text, match.start()):
                    self._weigh_fields(match.start(), match.end(), depth)
            self.weight += 1 + depth / LEVELS_OF_A_TOKEN + chain / LINKS_OF_A_TOKEN
            if (
                depth > DEEPEST_NESTING
                or chain > LONGEST_CHAIN
                or self.alternatives > LONGEST_CHAIN
                or self.weight > HEAVIEST
            ):
                raise self._refused(match.start(), depth)

    def _weigh_fields(self, start: int, end: int, depth: int) -> None:
        """Adds the expressions of an f-string."""
        level, begun = 0, start
        for match in _BRACES.finditer(self.text, start, end):
            token = match[0]
            if level == 0 and token == "{":
                level, begun = 1, match.end()
            elif level:
                level += len(token) if token[0] == "{" else -len(token)
                if level <= 0:
                    self.weight += A_FIELD
                    self.weigh(begun, match.start(), depth + 1)
                    level = 0
        if level > 0:
            self.weigh(begun, end, depth + 1)

    def _refused(self, offset: int, depth: int) -> UnreadableSource:
        line = self.text.count("\n", 0, offset) + 1
        if self.weight > HEAVIEST:
            return TooHeavySource(
                f"It holds more than is read of one file: {HEAVIEST:,} words and signs, those that are nested counted "
                f"as often as deep, are reached in line {line}. Move data out of it, or divide it.",
                line,
                1,
            )
        if depth > DEEPEST_NESTING:
            return UnreadableSource(f"Line {line} is nested more deeply than Python itself allows.", line, 1)
        return TooHeavySource(
            f"Line {line} chains more than {LONGEST_CHAIN:,} operators, calls or branches, each nested in the next. "
            "Divide it.",
            line,
            1,
        )
