"""Columns and constraints of MySQL, MariaDB and SQLite, read word by word. Knows their clauses, and no statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.schema import Column, Constraint, ConstraintKind, Expression, Generated, Index, Name
from migration_guard.model.unknown import UNKNOWN, Unknown, has_hole
from migration_guard.reading.sql.definitions import ColumnDefinition
from migration_guard.reading.sql.kinds import name_at, words
from migration_guard.reading.sql.tokens import BIND, MARK, NAME, NUMBER, STRING, WORD, Statement, Token, shown
from migration_guard.reading.sql.types import type_from_text


class NotRead(Exception):
    """The words do not form what they should. The message says where."""


class Cursor:
    """A place in the tokens of a statement, up to `end`."""

    def __init__(self, statement: Statement, position: int = 0, end: int | None = None) -> None:
        self.statement, self.position = statement, position
        self.end = len(statement.tokens) if end is None else end

    @property
    def word(self) -> str:
        """The word here, in upper case; empty at the end, and for names in quotes."""
        token = self.token
        return "" if token is None or token.kind in (NAME, STRING) else token.word

    @property
    def token(self) -> Token | None:
        """The token here, None at the end."""
        return self.statement.tokens[self.position] if self.position < self.end else None

    def take(self, *words: str) -> bool:
        """Step over these words if they all come next."""
        if not self.word or self.statement.words(len(words), self.position) != words:
            return False
        self.position += len(words)
        return True

    def take_one(self, *words: str) -> str:
        """Step over one of these words, and say which; empty if none comes next."""
        word = self.word
        if word and word in words:
            self.position += 1
            return word
        return ""

    def expect(self, *words: str) -> None:
        """Step over these words, which must come next."""
        if not self.take(*words):
            raise self.lost()

    def lost(self) -> NotRead:
        """What to raise where the words are not understood."""
        near = self.token
        return NotRead(f'syntax error at or near "{shown(near.raw)}"' if near else "syntax error at end of input")

    def identifier(self) -> str:
        """The name here."""
        token = self.token
        if token is None or token.kind not in (WORD, NAME):
            raise self.lost()
        self.position += 1
        return token.name(fold=False)

    def table(self) -> Name:
        """The name here, with its schema."""
        name, self.position = name_at(self.statement, self.position)
        if name is None or self.position > self.end:
            raise self.lost()
        return name

    def parentheses(self) -> Cursor:
        """What the parentheses here hold."""
        if self.word != "(":
            raise self.lost()
        closing = self.statement.closing(self.position)
        if closing >= self.end:
            raise NotRead("a parenthesis is not closed")
        inner = Cursor(self.statement, self.position + 1, closing)
        self.position = closing + 1
        return inner

    def parts(self) -> Iterator[Cursor]:
        """What stands between the commas."""
        while self.position < self.end:
            comma = min(self.statement.find(self.position, ","), self.end)
            yield Cursor(self.statement, self.position, comma)
            self.position = comma + 1

    def source(self) -> str:
        """The text from here to the end."""
        return self.statement.slice(self.position, self.end)


# --- expressions ----------------------------------------------------------------------------------------------------

_VALUES = words("CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME CURRENT_USER LOCALTIME LOCALTIMESTAMP")
_KEYWORDS = words(
    "AND OR NOT NULL IS IN BETWEEN LIKE TRUE FALSE CASE WHEN THEN ELSE END AS INTERVAL DAY HOUR MINUTE SECOND MONTH "
    "YEAR DIV MOD XOR REGEXP RLIKE GLOB MATCH ESCAPE COLLATE BINARY EXISTS SELECT FROM WHERE ON USING DISTINCT CAST "
    "CHARACTER SET SIGNED UNSIGNED CHAR VARCHAR DECIMAL JSON VALUES ISNULL NOTNULL"
)
_CALLABLE = words("CHAR MOD VALUES YEAR MONTH DAY HOUR MINUTE SECOND INTERVAL")


def expression_here(cursor: Cursor) -> Expression:
    """The expression that reaches to the end of the cursor."""
    tokens = cursor.statement.tokens[cursor.position : cursor.end]
    if not tokens:
        raise cursor.lost()
    functions: dict[str, None] = {}
    columns: dict[str, None] = {}
    for token, following in zip(tokens, [*(each.raw for each in tokens[1:]), ""], strict=True):
        if token.kind == WORD and (token.word in _VALUES or (following == "(" and _is_called(token.word))):
            functions[token.raw.lower()] = None
        elif following != "." and (token.kind == NAME or (token.kind == WORD and token.word not in _KEYWORDS)):
            columns[token.name(fold=False)] = None
    known = not any(map(has_hole, functions)) and not has_hole(tokens[0].raw[:1])
    return Expression(
        cursor.source(),
        tuple(functions) if known else UNKNOWN,
        tuple(columns),
        tuple(_proven(tokens)),
        _literal(tokens),
    )


def _is_called(word: str) -> bool:
    """True for a word that is a function where a parenthesis follows."""
    return word not in _KEYWORDS or word in _CALLABLE


def _literal(tokens: tuple[Token, ...]) -> str | None:
    """The value of a plain literal, also in parentheses."""
    while len(tokens) > 2 and tokens[0].raw == "(" and tokens[-1].raw == ")":
        tokens = tokens[1:-1]
    sign = tokens[0].raw if len(tokens) == 2 and tokens[0].raw in ("-", "+") else ""
    last = tokens[-1]
    if len(tokens) > 1 + bool(sign):
        return None
    if last.kind == NUMBER:
        return f"{sign.strip('+')}{last.raw}"
    if last.word in ("TRUE", "FALSE") and last.kind == WORD:
        return last.word.lower()
    return last.word if last.kind == STRING and not sign else None


def _proven(tokens: tuple[Token, ...]) -> Iterator[str]:
    """The columns that a top-level `c IS NOT NULL` proves: those joined to the rest by AND."""
    if any(token.word in ("OR", "XOR", "||") and token.kind in (WORD, MARK) for token in tokens):
        return
    for first, *rest in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if first.kind in (WORD, NAME) and tuple(token.word for token in rest) == ("IS", "NOT", "NULL"):
            yield first.name(fold=False)


# --- columns --------------------------------------------------------------------------------------------------------


_CLAUSES = (
    "NOT", "NULL", "DEFAULT", "AUTO_INCREMENT", "AUTOINCREMENT", "PRIMARY", "UNIQUE", "KEY", "COMMENT", "CHECK", "AS",
    "REFERENCES", "GENERATED", "CONSTRAINT", "ON", "COLLATE", "INVISIBLE", "VISIBLE", "FIRST", "AFTER", "STORAGE",
    "COLUMN_FORMAT", "VIRTUAL", "STORED", "PERSISTENT", "WITHOUT", "WITH", "CHARACTER", "CHARSET", ",",
)  # fmt: skip


def read_column(cursor: Cursor) -> ColumnDefinition:
    """A column of CREATE TABLE, ADD, MODIFY or CHANGE."""
    name = cursor.identifier()
    end = min(cursor.statement.find(cursor.position, *_CLAUSES), cursor.end)
    text = cursor.statement.text[_offset(cursor, cursor.position) : _offset(cursor, end - 1, after=True)]
    words = text.split()
    column = Column(name, nullable=True, default=None, comment=None)
    if end > cursor.position:
        column = replace(column, type=type_from_text(" ".join(words), cursor.statement.dialect))
    elif cursor.statement.dialect != "sqlite":
        raise cursor.lost()
    cursor.position = end
    constraints: list[Constraint] = []
    named: str | None = None
    while cursor.position < cursor.end:
        if cursor.take("CONSTRAINT"):
            named = None if cursor.word in ("CHECK", "UNIQUE", "PRIMARY", "REFERENCES") else cursor.identifier()
            continue
        column = _clause(cursor, column, constraints, named)
        named = None
    return ColumnDefinition(column, tuple(constraints))


def _offset(cursor: Cursor, position: int, after: bool = False) -> int:
    """Where a token is in the statement's text."""
    tokens = cursor.statement.tokens
    if position >= len(tokens):
        return len(cursor.statement.text)
    return (tokens[position].end if after else tokens[position].start) - cursor.statement.start


