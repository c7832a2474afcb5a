from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import DEFINITION
from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._batches import lost_by_batches
from migration_guard.rules._downgrades import came_back_otherwise, changed_words, is_compared, is_ignored


class AttributesNotRestored(Rule[Migration]):
    """
    The downgrade brings something back otherwise than it was.

    ## What happens

    A column comes back without its default, an index without its predicate, a foreign key without its ON DELETE.
    Nothing fails: the schema is another one than before the upgrade, and nobody notices until it matters.

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("pets",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(50), server_default="unnamed", nullable=False),
        sa.Column("owner_id", sa.Integer()),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_pets_owner", ondelete="CASCADE"))
    ```

    ```python bad
    def upgrade():
        op.drop_column("pets", "name")  # migration-guard: ignore[MG102] No release reads it.

    def downgrade():
        op.add_column("pets", sa.Column("name", sa.String(50), server_default="", nullable=False))
    ```

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("pets",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner_id", sa.Integer()),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_pets_owner", ondelete="CASCADE"))
    ```

    ```python bad
    def upgrade():
        op.drop_constraint("fk_pets_owner", "pets", type_="foreignkey")

    def downgrade():
        op.create_foreign_key("fk_pets_owner", "pets", "owners", ["owner_id"], ["id"])
    ```

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_pets_name", "pets", ["name"], postgresql_where=sa.text("name IS NOT NULL"))
    ```

    ```python bad
    def upgrade():
        with op.get_context().autocommit_block():
            op.drop_index("ix_pets_name", table_name="pets", postgresql_concurrently=True)

    def downgrade():
        op.create_index("ix_pets_name", "pets", ["name"])
    ```

    ## To whom

    The person who rolls back, and whoever relies on what is gone: deletes that are refused now, rows without a value,
    queries that the planner answers otherwise.

    ## When it is no hazard

    The downgrade says all that the history says of it:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_pets_name", "pets", ["name"], postgresql_where=sa.text("name IS NOT NULL"))
    ```

    ```python good
    def upgrade():
        with op.get_context().autocommit_block():
            op.drop_index("ix_pets_name", table_name="pets", postgresql_concurrently=True)

    def downgrade():
        op.create_index("ix_pets_name", "pets", ["name"], postgresql_where=sa.text("name IS NOT NULL"))
    ```

    Two spellings of one thing are one thing: nextval('s') and nextval('s'::regclass), now() and CURRENT_TIMESTAMP. A
    condition that one side writes as the server prints it, with casts and ANY (ARRAY[...]), is not compared. What the
    history does not show is left out, and nothing is compared where something could not be read, or the revision is
    declared one-way with a reason. What the upgrade changes and the downgrade never touches is MG704.

    ## What to write instead

    Repeat in downgrade() what made it: the finding says what it was.

    ## Sources

    - What operations do to a schema is replayed, not measured; `migration-guard roundtrip` proves it on a database
      (MG753).
    """

    code = "MG708"
    severity = Severity.WARNING
    supersedes = ("MG704",)
    message = "After upgrade and downgrade {what}."
    help = "{advice} in downgrade(), so that a rollback leaves the schema that the upgrade met."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if not is_compared(context):
            return
        for one in context.replayed.differences:
            if any(one in lost for lost in lost_by_batches(context).values()):
                continue  # that is MG807
            if came_back_otherwise(one, context) and not is_ignored(one, context):
                yield self.finding(
                    subject,
                    span=subject.downgrade.span,
                    direction=Direction.DOWNGRADE,
                    objects=[one.name],
                    what=changed_words(one),
                    advice=f"Bring back the {one} as it was: {one.was}"
                    if one.kind != DEFINITION
                    else f"Bring back the {one}",
                )
