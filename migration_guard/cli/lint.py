"""The command `lint`: turns its options into a call of the engine, and its report into words and files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import REPORT, WHAT, Command, option
from migration_guard.cli.output import exit_code, note, say, settings_of_run, show, write
from migration_guard.config import ConfigError, Output, Overrides
from migration_guard.config.terminal import is_read_by_github
from migration_guard.model.finding import Report
from migration_guard.model.plugin import PluginError

WORDS = ("target", "select", "ignore", "extend_select", "output_format", "plugins")
FIXES = "Corrections"
STDIN = Path("-")


@click.command(
    cls=Command,
    short_help="Read migrations and judge what each would do in production.",
    examples=(
        ("migration-guard lint", "Every history below this folder."),
        ("migration-guard lint --since origin/main", "Only the migrations that main does not have."),
        ('migration-guard lint --target "postgresql 16" migrations/versions/0042_orders.py', "One file, one database."),
        ("migration-guard lint --diff", "The corrections as a patch; --fix writes them."),
        ("migration-guard lint --output-format text --output-format sarif:report.sarif", "Two reports from one run."),
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@shared.target
@shared.new_only
@shared.start_after
@option("--skip-others", group=WHAT, is_flag=True, help="Pass over paths that are no migrations, or are gone.")
@option(
    "--stdin-filename",
    group=WHAT,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Judge the standard input (write - as path) as the content of this file.",
)
@shared.which_rules
@shared.extend_select
@shared.filename_pattern
@shared.plugins
@shared.how_to_report
@option("--statistics", group=REPORT, is_flag=True, help="Count the findings of each rule instead of showing them.")
@option("--verbose", "-v", group=REPORT, is_flag=True, help="Say which configuration was used; show tracebacks.")
@option("--diff", group=FIXES, is_flag=True, help="Print the corrections as a patch and change nothing.")
@option("--fix", group=FIXES, is_flag=True, help="Apply the corrections that are safe.")
@option("--unsafe-fixes", group=FIXES, is_flag=True, help="Apply those too that a person should decide on.")
@shared.config_file
@shared.jobs
@shared.no_cache
def lint(
    paths: tuple[Path, ...],
    config: Path | None,
    diff: bool,
    fix: bool,
    unsafe_fixes: bool,
    no_cache: bool,
    skip_others: bool,
    stdin_filename: Path | None,
    **options: Any,
) -> int:
    """
    Judge migrations: files, folders of versions, folders with an alembic.ini, or whole repositories.

    Without a path, every history below the current folder is judged; in a pull or merge request, only what it adds.
    Nothing of the project is run, but for plugins that you name.

    Exit codes: 0 nothing found, 1 something found, 2 the job could not be done.
    """
    from migration_guard import engine
    from migration_guard.reading.discovery.project import ProjectError

    cwd = Path.cwd()
    said = {name: (value or None if name in WORDS else value) for name, value in options.items() if value is not False}
    # What changes files is never taken from a cache.
    fresh = no_cache or diff or fix or unsafe_fixes
    overrides = Overrides(**said, cache=False if fresh else None)
    explicit = cwd / config if config else None
    how: dict[str, Any] = {"skip_others": True} if skip_others else {}
    if stdin_filename is not None or STDIN in paths:
        name = _named(paths, stdin_filename, changes=diff or fix or unsafe_fixes)
        paths, how = (name,), {"buffer": engine.Buffer(name, sys.stdin.buffer.read())}
    try:
        settings = settings_of_run(paths, cwd, explicit, overrides)
        paths = paths or tuple((settings.file or cwd).parent / path for path in settings.paths)
        outputs = list(settings.output_format)
        if diff:
            report = engine.lint(paths, cwd, explicit, overrides, **how)
            _print_patch(report, cwd, unsafe=unsafe_fixes)
            outputs = [output for output in settings.output_format if output.file]
        elif fix or unsafe_fixes:
            report = _corrected(paths, cwd, explicit, overrides, how, unsafe=unsafe_fixes)
        else:
            report = engine.lint(paths, cwd, explicit, overrides, **how)
    except (ConfigError, ProjectError, PluginError) as error:
        raise click.ClickException(str(error)) from None
    for output in outputs:
        write(report, output, settings)
    if settings.named("quiet") or (Output("text") not in settings.output_format and not settings.quiet):
        # Why the report is another one than was expected: most formats have no place for it, and what is judged cannot
        # ask for silence about itself.
        for sentence in report.summary.notes:
            note(sentence)
    return exit_code(report, settings)


def _named(paths: Sequence[Path], name: Path | None, *, changes: bool) -> Path:
    """What the standard input is called."""
    if name is None:
        raise click.UsageError("Reading the standard input takes the name of its file: --stdin-filename PATH -")
    if tuple(paths) != (STDIN,):
        raise click.UsageError("--stdin-filename judges one file, from the standard input: write - as the only path.")
    if changes:
        raise click.UsageError("--stdin-filename goes with none of --diff, --fix and --unsafe-fixes: save the file.")
    return name


def _corrected(
    paths: Sequence[Path],
    cwd: Path,
    explicit: Path | None,
    overrides: Overrides,
    how: dict[str, Any],
    *,
    unsafe: bool,
) -> Report:
    from migration_guard import engine
    from migration_guard.fixes import fix
    from migration_guard.report import plural

    done = fix(lambda these: engine.lint(these, cwd, explicit, overrides, **how), paths, cwd, unsafe=unsafe)
    notes = (*done.report.summary.notes, f"Corrected {plural(done.fixed, 'finding')}.", *done.notes)
    return replace(done.report, summary=replace(done.report.summary, notes=notes))


def _print_patch(report: Report, cwd: Path, *, unsafe: bool) -> None:
    from migration_guard.fixes import patch
    from migration_guard.model.printable import printable
    from migration_guard.report import plural

    text, count, notes = patch(report, cwd, unsafe=unsafe)
    for_eyes = is_read_by_github() or sys.stdout.isatty()
    # A file, or another program, gets the patch exactly.
    show(printable(text.decode("utf-8", "backslashreplace").replace("\r\n", "\n"), lines=True) if for_eyes else text)
    for sentence in (f"Would correct {plural(count, 'finding')}.", *notes):
        say(sentence, err=True)
