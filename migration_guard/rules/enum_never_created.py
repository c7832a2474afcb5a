from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation
from migration_guard.model.schema import ColumnType, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule


class EnumNeverCreated(Rule[Operation]):
    """
    add_column does not create the type of an enum column; only create_table does.

    ## What happens

    PostgreSQL refuses the statement, because the type does not exist.

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()))
    ```

    ```python bad
    op.add_column("users", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    ## To whom

    The deployment: it stops there. On SQLite, and in tests that make the tables from the models, it works.

    ## When it is no hazard

    The type is created before:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()))
    ```

    ```python good
    mood = sa.Enum("happy", "sad", name="mood")
    mood.create(op.get_bind(), checkfirst=True)
    op.add_column("users", sa.Column("mood", mood))
    ```

    What was made before the history begins cannot be seen:

    ```python good
    op.add_column("users", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    Other databases know no such types:

    ```python good sqlite
    op.add_column("users", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    Nor is there a type where the enum is stored as text (`native_enum=False`).

    ## What to write instead

    Create the type in the same migration, before the column: `sa.Enum(..., name="mood").create(op.get_bind(),
    checkfirst=True)`. Drop it in the downgrade (see MG707).

    ## Sources

    - Types of enums: https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
    - What add_column leaves out is measured by tests/test_failures_on_postgresql.py.
    """

    code = "MG622"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("postgresql",)
    message = "Nothing has created the type {type} when {table}.{column} asks for it: PostgreSQL refuses the statement."
    help = "Create it before: sa.Enum({labels}, name={name!r}).create(op.get_bind(), checkfirst=True)"

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if isinstance(subject, AddColumn):
            column, type = subject.column.name, subject.column.type
        elif isinstance(subject, AlterColumnType):
            column, type = subject.column, subject.type
        else:
            return
        name = native_enum(type)
        if name is None or isinstance(type, Unknown) or name in context.before.enums or not shows_everything(context):
            return
        yield self.finding(
            subject,
            objects=[str(name)],
            type=name,
            table=subject.table,
            column=column,
            name=name.name,
            labels="..." if isinstance(type.labels, Unknown) or not type.labels else ", ".join(map(repr, type.labels)),
        )


def native_enum(type: ColumnType | Unknown) -> Name | None:
    """The name of the type, if it is an enum that the database must know."""
    if isinstance(type, Unknown) or not (type.is_enum and type.native and type.known and type.name):
        return None
    return Name(type.name, type.schema)


def shows_everything(context: Context) -> bool:
    """Whether the history begins with an empty database, and we could read all of it so far."""
    state = context.before
    whole = not (context.history.graph.missing or context.history.unreadable or state.clouded)
    return whole and all(table.complete or name in state.views for name, table in state.tables.items())
