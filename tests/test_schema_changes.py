"""What revisions do to a schema, taken together: the four lists, and what stands beside them."""

from __future__ import annotations

from pathlib import Path

import projects
import pytest
from handover import ORDERS, USERS, changes, history, summary

from migration_guard.model.schema_changes import SchemaChanges

ALTER = {
    'op.add_column("users", sa.Column("age", sa.Integer))': {"new_columns": ["users.age"]},
    'op.drop_column("users", "email")': {"dropped_columns": ["users.email"]},
    'op.alter_column("users", "email", new_column_name="mail")': {"renamed_columns": ["users.email -> users.mail"]},
    'op.alter_column("users", "email", type_=sa.Text())': {"changed_columns": ["users.email: type"]},
    'op.alter_column("users", "email", nullable=False)': {"changed_columns": ["users.email: not null"]},
    'op.alter_column("users", "email", server_default="x")': {"changed_columns": ["users.email: default"]},
    'op.create_unique_constraint("uq_users_email", "users", ["email"])': {},
    'op.create_check_constraint("ck_users_id", "users", "id > 0")': {},
}


def lists(found: SchemaChanges) -> dict[str, list[str]]:
    """What there is, without what is empty."""
    return {key: value for key, value in {**found.lists(), **found.further()}.items() if value}


def test_a_new_table_is_not_also_modified_and_neither_is_the_parent_of_its_key(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, ORDERS + 'op.add_column("orders", sa.Column("note", sa.Text))')
    assert lists(found) == {
        "new_tables": ["orders"],
        "new_indexes": ["ix_orders_user_id"],
        "new_foreign_keys": ["orders.user_id -> users.id"],
    }


@pytest.mark.parametrize(("statement", "beside"), ALTER.items())
def test_columns_and_constraints_make_a_table_modified(
    statement: str, beside: dict[str, list[str]], tmp_path: Path
) -> None:
    assert lists(changes(tmp_path, USERS, statement)) == {"modified_tables": ["users"], **beside}


def test_an_index_alone_and_a_comment_alone_modify_nothing(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        'op.create_index("ix_users_email", "users", ["email"])\nop.alter_column("users", "email", comment="where to")',
    )
    assert lists(found) == {"new_indexes": ["ix_users_email"], "changed_columns": ["users.email: comment"]}


def test_changes_of_rows_leave_the_four_lists_empty(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, "op.execute(\"UPDATE users SET email = '' WHERE id = 1; DELETE FROM users\")")
    assert not any(found.lists().values())
    assert found.further()["data_changes"] == ["update users (email)", "delete from users"]


def test_what_a_later_revision_drops_is_nowhere(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        ORDERS,
        'op.add_column("users", sa.Column("age", sa.Integer))\nop.create_index("ix_age", "users", ["age"])',
        'op.drop_column("users", "age")\nop.drop_table("orders")',
        word="r1:r3",
    )
    assert lists(found) == {}


def test_an_index_a_constraint_and_a_value_that_come_and_go_leave_nothing(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        'op.create_index("ix", "users", ["email"])\nop.create_unique_constraint("uq", "users", ["email"])\n'
        'op.alter_column("users", "email", server_default="x", existing_server_default=None)',
        'op.drop_constraint("uq", "users")\nop.drop_index("ix", "users")\n'
        'op.alter_column("users", "email", server_default=None)',
        word="r1:r2",
    )
    assert lists(found) == {}


def test_renames_are_followed(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        ORDERS,
        'op.rename_table("users", "people")\nop.rename_table("orders", "sales")\n'
        'op.alter_column("sales", "user_id", new_column_name="person_id")\n'
        'op.alter_column("people", "id", new_column_name="number")\n'
        'op.execute("ALTER INDEX ix_orders_user_id RENAME TO ix_sales_person_id")',
        word="r1:",
    )
    assert lists(found) == {
        "new_tables": ["sales"],
        "modified_tables": ["people"],
        "new_indexes": ["ix_sales_person_id"],
        "new_foreign_keys": ["sales.person_id -> people.number"],
        "renamed_tables": ["users -> people"],
        "renamed_columns": ["people.id -> people.number"],
    }


def test_a_table_that_is_renamed_and_back_is_as_it_was(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, 'op.rename_table("users", "people")\nop.rename_table("people", "users")')
    assert lists(found) == {}


def test_a_key_of_several_columns_and_one_whose_columns_are_not_written(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        "op.execute('CREATE TABLE p (x int, y int, PRIMARY KEY (x, y))')",
        "op.execute('CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES p)')",
    )
    assert found.new_foreign_keys == ("t.(a, b) -> p.(x, y)",)


