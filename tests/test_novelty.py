"""What is new in a revision, and from which operation on."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import migration

from migration_guard.model.novelty import Novelty
from migration_guard.model.operations import DropColumn, TableOperation
from migration_guard.model.replay import replay_one
from migration_guard.model.schema import EMPTY

PETS = 'op.create_table("pets", sa.Column("id", sa.Integer()), sa.Column("age", sa.Integer()))'
INDEX = 'op.create_index("ix", "pets", ["id"])'
DROP = 'op.drop_column("pets", "age")'
ANEW = 'op.create_table("pets", sa.Column("id", sa.BigInteger()))'


def new(root: Path, upgrade: list[str], *, known: bool = True) -> list[bool]:
    """For each operation on a table whether that is new to it; for a dropped column whether the column is."""
    before = replay_one(migration(root, PETS), EMPTY).after if known else EMPTY
    replayed = replay_one(migration(root, "\n".join(upgrade)), before)
    novelty = Novelty(replayed)
    found = []
    for step in replayed.upgrade:
        operation = step.operation
        if isinstance(operation, DropColumn):
            found.append(novelty.has_column(operation.table, operation.column, operation))
        elif isinstance(operation, TableOperation):
            found.append(novelty.has_table(operation.table, operation))
    return found


@pytest.mark.parametrize(
    ("upgrade", "expected"),
    [
        ([INDEX], [False]),
        (['op.create_table("pets", sa.Column("id", sa.Integer()), if_not_exists=True)', INDEX], [False]),
        (['op.execute("CREATE TABLE IF NOT EXISTS pets (id integer)")', INDEX], [False]),
        ([INDEX, 'op.rename_table("pets", "old_pets")', ANEW, INDEX], [False, False, True]),
        (['op.drop_table("pets")', ANEW, INDEX], [False, True]),
        (['op.create_table("cats", sa.Column("id", sa.Integer()))', 'op.drop_table("pets")',
          'op.rename_table("cats", "pets")', INDEX], [False, True, True]),
        ([DROP, 'op.add_column("pets", sa.Column("age", sa.Text()))', DROP], [False, False, True]),
        (['op.execute("ALTER TABLE pets ADD COLUMN IF NOT EXISTS age integer")', DROP], [False, False]),
        (['op.add_column("pets", sa.Column("toy", sa.Text()))',
          'op.alter_column("pets", "toy", new_column_name="ball")', 'op.drop_column("pets", "ball")'],
         [False, False, True]),
        (['op.add_column("pets", sa.Column("toy", sa.Text()))', 'op.rename_table("pets", "cats")',
          'op.drop_column("cats", "toy")', 'op.drop_column("cats", "age")'], [False, False, True, False]),
    ],
)  # fmt: skip
def test_a_table_or_column_is_new_from_the_operation_on_that_makes_it_where_the_history_has_none(
    upgrade: list[str], expected: list[bool], tmp_path: Path
) -> None:
    assert new(tmp_path, upgrade) == expected


def test_a_table_that_the_history_never_made_is_new_also_where_it_is_made_under_a_condition(tmp_path: Path) -> None:
    for made in (f"if somewhere():\n    {PETS}", 'op.execute("CREATE TABLE IF NOT EXISTS pets (id integer)")'):
        assert new(tmp_path, [made, INDEX], known=False) == [True]


def test_what_is_made_again_under_a_condition_is_new_to_what_stands_under_one_alone(tmp_path: Path) -> None:
    again = f'if somewhere():\n    op.drop_table("pets")\n    {ANEW}\n    {INDEX}\n'
    assert new(tmp_path, [again + INDEX]) == [False, True, False]


def test_rows_that_were_thrown_away_are_in_no_table_from_then_on(tmp_path: Path) -> None:
    before = replay_one(migration(tmp_path, PETS), EMPTY).after
    source = f'{INDEX}\nop.execute("TRUNCATE pets")\nop.rename_table("pets", "cats")\nop.drop_column("cats", "age")'
    replayed = replay_one(migration(tmp_path, source), before)
    novelty = Novelty(replayed)
    operations = [step.operation for step in replayed.upgrade if isinstance(step.operation, TableOperation)]
    assert [novelty.is_empty(one.table, one) for one in operations] == [False, False, True, True]
