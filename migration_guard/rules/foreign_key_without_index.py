from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard import source_edits
from migration_guard.dialects import Ability
from migration_guard.model.finding import Fix, Severity
from migration_guard.model.lineage import Moment
from migration_guard.model.migration import Migration
from migration_guard.model.operations import CreateTable, DropColumn
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.rules import Context, Fixable
from migration_guard.rules._conventions import Breach, Convention, constraints, serves
from migration_guard.rules._names import filled, index_call, proposed_indexes

ADDS = "it makes an index that nobody has asked for, and each write pays for it"


class ForeignKeyWithoutIndex(Convention):
    """
    To delete one row reads the whole table that refers to it, for each such row again.

    ## What happens

    PostgreSQL and SQLite make no index for a foreign key. A DELETE on the other table, and an UPDATE of its key, looks
    for the rows that refer to it, and without an index that is a scan. So is every join along the key.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE")),
    )
    ```

    ## To whom

    The request that deletes a user, while it holds a lock on the row; the clean-up job that deletes a thousand of them.

    ## When it is no hazard

    An index, a unique constraint or a primary key that begins with one of the columns serves. A partial index does not.

    ```python good
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    )
    ```

    MySQL and MariaDB make the index themselves. A later revision may add it.

    ## What to write instead

    ```python given
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ```python bad
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE")),
    )
    ```

    ```python fixed
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE")),
    )
    op.create_index("ix_posts_user_id", "posts", ["user_id"])
    ```

    On a table with rows the index is built concurrently: see MG401.

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK
    - https://www.sqlite.org/foreignkeys.html#fk_indexes
    """

    code = "MG308"
    severity = Severity.INFO
    fixable = Fixable.UNSAFE
    enabled = True
    dialects = ("postgresql", "sqlite")
    missing = True
    message = "To delete a row that {table} refers to reads all of {table}: the foreign key has no index on {what}."
    help = "Add it:\n{advice}"

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        return proposed_indexes(table, [one.key for one in breaches], context)

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        for key in constraints(table, ConstraintKind.FOREIGN_KEY):
            served = serves(table, key.columns) or any(serves(table, (one,)) for one in key.columns)
            if key.certain and key.columns and not served:
                columns = ", ".join(key.columns)
                yield Breach(f"({columns})" if len(key.columns) > 1 else columns, key.columns)

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        site, migration = moment.operation.site, moment.migration
        name, op = filled(context.conventions.index_name, table, breach.key), source_edits.op_name(site, migration)
        if name is None or op is None or site.helper or site.repeated or site.batch or name in table.indexes:
            return None
        new = any(isinstance(one, CreateTable) and one.table.name == table.name for one in migration.upgrade.operations)
        if not (new or _goes_with_its_column(breach.key, table, migration)):
            return None
        if not new and context.can(Ability.CONCURRENT_INDEX):
            call = index_call(op, name, table, breach.key, ", postgresql_concurrently=True")
            code = f"with {op}.get_context().autocommit_block():\n    {call}"
        else:
            code = index_call(op, name, table, breach.key)
        edit = source_edits.insert_after(context.source, site.statement, code)
        return Fix(False, (edit,), ADDS) if edit else None


def _goes_with_its_column(columns: Sequence[str], table: Table, migration: Migration) -> bool:
    """Whether downgrade() drops one of the columns, and the index with it."""
    back = migration.downgrade.operations
    return any(isinstance(one, DropColumn) and one.table == table.name and one.column in columns for one in back)
