"""SQLite's stored statements, read: tokens, the parts of CREATE TABLE, and one spelling for what means the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|$))"""
    r"""|(?P<literal>[xX]?'(?:[^']|'')*')"""
    r"""|(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])"""
    r"""|(?P<word>[^\W\d][\w$]*)"""
    r"""|(?P<number>\d[\w.]*|\.\d\w*)"""
    r"""|(?P<sign>\|\||<=|>=|<>|<<|>>|!=|==|->>|->|.)""",
    re.DOTALL,
)
_SIMPLE = re.compile(r"[^\W\d]\w*")
_WORDS = """
    abort action after all always and as asc autoincrement before begin between by case cascade check collate
    conflict constraint current_date current_time current_timestamp default deferrable deferred delete desc
    distinct each else end escape except exists fail foreign for from generated glob group having if ignore
    immediate in index initially inner insert instead intersect into is isnull join key left like limit match no
    not notnull null of on or order outer over partition primary raise references regexp replace restrict
    returning rollback row select set stored strict table then trigger union unique update using values view
    virtual when where with without
"""
KEYWORDS = frozenset(_WORDS.split())
# Keywords that are names, too, without quotes: https://www.sqlite.org/src/file?name=src/parse.y, %fallback ID
_OPEN_WORDS = """
    abort action after always asc before begin by cascade conflict deferred desc each end fail for generated if ignore
    immediate initially instead key match no of partition replace restrict rollback row trigger view virtual with
    without
"""
_NAMES_TOO = frozenset(_OPEN_WORDS.split())
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?")
_LOUD = frozenset(word.upper() for word in KEYWORDS)
_CONSTRAINTS = ("constraint", "primary", "unique", "check", "foreign")
_COLUMN_CONSTRAINTS = (
    "constraint",
    "primary",
    "not",
    "null",
    "unique",
    "check",
    "default",
    "collate",
    "references",
    "generated",
    "as",
)


@dataclass(frozen=True, slots=True)
class SQLiteToken:
    """One word of SQL: `plain` is its text with quotes taken off, `spelled` the one spelling for it."""

    kind: str
    plain: str
    spelled: str

    @property
    def word(self) -> str:
        """The keyword that it may be, in lower case; empty for what is quoted."""
        return self.plain.lower() if self.kind == "word" else ""


@dataclass(slots=True)
class ColumnText:
    """A column of CREATE TABLE."""

    name: str
    type: str = ""
    required: bool = False
    default: str | None = None
    collation: str | None = None
    generated: str | None = None
    autoincrement: bool = False


@dataclass(slots=True)
class ConstraintText:
    """A constraint of CREATE TABLE, wherever it stands. `name` is None where nobody gave it one."""

    kind: str
    definition: str
    name: str | None = None


@dataclass(slots=True)
class TableText:
    """What CREATE TABLE says."""

    columns: list[ColumnText] = field(default_factory=list)
    constraints: list[ConstraintText] = field(default_factory=list)
    options: str = ""


