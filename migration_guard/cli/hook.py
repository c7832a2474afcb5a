"""The command `hook`: runs behind each tool with which a coding agent writes a file, and lints what is a migration."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from migration_guard.cli.options import Command
from migration_guard.cli.output import CLEAN, say, settings_of_run
from migration_guard.config import ConfigError, Overrides
from migration_guard.model.finding import Severity
from migration_guard.model.plugin import PluginError

HEARD = 2
"""The exit code with which an agent reads the standard error: https://code.claude.com/docs/en/hooks"""
NOT_DONE = 1
"""One with which only the person at the agent does."""
PATHS = ("file_path", "filePath", "path", "files")
PATCHED = re.compile(r"^\*\*\* (?:Add File|Update File|Move to): (.+)$", re.MULTILINE)
"""A file in what Codex's apply_patch is given: https://developers.openai.com/codex/hooks"""


@click.command(
    cls=Command,
    short_help="Lint what a coding agent has just written (for its hooks).",
    examples=(("migration-guard hook < event.json", "What an agent's PostToolUse hook runs."),),
)
def hook() -> int:
    """
    Lint the migration that a coding agent has just written. It reads the agent's event, JSON with the path of the file,
    on the standard input, and passes over files that are no migrations. `migration-guard init --agent-hook` sets it up.

    Exit codes: 0 nothing found, or no migration; 2 something found, which stands on the standard error, where agents
    read it; 1 the job could not be done.
    """
    from migration_guard import engine
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.report import plural, text

    cwd = Path.cwd()
    try:
        event = json.loads(sys.stdin.buffer.read())
    except (ValueError, RecursionError):
        return _not_done("the standard input is no JSON. It takes the event of an agent.")
    # Some agents run the hook behind every tool. One that names a folder has searched it or listed it.
    paths = tuple(file for file in written(event, cwd) if file.suffix == ".py" and _is_there(file))
    overrides = Overrides(since="none")
    try:
        report = engine.lint(paths, cwd, None, overrides, skip_others=True) if paths else None
        if report is None or not report.findings:
            return CLEAN
        settings = settings_of_run(paths, cwd, None, overrides)
    except (ConfigError, ProjectError, PluginError) as error:
        return _not_done(str(error))
    if not any(one.severity.at_least(Severity.WARNING) or settings.counts(one) for one in report.findings):
        return CLEAN
    found = plural(len(report.findings), "finding")
    click.echo(text.render(report, summary=False), err=True, nl=False)
    click.echo(f"{found} of migration-guard. Fix them; `migration-guard rule CODE` says more.", err=True)
    return HEARD


def _not_done(sentence: str) -> int:
    say(f"migration-guard hook: {sentence}", err=True)
    return NOT_DONE


def _is_there(file: Path) -> bool:
    """Whether there is something of this name that is no folder, be it a link that leads nowhere."""
    return os.path.lexists(file) and not os.path.isdir(file)


def written(event: object, cwd: Path) -> tuple[Path, ...]:
    """The files that the tool of this event has written. Agents do not agree on where they say so."""
    if not isinstance(event, dict) or str(event.get("tool_name", "")).lower().startswith("read"):
        return ()
    base = event.get("cwd")
    folder = Path(base) if isinstance(base, str) else cwd
    inputs = [one for one in (event.get("tool_input"), event) if isinstance(one, dict)]
    return tuple(dict.fromkeys(folder / name for one in inputs for name in _named(one)))


def _named(given: dict[str, object]) -> Iterator[str]:
    for key in PATHS:
        value = given.get(key)
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one)
    command = given.get("command")
    if isinstance(command, str):
        yield from (name.rstrip() for name in PATCHED.findall(command))
