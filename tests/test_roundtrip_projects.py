"""Projects as people write them, on PostgreSQL unless they say otherwise: is the verdict right, and is it said well?"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import alembic
import pytest
from projects import GENERIC as LEGACY
from projects import script, write
from servers import NEWEST, address, private

from migration_guard import cli

# Connections as SQLAlchemy 2 has them, with 1.4, too.
GENERIC = LEGACY.replace('prefix="sqlalchemy.", ', 'prefix="sqlalchemy.", future=True, ')
Findings = list[tuple[str, str, int]]
USERS = """
def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, nullable=False))


def downgrade():
    op.drop_table("users")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with private(NEWEST) as found:
        yield address(found)


class Run:
    """What one run came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        report = json.loads(out) if out else {"findings": [], "summary": {}, "proofs": []}
        self.code, self.err = code, err
        self.notes: list[str] = report["summary"].get("notes", [])
        self.proofs = report["proofs"]
        self.found: Findings = [(Path(one["path"]).stem, one["code"], one["line"]) for one in report["findings"]]
        self.said = "\n".join(f"{one['message']}\n{one['help']}" for one in report["findings"])
        self.unproven = "\n".join(said for proof in self.proofs for said in proof["unproven"])


Try = Callable[..., Run]


@pytest.fixture
def attempt(server: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Try:
    """Run the round trip as a person does."""
    monkeypatch.setenv("MIGRATION_GUARD_DATABASE_URL", server)

    def run(folder: Path, *arguments: object) -> Run:
        if "sqlite" in arguments:
            monkeypatch.delenv("MIGRATION_GUARD_DATABASE_URL", raising=False)
        code = cli.run(["roundtrip", str(folder), "--output-format", "json", *map(str, arguments)])
        return Run(code, *capfd.readouterr())

    return run


def functions(upgrade: str, downgrade: str = "pass") -> str:
    """A migration's body: line 9 of its file is `def upgrade`, the first statement stands on line 10."""
    up, down = (textwrap.indent(textwrap.dedent(one).strip(), "    ") for one in (upgrade, downgrade))
    return f"\ndef upgrade():\n{up}\n\n\ndef downgrade():\n{down}\n"


def chain(
    folder: Path, *bodies: str, environment: str = GENERIC, url: str = "postgresql://nobody@nowhere/nothing"
) -> Path:
    """A project with revisions a, b, c ..., one after the other."""
    names = "abcdefgh"[: len(bodies)]
    parents = dict(zip(names, (None, *names), strict=False))
    texts = {name: script(name, parents[name], body) for name, body in zip(names, bodies, strict=True)}
    write(folder, texts, environment=environment, url=url)
    return folder


COMMITS = [
    pytest.param(
        "bind = op.get_bind()\nbind.execute(sa.text('UPDATE users SET name = name'))\nbind.commit()", 12, id="commit"
    ),
    pytest.param("op.add_column('users', sa.Column('age', sa.Integer))\nop.get_bind().rollback()", 11, id="rollback"),
]


@pytest.mark.parametrize(("body", "line"), COMMITS)
def test_what_comes_after_a_commit_of_its_own_is_never_committed(
    attempt: Try, tmp_path: Path, body: str, line: int
) -> None:
    result = attempt(chain(tmp_path, USERS, functions(body)))
    assert (result.code, result.found) == (1, [("b_", "MG751", line)])
    assert "nobody commits what comes after that" in result.said


def test_a_session_on_the_connection_of_the_migration_may_commit(attempt: Try, tmp_path: Path) -> None:
    work = """
    from sqlalchemy.orm import Session
    session = Session(bind=op.get_bind())
    session.execute(sa.text("INSERT INTO users VALUES (-1, 'root')"))
    session.commit()
    op.add_column("users", sa.Column("age", sa.Integer))
    """
    back = "op.drop_column('users', 'age')\nop.execute('DELETE FROM users WHERE id = -1')"
    assert attempt(chain(tmp_path, USERS, functions(work, back))).code == 0


ENVIRONMENTS = {
    "no begin_transaction": (
        "        with context.begin_transaction():\n            context.run",
        "        context.run",
    ),
    "a statement before": (
        "context.configure(",
        "connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS app')\n        context.configure(",
    ),
    "begin": ("connectable.connect()", "connectable.begin()"),
    "each its own": ("target_metadata=", "transaction_per_migration=True, target_metadata="),
}
INDEX = """
with op.get_context().autocommit_block():
    op.create_index("ix_name", "users", ["name"], postgresql_concurrently=True)
"""


