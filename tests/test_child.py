"""The conversation with the child: env.py entered and left, steps, failures with their places, hangs and crashes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from postgres import installations, throwaway
from projects import ASYNC, GENERIC, MULTIDB, script, write

from migration_guard.model.finding import Direction
from migration_guard.model.trip import Cause, Place, TripStep
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker.client import Child, ChildError, Job

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE
PATIENCE = 30.0
# SQLAlchemy 1.4 does not know psycopg 3.
NEWER = ["psycopg"] if sqlalchemy.__version__ >= "2" else []
# Nor does a statement of its own begin a transaction there.
EXTERNAL = ["engine.begin()", "an earlier statement"] if NEWER else ["engine.begin()"]
numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with throwaway(installations()[0]) as dsn:
        yield dsn


@pytest.fixture
def postgres(server: str) -> Destination:
    name = f"child_{next(numbers)}"
    words = dict(word.split("=") for word in server.split())
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return Destination(dialect="postgresql", database=name, socket=words["host"], user="postgres")


@pytest.fixture
def sqlite(tmp_path: Path) -> Destination:
    return Destination(dialect="sqlite", database=str(tmp_path / "ours.db"))


def asked(destination: Destination, sql: str) -> list[tuple[object, ...]]:
    assert destination.socket is not None
    with psycopg.connect(host=destination.socket, user="postgres", dbname=destination.database) as connection:
        return connection.execute(sql).fetchall()


def in_use(destination: Destination) -> int:
    """How many connections to the database stay beside the one that asks; the server takes a moment to let one go."""
    end = time.monotonic() + PATIENCE
    while True:
        rows = asked(destination, "select 1 from pg_stat_activity where datname = current_database()")
        if len(rows) == 1 or time.monotonic() > end:
            return len(rows) - 1


def fine(step: TripStep) -> TripStep:
    assert step.failure is None, step.failure
    return step


def up(body: str) -> str:
    """A migration with this upgrade(), and a downgrade() that does nothing. The first line of the body is line 9."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    return script("a", None, f"def upgrade():\n{lines}\n\ndef downgrade():\n    pass\n")


def failed(folder: Path, destination: Destination, body: str) -> TripStep:
    job = write(folder / "project", {"a": up(body)})
    with Child(job, timeout=PATIENCE) as child:
        child.enter(destination)
        step = child.step(UP, "a")
        # After whatever it was, env.py can be entered again.
        child.enter(destination)
        child.leave()
    assert step.failure is not None
    return step


def line(folder: Path, number: int) -> Place:
    return Place(str(folder / "project" / "migrations" / "versions" / "a_.py"), number)


