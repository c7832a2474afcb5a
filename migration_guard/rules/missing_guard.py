from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Direction, Edit, Finding, Fix, Severity
from migration_guard.model.objects import (
    CreateSchema,
    CreateSequence,
    CreateView,
    DropEnum,
    DropSchema,
    DropSequence,
    DropView,
    RunSql,
)
from migration_guard.model.operations import AddColumn, CreateTable, DropColumn, DropTable, Operation, TableOperation
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import in_sql, keyword

MAKES = (CreateTable, CreateIndex, AddColumn, CreateSequence, CreateSchema, CreateView)
TAKES = (DropTable, DropIndex, DropColumn, DropEnum, DropView, DropSequence, DropSchema)
TABLES, COLUMNS, INDEXES = (CreateTable, DropTable), (AddColumn, DropColumn), (CreateIndex, DropIndex)
# What asks for each by itself: an index that comes with a column is guarded with that.
DIRECTIVES = {
    CreateTable: "create_table",
    DropTable: "drop_table",
    CreateIndex: "create_index",
    DropIndex: "drop_index",
    AddColumn: "add_column",
    DropColumn: "drop_column",
}
# Where the word belongs in SQL.
BEFORE_NAME = {
    CreateTable: r"\bCREATE\s+(?:UNLOGGED\s+)?TABLE\b",
    DropTable: r"\bDROP\s+TABLE\b",
    CreateIndex: r"\bCREATE\s+(?:UNIQUE\s+)?INDEX(?:\s+CONCURRENTLY)?\b",
    DropIndex: r"\bDROP\s+INDEX(?:\s+CONCURRENTLY)?\b",
    AddColumn: r"\bADD\s+COLUMN\b",
    DropColumn: r"\bDROP\s+COLUMN\b",
}
SINCE = "if_exists and if_not_exists need Alembic 1.12 for indexes, 1.13.3 for tables, 1.16 for columns"


class MissingGuard(Rule[Operation]):
    """
    A migration that stopped half-way cannot be run again, because what it has made is there already.

    ## What happens

    Every CREATE, DROP, ADD COLUMN and DROP COLUMN says IF NOT EXISTS or IF EXISTS, in SQL or as a keyword.

    ```python bad
    op.drop_table("drafts")  # migration-guard: ignore[MG101] nothing reads it
    ```

    ## To whom

    The person who runs it again after a failure outside of a transaction: on MySQL after any, on PostgreSQL after an
    index that is built concurrently.

    ## When it is no hazard

    What the code looks for itself (`if not inspector.has_table(...)`), and what the database has no word for: CREATE
    TYPE on PostgreSQL, columns on SQLite, columns and indexes on MySQL. OR REPLACE does as well, and so does
    DROP ... IF EXISTS before.

    ```python good
    op.create_table("drafts", sa.Column("id", sa.Uuid(), primary_key=True), if_not_exists=True)
    ```

    ## What to write instead

    `if_not_exists=True`, `if_exists=True`, or the words in SQL:

    ```python bad
    op.execute("CREATE TABLE drafts (id uuid PRIMARY KEY)")
    ```

    ```python fixed
    op.execute("CREATE TABLE IF NOT EXISTS drafts (id uuid PRIMARY KEY)")
    ```

    A guard hides that something else of the same name is there, so it is no substitute for a migration that runs once.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/ops.html
    - https://www.postgresql.org/docs/18/sql-createtable.html
    - The team's own conventions: the presets data-layer and strict.
    """

    code = "MG915"
    severity = Severity.WARNING
    enabled = False
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    fixable = Fixable.DEPENDS
    message = "Run again after a failure half-way, this stops: {what}."
    help = "Write if_not_exists=True or if_exists=True, in SQL IF NOT EXISTS or IF EXISTS."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if (
            subject.site.conditional
            or subject.site.guards
            or not _has_word(subject, context.target.dialect)
            or _is_guarded(subject)
        ):
            return
        table = _table_of(subject)
        if table is not None and context.conventions.exempts(self.code, str(table)):
            return
        made = isinstance(subject, MAKES) or (isinstance(subject, RunSql) and subject.kind.startswith("CREATE"))
        objects = _objects(subject)
        if made and any(_clears_the_way(one, objects) for one in context.earlier(subject, *TAKES)):
            return
        what = "what it makes may be there already" if made else "what it drops may be gone already"
        yield self.finding(subject, objects=objects, fix=_fix(subject, context, made), what=what)


def _table_of(operation: Operation) -> Name | None:
    """The table that it is about, where that is written."""
    if isinstance(operation, CreateTable):
        return operation.table.name
    return operation.table if isinstance(operation, TableOperation | DropIndex) else None


def _objects(operation: Operation) -> tuple[str, ...]:
    match operation:
        case CreateTable(table=table):
            return (str(table.name),)
        case AddColumn(table=table, column=column):
            return (f"{table}.{column.name}",)
        case DropColumn(table=table, column=name):
            return (f"{table}.{name}",)
        case CreateIndex(table=table, index=index):
            return (index.name or str(table),)
        case DropIndex(name=name):
            return (name,)
        case DropTable(table=name) | DropEnum(type=name) | DropView(view=name):
            return (str(name),)
        case CreateView(view=view):
            return (str(view.name),)
        case CreateSequence(sequence=name) | DropSequence(sequence=name):
            return (str(name),)
        case CreateSchema(schema=str(schema)) | DropSchema(schema=str(schema)):
            return (schema,)
    return ()


def _has_word(operation: Operation, dialect: str) -> bool:
    """Whether it is asked for by itself, and the database knows the words for it."""
    if isinstance(operation, RunSql):
        return re.match(r"CREATE EXTENSION|DROP (?!OWNED)", operation.kind) is not None
    if isinstance(operation, CreateView):
        # Of views only these have the words; the others are replaced.
        return operation.view.materialized and operation.site.sql is not None
    if not isinstance(operation, (*MAKES, *TAKES)):
        return False
    call = operation.site.call.name.rpartition(".")[2] if operation.site.call else ""
    directive = DIRECTIVES.get(type(operation))
    if operation.site.sql is None and directive and call.startswith(("create_", "drop_", "add_")) and call != directive:
        return False
    if isinstance(operation, CreateTable) and operation.temporary:
        return False
    if isinstance(operation, COLUMNS):
        return dialect in ("postgresql", "mariadb")
    if isinstance(operation, INDEXES):
        return dialect != "mysql"
    return True


def _is_guarded(operation: Operation) -> bool:
    if isinstance(operation, RunSql | CreateView):
        return re.search(r"\bIF\s+(?:NOT\s+)?EXISTS\b", operation.site.sql or "", re.IGNORECASE) is not None
    return bool(getattr(operation, "if_not_exists", False) or getattr(operation, "if_exists", False))


def _clears_the_way(operation: Operation, objects: tuple[str, ...]) -> bool:
    """Whether it drops just these, if they are there: then they can be made anew."""
    return bool(objects) and _objects(operation) == objects and _is_guarded(operation)


def _fix(operation: Operation, context: Context, made: bool) -> Fix | None:
    name = "if_not_exists" if made else "if_exists"
    edit: Edit | None = None
    if operation.site.sql is None:
        edit = keyword(operation, context, name, "True")
        return Fix(False, (edit,), SINCE) if edit else None
    if pattern := BEFORE_NAME.get(type(operation)):
        edit = in_sql(operation, context, pattern, f" {name.replace('_', ' ').upper()}")
    return Fix(True, (edit,)) if edit else None
