"""Losses are values and rows that were there before and are not afterwards; all else is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.model.trip import Loss
from migration_guard.roundtripping.rows import TableRows, losses


def table(*rows: dict[str, Any], key: tuple[str, ...] = ("id",)) -> dict[str, TableRows]:
    return {"users": TableRows(key, tuple(sorted(json.dumps(row) for row in rows)))}


def lost(before: dict[str, TableRows], after: dict[str, TableRows]) -> list[Loss]:
    return list(losses(before, after))


ANNA = {"id": 1, "name": "Anna", "note": "x"}
BERT = {"id": 2, "name": "Bert", "note": None}


def test_equal_rows_lose_nothing() -> None:
    assert not lost(table(ANNA, BERT), table(BERT, ANNA))


def test_a_value_that_is_another_is_told_with_its_column_and_an_example() -> None:
    found = lost(table(ANNA, BERT), table(ANNA | {"name": "An"}, BERT | {"name": "Be"}))
    assert found == [Loss("users", "name", "'Anna'", "'An'", 2)]


def test_a_value_that_became_null_is_lost() -> None:
    assert lost(table(ANNA), table(ANNA | {"note": None})) == [Loss("users", "note", "'x'", "NULL", 1)]


def test_rows_that_are_gone_are_one_loss() -> None:
    (found,) = lost(table(ANNA, BERT), table(BERT))
    assert (found.column, found.rows, found.now) == (None, 1, "nothing")
    assert found.was.startswith("'id=1, name=Anna")


def test_a_table_that_is_empty_now_has_lost_all_its_rows() -> None:
    (found,) = lost(table(ANNA, BERT), table())
    assert (found.column, found.rows) == (None, 2)


def test_rows_and_columns_that_have_come_are_no_loss() -> None:
    more = {"age": 3}
    assert not lost(table(ANNA), table(ANNA | more, BERT | more, {"id": 3, "name": "C", "note": "", "age": 1}))


def test_tables_and_columns_that_are_gone_belong_to_the_catalogue() -> None:
    assert not lost(table(ANNA), {})
    assert not lost(table(ANNA), table({"id": 1, "name": "Anna"}))


def test_keys_that_are_all_others_are_a_changed_column() -> None:
    again = table({"id": "a", **{k: ANNA[k] for k in ("name", "note")}}, {"id": "b", "name": "Bert", "note": None})
    assert [(one.column, one.rows) for one in lost(table(ANNA, BERT), again)] == [("id", 2)]


def test_without_a_key_each_column_is_compared_as_a_whole() -> None:
    before = table({"a": 1, "b": "x"}, {"a": 1, "b": "y"}, key=())
    assert not lost(before, table({"a": 1, "b": "y"}, {"a": 1, "b": "x"}, {"a": 2, "b": "z"}, key=()))
    assert lost(before, table({"a": 1, "b": "y"}, {"a": 1, "b": None}, key=())) == [
        Loss("users", "b", "'x'", "NULL", 1)
    ]
    assert [one.rows for one in lost(before, table({"a": 1, "b": "y"}, key=()))] == [1]


def test_another_key_than_before_is_no_loss() -> None:
    assert not lost(table(ANNA, BERT), table(ANNA, BERT, key=("name",)))


def test_numbers_are_compared_as_they_are_written() -> None:
    def amounts(text: str) -> dict[str, TableRows]:
        return {"t": TableRows(("id",), (f'{{"id":1,"amount":{text}}}',))}

    assert not lost(amounts("12345678901234567890.10"), amounts("12345678901234567890.10"))
    (found,) = lost(amounts("12345678901234567890.125"), amounts("12345678901234567890.13"))
    assert (found.was, found.now) == ("12345678901234567890.125", "12345678901234567890.13")


def test_json_is_compared_as_what_it_says() -> None:
    before = {"t": TableRows(("id",), ('{"id":1,"data":{"a": 1, "b": 2}}',))}
    after = {"t": TableRows(("id",), ('{"id":1,"data":{"b":2,"a":1}}',))}
    assert not lost(before, after)


def test_a_moment_that_a_trigger_sets_is_no_loss_but_its_absence_is() -> None:
    before = table({"id": 1, "updated_at": "2021-01-01T00:00:00"})
    assert not lost(before, table({"id": 1, "updated_at": "2026-11-22T00:00:00"}))
    assert lost(before, table({"id": 1, "updated_at": None}))
    assert not lost(table({"updated_at": "1"}, key=()), table({"updated_at": "2"}, key=()))


@pytest.mark.parametrize("value", ["x" * 5_000, {"a": "x" * 5_000}, list(range(5_000))])
def test_examples_are_short(value: Any) -> None:
    (found,) = lost(table({"id": 1, "a": value}), table({"id": 1, "a": "\x00"}))
    assert len(found.was) < 100
    assert "characters)" in found.was
    assert found.now == r"'\x00'"


values = st.none() | st.integers(-5, 5) | st.text(max_size=3) | st.floats(allow_nan=False) | st.just({"a": 1})
rows = st.lists(st.fixed_dictionaries({"a": values, "b": values}), max_size=6)


@given(rows, st.randoms(), st.booleans())
def test_whatever_the_order_nothing_is_lost(these: list[dict[str, Any]], order: Any, keyed: bool) -> None:
    numbered = [{"id": number, **row} for number, row in enumerate(these)]
    key = ("id",) if keyed else ()
    shuffled = order.sample(numbered, len(numbered))
    assert not lost(table(*numbered, key=key), table(*shuffled, {"id": 99, "a": 1, "b": 2}, key=key))


@given(rows.filter(bool), st.booleans())
def test_a_row_that_goes_is_always_seen(these: list[dict[str, Any]], keyed: bool) -> None:
    numbered = [{"id": number, **row} for number, row in enumerate(these)]
    key = ("id",) if keyed else ()
    assert [one.rows for one in lost(table(*numbered, key=key), table(*numbered[1:], key=key))] == [1]
