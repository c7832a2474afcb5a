"""What the reader says that Python or Alembic refuses of a call they do refuse, and they take what it lets pass."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from reading import operations

from migration_guard.model.objects import Opaque

WRONG = {
    "postgresql": (
        'op.drop_constraint("ck")',
        'op.drop_constraint("ck", "t", typ_="check")',
        'op.add_column("t", sa.Column("a", sa.Text()), nullable=False)',
        'op.add_column("t")',
        'op.create_index("ix", "t")',
        'op.create_foreign_key("fk", "t", "u", ["a"])',
        'op.execute("SELECT 1", {"a": 1})',
        'op.rename_table("t")',
        'op.drop_index("ix", "t", "public")',
    ),
    "mysql": (
        'op.drop_constraint("ck", "t")',
        'op.alter_column("t", "a", nullable=True)',
        'op.alter_column("t", "a", new_column_name="b")',
        'op.alter_column("t", "a", comment="new")',
    ),
}
RIGHT = {
    "postgresql": (
        'op.drop_constraint("ck", "t", "check", schema="s")',
        'op.add_column("t", sa.Column("a", sa.Text()), schema="s", if_not_exists=True)',
        'op.create_index("ix", "t", ["a"], unique=True, postgresql_using="gin")',
        'op.create_foreign_key("fk", "t", "u", ["a"], ["b"], ondelete="CASCADE")',
        'op.alter_column("t", "a", nullable=True)',
        'op.drop_index("ix")',
    ),
    "mysql": (
        'op.drop_constraint("fk", "t", type_="foreignkey")',
        'op.alter_column("t", "a", nullable=True, existing_type=sa.Text())',
        'op.alter_column("t", "a", server_default="1")',
    ),
}


def raises(call: str, dialect: str) -> bool:
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": StringIO()})
    try:
        exec(call, {"op": Operations(context), "sa": sa})
    except (TypeError, NotImplementedError, CommandError):
        return True
    return False


def is_called_wrong(root: Path, call: str, dialect: str = "postgresql") -> bool:
    return any(isinstance(one, Opaque) and one.fails for one in operations(root, call, dialect))


@pytest.mark.parametrize(("dialect", "call"), [(dialect, call) for dialect, calls in WRONG.items() for call in calls])
def test_what_is_called_wrong_raises(dialect: str, call: str, tmp_path: Path) -> None:
    assert raises(call, dialect)
    assert is_called_wrong(tmp_path, call, dialect)


@pytest.mark.parametrize(("dialect", "call"), [(dialect, call) for dialect, calls in RIGHT.items() for call in calls])
def test_what_is_called_right_works(dialect: str, call: str, tmp_path: Path) -> None:
    assert not raises(call, dialect)
    assert not is_called_wrong(tmp_path, call, dialect)


@pytest.mark.parametrize(
    "call",
    [
        'if unknown:\n    op.drop_constraint("ck")',
        "op.drop_constraint(*arguments)",
        'op.drop_constraint("ck", **options)',
        'if unknown:\n    op.add_column("t", sa.Column("a", missing.Type()))',
        'try:\n    op.add_column("t", sa.Column("a", missing.Type()))\nexcept NameError:\n    pass',
    ],
)
def test_what_may_not_be_called_or_is_not_known_is_not_called_wrong(call: str, tmp_path: Path) -> None:
    assert not is_called_wrong(tmp_path, call)


def test_a_module_that_nothing_imports_is_called_wrong(tmp_path: Path) -> None:
    assert is_called_wrong(tmp_path, 'op.add_column("t", sa.Column("a", missing.Type()))')
    assert not is_called_wrong(tmp_path, 'import missing\nop.add_column("t", sa.Column("a", missing.Type()))')


def test_a_word_that_alter_column_does_not_know_makes_it_ask_for_nothing(tmp_path: Path) -> None:
    assert is_called_wrong(tmp_path, 'op.alter_column("t", "a", _type=sa.Text())')
    assert not is_called_wrong(tmp_path, 'op.alter_column("t", "a", type_=sa.Text(), default="x")')
    assert not is_called_wrong(tmp_path, 'op.alter_column("t", "a", postgresql_using="a::int")')


def test_a_colon_and_a_word_are_a_parameter_to_sqlalchemy_and_a_backslash_keeps_them_from_it(tmp_path: Path) -> None:
    texts = {
        "SELECT '{\"a\":true}'": True,
        "SELECT :name": True,
        "SELECT '{\"a\": true}'": False,
        "SELECT '12:30:00'": False,
        "SELECT '{\"a\"\\:true}'": False,
        "SELECT 'x'::text": False,
    }
    for text, is_parameter in texts.items():
        assert bool(sa.text(text).compile().params) is is_parameter, text
        assert is_called_wrong(tmp_path, f"op.execute({text!r})") is is_parameter, text
        assert is_called_wrong(tmp_path, f"op.get_bind().execute(sa.text({text!r}))") is is_parameter, text


@pytest.mark.parametrize(
    "call",
    [
        'op.execute(sa.text("SELECT :a").bindparams(a=1))',
        'op.get_bind().execute(sa.text("SELECT :a"), {"a": 1})',
        'op.get_bind().exec_driver_sql("SELECT :a")',
        'if unknown:\n    op.execute("SELECT :a")',
    ],
)
def test_a_parameter_that_gets_its_value_or_is_none_is_left_alone(call: str, tmp_path: Path) -> None:
    assert not is_called_wrong(tmp_path, call)
