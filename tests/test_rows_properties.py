"""Whatever the schema: no table stays empty and no value NULL without a word, and no constraint is violated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_guard.roundtripping.servers import sqlite
from migration_guard.roundtripping.servers.find import Server
from tests.rows import POSTGRESQL, Place, new_place
from tests.servers import private

TYPES = ("integer", "smallint", "bigint", "text", "varchar(1)", "varchar(9)", "char(3)", "boolean", "date", "timestamp")
MORE = ("numeric(4,2)", "real", "time", "uuid", "json")
CHECKS = (
    *("{c} is not null", "{c} > 3", "{c} between 2 and 5", "{c} in (1, 2, 3)", "{c} <> 7", "{c} >= 0 and {c} <= 100"),
    *("{c} < {d}", "{c} <> {d}", "{c} is null or {d} is null", "{c} + {d} < 60", "{c} * 2 > {d}"),
)
NAMES = ("a", "name", "email", "b_id", "t0_id", "t1_id", "parent_id", "status", "price", "created_at", "is_on", "count")


@dataclass(frozen=True)
class Table:
    """A table as SQL, and what is needed to look whether all is well."""

    name: str
    columns: dict[str, str]
    constraints: tuple[str, ...]

    def __str__(self) -> str:
        lines = [*(f'"{name}" {rest}' for name, rest in self.columns.items()), *self.constraints]
        return f"create table {self.name} ({', '.join(lines)})"


@st.composite
def schemas(draw: st.DrawFn) -> list[Table]:
    """A few tables, which refer to each other and to themselves."""
    tables: list[Table] = []
    for number in range(draw(st.integers(1, 4))):
        name = f"t{number}"
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
        numbers, columns, constraints = [], {}, []
        key = draw(st.sampled_from(("id", "names", "none")))
        if key == "id":
            columns["id"] = draw(st.sampled_from(("integer", "bigint", "smallint"))) + " primary key"
        for column in names:
            type_ = draw(st.sampled_from((*TYPES, *MORE)))
            if type_ in ("integer", "smallint", "bigint"):
                numbers.append(column)
            referred = draw(st.sampled_from([None, None, *(one for one in tables if "id" in one.columns)]))
            reference = ""
            if referred is not None:
                type_, reference = "bigint", f" references {referred.name}(id)"
            elif key == "id" and draw(st.integers(0, 5)) == 0:
                type_, reference = "bigint", f" references {name}(id)"
            needed = draw(st.sampled_from(("", " not null")))
            unique = draw(st.sampled_from(("", "", "", " unique"))) if type_ != "json" else ""
            columns[column] = f"{type_}{needed}{unique}{reference}"
        keyed = [one for one in names if not columns[one].startswith("json")]
        if key == "names" and keyed:
            constraints.append(f"primary key ({', '.join(quoted(keyed[:2]))})")
        for _ in range(draw(st.integers(0, 2)) if numbers else 0):
            first, second = draw(st.sampled_from(numbers)), draw(st.sampled_from(numbers))
            condition = draw(st.sampled_from(CHECKS)).format(c=f'"{first}"', d=f'"{second}"')
            constraints.append(f"check ({condition})")
        if len(keyed) > 1 and draw(st.booleans()):
            constraints.append(f"unique ({', '.join(quoted(keyed[-2:]))})")
        tables.append(Table(name, columns, tuple(constraints)))
    return tables


def quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def check(place: Place, tables: list[Table]) -> None:
    place.run(*map(str, tables))
    place.fill()
    for table in tables:
        named = {name for name in place.filler.unfilled if name.split(".")[0] == table.name}
        count = place.count(table.name)
        assert count <= 20
        assert (count == 0) is (table.name in named)
        for column in table.columns:
            nulls = place.count(f'{table.name} where "{column}" is null')
            assert count == 0 or nulls < count or f"{table.name}.{column}" in named
    before = place.capture()
    written = place.filler.written
    place.fill()
    assert (place.capture(), place.filler.written) == (before, written)


@pytest.fixture(scope="module")
def lite() -> Iterator[Server]:
    with sqlite.private() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    with private(POSTGRESQL[-1]) as server:
        yield server


@given(tables=schemas())
@settings(max_examples=120, deadline=None)
def test_any_schema_of_sqlite(lite: Server, tables: list[Table]) -> None:
    with new_place(lite) as place:
        check(place, tables)
        assert not place.access.query("pragma foreign_key_check")


@given(tables=schemas())
@settings(max_examples=25, deadline=None)
def test_any_schema_of_postgresql(postgresql: Server, tables: list[Table]) -> None:
    with new_place(postgresql) as place:
        check(place, tables)
