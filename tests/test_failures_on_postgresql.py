"""What the rules say that PostgreSQL or Alembic refuses, they refuse; and what the rules let pass, they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from postgres import installations, throwaway
from sqlalchemy.dialects import postgresql

from migration_guard.dialects import Ability, can
from migration_guard.model.target import Target

Migration = Callable[[Operations], object]


@pytest.fixture(scope="module", params=installations(), ids=lambda folder: str(folder.parent.name))
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    binaries: Path = request.param
    with throwaway(binaries) as address:
        host = address.split()[0].removeprefix("host=")
        engine = sa.create_engine(f"postgresql+psycopg://postgres@/postgres?host={host}", poolclass=sa.NullPool)
        yield engine
        engine.dispose()


def run(engine: sa.Engine, *migrations: Migration, given: str = "") -> str:
    """Run migrations, each as a deployment of its own; the name of the error that stops them, or nothing."""
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
        connection.exec_driver_sql("CREATE TABLE users (id integer, email text); INSERT INTO users VALUES (1, 'x')")
        if given:
            connection.exec_driver_sql(given)
        connection.commit()
    for migration in migrations:
        with engine.connect() as connection:
            try:
                with connection.begin():
                    migration(Operations(MigrationContext.configure(connection)))
            except sa.exc.DBAPIError as error:
                return type(error.orig).__name__
            except (sa.exc.CompileError, ValueError) as error:
                return type(error).__name__
    return ""


def mood() -> sa.Enum:
    """A new object each time, as every migration makes its own."""
    return sa.Enum("happy", "sad", name="mood")


def one_table(op: Operations) -> None:
    op.create_table("pets", sa.Column("mood", mood()))


def another_table(op: Operations) -> None:
    op.create_table("cars", sa.Column("mood", mood()))


def both_tables(op: Operations) -> None:
    one_table(op)
    another_table(op)


def type_and_table(op: Operations) -> None:
    mood().create(op.get_bind())
    one_table(op)


def looked_for_type(op: Operations) -> None:
    mood().create(op.get_bind(), checkfirst=True)
    op.add_column("users", sa.Column("mood", mood()))


def known_type(op: Operations) -> None:
    kept = postgresql.ENUM("happy", "sad", name="mood", create_type=False)
    op.create_table("cars", sa.Column("mood", kept))


def column_only(op: Operations) -> None:
    op.add_column("users", sa.Column("mood", mood()))


@pytest.mark.parametrize(
    ("migrations", "error"),
    [
        ([one_table, another_table], "DuplicateObject"),
        ([type_and_table], "DuplicateObject"),
        ([both_tables], ""),
        ([one_table, known_type], ""),
        ([one_table, column_only], ""),
        ([column_only], "UndefinedObject"),
        ([looked_for_type], ""),
    ],
)
def test_an_enum_is_made_once_and_before_it_is_used(migrations: list[Migration], error: str, engine: sa.Engine) -> None:
    assert run(engine, *migrations) == error


MOOD = "CREATE TYPE mood AS ENUM ('happy'); ALTER TABLE users ADD mood mood, ADD word text"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE users SET mood = 'calm'", "UnsafeNewEnumValueUsage"),
        ("ALTER TABLE users ALTER mood SET DEFAULT 'calm'", "UnsafeNewEnumValueUsage"),
        ("SELECT * FROM users WHERE mood = 'calm'", "UnsafeNewEnumValueUsage"),
        ("ALTER TABLE users ADD CHECK (mood <> 'calm')", "UnsafeNewEnumValueUsage"),
        ("UPDATE users SET word = 'calm'", ""),
    ],
)
def test_a_new_value_has_to_be_committed_before_it_is_used(statement: str, error: str, engine: sa.Engine) -> None:
    def migration(op: Operations) -> None:
        op.execute("ALTER TYPE mood ADD VALUE 'calm'")
        op.execute(statement)

    assert run(engine, migration, given=MOOD) == error


def test_a_value_of_a_type_of_this_transaction_is_another_matter(engine: sa.Engine) -> None:
    def migration(op: Operations) -> None:
        op.execute("CREATE TYPE mood AS ENUM ('happy')")
        op.execute("ALTER TYPE mood ADD VALUE 'calm'")
        op.execute("ALTER TABLE users ADD mood mood DEFAULT 'calm'")

    with engine.connect() as connection:
        version = sa.inspect(connection).dialect.server_version_info or ()
    allowed = can(Ability.ENUM_VALUE_OF_NEW_TYPE, Target("postgresql", tuple(version)))
    assert run(engine, migration) == ("" if allowed else "UnsafeNewEnumValueUsage")


@pytest.mark.parametrize(
    ("migration", "error"),
    [
        (lambda op: op.create_index("ix", "users", ["id"], postgresql_concurrently=True), "ActiveSqlTransaction"),
        (lambda op: op.drop_index("ix", "users", postgresql_concurrently=True), "ActiveSqlTransaction"),
        (lambda op: op.alter_column("users", "email", type_=sa.Integer()), "DatatypeMismatch"),
        (lambda op: op.alter_column("users", "id", type_=sa.Text()), ""),
        (lambda op: op.add_column("users", sa.Column("a", sa.Integer(), nullable=False)), "NotNullViolation"),
        (
            lambda op: op.add_column("users", sa.Column("a", sa.Integer(), default=0, nullable=False)),
            "NotNullViolation",
        ),
        (lambda op: op.add_column("users", sa.Column("a", sa.Integer(), server_default="0", nullable=False)), ""),
        (lambda op: op.drop_constraint(None, "users", type_="unique"), "CompileError"),
        (lambda op: op.drop_constraint(None, "users", type_="foreignkey"), "CompileError"),
        (lambda op: op.drop_constraint(None, "users"), "CompileError"),
    ],
)
def test_what_is_said_to_fail_fails(migration: Migration, error: str, engine: sa.Engine) -> None:
    assert run(engine, migration) == error


CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


@pytest.mark.parametrize("kind", ["primary", "unique", "foreignkey", "check"])
def test_a_naming_convention_names_only_the_primary_key(kind: str, engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
        connection.exec_driver_sql(
            "CREATE TABLE users (id int CONSTRAINT pk_users PRIMARY KEY, email text CONSTRAINT uq_users_email UNIQUE)"
        )
        convention = sa.MetaData(naming_convention=CONVENTION)
        op = Operations(MigrationContext.configure(connection, opts={"target_metadata": convention}))
        if kind == "primary":
            op.drop_constraint(None, "users", type_=kind)
        else:
            with pytest.raises((sa.exc.SQLAlchemyError, IndexError)):
                op.drop_constraint(None, "users", type_=kind)