def _clause(cursor: Cursor, column: Column, constraints: list[Constraint], named: str | None) -> Column:
    """The column with what its next clause says; a constraint is added to `constraints`."""
    if cursor.take("NOT", "NULL"):
        return replace(column, nullable=False)
    if cursor.take("DEFAULT"):
        return replace(column, default=_default(cursor))
    counts = cursor.take_one("AUTO_INCREMENT", "AUTOINCREMENT")
    if counts:
        return replace(column, serial=True, nullable=False, autoincrement=counts == "AUTOINCREMENT")
    if cursor.statement.dialect == "sqlite" and cursor.take("COLLATE"):
        collation = cursor.identifier()
        known = column.type
        return column if isinstance(known, Unknown) else replace(column, type=replace(known, collation=collation))
    if cursor.take("PRIMARY", "KEY") or cursor.take("KEY"):
        cursor.take_one("ASC", "DESC")
        constraints.append(Constraint(ConstraintKind.PRIMARY_KEY, named, (column.name,)))
        return replace(column, nullable=False)
    if cursor.take("UNIQUE"):
        cursor.take_one("KEY", "INDEX")
        constraints.append(Constraint(ConstraintKind.UNIQUE, named, (column.name,)))
    elif cursor.word in ("CHECK", "REFERENCES"):
        constraints.append(read_constraint(cursor, named, column.name))
    elif cursor.take("COMMENT"):
        return replace(column, comment=_text(cursor))
    elif cursor.take("GENERATED", "ALWAYS", "AS") or cursor.take("AS"):
        expression = expression_here(cursor.parentheses())
        return replace(column, generated=Generated(expression, cursor.take_one("STORED", "PERSISTENT") != ""))
    elif not _idle(cursor):
        raise cursor.lost()
    return column


