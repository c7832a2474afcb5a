"""The round trip as a person runs it: what it finds, what it leaves alone, what it says where it cannot go on."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import script, write
from test_samples import SAMPLES, expected

from migration_guard import baseline, cli
from migration_guard.config.roundtrip import TripConfig
from migration_guard.model.finding import Report
from migration_guard.roundtripping.engine import Request, round_trip
from migration_guard.roundtripping.project import choose

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = cli.run(["roundtrip", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def codes(out: str) -> list[tuple[str, str]]:
    """What a concise report says: file and code."""
    return re.findall(r"(\w+\.py)(?::\d+:\d+)?: (MG\d+)", out)


def test_every_defect_of_the_sample_is_found_where_the_comments_say(run: Run) -> None:
    code, out, _ = run(SAMPLES / "one_way", "--output-format", "json")
    found = {(Path(one["path"]).name, one["line"], one["code"]) for one in json.loads(out)["findings"]}
    assert (code, found) == (1, expected(SAMPLES / "one_way"))


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_the_shop_comes_back_as_it_was(run: Run, database: str) -> None:
    code, out, err = run(SAMPLES / "shop", "--database", database)
    assert (code, "Nothing found in 16 revisions" in out) == (0, True), out + err
    assert "Declared irreversible, so only upgraded: dc13." in out


def test_a_failed_upgrade_ends_its_descendants_only(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a": script("a"),
            "b": script("b", "a", "def upgrade():\n    op.drop_table('absent')\n\ndef downgrade():\n    pass\n"),
            "c": script("c", "b"),
            "d": script("d", "a"),
            "e": script("e", ("c", "d"), "def upgrade():\n    pass\n\ndef downgrade():\n    pass\n"),
        },
        url="sqlite:///shop.db",
    )
    code, out, _ = run(tmp_path)
    assert code == 1
    assert "no such table: absent" in out
    assert "2 of 3 revisions went up, down and up again" in out
    assert "Not tried, because what they need fails: c, e." in out
    assert not (tmp_path / "shop.db").exists()


def test_after_a_failed_downgrade_the_way_goes_on_from_its_upgrade(run: Run, tmp_path: Path) -> None:
    wrong = "def upgrade():\n    op.create_table('plans', sa.Column('id', sa.Integer))\n\n"
    wrong += "def downgrade():\n    op.execute('CREATE TABLE half (id int)')\n    op.drop_table('plan')\n"
    right = "def upgrade():\n    op.add_column('plans', sa.Column('name', sa.Text))\n\n"
    right += "def downgrade():\n    op.drop_column('plans', 'name')\n"
    write(tmp_path, {"a": script("a", None, wrong), "b": script("b", "a", right)}, url="sqlite://")
    code, out, _ = run(tmp_path, "--output-format", "concise")
    assert (code, codes(out)) == (1, [("a_.py", "MG752")])


BRANCHES = {
    "a": script("a"),
    "b": script("b", "a"),
    "c": script("c", "b"),
}


@pytest.mark.parametrize(
    ("options", "tried"),
    [
        (["--only", "b"], ["b"]),
        (["--revisions", "a:"], ["b", "c"]),
        (["--revisions", ":b"], ["a", "b"]),
        ([], ["a", "b", "c"]),
    ],
)
def test_only_what_is_selected_makes_the_trip(run: Run, tmp_path: Path, options: list[str], tried: list[str]) -> None:
    write(tmp_path, BRANCHES, url="sqlite://")
    code, out, err = run(tmp_path, *options)
    assert code == 0
    assert f"{len(tried)} of {len(tried)} revision" in out
    assert [line.split()[0] for line in err.splitlines()][-1:] == tried[-1:]


def test_what_a_git_ref_has_is_upgraded_once(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {name: BRANCHES[name] for name in ("a", "b")}, url="sqlite://")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "old"]):
        subprocess.run([*git, *arguments], check=True)
    (versions,) = tmp_path.rglob("versions")
    (versions / "a_.py").rename(versions / "another_name.py")
    (versions / "c_.py").write_text(BRANCHES["c"])
    code, out, _ = run(tmp_path, "--since", "HEAD")
    assert (code, "1 of 1 revision went" in out) == (0, True)
    code, _, err = run(tmp_path, "--since", "origin/main")
    assert (code, "git has no commit 'origin/main' here. Name a branch" in err) == (2, True)


def test_shards_spread_a_history_over_machines(run: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        {name: script(name, before) for name, before in (("a", None), ("b", "a"), ("c", "b"))},
        url="sqlite://",
    )
    code, out, _ = run(tmp_path, "--shard", "2/2")
    assert (code, "2 of 2 revisions went" in out, "These were part 2 of 2" in out) == (0, True, True)
    assert "there was no revision to try" in run(tmp_path, "--shard", "1/5")[1]
    for wrong in ("0/2", "3/2", "2", "a/b"):
        code, _, err = run(tmp_path, "--shard", wrong)
        assert (code, f"--shard: '{wrong}' is no part of a whole. Write 1/4" in err) == (2, True)


def test_a_target_says_which_database(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"a": script("a")})
    assert "Run on SQLite" in run(tmp_path, "--target", "sqlite")[1]
    assert "Run on PostgreSQL" in run(tmp_path, "--target", "postgresql 16")[1]


def test_a_baseline_and_a_start_hold_for_the_round_trip(run: Run, tmp_path: Path) -> None:
    keeps = "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer))\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a", None, keeps)}, url="sqlite://")
    assert run(tmp_path)[0] == 1
    (tmp_path / "migration-guard.toml").write_text('start-after = "a"\n')
    assert run(tmp_path)[0] == 0
    (tmp_path / "migration-guard.toml").unlink()
    report = roundtrip_of(tmp_path)
    (tmp_path / "known.json").write_text(baseline.written(report, tmp_path / "known.json", tmp_path)[0])
    code, out, _ = run(tmp_path, "--baseline", tmp_path / "known.json")
    assert (code, "0 of 1 revision went" in out) == (0, True)


def roundtrip_of(folder: Path) -> Report:
    return round_trip(choose(folder, folder), folder, Request(TripConfig()))


def test_a_history_that_starts_elsewhere_is_prepared(run: Run, tmp_path: Path) -> None:
    adds = "def upgrade():\n    op.add_column('users', sa.Column('age', sa.Integer))\n\n"
    adds += "def downgrade():\n    op.drop_column('users', 'age')\n"
    write(tmp_path, {"a": script("a", None, adds)}, url="sqlite://")
    code, out, _ = run(tmp_path)
    assert (code, "--prepare" in out) == (1, True)
    (tmp_path / "before.sql").write_text("CREATE TABLE users (id integer primary key); -- that is all\n")
    assert run(tmp_path, "--prepare", tmp_path / "before.sql")[0] == 0
    (tmp_path / "shop_models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table('users', metadata, sa.Column('id', sa.Integer))\n"
    )
    assert run(tmp_path, "--prepare", "shop_models:metadata.create_all")[0] == 0
    code, _, err = run(tmp_path, "--prepare", "befor.sql")
    assert (code, "there is no file befor.sql" in err) == (2, True)


def test_a_dump_is_gone_on_from(run: Run, tmp_path: Path) -> None:
    write(tmp_path, BRANCHES, url="postgresql://localhost/shop")
    (tmp_path / "dump.sql").write_text(
        "CREATE TABLE t_a (id integer PRIMARY KEY);\nCREATE TABLE t_b (id integer PRIMARY KEY);\n"
        "COPY t_b (id) FROM stdin;\n1\n2\n\\.\n"
    )
    code, out, err = run(tmp_path, "--prepare", tmp_path / "dump.sql", "--from", "b")
    assert (code, "1 of 1 revision went" in out) == (0, True), out + err


def test_each_database_of_a_project_makes_its_own_trip(run: Run, tmp_path: Path) -> None:
    from projects import MULTIDB

    body = """
    def upgrade(engine_name):
        globals()[f"upgrade_{engine_name}"]()

    def downgrade(engine_name):
        globals()[f"downgrade_{engine_name}"]()

    def upgrade_shop():
        op.create_table("orders", sa.Column("id", sa.Integer))

    def downgrade_shop():
        op.drop_table("orders")

    def upgrade_stock():
        op.create_table("parts", sa.Column("id", sa.Integer))

    def downgrade_stock():
        pass
    """
    ini = "databases = shop, stock\n\n[shop]\nsqlalchemy.url = sqlite://\n\n[stock]\nsqlalchemy.url = sqlite://\n"
    write(tmp_path, {"a": script("a", None, body)}, environment=MULTIDB, url=None, ini=ini)
    code, out, err = run(tmp_path, "--output-format", "concise", "--select", "MG753")
    assert (code, out.count("MG753")) == (1, 1), out + err
    assert "Table parts is left behind" in out


def test_a_hang_is_ended_and_said(run: Run, tmp_path: Path) -> None:
    hangs = "def upgrade():\n    import threading\n    threading.Event().wait()\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a", None, hangs), "b": script("b", None)}, url="sqlite://")
    code, out, _ = run(tmp_path, "--timeout", "2", "--output-format", "concise")
    assert (code, codes(out)) == (1, [("a_.py", "MG751")])
    assert "within 2 seconds" in out


def test_what_env_py_does_otherwise_is_tried_as_it_does_it(run: Run, tmp_path: Path) -> None:
    environment = """
    from alembic import context
    from sqlalchemy import create_engine

    with create_engine("postgresql://localhost/shop").begin() as connection:
        context.configure(connection=connection)
        context.run_migrations()
    """
    import textwrap

    concurrently = """
    def upgrade():
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix ON t_a (id)")

    def downgrade():
        op.execute("DROP INDEX ix")
    """
    scripts = {"a": script("a"), "b": script("b", "a", concurrently)}
    write(tmp_path, scripts, environment=textwrap.dedent(environment), url=None)
    code, out, err = run(tmp_path, "--output-format", "concise")
    assert (code, codes(out)) == (1, [("b_.py", "MG751")]), out + err
    assert "as env.py runs it" in out


def test_an_extension_that_the_server_lacks_is_no_fault_of_the_migration(run: Run, tmp_path: Path) -> None:
    extension = "def upgrade():\n    op.execute('CREATE EXTENSION no_such_thing')\n\ndef downgrade():\n    pass\n"
    scripts = {"a": script("a", None, extension), "b": script("b", "a")}
    write(tmp_path, scripts, url="postgresql://localhost/shop")
    code, out, _ = run(tmp_path)
    assert (code, "Nothing found" in out) == (2, True)
    assert "lacks the extension no_such_thing, which revision a needs" in out


def test_models_are_compared_where_asked_for(run: Run, tmp_path: Path) -> None:
    write(tmp_path, {"a": script("a")}, url="sqlite://")
    code, out, _ = run(tmp_path, "--models")
    assert (code, "env.py hands over no target_metadata, or an empty one" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--database", "oracle"], "--database: 'oracle' is none of auto, postgresql, mysql, mariadb, sqlite."),
        (["--rows", "-1"], "--rows: -1 is no number of rows."),
        (["--timeout", "0"], "--timeout: 0.0 is no number of seconds."),
        (["--env", "NAME"], "--env: 'NAME' sets no variable. Write NAME=VALUE."),
        (["--only", "zz"], "--only: there is no revision 'zz' in this history."),
        (["--revisions", "a"], "--revisions: 'a' is no range."),
        (["-n", "other"], "-n other: there is no section [other] with migrations."),
        (["--database-url", "mysql://localhost/x", "--database", "postgresql"], "mysql"),
    ],
)
def test_wrong_options_get_a_sentence(run: Run, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    write(tmp_path, BRANCHES, url="sqlite://")
    code, out, err = run(tmp_path, *arguments)
    assert (code, out, sentence in err) == (2, "", True), err
    assert "Traceback" not in err


def test_a_project_that_cannot_be_run_gets_a_sentence(run: Run, tmp_path: Path) -> None:
    write(tmp_path, BRANCHES, environment="import no_such_module\n", url="sqlite://")
    code, _, err = run(tmp_path)
    assert (code, "env.py:1): ModuleNotFoundError: No module named 'no_such_module'" in err) == (2, True), err
    (tmp_path / "empty").mkdir()
    code, _, err = run(tmp_path / "empty")
    assert (code, "There are no migrations in" in err) == (2, True)


def test_the_table_of_the_configuration_is_read(run: Run, tmp_path: Path) -> None:
    write(tmp_path, BRANCHES, url="sqlite://")
    (tmp_path / "migration-guard.toml").write_text('[roundtrip]\nrows = 0\nfull-trip = false\nenv = { A = "b" }\n')
    code, out, _ = run(tmp_path)
    assert (code, "rows of ours" in out) == (0, False)
    (tmp_path / "migration-guard.toml").write_text("[roundtrip]\nrow = 0\n")
    code, _, err = run(tmp_path)
    assert (code, "there is no option 'row' in [roundtrip]. Did you mean rows?" in err) == (2, True)


def test_a_project_may_be_reached_through_a_link(run: Run, tmp_path: Path) -> None:
    wrong = "def upgrade():\n    op.create_table('plans', sa.Column('id', sa.Integer))\n\n"
    wrong += "def downgrade():\n    raise ValueError('not that way')\n"
    write(tmp_path / "real", {"a": script("a", None, wrong)}, url="sqlite://")
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    code, out, _ = run(tmp_path / "link")
    assert (code, "taken back: ValueError: not that way." in out) == (1, True), out


def test_an_empty_downgrade_is_one_finding(run: Run, tmp_path: Path) -> None:
    both = "def upgrade():\n    op.create_table('b', sa.Column('id', sa.Integer))\n"
    both += "    op.create_table('a', sa.Column('id', sa.Integer))\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a", None, both)}, url="sqlite://")
    code, out, _ = run(tmp_path, "--output-format", "concise", "--select", "MG753")
    assert (code, out.count("MG753")) == (1, 1)
    assert "Table a is left behind and Table b is left behind after upgrade() and downgrade()." in out


def test_rows_learn_from_a_failure_what_they_should_be_like(run: Run, tmp_path: Path) -> None:
    makes = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer, primary_key=True),"
    makes += " sa.Column('colour', sa.Text))\n\ndef downgrade():\n    op.drop_table('users')\n"
    casts = """
    def upgrade():
        op.execute("CREATE TYPE colour AS ENUM ('red', 'green')")
        op.execute("ALTER TABLE users ALTER colour TYPE colour USING colour::colour")

    def downgrade():
        op.execute("ALTER TABLE users ALTER colour TYPE text")
        op.execute("DROP TYPE colour")
    """
    write(tmp_path, {"a": script("a", None, makes), "b": script("b", "a", casts)}, url="postgresql://localhost/shop")
    code, out, _ = run(tmp_path)
    assert (code, "2 of 2 revisions went up, down and up again" in out) == (0, True), out


def test_revisions_that_only_ask_are_counted(run: Run, tmp_path: Path) -> None:
    asks = "def upgrade():\n    op.execute('SELECT 1')\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a"), "b": script("b", "a", asks)}, url="sqlite://")
    _, out, _ = run(tmp_path)
    assert "1 revision sent nothing but queries in its upgrade" in out


def test_what_could_not_be_proven_is_said_in_every_format(run: Run, tmp_path: Path) -> None:
    extension = "def upgrade():\n    op.execute('CREATE EXTENSION no_such_thing')\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a", None, extension)}, url="postgresql://localhost/shop")
    code, out, err = run(tmp_path, "--output-format", "github")
    assert (code, out, "Not proven: This database" in err) == (2, "", True)