@pytest.mark.parametrize("environment", [GENERIC, ASYNC], ids=["sync", "async"])
@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_the_templates_of_alembic_are_stepped_through_up_and_down(
    environment: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    destination: Destination = request.getfixturevalue(kind)
    job = write(tmp_path / "project", {"a": script("a"), "b": script("b", "a")}, environment=environment)
    with Child(job, timeout=PATIENCE) as child:
        assert [one.id for one in child.revisions()] == ["a", "b"]
        entered = child.enter(destination)
        assert (entered.heads, entered.dialect, entered.has_models) == ((), destination.dialect, False)
        for revision in ("a", "b"):
            for direction in (UP, DOWN, UP):
                step = fine(child.step(direction, revision))
                assert (step.revision, step.direction, len(step.statements)) == (revision, direction, 1)
        child.leave()
        assert child.enter(destination).heads == ("b",)
        for revision in ("b", "a"):
            fine(child.step(DOWN, revision))
        child.leave()
        assert child.enter(destination).heads == ()
        assert child.leave() == (None,)


def test_a_database_without_a_url_in_the_configuration_is_found(tmp_path: Path, postgres: Destination) -> None:
    with Child(write(tmp_path / "project", {"a": script("a")}, url=None), timeout=PATIENCE) as child:
        assert child.enter(postgres).dialect == "postgresql"
        fine(child.step(UP, "a"))
        child.leave()
    assert asked(postgres, "select version_num from alembic_version") == [("a",)]


def test_the_driver_that_the_project_names_is_the_one_that_runs(tmp_path: Path, postgres: Destination) -> None:
    job = write(tmp_path / "project", {"a": script("a")}, url="postgresql+pg8000://shop@db.internal/shop")
    with Child(job, timeout=PATIENCE) as child:
        assert child.enter(postgres).driver == "pg8000"


def test_each_database_of_a_multi_database_project_is_run_alone(tmp_path: Path, postgres: Destination) -> None:
    body = """
        def upgrade(engine_name):
            globals()[f"upgrade_{engine_name}"]()


        def downgrade(engine_name):
            pass


        def upgrade_shop():
            op.create_table("shop", sa.Column("id", sa.Integer))


        def upgrade_stock():
            op.create_table("stock", sa.Column("id", sa.Integer))
    """
    ini = (
        "databases = shop, stock\n\n[shop]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n\n"
        "[stock]\nsqlalchemy.url = mysql://root@localhost/stock\n"
    )
    job = write(tmp_path / "project", {"a": script("a", None, body)}, environment=MULTIDB, ini=ini)
    with Child(job, timeout=PATIENCE) as child:
        entered = child.enter(postgres, engine_name="stock")
        assert (entered.engine_name, entered.databases) == ("stock", ("shop", "stock"))
        assert entered.external_transaction
        fine(child.step(UP, "a"))
        assert child.leave() == ("shop", "stock")
        assert asked(postgres, "select tablename from pg_tables where tablename in ('shop', 'stock')") == [("stock",)]
        with pytest.raises(ChildError, match="never ran the migrations of other"):
            child.enter(postgres, engine_name="other")


def test_branches_merges_and_dependencies_come_after_what_they_need(tmp_path: Path, postgres: Destination) -> None:
    scripts = {
        "a": script("a"),
        "b1": script("b1", "a"),
        "b2": script("b2", "a", labels="second"),
        "c1": script("c1", "b1", depends_on="second"),
        "m": script("m", ("b2", "c1"), body="\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"),
        "x": script("x", None, labels="other", depends_on="a"),
    }
    with Child(write(tmp_path / "project", scripts), timeout=PATIENCE) as child:
        revisions = {one.id: one for one in child.revisions()}
        order = list(revisions)
        for one in revisions.values():
            assert all(order.index(other) < order.index(one.id) for other in (*one.down_revisions, *one.depends_on))
        assert revisions["c1"].depends_on == ("b2",)
        assert revisions["m"].down_revisions == ("b2", "c1")
        assert revisions["x"].branch_labels == ("other",)
        child.enter(postgres)
        for revision in order:
            fine(child.step(UP, revision))
        for revision in reversed(order):
            fine(child.step(DOWN, revision))
        for revision in order:
            fine(child.step(UP, revision))
        child.leave()
        assert set(child.enter(postgres).heads) == {"m", "x"}
        child.stamp(["b1", "b2"])
        fine(child.step(DOWN, "b1"))
        child.leave()
        assert set(child.enter(postgres).heads) == {"b2"}


def test_a_statement_has_the_line_that_led_to_it(tmp_path: Path, postgres: Destination) -> None:
    body = """
        from helpers import make

        def upgrade():
            for name in ("one", "two"):
                op.execute(f"create table {name} (id int)")
            with op.batch_alter_table("one") as batch:
                batch.add_column(sa.Column("b", sa.Integer))
                batch.add_column(sa.Column("c", sa.Integer))
            make()


        def downgrade():
            pass
    """
    job = write(tmp_path / "project", {"a": script("a", None, body)})
    (job.folder / "helpers.py").write_text("from alembic import op\n\n\ndef make():\n    op.execute('select 5')\n")
    with Child(job, timeout=PATIENCE) as child:
        child.enter(postgres)
        step = fine(child.step(UP, "a"))
        again = fine(child.step(DOWN, "a"))
    lines = [(one.sql.split()[0], one.place and one.place.line) for one in step.statements]
    assert lines == [("create", 13), ("create", 13), ("ALTER", 14), ("ALTER", 14), ("select", 17)]
    assert {one.place.path for one in step.statements if one.place} == {child.revisions()[0].path}
    assert again.statements == ()


def test_what_the_database_refuses_is_told_in_its_words_at_its_line(tmp_path: Path, postgres: Destination) -> None:
    step = failed(tmp_path, postgres, 'op.execute("select 1")\nop.execute("select * from nowhere")')
    failure = step.failure
    assert failure is not None
    assert (failure.cause, failure.kind, failure.sqlstate) == (Cause.DATABASE, "ProgrammingError", "42P01")
    assert failure.message.startswith('relation "nowhere" does not exist')
    assert (failure.place, failure.statement) == (line(tmp_path, 10), "select * from nowhere")
    assert [one.sql for one in step.statements] == ["select 1", "select * from nowhere"]
    assert in_use(postgres) == 0


@pytest.mark.parametrize("driver", ["psycopg2", *NEWER, "pg8000", "asyncpg"])
def test_every_driver_tells_the_same(driver: str, tmp_path: Path, postgres: Destination) -> None:
    environment = ASYNC if driver == "asyncpg" else GENERIC
    scripts = {"a": up('op.execute("select * from nowhere")')}
    job = write(tmp_path / "project", scripts, environment=environment, url=f"postgresql+{driver}://x@localhost/x")
    with Child(job, timeout=PATIENCE) as child:
        child.enter(postgres)
        failure = child.step(UP, "a").failure
        assert failure is not None
        assert (failure.cause, failure.sqlstate, failure.place) == (Cause.DATABASE, "42P01", line(tmp_path, 9))
        assert failure.message.startswith('relation "nowhere" does not exist')
        assert in_use(postgres) == 0
        assert child.enter(postgres).heads == ()


def test_a_constraint_that_is_checked_at_the_commit_fails_the_step(tmp_path: Path, postgres: Destination) -> None:
    body = """
op.execute("create table a (id int primary key)")
op.execute("create table b (id int references a deferrable initially deferred)")
op.execute("insert into b values (1)")
"""
    failure = failed(tmp_path, postgres, body).failure
    assert failure is not None
    assert (failure.cause, failure.sqlstate) == (Cause.DATABASE, "23503")
    assert asked(postgres, "select to_regclass('a')") == [(None,)]


def test_an_error_of_python_is_told_at_its_line(tmp_path: Path, sqlite: Destination) -> None:
    failure = failed(tmp_path, sqlite, 'print("so far")\nraise NotImplementedError("no way back")').failure
    assert failure is not None
    assert (failure.cause, failure.kind) == (Cause.PYTHON, "NotImplementedError")
    assert (failure.message, failure.place) == ("no way back", line(tmp_path, 10))


def test_sys_exit_ends_the_step_and_not_the_process(tmp_path: Path, sqlite: Destination) -> None:
    failure = failed(tmp_path, sqlite, "import sys\nsys.exit(3)").failure
    assert failure is not None
    assert (failure.cause, failure.message) == (Cause.EXIT, "It called sys.exit(3).")
    assert failure.place == line(tmp_path, 10)


def test_a_process_that_ends_itself_is_replaced(tmp_path: Path, sqlite: Destination) -> None:
    failure = failed(tmp_path, sqlite, 'import os\nprint("the last words")\nos._exit(7)').failure
    assert failure is not None
    assert failure.cause is Cause.EXIT
    assert failure.message == "The process that ran it ended with exit code 7. It printed at last: the last words"


def test_a_crash_is_told_at_its_line(tmp_path: Path, sqlite: Destination) -> None:
    failure = failed(tmp_path, sqlite, "import ctypes\nctypes.string_at(0)").failure
    assert failure is not None
    assert failure.message.startswith("The process that ran it was killed by SIGSEGV.")
    assert failure.place == line(tmp_path, 10)


def test_a_hang_is_told_at_its_line(tmp_path: Path, postgres: Destination) -> None:
    scripts = {"a": up('op.execute("select 1")\nop.execute("select pg_sleep(600)")')}
    with Child(write(tmp_path / "project", scripts), timeout=PATIENCE) as child:
        child.enter(postgres)
        child.timeout = 0.2
        failure = child.step(UP, "a").failure
        child.timeout = PATIENCE
        child.enter(postgres)
    assert failure is not None
    assert failure.cause is Cause.TIMEOUT
    assert failure.message == "It did not come to an end within 0.2 seconds (--timeout)."
    assert failure.place == line(tmp_path, 10)


def test_who_asks_on_the_input_finds_its_end_and_what_is_printed_is_kept(tmp_path: Path, sqlite: Destination) -> None:
    body = """
import os, subprocess, sys
print("printed")
os.write(1, b"written\\n")
subprocess.run(["echo", "of a program"])
print("to the errors", file=sys.stderr)
input("Are you sure? ")
"""
    job = write(tmp_path / "project", {"a": up(body)})
    with Child(job, timeout=PATIENCE) as child:
        child.enter(sqlite)
        failure = child.step(UP, "a").failure
        output = child.output()
    assert failure is not None
    assert (failure.kind, failure.place) == ("EOFError", line(tmp_path, 14))
    assert output.split("\n")[:5] == ["printed", "written", "of a program", "to the errors", "Are you sure? "]


def test_what_a_child_has_started_ends_with_it(tmp_path: Path, sqlite: Destination) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    body = f'import subprocess\nsubprocess.Popen(["sleep", "600"], stdout=open({str(fifo)!r}, "wb"))'
    with Child(write(tmp_path / "project", {"a": up(body)}), timeout=PATIENCE) as child:
        child.enter(sqlite)
        fine(child.step(UP, "a"))
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b"", "The end of what nobody can write to any more."
    os.close(reader)


TRANSACTION = """
from alembic import context
from sqlalchemy import engine_from_config, pool, text

engine = engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.", poolclass=pool.NullPool)
{how}
"""
WAYS = {
    "engine.begin()": """
with engine.begin() as connection:
    context.configure(connection=connection)
    context.run_migrations()
""",
    "connection.begin() after configure()": """
with engine.connect() as connection:
    context.configure(connection=connection)
    with connection.begin():
        context.run_migrations()
""",
    "an earlier statement": """
with engine.connect() as connection:
    connection.execute(text("create schema if not exists shop"))
    connection.execute(text("set search_path to shop"))
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    getattr(connection, "commit", lambda: None)()
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_each_revision_has_its_own_transaction_whatever_env_py_begins(
    way: str, tmp_path: Path, postgres: Destination
) -> None:
    scripts = {"a": script("a"), "b": script("b", "a", 'def upgrade():\n    op.execute("select 1 / 0")\n')}
    environment = TRANSACTION.format(how=WAYS[way])
    with Child(write(tmp_path / "project", scripts, environment=environment), timeout=PATIENCE) as child:
        entered = child.enter(postgres)
        assert entered.external_transaction == (way in EXTERNAL)
        assert not entered.transaction_per_migration
        fine(child.step(UP, "a"))
        # What env.py has set for its session holds for the migrations.
        schema = "shop" if way == "an earlier statement" else "public"
        assert asked(postgres, "select schemaname from pg_tables where tablename = 't_a'") == [(schema,)]
        child.leave()
        child.enter(postgres)
        assert child.step(UP, "b").failure is not None
        assert child.enter(postgres).heads == ("a",)


def test_env_py_may_have_its_own_transaction(tmp_path: Path, postgres: Destination) -> None:
    environment = TRANSACTION.format(how=WAYS["engine.begin()"])
    scripts = {"a": script("a"), "b": script("b", "a", 'def upgrade():\n    op.execute("select 1 / 0")\n')}
    with Child(write(tmp_path / "project", scripts, environment=environment), timeout=PATIENCE) as child:
        assert child.enter(postgres, own_transactions=True).external_transaction
        fine(child.step(UP, "a"))
        assert asked(postgres, "select to_regclass('t_a')") == [(None,)]
        child.leave()
        assert asked(postgres, "select to_regclass('t_a')::text") == [("t_a",)]


POOLED = """
from alembic import context
from settings import engine

with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
POOLED_ASYNC = """
import asyncio
from alembic import context
from settings import engine


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    async with engine.connect() as connection:
        await connection.run_sync(run)


asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("environment", "engine"),
    [
        (POOLED, "from sqlalchemy import create_engine as make\nurl = 'postgresql+psycopg2://shop@db/shop'\n"),
        (
            POOLED_ASYNC,
            "from sqlalchemy.ext.asyncio import create_async_engine as make\nurl = 'postgresql+asyncpg://shop@db/shop'\n",
        ),
    ],
    ids=["sync", "async"],
)
def test_an_engine_that_outlives_env_py_goes_to_the_next_database(
    environment: str, engine: str, tmp_path: Path, server: str, postgres: Destination
) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {postgres.database}_next")
    following = replace(postgres, database=f"{postgres.database}_next")
    job = write(tmp_path / "project", {"a": script("a"), "b": script("b", "a")}, environment=environment)
    (job.folder / "settings.py").write_text(engine + "engine = make(url, pool_size=1, max_overflow=0)\n")
    with Child(job, timeout=PATIENCE) as child:
        child.enter(postgres)
        fine(child.step(UP, "a"))
        child.leave()
        assert in_use(postgres) == 0
        assert child.enter(following).heads == ()
        fine(child.step(UP, "a"))
        assert child.step(UP, "a").failure is not None
        assert in_use(following) == 0
        assert child.enter(postgres).heads == ("a",)
        fine(child.step(UP, "b"))


def test_what_is_asked_for_after_env_py_was_left_is_answered(tmp_path: Path, sqlite: Destination) -> None:
    with Child(write(tmp_path / "project", {"a": script("a")}), timeout=PATIENCE) as child:
        for command in (child.leave, child.models, lambda: child.stamp(["a"]), lambda: child.step(UP, "a")):
            with pytest.raises(ChildError, match="has been left"):
                command()
        assert child.enter(sqlite).heads == ()
    assert child.output() == ""


def test_an_autocommit_block_is_noticed(tmp_path: Path, postgres: Destination) -> None:
    scripts = {
        "a": script("a"),
        "b": script(
            "b",
            "a",
            """
            def upgrade():
                with op.get_context().autocommit_block():
                    op.create_index("i", "t_a", ["id"], postgresql_concurrently=True)
            """,
        ),
    }
    with Child(write(tmp_path / "project", scripts), timeout=PATIENCE) as child:
        child.enter(postgres)
        assert not fine(child.step(UP, "a")).autocommit
        assert fine(child.step(UP, "b")).autocommit


def test_an_env_py_that_swallows_errors_hides_no_failure(tmp_path: Path, postgres: Destination) -> None:
    environment = GENERIC.replace(
        "\nrun_migrations_online()\n",
        "\ntry:\n    run_migrations_online()\nexcept Exception as error:\n    print(error)\n",
    )
    job = write(tmp_path / "project", {"a": up('op.execute("select 1 / 0")')}, environment=environment)
    with Child(job, timeout=PATIENCE) as child:
        child.enter(postgres)
        failure = child.step(UP, "a").failure
        assert failure is not None
        assert failure.sqlstate == "22012"


def test_a_refusal_that_a_migration_swallows_fails_it(tmp_path: Path, postgres: Destination) -> None:
    body = """
try:
    sa.create_engine("mysql+pymysql://root@localhost/shop").connect()
except Exception:
    pass
op.execute("create table written (id int)")
"""
    failure = failed(tmp_path, postgres, body).failure
    assert failure is not None
    assert failure.cause is Cause.REFUSED
    assert "connects to mysql" in failure.message
    assert asked(postgres, "select to_regclass('written')") == [(None,)]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ("raise KeyError('DATABASE_URL')", "'DATABASE_URL'"),
        ("pass", "env.py came to its end without context.run_migrations()"),
        ("import sys; sys.exit('no')", "It called sys.exit('no')."),
        ("def broken(:", "invalid syntax"),
    ],
)
def test_an_env_py_that_does_not_get_there_says_why(
    environment: str, words: str, tmp_path: Path, sqlite: Destination
) -> None:
    job = write(tmp_path / "project", {"a": script("a")}, environment=environment)
    with Child(job, timeout=PATIENCE) as child, pytest.raises(ChildError) as caught:
        child.enter(sqlite)
    assert words in caught.value.failure.message
    if environment != "pass":
        assert caught.value.failure.place == Place(str(job.folder / "migrations" / "env.py"), 1)


def test_what_fails_in_a_library_is_told_at_the_line_that_imports_it(tmp_path: Path, sqlite: Destination) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "settings_of_others.py").write_text("raise LookupError('no settings')\n")
    environment = f"import sys\nfrom importlib import import_module\nsys.path.append({str(library)!r})\n\n"
    job = write(tmp_path / "project", {}, environment=f"{environment}import_module('settings_of_others')\n")
    with Child(job, timeout=PATIENCE) as child, pytest.raises(ChildError) as caught:
        child.enter(sqlite)
    assert caught.value.failure.place == Place(str(tmp_path / "project" / "migrations" / "env.py"), 5)


def test_a_failure_after_the_last_step_is_told_when_env_py_is_left(tmp_path: Path, sqlite: Destination) -> None:
    job = write(tmp_path / "project", {"a": script("a")}, environment=GENERIC + "raise RuntimeError('afterwards')\n")
    with Child(job, timeout=PATIENCE) as child:
        child.enter(sqlite)
        fine(child.step(UP, "a"))
        with pytest.raises(ChildError, match="afterwards"):
            child.leave()
        assert child.enter(sqlite).heads == ("a",)


@pytest.mark.parametrize(
    ("text", "words", "number"),
    [
        ("import nowhere\n" + script("a"), "No module named 'nowhere'", 1),
        (script("a") + "\nraise ValueError('at import')\n", "at import", 16),
        (script("a", "gone"), "gone", None),
    ],
)
def test_scripts_that_cannot_be_loaded_say_why(text: str, words: str, number: int | None, tmp_path: Path) -> None:
    job = write(tmp_path / "project", {"a": text})
    with Child(job, timeout=PATIENCE) as child, pytest.raises(ChildError) as caught:
        child.revisions()
    assert words in caught.value.failure.message
    if number is not None:
        assert caught.value.failure.place == line(tmp_path, number)


def test_a_project_that_connects_while_it_is_loaded_says_to_what(tmp_path: Path, postgres: Destination) -> None:
    connects = script("a") + "\nsa.create_engine('postgresql+psycopg2://shop@localhost/shop').connect().close()\n"
    job = write(tmp_path / "project", {"a": connects})
    with Child(job, timeout=PATIENCE) as child, pytest.raises(ChildError) as caught:
        child.revisions()
    assert caught.value.asked_for == "postgresql"
    with Child(job, timeout=PATIENCE, destination=postgres) as child:
        assert [one.id for one in child.revisions()] == ["a"]


def test_what_env_py_needs_is_passed_on(tmp_path: Path, sqlite: Destination) -> None:
    check = """
import os, sys
from alembic import context
assert context.get_x_argument(as_dictionary=True) == {"tenant": "one"}
assert os.environ["SHOP"] == "yes"
assert os.getcwd() == os.path.dirname(context.config.config_file_name)
assert not context.is_offline_mode()
assert not [name for name in sys.modules if name.startswith("pytest")]
import json, email
assert not hasattr(email, "ours")
"""
    job = write(tmp_path / "project", {"a": script("a")}, environment=check + GENERIC)
    # A module of the project that is called like one of Python's must not be ours by accident.
    (job.folder / "email.py").write_text("ours = True\n")
    (job.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    job = replace(job, x=("tenant=one",), environment=(("SHOP", "yes"),))
    with Child(job, timeout=PATIENCE) as child:
        assert child.enter(sqlite).dialect == "sqlite"


def test_models_are_compared_in_words(tmp_path: Path, postgres: Destination) -> None:
    models = """
import sqlalchemy as sa
target = sa.MetaData()
sa.Table("t_a", target, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20), index=True))
sa.Table("orders", target, sa.Column("a", sa.ForeignKey("t_a.id")))
sa.Table("hidden", target, sa.Column("id", sa.Integer))
"""
    environment = "from models import target\n" + GENERIC.replace("target_metadata = None", "target_metadata = target")
    environment = environment.replace(
        "target_metadata=target_metadata",
        'target_metadata=target, include_object=lambda o, name, *rest: name != "hidden"',
    )
    scripts = {"a": script("a"), "b": script("b", "a")}
    job = write(tmp_path / "project", scripts, environment=environment)
    (job.folder / "models.py").write_text(models)
    with Child(job, timeout=PATIENCE) as child:
        assert child.enter(postgres).has_models
        fine(child.step(UP, "a"))
        fine(child.step(UP, "b"))
        assert sorted(child.models()) == [
            "The database has the table t_b, which the models lack.",
            "The models have the column t_a.name, which the database lacks.",
            "The models have the index ix_t_a_name on t_a (name), which the database lacks.",
            "The models have the table orders, which the database lacks.",
        ]
        fine(child.step(DOWN, "b"))
        child.leave()


def test_a_function_of_the_project_prepares_the_database(tmp_path: Path, postgres: Destination) -> None:
    job = write(tmp_path / "project", {"a": script("a")})
    (job.folder / "setup.py").write_text(
        "from sqlalchemy import text\n\n\nclass Setup:\n    @staticmethod\n    def prepare(connection):\n"
        "        connection.execute(text('create table before (id int)'))\n"
    )
    with Child(job, timeout=PATIENCE) as child:
        child.prepare(postgres, "setup:Setup.prepare")
        assert asked(postgres, "select to_regclass('before')::text") == [("before",)]
        assert in_use(postgres) == 0
        with pytest.raises(ChildError, match="has no attribute 'nothing'"):
            child.prepare(postgres, "setup:nothing")


FLASK = """
from alembic import context
from flask import current_app

