"""What an INSERT writes out: the columns with a constant in every row, word by word, as any dialect writes them."""

from __future__ import annotations

from migration_guard.model.unknown import has_hole
from migration_guard.reading.sql.kinds import name_at
from migration_guard.reading.sql.tokens import NAME, NUMBER, STRING, WORD, Statement

_CONSTANTS = frozenset({"TRUE", "FALSE"})
_SKIPPING = frozenset({"CONFLICT", "DUPLICATE", "IGNORE", "REPLACE", "EXISTS"})


def given_columns(statement: Statement) -> tuple[str, ...]:
    """The columns whose values are constants in each row of INSERT INTO table (columns) VALUES (...), (...)."""
    tokens, fold = statement.tokens, statement.dialect == "postgresql"
    _, position = name_at(statement, statement.find(1, "INTO") + 1)
    if position >= len(tokens) or tokens[position].raw != "(":
        return ()
    end = statement.closing(position)
    columns = [one.name(fold) for one in tokens[position + 1 : end] if one.kind in (WORD, NAME)]
    position = statement.find(end + 1, "VALUES", "VALUE") + 1
    constant = set(range(len(columns)))
    while position < len(tokens) and tokens[position].raw == "(":
        end = statement.closing(position)
        constant &= set(_constants(statement, position + 1, end))
        position = end + 2 if statement.words(1, end + 1) == (",",) else len(tokens)
    written = statement.find(1, "VALUES", "VALUE") < len(tokens)
    return tuple(columns[number] for number in sorted(constant)) if written else ()


def _constants(statement: Statement, first: int, last: int) -> list[int]:
    """Which of the values between these tokens are constants, by their numbers."""
    found, number = [], 0
    while first < last:
        end = min(statement.find(first, ","), last)
        value = statement.tokens[first:end]
        if value and value[0].raw in ("-", "+"):
            value = value[1:]
        known = len(value) == 1 and not has_hole(value[0].raw)
        if known and (value[0].kind in (STRING, NUMBER) or value[0].word in _CONSTANTS):
            found.append(number)
        number += 1
        first = end + 1
    return found


def skips_rows(statement: Statement) -> bool:
    """Whether a row that is there already is no error: ON CONFLICT, INSERT IGNORE, WHERE NOT EXISTS."""
    return any(token.kind == WORD and token.word in _SKIPPING for token in statement.tokens)
