"""
The operations of alembic-utils (https://pypi.org/project/alembic-utils/0.8.8), measured: an entity is made, dropped or
replaced, and its class says by which statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migration_guard.model.objects import CreateView, DropView, RunSql
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, View
from migration_guard.model.site import Site
from migration_guard.model.target import without_default
from migration_guard.reading.directives.arguments import BoundArguments, Signature
from migration_guard.reading.directives.names import schema_of
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import CallValue, Symbol

_NAME = r"[\w$\"]+"
_QUALIFIED = rf"(?P<name>(?:{_NAME}\s*\.\s*)?{_NAME})"
_ON = rf"\S+\s.*?\bon\s+{_QUALIFIED}"


@dataclass(frozen=True, slots=True)
class EntityClass:
    """A class of entities: SQL's word for them, the parameters of the class, and where from_sql() finds the name."""

    kind: str
    parameters: str
    pattern: str = ""


_CLASSES = {
    "PGFunction": EntityClass("FUNCTION", "schema signature definition", rf"function\s+{_QUALIFIED}"),
    "PGView": EntityClass("VIEW", "schema signature definition", rf"view\s+{_QUALIFIED}"),
    "PGMaterializedView": EntityClass(
        "MATERIALIZED VIEW", "schema signature definition with_data", rf"view\s+{_QUALIFIED}"
    ),
    "PGTrigger": EntityClass("TRIGGER", "schema signature definition on_entity is_constraint", rf"trigger\s+{_ON}"),
    "PGPolicy": EntityClass("POLICY", "schema signature definition on_entity", rf"policy\s+{_ON}"),
    "PGExtension": EntityClass("EXTENSION", "schema signature"),
    "PGGrantTable": EntityClass("GRANT", "schema table role grant columns with_grant_option"),
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity. `name` is its own, or that of the table that it is on."""

    kind: str
    name: Name

    def made(self, site: Site, *, or_replace: bool = False) -> Operation:
        """What makes it."""
        if self.kind.endswith("VIEW"):
            view = View(self.name, materialized=self.kind.startswith("MATERIALIZED"))
            return CreateView(site=site, view=view, or_replace=or_replace)
        return self._run(site, "GRANT" if self.kind == "GRANT" else f"CREATE {self.kind}")

    def dropped(self, site: Site, *, if_exists: bool = False) -> Operation:
        """What drops it."""
        if self.kind.endswith("VIEW"):
            materialized = self.kind.startswith("MATERIALIZED")
            return DropView(site=site, view=self.name, materialized=materialized, if_exists=if_exists)
        return self._run(site, "REVOKE" if self.kind == "GRANT" else f"DROP {self.kind}")

    def _run(self, site: Site, kind: str) -> RunSql:
        on_table = self.kind in ("TRIGGER", "POLICY", "GRANT")
        return RunSql(site=site, kind=kind, tables=(self.name,) if on_table else ())

    def replaced(self, site: Site) -> Iterator[Operation]:
        """What puts it in the place of one of that name."""
        if self.kind == "VIEW":
            # In a block that drops the view and makes it anew where it cannot be replaced: its grants are lost then.
            # Either way there is a view behind it.
            yield self.made(site, or_replace=True)
            yield self.dropped(replace(site, conditional=True), if_exists=True)
            yield self.made(site)
        elif self.kind == "FUNCTION":
            yield self.made(site)
        else:
            yield self.dropped(site, if_exists=True)
            yield self.made(site)


@directive("create_entity", "target", objects=("target",))
def create_entity(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_entity()."""
    entity = _entity(ask)
    if entity is not None:
        yield entity.made(ask.site())


@directive("drop_entity", "target cascade", objects=("target",))
def drop_entity(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_entity()."""
    entity = _entity(ask)
    if entity is not None:
        yield entity.dropped(ask.site())


@directive("replace_entity", "target", objects=("target",))
def replace_entity(ask: BoundArguments) -> Iterator[Operation]:
    """op.replace_entity()."""
    entity = _entity(ask)
    if entity is None:
        return
    if entity.kind == "EXTENSION":
        ask.opaque("alembic-utils does not replace extensions: it raises NotImplementedError")
    else:
        yield from entity.replaced(ask.site())


def _entity(ask: BoundArguments) -> Entity | None:
    """The entity that is given; None, and it is said, where it is not known."""
    made = ask["target"]
    function = made.function if isinstance(made, CallValue) else None
    if isinstance(made, CallValue) and isinstance(function, Symbol) and function.path.startswith("alembic_utils."):
        from_sql = function.name == "from_sql"
        of_class = _CLASSES.get(function.path.split(".")[-2] if from_sql else function.name)
        if of_class is not None:
            given = BoundArguments(ask.walker, made, Signature.of("sql" if from_sql else of_class.parameters), None)
            name = _from_sql(given, of_class) if from_sql else _name(given, of_class)
            if name is not None:
                return Entity(of_class.kind, name)
    ask.opaque("which entity this is, is not known")
    return None


def _name(given: BoundArguments, of_class: EntityClass) -> Name | None:
    on_entity = given.text("on_entity")
    if on_entity is not None:
        return _qualified(on_entity, given.walker.dialect)
    name = given.text("table" if of_class.kind == "GRANT" else "signature")
    if name is None or "on_entity" in of_class.parameters:
        return None
    schema = schema_of(given["schema"], given.walker.dialect)
    return Name(name.partition("(")[0].strip().replace('"', ""), schema)


def _from_sql(given: BoundArguments, of_class: EntityClass) -> Name | None:
    text = given.text("sql")
    found = re.search(of_class.pattern, text, re.IGNORECASE | re.DOTALL) if text and of_class.pattern else None
    return _qualified(found["name"], given.walker.dialect) if found else None


def _qualified(written: str, dialect: str) -> Name:
    schema, _, name = "".join(written.replace('"', "").split()).rpartition(".")
    return Name(name, without_default(schema, dialect))
