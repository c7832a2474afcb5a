from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import CreateIndex, DropConstraint, DropIndex
from migration_guard.model.differences import Fate, SchemaDifference
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.implied_names import chosen_names
from migration_guard.model.migration import Form, Migration
from migration_guard.model.operations import AddColumn, CreateTable, DropColumn, DropTable, Operation
from migration_guard.model.replay import ReplayStep
from migration_guard.model.schema import ConstraintKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible


class MismatchedDowngrade(Rule[Migration]):
    """
    The downgrade drops something else than the upgrade made.

    ## What happens

    A name is mistyped, a schema is missing, or the lines were copied from another migration.

    ```python bad
    def upgrade():
        op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
        op.create_index("ix_pets_name", "pets", ["name"])

    def downgrade():
        op.drop_index("ix_pet_name", table_name="pets")
        op.drop_table("pets")
    ```

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    def upgrade():
        op.add_column("owners", sa.Column("email", sa.Text()))

    def downgrade():
        op.drop_column("owners", "name")
    ```

    ```python bad
    def upgrade():
        op.create_table("invoices", sa.Column("id", sa.Integer()), schema="billing")

    def downgrade():
        op.drop_table("invoices")
    ```

    ```python bad
    def upgrade():
        op.create_check_constraint("ck_owners_age", "owners", "age > 0", postgresql_not_valid=True)

    def downgrade():
        op.drop_constraint("ck_owner_age", "owners", type_="check")
    ```

    ```python given
    op.create_table("visits", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("places", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad
    def upgrade():
        key = sa.ForeignKey("places.id", name="fk_visits_place")
        op.add_column("visits", sa.Column("place_id", sa.Integer(), key), inline_references=True)

    def downgrade():
        op.drop_constraint("fk_visits_place", "visits", type_="foreignkey")
        op.drop_column("visits", "place_id")
    ```

    ## To whom

    The person who rolls back: it fails on a name that is not there, or takes away what was there long before, with its
    rows.

    ## When it is no hazard

    The names are those of the upgrade:

    ```python good
    def upgrade():
        op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
        op.create_index("ix_pets_name", "pets", ["name"])

    def downgrade():
        op.drop_index("ix_pets_name", table_name="pets")
        op.drop_table("pets")
    ```

    A drop with IF EXISTS or under a condition is left alone, and so is what the history does not know well enough.
    Nothing is compared where something could not be read, or the revision is declared one-way with a reason.

    ## What to write instead

    Drop what this revision's upgrade makes, under the same name and in the same schema.

    ## Sources

    - What operations do to a schema is replayed, not measured; `migration-guard roundtrip` proves it on a database
      (MG752).
    """

    code = "MG705"
    supersedes = ("MG704", "MG631")
    message = "downgrade() drops {dropped}, {why}."
    help = "Drop what this revision's upgrade makes{instead}, under the same name and in the same schema."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.BODY or is_declared_irreversible(context):
            return
        if not context.replayed.comparable:
            return
        left = [one for one in context.replayed.differences if one.fate is Fate.LEFT_BEHIND]
        for step in context.replayed.downgrade:
            operation = step.operation
            described = _described(operation)
            if described is None or operation.site.conditional:
                continue
            kind, name = described
            instead = next((one for one in left if one.kind.endswith(kind)), None)
            if _was_untouched(operation, name, context) or (instead and _is_unheard_of(operation, instead, context)):
                why = "which this revision's upgrade never touched"
            elif _is_absent(step, context) or (instead and _is_unknown(step, instead)):
                why = "which is not there"
            elif _is_named_otherwise(operation, context):
                why = "and the key that the upgrade writes in ADD COLUMN gets its name from PostgreSQL"
            else:
                continue
            yield self.finding(
                operation,
                direction=Direction.DOWNGRADE,
                objects=[name, *([instead.name] if instead else [])],
                dropped=f"{kind} {name}",
                why=why,
                instead=f" ({instead})" if instead else "",
            )


def _described(operation: Operation) -> tuple[str, str] | None:
    match operation:
        case DropTable(if_exists=False):
            return "table", str(operation.table)
        case DropColumn(if_exists=False):
            return "column", f"{operation.table}.{operation.column}"
        case DropIndex(if_exists=False):
            return "index", operation.name
        case DropConstraint(if_exists=False, name=str() as name):
            return "constraint", name
    return None


