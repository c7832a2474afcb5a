from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects.postgresql_defaults import loses_default, refused_default
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn, AlterColumnType, CreateTable, Operation, SetDefault
from migration_guard.model.schema import Column, Expression, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, stopped

STANDS_IN_THE_WAY = (
    "The {stopped} stops here: the default {default} of {name} does not turn into {type} by itself, and USING is for"
    " the rows alone."
)
DROP_IT = (
    "Drop the default before (ALTER COLUMN {column:sql} DROP DEFAULT), change the type, and set the new default behind."
)


NO_NOW = "SQLite has no function now(), the default of {name}: every INSERT that leaves the column out fails."
CURRENT = "Write sa.func.now(), which is CURRENT_TIMESTAMP there."


class DefaultDoesNotFit(Rule[Operation]):
    """
    A default is of another type than its column, or does not turn into the type that the column gets.

    ## What happens

    PostgreSQL compares types before it looks at values, and makes no boolean of a number:

    ```python bad
    op.add_column("pets", sa.Column("tame", sa.Boolean(), server_default=sa.text("0")))
    ```

    ```python bad
    op.create_table("pets", sa.Column("legs", sa.Integer(), server_default="four"))
    ```

    Where a column changes its type, USING converts the rows, and not the default:

    ```python given
    op.create_table("pets", sa.Column("tame", sa.Text(), server_default="true"))
    ```

    ```python bad
    # migration-guard: ignore[MG207] a few rows
    op.alter_column("pets", "tame", type_=sa.Boolean(), postgresql_using="tame::boolean")
    ```

    SQLite takes any text for a default, and looks for the function when a row comes:

    ```python bad sqlite
    op.create_table("pets", sa.Column("seen_at", sa.DateTime(), server_default=sa.text("now()")))
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, even where the table is empty.

    ## When it is no hazard

    A text in quotes is read as a value of the type, and a string takes anything:

    ```python good
    op.create_table(
        "pets",
        sa.Column("tame", sa.Boolean(), server_default="0"),
        sa.Column("legs", sa.Integer(), server_default=sa.text("4")),
        sa.Column("name", sa.Text(), server_default=sa.text("0")),
        sa.Column("weight", sa.Numeric(), server_default="1.5"),
    )
    ```

    A default that goes before the change holds nothing up:

    ```python given
    op.create_table("pets", sa.Column("tame", sa.Text(), server_default="true"))
    ```

    ```python good
    op.alter_column("pets", "tame", server_default=None)
    # migration-guard: ignore[MG207] a few rows
    op.alter_column("pets", "tame", type_=sa.Boolean(), postgresql_using="tame::boolean")
    op.alter_column("pets", "tame", server_default=sa.true())
    ```

    Types of the application's own, and other databases, are left alone.

    ## What to write instead

    A value of the column's type: `sa.false()`, `sa.text("4")`. Around a change of type, three statements: DROP DEFAULT,
    the change, SET DEFAULT.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-altertable.html
    - Which PostgreSQL refuses is measured by tests/test_defaults_on_postgresql.py.
    """

    code = "MG636"
    directions = BOTH
    dialects = ("postgresql", "sqlite")
    message = "The {stopped} stops here: PostgreSQL refuses the default of {name}, as {why}."
    help = "Give it a value of the column's own type, such as sa.false() for a boolean."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if subject.site.conditional:
            return
        match subject:
            case CreateTable():
                for column in subject.table.columns.values():
                    yield from self._default(subject, subject.table.name, column, context)
            case AddColumn():
                yield from self._default(subject, subject.table, subject.column, context)
            case SetDefault(default=Expression() as default):
                known = _known(subject.table, subject.column, context)
                if known is not None:
                    column = Column(subject.column, known.type, default=default)
                    yield from self._default(subject, subject.table, column, context)
            case AlterColumnType(using=str()):
                yield from self._in_the_way(subject, context)

    def _default(self, subject: Operation, table: Name, column: Column, context: Context) -> Iterator[Finding]:
        if isinstance(column.type, Unknown) or not isinstance(column.default, Expression):
            return
        name = f"{table}.{column.name}"
        if context.target.dialect == "sqlite":
            if not isinstance(column.default.functions, Unknown) and "now" in column.default.functions:
                yield self.finding(subject, objects=[name], message=NO_NOW, help=CURRENT, name=name)
            return
        why = refused_default(column.type, column.default)
        if why is not None:
            yield self.finding(subject, objects=[name], stopped=stopped(subject), name=name, why=why)

    def _in_the_way(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        known, new = _known(subject.table, subject.column, context), subject.type
        if known is None or isinstance(known.type, Unknown) or isinstance(new, Unknown):
            return
        if context.target.dialect != "postgresql":
            return
        default = known.default
        if not isinstance(default, Expression) or not loses_default(known.type, new, default):
            return
        name = f"{subject.table}.{subject.column}"
        yield self.finding(
            subject,
            objects=[name],
            message=STANDS_IN_THE_WAY,
            help=DROP_IT,
            stopped=stopped(subject),
            name=name,
            default=default.sql,
            type=new,
            column=subject.column,
        )


def _known(table: Name, column: str, context: Context) -> Column | None:
    """The column, where the history shows what it is by now."""
    known = context.before.column(table, column)
    seen = not context.before.clouded or context.is_new_column(table, column)
    return known if known is not None and known.certain and seen else None
