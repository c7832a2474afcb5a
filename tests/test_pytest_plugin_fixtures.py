"""The fixtures for people's own tests: an empty database, and their migrations on it, revision by revision."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
import sqlalchemy.dialects.postgresql
from projects import ASYNC, GENERIC, script, write
from servers import left

import migration_guard.pytest_plugin.workbench
import migration_guard.reading.migration  # noqa: F401
from migration_guard.pytest_plugin import MigrationFailed, MigrationGuard
from migration_guard.pytest_plugin.options import Asked
from migration_guard.pytest_plugin.workbench import Workbench
from migration_guard.roundtripping.fixtures import ThrowawayDatabase
from migration_guard.roundtripping.servers import access
from migration_guard.roundtripping.servers.access import Access, DatabaseError
from migration_guard.roundtripping.servers.find import ServerRequest
from migration_guard.roundtripping.servers.lender import Lender

pytest_plugins = ["pytester"]

USERS = """
def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("born", sa.DateTime),
    )


def downgrade():
    op.drop_table("users")
"""
EMAIL = """
def upgrade():
    op.add_column("users", sa.Column("email", sa.String(80)))
    op.execute("UPDATE users SET email = 'none'")


def downgrade():
    op.drop_column("users", "email")
"""
BROKEN = """
def upgrade():
    op.execute("INSERT INTO users (nme) VALUES ('Ann')")


def downgrade():
    pass
