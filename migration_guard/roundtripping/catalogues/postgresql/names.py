"""The names that PostgreSQL itself chooses for constraints, indexes and sequences. Knows strings only."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 63  # bytes; NAMEDATALEN - 1


def chosen(table: str, columns: str, label: str) -> str:
    """makeObjectName(): both parts are shortened, the longer one first, until the whole fits."""
    first, second = table.encode(), columns.encode()
    room = LONGEST - len(label.encode()) - 1 - (1 if columns else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [first.decode(errors="ignore"), second.decode(errors="ignore"), label]
    return "_".join(part for part in parts if part)


def is_chosen(name: str, table: str, columns: Sequence[str] | None, label: str) -> bool:
    """
    Whether the database would call it so: `users_email_key`, or `users_email_key1` where that was taken. `columns` None
    where its middle is not known, as of an expression.
    """
    digits = re.search(r"\d*$", name)
    ending = label + (digits.group() if digits else "")
    if columns is None:
        return name.startswith(f"{table[:29]}") and name.endswith(f"_{ending}")
    return name == chosen(table, "_".join(columns), ending)