def _idle(cursor: Cursor) -> bool:
    """Step over a clause that says nothing the model keeps."""
    if cursor.take_one("NULL", "INVISIBLE", "VISIBLE", "FIRST", "VIRTUAL"):
        return True
    if cursor.take_one("AFTER", "COLLATE", "CHARSET", "COLUMN_FORMAT", "STORAGE") or cursor.take("CHARACTER", "SET"):
        cursor.identifier()
        return True
    if cursor.take("ON", "UPDATE"):
        cursor.identifier()
        if cursor.word == "(":
            cursor.parentheses()
        return True
    if cursor.take("ON", "CONFLICT"):
        cursor.identifier()
        return True
    return cursor.take("WITH", "SYSTEM", "VERSIONING") or cursor.take("WITHOUT", "SYSTEM", "VERSIONING")


def _default(cursor: Cursor) -> Expression:
    """The expression behind DEFAULT: one in parentheses, or what stands before the next clause."""
    if cursor.word == "(":
        return expression_here(cursor.parentheses())
    end = min(cursor.statement.find(cursor.position + 1, *_CLAUSES), cursor.end)
    value = Cursor(cursor.statement, cursor.position, end)
    cursor.position = end
    return expression_here(value)


def _text(cursor: Cursor) -> str | None:
    token = cursor.token
    if token is None or token.kind not in (STRING, BIND, WORD):
        raise cursor.lost()
    cursor.position += 1
    return token.word if token.kind == STRING else None


# --- constraints ----------------------------------------------------------------------------------------------------


def starts_constraint(cursor: Cursor) -> bool:
    """True where a constraint of the table comes next, not a column."""
    return cursor.word in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK")


def read_table_constraint(cursor: Cursor) -> Constraint:
    """A constraint of CREATE TABLE or ADD."""
    named = None
    if cursor.take("CONSTRAINT") and not starts_constraint(cursor):
        named = cursor.identifier()
    return read_constraint(cursor, named)