def _made(operation: Operation) -> str | None:
    """What an operation makes, under its full name."""
    match operation:
        case CreateTable():
            return str(operation.table.name)
        case AddColumn():
            return f"{operation.table}.{operation.column.name}"
        case CreateIndex():
            return operation.index.name
    return None


def _was_untouched(operation: Operation, name: str, context: Context) -> bool:
    """Whether what is dropped was there before the upgrade, and the upgrade left it as it was."""
    lost = any(one.fate is Fate.MISSING and one.name == name for one in context.replayed.differences)
    before, after = context.replayed.before, context.replayed.after
    if name in map(_made, context.migration.upgrade.operations):
        return False
    match operation:
        case DropTable():
            return lost and before.table(operation.table) == after.table(operation.table) is not None
        case DropColumn():
            old, new = before.column(operation.table, operation.column), after.column(operation.table, operation.column)
            return lost and old is not None and old == new
        case DropIndex():
            found = after.index(operation.name, operation.table)
            return lost and found is not None and before.index(operation.name, operation.table) == found
    return False


def _is_unheard_of(operation: Operation, instead: SchemaDifference, context: Context) -> bool:
    """
    Whether nothing of this name is known in the schemas before and after, while the upgrade leaves something of that
    kind: a table, or what is on the same table, or has the same name in another schema or table.
    """
    states = (context.replayed.before, context.replayed.after)
    match operation:
        case DropTable(table=table):
            return not any(state.table(table) for state in states)
        case DropColumn(table=table, column=column):
            near = instead.table == table or instead.name.endswith(f".{column}")
            return near and not any(state.column(table, column) for state in states)
        case DropIndex(name=name, table=table) | DropConstraint(name=str() as name, table=table):
            if table is None or (instead.table != table and instead.name != name):
                return False
            known = [one for state in states if (one := state.table(table))]
            names = {name for one in known for name in (*one.indexes, *(each.name for each in one.constraints))}
            return name not in names and None not in names
    return False


def _is_absent(step: ReplayStep, context: Context) -> bool:
    """Whether what is dropped is certainly not there: its table is known to the last column, and has no such thing."""
    operation, state = step.operation, context.replayed.after
    if not isinstance(operation, DropColumn | DropIndex):
        return False
    if operation.table is None or not context.is_new(operation.table, operation):
        return False
    table = state.table(operation.table)
    if table is None or not (table.complete and table.certain):
        return False
    if isinstance(operation, DropColumn):
        return operation.column not in table.columns
    unique = {one.name for one in table.constraints if one.kind is ConstraintKind.UNIQUE}
    return operation.name not in table.indexes and operation.name not in unique and None not in unique


def _is_named_otherwise(operation: Operation, context: Context) -> bool:
    """
    Whether the table has no constraint of this name, and the upgrade makes a key in ADD COLUMN that PostgreSQL names:
    Alembic writes none there (measured on 1.20.1 with inline_references=True).
    """
    if not isinstance(operation, DropConstraint) or context.target.dialect != "postgresql":
        return False
    table = context.replayed.after.table(operation.table)
    upgrade = context.migration.upgrade.operations
    added = [one for one in upgrade if isinstance(one, AddColumn) and one.table == operation.table]
    nameless = [one for each in added for one in each.inline if one.kind is ConstraintKind.FOREIGN_KEY and not one.name]
    if table is None or not (table.complete and table.certain) or not nameless:
        return False
    names = {one.name for one in table.constraints}
    chosen = tuple(name for one in table.constraints for name in chosen_names(table.name, one))
    return operation.name not in names and not str(operation.name).startswith(chosen)


def _is_unknown(step: ReplayStep, instead: SchemaDifference) -> bool:
    """Whether the same table lacks what is dropped, while the upgrade left something of that kind on it."""
    operation = step.operation
    match operation:
        case DropIndex(table=table) if table is not None and table == instead.table:
            found = step.before.index(operation.name, table)
            return found is not None and found[1].certain and not isinstance(found[1].unique, bool)
    return False