def tokens(sql: str) -> list[SQLiteToken]:
    """The words of a statement, without white space and comments."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind, text = match.lastgroup or "", match.group()
        if kind == "quoted":
            plain = text[1:-1].replace(text[0] * 2, text[0]) if text[0] != "[" else text[1:-1]
            found.append(SQLiteToken(kind, plain, _name(plain)))
        elif kind == "word":
            found.append(SQLiteToken(kind, text, text.upper() if text.lower() in KEYWORDS else text.lower()))
        elif kind != "space":
            found.append(SQLiteToken(kind, text, text))
    return found


def _name(plain: str) -> str:
    """A name that was quoted, as it is spelled where it need not be."""
    word = plain.lower()
    if word in _NAMES_TOO:
        return plain.upper()
    simple = _SIMPLE.fullmatch(plain) and word not in KEYWORDS
    return word if simple else '"' + word.replace('"', '""') + '"'


def spelled(parts: Sequence[SQLiteToken]) -> str:
    """Tokens as text, in the one spelling."""
    text = ""
    for before, token in zip((None, *parts), parts, strict=False):
        tight = before is None or token.spelled in (",", ")", ".", ";") or before.spelled in ("(", ".")
        call = (
            token.spelled == "("
            and before is not None
            and before.kind in ("word", "quoted")
            and before.spelled not in _LOUD
        )
        text += token.spelled if tight or call else f" {token.spelled}"
    return text


def normal(sql: str) -> str:
    """A statement in the one spelling."""
    return spelled(tokens(sql))


def after(sql: str, *words: str) -> list[SQLiteToken]:
    """The tokens behind the first of these words that stands outside brackets."""
    depth, parts = 0, tokens(sql)
    for number, token in enumerate(parts):
        depth += (token.spelled == "(") - (token.spelled == ")")
        if not depth and token.word in words:
            return parts[number + 1 :]
    return []


def read_table(sql: str) -> TableText:
    """The columns, constraints and options of a CREATE TABLE statement."""
    parts = tokens(sql)
    start = next((number for number, token in enumerate(parts) if token.spelled == "("), len(parts))
    end = _closing(parts, start)
    table = TableText(options=spelled(parts[end + 1 :]).upper())
    for item in _split(parts[start + 1 : end]):
        if item and item[0].word in _CONSTRAINTS:
            table.constraints.append(_constraint(item))
        elif item:
            _column(item, table)
    return table


def _closing(parts: Sequence[SQLiteToken], start: int) -> int:
    depth = 0
    for number in range(start, len(parts)):
        depth += (parts[number].spelled == "(") - (parts[number].spelled == ")")
        if not depth:
            return number
    return len(parts)


def _split(parts: Sequence[SQLiteToken]) -> Iterator[list[SQLiteToken]]:
    """The items between commas. SQLite also takes table constraints without a comma between them."""
    depth, item = 0, list[SQLiteToken]()
    for token in parts:
        depth += (token.spelled == "(") - (token.spelled == ")")
        if token.spelled == "," and not depth:
            yield item
            item = []
            continue
        if not depth and item and item[0].word in _CONSTRAINTS and _begins_constraint(token, item):
            yield item
            item = []
        item.append(token)
    yield item


def _begins_constraint(token: SQLiteToken, item: Sequence[SQLiteToken]) -> bool:
    named = item[0].word == "constraint" and len(item) == 2
    return token.word in _CONSTRAINTS and not named and item[-1].word != "constraint"


def _constraint(item: list[SQLiteToken]) -> ConstraintText:
    name = None
    if item[0].word == "constraint" and len(item) > 1:
        name, item = item[1].plain, item[2:]
    return ConstraintText(_kind(item[0].word if item else ""), _definition(item), name)


def _kind(word: str) -> str:
    kinds = {"primary": "primary key", "unique": "unique constraint", "check": "check constraint"}
    return kinds.get(word, "foreign key")


def _definition(item: Sequence[SQLiteToken]) -> str:
    """A constraint in the one spelling; brackets around brackets say nothing."""
    if item and item[0].word == "check":
        inner = item[1:]
        while len(inner) > 3 and inner[1].spelled == "(" and _closing(inner, 1) == len(inner) - 2:
            inner = inner[1:-1]
        return f"CHECK {spelled(inner)}"
    return spelled(item)


def _column(item: list[SQLiteToken], table: TableText) -> None:
    column = ColumnText(item[0].plain.strip("'") if item[0].kind == "literal" else item[0].plain)
    table.columns.append(column)
    groups = list(_groups(item[1:]))
    if groups and groups[0][0].word not in _COLUMN_CONSTRAINTS:
        column.type = spelled(groups.pop(0)).upper()
    name, own = None, spelled(item[:1])
    for group in groups:
        word = group[0].word
        if word == "constraint":
            name = group[1].plain if len(group) > 1 else None
            continue
        if word in ("primary", "unique"):
            rest = [token for token in group[2 if word == "primary" else 1 :] if token.word != "autoincrement"]
            column.autoincrement |= any(token.word == "autoincrement" for token in group)
            order = "" if not rest or rest[0].word not in ("asc", "desc") else f" {rest.pop(0).spelled}"
            end = f" {spelled(rest)}" if rest else ""
            label = "PRIMARY KEY" if word == "primary" else "UNIQUE"
            definition = f"{label} ({own}{'' if order == ' ASC' else order}){end}"
            table.constraints.append(ConstraintText(_kind(word), definition, name))
        elif word == "check":
            table.constraints.append(ConstraintText(_kind(word), _definition(group), name))
        elif word == "references":
            table.constraints.append(ConstraintText(_kind(word), f"FOREIGN KEY ({own}) {spelled(group)}", name))
        else:
            _property(column, word, group)
        name = None


def _property(column: ColumnText, word: str, group: list[SQLiteToken]) -> None:
    if word == "not":
        column.required = True
    elif word == "default":
        value = group[1:]
        while value and value[0].spelled == "(" and _closing(value, 0) == len(value) - 1:
            value = value[1:-1]
        column.default = _default(value, column.type)
    elif word == "collate":
        column.collation = spelled(group[1:]).upper()
    elif word in ("generated", "as"):
        column.generated = spelled([token for token in group if token.word not in ("generated", "always")])


def _default(value: Sequence[SQLiteToken], type_: str) -> str:
    """
    A default in the one spelling. What the column's affinity makes the same number is the same, `'0'`, `0` and `false`:
    https://www.sqlite.org/datatype3.html#determination_of_column_affinity
    """
    text = "".join(token.spelled for token in value) if value and value[0].spelled == "-" else spelled(value)
    plain = text[1:-1] if text.startswith("'") else {"true": "1", "false": "0"}.get(text, text)
    number = _NUMBER.fullmatch(plain)
    if not number or not type_ or "BLOB" in type_ or type_ == "ANY":
        return spelled(value)
    if "INT" not in type_ and any(word in type_ for word in ("CHAR", "CLOB", "TEXT")):
        return text if number["fraction"] else f"'{plain}'"
    return plain


def _groups(parts: Sequence[SQLiteToken]) -> Iterator[list[SQLiteToken]]:
    """A column's type and constraints, one by one."""
    depth, group = 0, list[SQLiteToken]()
    for token in parts:
        depth += (token.spelled == "(") - (token.spelled == ")")
        begins = not depth and token.spelled != ")" and token.word in _COLUMN_CONSTRAINTS
        if begins and group and not _continues(group, token):
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _continues(group: Sequence[SQLiteToken], token: SQLiteToken) -> bool:
    """`NOT NULL`, `SET NULL`, `SET DEFAULT`, `NOT DEFERRABLE`, `GENERATED ALWAYS AS` and `DEFAULT NULL` are one."""
    last, word = group[-1].word, token.word
    if word == "null":
        return last in ("not", "set", "default")
    if word == "default":
        return last == "set"
    if word == "as":
        return last == "always"
    return last == "constraint"
