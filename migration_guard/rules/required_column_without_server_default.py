from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Fix, Severity
from migration_guard.model.lineage import Moment
from migration_guard.model.operations import AddColumn, CreateTable
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.rules import Context, Fixable
from migration_guard.rules._conventions import Breach, Convention, columns, constraints, key_columns
from migration_guard.rules._defaults import with_default


class RequiredColumnWithoutServerDefault(Convention):
    """
    A required column gets its value from the application alone, so whoever writes without it is refused.

    ## What happens

    Where servers with the old code still run, their inserts do not know the column, and fail. A client's `default=`
    does not help them. `required-defaults` is `all` (the default) or `added`, which leaves the columns of new tables
    alone.

    ```python bad
    op.create_table(
        "users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("active", sa.Boolean(), nullable=False)
    )
    ```

    ## To whom

    Requests to servers that run the old code, and rows that are written by hand.

    ## When it is no hazard

    Keys and foreign keys have no value that would do for every row; identity, serial and generated columns have theirs.

    ```python good
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    ```

    ## What to write instead

    A column that may be null, or a default of the server. One that suits the type is offered for a column that is
    added; none for a date, for a unique column and for a foreign key.

    ```python bad
    # migration-guard: ignore[MG201] no rows yet
    op.add_column("users", sa.Column("visits", sa.Integer(), nullable=False))
    ```

    ```python fixed
    # migration-guard: ignore[MG201] no rows yet
    op.add_column("users", sa.Column("visits", sa.Integer(), nullable=False, server_default=sa.text("0")))
    ```

    ## Sources

    - https://docs.sqlalchemy.org/en/20/core/defaults.html#server-defaults
    - The team's own conventions: `required-defaults`, and the presets secrets-dashboard and strict.
    """

    code = "MG918"
    severity = Severity.WARNING
    fixable = Fixable.UNSAFE
    message = "Whoever writes to {table} without these required columns is refused: {what}."
    help = "Give each a server_default, or let it be null. The default= of SQLAlchemy is the application's alone."

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        keys = {name for one in constraints(table, ConstraintKind.FOREIGN_KEY) for name in one.columns}
        keys.update(key_columns(table))
        for column in columns(table):
            drawn = column.identity or column.serial or column.generated is not None
            if column.nullable is False and column.default is None and not drawn and column.name not in keys:
                yield Breach(column.name, (column.name,))

    def minds(self, moment: Moment, context: Context) -> bool:
        return context.conventions.required_defaults == "all" or not isinstance(moment.operation, CreateTable)

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        return with_default(moment.operation, context) if isinstance(moment.operation, AddColumn) else None
