"""What a change is handed over with, as text, as JSON (docs/summary.md) and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from migration_guard.model.change_summary import ChangeSummary, ExpectedLock
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.printable import printable
from migration_guard.model.schema import Name, in_sql
from migration_guard.model.schema_changes import ChangeKind, ColumnChange, SchemaChanges
from migration_guard.report import as_json, plural
from migration_guard.report.markdown_escapes import code, fenced, inline
from migration_guard.version import __version__

VERSION = 1
FORMATS = ("text", "json", "markdown")
# The parts of the Markdown block, in the words of those who ask for it.
TITLE = "## Database Task Complete"
SCHEMA_CHANGES, MIGRATION, RUN, VERIFY = "Schema changes", "Migration", "Run migration", "Verify"
NO_OWNER = "nobody is named in [tool.migration-guard.owners]"
NOTHING = "nothing"
_CODE = re.compile(r"[\w.,()>/ -]+")


def render(summary: ChangeSummary, format: str) -> str:
    """The summary in one of the FORMATS."""
    if format == "json":
        return as_json(document(summary))
    return markdown(summary) if format == "markdown" else text(summary)


# --- JSON -----------------------------------------------------------------------------------------------------------


def document(summary: ChangeSummary) -> dict[str, Any]:
    """The summary as plain values."""
    return {
        "version": VERSION,
        "tool_version": __version__,
        "revisions": [
            {"revision": one.revision, "path": one.path, "description": one.description} for one in summary.revisions
        ],
        "schema_changes": summary.changes.lists(),
        "metadata": {
            "orm": "sqlalchemy",
            "database": summary.dialect,
            "migration_tool": "alembic",
            "total_files": len({one.path for one in summary.revisions}),
        },
        "further_changes": summary.changes.further(),
        "risk": {
            "errors": summary.count(Severity.ERROR),
            "warnings": summary.count(Severity.WARNING),
            "infos": summary.count(Severity.INFO),
            "findings": [_finding(one) for one in summary.findings],
        },
        "locks": [_lock(one) for one in summary.locks],
        "undo": {
            "possible": summary.way_back.possible,
            "reasons": list(summary.way_back.reasons),
            "lost": list(summary.way_back.lost),
        },
        "owners": {concern: list(names) for concern, names in summary.owners},
        "not_read": [
            *({"path": one.path, "line": one.line, "what": one.what, "reason": one.reason} for one in summary.unread),
            *({"path": None, "line": None, "what": one, "reason": NO_NAME} for one in summary.changes.not_named),
        ],
        "targets": list(summary.targets),
        "assumed": summary.assumed,
        "upgrade": list(summary.upgrade),
        "notes": list(summary.notes),
    }


NO_NAME = "The history does not show what it is called."


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.path,
        "line": finding.span.line if finding.span else None,
        "revision": finding.revision,
    }


def _lock(lock: ExpectedLock) -> dict[str, Any]:
    return {
        "table": lock.table,
        "asks": lock.asks,
        "database": lock.database,
        "lock": lock.lock,
        "blocks": lock.blocks,
        "why": lock.why,
    }


# --- text -----------------------------------------------------------------------------------------------------------


def text(summary: ChangeSummary) -> str:
    """The summary for a terminal."""
    lines = [f"{one.revision}  {one.path}  {one.description}".rstrip() for one in summary.revisions]
    parts = [
        ("", lines or ["No revision: there is nothing to hand over."]),
        ("Schema changes", _listed(summary.changes)),
        ("Not understood", list(_unread(summary))),
        ("Risk", list(_risk(summary))),
        ("Locks to expect", _locks(summary)),
        ("Can it be undone", list(_way_back(summary))),
        ("Who needs to know", list(_owners(summary))),
        ("Run", list(summary.upgrade)),
        ("Notes", list(summary.notes)),
    ]
    shown = [
        "\n".join((*([heading] if heading else []), *(f"{'  ' if heading else ''}{printable(one)}" for one in entries)))
        for heading, entries in parts
        if entries
    ]
    return "\n\n".join(shown) + "\n"


def _listed(changes: SchemaChanges) -> list[str]:
    """Every list that holds something, an entry a line."""
    every = {**changes.lists(), **changes.further()}
    lines = [f"{key.replace('_', ' ')}: {', '.join(entries)}" for key, entries in every.items() if entries]
    return lines or [NOTHING]


def _unread(summary: ChangeSummary) -> Iterator[str]:
    """What could not be read: how much, and each with its place."""
    count = len(summary.unread) + len(summary.changes.not_named)
    if count:
        yield f"{plural(count, 'operation')} could not be read, and may change more than is said here"
    for one in summary.unread:
        yield f"{one.path}:{one.line}: {one.what} ({one.reason.rstrip('.')})"
    for name in summary.changes.not_named:
        yield f"{name} ({NO_NAME.rstrip('.')})"


def _risk(summary: ChangeSummary) -> Iterator[str]:
    counts = [plural(summary.count(one), one.value) for one in Severity if summary.count(one)]
    yield f"{', '.join(counts) or 'nothing found'} (migration-guard lint)"
    for severity in Severity:
        for one in summary.findings:
            if one.severity is severity:
                place = f"{one.path}:{one.span.line}" if one.span else one.path
                yield f"{severity} {one.code} {one.slug} {place}: {one.message}"


def _locks(summary: ChangeSummary) -> list[str]:
    several = len({one.database for one in summary.locks}) > 1
    return [_lock_in_words(one, several) for one in summary.locks] or ["none on a table that was there before"]


def _lock_in_words(lock: ExpectedLock, several: bool) -> str:
    said = [f"{lock.lock}: blocks {lock.blocks}" if lock.blocks else f"{lock.lock}: blocks nobody"] if lock.lock else []
    said += [f"{lock.why}, so the time grows with the rows" if lock.why else "brief"] if lock.lock else ["not known"]
    database = f" on {lock.database}" if several else ""
    return f"{lock.table}, {lock.asks}{database}: {'; '.join(said)}"


def _way_back(summary: ChangeSummary) -> Iterator[str]:
    answers = {True: "yes: alembic downgrade", False: "no, not all of it", None: "not known"}
    yield answers[summary.way_back.possible]
    yield from summary.way_back.reasons
    if summary.way_back.lost:
        yield f"what does not come back: {', '.join(summary.way_back.lost)}"


def _owners(summary: ChangeSummary) -> Iterator[str]:
    for concern, names in summary.owners:
        yield f"{concern}: {', '.join(names) or NO_OWNER}"


# --- Markdown -------------------------------------------------------------------------------------------------------


def markdown(summary: ChangeSummary) -> str:
    """The summary as the block that teams ask for, with the rest behind it."""
    changes = summary.changes
    files = [f"Created: {_span(one.path)}" for one in summary.revisions] or [NOTHING]
    blocks = [
        TITLE,
        _section(SCHEMA_CHANGES, _changes(changes)),
        _section(MIGRATION, files),
        f"**{RUN}:**\n{fenced('bash', summary.upgrade or ('alembic upgrade head',))}",
        f"**{VERIFY}:**\n{fenced('sql', _verified(changes, summary.dialect))}",
        *(_section(heading, map(inline, lines)) for heading, lines in _rest(summary) if lines),
    ]
    return "\n\n".join(blocks) + "\n"


def _rest(summary: ChangeSummary) -> Iterator[tuple[str, Sequence[str]]]:
    yield "Not understood", list(_unread(summary))
    yield "Risk", list(_risk(summary))
    yield "Locks to expect", _locks(summary)
    yield "Can it be undone", list(_way_back(summary))
    yield "Who needs to know", list(_owners(summary))
    yield "Notes", summary.notes


def _section(heading: str, lines: Iterable[str]) -> str:
    return "\n".join((f"**{heading}:**", *(f"- {line}" for line in lines)))


def _span(name: str) -> str:
    """A name in the font of code."""
    return f"`{name}`" if _CODE.fullmatch(name) else code(name)


def _changes(changes: SchemaChanges) -> list[str]:
    """A line for each table, index and foreign key, and for what is none of these."""
    renamed = {new: old for old, new in changes.renamed_tables}
    lines = [f"Table {_span(table)}: created" for table in changes.new_tables]
    for table in changes.modified_tables:
        said = [f"renamed from {_span(renamed[table])}"] if table in renamed else []
        said += [_column(one) for one in changes.columns if one.table == table]
        lines.append(f"Table {_span(table)}: {', '.join(said) or 'constraints changed'}")
    lines += [f"Table {_span(table)}: dropped" for table in changes.dropped_tables]
    comments = [one for one in changes.columns if one.table not in changes.modified_tables]
    lines += [f"Comment on column {_span(one.column)} of {_span(one.table)}" for one in comments]
    for one in changes.indexes:
        table = f" on {_span(one.table)}" if one.table else ""
        to = f" to {_span(one.detail)}" if one.detail else ""
        lines.append(f"Index {_span(one.name)}{table}: {_DONE[one.kind]}{to}")
    lines += [f"Foreign key {_span(one)}: added" for one in changes.new_foreign_keys]
    lines += [f"Foreign key {_span(one)}: dropped" for one in changes.dropped_foreign_keys]
    lines += [f"Data: {rows.verb} {_span(rows.table)}" for rows in dict.fromkeys(changes.rows)]
    lines += [f"Other: {inline(words)}" for words in changes.other]
    return list(dict.fromkeys(lines)) or ["No changes"]


_DONE = {ChangeKind.NEW: "added", ChangeKind.DROPPED: "dropped", ChangeKind.RENAMED: "renamed", ChangeKind.CHANGED: ""}


def _column(change: ColumnChange) -> str:
    name = f"column {_span(change.column)}"
    match change.kind:
        case ChangeKind.RENAMED:
            return f"{name} renamed to {_span(change.detail)}"
        case ChangeKind.CHANGED:
            return f"{name} modified ({change.detail})"
    return f"{name} {_DONE[change.kind]}"


def _verified(changes: SchemaChanges, dialect: str) -> Iterator[str]:
    """
    The statements that show the tables: psql's \\d (https://www.postgresql.org/docs/18/app-psql.html), PRAGMA
    (https://www.sqlite.org/pragma.html), DESCRIBE (https://dev.mysql.com/doc/refman/8.4/en/describe.html).
    """
    new = changes.of_kind(ChangeKind.NEW)
    indexed = dict.fromkeys(one.table for one in new if one.table)
    tables = dict.fromkeys((*changes.new_tables, *changes.modified_tables, *indexed))
    for table in tables:
        yield _DESCRIBED.get(dialect, "DESCRIBE {table};").format(table=_quoted(table, dialect))
    for table in indexed if dialect != "postgresql" else ():
        yield _INDEXES.get(dialect, "SHOW INDEX FROM {table};").format(table=_quoted(table, dialect))
    for table in changes.dropped_tables:
        written = _quoted(table, dialect) if dialect == "postgresql" else table
        statement = _GONE.get(dialect, "SHOW TABLES LIKE '{table}';").format(table=written.replace("'", "''"))
        yield f"{statement}  -- dropped: nothing is found"
    for table in dict.fromkeys((*tables, *(rows.table for rows in changes.rows))):
        yield f"SELECT * FROM {_quoted(table, dialect)} LIMIT 5;  -- check data"
    if not (tables or changes.dropped_tables or changes.rows):
        yield "SELECT version_num FROM alembic_version;  -- check the revision"


# psql takes what stands behind a name for another one, so no comment does. The others are MySQL's and MariaDB's.
_DESCRIBED = {"postgresql": r"\d {table}", "sqlite": "PRAGMA table_info({table});"}
_INDEXES = {"sqlite": "PRAGMA index_list({table});"}
_GONE = {
    "postgresql": "SELECT to_regclass('{table}');",
    "sqlite": "SELECT name FROM sqlite_master WHERE name = '{table}';",
}


def _quoted(table: str, dialect: str) -> str:
    """The name of a table as the database's SQL has it."""
    schema, dot, name = table.rpartition(".")
    written = in_sql(Name(name, schema) if dot else Name(table))
    return written if dialect in ("postgresql", "sqlite") else written.replace('"', "`")
