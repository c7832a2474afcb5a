from __future__ import annotations

from collections.abc import Iterator

from migration_guard import source_edits
from migration_guard.dialects.postgresql_defaults import is_frozen, is_quoted_call
from migration_guard.model.finding import Finding, Fix
from migration_guard.model.operations import AddColumn, CreateTable, Operation, SetDefault
from migration_guard.model.schema import Column, Expression, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._refusals import stopped

FROZEN = "Every row of {name} gets the moment of this migration: {default} is a text, which PostgreSQL reads once."
REFUSED = "The {stopped} stops here: {default} is a text to PostgreSQL, and no {type}."
ANOTHER = "the default is computed for each row then"


class FrozenNowDefault(Rule[Operation]):
    """
    A default that should be computed for each row is a text in quotes, read once and for all.

    ## What happens

    SQLAlchemy puts a str into quotes. `DEFAULT 'now()'` is the moment at which PostgreSQL reads it, and every row from
    then on gets that same one; most other calls in quotes it refuses.

    ```python bad
    op.create_table("pets", sa.Column("born", sa.DateTime(), server_default="now()"))
    ```

    ```python bad
    op.create_table("pets", sa.Column("code", sa.Uuid(), server_default="gen_random_uuid()"))
    ```

    ## To whom

    Whoever reads the rows: all of them seem to be of one moment, and nobody notices until somebody sorts by it.

    ## When it is no hazard

    What is no str becomes SQL:

    ```python good
    op.create_table(
        "pets",
        sa.Column("born", sa.DateTime(), server_default=sa.func.now()),
        sa.Column("seen", sa.DateTime(), server_default=sa.text("now()")),
        sa.Column("name", sa.Text(), server_default="now()"),
        sa.Column("since", sa.Date(), server_default="2020-01-01"),
    )
    ```

    ## What to write instead

    `server_default=sa.func.now()` or `sa.text("gen_random_uuid()")`:

    ```python bad
    op.add_column("pets", sa.Column("born", sa.DateTime(), server_default="now()"))
    ```

    ```python fixed
    op.add_column("pets", sa.Column("born", sa.DateTime(), server_default=sa.text("now()")))
    ```

    ## Sources

    - https://docs.sqlalchemy.org/en/20/core/metadata.html#sqlalchemy.schema.Column.params.server_default
    - https://www.postgresql.org/docs/18/datatype-datetime.html#DATATYPE-DATETIME-SPECIAL-VALUES; measured by
      tests/test_defaults_on_postgresql.py
    """

    code = "MG209"
    dialects = ("postgresql",)
    fixable = Fixable.UNSAFE
    message = FROZEN
    help = "Write server_default=sa.text({text!r}), which is SQL and computed for each row."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        match subject:
            case CreateTable():
                for column in subject.table.columns.values():
                    yield from self._default(subject, subject.table.name, column, context)
            case AddColumn():
                yield from self._default(subject, subject.table, subject.column, context)
            case SetDefault(default=Expression() as default):
                known = context.before.column(subject.table, subject.column)
                if known is not None:
                    column = Column(subject.column, known.type, default=default)
                    yield from self._default(subject, subject.table, column, context)

    def _default(self, subject: Operation, table: Name, column: Column, context: Context) -> Iterator[Finding]:
        default, type_ = column.default, column.type
        if isinstance(type_, Unknown) or not isinstance(default, Expression) or not is_quoted_call(type_, default):
            return
        name = f"{table}.{column.name}"
        yield self.finding(
            subject,
            objects=[name],
            message=FROZEN if is_frozen(type_, default) else REFUSED,
            fix=_fix(subject, default.literal or "", context),
            stopped=stopped(subject),
            name=name,
            default=default.sql,
            type=type_,
            text=default.literal,
        )


def _fix(subject: Operation, text: str, context: Context) -> Fix | None:
    """The text handed to sa.text(), where it is written out in the call."""
    call = subject.site.call
    made = (call.column or call) if call is not None and subject.site.sql is None and not subject.site.helper else None
    argument = made.argument("server_default") if made is not None else None
    if argument is None or "import sqlalchemy as sa" not in context.source:
        return None
    written = source_edits.places_of(context.source).of(argument.value)
    if written.strip("\"'") != text:
        return None
    return Fix(False, (source_edits.replace(argument.value, f"sa.text({written})"),), ANOTHER)