engine = current_app.extensions["migrate"].db.engine
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=current_app.extensions["migrate"].db.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
APPLICATION = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://shop@db.internal/shop"
    db.init_app(app)
    Migrate(app, db)
    return app
"""


def flask(folder: Path) -> Job:
    job = write(folder / "project", {"a": script("a")}, environment=FLASK)
    migrations = job.folder / "migrations"
    (job.folder / "alembic.ini").rename(migrations / "alembic.ini")
    return replace(job, config=migrations / "alembic.ini", script_location=migrations)


def test_flask_migrate_runs_within_its_application(tmp_path: Path, postgres: Destination) -> None:
    job = flask(tmp_path)
    (job.folder / "app.py").write_text(APPLICATION)
    with Child(job, timeout=PATIENCE) as child:
        assert child.enter(postgres).driver == "psycopg2"
        fine(child.step(UP, "a"))
        child.leave()
    assert asked(postgres, "select version_num from alembic_version") == [("a",)]


def test_a_flask_application_that_is_not_found_is_asked_for(tmp_path: Path) -> None:
    with Child(flask(tmp_path), timeout=PATIENCE) as child, pytest.raises(ChildError) as caught:
        child.revisions()
    assert "--env FLASK_APP=package:create_app" in caught.value.failure.message


if sys.platform == "linux":  # The other systems do not tell a process that its parent was killed.

    def test_a_child_dies_with_its_parent(tmp_path: Path, sqlite: Destination) -> None:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        body = f"import time\nfile = open({str(fifo)!r}, 'w')\nprint('here', file=file, flush=True)\ntime.sleep(600)"
        job = write(tmp_path / "project", {"a": up(body)})
        program = (
            "from pathlib import Path\nfrom migration_guard.roundtripping.servers.destination import Destination\n"
            "from migration_guard.roundtripping.worker.client import Child, Direction, Job\n"
            f"child = Child(Job(folder=Path({str(job.folder)!r}), config=Path({str(job.config)!r})), timeout=600)\n"
            f"child.enter(Destination(dialect='sqlite', database={sqlite.database!r}))\n"
            "child.step(Direction.UPGRADE, 'a')\n"
        )
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, cwd=Path(__file__).parent.parent) as parent, fifo.open() as reader:
            assert reader.readline() == "here\n"
            parent.kill()
            assert reader.read() == "", "The end of what nobody can write to any more."
