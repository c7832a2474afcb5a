"""
What bullets of Markdown say of a schema: the tables, indexes, columns and foreign keys in them. The wording is free;
names are taken as they stand, in the font of code or beside the word for what they name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

SEPARATORS = ",:&/()"
ARROW = re.compile(r"\s*(?:->|→|=>)\s*")
_SPAN = re.compile(r"`([^`\n]{1,500})`|<code>([^\n]{1,2000}?)</code>")
_COLUMNS = r"(?:\w[\w$]*|\([^()\n]{1,300}\))"
_KEY = re.compile(rf"(?<![\w.])[\w$][\w$.]{{0,200}}\.{_COLUMNS}\s*(?:->|→|=>)\s*[\w$][\w$.]{{0,200}}(?:{_COLUMNS})?")
_WORD = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*|[,:&/()]")
_INDEX_NAME = re.compile(r"i(?:d)?x_\w+")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Words that stand beside a name and are none.
_PLAIN_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a add added adding adds all also alter altered an and any are as at be btree by called cascade
        change changed changes check column columns comment composite concurrently constraint constraints
        create created creates creating data default delete deleted drop dropped drops each existing fk fks
        for foreign from gin has have in index indexes indices insert into is it its key keys made make
        makes modified modifies modify named new no none not nothing null nullable of on only other out
        partial pk primary references referencing remove removed rename renamed row rows schema set some
        table tables that the their them these this to type types unique update updated was were which with
        without
        """,
    )
)
_BESIDE = frozenset(("on", "to", "of", "in", "from", "for", "references", "referencing", "into", "by"))
_BETWEEN = frozenset((",", ":", "and", "&", "new", "named", "called", "the"))
_INDEX = ("index", "indexes", "indices")
_PARTS = frozenset(("column", "columns", *_INDEX, "constraint", "constraints", "key", "keys"))
_GONE = re.compile(r"\b(?:drop(?:ped|s)?|remov(?:ed|es)|delet(?:ed|es))\b", re.IGNORECASE)
_MADE = re.compile(r"\b(?:new|add(?:ed|s)?|(?:re-?)?(?:creat(?:ed|es?)|built))\b", re.IGNORECASE)
_NEW_TABLE = re.compile(
    r"\b(?:new|creat\w+|add(?:ed|s)?)\s+tables?\b|\btables?\b\s*\S*\s*:?\s*(?:is |was )?(?:created|new|added)\b", re.I
)
_RENAMED = re.compile(r"\brenam", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\**(?:data|other|note)s?\b\**\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BulletWord:
    """A word of a bullet. `is_code` where it stands in the font of code: then it is a name, whatever it says."""

    text: str
    is_code: bool = False

    @property
    def keyword(self) -> str:
        """The word, where it is one of English and no name."""
        return "" if self.is_code else self.text.lower()

    def is_name(self) -> bool:
        """Whether it may be the name of an object."""
        return self.is_code or (self.text.lower() not in _PLAIN_WORDS and self.text not in SEPARATORS)


@dataclass(slots=True)
class Claims:
    """
    What bullets claim. Of the `tables`, `heads` are those that a bullet begins with, `created` and `dropped` those that
    are said to be; `mentioned` are all names that stand anywhere, and `columns` pairs of a table and a column.
    """

    tables: dict[str, None] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    indexes: dict[str, None] = field(default_factory=dict)
    dropped_indexes: dict[str, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    dropped_keys: dict[str, None] = field(default_factory=dict)
    columns: dict[tuple[str, str], None] = field(default_factory=dict)


def claims(bullets: Sequence[str], tables: Collection[str], indexes: Collection[str]) -> Claims:
    """What the bullets claim. `tables` and `indexes` are names in the files, which need no word beside them."""
    found = Claims()
    for bullet in bullets:
        _take(bullet.replace("**", ""), found, tables, indexes)
    return found


def key(text: str) -> str:
    """A foreign key, written as we do: one space around the arrow and behind each comma."""
    parts = [re.sub(r"\s*,\s*", ", ", part.strip()).replace("( ", "(").replace(" )", ")") for part in ARROW.split(text)]
    return " -> ".join(parts)


def _take(bullet: str, found: Claims, tables: Collection[str], indexes: Collection[str]) -> None:
    plain = _SPAN.sub(" ", bullet)
    is_gone = _GONE.search(plain) is not None and _MADE.search(plain) is None
    if not _RENAMED.search(bullet):
        bullet = _without_keys(bullet, found.dropped_keys if is_gone else found.keys)
    tokens = list(_tokens(bullet))
    if _ASIDE.match(bullet):
        return
    about_index = any(one.keyword in _INDEX for one in tokens)
    named = dict.fromkeys(_named_tables(tokens, tables, indexes))
    for name in named:
        found.tables[name] = None
        if tokens[0].text == name or (len(tokens) > 1 and tokens[0].keyword == "table" and tokens[1].text == name):
            found.heads.add(name)
        if _NEW_TABLE.search(_SPAN.sub("x", bullet)):
            found.created.add(name)
        elif is_gone and not any(one.keyword in _PARTS for one in tokens):
            found.dropped.add(name)
    if not about_index:
        found.mentioned |= {one.text for one in tokens if one.is_name()}
        found.mentioned |= {one.text.rpartition(".")[0] for one in tokens if "." in one.text}
    for name in _named_indexes(tokens, indexes):
        (found.dropped_indexes if is_gone else found.indexes)[name] = None
    if len(named) == 1:
        (table,) = named
        for column in _after([*takewhile(lambda one: one.keyword not in _INDEX, tokens)], ("column", "columns")):
            found.columns[table, column.removeprefix(f"{table}.")] = None


def _without_keys(bullet: str, keys: dict[str, None]) -> str:
    """The bullet without the foreign keys in it, which are taken down."""

    def take(match: re.Match[str]) -> str:
        text = _unescaped(match)
        if ARROW.search(text):
            keys[key(text)] = None
            return " foreign key "
        return match[0]

    def take_plain(match: re.Match[str]) -> str:
        keys[key(match[0].rstrip("."))] = None
        return " foreign key "

    rest = _SPAN.sub(take, bullet)
    loose = ARROW.search(rest)
    if loose is None:
        return rest
    return _KEY.sub(take_plain, html.unescape(_SPAN.sub(lambda match: _unescaped(match), rest)))


def _tokens(bullet: str) -> Iterator[BulletWord]:
    start = 0
    for match in _SPAN.finditer(bullet):
        yield from (BulletWord(word) for word in _WORD.findall(bullet[start : match.start()]))
        yield BulletWord(_unescaped(match), is_code=True)
        start = match.end()
    yield from (BulletWord(word) for word in _WORD.findall(bullet[start:]))


def _unescaped(match: re.Match[str]) -> str:
    """What stands in the font of code."""
    if match[1] is not None:
        return match[1].strip()
    return _ESCAPED.sub(r"\1", html.unescape(match[2]).replace("\u200b", "")).strip()


def _after(tokens: Sequence[BulletWord], words: Sequence[str]) -> Iterator[str]:
    """The names behind one of these words: one, or several with commas and "and" between them."""
    for position, token in enumerate(tokens):
        if token.keyword not in words:
            continue
        for number, one in enumerate(tokens[position + 1 :]):
            if one.is_name():
                yield one.text
            elif one.keyword not in _BETWEEN and not (one.keyword == "(" and number == 0):
                break


def _named_tables(tokens: Sequence[BulletWord], tables: Collection[str], indexes: Collection[str]) -> Iterator[str]:
    """The tables that a bullet is about: behind the word, at its head, or known, and not merely referred to."""
    for position, token in enumerate(tokens):
        before = tokens[position - 1].keyword if position else ""
        after = tokens[position + 1].keyword if position + 1 < len(tokens) else ""
        if not token.is_name():
            continue
        looks_like_an_index = token.text in indexes or _INDEX_NAME.fullmatch(token.text) is not None
        is_head = position == 0 and after == ":"
        is_known = token.text in tables and before not in _BESIDE and before not in ("column", "columns", "index")
        is_called = after in ("table", "tables") and (token.is_code or "_" in token.text)
        if before in ("table", "tables") or (not looks_like_an_index and (is_head or is_known or is_called)):
            yield token.text


def _named_indexes(tokens: Sequence[BulletWord], indexes: Collection[str]) -> Iterator[str]:
    """The indexes that a bullet names."""
    behind = set(_after(tokens, _INDEX))
    for token in tokens:
        looks_like_one = token.text in indexes or _INDEX_NAME.fullmatch(token.text)
        if token.is_name() and (looks_like_one or (token.text in behind and (token.is_code or "_" in token.text))):
            yield token.text
