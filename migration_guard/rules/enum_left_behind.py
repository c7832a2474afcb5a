from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction, Finding, Fix
from migration_guard.model.migration import Form, Migration
from migration_guard.model.objects import CreateEnum
from migration_guard.model.schema import Name, SchemaState, in_sql
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._downgrades import is_declared_irreversible
from migration_guard.source_edits import insert_after, op_name


class EnumLeftBehind(Rule[Migration]):
    """
    The downgrade drops the table and leaves the enumerated type that create_table made for it.

    ## What happens

    PostgreSQL keeps the type when the last column that uses it goes.

    ## To whom

    The next upgrade, which fails: "type already exists". It is the day when a release was taken back and is rolled out
    again. With `create(checkfirst=True)` it goes on, with the labels that the type has by then.

    ## When it is no hazard

    The downgrade drops the type:

    ```python good
    def upgrade():
        op.create_table("pets", sa.Column("kind", sa.Enum("cat", "dog", name="pet_kind")))

    def downgrade():
        op.drop_table("pets")
        sa.Enum(name="pet_kind").drop(op.get_bind(), checkfirst=True)
    ```

    Nothing is compared where something could not be read, or the revision is declared one-way with a reason.

    ## What to write instead

    Drop the type at the end of downgrade(), which `--fix` does. Where a column still has it after the downgrade, that
    is for you to decide.

    ```python bad
    def upgrade():
        op.create_table("pets", sa.Column("kind", sa.Enum("cat", "dog", name="pet_kind")))

    def downgrade():
        op.drop_table("pets")
    ```

    ```python fixed
    def upgrade():
        op.create_table("pets", sa.Column("kind", sa.Enum("cat", "dog", name="pet_kind")))

    def downgrade():
        op.drop_table("pets")
        op.execute("DROP TYPE pet_kind")
    ```

    ## Sources

    - Who drops the type: https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
    - https://www.postgresql.org/docs/18/sql-droptype.html
    """

    code = "MG707"
    dialects = ("postgresql",)
    supersedes = ("MG704",)
    fixable = Fixable.DEPENDS
    message = "downgrade() leaves the type {type} behind, so the next upgrade fails: the type already exists."
    looked_for = (
        "downgrade() leaves the type {type} behind: the next upgrade passes over it, whatever labels it has by then."
    )
    help = 'Drop it at the end of downgrade(): op.execute("DROP TYPE {type:sql}")'

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.BODY or is_declared_irreversible(context):
            return
        if not context.replayed.comparable:
            return
        left = {one.name for one in context.replayed.differences if one.fate is Fate.LEFT_BEHIND and one.kind == "type"}
        for name in sorted(context.novelty.enums):
            if str(name) in left:
                yield self.finding(
                    subject,
                    span=subject.downgrade.span,
                    direction=Direction.DOWNGRADE,
                    objects=[str(name)],
                    type=name,
                    message=self.looked_for if _is_looked_for(name, context) else None,
                    fix=_drop(name, context),
                )


def _is_looked_for(name: Name, context: Context) -> bool:
    """Whether the upgrade makes the type only where it is not there: `create(checkfirst=True)`."""
    made = [one for one in context.migration.upgrade.operations if isinstance(one, CreateEnum)]
    return all(one.if_not_exists for one in made if one.type.name == name)


def _drop(name: Name, context: Context) -> Fix | None:
    last = context.replayed.downgrade[-1].operation
    prefix = op_name(last.site, context.migration)
    if prefix is None or last.site.helper or last.site.batch or last.site.conditional or last.site.repeated:
        return None
    quoted = in_sql(name).replace('"', '\\"')
    edit = insert_after(context.source, last.site.statement, f'{prefix}.execute("DROP TYPE {quoted}")')
    if edit is None:
        return None
    if _is_used(name, context.replayed.restored):
        return Fix(False, (edit,), "a column still has this type after the downgrade")
    return Fix(True, (edit,))


def _is_used(name: Name, state: SchemaState) -> bool:
    return any(
        not isinstance(column.type, Unknown) and Name(column.type.name, column.type.schema) == name
        for table in state.tables.values()
        for column in table.columns.values()
    )
