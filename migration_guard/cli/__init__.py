"""
The command line: turns options into calls and results into exit codes. Knows no migrations and no rules.

What is heavy is imported inside the commands: `--help` must not wait for it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from migration_guard.cli.baseline import baseline
from migration_guard.cli.completion import completion
from migration_guard.cli.config import config
from migration_guard.cli.hook import hook
from migration_guard.cli.init import init
from migration_guard.cli.lint import lint
from migration_guard.cli.options import write_examples
from migration_guard.cli.output import CLEAN, FAILED, INTERRUPTED, close_pipe, refused
from migration_guard.cli.rename import rename
from migration_guard.cli.roundtrip import roundtrip
from migration_guard.cli.rules import rule, rules
from migration_guard.cli.summary import check_summary, summary
from migration_guard.config.terminal import wants_traceback
from migration_guard.model.printable import printable
from migration_guard.version import __version__


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
        # Each word of the command line may be the name of a file.
        click.UsageError(printable(error.format_message()), error.ctx).show()
        return FAILED
    except click.ClickException as error:
        return refused(error.format_message())
    except BrokenPipeError:
        close_pipe()
        return CLEAN
    except Exception as error:
        return _crashed(error, sys.argv[1:] if arguments is None else arguments)


class Group(click.Group):
    """The program: its help ends with the commands in the order in which people meet them, and with examples."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(
            formatter,
            (
                ("migration-guard init", "Set it up for this project."),
                ("migration-guard lint", "Read every migration below this folder, and judge it."),
                ("migration-guard roundtrip", "Prove up, down, up on a throwaway database."),
                ("migration-guard rule MG401", "What a rule is about."),
            ),
        )


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="migration-guard", message="%(prog)s %(version)s")
def commands() -> None:
    """Finds trouble in Alembic migrations before production does."""


for command in (init, lint, roundtrip, summary, check_summary, baseline, rules, rule, config, rename, hook, completion):
    commands.add_command(command)


def _crashed(error: Exception, arguments: Iterable[str]) -> int:
    """A crash of ours: one sentence with the place, and the whole traceback where somebody asked for it."""
    import traceback

    if wants_traceback() or {"--verbose", "-v"} & set(arguments):
        click.echo(printable(traceback.format_exc(), lines=True), err=True, nl=False)
    frame = (traceback.extract_tb(error.__traceback__) or [None])[-1]
    place = f" at {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" if frame else ""
    said = printable(str(error)[:200])
    return refused(
        f"something is wrong with migration-guard itself ({type(error).__name__}{place}: {said})."
        " Please report this line on its issue tracker; --verbose shows the traceback to send along."
    )
