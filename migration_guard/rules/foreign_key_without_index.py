from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, constraints, serves


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

    An index, a unique constraint or a primary key that begins with the columns serves. A partial index does not.

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

    `op.create_index("ix_posts_user_id", "posts", ["user_id"])`; on a table with rows, concurrently: see MG401.

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK
    - https://www.sqlite.org/foreignkeys.html#fk_indexes
    """

    code = "MG308"
    severity = Severity.INFO
    enabled = True
    dialects = ("postgresql", "sqlite")
    missing = True
    message = "To delete a row that {table} refers to reads all of {table}: the foreign key has no index on {what}."
    help = 'Add one: op.create_index("ix_{table:name}_{column}", {table:name!r}, ["{column}"])'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        for key in constraints(table, ConstraintKind.FOREIGN_KEY):
            if key.certain and key.columns and not serves(table, key.columns):
                columns = ", ".join(key.columns)
                yield Breach(f"({columns})" if len(key.columns) > 1 else columns, key.columns)
