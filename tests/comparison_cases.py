"""The migrations that tests/comparison.py shows to every tool: small Alembic projects, and which file is judged."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent

from examples import all_examples

from migration_guard import rule_examples

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "sample_migrations"
OTHERS = HERE / "hazards_of_others.md"
EXPECT = re.compile(r"# expect: (MG\d{3})")

UNSAFE, ONE_WAY, SAFE = "unsafe", "one way", "safe"
HAZARDS, SHOP, RULES, DOCUMENTED = "sample: hazards", "sample: shop", "our rules' examples", "documented by others"
TRIPS = "sample: one_way"

# Beginnings of examples that are good for the rule they belong to, but that another rule may well have something to say
# about: they rename, drop or delete what is in use.
NOT_PLAINLY_SAFE = (
    'op.drop_column("users", "twice")',
    'op.rename_table("users", "accounts")',
    'op.create_table("users_new"',
    "op.execute(\"ALTER TYPE mood RENAME VALUE 'quiet' TO 'calm'\")",
    "connection = op.get_bind()\nwhile True",
)
# With what the manuals of pytest-alembic (a connection that is given) and alembic-gauntlet (a schema, too) ask for.
ENV = """\
from alembic import context
from sqlalchemy import engine_from_config, pool, text

schema = context.config.attributes.get("target_schema")


def run(connection):
    if schema:
        connection.execute(text(f'SET search_path TO "{schema}"'))
    context.configure(connection=connection, version_table_schema=schema, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
elif given is not None and hasattr(given, "connect"):
    with given.connect() as connection:
        run(connection)
elif given is not None:
    run(given)
else:
    section = context.config.get_section(context.config.config_ini_section)
    with engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool).connect() as connection:
        run(connection)
"""
INI = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\nsqlalchemy.url = postgresql:///nowhere\n"
TARGET = 'target = "postgresql 16"\n'


@dataclass(frozen=True)
class Case:
    """One file, what it is, and what kind of trouble there is in it (`UNSAFE`, `ONE_WAY`) or not (`SAFE`)."""

    body: str
    name: str
    kind: str
    project: Path
    file: Path

    @property
    def versions(self) -> Path:
        return self.file.parent


def all_cases(folder: Path) -> list[Case]:
    """Every case that a linter can be shown, written below the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    return [*_hazards(folder), *_shop(folder), *_of_rules(folder), *_of_others(folder)]


def trips(folder: Path) -> list[Case]:
    """A project without a defect, then each of those of sample_migrations/one_way in one of its own, and the shop."""
    shutil.rmtree(folder, ignore_errors=True)
    first, *defects = sorted((SAMPLES / "one_way" / "migrations" / "versions").glob("*.py"))
    control = _project(folder / first.stem)
    found = [Case(TRIPS, first.stem, SAFE, control, Path(shutil.copy(first, _versions(control))))]
    for defect in defects:
        project = _project(folder / defect.stem)
        shutil.copy(first, _versions(project))
        file = _versions(project) / defect.name
        file.write_text(
            re.sub(r"^down_revision = .*", 'down_revision = "0001"', defect.read_text(), flags=re.MULTILINE)
        )
        found.append(Case(TRIPS, defect.stem, ONE_WAY, project, file))
    shop = next(_shop(folder))
    return [*found, replace(shop, name="shop")]


def _hazards(folder: Path) -> Iterator[Case]:
    """Each statement that is marked in a revision of its own; those about the way back as they are."""
    project = _project(folder / "hazards")
    parent = None
    for path in sorted((SAMPLES / "hazards" / "migrations" / "versions").glob("*.py")):
        for number, (text, kind) in enumerate(_parts(path.read_text())):
            revision = f"{path.stem[:4]}x{number}"
            file = _versions(project) / f"{revision}_{path.stem[5:]}.py"
            text = re.sub(r"^revision = .*", f'revision = "{revision}"', text, flags=re.MULTILINE)
            file.write_text(re.sub(r"^down_revision = .*", f"down_revision = {parent!r}", text, flags=re.MULTILINE))
            parent = revision
            if kind:
                yield Case(HAZARDS, file.stem, kind, project, file)


def _parts(source: str) -> Iterator[tuple[str, str]]:
    """The source with only some of the statements of upgrade(), so that each part has one comment on what to expect."""
    marked = set(EXPECT.findall(source))
    upgrade = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    lines = source.splitlines(keepends=True)
    if not marked or any(code.startswith("MG7") for code in marked):
        yield source, ONE_WAY if marked else ""
    else:
        parts = [""]
        for statement in upgrade.body:
            if EXPECT.search(parts[-1]) and EXPECT.search(lines[statement.lineno - 1]):
                parts.append("")
            parts[-1] += "".join(lines[statement.lineno - 1 : statement.end_lineno])
        head = "".join(lines[: upgrade.body[0].lineno - 1])
        for part in parts:
            yield f"{head}{part}\n\ndef downgrade() -> None:\n    pass\n", UNSAFE


def _shop(folder: Path) -> Iterator[Case]:
    project = _project(folder / "shop")
    for path in sorted((SAMPLES / "shop" / "migrations" / "versions").glob("*.py")):
        file = Path(shutil.copy(path, _versions(project)))
        yield Case(SHOP, path.stem, SAFE, project, file)


def _of_rules(folder: Path) -> Iterator[Case]:
    """Those for a current PostgreSQL, without those on graphs, files and comments, and on what happened on a trip."""
    number = 0
    for example in all_examples():
        if example.file.whole or example.code[2] == "0" or example.target != rule_examples.DEFAULT_TARGET:
            continue
        if (example.kind == "good" and not _is_plainly_safe(example)) or rule_examples.is_about_trips(example):
            continue
        number += 1
        kind = ONE_WAY if example.code.startswith("MG7") else UNSAFE
        yield _written(example, folder / f"rules{number}", RULES, kind, example.name)


def _is_plainly_safe(example: rule_examples.Example) -> bool:
    text = example.file.text
    in_page = ".md:" not in example.source
    return in_page and "ignore[" not in text and not text.startswith(NOT_PLAINLY_SAFE)


def _of_others(folder: Path) -> Iterator[Case]:
    read = rule_examples.of_page("", OTHERS.read_text(encoding="utf-8"), OTHERS.stem)
    before = read[0].given[0]
    for number, example in enumerate(read):
        given = example.given if number == 0 else (before, *example.given)
        name = f"{example.source} {example.kind}"
        yield _written(replace(example, given=given), folder / f"others{number}", DOCUMENTED, UNSAFE, name)


def _written(example: rule_examples.Example, folder: Path, body: str, kind: str, name: str) -> Case:
    _, file = rule_examples.write(example, folder)
    assert file is not None
    _project(folder)
    return Case(body, name, kind if example.kind == "bad" else SAFE, folder, file)


def _project(folder: Path) -> Path:
    _versions(folder).mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text("")
    (folder / "migration-guard.toml").write_text(TARGET)
    return folder


def _versions(project: Path) -> Path:
    return project / "migrations" / "versions"


def described(cases: Sequence[Case]) -> str:
    """The text of each case, for those who want to look."""
    return "\n".join(f"{one.body} {one.name} ({one.kind})\n{indent(one.file.read_text(), '    ')}" for one in cases)
