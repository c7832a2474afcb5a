from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects.postgresql_types import BUILT_IN, STRINGS, name_of
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.operations import CreateTable, Operation
from migration_guard.model.schema import ColumnType, Constraint, ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, stopped

INTEGERS = frozenset(("smallint", "integer", "bigint"))
MOMENTS = frozenset(("date", "timestamp", "timestamptz"))
# Integers may point at these, and these not at integers (measured).
WIDER = frozenset(("numeric", "real", "double precision"))
# PostgreSQL compares the types within each of these.
COMPARED = (INTEGERS, STRINGS, MOMENTS, frozenset(("numeric",)), frozenset(("real", "double precision")))


class ForeignKeyTypeMismatch(Rule[Operation]):
    """
    A foreign key's column is of another type than the column that it points at.

    ## What happens

    The database cannot compare the two, and refuses the key.

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad
    op.create_table("pets", sa.Column("owner_id", sa.Text(), sa.ForeignKey("owners.id")))
    ```

    MySQL and MariaDB do not even take two sizes of integer:

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad mariadb 10.11
    op.create_table("pets", sa.Column("owner_id", sa.BigInteger(), sa.ForeignKey("owners.id")))
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, even where both tables are empty.

    ## When it is no hazard

    Types that the database compares: integers of any size in PostgreSQL, strings of any length.

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("names", sa.Column("name", sa.Text(), primary_key=True))
    ```

    ```python good
    op.create_table(
        "pets",
        sa.Column("owner_id", sa.BigInteger(), sa.ForeignKey("owners.id")),
        sa.Column("owner", sa.String(40), sa.ForeignKey("names.name")),
    )
    op.create_index("ix_pets_owner_id", "pets", ["owner_id"])
    op.create_index("ix_pets_owner", "pets", ["owner"])
    ```

    A table that the history does not show in full is left alone, and so are types of the application's own.

    ## What to write instead

    The type of the column that it points at.

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK; measured by
      tests/test_refusals_on_postgresql.py
    - https://mariadb.com/kb/en/foreign-keys/ (measured on MariaDB 10.11)
    """

    code = "MG310"
    dialects = ("postgresql", "mysql", "mariadb")
    directions = BOTH
    message = "The {stopped} stops here: {column} is {type}, and the column {target} that it refers to is {other}."
    help = "Give {column} the type {other}."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        match subject:
            case CreateTable(temporary=False):
                table, constraints = subject.table, subject.table.constraints
            case AddConstraint():
                known = context.before.table(subject.table)
                if known is None or not known.certain:
                    return
                table, constraints = known, (subject.constraint,)
            case _:
                return
        if subject.site.conditional:
            return
        for constraint in constraints:
            if constraint.kind is ConstraintKind.FOREIGN_KEY:
                yield from self._key(subject, table, constraint, context)

    def _key(self, subject: Operation, table: Table, key: Constraint, context: Context) -> Iterator[Finding]:
        if key.references is None:
            return
        parent = table if key.references == table.name else context.before.table(key.references)
        if parent is None or not (parent.complete and parent.certain):
            return
        if context.before.clouded and not all(context.is_new(one.name) for one in (table, parent)):
            return
        own = next((one.columns for one in parent.constraints if one.kind is ConstraintKind.PRIMARY_KEY), ())
        for name, referenced in zip(key.columns, key.referenced_columns or own, strict=False):
            column, target = table.columns.get(name), parent.columns.get(referenced)
            if column is None or target is None or not (column.certain and target.certain):
                continue
            one, other = column.type, target.type
            if isinstance(one, Unknown) or isinstance(other, Unknown):
                continue
            if _differ(one, other, context.target.dialect):
                yield self.finding(
                    subject,
                    objects=[f"{table.name}.{name}"],
                    stopped=stopped(subject),
                    column=f"{table.name}.{name}",
                    type=one,
                    target=f"{parent.name}.{referenced}",
                    other=other,
                )


def _differ(one: ColumnType, other: ColumnType, dialect: str) -> bool:
    """Whether the database surely cannot compare the two."""
    names = name_of(one), name_of(other)
    if not (one.known and other.known) or one.dimensions or other.dimensions or names[0] == names[1]:
        return False
    if any(type.is_enum or name not in BUILT_IN for type, name in ((one, names[0]), (other, names[1]))):
        return False
    if dialect != "postgresql":
        return all(name in INTEGERS for name in names) or _family(names[0]) != _family(names[1])
    wider = names[0] in INTEGERS and names[1] in WIDER
    return _family(names[0]) != _family(names[1]) and not wider


def _family(name: str) -> frozenset[str]:
    return next((family for family in COMPARED if name in family), frozenset((name,)))
