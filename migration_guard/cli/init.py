"""The command `init`: shows what it proposes, asks, and writes it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from migration_guard.cli.options import OTHER, Command, option
from migration_guard.cli.output import CLEAN, say, say_lines
from migration_guard.config import ConfigError, Overrides
from migration_guard.model.finding import Report
from migration_guard.model.proposal import ProposedFile
from migration_guard.model.target import parse
from migration_guard.regular_files import content, fence_of, is_ours, leads_below

PROPOSES = "What to set up"


@click.command(
    cls=Command,
    short_help="Look at the project and write its configuration.",
    examples=(
        ("migration-guard init", "Show the configuration for this project, and ask before writing it."),
        ("migration-guard init --yes --workflow --pre-commit", "For scripts: write all that is not there yet."),
        ("migration-guard init --agents --agent-hook", "Tell coding agents of it, and lint what they write."),
        ("migration-guard init --baseline", "Keep old findings in a file, instead of leaving old migrations out."),
    ),
)
@option("--baseline", group=PROPOSES, is_flag=True, help="Write today's findings to a baseline.")
@option("--workflow", group=PROPOSES, is_flag=True, help="Also write a workflow for GitHub, which lints.")
@option("--roundtrip", group=PROPOSES, is_flag=True, help="That workflow, with the round trip.")
@option("--pre-commit", group=PROPOSES, is_flag=True, help="Also add the hook to .pre-commit-config.yaml.")
@option("--agents", group=PROPOSES, is_flag=True, help="Also add a section to AGENTS.md or CLAUDE.md.")
@option("--agent-hook", group=PROPOSES, is_flag=True, help="Also lint each migration as soon as an agent writes it.")
@option("--yes", "-y", group=OTHER, is_flag=True, help="Do not ask. What exists is left as it is.")
def init(
    *,
    baseline: bool,
    workflow: bool,
    roundtrip: bool,
    pre_commit: bool,
    agents: bool,
    agent_hook: bool,
    yes: bool,
) -> int:
    """
    Look at the project in this folder and write a commented configuration for it.

    It finds the histories, guesses the database, and leaves alone what is found in migrations that are old already. A
    file that exists is never overwritten without a question.
    """
    from migration_guard import proposals
    from migration_guard.baseline import written
    from migration_guard.reading.discovery.project import ProjectError, find

    cwd = Path.cwd()
    try:
        projects = find((), cwd)
        report = _judged(cwd)
        if roundtrip:
            _check_single(cwd)
        _introduce(report, len(projects))
        file = proposals.configured(cwd)
        if file is not None:
            say(f"{_name(file)} configures migration-guard already: it is left as it is.")
        else:
            target = proposals.target_of(report)
            if target[0] is not None and str(parse(target[0])) not in report.summary.target:
                report = _judged(cwd, target[0])
            chosen = proposals.choices(projects, report, target, baseline=baseline)
            if _write(proposals.configuration(chosen, cwd), yes=yes) and chosen.baseline:
                known = cwd / chosen.baseline
                _write(ProposedFile(known, written(report, known, cwd)[0], "", known.exists()), yes=yes)
    except (ConfigError, ProjectError) as error:
        raise click.ClickException(str(error)) from None
    if workflow or roundtrip:
        _write(proposals.workflow(cwd, roundtrip=roundtrip), yes=yes)
    if pre_commit:
        _pre_commit(cwd, yes=yes)
    try:
        if agents:
            folders = [folder for one in projects for folder in one.versions or (one.root,)]
            _instruct(cwd, folders, report.summary.target, yes=yes)
        if agent_hook:
            _agent_hook(cwd, yes=yes)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if not (yes or sys.stdin.isatty()):
        raise click.ClickException("init asks before it writes, and this is no terminal. Run it with --yes.")
    click.echo("Next: migration-guard lint")
    return CLEAN


def _pre_commit(cwd: Path, *, yes: bool) -> None:
    """Add the hook to the configuration of pre-commit, or say what to add."""
    from migration_guard import proposals

    hooks = proposals.hooks(cwd)
    if hooks is None:
        click.echo(
            "The pre-commit configuration is left as it is: it has the hook, or is laid out unusually."
            f" What to add: {proposals.HOW_TO_HOOK}"
        )
    else:
        _write(hooks, yes=yes)


def _instruct(cwd: Path, folders: Sequence[Path], targets: tuple[str, ...], *, yes: bool) -> None:
    """Add the section to the instructions of agents; say what would change in one that is there."""
    import difflib

    from migration_guard import agents, configuration
    from migration_guard.reading.discovery.repository import default_branch

    outline = agents.ProjectOutline(
        folders=tuple(dict.fromkeys(map(_name, folders))),
        targets=targets,
        branch=default_branch(cwd),
        program=agents.program(cwd),
    )
    section = agents.section(configuration.load(cwd), outline)
    file = agents.instructions(cwd)
    old = agents.standing(file)
    if old is None:
        _write(agents.with_section(file, section), yes=yes)
    elif old == section:
        say(f"{_name(file)} has the section already.")
    else:
        say(f"{_name(file)} has a section already: it is left as it is. What would be different in it today:")
        lines = (old.splitlines(), section.splitlines())
        say_lines("\n" + "\n".join(difflib.unified_diff(*lines, "there", "today", lineterm="", n=0)))
    if agents.is_unread(cwd, file):
        click.echo("CLAUDE.md does not name AGENTS.md: Claude Code reads it where CLAUDE.md has the line @AGENTS.md")


def _agent_hook(cwd: Path, *, yes: bool) -> None:
    """Add the hook to the settings of the agent, or say what to add."""
    import json

    from migration_guard import agents

    file = agents.settings_file(cwd)
    if agents.has_hook(file):
        say(f"{_name(file)} has the hook already.")
        return
    proposed = agents.with_hook(file)
    if proposed is None:
        added = json.dumps(agents.hook_settings(file), indent=2)
        say(f"{_name(file)} is left as it is: it is laid out unusually. What to add:")
        say_lines(f"\n{added}\n")
    else:
        _write(proposed, yes=yes)


def _check_single(cwd: Path) -> None:
    """Raise ProjectError where the workflow could not run the round trip from this folder."""
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.roundtripping.project import choose

    try:
        choose(None, cwd)
    except ProjectError as error:
        raise ProjectError(f"--roundtrip: {error} Or run init in the folder of one project.") from None


def _judged(cwd: Path, *target: str) -> Report:
    """All that is found today, whatever is new or known."""
    from migration_guard import engine

    overrides = Overrides(target=target or None, since="none", baseline="", cache=False)
    return engine.lint((), cwd, None, overrides)


def _introduce(report: Report, histories: int) -> None:
    from migration_guard.report import plural

    summary = report.summary
    found = plural(len(report.findings), "finding")
    count = "1 history" if histories == 1 else f"{histories} histories"
    click.echo(f"Found {count} with {plural(summary.migrations, 'migration')}, and {found} in them.")


def _name(file: Path) -> str:
    """A file as people write it in the current folder."""
    from migration_guard.assembly import relative

    return relative(str(file), Path.cwd())


def _write(proposed: ProposedFile, *, yes: bool) -> bool:
    """
    Write a file, if it is not there or only added to, or somebody agrees; where nobody can, show it. Whether it was
    written.
    """
    name = _name(proposed.path)
    appends = proposed.exists and proposed.added != proposed.text and bool(proposed.added)
    asks = not yes and sys.stdin.isatty()
    if not asks and proposed.exists and not appends:
        say(f"{name} exists and is left as it is.")
        return False
    if proposed.added and not yes:
        say_lines(f"\n{proposed.added}")
    if not yes and not asks:
        say(f"With --yes this is {'added to' if appends else 'written to'} {name}.")
        return False
    question = f"Add this to {name}?" if appends else f"{'Overwrite' if proposed.exists else 'Write'} {name}?"
    if not yes and not click.confirm(question, default=not proposed.exists or appends):
        return False
    root = fence_of(Path.cwd())
    if not leads_below(proposed.path, root) or (proposed.path.exists() and not is_ours(proposed.path, root)):
        raise click.ClickException(
            f"{proposed.path} is not written: it is no regular file, or a link that leads out of {root}. Remove it."
        )
    try:
        proposed.path.parent.mkdir(parents=True, exist_ok=True)
        dos = b"\r\n" in (content(proposed.path, root) or b"")
        proposed.path.write_text(proposed.text, encoding="utf-8", newline="\r\n" if dos else "\n")
    except OSError as error:
        raise click.ClickException(
            f"{proposed.path} could not be written ({error.strerror}). Make it writable."
        ) from None
    say(f"Wrote {name}.")
    return True
