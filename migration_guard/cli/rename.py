"""The command `rename`: gives the files of migrations the names that the configured pattern asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import OTHER, Command, option
from migration_guard.cli.output import CLEAN, FAILED, say
from migration_guard.config import ConfigError, Overrides
from migration_guard.model.plugin import PluginError


@click.command(
    cls=Command,
    short_help="Give the files of migrations the names that the pattern asks for.",
    examples=(
        ("migration-guard rename --diff", "Show what would be called how, and rename nothing."),
        ("migration-guard rename --filename-pattern dated", "YYYYMMDD_NNNN_description.py, by their Create Date."),
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@option("--diff", group=OTHER, is_flag=True, help="Show what would be renamed, and change nothing.")
@shared.filename_pattern
@shared.config_file
def rename(paths: tuple[Path, ...], *, diff: bool, config: Path | None, **options: Any) -> int:
    """
    Bring the names of migrations in line with filename-pattern: dates from Create Date, numbers along the chain, words
    from the message. Alembic goes by the revision in a file, not by its name.

    With git where it tracks the file. Other files that name it are listed: change them by hand.
    """
    from migration_guard.assembly import relative
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.renames import plan
    from migration_guard.renames import rename as give_name

    cwd = Path.cwd()
    try:
        planned = plan(paths, cwd, cwd / config if config else None, Overrides(**options))
    except (ConfigError, ProjectError, PluginError) as error:
        raise click.ClickException(str(error)) from None
    for one in planned.renames:
        old = relative(str(one.file), cwd)
        say(f"{old} -> {one.name}")
        for mention in one.mentions:
            say(f"  named in {mention}")
        if not diff:
            try:
                give_name(one)
            except OSError as error:
                raise click.ClickException(f"{old} could not be renamed ({error.strerror}).") from None
    for sentence in planned.left:
        say(sentence, err=True)
    if not planned.renames and not planned.left:
        click.echo("Every file is called as it should be.")
    return FAILED if planned.left else CLEAN
