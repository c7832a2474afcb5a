from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import RefusalKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import listed
from migration_guard.rules._refusals import BOTH, moved, objects_of, stopped


class ObjectInUse(Rule[Operation]):
    """
    A statement drops or changes what a foreign key, a view, a generated column or a column of its type still needs.

    ## What happens

    Without CASCADE the database refuses to take away what something else needs, on every run.

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("pets", sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id")))
    ```

    ```python bad
    op.drop_table("owners")  # migration-guard: ignore[MG101] nobody reads it
    ```

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(40)))
    op.execute("CREATE VIEW names AS SELECT name FROM pets")
    ```

    ```python bad
    op.alter_column("pets", "name", type_=sa.Text())
    ```

    ```python given
    op.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
    op.execute("CREATE TABLE pets (id int, mood mood)")
    ```

    ```python bad
    op.execute("DROP TYPE mood")
    ```

    MySQL and MariaDB need an index for each foreign key:

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("owner_id", sa.Integer()))
    op.create_index("ix_pets_owner_id", "pets", ["owner_id"])
    op.create_foreign_key("fk_pets_owner", "pets", "owners", ["owner_id"], ["id"])
    ```

    ```python bad mariadb 10.11
    op.drop_index("ix_pets_owner_id", "pets")
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, and everything that was to come behind it does not happen. What
    works in another order of the same statements on the way back is MG706.

    ## When it is no hazard

    What needs it goes first:

    ```python given
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("pets", sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id")))
    ```

    ```python good
    # migration-guard: ignore[MG101] nobody reads them
    op.drop_table("pets")
    # migration-guard: ignore[MG101] nobody reads them
    op.drop_table("owners")
    ```

    CASCADE takes along what needs it. A foreign key whose name is not known may be the one that was dropped, and behind
    something that could not be read (MG002) nothing is said. SQLite lets go of tables that foreign keys point at.

    ## What to write instead

    Drop what needs it before, and make it anew behind where it is wanted still: a view around a change of type.

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-depend.html; measured by tests/test_refusals_on_postgresql.py
    - Foreign keys and their indexes: https://mariadb.com/kb/en/foreign-keys/ (measured on MariaDB 10.11)
    """

    code = "MG633"
    supersedes = ("MG706",)
    directions = BOTH
    message = "The {stopped} stops here: {users} still {need} the {named}."
    help = "Drop {users} first, and recreate what is still needed afterwards."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        found = context.refused(subject, RefusalKind.IN_USE)
        if not found or (subject.site.direction is Direction.DOWNGRADE and all(one.other for one in found)):
            return
        yield self.finding(
            subject,
            objects=objects_of(found),
            help=moved(found[-1]) if all(one.other for one in found) else None,
            stopped=stopped(subject),
            users=listed([one.why for one in found]),
            need="needs" if len(found) == 1 else "need",
            named=found[0],
        )
