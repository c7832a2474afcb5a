from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Fix, Severity
from migration_guard.model.lineage import Moment
from migration_guard.model.schema import UNKNOWN_WORD, ConstraintKind, Table
from migration_guard.rules import Context, Fixable
from migration_guard.rules._conventions import Breach, Convention, constraints
from migration_guard.rules._fixes import keyword

DECIDE = "it decides what becomes of rows when others are deleted"


class ImplicitOndelete(Convention):
    """
    A foreign key does not say what happens to its rows when the one that they refer to is deleted.

    ## What happens

    Without `ondelete` the database refuses the delete, and nobody can tell whether that was meant. With
    `ondelete = "CASCADE"` in the configuration every key has to say just that.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id")),
    )
    ```

    ## To whom

    The request that deletes a user, and fails for the first user with posts.

    ## When it is no hazard

    Whatever is said is said, NO ACTION too:

    ```python good
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="NO ACTION")),
    )
    ```

    ## What to write instead

    `ondelete="CASCADE"` where the rows belong to the other, `"SET NULL"` where they outlive it, `"RESTRICT"` where it
    must not go before them. Where the configuration names one, the fix writes it:

    ```toml given
    ondelete = "CASCADE"
    ```

    ```python bad
    op.create_foreign_key("fk", "posts", "users", ["user_id"], ["id"], postgresql_not_valid=True)
    ```

    ```python fixed
    op.create_foreign_key("fk", "posts", "users", ["user_id"], ["id"], postgresql_not_valid=True, ondelete="CASCADE")
    ```

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-constraints.html#DDL-CONSTRAINTS-FK
    - The team's own conventions: `ondelete`, and the presets code-generation, platform, secrets-dashboard and strict.
    """

    code = "MG908"
    severity = Severity.WARNING
    fixable = Fixable.UNSAFE
    message = "What happens to rows of {table} when those that they refer to are deleted is not as agreed: {what}."
    help = 'Say it at the foreign key: ondelete="CASCADE", "SET NULL", "RESTRICT" or "NO ACTION".'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        wanted = context.conventions.ondelete
        for key in constraints(table, ConstraintKind.FOREIGN_KEY):
            said = next((one for one in key.options if one.startswith("ON DELETE")), "")
            action = said.removeprefix("ON DELETE ")
            agreed = bool(said) and (wanted == "explicit" or action in (wanted, UNKNOWN_WORD))
            if key.certain and key.columns and not agreed:
                yield Breach(f"{', '.join(key.columns)} says {said or 'nothing'}", key.columns)

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        wanted, operation = context.conventions.ondelete, moment.operation
        call = operation.site.call
        if wanted == "explicit" or call is None or not call.name.endswith("create_foreign_key"):
            return None
        edit = keyword(operation, context, "ondelete", f'"{wanted}"')
        return Fix(False, (edit,), DECIDE) if edit else None