@pytest.mark.parametrize(
    ("name", "found"), [("no begin_transaction", [("a_", "MG751", 9)]), ("a statement before", [("a_", "MG751", 9)])]
)
def test_what_env_py_itself_never_commits_is_told(attempt: Try, tmp_path: Path, name: str, found: Findings) -> None:
    result = attempt(chain(tmp_path, USERS, environment=GENERIC.replace(*ENVIRONMENTS[name])))
    assert (result.code, result.found) == (1, found)
    assert "nobody has committed it" in result.said
    assert "a commit behind what env.py itself executes" in result.said


@pytest.mark.parametrize(("name", "found"), [("begin", [("b_", "MG751", 10)]), ("each its own", [])])
def test_what_fails_only_as_env_py_has_it_is_told(attempt: Try, tmp_path: Path, name: str, found: Findings) -> None:
    body = functions(INDEX, "op.drop_index('ix_name')")
    result = attempt(chain(tmp_path, USERS, body, environment=GENERIC.replace(*ENVIRONMENTS[name])))
    assert result.found == found
    assert ("cannot work in a transaction that Alembic has not begun" in result.said) == bool(found)


def test_what_env_py_complains_of_at_its_end_is_no_migration_s_fault(attempt: Try, tmp_path: Path) -> None:
    result = attempt(chain(tmp_path, USERS, environment=GENERIC + "\nraise RuntimeError('after it all')\n"))
    assert (result.code, result.found) == (2, [])
    assert "env.py fails after the migrations" in result.unproven
    assert "after it all" in result.unproven


def test_env_py_may_exit_behind_the_migrations(attempt: Try, tmp_path: Path) -> None:
    assert attempt(chain(tmp_path, USERS, environment=GENERIC + "\nimport sys\nsys.exit()\n")).code == 0


TENANTS = (
    GENERIC[: GENERIC.index("    with connectable")]
    + """
    with connectable.connect() as connection:
        for tenant in ("one", "two"):
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {tenant}")
            connection.exec_driver_sql(f"SET search_path TO {tenant}")
            connection.commit()
            context.configure(connection=connection, version_table_schema=tenant)
            with context.begin_transaction():
                context.run_migrations()


run_migrations_online()
"""
)


def test_what_env_py_makes_for_each_tenant_is_nobody_s_trace(attempt: Try, tmp_path: Path) -> None:
    result = attempt(chain(tmp_path, USERS, environment=TENANTS))
    assert (result.code, result.found) == (0, [])
    assert any("several times" in note for note in result.notes)


NAMED = """
from alembic import context
from sqlalchemy import create_engine

for name in ("", "logs"):
    with create_engine("postgresql://nobody@nowhere/" + name, future=True).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
"""


def test_each_database_that_only_env_py_knows_makes_its_trip(attempt: Try, tmp_path: Path) -> None:
    body = """
    def upgrade(engine_name):
        op.create_table(f"t_{engine_name}", sa.Column("id", sa.Integer))


    def downgrade(engine_name):
        if engine_name == "":
            op.drop_table("t_")
    """
    result = attempt(chain(tmp_path, body, environment=NAMED))
    assert {code for _, code, _ in result.found} == {"MG753", "MG754"}
    assert "Table t_logs is left behind" in result.said
    assert [proof["proven"] for proof in result.proofs] == [1, 0]


def test_what_env_py_asks_of_the_command_line_is_answered(attempt: Try, tmp_path: Path) -> None:
    asks = """
import os
assert context.get_x_argument(as_dictionary=True) == {"tenant": "one"}
assert os.environ["SETTINGS"] == "test"
assert context.get_revision_argument() and context.get_tag_argument() is None
assert not context.is_offline_mode() and config.cmd_opts.cmd[0].__name__ == "upgrade"
"""
    environment = GENERIC.replace("target_metadata = None\n", f"target_metadata = None\n{asks}")
    result = attempt(chain(tmp_path, USERS, environment=environment), "-x", "tenant=one", "--env", "SETTINGS=test")
    assert result.code == 0, result.err


