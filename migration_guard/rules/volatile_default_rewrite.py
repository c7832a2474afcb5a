from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule

VOLATILE = (
    "The default {default} is computed anew for every row: adding {table}.{column} rewrites the whole table and blocks"
)
NOT_KNOWN = (
    "We do not know {default}. Unless it is declared STABLE or IMMUTABLE, adding {table}.{column} rewrites the whole"
    " table and blocks"
)
ANY = "Adding {table}.{column} with a default rewrites the whole table on this version and blocks"
UNTIL = " {blocks} to it until then."
WORDS = {
    Change.ADD_COLUMN_VOLATILE_DEFAULT: VOLATILE,
    Change.ADD_COLUMN_UNKNOWN_DEFAULT: NOT_KNOWN,
    Change.ADD_COLUMN_CONSTANT_DEFAULT: ANY,
}


class VolatileDefaultRewrite(Rule[AddColumn]):
    """
    A new column whose default differs from row to row rewrites the whole table while nobody can use it.

    ## What happens

    `gen_random_uuid()`, `clock_timestamp()`, `random()` and `nextval()` are such defaults: every row gets a value of
    its own, so every row is written. A function of your own counts as one, since the history does not tell.

    ```python bad
    op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD COLUMN seen timestamptz DEFAULT clock_timestamp()")
    ```

    ```python bad
    op.add_column("users", sa.Column("number", sa.Integer(), server_default=sa.text("next_number()")))
    ```

    Before PostgreSQL 11 every default rewrites:

    ```python bad postgresql 10
    op.add_column("users", sa.Column("active", sa.Boolean(), server_default=sa.true()))
    ```

    MySQL copies the table for every expression, and takes `sa.func.now()` for one:

    ```python bad mysql 8.0
    op.add_column("users", sa.Column("made", sa.DateTime(), server_default=sa.func.now()))
    ```

    ## To whom

    Every request to the table until it is written anew: reads and writes on PostgreSQL, writes on MySQL and MariaDB. It
    also takes twice the space meanwhile.

    ## When it is no hazard

    Constants and `now()` are the same for all rows: from PostgreSQL 11 on the table is left as it is.

    ```python good
    op.add_column("users", sa.Column("made", sa.DateTime(timezone=True), server_default=sa.func.now()))
    op.add_column("users", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("users", sa.Column("tags", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb")))
    ```

    CURRENT_TIMESTAMP is no expression to MySQL:

    ```python good mysql 8.0
    op.add_column("users", sa.Column("made", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")))
    ```

    A table that the migration has made or emptied has no rows to write:

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()))
    op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))
    ```

    ## What to write instead

    1. Add the column as nullable, without the default.
    2. Set the default in a statement of its own: it then holds for new rows only.
    3. Fill the old rows in batches, in a later migration.

    ## Sources

    - What is volatile: https://www.postgresql.org/docs/18/xfunc-volatility.html, compared with the functions of a
      server by tests/test_dialect_rows_on_postgresql.py
    """

    code = "MG203"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (
        Change.ADD_COLUMN_VOLATILE_DEFAULT,
        Change.ADD_COLUMN_UNKNOWN_DEFAULT,
        Change.ADD_COLUMN_CONSTANT_DEFAULT,
    )
    message = VOLATILE + UNTIL
    help = """\
1. Add the column as nullable, without the default.
2. Set the default in a statement of its own: it then holds for new rows only.
   op.alter_column("{table:name}", "{column}", server_default=sa.text({text!r}){table:schema})
3. Fill the old rows in batches, in a later migration."""

    def check(self, subject: AddColumn, context: Context) -> Iterator[Finding]:
        words = next((words for change, words in WORDS.items() if change in context.changes(subject)), None)
        impact = context.impact(subject)
        if words is None or context.is_empty(subject) or impact is None or not (impact.blocks and impact.rewrites):
            return
        default = subject.column.default
        if default is None or isinstance(default, Unknown):
            return
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column.name}"],
            message=words + UNTIL,
            table=subject.table,
            column=subject.column.name,
            default=default.sql,
            text=default.sql,
            blocks=impact.blocks,
        )
