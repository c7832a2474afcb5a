"""Looks at a project and proposes its configuration, its workflow and its hooks, as texts. Writes nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from migration_guard.assembly import relative
from migration_guard.config import BASELINE, PATTERNS
from migration_guard.config.files import OWN_FILE, TABLE, toml_table
from migration_guard.model.finding import Report
from migration_guard.model.proposal import ProposedFile
from migration_guard.model.target import parse
from migration_guard.reading.discovery import repository
from migration_guard.reading.discovery.folders import declared_in, needed_by
from migration_guard.reading.discovery.project import Project
from migration_guard.regular_files import content, fence_of
from migration_guard.targets import NO_VERSION, NOBODY
from migration_guard.version import REPOSITORY, __version__

WORKFLOW = Path(".github/workflows/migrations.yml")
PRE_COMMIT = Path(".pre-commit-config.yaml")
HOW_TO_HOOK = f"https://github.com/{REPOSITORY}/blob/main/docs/pre-commit.md"
MAJOR = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """
    What a configuration would say, each with the reason. `start_after` is the newest revision that needs no judgement,
    `baseline` a file that holds what is found today; both are None where nothing is found. `findings` is how many of
    them are old, `branch` the one that has what is old; empty where nobody can say, and everything is taken for old.
    """

    target: str | None
    target_reason: str
    start_after: str | None = None
    baseline: str | None = None
    findings: int = 0
    branch: str = ""
    pattern: str | None = None


def choices(projects: Sequence[Project], report: Report, target: tuple[str | None, str], *, baseline: bool) -> Choices:
    """
    What the histories call for. `target` is the database and why it is thought to be that one.

    What is found in old migrations is left alone: all up to the newest revision that the default branch has; or, where
    somebody asks for a `baseline` or there is no single newest revision, all that is in that file. Where that branch
    has none, none is old.
    """
    heads = _heads(projects)
    single = heads[0] if len(projects) == len(heads) == 1 and not baseline else None
    found, branch = len(report.findings), report.summary.default_branch
    return Choices(
        target=target[0],
        target_reason=target[1],
        start_after=single if found else None,
        baseline=BASELINE if found and single is None and (heads or baseline) else None,
        findings=report.summary.older if branch and single else found,
        branch=branch,
        pattern=_pattern(projects),
    )


def configuration(chosen: Choices, folder: Path) -> ProposedFile:
    """
    The configuration, commented: a table in the folder's pyproject.toml, where that takes one; else a file of its own.

    Raises ConfigError where the pyproject.toml cannot be read.
    """
    file = folder / "pyproject.toml"
    body = "".join(f"{line}\n" for line in _lines(chosen))
    if toml_table(file, root=fence_of(folder)) is not None:
        before = (content(file, fence_of(folder)) or b"").decode("utf-8")
        added = f"[{'.'.join(TABLE)}]\n{body}"
        text = f"{before.rstrip()}\n\n{added}"
        if _is_toml(text):
            return ProposedFile(file, text, added, exists=True)
    return ProposedFile(folder / OWN_FILE, body, body, (folder / OWN_FILE).exists())


def _is_toml(text: str) -> bool:
    """Whether this can be read: a table `tool = {...}` takes no table below it."""
    import tomllib

    try:
        tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return False
    return True


def configured(folder: Path) -> Path | None:
    """The file in this folder, or above it in the repository, that configures us already."""
    root = fence_of(folder)
    for one in (folder, *folder.parents):
        files = {one / OWN_FILE: (), one / "pyproject.toml": TABLE}
        for file, names in files.items():
            if toml_table(file, *names, root=root) is not None:
                return file
        if one == root:
            break
    return None


def workflow(folder: Path, *, roundtrip: bool) -> ProposedFile:
    """The workflow that judges pull requests on GitHub, in the repository around the folder."""
    root = fence_of(folder)
    inputs = [] if root == folder else [f"working-directory: {relative(str(folder), root)}"]
    if roundtrip:
        inputs.append('roundtrip: "true"')
        inputs.append("# The command that installs your application, which the round trip runs.")
        inputs.append(f"install: {_install(folder)}")
    options = "".join(f"          {line}\n" for line in inputs)
    text = f"""\
name: Migrations

on:
  pull_request:

permissions:
  contents: read

