from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import RecreateTable
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule

_ACTIONS = {"ON DELETE CASCADE": "are deleted", "ON DELETE SET NULL": "lose what they refer to"}


class BatchDeletesChildren(Rule[RecreateTable]):
    """
    A batch on SQLite drops the old table while foreign keys are on: rows that refer to it are deleted with it.

    ## What happens

    The batch makes a new table and drops the old one. With `PRAGMA foreign_keys=ON`, DROP TABLE first deletes all its
    rows, and ON DELETE CASCADE does what it says. The new table has its rows, the children are gone.

    ## To whom

    Everybody: the rows are gone in upgrade() already, and no error is raised.

    ## When it is no hazard

    Foreign keys are off while the batch runs, or nothing refers to the table with such an action:

    ```python given
    op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("stars", sa.Integer()))
    op.create_table("tags", sa.Column("note", sa.Integer(), sa.ForeignKey("notes.id", ondelete="CASCADE")))
    ```

    ```python good sqlite
    with op.batch_alter_table("notes") as batch_op:
        batch_op.alter_column("stars", existing_type=sa.Integer(), nullable=False)
    ```

    SQLite has them off unless somebody turns them on: it is said where env.py does. A migration that speaks of
    `PRAGMA foreign_keys` before the batch is left alone.

    ## What to write instead

    Turn them off in env.py, on the connection, before a transaction begins: `PRAGMA foreign_keys=OFF`. Inside a
    transaction the pragma does nothing.

    ## Sources

    - What DROP TABLE does: https://www.sqlite.org/foreignkeys.html#fk_schemacommands
    - Confirmed with Alembic 1.20.1 and SQLite 3.40: `upgrade` alone leaves 0 rows.
    """

    code = "MG808"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("sqlite",)
    supersedes = ("MG807",)
    message = "The batch drops the old {table} with foreign keys on: the rows of {children} that refer to it {fate}."
    help = "Turn them off in env.py, on the connection, before a transaction begins: PRAGMA foreign_keys=OFF."

    def check(self, subject: RecreateTable, context: Context) -> Iterator[Finding]:
        if not context.history.environment.foreign_keys_on:
            return
        if any(one.kind == "PRAGMA FOREIGN_KEYS" for one in context.earlier(subject, RunSql)):
            return
        found = dict(_children(subject.table, context))
        if found:
            children = sorted(map(str, found))
            fate = next(iter(found.values()))
            yield self.finding(
                subject,
                objects=[str(subject.table), *children],
                table=subject.table,
                children=", ".join(children),
                fate=fate,
            )


def _children(parent: Name, context: Context) -> Iterator[tuple[Name, str]]:
    """The tables whose rows go with those of the parent, and what becomes of them."""
    for name, table in context.before.tables.items():
        for one in table.constraints:
            if one.references == parent and name != parent and one.certain and table.certain:
                for option in one.options:
                    if option.upper() in _ACTIONS:
                        yield name, _ACTIONS[option.upper()]
