from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form
from migration_guard.model.printable import printable
from migration_guard.model.trip import CatalogueDifference, Trip
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import listed
from migration_guard.rules._trips import origin, spans
from migration_guard.rules._word import OurLines

CONSTRAINTS = {
    "unique constraint": "unique",
    "foreign key": "foreignkey",
    "check constraint": "check",
    "primary key": "primary",
}
DROPS = {
    "table": 'op.drop_table("{last}"{schema})',
    "column": 'op.drop_column("{table}", "{last}"{schema})',
    "index": 'op.drop_index("{last}", table_name="{table}"{schema})',
    "enum": 'op.execute("DROP TYPE {name}")',
    "composite type": 'op.execute("DROP TYPE {name}")',
    "range": 'op.execute("DROP TYPE {name}")',
    **{
        kind: f'op.drop_constraint("{{last}}", "{{table}}", type_="{word}"{{schema}})'
        for kind, word in CONSTRAINTS.items()
    },
    **dict.fromkeys(("trigger", "policy", "rule"), 'op.execute("DROP {kind} {last} ON {within}{table}")'),
    **dict.fromkeys(
        ("sequence", "view", "materialized view", "function", "procedure", "domain", "schema", "extension", "event"),
        'op.execute("DROP {kind} {name}")',
    ),
}
SETS = {"nullable": "nullable={was}", "type": "type_=...", "default": "server_default=...", "comment": "comment=..."}
LABELS = """\
A label cannot be taken out of an enum again. Add it with ALTER TYPE ... ADD VALUE IF NOT EXISTS, so that the upgrade
can be run twice, and declare the revision: # migration-guard: irreversible <reason>"""
FLAGS = {"yes": "True", "no": "False"}


class DowngradeLeavesTraces(Rule[Trip]):
    """
    After an upgrade and its downgrade the database is not what it was.

    ## What happens

    Seen in the catalogue of a real database, before the upgrade and after the downgrade: something is left behind,
    missing or changed.

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()))
    ```

    ```python bad sqlite
    def upgrade():
        op.execute("CREATE INDEX IF NOT EXISTS ix_users_id ON users (id)")

    def downgrade():
        pass
    ```

    ```python bad postgresql
    mood = postgresql.ENUM("happy", "sad", name="mood", create_type=False)

    def upgrade():
        mood.create(op.get_bind(), checkfirst=True)
        op.create_table("users", sa.Column("mood", mood))

    def downgrade():
        op.drop_table("users")
    ```

    ## To whom

    The next upgrade: an object that is left behind stands in its way, or stays for good. And the release that you go
    back to, which relied on what is missing: without its index a query crawls, without its constraint wrong rows get
    in.

    ## When it is no hazard

    Everything that the upgrade made is gone:

    ```python good postgresql
    mood = postgresql.ENUM("happy", "sad", name="mood", create_type=False)

    def upgrade():
        mood.create(op.get_bind(), checkfirst=True)
        op.create_table("users", sa.Column("mood", mood))

    def downgrade():
        op.drop_table("users")
        mood.drop(op.get_bind(), checkfirst=True)
    ```

    The names that the database gives to constraints, and the order of columns, are no difference.

    ## What to write instead

    Drop what is left behind, make again what is missing, and set back what has changed, in downgrade(). What cannot be
    undone, such as a label of an enum, is declared: `# migration-guard: irreversible <reason>`.

    ## Sources

    - The catalogue of the database that it ran on. What is compared: docs/roundtrip.md.
    """

    code = "MG753"
    message = "{what} after upgrade() and downgrade()."
    help = "{advice}"

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        if context.migration.downgrade.form is Form.EMPTY and len(subject.left) > 1:
            yield self._of_nothing(subject, context)
            return
        for difference in subject.left:
            span, statement = spans(origin(difference, subject), Direction.DOWNGRADE, context)
            yield self.finding(
                subject,
                span=span,
                around=statement,
                direction=Direction.DOWNGRADE,
                objects=[difference.name],
                what=described(difference),
                advice=OurLines(_advice(difference)),
            )

    def _of_nothing(self, subject: Trip, context: Context) -> Finding:
        """An empty downgrade() is one cause, however much it leaves behind."""
        downgrade = context.migration.downgrade
        return self.finding(
            subject,
            span=downgrade.span,
            around=downgrade.statement,
            direction=Direction.DOWNGRADE,
            objects=[difference.name for difference in subject.left],
            what=listed([described(difference) for difference in subject.left]),
            advice="downgrade() does nothing. Let it undo what upgrade() does, or declare the revision:"
            " # migration-guard: irreversible <reason>",
        )


def described(difference: CatalogueDifference, left: str = "is left behind") -> str:
    """An object and what became of it: `Index ix_users_email on users is missing`."""
    where = f" on {difference.table}" if difference.table and difference.kind != "column" else ""
    what = f"{difference.kind[:1].upper()}{difference.kind[1:]} {difference.name}{where}"
    match difference.fate:
        case Fate.LEFT_BEHIND:
            return f"{what} {left}"
        case Fate.MISSING:
            return f"{what} is missing"
    changes = "; ".join(
        f"{change.property} was {change.was or 'none'}, now {change.now or 'none'}" for change in difference.changes
    )
    return f"{what} has changed ({changes})"


def _advice(difference: CatalogueDifference) -> str:
    schema, _, table = (difference.table or difference.name).rpartition(".")
    said = {
        "name": difference.name,
        "last": difference.name.rpartition(".")[2],
        "table": table,
        "schema": f', schema="{schema}"' if schema else "",
        "within": f"{schema}." if schema else "",
        "kind": difference.kind.upper(),
    }
    words = {key: printable(value) for key, value in said.items()}
    match difference.fate:
        case Fate.LEFT_BEHIND:
            code = DROPS.get(difference.kind, "").format(**words)
            return f"Drop it in downgrade():\n\n  {code}" if code else "Drop it in downgrade()."
        case Fate.MISSING:
            return "Make it again in downgrade(), as it was: the release that you go back to relies on it."
    settings = [
        SETS[change.property]
        .format(was=FLAGS.get(change.was, printable(change.was)))
        .replace("...", "..." if change.was else "None")
        for change in difference.changes
        if change.property in SETS
    ]
    if any(change.property == "labels" for change in difference.changes):
        return LABELS
    if difference.kind == "column" and settings:
        call = f'op.alter_column("{words["table"]}", "{words["last"]}", {", ".join(settings)}{words["schema"]})'
        return f"Set it back in downgrade():\n\n  {call}"
    return "Set it back in downgrade(), as it was."
