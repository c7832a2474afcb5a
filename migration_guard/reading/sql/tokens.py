"""
SQL as text: tokens, statements, bind parameters. Knows how each dialect writes strings and comments, and no grammar.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from migration_guard.model.unknown import HOLE, has_hole, show_holes

WORD, NAME, STRING, BODY, NUMBER, BIND, MARK, SKIP = "word", "name", "string", "body", "number", "bind", "mark", "skip"


class Token(NamedTuple):
    """
    One token with its place in the text. `word` is what to compare: upper case for words, the bare name for quoted
    names, the value for strings, the raw text otherwise.
    """

    kind: str
    word: str
    raw: str
    start: int
    end: int

    def name(self, fold: bool) -> str:
        """The identifier this token names; `fold` lowers the unquoted ones, as PostgreSQL does."""
        return self.word if self.kind == NAME else self.raw.lower() if fold else self.raw


# Wherever a word may stand, a hole may (U+FDD0, see HOLE). Binds are SQLAlchemy's (`:name`, as text() finds them) and
# those of the drivers (%s, %(name)s).
_SHARED = r"""
    (?P<bind> (?<![:\w\ufdd0\\]):(?!\d)[\w\ufdd0]++(?!:(?!:)) | %\([\w\ufdd0]+\)s | %s(?![\w\ufdd0]) {binds})
  | (?P<number> \d++(?:\.\d*+)?+(?:[eE][+-]?\d++)?+ | \.\d++(?:[eE][+-]?\d++)?+)
  | (?P<word> (?!\d)[\w\ufdd0][\w$\ufdd0]*+)
  | (?P<mark> (?:\\:)++ | :: | := | %% | <= | >= | <> | != | \|\| | . ))
"""

_POSTGRESQL = re.compile(
    r"""
    \s*+ (?: (?P<skip> --[^\n]*+)
  | (?P<open> /\*)
  | (?P<string> [eE]'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+(?:'|\Z) | (?:[bBxXnN]|[uU]&)?'[^']*+(?:''[^']*+)*+(?:'|\Z))
  | (?P<name> (?:[uU]&)?"[^"]*+(?:""[^"]*+)*+(?:"|\Z))
  | (?P<body> \$(?P<tag>(?:(?!\d)[\w\ufdd0]++)?+)\$.*?(?:\$(?P=tag)\$|\Z))
  |"""
    + _SHARED.format(binds=r"| \$\d++"),
    re.VERBOSE | re.DOTALL,
)

_MYSQL = re.compile(
    r"""
    \s*+ (?: (?P<skip> --(?=\s|\Z)[^\n]*+ | \#[^\n]*+ | /\*.*?(?:\*/|\Z))
  | (?P<string> [nNxXbB]?'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+(?:'|\Z) | "[^"\\]*+(?:(?:""|\\.)[^"\\]*+)*+(?:"|\Z))
  | (?P<name> `[^`]*+(?:``[^`]*+)*+(?:`|\Z))
  | (?P<body> \$(?P<tag>)\$.*?(?:\$\$|\Z))
  |"""
    + _SHARED.format(binds=r"| \?"),
    re.VERBOSE | re.DOTALL,
)

_SQLITE = re.compile(
    r"""
    \s*+ (?: (?P<skip> --[^\n]*+ | /\*.*?(?:\*/|\Z))
  | (?P<string> [xX]?'[^']*+(?:''[^']*+)*+(?:'|\Z))
  | (?P<name> "[^"]*+(?:""[^"]*+)*+(?:"|\Z) | `[^`]*+(?:``[^`]*+)*+(?:`|\Z) | \[[^\]]*+(?:\]|\Z))
  | (?P<body> \$(?P<tag>)\$.*?(?:\$\$|\Z))
  |"""
    + _SHARED.format(binds=r"| \?\d*+ | [@$](?!\d)[\w\ufdd0]++"),
    re.VERBOSE | re.DOTALL,
)

_PATTERNS = {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL, "sqlite": _SQLITE}
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")  # what the parser cannot take, or what UTF-8 cannot say
_META_COMMAND = re.compile(r"\\[a-zA-Z!?][^\n]*")
_END_OF_COPY = re.compile(r"^\\\.[ \t\r]*$", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def scan(text: str, dialect: str, start: int = 0) -> Iterator[Token]:
    """The tokens of `text` from `start` on, without blanks and comments."""
    match = _PATTERNS[dialect].match
    position, length = start, len(text)
    while position < length:
        found = match(text, position)
        if found is None:  # nothing is left but blanks
            return
        kind = found.lastgroup or SKIP
        raw, start = found[kind], found.start(kind)
        position = found.end()
        if kind == WORD:
            yield Token(WORD, raw.upper(), raw, start, position)
        elif kind == "open":
            position = _end_of_comment(text, position)
        elif kind != SKIP:
            word = raw if kind in (MARK, NUMBER, BIND) else _value(kind, raw, found, dialect)
            yield Token(kind, word, raw, start, position)


def _end_of_comment(text: str, position: int) -> int:
    """Where the comment ends that was opened just before `position`: PostgreSQL's comments nest."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _value(kind: str, raw: str, found: re.Match[str], dialect: str) -> str:
    if kind == BODY:
        fence = len(found["tag"]) + 2
        return raw[fence:-fence] if len(raw) >= 2 * fence else raw[fence:]
    quote = raw[-1]
    opening = raw.find("[" if quote == "]" else quote)
    inner = raw[opening + 1 : -1].replace(quote * 2, quote)
    if kind == STRING and "\\" in inner:
        if dialect in ("mysql", "mariadb") or raw[0] in "eE":
            inner = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), inner, flags=re.DOTALL)
        return inner.replace("\\:", ":")
    return inner