jobs:
  migrations:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: {REPOSITORY}@{MAJOR}
{f"        with:{chr(10)}{options}" if options else ""}"""
    return ProposedFile(root / WORKFLOW, text, text, (root / WORKFLOW).exists())


def hooks(folder: Path) -> ProposedFile | None:
    """The pre-commit configuration with our hooks. None where it has them, or has no list of `repos:` that we know."""
    root = fence_of(folder)
    file = root / PRE_COMMIT
    try:
        old = (content(file, root) or b"").decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    if "migration-guard" in old:
        return None
    start = re.search(r"^repos:[ \t]*(?:#.*)?\n(?P<indent>[ \t]*)(?=- )", old, re.MULTILINE)
    if old.strip() and start is None:
        return None
    indent = start["indent"] if start else "  "
    entry = [
        f"- repo: https://github.com/{REPOSITORY}",
        f"  rev: v{__version__}",
        "  hooks:",
        "    - id: migration-guard-lint",
    ]
    added = "".join(f"{indent}{line}\n" for line in entry)
    if start is None:
        return ProposedFile(file, f"repos:\n{added}", f"repos:\n{added}", file.exists())
    end = start.end("indent") - len(indent)
    return ProposedFile(file, old[:end] + added + old[end:], added, exists=True)


def _install(folder: Path) -> str:
    packaged = (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file()
    return (
        "pip install -e ."
        if packaged or not (folder / "requirements.txt").is_file()
        else "pip install -r requirements.txt"
    )


def target_of(report: Report) -> tuple[str | None, str]:
    """The database in production, and how we come to think so; None where nobody knows, or there are several."""
    summary = report.summary
    if len(summary.target) != 1:
        return None, f"several are judged for: {', '.join(summary.target)} ({summary.assumed or 'as configured'})"
    (told,) = summary.target
    if not summary.assumed:
        return told, "as configured"
    if NOBODY in summary.assumed:
        return None, f"{NOBODY}, so {told} is assumed"
    if NO_VERSION not in summary.assumed:
        return told, summary.assumed
    reason = summary.assumed.partition(";")[0]
    return parse(told).dialect, f'{reason}. Add the version ("{told}" is assumed, the oldest that is supported)'


def _heads(projects: Iterable[Project]) -> list[str]:
    """
    The newest revisions of the histories, as a glance at their files shows them: of those that the default branch has,
    where there is one. What is on no branch yet, or on another, has run nowhere.
    """
    texts = [text for project in projects for text in _old(project)]
    named = {one for text in texts for one in needed_by(text)}
    declared = filter(None, map(declared_in, texts))
    return [revision for revision in declared if revision not in named]


def _old(project: Project) -> Iterator[bytes]:
    contents = project.contents()
    there = repository.on_default_branch(project, contents)
    for path, text in contents.items():
        if there is None or path in there.old:
            yield text or b""


def _pattern(projects: Iterable[Project]) -> str | None:
    """The name of a pattern that nearly all files follow; without one, what the history does is found out each time."""
    names = [file.name for project in projects for file in project.files if not file.name.startswith("__")]
    counts = Counter(preset for preset, pattern in PATTERNS.items() for name in names if re.match(pattern, name))
    if not counts:
        return None
    preset, count = counts.most_common(1)[0]
    return preset if count * 10 >= len(names) * 9 else None


def _lines(chosen: Choices) -> Iterator[str]:
    yield from wrap(
        f"The database in production: {chosen.target_reason}.", 96, initial_indent="# ", subsequent_indent="# "
    )
    yield f"target = {json.dumps(chosen.target)}" if chosen.target else '# target = "postgresql 16"'
    count = "1 finding" if chosen.findings == 1 else f"{chosen.findings} findings"
    if chosen.start_after:
        yield ""
        old = f"are on {chosen.branch}" if chosen.branch else "are taken for released"
        yield f"# Migrations up to this one {old}. They are read, so that newer ones are judged with the schema"
        yield f"# they meet, and not judged: {count} there."
        yield f"start-after = {json.dumps(chosen.start_after)}"
    if chosen.baseline:
        yield ""
        yield f"# What was found when this was written ({count}). `migration-guard baseline` writes it anew."
        yield f"baseline = {json.dumps(chosen.baseline)}"
    yield ""
    yield "# How migration files are called: dated, alembic (its file_template) or a regular expression."
    yield "# Without it, what nine in ten files do."
    yield f"filename-pattern = {json.dumps(chosen.pattern)}" if chosen.pattern else '# filename-pattern = "dated"'
    yield ""
    yield "# The severity from which a run fails: error, warning or info."
    yield '# fail-on = "error"'
    yield ""
    yield "# Rules that are not for you: codes, names or prefixes. `migration-guard rules` lists them."
    yield '# ignore = ["MG403"]'