def read_constraint(cursor: Cursor, named: str | None, column: str | None = None) -> Constraint:
    """A constraint behind its name; one written behind a column is on this column."""
    if cursor.take("CHECK"):
        expression = expression_here(cursor.parentheses())
        enforced = not cursor.take("NOT", "ENFORCED")
        cursor.take("ENFORCED")
        options = () if enforced else ("NOT ENFORCED",)
        return Constraint(ConstraintKind.CHECK, named, expression.columns, options=options, expression=expression)
    if cursor.word == "REFERENCES":
        return _foreign_key(cursor, named, (column,) if column else ())
    if cursor.take("PRIMARY", "KEY"):
        return Constraint(ConstraintKind.PRIMARY_KEY, named, _columns(cursor))
    if cursor.take("UNIQUE"):
        cursor.take_one("KEY", "INDEX")
        own = cursor.identifier() if cursor.word not in ("(", "USING") else None
        return Constraint(ConstraintKind.UNIQUE, named or own, _columns(cursor))
    if cursor.take("FOREIGN", "KEY"):
        cursor.take("IF", "NOT", "EXISTS")
        own = cursor.identifier() if cursor.word != "(" else None
        return _foreign_key(cursor, named or own, _columns(cursor))
    raise cursor.lost()


def _columns(cursor: Cursor) -> tuple[str, ...]:
    if cursor.take("USING"):
        cursor.identifier()
    columns = index_columns(cursor.parentheses())
    if cursor.take("USING"):
        cursor.identifier()
    if cursor.take("ON", "CONFLICT"):
        cursor.identifier()
    return columns


def index_columns(inside: Cursor) -> tuple[str, ...]:
    """The columns of a key by name (a length behind them falls away), expressions as text in parentheses."""
    columns = []
    for part in inside.parts():
        if part.word == "(":
            opening = part.position
            part.parentheses()
            columns.append(part.statement.slice(opening, part.position))
        elif part.end > part.position + 1 and part.statement.tokens[part.position + 1].raw == "(":
            length = part.statement.tokens[part.position + 2 : part.position + 4]
            if len(length) == 2 and length[0].kind == NUMBER and length[1].raw == ")":
                columns.append(part.identifier())
            else:
                columns.append(f"({part.source()})")
        else:
            columns.append(part.identifier())
    return tuple(columns)


def index_orders(inside: Cursor) -> tuple[str, ...]:
    """What is written behind each column of a key: DESC, a collation, a length; empty where nothing is."""
    found = []
    for part in inside.parts():
        words = part.statement.words(part.end - part.position - 1, part.position + 1)
        found.append(" ".join(word for word in words if word not in ("ASC", "(", ")")))
    return tuple(found) if any(found) else ()


def read_index(cursor: Cursor) -> Index:
    """INDEX [name] (columns), as it stands in CREATE TABLE and ADD."""
    method = cursor.take_one("FULLTEXT", "SPATIAL").lower() or None
    cursor.take_one("INDEX", "KEY")
    cursor.take("IF", "NOT", "EXISTS")
    name = cursor.identifier() if cursor.word not in ("(", "USING") else None
    if cursor.take("USING"):
        method = cursor.identifier().lower()
    columns = index_columns(cursor.parentheses())
    # MySQL names an index without a name after its first column.
    return Index(name or (columns[0] if columns else None), columns, unique=False, method=method)


def _foreign_key(cursor: Cursor, named: str | None, columns: tuple[str, ...]) -> Constraint:
    cursor.expect("REFERENCES")
    references = cursor.table()
    referenced = _columns(cursor) if cursor.word == "(" else ()
    options: list[str] = []
    while cursor.word in ("ON", "MATCH", "NOT", "DEFERRABLE", "INITIALLY"):
        if cursor.take("MATCH"):
            options.append(f"MATCH {cursor.identifier().upper()}")
        elif cursor.take("ON"):
            event = cursor.take_one("DELETE", "UPDATE")
            action = cursor.identifier().upper()
            if action in ("SET", "NO"):
                action += f" {cursor.identifier().upper()}"
            options.append(f"ON {event} {action}")
        elif cursor.take("DEFERRABLE"):
            options.append("DEFERRABLE")
        elif cursor.take("INITIALLY"):
            options.append(f"INITIALLY {cursor.identifier().upper()}")
        elif not cursor.take("NOT", "DEFERRABLE"):
            break
    return Constraint(
        ConstraintKind.FOREIGN_KEY, named, columns, references, referenced_columns=referenced, options=tuple(options)
    )
