from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.finding import Finding
from migration_guard.model.objects import CreateEnum, DropEnum, RenameEnumValue, RenameType
from migration_guard.model.operations import AlterColumnType, Operation
from migration_guard.model.schema import Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule


class EnumValueRenamedOrRemoved(Rule[Operation]):
    """
    A value of an enum gets another name or goes, while servers of the old version still write it.

    ## What happens

    RENAME VALUE takes an instant. From then on the old spelling is an error: "invalid input value for enum".

    ```python given
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'glad')")
    ```

    ```python bad
    op.execute("ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'")
    ```

    A type that takes the place of another one under its name, with fewer values, does the same.

    ```python given
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'glad')")
    op.create_table("pets", sa.Column("mood", sa.Enum(name="mood", create_type=False)))
    ```

    ```python bad
    op.execute("ALTER TYPE mood RENAME TO mood_old")
    op.execute("CREATE TYPE mood AS ENUM ('calm')")
    # migration-guard: ignore[MG207] the table is small
    op.execute("ALTER TABLE pets ALTER COLUMN mood TYPE mood USING mood::text::mood")
    op.execute("DROP TYPE mood_old")
    ```

    ## To whom

    Every request of an old server that writes or compares the old value, until the last of them is gone; and every one
    of a new server that meets the new value before the migration has run.

    ## When it is no hazard

    The migration itself has made the type, or the new type has all the values of the old one:

    ```python good
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'glad')")
    op.execute("ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'")
    ```

    Where the labels are not known, nothing is said.

    ## What to write instead

    1. Add the new value, and release code that reads both and writes the new one.
    2. Change the rows in batches.
    3. Leave the old value in the type: PostgreSQL cannot take it away, and it harms nobody.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-altertype.html
    """

    code = "MG625"
    dialects = ("postgresql",)
    message = "The value {value} of {type} {becomes}: every old server that still writes it gets an error."
    help = """\
1. Add the new value, and release code that reads both and writes the new one.
2. Change the rows in batches.
3. Leave {value} in the type: it harms nobody there."""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not context.can(Ability.NATIVE_ENUM):
            return
        if isinstance(subject, RenameEnumValue) and _had(subject, context):
            yield self._found(subject, subject.type, subject.value, f"becomes {subject.new_value!r}")
        elif isinstance(subject, CreateEnum) and not subject.implicit:
            for value in _removed(subject, context):
                yield self._found(subject, subject.type.name, value, "goes")

    def _found(self, subject: Operation, type_: Name, value: str, becomes: str) -> Finding:
        return self.finding(subject, objects=[str(type_), value], value=f"'{value}'", type=type_, becomes=becomes)


def _had(operation: RenameEnumValue, context: Context) -> bool:
    """Whether the type had the value before the migration, as far as that is known."""
    known = context.replayed.before.enums.get(operation.type)
    return known is not None and (isinstance(known.labels, Unknown) or operation.value in known.labels)


def _removed(subject: CreateEnum, context: Context) -> list[str]:
    """The values that the type of this name had before the migration, where a column gets the new one."""
    old, labels = context.replayed.before.enums.get(subject.type.name), subject.type.labels
    if old is None or not old.certain or isinstance(old.labels, Unknown) or isinstance(labels, Unknown):
        return []
    renamed = any(one.type == subject.type.name for one in context.earlier(subject, RenameType))
    dropped = any(one.type == subject.type.name for one in context.earlier(subject, DropEnum))
    taken = any(_takes(one, subject.type.name) for one in context.later(subject, AlterColumnType))
    return [one for one in old.labels if one not in labels] if (renamed or dropped) and taken else []


def _takes(operation: AlterColumnType, type_: Name) -> bool:
    return not isinstance(operation.type, Unknown) and Name(operation.type.name, operation.type.schema) == type_