WORDS = [
    pytest.param("op.execute('SELECT nope FROM users')", 'column "nope" does not exist.', id="caret"),
    pytest.param(
        "op.execute('INSERT INTO users VALUES (1, NULL)')",
        'null value in column "name" of relation "users" violates not-null constraint. Failing row contains (1, null).',
        id="detail",
    ),
    pytest.param(
        "import os\nos.environ['TENANT']", "the environment variable TENANT is not set. Give it", id="variable"
    ),
    pytest.param("import os\nos._exit(0)", "The process that ran it ended with exit code 0.\n", id="exit"),
    pytest.param("input('sure?')", "EOFError: EOF when reading a line.", id="input"),
]


@pytest.mark.parametrize(("body", "sentence"), WORDS)
def test_a_failure_is_one_clean_sentence(attempt: Try, tmp_path: Path, body: str, sentence: str) -> None:
    result = attempt(chain(tmp_path, USERS, functions(body)))
    assert [found[:2] for found in result.found] == [("b_", "MG751")]
    assert f"upgrade() fails: {sentence}" in result.said
    assert "It failed in" not in result.said


def test_a_missing_function_is_said_to_be_missing(attempt: Try, tmp_path: Path) -> None:
    (up, down), empty = USERS.split("\n\n\n"), "\n"
    result = attempt(chain(tmp_path / "no_way_back", up + empty), "--database", "sqlite")
    assert (result.found, "taken back: there is none." in result.said) == ([("a_", "MG752", 9)], True)
    result = attempt(chain(tmp_path / "no_way", down + empty), "--database", "sqlite")
    assert ([code for _, code, _ in result.found], "fails: there is none." in result.said) == (["MG751"], True)


LEFT_OPEN = [
    pytest.param("op.execute('CREATE TEMPORARY TABLE copied AS SELECT * FROM users')", id="temporary table"),
    pytest.param(
        "global kept\nkept = op.get_bind().engine.connect()\nkept.execute(sa.text('LOCK TABLE users'))",
        id="locks",
    ),
    pytest.param(
        "global kept\nimport psycopg\nkept = psycopg.connect('')\nkept.execute('SELECT * FROM pg_class')",
        id="a driver's",
    ),
]


@pytest.mark.parametrize("body", LEFT_OPEN)
def test_what_ends_with_the_process_is_no_trace(attempt: Try, tmp_path: Path, body: str) -> None:
    table = functions("op.create_table('plans', sa.Column('id', sa.Integer))", "op.drop_table('plans')")
    environment = GENERIC.replace("target_metadata=", "transaction_per_migration=True, target_metadata=")
    result = attempt(chain(tmp_path, USERS, functions(body), table, environment=environment), "--timeout", "20")
    assert (result.code, result.found) == (0, []), result.said + result.err


def test_an_upgrade_that_needs_rows_is_told_where_nobody_has_any(attempt: Try, tmp_path: Path) -> None:
    needs = functions("op.get_bind().execute(sa.text('SELECT id FROM users LIMIT 1')).one()")
    result = attempt(chain(tmp_path, USERS, needs, functions("pass")))
    assert (result.code, result.found) == (1, [("b_", "MG751", 10)])
    assert "upgrade() fails on tables without rows: NoResultFound" in result.said


def test_what_the_server_must_not_do_is_not_proven_rather_than_wrong(attempt: Try, tmp_path: Path) -> None:
    result = attempt(chain(tmp_path, functions("op.execute('CREATE ROLE reader')", "op.execute('DROP ROLE reader')")))
    assert (result.code, result.found) == (2, [])
    assert "Revision a could not be tried: This reaches beyond the throwaway database" in result.unproven


def test_the_cure_names_the_schema(attempt: Try, tmp_path: Path) -> None:
    makes = functions(
        "op.execute('CREATE SCHEMA app')\nop.create_table('users', sa.Column('id', sa.Integer), schema='app')",
        "op.execute('SELECT 1')",
    )
    adds = functions("op.add_column('users', sa.Column('age', sa.Integer), schema='app')")
    result = attempt(chain(tmp_path, makes, adds))
    assert ("b_", "MG753", 10) in result.found
    assert 'op.drop_column("users", "age", schema="app")' in result.said
    assert 'op.drop_table("users", schema="app")' in result.said