# --- statements -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """One statement: `start` and `end` are offsets in the text it came from, those of its first and last token."""

    text: str
    start: int
    end: int
    tokens: tuple[Token, ...]
    dialect: str

    @cached_property
    def clean(self) -> str:
        """What a parser may see, as many characters as `text`: bind parameters and escapes are taken out."""
        return _clean(self)

    @cached_property
    def _bytes(self) -> tuple[int, ...]:
        """Where each token starts in the bytes of `clean`."""
        starts = [token.start - self.start for token in self.tokens]
        if self.clean.isascii():
            return tuple(starts)
        parts = (self.clean[start:end] for start, end in pairwise([0, *starts]))
        return tuple(accumulate(len(part.encode(errors="surrogatepass")) for part in parts))

    @property
    def has_hole(self) -> bool:
        """True where a piece of the statement is not known."""
        return has_hole(self.text)

    @property
    def has_bind(self) -> bool:
        """True where a bind parameter stands in the statement."""
        return any(token.kind == BIND for token in self.tokens)

    def words(self, count: int, first: int = 0) -> tuple[str, ...]:
        """The `count` tokens from `first` on, to compare."""
        return tuple(token.word for token in self.tokens[first : first + count])

    def token_at(self, byte: int) -> int:
        """The number of the first token at or behind this byte of `clean`, which is how PostgreSQL counts."""
        return bisect_left(self._bytes, byte)

    def slice(self, first: int, last: int) -> str:
        """The source from token `first` up to, and without, token `last`."""
        if first >= last or first >= len(self.tokens):
            return ""
        end = self.tokens[min(last, len(self.tokens)) - 1].end
        return shown(self.text[self.tokens[first].start - self.start : end - self.start])

    def closing(self, opening: int) -> int:
        """The number of the parenthesis that closes the one at `opening` (or of the end)."""
        depth = 0
        for number in range(opening, len(self.tokens)):
            word = self.tokens[number].raw
            if word == "(":
                depth += 1
            elif word == ")":
                depth -= 1
                if depth == 0:
                    return number
        return len(self.tokens)

    def find(self, first: int, *words: str) -> int:
        """The first token from `first` on, at the same depth of parentheses, that is one of `words` (or the end)."""
        depth = 0
        for number in range(first, len(self.tokens)):
            token = self.tokens[number]
            if depth == 0 and token.word in words and token.kind in (WORD, MARK):
                return number
            if token.raw in ("(", "["):
                depth += 1
            elif token.raw in (")", "]"):
                depth -= 1
                if depth < 0:
                    return number
        return len(self.tokens)

    def literals(self) -> tuple[str, ...]:
        """The text values written out in the statement, without those that are put together at run time."""
        return tuple(
            dict.fromkeys(token.word for token in self.tokens if token.kind == STRING and not has_hole(token.word))
        )


