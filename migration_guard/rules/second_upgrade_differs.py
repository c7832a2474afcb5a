from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule
from migration_guard.rules._trips import origin, spans
from migration_guard.rules.downgrade_leaves_traces import described


class SecondUpgradeDiffers(Rule[Trip]):
    """
    The second upgrade makes another schema than the first.

    ## What happens

    Seen in the catalogue of a real database, after the first upgrade and after the second.

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY)")
    ```

    ```python bad sqlite
    def upgrade():
        runs = op.get_bind().execute(sa.text("SELECT count(*) FROM runs")).scalar()
        op.execute("INSERT INTO runs DEFAULT VALUES")
        op.add_column("users", sa.Column("early" if runs % 2 == 0 else "late", sa.Integer()))

    def downgrade():
        columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("users")}
        op.drop_column("users", "early" if "early" in columns else "late")
    ```

    ## To whom

    The next migration, which meets only one of the two: databases that were once rolled back differ from then on from
    those that were not.

    ## When it is no hazard

    The upgrade does the same whatever it finds:

    ```python good sqlite
    def upgrade():
        op.create_table("plans", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("plans")
    ```

    What the downgrade leaves behind is told there (MG753), not here.

    ## What to write instead

    Let downgrade() undo all that upgrade() does, and let upgrade() do the same whatever it finds.

    ## Sources

    - The catalogue of the database that it ran on. What is compared: docs/roundtrip.md.
    """

    code = "MG755"
    message = "{what} after the second upgrade(), compared with the first."
    help = "Let downgrade() undo all that upgrade() does, and let upgrade() do the same whatever it finds."

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        explained = {difference.name for difference in subject.left}
        explained |= {difference.table or difference.name for difference in subject.left}
        for difference in subject.differs:
            if {difference.name, difference.table} & explained:
                continue
            span, statement = spans(origin(difference, subject), Direction.UPGRADE, context)
            yield self.finding(
                subject,
                span=span,
                around=statement,
                direction=Direction.UPGRADE,
                objects=[difference.name],
                what=described(difference, left="is there"),
            )