LOADING = [
    pytest.param(
        {"a": script("a"), "b": script("b", "zz")}, "A revision names 'zz' as one that comes before", id="parent"
    ),
    pytest.param({"a": script("a"), "b": script("a")}, "Two files are the revision a,", id="duplicate"),
    pytest.param({"a": script("a", "b"), "b": script("b", "a")}, "Cycle is detected in revisions", id="cycle"),
    pytest.param({"a": "import nowhere\n"}, "install migration-guard beside the application.", id="import"),
    pytest.param({"a": "def upgrade(:\n"}, "a_.py:1): SyntaxError", id="syntax"),
]


@pytest.mark.parametrize(("scripts", "words"), LOADING)
def test_what_cannot_be_loaded_is_said_with_what_to_do(
    attempt: Try, tmp_path: Path, scripts: dict[str, str], words: str
) -> None:
    write(tmp_path, scripts, url="sqlite://")
    result = attempt(tmp_path, "--database", "sqlite")
    assert (result.code, words in result.err) == (2, True), result.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prepare", "nowhere:make"], "--prepare: nowhere:make fails: ModuleNotFoundError"),
        (["--database", "oracle"], "'oracle' is none of auto"),
        (["--only", "zz"], "there is no revision 'zz'"),
    ],
)
def test_a_wrong_option_is_answered(attempt: Try, tmp_path: Path, options: list[str], words: str) -> None:
    result = attempt(chain(tmp_path, USERS, url="sqlite://"), *options)
    assert (result.code, words in result.err) == (2, True), result.err


def test_a_database_that_we_do_not_know_is_not_replaced_in_silence(
    attempt: Try, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MIGRATION_GUARD_DATABASE_URL")
    result = attempt(chain(tmp_path, USERS, url="oracle://nobody@nowhere/nothing"))
    assert (result.code, "sqlalchemy.url names oracle, for which there is no round trip" in result.err) == (2, True)


def test_who_selects_the_comparison_with_the_models_gets_it(attempt: Try, tmp_path: Path) -> None:
    environment = GENERIC.replace(
        "target_metadata = None",
        "import sqlalchemy as sa\ntarget_metadata = sa.MetaData()\n"
        "sa.Table('plans', target_metadata, sa.Column('id', sa.Integer))",
    )
    result = attempt(chain(tmp_path, USERS, environment=environment), "--select", "MG757")
    assert [code for _, code, _ in result.found] == ["MG757", "MG757"]
    assert "The models have the table plans, which the database lacks." in result.said


TEMPLATES = sorted(path.name for path in Path(alembic.__file__).parent.glob("templates/*") if path.name != "multidb")


@pytest.mark.parametrize("template", [name for name in TEMPLATES if not name.startswith("_")])
def test_alembic_s_templates_run_as_they_are(attempt: Try, tmp_path: Path, template: str) -> None:
    command = [sys.executable, "-m", "alembic", "init", "-t", template, "migrations"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "migrations" / "versions" / "a.py").write_text(script("a", None, USERS))
    result = attempt(tmp_path)
    assert (result.code, result.found) == (0, []), result.err


HANDED_OVER = """
from alembic import context

connection = context.config.attributes{how}
if connection is None:
    raise Exception("STOP and read the README.")
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
"""


@pytest.mark.parametrize("how", ['["connection"]', '.get("connection", None)'])
@pytest.mark.parametrize("url", ["sqlite://", "postgresql://nobody@nowhere/nothing"])
def test_an_env_py_that_must_be_handed_a_connection_gets_one(attempt: Try, tmp_path: Path, how: str, url: str) -> None:
    body = functions("op.create_table('users', sa.Column('id', sa.Integer))", "op.drop_table('users')")
    result = attempt(chain(tmp_path, body, environment=HANDED_OVER.format(how=how), url=url))
    assert (result.code, result.found) == (0, [])


def test_an_error_that_the_migration_swallows_is_told_where_it_was(attempt: Try, tmp_path: Path) -> None:
    swallows = """
    try:
        op.execute("ALTER TABLE absent ADD COLUMN age int")
    except Exception:
        pass
    op.create_table("users", sa.Column("id", sa.Integer))
    """
    result = attempt(chain(tmp_path, functions(swallows)))
    assert result.found == [("a_", "MG751", 11)]
    assert 'relation "absent" does not exist. The migration catches this error' in result.said
    assert "ALTER TABLE absent" in result.said
