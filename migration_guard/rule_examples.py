"""
The examples of a rule: the fences in its page, each made into a project and judged. Rules of ours and of plugins are
tested with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import indent
from urllib.parse import unquote

from migration_guard import rules, source_edits
from migration_guard.config.roundtrip import TripConfig
from migration_guard.engine import lint
from migration_guard.model.finding import Edit, Finding, Report, Severity
from migration_guard.model.lineage import TableLineage
from migration_guard.model.target import parse
from migration_guard.model.trip import Trip
from migration_guard.roundtripping.engine import Request, round_trip
from migration_guard.roundtripping.project import choose
from migration_guard.rules import GROUPS, ROUND_TRIP, Trait, _page, group_of

DEFAULT_TARGET = "postgresql 14"
INI = "[alembic]\nscript_location = %(here)s/migrations\n"
ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool

section = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
HEADER = """\
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{revision}"
down_revision = {parent}

"""
DOCSTRING = re.compile(r"('''|\"\"\").*?\1\n", re.DOTALL)
ONE_WAY = """
def downgrade():
    # migration-guard: irreversible only an example
    raise NotImplementedError
"""


@dataclass(frozen=True)
class File:
    """A file of an example. `whole` where the fence is all of it, not only a body."""

    name: str
    text: str
    whole: bool


@dataclass(frozen=True)
class Example:
    """One fence with what was given before it, and the corrected version that follows it, if any."""

    code: str
    source: str
    kind: str
    target: str
    file: File
    given: tuple[File, ...] = ()
    fixed: str | None = None

    @property
    def name(self) -> str:
        return f"{self.code} {self.source} {self.kind}"


@dataclass
class _Reading:
    given: list[File] = field(default_factory=list)
    found: list[Example] = field(default_factory=list)


def of_page(code: str, page: str, source: str) -> list[Example]:
    """The examples in some text."""
    reading = _Reading()
    for line, fence in _page.examples(page):
        name = re.search(r"\bfile=(\S+)", fence.about)
        target = re.sub(r"\bfile=\S+", "", fence.about).strip()
        whole = fence.language != "python" or (
            re.search(r"^(?:revision\b|from|import)", fence.text, re.MULTILINE) is not None and (name is not None)
        )
        if fence.kind == "fixed":
            last = reading.found.pop()
            reading.found.append(replace(last, fixed=fence.text))
            continue
        default = {"toml": "migration-guard.toml", "ini": "alembic.ini"}.get(fence.language, "")
        file = File(unquote(name[1]) if name else default, fence.text, whole)
        if fence.kind == "given":
            reading.given.append(file)
            continue
        reading.found.append(
            Example(code, f"{source}:{line}", fence.kind, target or DEFAULT_TARGET, file, tuple(reading.given))
        )
        reading.given = []
    return reading.found


def module(text: str, revision: str, parent: str | None) -> str:
    """A migration with this text as the body of upgrade(), or as its functions, behind a docstring if it has one."""
    docstring = DOCSTRING.match(text)
    header = (docstring[0] if docstring else "") + HEADER.format(revision=revision, parent=repr(parent))
    text = text[docstring.end() :] if docstring else text
    if re.search(r"^def ", text, re.MULTILINE):
        return f"{header}\n{text}"
    return f"{header}\ndef upgrade():\n{indent(text, '    ')}\n{ONE_WAY}"


def write(example: Example, folder: Path) -> tuple[Path, Path | None]:
    """Write the project of an example; the file that is judged, and None where all of them are."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text("")
    selected = f'target = "{example.target}"\nextend-select = ["{example.code}"]\n'
    (folder / "migration-guard.toml").write_text(selected)
    parent = None
    judged = None
    for number, file in enumerate((*example.given, example.file)):
        if file.whole:
            if file.name.endswith(".toml"):
                path = folder / file.name
                path.write_text(path.read_text() + file.text)
            elif file.name == "env.py":
                (folder / "migrations" / file.name).write_text(file.text)
            elif file.name.endswith(".ini"):
                (folder / file.name).write_text(file.text)
            else:
                (versions / file.name).write_text(file.text)
            continue
        revision = f"r{number}"
        path = versions / (file.name or f"{revision}_example.py")
        path.write_text(module(file.text, revision, parent), encoding="utf-8")
        parent = revision
        judged = path
    return folder, None if example.file.whole else judged


