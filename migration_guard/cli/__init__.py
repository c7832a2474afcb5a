"""
The command line: turns options into calls and results into exit codes. Knows no migrations and no rules.

What is heavy is imported inside the commands: `--help` must not wait for it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from migration_guard.cli.output import (
    CLEAN,
    FAILED,
    INTERRUPTED,
    close_pipe,
    exit_code,
    refused,
    settings_of_run,
    show,
    write,
)
from migration_guard.cli.roundtrip import roundtrip
from migration_guard.config import COLORS, FORMATS, ConfigError, Overrides, wants_traceback
from migration_guard.model.finding import Report, Severity
from migration_guard.version import __version__

WORDS = ("target", "select", "ignore", "extend_select", "output_format")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: everything that can happen, as an exit code and a sentence."""
    # A process that ends in seconds gains nothing by looking for cycles in what it holds, least of all at its end.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(arguments)
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code. click's own differ: an interruption is 130 here, a crash of ours 2."""
    try:
        result = commands.main(args=arguments, prog_name="migration-guard", standalone_mode=False)
        return result if isinstance(result, int) else CLEAN
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except click.UsageError as error:
        error.show()
        return FAILED
    except click.ClickException as error:
        return refused(error.format_message())
    except BrokenPipeError:
        close_pipe()
        return CLEAN
    except Exception as error:
        return _crashed(error, sys.argv[1:] if arguments is None else arguments)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="migration-guard", message="%(prog)s %(version)s")
def commands() -> None:
    """Finds trouble in Alembic migrations before production does."""


commands.add_command(roundtrip)


@commands.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--target", multiple=True, metavar="TARGET", help='Database to judge for: "postgresql 16". Repeatable.')
@click.option("--select", multiple=True, metavar="RULES", help="Run only these: codes, names, prefixes (MG4) or ALL.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="Run these too.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Severity from which the exit code is 1.  [error]",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even where something is found.")
@click.option("--start-after", metavar="REVISION", help="Judge only what comes after this revision.")
@click.option("--filename-pattern", metavar="PATTERN", help='"dated", "alembic" or a regular expression (MG008).')
@click.option(
    "--output-format", multiple=True, metavar="NAME[:FILE]", help=f"{', '.join(FORMATS)}. Repeatable.  [text]"
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--color", type=click.Choice(COLORS), help="NO_COLOR and FORCE_COLOR are honoured.  [auto]")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but findings of severity error.")
@click.option("--verbose", "-v", is_flag=True, help="Say which configuration was used; show tracebacks.")
@click.option("--diff", is_flag=True, help="Print the corrections as a patch and change nothing.")
@click.option("--fix", is_flag=True, help="Apply the corrections that are safe.")
@click.option("--unsafe-fixes", is_flag=True, help="Apply those too that a person should decide on.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Read the options from this file.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="How many processes to use.")
@click.option("--no-cache", is_flag=True, help="Read every file afresh, and keep nothing.")
def lint(
    paths: tuple[Path, ...],
    config: Path | None,
    diff: bool,
    fix: bool,
    unsafe_fixes: bool,
    no_cache: bool,
    **options: Any,
) -> int:
    """
    Judge migrations: files, folders of versions, folders with an alembic.ini, or whole repositories.

    Without a path, every history below the current folder is judged. Exit codes: 0 nothing found, 1 something found,
    2 the job could not be done.
    """
    from migration_guard import engine
    from migration_guard.reading.project import ProjectError

    cwd = Path.cwd()
    said = {name: (value or None if name in WORDS else value) for name, value in options.items() if value is not False}
    # What changes files is never taken from a cache.
    fresh = no_cache or diff or fix or unsafe_fixes
    overrides = Overrides(**said, cache=False if fresh else None)
    explicit = cwd / config if config else None
    try:
        settings = settings_of_run(paths, cwd, explicit, overrides)
        paths = paths or tuple((settings.file or cwd).parent / path for path in settings.paths)
        if diff:
            report = engine.lint(paths, cwd, explicit, overrides)
            _print_patch(report, cwd, unsafe=unsafe_fixes)
            outputs = [output for output in settings.output_format if output.file]
        elif fix or unsafe_fixes:
            report = _corrected(paths, cwd, explicit, overrides, unsafe=unsafe_fixes)
            outputs = list(settings.output_format)
        else:
            report = engine.lint(paths, cwd, explicit, overrides)
            outputs = list(settings.output_format)
    except (ConfigError, ProjectError) as error:
        raise click.ClickException(str(error)) from None
    for output in outputs:
        write(report, output, settings)
    return exit_code(report, settings)


@commands.command()
def rules() -> None:
    """List all rules: code, name, severity, whether it is on, and what it finds."""
    from migration_guard.rules import load

    lines = []
    for code, rule in load().items():
        first = (rule.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"{code}  {rule.slug():<32} {rule.severity:<8} {'on' if rule.enabled else 'off':<4} {first}\n")
    show("".join(lines))


@commands.command()
@click.argument("code")
def rule(code: str) -> None:
    """Print the page of one rule: MG401 or blocking-index-build."""
    from inspect import cleandoc

    from migration_guard.config.selection import nearest
    from migration_guard.rules import load

    known = load()
    by_name = {name.lower(): one for one in known.values() for name in (one.code, one.slug())}
    found = by_name.get(code.lower())
    if found is None:
        raise click.ClickException(
            f"There is no rule {code!r}.{nearest(code, (*known, *by_name))} `migration-guard rules` lists them all."
        )
    state = "on" if found.enabled else "off unless selected"
    says = "\n\n".join(filter(None, (found.message, found.help)))
    page = cleandoc(found.__doc__ or "")
    show(f"{found.code} {found.slug()} ({found.severity}, {state})\n\n{page}\n\nWhat it says:\n\n{says}\n")


def _corrected(
    paths: Sequence[Path], cwd: Path, explicit: Path | None, overrides: Overrides, *, unsafe: bool
) -> Report:
    from migration_guard import engine
    from migration_guard.correcting import correct
    from migration_guard.report import plural

    done = correct(lambda these: engine.lint(these, cwd, explicit, overrides), paths, cwd, unsafe=unsafe)
    notes = (*done.report.summary.notes, f"Corrected {plural(done.corrected, 'finding')}.", *done.notes)
    return replace(done.report, summary=replace(done.report.summary, notes=notes))


def _print_patch(report: Report, cwd: Path, *, unsafe: bool) -> None:
    from migration_guard.correcting import patch
    from migration_guard.report import plural

    text, count, notes = patch(report, cwd, unsafe=unsafe)
    show(text)
    for note in (f"Would correct {plural(count, 'finding')}.", *notes):
        click.echo(note, err=True)


def _crashed(error: Exception, arguments: Iterable[str]) -> int:
    """A crash of ours: one sentence with the place, and the whole traceback where somebody asked for it."""
    import traceback

    from migration_guard.report import printable

    if wants_traceback() or {"--verbose", "-v"} & set(arguments):
        click.echo(printable(traceback.format_exc(), lines=True), err=True, nl=False)
    frame = (traceback.extract_tb(error.__traceback__) or [None])[-1]
    place = f" at {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" if frame else ""
    said = printable(str(error)[:200])
    return refused(
        f"something is wrong with migration-guard itself ({type(error).__name__}{place}: {said})."
        " Please report this line on its issue tracker; --verbose shows the traceback to send along."
    )
