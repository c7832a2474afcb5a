"""What the commands share: the options of a run, its reports, its exit code and its last words."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from migration_guard.config import COMMAND_LINE, Config, ConfigError, Output, Overrides
from migration_guard.config.terminal import wants_color
from migration_guard.model.finding import Report, Severity
from migration_guard.model.printable import printable

CLEAN, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130


def settings_of_run(paths: Sequence[Path], cwd: Path, explicit: Path | None, overrides: Overrides) -> Config:
    """
    The options of the run as a whole: how to report and when to fail.

    They come from the file nearest to everything that was named, else from the one file that all histories share. What
    is judged, and how, each history says for itself.
    """
    from migration_guard.configuration import common_folder, load, load_plugins
    from migration_guard.reading.discovery.project import ProjectError, find

    if overrides.plugins:
        load_plugins(roots(paths, cwd), overrides, explicit=explicit)
    settings = load(common_folder(paths, cwd), explicit=explicit, overrides=overrides)
    if settings.file is None:
        with suppress(ProjectError):  # the engine says it better
            below = {load(one.root, overrides=overrides) for one in find(paths, cwd)}
            settings = below.pop() if len({one.file for one in below}) == 1 else settings
    _refuse_outputs_elsewhere(settings, explicit, cwd)
    if settings.verbose:
        say(f"Configuration: {settings.file or 'none found, defaults hold'}", err=True)
    return settings


def _refuse_outputs_elsewhere(settings: Config, explicit: Path | None, cwd: Path) -> None:
    """Raise ConfigError where a configuration, which came with a repository, names a report outside of its folder."""
    from migration_guard.output_files import refusal

    said_by = dict(settings.said_by).get("output_format", COMMAND_LINE)
    if settings.file is None or said_by == COMMAND_LINE:
        return
    folder = settings.file.absolute().parent
    if explicit is not None and folder.is_relative_to(cwd):
        folder = cwd  # whoever names the file means it to hold here
    for output in settings.output_format:
        if output.file is not None and (reason := refusal(cwd / output.file, folder)):
            raise ConfigError(
                f"{said_by}: output-format: {output.file} {reason}, and a configuration names no other files."
                f" Name it on the command line: --output-format {output.format}:{output.file}"
            )


def roots(paths: Sequence[Path], cwd: Path) -> list[Path]:
    """The folders of the histories that the paths stand for; none where that cannot be said, which the engine says."""
    from migration_guard.reading.discovery.project import ProjectError, find

    try:
        return [one.root for one in find(paths, cwd)]
    except ProjectError:
        return []


def write(report: Report, output: Output, settings: Config) -> None:
    """Write one report to its file, or to the standard output."""
    from migration_guard.report import concise, render, text

    people = output.format in ("text", "concise")
    if people and settings.quiet:
        errors = tuple(finding for finding in report.findings if finding.severity is Severity.ERROR)
        report = replace(report, findings=errors)
    if output.format == "text" or (output.format == "concise" and settings.statistics):
        color = not output.file and wants_color(settings.color, terminal=sys.stdout.isatty())
        summary = not settings.quiet and output.format == "text"
        written = text.render(report, color=color, statistics=settings.statistics, summary=summary)
    else:
        written = concise.render(report) if output.format == "concise" else render(report, output.format)
    if output.file is None:
        show(written)
        return
    try:
        Path(output.file).parent.mkdir(parents=True, exist_ok=True)
        Path(output.file).write_text(written, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(
            f"The report could not be written to {output.file} ({error.strerror}). Name a file that can be written."
        ) from None


def exit_code(report: Report, settings: Config) -> int:
    """1 where something counts; else 2 where a round trip could not prove all that it was asked for; else 0."""
    if any(settings.counts(finding) for finding in report.findings):
        return FOUND
    return FAILED if any(proof.unproven for proof in report.summary.proofs) else CLEAN


def show(text: str | bytes) -> None:
    """Print as it is. A reader that has gone away (`| head`) is no failure."""
    try:
        click.echo(text, nl=False, color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        close_pipe()
    except OSError as error:
        close_pipe()
        raise click.ClickException(
            f"The report could not be written to the standard output ({error.strerror})."
        ) from None


def close_pipe() -> None:
    """Let the interpreter's last flush go nowhere instead of into a pipe without a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def say(sentence: str, *, err: bool = False) -> None:
    """Print a sentence on one line, whatever the names in it hold."""
    click.echo(printable(sentence), err=err)


def say_lines(text: str) -> None:
    """Print text of whole lines."""
    click.echo(printable(text, lines=True))


def note(sentence: str) -> None:
    """Say beside the report what it has no place for."""
    say(f"Note: {sentence}", err=True)


def refused(sentence: str) -> int:
    """Say why the job was not done."""
    say(f"migration-guard: {sentence}", err=True)
    return FAILED
