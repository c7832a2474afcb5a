"""Which databases a history is judged for where nobody has configured any, and what of that is reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import GENERIC, script, write

from migration_guard.engine import lint
from migration_guard.model.finding import Report
from migration_guard.reading.discovery.declared_databases import MOST_FILES, named_databases
from migration_guard.reading.discovery.project import find
from migration_guard.regular_files import LARGEST_CONFIGURATION

MADE = script("a1", None, 'def upgrade():\n    op.create_table("crates", sa.Column("label", sa.String(40)))\n')
INDEX = '    op.create_index("ix_crates_label", "crates", ["label"]{keywords})\n'
OVERRIDES = GENERIC.replace("config = context.config", "config = context.config\nurl = os.environ['DATABASE_URL']")
POSTGRESQL, SQLITE = "postgresql 14", "sqlite 3.37"


def judged(folder: Path, *bodies: str, url: str = "", environment: str = GENERIC, **files: str) -> Report:
    """The report of a history that makes a table, and then does these."""
    later = {
        f"b{number}": script(f"b{number}", f"b{number - 1}" if number else "a1", body)
        for number, body in enumerate(bodies)
    }
    write(folder, {"a1": MADE, **later}, url=url, environment=environment)
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return lint([folder], folder)


def indexed(keywords: str = "", before: str = "") -> str:
    return f"def upgrade():\n{before}{INDEX.format(keywords=keywords)}"


IS_POSTGRESQL = "    if op.get_bind().dialect.name == 'postgresql':\n        op.execute(\"SET lock_timeout = '5s'\")\n"


def test_the_code_asks_for_a_server_beside_the_url_of_sqlite(tmp_path: Path) -> None:
    report = judged(tmp_path, indexed(before=IS_POSTGRESQL), url="sqlite:///app.db")
    assert report.summary.target == (POSTGRESQL, SQLITE)
    assert "MG401" in {finding.code for finding in report.findings}
    assert report.summary.assumed == (
        "1 migration asks for postgresql; sqlalchemy.url names sqlite; no version is configured"
    )


def test_sqlite_that_nothing_contradicts_is_all_there_is_and_that_turns_the_lock_rules_off(tmp_path: Path) -> None:
    report = judged(tmp_path, indexed(), url="sqlite:///app.db")
    assert report.summary.target == (SQLITE,)
    assert report.summary.assumed.endswith("for SQLite alone the lock rules are off")


def test_the_url_of_sqlite_decides_nothing_where_env_py_takes_another(tmp_path: Path) -> None:
    report = judged(tmp_path, indexed(), url="sqlite:///will/be/overridden", environment=OVERRIDES)
    assert (report.summary.target, report.summary.assumed) == ((POSTGRESQL,), "nothing names a database")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "driver://user:pass@localhost/dbname"])
def test_a_url_that_no_migration_has_met_names_nothing(tmp_path: Path, url: str) -> None:
    assert judged(tmp_path, indexed(), url=url).summary.target == (POSTGRESQL,)


def test_a_keyword_of_one_migration_does_not_decide(tmp_path: Path) -> None:
    report = judged(tmp_path, indexed(keywords=', mysql_length={"label": 20}'))
    assert report.summary.target == (POSTGRESQL,)


def test_keywords_of_several_migrations_make_a_database_plausible(tmp_path: Path) -> None:
    report = judged(tmp_path, *[indexed(keywords=', mysql_length={"label": 20}')] * 2)
    assert report.summary.target == (POSTGRESQL, "mysql 8.0")


def test_an_import_that_nothing_uses_asks_for_nothing(tmp_path: Path) -> None:
    unused = "from sqlalchemy.dialects import mysql\n" + indexed()
    used = unused.replace("def upgrade():\n", "def upgrade():\n    print(mysql.LONGTEXT())\n")
    assert judged(tmp_path / "unused", unused).summary.target == (POSTGRESQL,)
    assert judged(tmp_path / "used", used).summary.target == ("mysql 8.0",)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("compose.yaml", "services:\n  db:\n    image: postgres:16-alpine\n", ("postgresql 16",)),
        ("docker-compose.prod.yml", '  db:\n    image: "pgvector/pgvector:pg17"  # rows\n', ("postgresql 17",)),
        ("compose.yml", "  db:\n    image: timescale/timescaledb:2.17.2-pg15\n", ("postgresql 15",)),
        ("compose.yml", "  db:\n    image: postgres:${VERSION:-13}\n", ("postgresql 13",)),
        ("compose.yml", "  db:\n    image: postgres\n  x:\n    image: postgres-exporter:9\n", (POSTGRESQL,)),
        ("compose.yml", "  # image: mysql:8\n  mysql:\n    depends_on:\n    - mysql\n", (POSTGRESQL,)),
        (".gitlab-ci.yml", "test:\n  services:\n    - mariadb:11.4\n", ("mariadb 11.4",)),
        (".github/workflows/test.yml", "  one:\n    image: mysql:8\n  two:\n    image: mysql:5.7\n", ("mysql 5.7",)),
        ("requirements.txt", "# psycopg2\nPyMySQL[rsa]>=1.0 ; python_version > '3'\n", ("mysql 8.0",)),
        ("requirements/base.txt", "asyncpg\n", (POSTGRESQL,)),
        ("setup.cfg", "[options]\ninstall_requires =\n    mysqlclient==2.2\n", ("mysql 8.0",)),
        ("pyproject.toml", '[project]\nname = "x"\ndependencies = ["aiomysql>=0.2"]\n', ("mysql 8.0",)),
        ("pyproject.toml", "[tool.poetry.group.main.dependencies]\nmysqlclient = '*'\n", ("mysql 8.0",)),
        ("pyproject.toml", '[dependency-groups]\ndb = ["psycopg[binary]", "pymysql"]\n', (POSTGRESQL, "mysql 8.0")),
        ("pyproject.toml", "[project\n", (POSTGRESQL,)),
    ],
)  # fmt: skip
def test_what_stands_beside_the_migrations_names_databases(
    tmp_path: Path, file: str, text: str, expected: tuple[str, ...]
) -> None:
    assert judged(tmp_path, indexed(), **{file: text}).summary.target == expected


def test_mariadb_answers_to_the_drivers_of_mysql(tmp_path: Path) -> None:
    files = {"requirements.txt": "pymysql\n", "compose.yml": "  db:\n    image: mariadb:11\n"}
    report = judged(tmp_path, indexed(), **files)
    assert report.summary.target == ("mariadb 11.0",)
    assert report.summary.assumed == "compose.yml names mariadb:11"


def test_the_url_of_a_server_decides_and_an_image_tells_its_version(tmp_path: Path) -> None:
    files = {"compose.yml": "  db:\n    image: postgres:15\n  other:\n    image: mysql:8\n"}
    report = judged(tmp_path, indexed(), url="postgresql+psycopg://localhost/app", **files)
    assert report.summary.target == ("postgresql 15",)


def test_a_change_beside_the_migrations_is_seen_although_they_are_kept(tmp_path: Path) -> None:
    before = judged(tmp_path, indexed())
    (tmp_path / "compose.yml").write_text("  db:\n    image: postgres:16\n")
    assert (before.summary.target, lint([tmp_path], tmp_path).summary.target) == ((POSTGRESQL,), ("postgresql 16",))


def test_what_is_outside_too_large_or_of_too_great_a_number_names_nothing(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    judged(repository, indexed())
    (repository / ".git").mkdir()
    (tmp_path / "compose.yml").write_text("  db:\n    image: mysql:8\n")
    (repository / "compose.yml").symlink_to(tmp_path / "compose.yml")
    (repository / "compose.large.yml").write_text("  db:\n    image: mysql:8\n" + "#" * LARGEST_CONFIGURATION)
    for number in range(MOST_FILES):
        (repository / f"requirements{number:03}.txt").write_text("flask\n")
    (repository / "requirements999.txt").write_text("pymysql\n")
    (project,) = find([repository], repository)
    assert named_databases(project) == ()


def test_what_two_databases_have_in_common_is_found_once(tmp_path: Path) -> None:
    body = 'def upgrade():\n    op.drop_column("crates", "label")\n'
    (tmp_path / "migration-guard.toml").write_text('target = ["postgresql 16", "mysql 8.0", "sqlite"]\n')
    report = judged(tmp_path, body)
    assert [finding.code for finding in report.findings if finding.revision == "b0"].count("MG102") == 1


def test_what_one_of_several_databases_understands_is_understood(tmp_path: Path) -> None:
    body = 'def upgrade():\n    op.execute("ALTER TABLE crates MODIFY label VARCHAR(80)")\n'
    (tmp_path / "migration-guard.toml").write_text('target = ["postgresql 16", "mysql 8.0"]\n')
    assert "MG002" not in {finding.code for finding in judged(tmp_path / "both", body).findings}
    (tmp_path / "migration-guard.toml").write_text('target = ["postgresql 16"]\n')
    assert "MG002" in {finding.code for finding in judged(tmp_path / "one", body).findings}


def test_the_sql_of_one_database_is_no_fix_for_several(tmp_path: Path) -> None:
    body = 'def upgrade():\n    op.execute("CREATE INDEX ix ON crates (label)")\n'
    (tmp_path / "migration-guard.toml").write_text('target = ["postgresql 16", "mysql 8.0"]\n')
    both = judged(tmp_path / "both", body).findings
    (tmp_path / "migration-guard.toml").write_text('target = ["postgresql 16"]\n')
    alone = judged(tmp_path / "alone", body).findings
    assert [[one.fix is not None for one in found if one.code == "MG401"] for found in (both, alone)] == [
        [False],
        [True],
    ]


@pytest.mark.parametrize(("target", "word"), [("mysql 8.0", "datetime"), ("postgresql 16", "timestamp")])
def test_a_type_is_called_as_its_database_calls_it(tmp_path: Path, target: str, word: str) -> None:
    made = script("a1", None, 'def upgrade():\n    op.create_table("crates", sa.Column("seen", sa.DateTime()))\n')
    changed = script("a2", "a1", 'def upgrade():\n    op.alter_column("crates", "seen", type_=sa.Date())\n')
    write(tmp_path, {"a1": made, "a2": changed})
    (tmp_path / "migration-guard.toml").write_text(f'target = ["{target}"]\n')
    messages = [one.message for one in lint([tmp_path], tmp_path).findings if one.code == "MG112"]
    assert [f"from {word} into" in message for message in messages] == [True]
