from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import CreateSchema, DropDatabase, DropOwned, DropSchema
from migration_guard.model.operations import Operation
from migration_guard.model.schema import SchemaState
from migration_guard.model.target import DEFAULT_SCHEMAS
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import listed


class SchemaDrop(Rule[Operation]):
    """
    Dropping a schema or a database destroys all that is in it at once, known to the history or not.

    ## What happens

    Every table goes with its rows, every view, type, sequence and function. With CASCADE so does what depends on them
    elsewhere: foreign keys of other tables, views of other schemas. No downgrade brings the rows back.

    ```python bad
    op.execute("DROP SCHEMA reporting CASCADE")
    ```

    ```python bad
    from sqlalchemy.schema import DropSchema

    op.execute(DropSchema("reporting", cascade=True))
    ```

    ```python bad
    op.execute("DROP DATABASE legacy")
    ```

    DROP OWNED takes all that the role owns in this database, in whatever schema it is:

    ```python bad
    op.execute("DROP OWNED BY reporting_bot")
    ```

    On MySQL and MariaDB a schema is a database, and needs no CASCADE:

    ```python bad mysql 8.0
    op.execute("DROP SCHEMA reporting")
    ```

    ## To whom

    Requests to servers that run the old code: all that touch anything in it fail, from the moment of the drop. Whoever
    else kept tables there, of which the migrations say nothing. And whoever needs the rows later.

    ## When it is no hazard

    Without CASCADE PostgreSQL refuses while anything is left in the schema, so nothing is lost:

    ```python good
    op.execute("DROP SCHEMA reporting")
    ```

    Nor does one that the migration has made for itself, or that a downgrade takes back:

    ```python good
    op.execute("CREATE SCHEMA scratch")
    op.execute("DROP SCHEMA scratch CASCADE")
    ```

    ```python good
    def upgrade():
        op.execute("CREATE SCHEMA reporting")

    def downgrade():
        op.execute("DROP SCHEMA reporting CASCADE")
    ```

    ## What to write instead

    1. Release the code that no longer uses anything in it.
    2. In a later release, drop its tables one by one, each with the reason, then the schema without CASCADE: PostgreSQL
       refuses if something was forgotten. On MySQL and MariaDB look into `information_schema.tables` before.

    ## Sources

    - What goes with a schema: https://www.postgresql.org/docs/18/sql-dropschema.html
    - With a database: https://www.postgresql.org/docs/18/sql-dropdatabase.html
    - With a role: https://www.postgresql.org/docs/18/sql-drop-owned.html
    - MySQL's schemas are its databases: https://dev.mysql.com/doc/refman/8.4/en/drop-database.html
    """

    code = "MG104"
    dialects = ("postgresql", "mysql", "mariadb")
    message = "This destroys all that is in {what}{known} with every row, and breaks every server that still uses it."
    help = """\
1. Release the code that no longer uses any of it.
2. In a later release, drop the tables one by one, and say why that is safe:
   # migration-guard: ignore[MG104] <who made sure that nothing uses it>"""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        match subject:
            case DropSchema(schema=schema, cascade=True) if not _is_new(subject, context):
                name = schema or DEFAULT_SCHEMAS.get(context.target.dialect, "")
                known = _known_tables(schema, context.before)
                yield self.finding(subject, objects=[name], what=f"schema {name}", known=known)
            case DropDatabase(database=name):
                yield self.finding(subject, objects=[name], what=f"database {name}", known="")
            case DropOwned(roles=roles):
                what = f"this database and belongs to {listed(roles)}"
                yield self.finding(subject, objects=roles, what=what, known="")


def _is_new(subject: DropSchema, context: Context) -> bool:
    """Whether the migration itself has made the schema, and the history shows nothing that was in it before."""
    made = any(one.schema == subject.schema for one in context.earlier(subject, CreateSchema))
    before = context.replayed.before
    every = (*before.tables, *before.views, *before.enums, *before.sequences)
    return made and not any(name.schema == subject.schema for name in every)


def _known_tables(schema: str | None, state: SchemaState) -> str:
    tables = [table.name for table in state.tables if table.schema == schema]
    return f", {listed(tables)} among it," if tables else ""
