from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.constraints import DropConstraint
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.schema import ConstraintKind
from migration_guard.rules import Context, Rule

# What a naming convention can name without knowing the columns: drop_constraint has none to offer, so a foreign key
# fails, a unique constraint gets a name that nothing has (uq_users_), and a check has no name of its own to build on.
# The same with Alembic 1.8 and SQLAlchemy 1.4, 1.13 and 2.0, 1.20 and 2.1; in batch mode too.
KEYS = {
    ConstraintKind.PRIMARY_KEY: "pk",
    ConstraintKind.FOREIGN_KEY: "fk",
    ConstraintKind.UNIQUE: "uq",
    ConstraintKind.CHECK: "ck",
}


class UnnamedConstraintDropped(Rule[DropConstraint]):
    """
    drop_constraint(None, ...) names no constraint: Alembic cannot write the statement and stops.

    ## What happens

    Autogenerate writes it in the downgrade of a constraint without a name.

    ```python bad
    op.drop_constraint(None, "orders", type_="foreignkey")
    ```

    ```python bad
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_constraint(None, type_="unique")
    ```

    ## To whom

    The person who rolls back: it shows on the day one has to go back.

    ## When it is no hazard

    The constraint has a name:

    ```python good
    op.drop_constraint("fk_orders_user", "orders", type_="foreignkey")
    ```

    MySQL's primary keys have no name:

    ```python good mysql 8.0
    op.drop_constraint(None, "orders", type_="primary")
    ```

    A naming convention helps where it needs the table's name only, as that of primary keys does: drop_constraint knows
    no columns.

    ## What to write instead

    Name the constraint, where it is made and where it is dropped. A naming convention in the MetaData gives the next
    ones a name by itself.

    ## Sources

    - Why constraints need names: https://alembic.sqlalchemy.org/en/latest/naming.html
    - Which of these stop is measured by tests/test_failures_on_postgresql.py.
    """

    code = "MG713"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    message = "drop_constraint(None) on {table} names no constraint: Alembic stops here with an error."
    help = "Name the constraint, where it is made and where it is dropped."

    def check(self, subject: DropConstraint, context: Context) -> Iterator[Finding]:
        if subject.name is not None or subject.site.sql is not None:
            return
        if subject.kind is ConstraintKind.PRIMARY_KEY and context.target.dialect in ("mysql", "mariadb"):
            return
        conventions = dict(one.split("=", 1) for one in context.history.environment.naming_convention)
        if subject.kind and _needs_the_table_only(conventions.get(KEYS.get(subject.kind, ""), "")):
            return
        yield self.finding(subject, objects=[str(subject.table)], table=subject.table)


def _needs_the_table_only(template: str) -> bool:
    """Whether a naming convention's template can be filled in by drop_constraint, which knows no columns."""
    return set(re.findall(r"%\((\w+)\)", template)) == {"table_name"}
