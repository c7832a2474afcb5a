"""What Python makes of the words that it keeps to itself, in a condition of SQLAlchemy."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

PETS = sa.table("pets", sa.column("id"), sa.column("name"))


def where(condition: ColumnElement[bool] | bool) -> str:
    return str(PETS.delete().where(condition)).partition("WHERE ")[2]  # type: ignore[arg-type]


def test_is_none_is_false_for_every_row() -> None:
    assert where(PETS.c.name is None) == "false"
    assert where(PETS.c.name.is_(None)) == "pets.name IS NULL"


def test_and_keeps_one_of_its_sides() -> None:
    assert where(PETS.c.name == "Rex" and PETS.c.id == 3) == "pets.name = :name_1"
    assert where((PETS.c.name == "Rex") & (PETS.c.id == 3)) == "pets.name = :name_1 AND pets.id = :id_1"