def test_a_key_to_a_table_that_the_history_does_not_show_names_the_table_alone(tmp_path: Path) -> None:
    found = changes(tmp_path, "op.execute('CREATE TABLE t (a int REFERENCES elsewhere.p)')")
    assert found.new_foreign_keys == ("t.a -> elsewhere.p",)


def test_indexes_of_keys_and_unique_constraints_are_not_listed(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True), sa.Column("b", sa.Text, unique=True),'
        ' sa.Column("c", sa.Text, unique=True, index=True))\n'
        'op.execute("CREATE UNIQUE INDEX taken ON a (b)")\n'
        'op.execute("ALTER TABLE a ADD CONSTRAINT taken UNIQUE USING INDEX taken")',
    )
    assert lists(found) == {"new_tables": ["a"], "new_indexes": ["ix_a_c"]}


def test_an_index_without_a_name_has_the_one_that_it_gets(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, 'op.execute("CREATE INDEX ON users (email, lower(email))")')
    assert found.lists()["new_indexes"] == ["users_email_lower_idx"]


def test_index_true_is_named_by_the_convention_of_the_metadata(tmp_path: Path) -> None:
    metadata = 'MetaData(naming_convention={"ix": "%(table_name)s_%(column_0_name)s_i"})'
    environment = projects.GENERIC.replace("= None", f"= {metadata}").replace(
        "from sqlalchemy import", "from sqlalchemy import MetaData,"
    )
    by_hand = 'op.create_index("ix_users_email", "users", ["email"])'
    folder = history(tmp_path, USERS, ORDERS + by_hand, environment=environment)
    assert summary(folder).changes.lists()["new_indexes"] == ["orders_user_id_i", "ix_users_email"]


def test_dropping_a_column_names_its_indexes_and_foreign_keys(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, ORDERS, 'op.drop_column("orders", "user_id")')
    assert lists(found) == {
        "modified_tables": ["orders"],
        "dropped_columns": ["orders.user_id"],
        "dropped_indexes": ["ix_orders_user_id"],
        "dropped_foreign_keys": ["orders.user_id -> users.id"],
    }


def test_a_table_that_is_rebuilt_is_modified_and_not_new(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        'op.create_table("users_new", sa.Column("id", sa.Integer, primary_key=True), sa.Column("mail", sa.Text))\n'
        'op.execute("INSERT INTO users_new SELECT id, email FROM users")\n'
        'op.drop_table("users")\nop.rename_table("users_new", "users")',
        dialect="sqlite",
    )
    assert lists(found) == {
        "modified_tables": ["users"],
        "new_columns": ["users.mail"],
        "dropped_columns": ["users.email"],
        "data_changes": ["insert into users"],
    }


def test_a_table_that_is_dropped_and_made_again_is_new_and_dropped(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, f'op.drop_table("users")\n{USERS}')
    assert lists(found) == {"new_tables": ["users"], "dropped_tables": ["users"]}


def test_what_looks_first_and_finds_it_makes_and_drops_nothing(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS + '\nop.create_index("ix", "users", ["email"])',
        'op.execute("CREATE TABLE IF NOT EXISTS users (id int)")\n'
        'op.execute("CREATE INDEX IF NOT EXISTS ix ON users (email)")\n'
        'op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS email text")\n'
        'op.execute("DROP TABLE IF EXISTS never_made")\nop.execute("DROP INDEX IF EXISTS ix_never_made")\n'
        'op.execute("ALTER TABLE users DROP COLUMN IF EXISTS age")',
    )
    assert lists(found) == {}


def test_temporary_tables_are_nobodys(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        'op.execute("CREATE TEMPORARY TABLE t (id int)")\nop.execute("INSERT INTO t VALUES (1)")\n'
        'op.execute("CREATE INDEX ix_t ON t (id)")\nop.execute("DROP TABLE t")',
    )
    assert lists(found) == {}


def test_a_drop_that_may_not_run_is_said(tmp_path: Path) -> None:
    found = changes(tmp_path, USERS, 'if sa.inspect(op.get_bind()).has_table("users"):\n    op.drop_table("users")')
    assert lists(found) == {"dropped_tables": ["users"]}


def test_what_concerns_no_table_is_said_in_words(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        USERS,
        "op.execute(\"CREATE TYPE mood AS ENUM ('sad')\")\nop.execute('CREATE VIEW v AS SELECT 1')\n"
        "op.execute('DROP VIEW v')\nop.execute(\"SET lock_timeout = '1s'\")\nop.execute('SELECT 1')\n"
        "op.execute('ALTER TABLE users OWNER TO app')",
    )
    assert lists(found) == {"other_changes": ["create type mood", "run ALTER TABLE OWNER TO users"]}
