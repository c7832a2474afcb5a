from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Fix
from migration_guard.model.operations import RestateColumn
from migration_guard.model.schema import Column
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import keyword


class LostColumnAttributes(Rule[RestateColumn]):
    """
    MySQL writes a column anew to change it, and what op.alter_column() does not repeat is gone.

    ## What happens

    MODIFY and CHANGE state the whole column. Alembic repeats only what the call names: without `existing_nullable` the
    column allows NULL afterwards, without `existing_server_default` it has no default, without `existing_comment` no
    comment, without `existing_autoincrement` no AUTO_INCREMENT.

    ## To whom

    Nobody at first: no error is raised. Then rows come without a value, INSERTs fail that relied on the default, and
    the numbers of new rows are gone.

    ## When it is no hazard

    The call repeats all that the column has:

    ```python given
    op.create_table("crates", sa.Column("label", sa.String(80), nullable=False, server_default="none"))
    ```

    ```python good mysql 8.0
    op.alter_column(
        "crates",
        "label",
        existing_type=sa.String(80),
        existing_nullable=False,
        existing_server_default="none",
        type_=sa.String(120),
    )
    ```

    A default alone is set without writing the column anew. What the history does not know of the column is not said to
    be lost.

    ## What to write instead

    Repeat what the column has. The history knows it, so `--fix` writes it.

    ```python given
    op.create_table("crates", sa.Column("label", sa.String(80), nullable=False))
    ```

    ```python bad mysql 8.0
    op.alter_column("crates", "label", type_=sa.String(120), existing_type=sa.String(80))
    ```

    ```python fixed
    op.alter_column("crates", "label", type_=sa.String(120), existing_type=sa.String(80), existing_nullable=False)
    ```

    ## Sources

    - Alembic on MySQL: https://alembic.sqlalchemy.org/en/latest/ops.html
    - MODIFY states the whole column: https://dev.mysql.com/doc/refman/8.4/en/alter-table.html
    """

    code = "MG210"
    dialects = ("mysql", "mariadb")
    fixable = Fixable.SAFE
    message = "This writes {table}.{column} anew without {lost}: it is gone afterwards."
    help = "Repeat what the column has: {advice}"

    def check(self, subject: RestateColumn, context: Context) -> Iterator[Finding]:
        before = context.replayed.before.column(subject.table, subject.column)
        known = context.before.column(subject.table, subject.column)
        if before is None or known is None or not (before.certain and known.certain):
            return
        lost = dict(_lost(subject, known))
        if not lost:
            return
        arguments = ", ".join(lost.values())
        name, _, value = arguments.partition("=")
        edit = keyword(subject, context, name, value) if "..." not in arguments else None
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            table=subject.table,
            column=subject.column,
            lost=" and ".join(lost),
            advice=arguments,
            fix=Fix(True, (edit,)) if edit else None,
        )


def _lost(restated: RestateColumn, known: Column) -> Iterator[tuple[str, str]]:
    """What the column has and the statement does not repeat: in words, and as the argument that would."""
    if known.nullable is False and restated.nullable is True:
        yield "NOT NULL", "existing_nullable=False"
    default = known.default
    counts = known.serial or known.identity
    if default is not None and not isinstance(default, Unknown) and restated.default is None and not counts:
        shown = f"{default.literal!r}" if default.literal is not None else f"sa.text({default.sql!r})"
        yield "its default", f"existing_server_default={shown}"
    if isinstance(known.comment, str) and restated.comment is None:
        yield "its comment", f"existing_comment={known.comment!r}"
    if known.serial and not restated.counts:
        yield "AUTO_INCREMENT", "existing_autoincrement=True"
