from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import RefusalKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import listed
from migration_guard.rules._refusals import goes_along, moved, objects_of


class DowngradeInWrongOrder(Rule[Operation]):
    """
    The statements of a downgrade stand in an order in which the database refuses one of them.

    ## What happens

    A table goes before the one that refers to it, or before its own index. Each statement is right, their order is not.

    ```python bad
    def upgrade():
        op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
        op.create_table("pets", sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id")))

    def downgrade():
        op.drop_table("owners")
        op.drop_table("pets")
    ```

    ```python bad
    def upgrade():
        op.create_table("pets", sa.Column("name", sa.Text()))
        op.create_index("ix_pets_name", "pets", ["name"])

    def downgrade():
        op.drop_table("pets")
        op.drop_index("ix_pets_name", table_name="pets")
    ```

    ## To whom

    The person who rolls back, in a hurry: it stops there, and the version stays the new one.

    ## When it is no hazard

    A downgrade that undoes its upgrade backwards, the last statement first:

    ```python good
    def upgrade():
        op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
        op.create_table("pets", sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id")))

    def downgrade():
        op.drop_table("pets")
        op.drop_table("owners")
    ```

    Where no order of these statements works it is MG631 or MG633.

    ## What to write instead

    Undo the upgrade backwards: what it makes last goes first.

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-depend.html; measured by tests/test_refusals_on_postgresql.py
    """

    code = "MG706"
    directions = (Direction.DOWNGRADE,)
    message = "The rollback stops here: {why}."
    help = "{advice}"

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        used = context.refused(subject, RefusalKind.IN_USE)
        gone = [one for one in context.refused(subject, RefusalKind.ABSENT) if one.other is not None]
        if used and all(one.other for one in used):
            last = max(used, key=lambda one: one.other.site.span.line if one.other else 0)
            why = f"{listed([one.why for one in used])} still {'needs' if len(used) == 1 else 'need'} the {used[0]}"
        elif gone:
            used, last = tuple(gone), gone[0]
            why = f"the {last} is not there, {last.why}"
        else:
            return
        backwards = "" if goes_along(last) else "Undo the upgrade backwards, the last statement first. "
        yield self.finding(subject, objects=objects_of(used), why=why, advice=f"{backwards}{moved(last)}".strip())
