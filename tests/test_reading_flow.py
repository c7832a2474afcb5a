"""Conditions, loops, exceptions and transactions: which operations run, and under which circumstances."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_guard.model.migration import Form
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import DropTable
from tests.reading import migration, operations, shown, words


@pytest.mark.parametrize(
    "test",
    [
        'op.get_bind().dialect.name == "postgresql"',
        'op.get_context().dialect.name != "sqlite"',
        'op.get_bind().engine.name.startswith("postgres")',
        'op.get_bind().dialect.name in ("postgresql", "oracle")',
        'not op.get_bind().dialect.name == "mysql"',
        'op.get_bind().dialect.name == "postgresql" or look()',
    ],
)
def test_a_condition_on_the_dialect_is_resolved(tmp_path: Path, test: str) -> None:
    (only,) = operations(tmp_path, f'if {test}:\n    op.drop_table("a")\nelse:\n    op.drop_table("b")')
    assert only.table.name == "a"  # type: ignore[attr-defined]
    assert not only.site.conditional


def test_the_same_condition_goes_the_other_way_elsewhere(tmp_path: Path) -> None:
    source = 'if op.get_bind().dialect.name == "postgresql":\n    op.drop_table("a")\nelse:\n    op.drop_table("b")'
    assert shown(tmp_path, source, dialect="mysql") == ["DropTable b"]


def test_both_ways_of_an_unknown_condition_are_read_and_marked(tmp_path: Path) -> None:
    source = """
    if os.environ.get("A"):
        op.drop_table("a")
    else:
        op.drop_table("b")
    op.drop_table("c")
    """
    assert [one.site.conditional for one in operations(tmp_path, source)] == [True, True, False]


def test_what_follows_a_possible_return_is_conditional(tmp_path: Path) -> None:
    source = 'if look():\n    return\nop.drop_table("a")'
    assert [one.site.conditional for one in operations(tmp_path, source)] == [True]


def test_what_follows_a_possible_raise_is_not(tmp_path: Path) -> None:
    source = 'if look():\n    raise RuntimeError\nop.drop_table("a")'
    assert [one.site.conditional for one in operations(tmp_path, source)] == [False]


def test_an_early_return_ends_the_function(tmp_path: Path) -> None:
    assert shown(tmp_path, 'op.drop_table("a")\nreturn\nop.drop_table("b")') == ["DropTable a"]


def test_a_swallowed_exception_makes_the_body_conditional(tmp_path: Path) -> None:
    source = """
    try:
        op.drop_table("a")
    except Exception:
        pass
    try:
        op.drop_table("b")
    except Exception:
        raise
    finally:
        op.drop_table("c")
    """
    assert [one.site.conditional for one in operations(tmp_path, source)] == [True, False, False]


def test_a_loop_of_unknown_length_is_read_once_and_marked(tmp_path: Path) -> None:
    source = """
    for name in names_from_somewhere():
        op.execute("UPDATE users SET a = 1 WHERE id = :id")
    while True:
        op.execute("DELETE FROM users WHERE id IN (SELECT id FROM users LIMIT 10)")
        if done():
            break
    """
    first, second = operations(tmp_path, source)
    assert first.site.repeated
    assert first.site.conditional
    assert second.site.repeated
    assert not second.site.conditional


def test_an_autocommit_block_is_a_transaction_of_its_own(tmp_path: Path) -> None:
    source = """
    op.drop_table("a")
    with op.get_context().autocommit_block():
        op.create_index("i", "t", ["c"], postgresql_concurrently=True)
    op.drop_table("b")
    """
    found = operations(tmp_path, source)
    assert [one.site.autocommit for one in found] == [False, True, False]
    assert len({one.site.segment for one in found}) == 3


def test_a_connection_in_autocommit_mode_is_seen(tmp_path: Path) -> None:
    source = """
    with op.get_bind().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("CREATE INDEX CONCURRENTLY i ON t (c)"))
    """
    assert operations(tmp_path, source)[0].site.autocommit


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("pass", Form.EMPTY),
        ('"""Nothing to do."""', Form.EMPTY),
        ("...", Form.EMPTY),
        ("return", Form.EMPTY),
        ("raise NotImplementedError", Form.RAISES),
        ('"""No way back."""\n    raise RuntimeError("no")', Form.RAISES),
        ('op.drop_table("a")', Form.BODY),
    ],
)
def test_the_form_of_a_downgrade_is_told(tmp_path: Path, body: str, form: Form) -> None:
    source = f'def upgrade():\n    op.drop_table("x")\n\ndef downgrade():\n    {body}\n'
    assert migration(tmp_path, source).downgrade.form is form


def test_a_missing_downgrade_is_told(tmp_path: Path) -> None:
    assert migration(tmp_path, 'def upgrade():\n    op.drop_table("x")\n').downgrade.form is Form.MISSING


def test_a_loop_without_end_is_cut_and_said_to_be(tmp_path: Path) -> None:
    found = operations(tmp_path, 'for n in range(10**12):\n    op.drop_table(f"t{n}")')
    assert any(isinstance(one, Opaque) for one in found)


def test_nested_loops_are_cut(tmp_path: Path) -> None:
    source = """
    for a in range(900):
        for b in range(900):
            for c in range(900):
                op.execute(f"SELECT {a}, {b}, {c}")
    """
    last = operations(tmp_path, source)[-1]
    assert isinstance(last, Opaque)
    assert "more than 2,000 operations" in last.reason


def test_a_function_that_calls_itself_ends(tmp_path: Path) -> None:
    source = 'def again(o):\n    o.drop_table("a")\n    again(o)\ndef upgrade():\n    again(op)'
    assert isinstance(operations(tmp_path, source)[-1], Opaque)


@pytest.mark.parametrize(
    "value", ['"a" * 10**12', '"{:>999999999}".format("a")', '"%999999999s" % "a"', 'f"{1:>999999999}"', "10**10**10"]
)
def test_texts_do_not_grow_without_bound(tmp_path: Path, value: str) -> None:
    (only,) = operations(tmp_path, f"op.execute({value})")
    assert isinstance(only, Opaque)


def test_a_large_file_is_not_read_a_thousand_times(tmp_path: Path) -> None:
    (tmp_path / "rows.sql").write_text("INSERT INTO t VALUES (1);\n" * 20_000)
    found = operations(tmp_path, 'for n in range(1000):\n    op.execute(open("rows.sql").read())')
    assert isinstance(found[-1], Opaque)
    assert "more than 2,000 operations" in found[-1].reason


def test_a_top_level_that_is_too_much_to_follow_hides_no_function(tmp_path: Path) -> None:
    source = """
    GRID = [(a, b, c) for a in range(900) for b in range(900) for c in range(900)]
    def upgrade():
        op.drop_table("users")
        op.drop_table(GRID[0])
    """
    first, second = operations(tmp_path, source)
    assert first.table.name == "users"  # type: ignore[attr-defined]
    assert isinstance(second, Opaque)


def test_functions_behind_many_such_statements_are_said_to_be_unread(tmp_path: Path) -> None:
    much = "[(a, b, c) for a in range(900) for b in range(900) for c in range(900)]"
    source = "\n".join(f"x{n} = {much}" for n in range(20)) + '\ndef upgrade():\n    op.drop_table("users")\n'
    (only,) = operations(tmp_path, source)
    assert isinstance(only, Opaque)
    assert "steps" in only.reason


@pytest.mark.parametrize(
    ("start", "grow"),
    [
        ("t", "x.update()"),
        ("t.c.a == 1", "sa.and_(x, x)"),
        ("sa.func.now()", "sa.func.f(x, x)"),
        ('["a"]', "[x, x]"),
        ('["a"]', "x + x"),
        ('{"a": 1}', '{"a": x, "b": x}'),
    ],
)
def test_values_that_stand_in_themselves_do_not_grow_without_bound(tmp_path: Path, start: str, grow: str) -> None:
    source = f"""
    t = sa.table("t", sa.column("a"))
    x = {start}
    for n in range(200):
        x = {grow}
    if x == x:
        op.drop_table("a")
    op.execute(sa.update(t).where(x))
    op.add_column("t", sa.Column("c", sa.Integer, server_default=x))
    op.drop_table("b")
    """
    assert shown(tmp_path, source)[-1] in ("DropTable b", "Opaque")


@pytest.mark.parametrize("grow", ["y.extend(y)", "y += y", "y.append(y)", "d.update(d)", 'd["k"] = d'])
def test_collections_that_are_put_into_themselves_do_not_grow_without_bound(tmp_path: Path, grow: str) -> None:
    source = f"""
    y, d = ["a"], {{"a": 1}}
    for n in range(100):
        {grow}
    op.drop_table("b")
    """
    assert shown(tmp_path, source)[-1] in ("DropTable b", "Opaque")


def test_a_list_of_many_rows_may_be_put_together_row_by_row(tmp_path: Path) -> None:
    source = """
    rows = []
    for n in range(900):
        rows.append({"id": n, "name": "x", "note": "y"})
    op.bulk_insert(sa.table("t"), rows)
    """
    assert shown(tmp_path, source) == ["InsertRows t"]


def test_what_a_batch_is_asked_for_happens_where_its_block_ends(tmp_path: Path) -> None:
    source = """
    with op.batch_alter_table("t") as batch_op:
        batch_op.add_column(sa.Column("a", sa.Integer()))
        op.execute("DROP TABLE x")
        batch_op.drop_column("b")
        batch_op.execute("DROP TABLE y")
        op.drop_table("z")
    op.drop_table("later")
    """
    wanted = ["DropTable x", "DropTable y", "DropTable z", "AddColumn t a", "DropColumn t b", "DropTable later"]
    assert shown(tmp_path, source) == wanted


def test_of_two_batches_in_one_statement_the_inner_one_happens_first(tmp_path: Path) -> None:
    source = """
    with op.batch_alter_table("a") as a, op.batch_alter_table("b") as b:
        a.drop_column("x")
        b.drop_column("x")
    """
    assert shown(tmp_path, source) == ["DropColumn b x", "DropColumn a x"]


def test_a_commit_in_the_block_of_a_batch_comes_before_what_the_batch_does(tmp_path: Path) -> None:
    source = """
    with op.batch_alter_table("t") as batch_op:
        batch_op.drop_column("a")
        op.execute("COMMIT")
        op.execute("DROP TABLE x")
    """
    commit, drop, column = operations(tmp_path, source)
    assert [type(one).__name__ for one in (commit, drop, column)] == ["RunSql", "DropTable", "DropColumn"]
    assert column.site.segment == drop.site.segment
    assert column.site.autocommit


def test_either_of_two_values_is_no_truth_value_in_a_text(tmp_path: Path) -> None:
    assert shown(tmp_path, 'op.drop_table(unknown() or "t")') == ["Opaque"]
    assert shown(tmp_path, "op.execute(f\"DROP TABLE {unknown() or 't'}\")") == ["Opaque"]


def test_tables_that_an_env_of_the_projects_own_hands_over_are_known_by_their_names(tmp_path: Path) -> None:
    read = migration(
        tmp_path,
        """
        def upgrade(op, tables, tester):
            op.bulk_insert(tables.kind, [{"name": "a"}])
            op.execute(tables.kind.delete().where(tables.kind.c.name == op.inline_literal("b")))
        """,
    )
    assert [words(one) for one in read.upgrade.operations] == ["InsertRows kind", "DeleteRows kind"]


@pytest.mark.parametrize(
    "body",
    [
        'try:\n        raise KeyError\n    except KeyError:\n        pass\n    op.drop_table("x")',
        "try:\n        op.get_bind()\n        raise KeyError\n    except Exception:\n        print()\n"
        '    op.drop_table("x")',
        'try:\n        return\n    except Exception:\n        pass\n    op.drop_table("x")',
        'for one in ["x"]:\n        try:\n            raise KeyError\n        except KeyError:\n            pass\n'
        "        op.drop_table(one)",
    ],
)
def test_what_stands_behind_an_exception_that_is_caught_is_read(body: str, tmp_path: Path) -> None:
    (found,) = operations(tmp_path, f"def upgrade():\n    {body}\n")
    assert isinstance(found, DropTable)


def test_what_stands_behind_an_exception_that_is_raised_again_never_runs(tmp_path: Path) -> None:
    body = 'try:\n        raise KeyError\n    except KeyError:\n        raise\n    op.drop_table("x")'
    assert not operations(tmp_path, f"def upgrade():\n    {body}\n")


@pytest.mark.parametrize(
    "body",
    [
        'n = 1\n    while n < 3:\n        op.drop_table(f"t{n}")\n        n += 1',
        'names = iter(["a", "b"])\n    while (name := next(names, None)):\n        op.drop_table(name)',
        'sys.modules["alembic.op"].drop_table("x")',
        'eval("op").drop_table("x")',
    ],
)
def test_what_is_another_each_time_or_found_by_a_text_is_said(body: str, tmp_path: Path) -> None:
    found = operations(tmp_path, f"import sys\n\ndef upgrade():\n    {body}\n")
    assert [type(one) for one in found] == [Opaque]


def test_a_function_that_calls_itself_is_said_where_it_is_no_longer_followed(tmp_path: Path) -> None:
    source = (
        'def drop(n):\n    if n:\n        op.drop_table(f"t{n}")\n        drop(n - 1)\n\ndef upgrade():\n    drop(4)\n'
    )
    assert isinstance(operations(tmp_path, source)[-1], Opaque)
