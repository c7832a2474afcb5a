"""What people ask of the plugin: on the command line of pytest, and in its configuration. Knows no item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

KINDS = ("lint", "roundtrip", "models")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What holds for a test run. `project` is a folder or an alembic.ini, None where nobody names one: then it is below
    `cwd`, where pytest was started, or else below `base`, where its configuration is.
    `since` is a git ref, auto or none; `database` a dialect, and `database_url` a server; None where nobody says so.
    `plugin` names plugins: there is no option for it in pytest's configuration, which is the repository's word. (What
    `addopts` there says pytest obeys, as it runs the conftest.py beside it: whoever runs pytest has trusted both.)
    """

    cwd: Path
    base: Path
    enabled: bool
    kinds: tuple[str, ...]
    project: Path | None
    since: str | None
    database: str | None
    database_url: str | None
    plugin: tuple[str, ...] = ()
    trust_plugins: bool = False


ASKED = pytest.StashKey[Asked]()


def add(parser: pytest.Parser) -> None:
    """Tell pytest of the options."""
    group = parser.getgroup("migration-guard", "migration-guard: Alembic migrations as test items")
    group.addoption(
        "--migration-guard",
        action="store_true",
        dest="migration_guard",
        help="Add an item for each revision and kind: lint, roundtrip, models.",
    )
    group.addoption("--migration-guard-kinds", metavar="KINDS", help="Only these kinds, with commas between them.")
    group.addoption("--migration-guard-project", metavar="PATH", help="The folder of alembic.ini, or that file.")
    group.addoption("--migration-guard-since", metavar="GITREF", help="Only the revisions that this commit lacks.")
    group.addoption("--migration-guard-database", metavar="DIALECT", help="postgresql, sqlite, mariadb or mysql.")
    group.addoption("--migration-guard-database-url", metavar="URL", help="A server for databases of our own.")
    group.addoption(
        "--migration-guard-plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="Operations and rules of your own. Repeatable.",
    )
    group.addoption(
        "--migration-guard-trust-plugins", action="store_true", help="Every plugin that the configuration wishes for."
    )
    parser.addini("migration_guard", "Always as if with --migration-guard.", type="bool", default=False)
    parser.addini("migration_guard_kinds", "The kinds of items.", type="args", default=list(KINDS))
    parser.addini("migration_guard_project", "The folder that holds alembic.ini, relative to this file.")
    parser.addini("migration_guard_since", "Only the revisions that this git ref lacks.")
    parser.addini("migration_guard_database", "postgresql, sqlite, mariadb or mysql.")


def asked(config: pytest.Config) -> Asked:
    """What holds: the command line, then the configuration. Raises UsageError for a kind that does not exist."""
    cwd = config.invocation_params.dir
    said = config.getoption("--migration-guard-kinds")
    kinds = [kind.strip() for kind in said.split(",")] if said else list(config.getini("migration_guard_kinds"))
    wrong = next((kind for kind in kinds if kind not in KINDS), None)
    if wrong is not None:
        raise pytest.UsageError(f"migration_guard_kinds: {wrong!r} is none of {', '.join(KINDS)}.")
    project = config.getoption("--migration-guard-project")
    written = config.getini("migration_guard_project")
    base = config.inipath.parent if config.inipath else config.rootpath
    return Asked(
        cwd=cwd,
        base=base,
        enabled=bool(config.getoption("--migration-guard") or (config.getini("migration_guard") and not _some(config))),
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        project=cwd / project if project else base / written if written else None,
        since=config.getoption("--migration-guard-since") or config.getini("migration_guard_since") or None,
        database=config.getoption("--migration-guard-database") or config.getini("migration_guard_database") or None,
        database_url=config.getoption("--migration-guard-database-url"),
        plugin=tuple(config.getoption("--migration-guard-plugin")),
        trust_plugins=config.getoption("--migration-guard-trust-plugins"),
    )


def _some(config: pytest.Config) -> bool:
    """Whether single files or tests are named on the command line: who runs one test waits for no round trip."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    places = [word.partition("::") for word in config.args]
    return all(Path(place).suffix == ".py" for place, _, _ in places)
