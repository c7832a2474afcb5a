"""
The arguments of a directive's call, bound to the names of its signature. Signatures are those of Alembic 1.8 to 1.20
(https://alembic.sqlalchemy.org/en/latest/ops.html), with the argument names that older releases took.
"""

from __future__ import annotations

from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.constructs import Constructs
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.interpreter.values import FALSE, Batch, CallValue, Value, truth

SIGNATURES = {
    "create_table": "table_name *columns",
    "drop_table": "table_name",
    "rename_table": "old_table_name new_table_name schema",
    "add_column": "table_name column",
    "drop_column": "table_name column_name",
    "alter_column": "table_name column_name nullable",
    "create_index": "index_name table_name columns",
    "drop_index": "index_name table_name",
    "create_primary_key": "constraint_name table_name columns schema",
    "create_foreign_key": "constraint_name source_table referent_table local_cols remote_cols",
    "create_unique_constraint": "constraint_name table_name columns schema",
    "create_check_constraint": "constraint_name table_name condition schema",
    "create_exclude_constraint": "constraint_name table_name *columns",
    "drop_constraint": "constraint_name table_name type_ schema",
    "create_table_comment": "table_name comment",
    "drop_table_comment": "table_name",
    "bulk_insert": "table rows",
    "execute": "sqltext",
    "batch_alter_table": "table_name schema",
}
_ALIASES = {
    "name": ("constraint_name", "index_name", "table_name"),
    "tablename": ("table_name",),
    "source": ("source_table", "table_name"),
    "referent": ("referent_table",),
    "type": ("type_",),
    "local_cols": ("columns",),
}


class BoundArguments:
    """One directive call with its arguments bound to the names of its signature."""

    def __init__(self, walker: DirectiveWalker, made: CallValue, name: str, batch: Batch | None) -> None:
        self.walker, self.made, self.name, self.batch = walker, made, name, batch
        self.constructs = Constructs(walker.dialect)
        self.values: dict[str, Value] = {}
        self.rest: list[Value] = []
        parameters = SIGNATURES[name].split()
        if batch is not None:
            dropped = ("table_name", "source_table", "schema")
            parameters = [parameter for parameter in parameters if parameter not in dropped]
        for position, value in enumerate(made.arguments):
            starred = next((at for at, one in enumerate(parameters) if one.startswith("*")), None)
            if starred is not None and position >= starred:
                self.rest.append(value)
            elif position < len(parameters):
                self.values[parameters[position]] = value
        for key, value in made.keywords:
            names = [one for one in _ALIASES.get(key, ()) if one in parameters and key not in parameters]
            self.values.setdefault(names[0] if names else key, value)

    def __getitem__(self, name: str) -> Value | None:
        return self.values.get(name)

    def flag(self, name: str) -> bool:
        """Whether a keyword argument is given and true."""
        return truth(self.values.get(name) or FALSE) is True

    def decision(self, name: str) -> bool | Unknown:
        """As flag(); UNKNOWN where it is decided at run time."""
        decided = truth(self.values.get(name) or FALSE)
        return UNKNOWN if decided is None else decided

    def text(self, name: str) -> str | None:
        """The name that an argument gives; None where it is not given or not known."""
        return identifier(self.values.get(name))

    def schema(self, name: str = "schema") -> str | None:
        """The schema that an argument names."""
        return schema_of(self.values.get(name), self.walker.dialect)

    def table(self) -> Name | None:
        """The table that the directive works on."""
        if self.batch is not None:
            name = identifier(self.batch.table)
            return Name(name, schema_of(self.batch.schema, self.walker.dialect)) if name is not None else None
        given = self.values.get("table_name") or self.values.get("source_table")
        name = identifier(given)
        schema = self.schema("source_schema" if "source_schema" in self.values else "schema")
        return Name(name, schema) if name is not None else None

    def missing(self) -> str | None:
        """What of the arguments is missing or unknown, in words; None where all that are needed are known."""
        if self.batch is not None and identifier(self.batch.table) is None:
            return "the table name of batch_alter_table is not known"
        for parameter in _NEEDED.get(self.name, ()):
            if self.batch is not None and parameter in ("table_name", "source_table"):
                continue
            value = self.values.get(parameter)
            if value is None:
                return f"the argument {parameter} is missing"
            if identifier(value) is None:
                why = f" ({value.reason})" if isinstance(value, Unknown) else ""
                return f"the {parameter.replace('_', ' ')} is not known{why}"
        return None

    def site(self) -> Site:
        """Where the call stands."""
        return self.walker.site(self.made.node)


_NEEDED = {
    "create_table": ("table_name",),
    "drop_table": ("table_name",),
    "rename_table": ("old_table_name", "new_table_name"),
    "add_column": ("table_name",),
    "drop_column": ("table_name", "column_name"),
    "alter_column": ("table_name", "column_name"),
    "create_index": ("table_name",),
    "drop_index": ("index_name",),
    "create_primary_key": ("table_name",),
    "create_foreign_key": ("source_table", "referent_table"),
    "create_unique_constraint": ("table_name",),
    "create_check_constraint": ("table_name",),
    "create_exclude_constraint": ("table_name",),
    "drop_constraint": ("table_name",),
}
