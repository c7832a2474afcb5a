"""The commands `rules` and `rule`: what there is, and the page of each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size

import click

from migration_guard.cli import options as shared
from migration_guard.cli.options import REPORT, Command, complete_rules, option
from migration_guard.cli.output import note, roots, show
from migration_guard.config import ConfigError, Overrides
from migration_guard.config.terminal import wants_color
from migration_guard.model.plugin import PluginError

# Prose in wider or narrower lines is hard to read.
NARROWEST, WIDEST = 40, 100


@click.command(
    cls=Command,
    short_help="List all rules.",
    examples=(
        ("migration-guard rules", "Every rule in a line."),
        ("migration-guard rules --output-format json", "For a program: with the page of each."),
    ),
)
@option(
    "--output-format",
    group=REPORT,
    type=click.Choice(["text", "json"]),
    default="text",
    help="A line for each rule, or a JSON document.  [text]",
)
@shared.plugins
def rules(output_format: str, plugins: tuple[str, ...], trust_plugins: bool) -> None:
    """List all rules: code, name, severity, whether it is on, whether there is a fix, and what it finds."""
    from migration_guard.report import rule_list
    from migration_guard.rules import load

    _load_plugins(plugins, trust_plugins)
    show(rule_list.json(load()) if output_format == "json" else rule_list.text(load(), bold=_bold()))


@click.command(
    cls=Command,
    short_help="Print the page of one rule.",
    examples=(
        ("migration-guard rule MG401", "What happens to whom, with examples."),
        ("migration-guard rule blocking-index-build", "The same, by name."),
    ),
)
@click.argument("code", shell_complete=complete_rules)
@shared.plugins
def rule(code: str, plugins: tuple[str, ...], trust_plugins: bool) -> None:
    """Print the page of one rule: MG401 or blocking-index-build."""
    from migration_guard.config.selection import is_ours, nearest
    from migration_guard.report import rule_page
    from migration_guard.rules import load

    absent = _load_plugins(plugins, trust_plugins)
    known = load()
    by_name = {name.lower(): one for one in known.values() for name in (one.code, one.slug())}
    found = by_name.get(code.lower())
    if found is None and absent and not is_ours(code):
        raise click.ClickException(f"There is no rule {code!r}, or it is one of {', '.join(absent)}: not loaded.")
    if found is None:
        raise click.ClickException(
            f"There is no rule {code!r}.{nearest(code, (*known, *by_name))} `migration-guard rules` lists them all."
        )
    width = max(NARROWEST, min(get_terminal_size((WIDEST, 0)).columns, WIDEST))
    show(rule_page.for_terminal(found, width=width, bold=_bold()))


def _load_plugins(named: tuple[str, ...], trusted: bool) -> tuple[str, ...]:
    """
    The rules of plugins are listed where those are named, or wished for in this folder and trusted. Gives the others
    that are wished for.
    """
    from migration_guard.configuration import load_plugins

    cwd = Path.cwd()
    try:
        if named:
            load_plugins(roots((), cwd), Overrides(plugins=named))
        wishes = load_plugins([cwd], Overrides(plugins=named, trust_plugins=trusted))
    except (ConfigError, PluginError) as error:
        raise click.ClickException(str(error)) from None
    for wish in wishes:
        note(wish.note(cwd))
    return tuple(wish.plugin for wish in wishes)


def _bold() -> Callable[[str], str]:
    """How to print a heading: bold where colours are wanted."""
    colored = wants_color("auto", terminal=sys.stdout.isatty())
    return lambda heading: click.style(heading, bold=True) if colored else heading