def run(example: Example, folder: Path) -> list[Finding]:
    """What the engine says of the file that is judged; of downgrades only where the example is about them."""
    root, judged = write(example, folder)
    report = _round_trip(example, root) if is_about_trips(example) else lint([root], root)
    found = []
    for finding in report.findings:
        if judged is not None and (root / finding.path).resolve() != judged.resolve():
            continue
        if judged is None and finding.code != example.code:
            continue
        if _is_about_the_way_back(finding.code) and not _is_about_the_way_back(example.code):
            continue
        if is_about_tables(finding.code) and finding.code != example.code:
            continue
        found.append(finding)
    return found


def _is_about_the_way_back(code: str) -> bool:
    return group_of(code) in (GROUPS[ROUND_TRIP], "downgrades")


def is_about_tables(code: str) -> bool:
    """Whether the rule judges the tables that stand at the end of the history."""
    return rules.load()[code].subject() is TableLineage


def is_about_trips(example: Example) -> bool:
    """Whether the rule judges what happened on a real database."""
    return rules.load()[example.code].subject() is Trip


def _round_trip(example: Example, root: Path) -> Report:
    """A real round trip of the example's project, on the database that its target names."""
    rule = rules.load()[example.code]
    env = root / "migrations" / "env.py"
    if not env.read_text():
        env.write_text(ENV)
    options = TripConfig(database=parse(example.target).dialect, models=Trait.ABOUT_MODELS in rule.traits)
    return round_trip(choose(root, root), root, Request(options=options))


def corrected(example: Example, finding: Finding) -> str:
    """The judged file after the correction."""
    assert finding.fix
    text = module(example.file.text, f"r{len(example.given)}", f"r{len(example.given) - 1}" if example.given else None)
    edits: Sequence[Edit] = [edit for edit in finding.fix.edits if isinstance(edit, Edit)]
    return source_edits.apply(text, edits)


def check(example: Example, folder: Path) -> None:
    """
    Holds an example against what the rules say of it, in this folder: what it calls bad yields exactly its rule, what
    it calls good nothing, and the fix makes of it what it shows. Raises AssertionError, in whole sentences.
    """
    found = run(example, folder / "before")
    wanted = {example.code} if example.kind == "bad" else set()
    assert {finding.code for finding in found} == wanted, (
        f"The {example.kind} example {example.source} must yield {_listed(wanted)}; it yields"
        f" {_listed(f'{one.code} ({one.message})' for one in found)}. Correct the example, its target behind"
        f" `{example.kind}`, or the rule; a `# migration-guard: ignore[...]` in it leaves out what another rule finds."
    )
    for finding in found:
        assert not re.search(r"\{[a-z_]+\}", finding.message + finding.help), (
            f"{example.code} leaves a name in braces: give finding() a word for it."
        )
        assert finding.message.endswith("."), f"The message of {example.code} is no sentence: {finding.message}"
    if example.fixed is not None:
        _check_fix(example, found, folder / "after", example.fixed)


def _check_fix(example: Example, found: Sequence[Finding], folder: Path, fixed: str) -> None:
    (finding,) = [one for one in found if one.code == example.code]
    assert finding.fix, f"{example.source} shows a correction, and the finding has none: give finding() a fix."
    number = len(example.given)
    assert corrected(example, finding) == module(fixed, f"r{number}", f"r{number - 1}" if number else None), (
        f"The fence `fixed` behind {example.source} is not what the fix makes of it."
    )
    after = replace(example, file=replace(example.file, text=fixed), fixed=None)
    left = [one.code for one in run(after, folder) if one.severity is Severity.ERROR]
    assert not left, f"Behind the fix of {example.source} the rules still find {_listed(left)}."


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"
