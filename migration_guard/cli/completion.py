"""The command `completion`: the script with which a shell completes our commands, options and rules."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from migration_guard.cli.options import Command
from migration_guard.cli.output import show

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    short_help="Print what a shell needs to complete commands, options and rules.",
    examples=(
        ('eval "$(migration-guard completion bash)"', "For this shell; in ~/.bashrc for every one."),
        ('eval "$(migration-guard completion zsh)"', "The same in ~/.zshrc."),
        ("migration-guard completion fish > ~/.config/fish/completions/migration-guard.fish", "For fish."),
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, formats and rules: bash (4.4), zsh or fish."""
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root()
    show(kind(root.command, {}, "migration-guard", "_MIGRATION_GUARD_COMPLETE").source() + "\n")
