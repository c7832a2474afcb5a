"""The words that fill the placeholders of a message."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard.model.printable import printable
from migration_guard.model.schema import Name, in_sql


class OurLines(str):
    """A word that is text of ours, of several lines. What is in it of others' is printable already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False)
class Word:
    """
    A word of a message that can stand in code, too, so that the code can be pasted. As a format: `name` is the name
    without its schema, `schema` the keyword argument for it, and `sql` the name inside an op.execute("...").

    What it says is one line that nothing acts on, so that a name can neither begin a line nor hide in one.
    """

    value: object

    def __format__(self, spec: str) -> str:
        return self.value if isinstance(self.value, OurLines) else printable(self._said(spec))

    def _said(self, spec: str) -> str:
        value = self.value
        match spec:
            case "sql":
                return in_sql(value if isinstance(value, Name) else str(value)).replace('"', '\\"')
            case "name":
                return value.name if isinstance(value, Name) else str(value)
            case "schema":
                return f', schema="{value.schema}"' if isinstance(value, Name) and value.schema else ""
        return str(value)

    def __repr__(self) -> str:
        return repr(self.value)
