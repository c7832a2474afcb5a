"""The command `config`: what holds for a history, and which place says so."""

from __future__ import annotations

from pathlib import Path

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import REPORT, Command, option
from migration_guard.cli.output import note, show
from migration_guard.config import ConfigError, Overrides
from migration_guard.model.plugin import PluginError


@click.command(
    cls=Command,
    short_help="Show the options that hold, and where each is from.",
    examples=(
        ("migration-guard config --show", "What holds for a history in this folder."),
        ("migration-guard config --show services/billing", "What holds for one in that folder."),
    ),
)
@click.argument("folder", default=".", type=click.Path(path_type=Path, exists=True))
@option("--show", "shown", group=REPORT, is_flag=True, help="Print them as TOML. That is also what happens without.")
@shared.plugins
@shared.config_file
def config(folder: Path, *, shown: bool, plugins: tuple[str, ...], trust_plugins: bool, config: Path | None) -> None:
    """
    Show the options that hold for a history in this folder, as TOML: those of the nearest configuration, of all that it
    extends, and the defaults, with the rules that run.
    """
    from migration_guard import configuration
    from migration_guard.config.shown import toml

    place = folder.absolute()
    try:
        settings = configuration.load(
            place if place.is_dir() else place.parent,
            explicit=config,
            overrides=Overrides(plugins=plugins or None, trust_plugins=trust_plugins or None),
        )
    except (ConfigError, PluginError) as error:
        raise click.ClickException(str(error)) from None
    for sentence in configuration.notes(settings, Path.cwd()):
        note(sentence)
    running = {code: rule.slug() for code, rule in configuration.running(settings).items()}
    show(toml(settings, running))
