"""The command `baseline`: writes down what is found today, so that later reports hold only what is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import OTHER, WHAT, Command, option
from migration_guard.cli.output import CLEAN, FOUND, note, say
from migration_guard.config import BASELINE, ConfigError, Overrides
from migration_guard.model.plugin import PluginError


@click.command(
    cls=Command,
    short_help="Write down today's findings, so that later reports hold only new ones.",
    examples=(
        ("migration-guard baseline", f"Write {BASELINE} in this folder."),
        (f"migration-guard lint --baseline {BASELINE}", "Report only what it does not hold."),
        ("migration-guard baseline --roundtrip", "Also what a round trip of every revision finds."),
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@option("--output", "-o", group=OTHER, type=click.Path(path_type=Path), metavar="FILE", help=f"Where to.  [{BASELINE}]")
@option("--roundtrip", group=WHAT, is_flag=True, help="Make a round trip, too, and write what it finds.")
@shared.target
@shared.start_after
@shared.which_rules
@shared.extend_select
@shared.filename_pattern
@shared.plugins
@shared.config_file
def baseline(paths: tuple[Path, ...], output: Path | None, config: Path | None, roundtrip: bool, **options: Any) -> int:
    """
    Write today's findings to a file, so that `lint --baseline FILE` reports only new ones.

    A finding is known again when lines move and files are renamed. Where `baseline` in the configuration names a file,
    that one is written; what it holds of other files stays. What cannot be read (MG001) is never taken for known: then
    the exit code is 1.
    """
    from migration_guard import engine
    from migration_guard.api import MigrationGuardError
    from migration_guard.api import roundtrip as round_trip
    from migration_guard.assembly import relative
    from migration_guard.baseline import kept, written
    from migration_guard.cli.output import settings_of_run
    from migration_guard.configuration import notes
    from migration_guard.output_files import refusal
    from migration_guard.reading.discovery.project import ProjectError, find
    from migration_guard.regular_files import fence_of
    from migration_guard.report import plural

    cwd = Path.cwd()
    overrides = Overrides(**{name: value or None for name, value in options.items()}, since="none", cache=False)
    explicit = cwd / config if config else None
    try:
        settings = settings_of_run(paths, cwd, explicit, overrides)
        file = cwd / (output or settings.baseline or BASELINE)
        folder = None if output else (settings.file or cwd / BASELINE).absolute().parent
        root = fence_of(folder) if folder else None
        if folder and (reason := refusal(file, folder)):
            raise ConfigError(f"baseline: {file} {reason}, so it is not written. Name it on the command line: --output")
        if settings.file is None and output is None:
            _refuse_several(paths, cwd, overrides)
        paths = paths or tuple((settings.file or cwd).parent / path for path in settings.paths)
        report = engine.lint(paths, cwd, explicit, replace(overrides, baseline=""))
        judged = {one for project in find(paths, cwd) for one in project.only or project.files}
        for place in (paths or (Path(),)) if roundtrip else ():
            found = round_trip(place, folder=cwd, config=config, since="none", baseline="")
            report = replace(report, findings=(*report.findings, *found.findings))
    except (ConfigError, ProjectError, PluginError, MigrationGuardError) as error:
        raise click.ClickException(str(error)) from None
    text, count = written(report, file, cwd, kept(file, root, judged, with_trips=roundtrip))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(
            f"The baseline could not be written to {file} ({error.strerror}). Name another file with --output."
        ) from None
    name = relative(str(file), settings.file.parent if settings.file else cwd)
    configured = "" if settings.baseline else f' Name it in the configuration: baseline = "{name}"'
    say(f"Wrote {plural(count, 'finding')} to {file}.{configured}")
    for sentence in notes(settings, cwd):
        note(sentence)
    for finding in report.findings:
        if finding.unconditional:
            say(f"Not in it: {finding.path}: {finding.message}", err=True)
    return FOUND if count < len(report.findings) else CLEAN


def _refuse_several(paths: tuple[Path, ...], cwd: Path, overrides: Overrides) -> None:
    """Raise ConfigError where the histories have baselines of their own: no single file would speak for them."""
    from migration_guard.assembly import relative
    from migration_guard.configuration import load
    from migration_guard.reading.discovery.project import find

    for project in find(paths, cwd):
        own = load(project.root, overrides=overrides)
        if own.baseline is not None and own.file is not None:
            folder = relative(str(own.file.parent), cwd)
            raise ConfigError(
                f"{relative(str(own.file), cwd)} names a baseline of its own, and other histories here have another"
                f" configuration. Write each by itself: migration-guard baseline {folder}"
            )
