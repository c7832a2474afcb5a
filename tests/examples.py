"""The examples of the rules: fences in their pages and in tests/cases, each made into a project for the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from pathlib import Path
from textwrap import indent
from urllib.parse import unquote

from migration_guard import rules, source_edits
from migration_guard.config.roundtrip import TripConfig
from migration_guard.engine import lint
from migration_guard.model.finding import Edit, Finding, Report
from migration_guard.model.target import parse
from migration_guard.model.trip import Trip
from migration_guard.roundtripping.engine import Request, round_trip
from migration_guard.roundtripping.project import choose
from migration_guard.rules import _page

CASES = Path(__file__).parent / "cases"
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


def all_examples() -> Iterator[Example]:
    """Every example of every rule."""
    slugs = {}
    for code, rule in rules.load().items():
        slugs[rule.slug()] = code
        yield from of_page(code, cleandoc(type(rule).__doc__ or ""), rule.slug())
    for path in sorted(CASES.glob("*.md")):
        yield from of_page(slugs[path.stem], path.read_text(encoding="utf-8"), path.name)


def module(text: str, revision: str, parent: str | None) -> str:
    """A migration with this text as the body of upgrade(), or as its functions."""
    header = HEADER.format(revision=revision, parent=repr(parent))
    if re.search(r"^def ", text, re.MULTILINE):
        return f"{header}\n{text}"
    return f"{header}\ndef upgrade():\n{indent(text, '    ')}\n{ONE_WAY}"


def write(example: Example, folder: Path) -> tuple[Path, Path | None]:
    """Write the project of an example; the file that is judged, and None where all of them are."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text("")
    (folder / "migration-guard.toml").write_text(f'target = "{example.target}"\n')
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
    report = travelled(example, root) if is_about_trips(example) else lint([root], root)
    found = []
    for finding in report.findings:
        if judged is not None and (root / finding.path).resolve() != judged.resolve():
            continue
        if judged is None and finding.code != example.code:
            continue
        if finding.code.startswith("MG7") and not example.code.startswith("MG7"):
            continue
        found.append(finding)
    return found


def is_about_trips(example: Example) -> bool:
    """Whether the rule judges what happened on a real database."""
    return rules.load()[example.code].subject() is Trip


def travelled(example: Example, root: Path) -> Report:
    """A real round trip of the example's project, on the database that its target names."""
    env = root / "migrations" / "env.py"
    if not env.read_text():
        env.write_text(ENV)
    options = TripConfig(database=parse(example.target).dialect, models=example.code == "MG757")
    return round_trip(choose(root, root), root, Request(options=options))


def corrected(example: Example, finding: Finding) -> str:
    """The judged file after the correction."""
    assert finding.fix
    text = module(example.file.text, f"r{len(example.given)}", f"r{len(example.given) - 1}" if example.given else None)
    edits: Sequence[Edit] = [edit for edit in finding.fix.edits if isinstance(edit, Edit)]
    return source_edits.apply(text, edits)
