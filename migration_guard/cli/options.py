"""The options that several commands share, and how the help of a command is laid out: by subject, then examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from migration_guard.config import COLORS, FORMATS
from migration_guard.model.finding import Severity

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

WHAT, RULES, REPORT, OTHER = "What is judged", "Rules", "Report", "Other"


class Option(click.Option):
    """An option that stands under a heading in the help."""

    def __init__(self, *arguments: Any, group: str = OTHER, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group


class Command(click.Command):
    """A command whose help has headings, and examples: pairs of what to type and what that does."""

    def __init__(self, *arguments: Any, examples: Sequence[tuple[str, str]] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, by heading, in the order in which the headings come first."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", OTHER), []).append(record)
        for heading in sorted(groups, key=lambda one: one == OTHER):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[tuple[str, str]]) -> None:
    """A section with a line for each example, and what it does above it."""
    if examples:
        with formatter.section("Examples"):
            for command, meaning in examples:
                formatter.write(f"{'':{formatter.current_indent}}# {meaning}\n")
                formatter.write(f"{'':{formatter.current_indent}}{command}\n")


def complete_rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes and names of rules that begin like this, for shells that complete."""
    from migration_guard.rules import load

    meaning = {name: rule for code, rule in load().items() for name in (code, rule.slug())}
    return [
        CompletionItem(name, help=(rule.__doc__ or "").strip().partition("\n")[0])
        for name, rule in meaning.items()
        if name.lower().startswith(incomplete.lower())
    ]


def complete_formats(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The formats of reports that begin like this."""
    return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


def option(*names: str, group: str, **settings: Any) -> Decorator:
    """An option below a heading."""
    return click.option(*names, cls=Option, group=group, **settings)


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(options):
            function = one(function)
        return function

    return decorate


new_only = together(
    option("--since", group=WHAT, metavar="GITREF", help='Only what this commit does not have. Or "auto", "none".'),
    option("--baseline", group=WHAT, metavar="FILE", help="Leave out the findings in this file (see baseline)."),
)
which_rules = together(
    option(
        "--select",
        group=RULES,
        multiple=True,
        metavar="RULES",
        shell_complete=complete_rules,
        help="Run only these: MG401, MG4, a name, or ALL.",
    ),
    option(
        "--ignore", group=RULES, multiple=True, metavar="RULES", shell_complete=complete_rules, help="Do not run these."
    ),
)
target = option(
    "--target", group=WHAT, multiple=True, metavar="TARGET", help='Database to judge for: "postgresql 16". Repeatable.'
)
start_after = option("--start-after", group=WHAT, metavar="REVISION", help="Judge only what comes after this revision.")
extend_select = option(
    "--extend-select", group=RULES, multiple=True, metavar="RULES", shell_complete=complete_rules, help="Run these too."
)
filename_pattern = option(
    "--filename-pattern", group=RULES, metavar="PATTERN", help='"dated", "alembic" or a regular expression (MG008).'
)
how_to_report = together(
    option(
        "--output-format",
        group=REPORT,
        multiple=True,
        shell_complete=complete_formats,
        metavar="NAME[:FILE]",
        help=f"{', '.join(FORMATS)}. Repeatable.  [text]",
    ),
    option(
        "--fail-on",
        group=REPORT,
        type=click.Choice([one.value for one in Severity]),
        help="Severity from which the exit code is 1.  [error]",
    ),
    option("--exit-zero", group=REPORT, is_flag=True, help="Exit with 0 even where something is found."),
    option("--color", group=REPORT, type=click.Choice(COLORS), help="NO_COLOR and FORCE_COLOR are honoured.  [auto]"),
    option("--quiet", "-q", group=REPORT, is_flag=True, help="Print nothing but findings of severity error."),
)
plugins = together(
    option(
        "--plugin",
        "plugins",
        group=RULES,
        multiple=True,
        metavar="MODULE",
        help="Run this module's code: operations and rules of your own. Repeatable.",
    ),
    option("--trust-plugins", group=RULES, is_flag=True, help="Run every plugin that the configuration wishes for."),
)
config_file = option(
    "--config", group=OTHER, type=click.Path(path_type=Path), metavar="FILE", help="Read the options from this file."
)
jobs = option("--jobs", "-j", group=OTHER, type=click.IntRange(min=1), metavar="N", help="How many processes to use.")
no_cache = option("--no-cache", group=OTHER, is_flag=True, help="Read every file afresh, and keep nothing.")
