"""The commands `summary` and `check-summary`: a change handed over, and a hand-over held against the files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import REPORT, WHAT, Command, option
from migration_guard.cli.output import CLEAN, FOUND, note, say, show
from migration_guard.config import ConfigError, Overrides
from migration_guard.model.plugin import PluginError
from migration_guard.regular_files import FileNotRead, read

FORMATS = ("text", "json", "markdown")
STDIN = "-"
LARGEST = 10_000_000  # bytes of a summary that is checked

options = shared.together(shared.target, shared.plugins, shared.config_file, shared.no_cache)


@click.command(
    cls=Command,
    short_help="Say what revisions do to the schema, to hand the change over.",
    examples=(
        ("migration-guard summary", "The newest revision of the project in this folder."),
        ("migration-guard summary 8f2b1c --output-format markdown", "One revision, for a pull request."),
        ("migration-guard summary 8f2b1c:a91d04", "All from one to another, taken together."),
        ("migration-guard summary --since origin/main --output-format json", "What a branch adds, for a program."),
    ),
)
@click.argument("revision", required=False, metavar="[REVISION|A:B]")
@click.argument("project", required=False, type=click.Path(path_type=Path))
@option("--since", group=WHAT, metavar="GITREF", help="The revisions that this commit does not have.")
@option(
    "--output-format",
    group=REPORT,
    type=click.Choice(FORMATS),
    default="text",
    help="For people, programs or a pull request.  [text]",
)
@options
def summary(revision: str | None, project: Path | None, since: str | None, output_format: str, **settings: Any) -> None:
    """
    Say what revisions do to the schema: tables, columns, indexes, foreign keys, rows, with the risk, the locks to
    expect, whether it can be undone, and who needs to know.

    A revision is an id or its beginning; A:B are all from A to B, both included. Without one it is the newest, or that
    of the file that PROJECT names. PROJECT is whatever lint takes. Nothing of the project is run.

    Exit codes: 0 done, 2 the job could not be done.
    """
    from migration_guard.change_summary import open_history, summarize
    from migration_guard.chosen_revisions import RevisionChoice
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.report.change_summary import render

    if revision is not None and project is None and (Path(revision).exists() or _looks_like_a_path(revision)):
        project, revision = Path(revision), None
    if revision is not None and since is not None:
        raise click.UsageError("--since and a revision exclude each other: leave one of them out.")
    try:
        found = summarize(open_history(project, *_said(settings)), RevisionChoice(word=revision, since=since))
    except (ConfigError, ProjectError, PluginError) as error:
        raise click.ClickException(str(error)) from None
    show(render(found, output_format))


@click.command(
    "check-summary",
    cls=Command,
    short_help="Hold a summary that somebody wrote against the files.",
    examples=(
        ("migration-guard check-summary handover.json", "JSON with schema_changes, or the Markdown block."),
        ("migration-guard check-summary - services/api < handover.md", "From the standard input, of another project."),
    ),
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("project", required=False, type=click.Path(path_type=Path))
@option("--revision", group=WHAT, metavar="REVISION|A:B", help="What it is about, where it does not say so.  [head]")
@options
def check_summary(file: Path, project: Path | None, revision: str | None, **settings: Any) -> int:
    """
    Hold a summary against the files: what it forgets, and what it says that is not there. FILE is the JSON or the
    Markdown of `summary`, or one of that shape that somebody else wrote; - is the standard input.

    Exit codes: 0 it is right, 1 it differs, 2 it cannot be read or checked.
    """
    from migration_guard.change_summary import open_history
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.report import plural
    from migration_guard.summary_check import compared
    from migration_guard.written_summary import UncheckedSummary

    content = _content(file)
    try:
        differences, notes = compared(content, open_history(project, *_said(settings)), revision)
    except (ConfigError, ProjectError, PluginError, UncheckedSummary) as error:
        raise click.ClickException(str(error)) from None
    for one in differences:
        say(one)
    for sentence in notes:
        note(sentence)
    show(f"{plural(len(differences), 'difference')}.\n" if differences else "The summary is right.\n")
    return FOUND if differences else CLEAN


def _looks_like_a_path(word: str) -> bool:
    """Whether a word can be no revision: then it is a path that is not there, and that is to be said."""
    return "/" in word or os.sep in word or word.endswith((".py", ".ini", ".toml"))


def _said(settings: dict[str, Any]) -> tuple[Path, Path | None, Overrides]:
    """Where we are, the configuration that was named, and what the command line says beside it."""
    cwd = Path.cwd()
    config: Path | None = settings["config"]
    overrides = Overrides(
        target=settings["target"] or None,
        plugins=settings["plugins"] or None,
        trust_plugins=settings["trust_plugins"] or None,
        cache=False if settings["no_cache"] else None,
    )
    return cwd, cwd / config if config else None, overrides


def _content(file: Path) -> bytes:
    """What is in the file, or what comes from the standard input."""
    if str(file) == STDIN:
        content = sys.stdin.buffer.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise click.ClickException(f"The summary is larger than {LARGEST:,} bytes. Give one that a person reads.")
        return content
    try:
        return read(file, None, LARGEST)
    except FileNotRead as reason:
        raise click.ClickException(f"{file} {reason}. Name a file with a summary.") from None
