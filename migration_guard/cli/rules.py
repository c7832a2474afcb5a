"""The commands `rules` and `rule`: what there is, and the page of each."""

from __future__ import annotations

import click

from migration_guard.cli.options import Command, complete_rules
from migration_guard.cli.output import show


@click.command(
    cls=Command, short_help="List all rules.", examples=(("migration-guard rules", "Every rule in a line."),)
)
def rules() -> None:
    """List all rules: code, name, severity, whether it is on, and what it finds."""
    from migration_guard.rules import load

    lines = []
    for code, rule in load().items():
        first = (rule.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"{code}  {rule.slug():<32} {rule.severity:<8} {'on' if rule.enabled else 'off':<4} {first}\n")
    show("".join(lines))


@click.command(
    cls=Command,
    short_help="Print the page of one rule.",
    examples=(
        ("migration-guard rule MG401", "What happens to whom, with examples."),
        ("migration-guard rule blocking-index-build", "The same, by name."),
    ),
)
@click.argument("code", shell_complete=complete_rules)
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