"""
URLS = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql://nowhere/users",
    "mariadb": "mariadb+pymysql://nowhere/users",
}
SCRIPTS = {
    "a1a1": script("a1a1", None, USERS),
    "b2b2": script("b2b2", "a1a1", EMAIL),
    "c3c3": script("c3c3", "b2b2"),
}


@pytest.fixture(scope="module")
def lender() -> Iterator[Lender]:
    lender = Lender()
    yield lender
    lender.close()


def bench(folder: Path, lender: Lender, database: str | None = None) -> Workbench:
    asked = Asked(folder, folder, False, ("lint",), None, None, database, None)
    made = Workbench(asked)
    made._lender = lender
    return made


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def users(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, lender: Lender
) -> Iterator[Workbench]:
    """The project of users, for a database of each kind."""
    folder = tmp_path_factory.mktemp(request.param)
    write(folder, SCRIPTS, url=URLS[request.param])
    made = bench(folder, lender)
    yield made
    made.close()


@pytest.fixture
def guard(users: Workbench) -> Iterator[MigrationGuard]:
    with users.throwaway(None) as database:
        yield users.guard(None, database)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, lender: Lender) -> Iterator[Workbench]:
    """The same on SQLite, with a last revision that fails."""
    folder = tmp_path_factory.mktemp("broken")
    write(folder, SCRIPTS | {"d4d4": script("d4d4", "c3c3", BROKEN)}, url="sqlite://")
    made = bench(folder, lender)
    yield made
    made.close()


@pytest.fixture
def on_sqlite(broken: Workbench) -> Iterator[MigrationGuard]:
    with broken.throwaway(None) as database:
        yield broken.guard(None, database)


def test_a_migration_is_tried_on_rows_of_ones_own(guard: MigrationGuard) -> None:
    guard.upgrade("a1a1")
    guard.insert("users", [{"name": "Ann"}, {"name": "Bob"}])
    guard.upgrade("+1")
    assert [(row["name"], row["email"]) for row in guard.rows("users")] == [("Ann", "none"), ("Bob", "none")]
    guard.upgrade()
    assert guard.current == "c3c3"
    guard.downgrade("a1a1")
    assert (guard.current, guard.heads) == ("a1a1", ("a1a1",))
    assert [row.keys() - {"id", "born"} for row in guard.rows("users")] == [{"name"}, {"name"}]
    guard.downgrade("base")
    assert (guard.current, guard.heads) == ("base", ())


def test_the_engine_and_a_statement_see_the_same_database(guard: MigrationGuard) -> None:
    guard.upgrade("head")
    with guard.engine.begin() as connection:
        connection.execute(sqlalchemy.text("INSERT INTO users (name) VALUES ('Ann % : Bob')"))
        # A transaction that is open here is no concern of theirs, once it is committed.
    assert guard.execute("SELECT name FROM users WHERE name LIKE 'Ann %'") == [{"name": "Ann % : Bob"}]
    guard.downgrade("-1")
    assert guard.execute("DELETE FROM users") == []
    assert sqlalchemy.inspect(guard.engine).get_columns("users")[-1]["name"] == "email"


def test_values_are_what_the_type_of_the_column_takes(guard: MigrationGuard) -> None:
    from datetime import datetime

    guard.upgrade("a1a1")
    guard.insert("users", {"name": "Ann", "born": datetime(1999, 1, 2, 3, 4)})
    assert guard.rows("users") == [{"id": 1, "name": "Ann", "born": datetime(1999, 1, 2, 3, 4)}]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda guard: guard.upgrade("b2b"), r"^upgrade\('b2b'\): there is no revision 'b2b' in this history. Did you"),
        (lambda guard: guard.upgrade("+x"), "'[+]x' is no number of revisions"),
        (lambda guard: guard.downgrade("c3c3"), r"downgrade\('c3c3'\): the database has not come to c3c3 yet."),
        (lambda guard: guard.downgrade("-1"), r"downgrade\('-1'\): there is no revision left to go to."),
        (lambda guard: guard.rows("user"), "There is no table user in the database now."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(on_sqlite: MigrationGuard, call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MigrationFailed, match=words):
        call(on_sqlite)
    assert on_sqlite.current == "base"


def test_a_failed_migration_says_revision_line_words_and_statement(on_sqlite: MigrationGuard) -> None:
    with pytest.raises(MigrationFailed) as failed:
        on_sqlite.upgrade()
    assert failed.value.revision == "d4d4"
    assert "Revision d4d4 fails in upgrade(), " in str(failed.value)
    assert "d4d4_.py:10:\n  table users has no column named nme\n" in str(failed.value)
    assert "    INSERT INTO users (nme) VALUES ('Ann')" in str(failed.value)
    assert on_sqlite.current == "c3c3"


def test_a_wrong_column_or_value_is_said_with_its_name(on_sqlite: MigrationGuard) -> None:
    on_sqlite.upgrade("a1a1")
    with pytest.raises(MigrationFailed, match=r"The table users has no column 'nme' now. Did you mean name\?"):
        on_sqlite.insert("users", {"nme": "Ann"})
    with pytest.raises(MigrationFailed, match="could not be written into users: NOT NULL constraint failed"):
        on_sqlite.insert("users", {"name": None})
    with pytest.raises(MigrationFailed, match="The statement was refused: no such table: user"):
        on_sqlite.execute("SELECT * FROM user")


def test_where_branches_part_one_of_them_is_named(tmp_path: Path, lender: Lender) -> None:
    write(tmp_path, {"a": script("a"), "b": script("b", "a", labels="left"), "c": script("c", "a")}, url="sqlite://")
    made = bench(tmp_path, lender)
    with made.throwaway(None) as database:
        guard = made.guard(None, database)
        guard.upgrade("a")
        with pytest.raises(MigrationFailed, match=r"upgrade\('[+]1'\) could be any of (b, c|c, b)"):
            guard.upgrade("+1")
        guard.upgrade("left")
        guard.upgrade("heads")
        assert set(guard.heads) == {"b", "c"}
        with pytest.raises(MigrationFailed, match=r"downgrade\('-1'\) could be any of"):
            guard.downgrade("-1")
        guard.downgrade("a")
        assert guard.current == "a"
    made.close()


def test_an_env_py_that_fails_is_no_crash_of_ours(tmp_path: Path, lender: Lender) -> None:
    late = "import os\nif os.path.exists('stop'):\n    raise OSError('stopped')\n"
    write(tmp_path, SCRIPTS, url="sqlite://", environment=f"{GENERIC}\n{late}")
    made = bench(tmp_path, lender)
    with made.throwaway(None) as database:
        guard = made.guard(None, database)
        guard.upgrade("a1a1")
        (tmp_path / "stop").touch()
        with pytest.raises(MigrationFailed, match=r"env.py could not be run .*env.py:23.: OSError: stopped"):
            guard.upgrade()
        (tmp_path / "stop").unlink()
        guard.upgrade("a1a1")
    made.close()


def test_a_database_is_gone_with_its_test(broken: Workbench) -> None:
    with broken.throwaway(None) as database:
        database.engine.connect().close()
        file = Path(database.destination.database)
        assert (file.exists(), database.dialect) == (True, "sqlite")
    assert not file.exists()


def test_an_asynchronous_driver_alone_is_enough(
    tmp_path: Path, lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = tuple(one for one in access.DRIVERS["postgresql"] if one.name == "asyncpg")
    write(tmp_path, SCRIPTS, url="postgresql+asyncpg://nowhere/users", environment=ASYNC)
    with lender.lend(ServerRequest(dialect="postgresql")):  # Its own connection is of before.
        pass
    monkeypatch.setattr(access, "DRIVERS", {**access.DRIVERS, "postgresql": only})
    made = bench(tmp_path, lender)

    async def test(guard: MigrationGuard, database: ThrowawayDatabase) -> object:
        from sqlalchemy.ext.asyncio import create_async_engine

        guard.upgrade()
        guard.insert("users", {"name": "Ann"})
        engine = create_async_engine(database.url_for("asyncpg"))
        async with engine.connect() as connection:
            found = (await connection.execute(sqlalchemy.text("SELECT name FROM users"))).scalar()
        await engine.dispose()
        return found, guard.rows("users")[0]["name"]

    with made.throwaway(None) as database:
        guard = made.guard(None, database)
        assert asyncio.run(test(guard, database)) == ("Ann", "Ann")
        with pytest.raises(DatabaseError, match=r'Take url_for\("asyncpg"\)'):
            _ = database.url
    made.close()


def test_what_is_refused_within_a_loop_is_raised_there(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    only = tuple(one for one in access.DRIVERS["postgresql"] if one.name == "asyncpg")
    monkeypatch.setattr(access, "DRIVERS", {**access.DRIVERS, "postgresql": only})

    async def test(ours: Access) -> None:
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="nowhere"):
            ours.query("SELECT * FROM nowhere")
        assert ours.query("SELECT 1") == [(1,)]

    with lender.lend(ServerRequest(dialect="postgresql")) as server, Access.open(server.create()) as ours:
        asyncio.run(test(ours))


def test_psycopg2_is_left_as_it_was_for_the_tests_of_others(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    from psycopg2 import extensions

    only = tuple(one for one in access.DRIVERS["postgresql"] if one.name == "psycopg2")
    monkeypatch.setattr(access, "DRIVERS", {**access.DRIVERS, "postgresql": only})
    with lender.lend(ServerRequest(dialect="postgresql")) as server, Access.open(server.create()) as ours:
        assert ours.run(lambda connection: extensions.get_wait_callback()) is not None
        assert extensions.get_wait_callback() is None


INNER = """
import pytest
from migration_guard.pytest_plugin import MigrationFailed, MigrationGuard, ThrowawayDatabase