def shown(text: str) -> str:
    """Text for people: what is put together at run time is `{...}`, an escaped colon is a colon."""
    text = show_holes(text)
    return text.replace("\\:", ":") if "\\:" in text else text


def split(text: str, dialect: str) -> Iterator[Statement]:
    """The statements of `text`, without their semicolons, and without those that are empty or only comment."""
    position, length = 0, len(text)
    has_rows = True
    while position < length:
        tokens, position = _next_statement(text, dialect, position)
        if tokens:
            start, end = tokens[0].start, tokens[-1].end
            yield Statement(text[start:end], start, end, tuple(tokens), dialect)
        if has_rows and _takes_rows(tokens):
            rows = _END_OF_COPY.search(text, position)
            position = rows.end() if rows else position
            has_rows = rows is not None  # what ends no rows here ends none further on, so it is not searched again


def _next_statement(text: str, dialect: str, start: int) -> tuple[list[Token], int]:
    tokens: list[Token] = []
    nesting = 0
    block: bool | None = None
    for token in scan(text, dialect, start):
        if not tokens and token.raw == "\\" and dialect == "postgresql":
            meta = _META_COMMAND.match(text, token.start)
            if meta:
                return [Token(MARK, meta[0], meta[0], token.start, meta.end())], meta.end()
        if token.raw == ";" and nesting <= 0:
            return tokens, token.end
        if (token.kind == WORD and token.word in _BLOCK_WORDS) or token.raw in ("(", ")"):
            if block is None and tokens:
                block = _has_block(tokens, dialect)
            if block:
                nesting += _nesting(token, tokens, dialect)
        tokens.append(token)
    return tokens, len(text)


_BLOCK_WORDS = frozenset({"BEGIN", "CASE", "END", "IF", "LOOP", "WHILE", "REPEAT"})
_ROUTINES = frozenset({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "RULE"})


def _has_block(tokens: list[Token], dialect: str) -> bool:
    """True for a CREATE statement that may hold statements of its own, which end in semicolons too."""
    return tokens[0].word == "CREATE" and any(token.word in _ROUTINES for token in tokens[1:8])


def _nesting(token: Token, before: list[Token], dialect: str) -> int:
    """How much deeper (or less deep) the statement is nested behind `token`."""
    if token.raw in "()":
        return 0 if not any(each.word == "RULE" for each in before[1:5]) else 1 if token.raw == "(" else -1
    previous = before[-1].word
    match token.word:
        case "BEGIN" | "CASE":
            return 0 if previous == "END" else 1
        case "END":
            return -1
        case "IF" | "LOOP" | "WHILE" | "REPEAT" if previous == "END":
            return 1  # END IF closes what was never counted
    return 0


def _takes_rows(tokens: list[Token]) -> bool:
    """True for COPY ... FROM STDIN: its rows follow, down to a line of their own that ends them."""
    return bool(tokens) and tokens[0].word == "COPY" and any(token.word == "STDIN" for token in tokens)


# --- what the parser sees -------------------------------------------------------------------------------------------


def _clean(statement: Statement) -> str:
    text = statement.text
    text = _UNSENDABLE.sub(" ", text)
    if not any(mark in text for mark in (":", "%", "\\", HOLE, "?", "@")):
        return text
    pieces: list[str] = []
    position, previous = 0, ""
    for token in statement.tokens:
        put = _replacement(token, previous)
        previous = token.word
        if put != token.raw:
            start = token.start - statement.start
            pieces += (text[position:start], put)
            position = start + len(put)
    pieces.append(text[position:])
    return "".join(pieces)


def _replacement(token: Token, previous: str) -> str:
    """What the parser is to see instead of `token`, just as long."""
    size = len(token.raw)
    if previous in ("IN", "VALUES") and size > 2 and (token.kind == BIND or token.raw == HOLE):
        return "(" + "1".ljust(size - 2) + ")"
    if token.kind == BIND and token.raw[0] != "$" and size > 1:
        return "$1".ljust(size)
    if token.kind == MARK and token.raw.startswith("\\:"):
        return " " * (size // 2) + ":" * (size // 2)
    if token.raw == "%%":
        return "% "
    if token.kind == BODY and "\\:" in token.raw:
        return re.sub(r"(?:\\:)+", lambda run: " " * (len(run[0]) // 2) + ":" * (len(run[0]) // 2), token.raw)
    return token.raw
