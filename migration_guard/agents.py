"""
What a coding agent is told of a project: the section for its instructions, and the hook that lints what it writes, as
texts. Writes nothing.

The instructions are AGENTS.md (https://agents.md) or CLAUDE.md (https://code.claude.com/docs/en/memory). The hook is
Claude Code's (https://code.claude.com/docs/en/hooks), whose settings Cursor and VS Code read, too
(https://cursor.com/docs/reference/third-party-hooks, https://code.visualstudio.com/docs/copilot/customization/hooks).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration_guard import configuration
from migration_guard.config import Config, ConfigError, agreement
from migration_guard.model.proposal import ProposedFile
from migration_guard.regular_files import FileNotRead, content, fence_of, read
from migration_guard.version import REPOSITORY

INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md")
BEGIN = "<!-- migration-guard: begin -->"
END = "<!-- migration-guard: end -->"
SETTINGS = Path(".claude/settings.json")
COMMAND = "hook"
# What runs the programs of a project, by the file that lists what is installed in it.
RUNNERS = {"uv.lock": "uv run", "poetry.lock": "poetry run", "pdm.lock": "pdm run"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOutline:
    """
    What the instructions name: the folders of the migrations, the databases they are judged for, the branch that others
    are merged into (None where git knows none), and what migration-guard is called with.
    """

    folders: tuple[str, ...]
    targets: tuple[str, ...]
    branch: str | None
    program: str


def program(folder: Path) -> str:
    """What migration-guard is called with in this folder: through the tool that installs it there, if one does."""
    for one in dict.fromkeys((folder, fence_of(folder))):
        for lock, runner in RUNNERS.items():
            if b'name = "migration-guard"' in (content(one / lock, one) or b""):
                return f"{runner} migration-guard"
    return "migration-guard"


def section(settings: Config, outline: ProjectOutline) -> str:
    """The section of the instructions, between its marks."""
    running = {rule.slug() for rule in configuration.running(settings).values()}
    agreed = "".join(f"- {line}\n" for line in agreement.lines(settings, running))
    run, since = outline.program, f" --since {outline.branch}" if outline.branch else ""
    merged = (
        f"\n- A migration that `{outline.branch}` has may have run already: do not edit it, write a new one."
        if outline.branch
        else ""
    )
    return f"""\
{BEGIN}
## Database migrations

The migrations in {_listed(outline.folders)} are judged by [migration-guard](https://github.com/{REPOSITORY}) for
{_listed(outline.targets)}. It reads them and does not run them.

Before you write one:

- `{run} config --show` prints the rules and options that hold.
- `{run} summary` says what the newest revision does to the schema.{merged}

After each change to one:

- `{run} lint FILE` says what it would do in production. `--diff` shows the fixes and `--fix` writes those that are
  safe; what only `--unsafe-fixes` writes is for a person to decide. Lint again until nothing is found.
- `{run} roundtrip{since}` runs it up, down and up again on a throwaway database.

What it says:

- Exit code 0: nothing is as bad as `{settings.fail_on}`. 1: something is. 2: the job could not be done,
  and a sentence says why.
- A finding is an `error`, a `warning` or an `info`, with a code: `{run} rule CODE` says what happens to whom,
  and what to write instead. Programs take `--output-format json`.
- Fix what is found. Never silence it without a reason, and leave the configuration as it is. Where a person has decided
  otherwise, the statement gets their reason: `# migration-guard: ignore[CODE] reason`.

What this team has agreed on:

{agreed}
Before you hand over:

- `{run} summary{since} --output-format markdown` says what the change does to the schema.
- `{run} check-summary FILE` holds a summary that you wrote against the files: 0 right, 1 it differs, 2 unreadable.
{END}
"""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def instructions(folder: Path) -> Path:
    """The file of instructions in this folder: the one with our section, else one that is there, else AGENTS.md."""
    files = [folder / name for name in INSTRUCTIONS]
    there = [file for file in files if file.is_file()]
    return next((file for file in there if standing(file)), next(iter(there), files[0]))


def standing(file: Path) -> str | None:
    """
    The section that stands in the file already, with its marks; None for none. Without the second mark it goes on to
    the end. Raises ConfigError where nobody can read the file.
    """
    _, begin, rest = _text(file).partition(BEGIN)
    inside, end, _ = rest.partition(END)
    return f"{begin}{inside}{end}\n" if begin else None


def is_unread(folder: Path, file: Path) -> bool:
    """Whether there is a CLAUDE.md beside this AGENTS.md that does not name it."""
    agents, claude = (folder / name for name in INSTRUCTIONS)
    return file == agents and claude.is_file() and not claude.samefile(file) and agents.name not in _text(claude)


def with_section(file: Path, added: str) -> ProposedFile:
    """The file with the section behind what is in it. Raises ConfigError where nobody can read it."""
    before = _text(file).rstrip()
    return ProposedFile(file, f"{before}\n\n{added}" if before else added, added, file.exists())


def _text(file: Path) -> str:
    """What is in a file that is there, empty without one. Raises ConfigError where nobody can read it."""
    try:
        return read(file, fence_of(file.parent)).decode("utf-8").replace("\r\n", "\n")
    except FileNotRead as reason:
        if reason.absent:
            return ""
        raise ConfigError(f"{file} {reason}, so nothing can be added to it. Make it a file of this folder.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8, so nothing can be added to it. Save it as UTF-8.") from None


def settings_file(folder: Path) -> Path:
    """The settings of the agent, at the top of the repository around the folder."""
    return fence_of(folder) / SETTINGS


def hook_settings(file: Path) -> dict[str, Any]:
    """What the settings have to say, for the hook to run behind each tool that writes a file."""
    command = f"{program(file.parent.parent)} {COMMAND}"
    entry = {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": command}]}
    return {"hooks": {"PostToolUse": [entry]}}


def has_hook(file: Path) -> bool:
    """Whether the settings have the hook already, however it is called."""
    return f"migration-guard {COMMAND}" in _text(file)


def with_hook(file: Path) -> ProposedFile | None:
    """
    The settings with the hook. None where something else than the hook would change in them: where they are laid out
    unusually, are not JSON, or have something of their own in its place. Raises ConfigError where nobody can read them.
    """
    wanted = hook_settings(file)
    old = _text(file)
    if not old.strip():
        text = _dumped(wanted, 2)
        return ProposedFile(file, text, text, file.exists())
    try:
        read = json.loads(old)
    except (ValueError, RecursionError):
        return None
    indent = next((one for one in (2, 4, "\t") if _dumped(read, one).rstrip() == old.rstrip()), None)
    if indent is None or not isinstance(read, dict):
        return None
    hooks = read.setdefault("hooks", {})
    behind = hooks.setdefault("PostToolUse", []) if isinstance(hooks, dict) else None
    if not isinstance(behind, list):
        return None
    behind += wanted["hooks"]["PostToolUse"]
    return ProposedFile(file, _dumped(read, indent), _dumped(wanted, indent), exists=True)


def _dumped(settings: object, indent: int | str) -> str:
    return json.dumps(settings, indent=indent, ensure_ascii=False) + "\n"
