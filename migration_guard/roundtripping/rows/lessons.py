"""
What an upgrade that failed on rows of ours tells of the values that its texts should have: the words of an enum or of
a condition, or the type that they are cast to. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from migration_guard.roundtripping.rows.tables import ColumnInfo, Kind, TableInfo
from migration_guard.roundtripping.rows.values import FORMS, LIKE, value


@dataclass(frozen=True, slots=True)
class Lesson:
    """The only words that the texts of a column may be, or else the type whose values they have to look like."""

    few: tuple[str, ...] = ()
    like: str = ""


# By the names of the table and of the column.
Lessons = dict[tuple[str, str], Lesson]

# The words of PostgreSQL.
ENUM = re.compile(r'invalid input value for enum (.+?): "(.*?)"', re.DOTALL)
FORM = re.compile(r'invalid input syntax for (?:type )?([a-z ]+?)(?: without time zone)?: "(.*?)"', re.DOTALL)
DOCUMENT = re.compile(r'invalid input syntax for type (jsonb?)\b.*?Token "(.*?)" is invalid', re.DOTALL)
# Those of SQLAlchemy, which shows four labels at most, and of long ones the beginning.
PYTHON = re.compile(
    r"'([^']*)' is not among the defined enum values\. Enum name: (\S+)\. Possible values: (.*)", re.DOTALL
)
# Those of MariaDB and MySQL, which do not tell the value.
CUT = re.compile(r"Data truncated for column '(.+?)' at row")
# Those of PostgreSQL, MySQL, MariaDB and SQLite, in this order; of a condition without a name SQLite shows the text.
CONDITION = re.compile(
    r"""check constraint "(.+?)"|Check constraint '(.+?)' is violated|CONSTRAINT `(?:.+?\.)?(.+?)` failed"""
    r"|CHECK constraint failed: (.+)"
)

LITERALS = r"\(\s*((?:N?'(?:[^']|'')*'\s*,?\s*)+)\)"
LITERAL = re.compile(r"'((?:[^']|'')*)'")
LISTED = re.compile(r"""["`]?(\w+)["`]?\)?(?:::\w+)?\s+(?:IN|ENUM|SET)\s*""" + LITERALS, re.IGNORECASE)
COPY = "_alembic_tmp_"  # Alembic 1.20: https://alembic.sqlalchemy.org/en/latest/batch.html


def lessons_of(words: str, statements: Sequence[str], tables: Iterable[TableInfo], rows: int) -> Lessons:
    """
    What a failure's message says of columns of these tables; nothing where it is about something else. `statements` are
    those of the step in their order, of which the last one failed. `rows` is how many rows tables were filled with.
    """
    every = [(table, column) for table in tables for column in table.written if not column.array]
    texts = [(table.name.name, column) for table, column in every if column.kind is Kind.TEXT]
    enums = {_bare(column.type): column.labels for _, column in every if column.kind is Kind.ENUM}
    keyed = {(table.name.name, name) for table, _ in every for name in table.keyed}

    def holding(text: str, *, beginning: bool = False) -> list[tuple[str, ColumnInfo]]:
        """The columns that have this value in one of our rows; of them those that the statements are about."""
        found = []
        for table, column in texts:
            if column.default is not None and _is(text, column.default, beginning=beginning):
                continue  # no value of our own making: the application's rows have it, too
            values = (value(column, row, key=(table, column.name) in keyed) or "" for row in range(rows))
            if any(_is(text, one, beginning=beginning) for one in values):
                found.append((table, column))
        return _named(found, statements)

    if match := PYTHON.search(words):
        shown = [one for one in match[3].split(", ") if one != "..." and not one.endswith("..")]
        return _few(holding(match[1]), _labels(match[2], statements) or enums.get(match[2], shown))
    if match := ENUM.search(words):
        return _few(holding(match[2]), _labels(match[1], statements) or enums.get(_bare(match[1]), ()))
    if match := DOCUMENT.search(words) or FORM.search(words):
        known = match[1] in (*LIKE, *FORMS, "uuid", "json", "jsonb")
        lesson = Lesson(like=match[1])
        found = holding(match[2], beginning=match.re is DOCUMENT) if known else []
        return {(table, column.name): lesson for table, column in found}
    listed = CUT.search(words) or CONDITION.search(words)
    for column, literals in _listed(listed[listed.lastindex or 0], words, statements) if listed else ():
        named = _named([one for one in texts if one[1].name.lower() == column.lower()], statements)
        if named:
            return _few(named, literals)
    return {}


def applied(lessons: Lessons, table: TableInfo) -> TableInfo:
    """The table, with what was learnt of its columns."""
    found = {name: lesson for (owner, name), lesson in lessons.items() if owner == table.name.name}
    if not found:
        return table
    columns = (
        replace(one, few=found[one.name].few, like=found[one.name].like) if one.name in found else one
        for one in table.columns
    )
    return replace(table, columns=tuple(columns))


def _is(text: str, ours: str, *, beginning: bool) -> bool:
    """Whether a text that a message quotes is one of ours: what is cast is often written in lower case before."""
    text, ours = text.lower(), ours.lower()
    return bool(text) and (ours.startswith(text) if beginning else text == ours)


def _named(columns: list[tuple[str, ColumnInfo]], statements: Sequence[str]) -> list[tuple[str, ColumnInfo]]:
    """Those of the columns that the latest possible statement names, together with their table; all if none does."""
    for statement in reversed(statements) if columns else ():
        words = {word.removeprefix(COPY).lower() for word in re.findall(r"\w+", statement)}
        named = [one for one in columns if one[0].lower() in words and one[1].name.lower() in words]
        if named:
            return named
    return columns


def _labels(enum: str, statements: Sequence[str]) -> list[str]:
    """The labels of an enum that one of the statements makes."""
    name = re.escape(_bare(enum))
    pattern = re.compile(rf'CREATE\s+TYPE\s+(?:\S+\.)?"?{name}"?\s+AS\s+ENUM\s*{LITERALS}', re.IGNORECASE)
    matches = (pattern.search(one) for one in reversed(statements))
    return next((_literals(match[1]) for match in matches if match), [])


def _bare(name: str) -> str:
    """A type's name without its schema."""
    return name.rpartition(".")[2].strip('"')


def _listed(name: str, words: str, statements: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The columns in front of lists of words, and these words: where a constraint or a column of this name is made."""
    for text in (words, *reversed(statements)):
        at = text.find(name)
        if at >= 0:
            yield from ((match[1], _literals(match[2])) for match in LISTED.finditer(text, at))


def _literals(words: str) -> list[str]:
    return [found.replace("''", "'") for found in LITERAL.findall(words)]


def _few(columns: Iterable[tuple[str, ColumnInfo]], words: Sequence[str]) -> Lessons:
    """A lesson for each of the columns in which some of the words have room."""
    found: Lessons = {}
    for table, column in columns:
        few = tuple(word for word in words if column.size is None or len(word) <= column.size)
        # Where the application's own default is not among them, its rows fail as ours do.
        if few and (column.default is None or column.default.lower() in map(str.lower, few)):
            found[table, column.name] = Lesson(few=few)
    return found
