from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change, impact_of
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.implied_names import chosen_names, real_name
from migration_guard.model.operations import AddColumn, Operation
from migration_guard.model.schema import Constraint, ConstraintKind, Name, Table
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import not_valid, quoted

TWO_STEPS = """\
1. Add the key as NOT VALID: it holds for new rows at once, and nobody waits.
2. In a later migration, check the old rows while everybody works on:
   op.execute("ALTER TABLE {table:sql} VALIDATE CONSTRAINT {name:sql}")"""
WITH_A_COLUMN = """\
1. Add the column without the key, then the key on its own and NOT VALID:
   op.create_foreign_key("{name}", "{table:name}", "{parent:name}", {columns}, {parent_columns}, {options})
2. In a later migration, check the old rows while everybody works on:
   op.execute("ALTER TABLE {table:sql} VALIDATE CONSTRAINT {name:sql}")"""
PARTITIONED = "Before PostgreSQL 18 a partitioned table takes no NOT VALID key: add it to each partition first."
PUT_TOGETHER = """\
1. Add the key as NOT VALID: it holds for new rows at once, and nobody waits.
2. In a later migration, check the old rows while everybody works on: ALTER TABLE {table:sql} VALIDATE CONSTRAINT, by
   the name that this line puts together."""
COPIED = (
    "Add it in a quiet hour, or with a tool that copies the table in the background (gh-ost, pt-online-schema-change)."
)


class ForeignKeyValidatedInPlace(Rule[Operation]):
    """
    Adding a foreign key checks every row, and blocks writes to both tables until it has.

    ## What happens

    Every row of the table that gets the key is looked up in the one that it points at; MySQL and MariaDB copy the table
    for it. Alembic adds the key of a new column in a statement of its own, which checks every row as well:

    ```python bad
    op.add_column("orders", sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")))
    ```

    ## To whom

    Inserts, updates and deletes wait, on the table that gets the key and, on PostgreSQL, on the one it points at.
    Readers go on. And the deployment, where one row points nowhere.

    ## When it is no hazard

    A table that the migration has made or emptied has no rows to check:

    ```python good
    op.create_table("orders", sa.Column("user_id", sa.Integer()))
    op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])
    ```

    Nor has a column that PostgreSQL adds together with its key, as long as it is null everywhere:

    ```python good
    op.execute("ALTER TABLE orders ADD COLUMN user_id integer REFERENCES users (id)")
    ```

    A key that is NOT VALID is left alone, and so is its validation.

    ## What to write instead

    1. Add the key as NOT VALID, which `--unsafe-fixes` does: it holds for new rows at once and looks at no old one.
    2. Validate it in a later migration: that lets everybody work.

    MySQL and MariaDB have no NOT VALID: add the key in a quiet hour, or with a tool that copies the table in the
    background.

    ```python bad
    op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])
    ```

    ```python fixed
    op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)
    ```

    ```python bad
    op.execute("ALTER TABLE orders ADD CONSTRAINT fk_orders_user FOREIGN KEY (user_id) REFERENCES users (id)")
    ```

    ```python fixed
    op.execute("ALTER TABLE orders ADD CONSTRAINT fk_orders_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID")
    ```

    ## Sources

    - NOT VALID and VALIDATE CONSTRAINT: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG301"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.ADD_FOREIGN_KEY,)
    fixable = Fixable.UNSAFE
    message = "Adding foreign key {key} checks every row of {table} and blocks {blocks} to {tables} until then."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        constraint = _key_of(subject)
        if constraint is None or not isinstance(subject, AddConstraint | AddColumn):
            return
        if context.is_empty(subject) or Change.ADD_FOREIGN_KEY not in context.changes(subject):
            return
        impact = impact_of(Change.ADD_FOREIGN_KEY, context.target)
        if impact is None or not impact.blocks or impact.brief:
            return
        known = context.before.table(subject.table)
        refused = known is not None and known.partitioned and not context.can(Ability.NOT_VALID_ON_PARTITIONED)
        fix, name = None, real_name(known or Table(subject.table), constraint)
        if not context.can(Ability.NOT_VALID_CONSTRAINTS):
            help = COPIED
        elif refused:
            help = PARTITIONED
        elif isinstance(subject, AddColumn) or (subject.site.call and subject.site.call.column):
            help = WITH_A_COLUMN
        else:
            help, fix = TWO_STEPS if name else PUT_TOGETHER, not_valid(subject, context)
        yield self.finding(
            subject,
            objects=[constraint.name or f"{subject.table}.{','.join(constraint.columns)}"],
            fix=fix,
            help=help,
            key=constraint.name or f"on {', '.join(constraint.columns)}",
            name=name or chosen_names(subject.table, constraint)[0],
            table=subject.table,
            parent=constraint.references or "the table it points at",
            tables=_both(subject.table, constraint.references) if impact.referenced_blocks else subject.table,
            options=_options(subject.table, constraint.references),
            columns=quoted(constraint.columns),
            parent_columns=quoted(constraint.referenced_columns),
            blocks=impact.blocks,
        )


def _both(table: Name, parent: Name | None) -> str:
    return str(table) if table == parent else f"{table} and {parent or 'the table it points at'}"


def _options(table: Name, parent: Name | None) -> str:
    """The keyword arguments of a key that is not checked yet, with the schemas of both tables."""
    source = f'source_schema="{table.schema}", ' if table.schema else ""
    referent = f'referent_schema="{parent.schema}", ' if parent and parent.schema else ""
    return f"{source}{referent}postgresql_not_valid=True"


def _key_of(operation: Operation) -> Constraint | None:
    """The foreign key that this operation adds."""
    added: tuple[Constraint, ...] = ()
    if isinstance(operation, AddConstraint):
        added = (operation.constraint,)
    elif isinstance(operation, AddColumn):
        added = operation.inline
    return next((one for one in added if one.kind is ConstraintKind.FOREIGN_KEY), None)
