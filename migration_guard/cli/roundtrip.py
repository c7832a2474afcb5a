"""The command `roundtrip`: turns its options into a request. Knows nothing of databases."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import REPORT, WHAT, Command, option
from migration_guard.cli.output import exit_code, say, settings_of_run, write
from migration_guard.config import ConfigError, Output, Overrides
from migration_guard.model.finding import Report
from migration_guard.model.plugin import PluginError

WHERE = "Project and database"
JUDGING = ("target", "select", "ignore", "since", "baseline", "plugins", "trust_plugins")
REPORTING = ("fail_on", "exit_zero", "color", "output_format", "quiet", "verbose")


@click.command(
    cls=Command,
    short_help="Run each revision up, down and up again on a throwaway database.",
    examples=(
        ("migration-guard roundtrip", "The project in this folder, on a database that is made for it."),
        ("migration-guard roundtrip --since origin/main", "Only the revisions that main does not have."),
        ("migration-guard roundtrip services/api --database sqlite", "Another project, on SQLite."),
        ("migration-guard roundtrip --env APP_SETTINGS=test -x tenant=one", "What env.py needs."),
        ("migration-guard roundtrip --shard 1/4", "The first of four parts of a long history."),
    ),
)
@click.argument("project", required=False, type=click.Path(path_type=Path))
@option("-c", "ini", group=WHERE, type=click.Path(path_type=Path), metavar="FILE", help="The project's alembic.ini.")
@option("--name", "-n", group=WHERE, metavar="NAME", help="Its section.  [alembic]")
@option("-x", "x", group=WHERE, multiple=True, metavar="ARGUMENT", help="For env.py, as alembic -x. Repeatable.")
@option("--env", group=WHERE, multiple=True, metavar="NAME=VALUE", help="A variable for env.py. Repeatable.")
@option("--database", group=WHERE, metavar="DIALECT", help="auto, postgresql, sqlite, mariadb or mysql.  [auto]")
@option("--database-url", group=WHERE, metavar="URL", help="A server on which we may make databases of our own.")
@option("--prepare", group=WHERE, metavar="WHAT", help="First run FILE.sql or package.module:function on it.")
@option("--from", "start", group=WHERE, metavar="REVISION", help="Where the prepared database stands.")
@option("--revisions", group=WHAT, metavar="A:B", help="Only the revisions behind A, up to B.")
@option("--only", group=WHAT, metavar="REVISION", help="Only this revision.")
@shared.new_only
@shared.target
@option("--shard", group=WHAT, metavar="K/N", help="Only the K-th of N parts, for as many machines.")
@option("--rows", group=WHAT, type=int, metavar="N", help="How many rows to write into each table, 0 for none.  [20]")
@option("--models", group=WHAT, is_flag=True, help="Compare the application's models, too (MG757).")
@option("--no-full-trip", group=WHAT, is_flag=True, help="Do not go all the way down and up again at the end.")
@option("--stop-at-first", group=WHAT, is_flag=True, help="Stop behind the first revision with a finding.")
@option("--timeout", group=WHAT, type=float, metavar="SECONDS", help="How long one step may take.  [120]")
@shared.which_rules
@shared.plugins
@shared.how_to_report
@option("--verbose", "-v", group=REPORT, is_flag=True, help="Say which configuration holds, and what env.py printed.")
@shared.config_file
def roundtrip(project: Path | None, config: Path | None, **options: Any) -> int:
    """
    Run upgrade, downgrade, upgrade for each revision on a throwaway database, and tell what is left, lost or different.

    PROJECT is a folder with an alembic.ini (or a pyproject.toml with [tool.alembic], or Flask-Migrate's folder). It
    runs the project's own env.py and migrations, and lets them reach no database but one that it has made. Exit codes:
    0 nothing found, 1 something found, 2 the job could not be done.
    """
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.roundtripping.servers.access import DatabaseError
    from migration_guard.roundtripping.worker.child.failures import sentence_of
    from migration_guard.roundtripping.worker.client import ChildError

    cwd = Path.cwd()
    explicit = cwd / config if config else None
    overrides = Overrides(
        **{name: options[name] for name in (*JUDGING, *REPORTING) if options[name] not in (None, False, ())}
    )
    try:
        settings = settings_of_run((options["ini"] or project or Path(),), cwd, explicit, overrides)
        with _interruptible():
            report = _run(project, cwd, settings.file, explicit, overrides, options)
    except (ConfigError, ProjectError, PluginError, DatabaseError) as error:
        raise click.ClickException(str(error)) from None
    except ChildError as error:
        raise click.ClickException(sentence_of(error.failure, "The project could not be run")) from None
    for output in settings.output_format:
        write(report, output, settings)
    if Output("text") not in settings.output_format or settings.quiet:
        for sentence in (sentence for proof in report.summary.proofs for sentence in proof.unproven):
            say(f"Not proven: {sentence}", err=True)
    return exit_code(report, settings)


def _run(
    project: Path | None,
    cwd: Path,
    file: Path | None,
    explicit: Path | None,
    overrides: Overrides,
    options: dict[str, Any],
) -> Report:
    from migration_guard.config.roundtrip import TripOptions, load_trip
    from migration_guard.progress import Progress
    from migration_guard.roundtripping.engine import Request, round_trip
    from migration_guard.roundtripping.project import choose
    from migration_guard.roundtripping.trips.plan import RevisionSelection

    projects = choose(project, cwd, config=options["ini"], name=options["name"])
    wanted = TripOptions(
        **{name: options[name] for name in ("database", "rows", "timeout", "prepare", "start")},
        env=tuple(_assignment(one) for one in options["env"]) or None,
        x=options["x"] or None,
        models=options["models"] or None,
        full_trip=False if options["no_full_trip"] else None,
    )
    request = Request(
        options=load_trip(file, wanted, cwd=cwd, url=options["database_url"]),
        selection=RevisionSelection(span=options["revisions"], only=options["only"], shard=_shard(options["shard"])),
        stop_at_first=options["stop_at_first"],
        explicit=explicit,
        file=file,
        overrides=overrides,
    )
    progress = Progress(terminal=sys.stderr.isatty(), quiet=options["quiet"])
    try:
        return round_trip(projects, cwd, request, progress)
    finally:
        progress.end()


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise click.ClickException(f"--shard: {text!r} is no part of a whole. Write 1/4 for the first of four.")
    return int(number), int(count)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.ClickException(f"--env: {text!r} sets no variable. Write NAME=VALUE.")
    return name, value


@contextmanager
def _interruptible() -> Iterator[None]:
    """A termination unwinds like Ctrl-C, so that what we started ends with us. A long run needs the collector."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    gc.enable()
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