def test_one(migration_guard: MigrationGuard, throwaway_database: ThrowawayDatabase) -> None:
    assert isinstance(migration_guard, MigrationGuard)
    migration_guard.upgrade("a1a1")
    assert migration_guard.database is throwaway_database
    assert throwaway_database.dialect == "sqlite"


@pytest.mark.parametrize("number", range(3))
def test_each_starts_from_nothing(migration_guard: MigrationGuard, number: int) -> None:
    assert migration_guard.current == "base"
    migration_guard.upgrade()
    assert not migration_guard.rows("users")


@pytest.mark.migration_guard(database="postgresql")
def test_another_database(throwaway_database: ThrowawayDatabase, migration_guard: MigrationGuard) -> None:
    assert throwaway_database.engine.dialect.name == "postgresql"
    migration_guard.upgrade()


@pytest.mark.asyncio
async def test_a_coroutine(migration_guard: MigrationGuard) -> None:
    migration_guard.upgrade()
    assert migration_guard.rows("users") == []


def test_fails(migration_guard: MigrationGuard) -> None:
    migration_guard.upgrade("zzzz")


def test_writes_nowhere(migration_guard: MigrationGuard) -> None:
    migration_guard.insert("absent", {"name": "Ann"})
"""


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_the_fixtures_come_with_the_plugin(pytester: pytest.Pytester, processes: list[str]) -> None:
    write(pytester.path, SCRIPTS, url="sqlite://")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(INNER)
    run = pytester.runpytest_subprocess if processes else pytester.runpytest
    result = run("-p", "no:hypothesispytest", "-p", "no:pytest_alembic", "--strict-markers", *processes)
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines(["E *MigrationFailed: upgrade('zzzz'): there is no revision 'zzzz' in this history.*"])
    assert not {"fixtures.py", "access.py"} & set(re.findall(r"\w+\.py", result.stdout.str()))


def test_a_database_needs_no_project(pytester: pytest.Pytester) -> None:
    before = left()
    pytester.makeini("[pytest]\nmigration_guard_database = sqlite\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("def test_one(throwaway_database): assert throwaway_database.dialect == 'sqlite'")
    pytester.runpytest("-p", "no:pytest_alembic").assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest("-p", "no:pytest_alembic")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["migration-guard: There are no migrations in*migration_guard_database*"])
    assert left() == before


def test_what_the_fixtures_cannot_serve_is_told_in_a_sentence(pytester: pytest.Pytester) -> None:
    write(pytester.path, SCRIPTS, url="sqlite://")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("""
        import pytest

        class TestOther:
            @pytest.fixture
            def throwaway_database(self): return "sqlite://"
            def test_other(self, migration_guard): pass

        @pytest.mark.migration_guard("postgresql")
        def test_bare(throwaway_database): pass

        @pytest.mark.migration_guard(databse="postgresql")
        def test_mistyped(throwaway_database): pass
    """)
    result = pytester.runpytest("-p", "no:pytest_alembic")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["migration-guard: The fixture throwaway_database is another one here*"])
    result.stdout.fnmatch_lines(["The marker is written @pytest.mark.migration_guard(database=*"] * 2)
    assert "Error: " not in result.stdout.str()


def test_where_nobody_names_a_database_env_py_is_asked(tmp_path: Path, lender: Lender) -> None:
    own = GENERIC.replace("connectable = engine_from_config(", "connectable = __import__('sqlalchemy').create_engine(")
    start, end = own.index("(\n        config.get"), own.index("    with connectable")
    own = f"{own[:start]}('sqlite:///users.db')\n{own[end:]}"
    write(tmp_path, SCRIPTS, environment=own)
    made = bench(tmp_path, lender)
    with made.throwaway(None) as database:
        assert database.dialect == "sqlite"
        made.guard(None, database).upgrade()
    assert not (tmp_path / "users.db").exists()
    made.close()


def test_the_configuration_of_the_round_trip_prepares_the_database(tmp_path: Path, lender: Lender) -> None:
    write(tmp_path, {"b2b2": script("b2b2", None, EMAIL)}, url="sqlite://")
    (tmp_path / "before.sql").write_text("CREATE TABLE users (id integer, name text);")
    (tmp_path / "pyproject.toml").write_text('[tool.migration-guard.roundtrip]\nprepare = "before.sql"\n')
    made = bench(tmp_path, lender)
    with made.throwaway(None) as database:
        guard = made.guard(None, database)
        guard.upgrade()
        assert guard.rows("users") == []
    made.close()
