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

from migration_guard.cli.output import exit_code, settings_of_run, write
from migration_guard.config import COLORS, FORMATS, ConfigError, Output, Overrides
from migration_guard.model.finding import Report, Severity


@click.command()
@click.argument("project", required=False, type=click.Path(path_type=Path))
@click.option("-c", "ini", type=click.Path(path_type=Path), metavar="FILE", help="The alembic.ini of the project.")
@click.option("--name", "-n", metavar="NAME", help="Its section.  [alembic]")
@click.option("-x", "x", multiple=True, metavar="ARGUMENT", help="Passed on to env.py, as alembic does. Repeatable.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="An environment variable for env.py. Repeatable.")
@click.option("--database", metavar="DIALECT", help="auto, postgresql, sqlite, mariadb or mysql.  [auto]")
@click.option("--database-url", metavar="URL", help="A server on which we may make databases of our own.")
@click.option("--revisions", metavar="A:B", help="Only the revisions behind A, up to B.")
@click.option("--since", metavar="GITREF", help="Only the revisions that this commit does not have.")
@click.option("--only", metavar="REVISION", help="Only this revision.")
@click.option("--rows", type=int, metavar="N", help="How many rows to write into each table, 0 for none.  [20]")
@click.option("--models", is_flag=True, help="Compare the application's models with the database, too (MG757).")
@click.option("--no-full-trip", is_flag=True, help="Do not go all the way down and up again at the end.")
@click.option("--stop-at-first", is_flag=True, help="Stop behind the first revision with a finding.")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long one step may take.  [120]")
@click.option("--prepare", metavar="WHAT", help="Run FILE.sql or package.module:function on the new database first.")
@click.option("--from", "start", metavar="REVISION", help="Where the prepared database stands.")
@click.option("--select", multiple=True, metavar="RULES", help="Run only these: codes, names, prefixes (MG75) or ALL.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Severity from which the exit code is 1.  [error]",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even where something is found.")
@click.option(
    "--output-format", multiple=True, metavar="NAME[:FILE]", help=f"{', '.join(FORMATS)}. Repeatable.  [text]"
)
@click.option("--color", type=click.Choice(COLORS), help="NO_COLOR and FORCE_COLOR are honoured.  [auto]")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but findings of severity error.")
@click.option("--verbose", "-v", is_flag=True, help="Say which configuration was used, and what env.py printed.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Read the options from this file.")
def roundtrip(project: Path | None, config: Path | None, **options: Any) -> int:
    """
    Run upgrade, downgrade, upgrade for each revision on a throwaway database, and tell what is left, lost or different.

    PROJECT is a folder with an alembic.ini (or a pyproject.toml with [tool.alembic], or Flask-Migrate's folder). It
    runs the project's own env.py and migrations, and lets them reach no database but one that it has made. Exit codes:
    0 nothing found, 1 something found, 2 the job could not be done.
    """
    from migration_guard.reading.project import ProjectError
    from migration_guard.roundtripping.access import DatabaseError
    from migration_guard.roundtripping.child.failures import told
    from migration_guard.roundtripping.process import ChildError

    cwd = Path.cwd()
    explicit = cwd / config if config else None
    said = ("select", "ignore", "fail_on", "exit_zero", "color", "output_format", "quiet", "verbose")
    overrides = Overrides(**{name: options[name] or None for name in said})
    try:
        settings = settings_of_run((options["ini"] or project or Path(),), cwd, explicit, overrides)
        with _interruptible():
            report = _run(project, cwd, settings.file, explicit, overrides, options)
    except (ConfigError, ProjectError, DatabaseError) as error:
        raise click.ClickException(str(error)) from None
    except ChildError as error:
        raise click.ClickException(told(error.failure, "The project could not be run")) from None
    for output in settings.output_format:
        write(report, output, settings)
    if Output("text") not in settings.output_format or settings.quiet:
        for sentence in (sentence for proof in report.summary.proofs for sentence in proof.unproven):
            click.echo(f"Not proven: {sentence}", err=True)
    return exit_code(report, settings)


def _run(
    project: Path | None,
    cwd: Path,
    file: Path | None,
    explicit: Path | None,
    overrides: Overrides,
    options: dict[str, Any],
) -> Report:
    from migration_guard.config.roundtrip import Wanted, load_trip
    from migration_guard.progress import Progress
    from migration_guard.roundtripping.choosing import choose
    from migration_guard.roundtripping.judging import Request, round_trip
    from migration_guard.roundtripping.steps import Selection

    projects = choose(project, cwd, config=options["ini"], name=options["name"])
    wanted = Wanted(
        **{name: options[name] for name in ("database", "rows", "timeout", "prepare", "start")},
        env=tuple(_assignment(one) for one in options["env"]) or None,
        x=options["x"] or None,
        models=options["models"] or None,
        whole_way=False if options["no_full_trip"] else None,
    )
    request = Request(
        options=load_trip(file, wanted, cwd=cwd, url=options["database_url"]),
        selection=Selection(span=options["revisions"], only=options["only"]),
        since=options["since"],
        stop_at_first=options["stop_at_first"],
        explicit=explicit,
        overrides=overrides,
    )
    progress = Progress(terminal=sys.stderr.isatty(), quiet=options["quiet"])
    try:
        return round_trip(projects, cwd, request, progress)
    finally:
        progress.end()


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
