"""What PostgreSQL has beside tables and what is in them, as things. Asks nothing: it is given rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from migration_guard.roundtripping.catalogues.postgresql.names import is_chosen
from migration_guard.roundtripping.catalogues.postgresql.spelling import (
    COMMANDS,
    ENABLED,
    GRANTED_ON,
    LABELS,
    PERSISTENCE,
    ROUTINES,
    Comments,
    Rows,
    shorter,
    split_routine,
    texts,
    yes,
)
from migration_guard.roundtripping.catalogues.postgresql.tables import Directory
from migration_guard.roundtripping.catalogues.snapshot import CatalogueObject, Definition

Found = Iterator[tuple[CatalogueObject, Definition]]


class OtherObjects:
    """Builds things from the rows of their questions."""

    def __init__(self, rows: Rows, directory: Directory, comments: Comments) -> None:
        self.rows = rows
        self.directory = directory
        self.comments = comments

    def sections(self) -> dict[tuple[str, ...], Callable[[], Found]]:
        """Who builds from the rows of which questions."""
        return {
            ("sequences",): self._sequences,
            ("triggers", "rules", "policies", "statistics"): self._attached,
            ("enums", "domains", "composites", "ranges", "base types"): self._types,
            ("functions", "aggregates"): self._routines,
            ("schemas", "extensions", "default grants", "event triggers"): self._others,
            tuple(part for part in self.rows if part.startswith("plain ")): self._plain,
        }

    def _comment(self, source: str, oid: int, number: int = 0) -> str | None:
        return self.comments.get((source, oid, number))

    def _visible(self, part: str) -> Iterator[list[Any]]:
        return (row for row in self.rows[part] if self.directory.visible(row[0]))

    def _sequences(self) -> Found:
        for row in self.rows["sequences"]:
            oid, schema, name, persistence, owner, grants, type_, start, increment, least, most, cache, cycle, own = row
            kind, owner_schema, table, column = own or (None, None, "", "")
            # What a column owns has the owner and the persistence of its table.
            home = f"{owner_schema}.{table}" if table else None
            yield (
                CatalogueObject("sequence", f"{schema}.{name}"),
                Definition(
                    home,
                    texts(
                        {
                            "type": type_,
                            "start": start,
                            "increment": increment,
                            "minimum": least,
                            "maximum": most,
                            "cache": cache,
                            "cycle": yes(cycle),
                            "unlogged": None if home else PERSISTENCE.get(persistence),
                            "owned by": f"{home}.{column}" if home else None,
                            "identity": yes(kind == "i"),
                            "owner": None if home else owner,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                    system_named=bool(table) and is_chosen(name, table, [column], "seq"),
                    part_of=(CatalogueObject("column", f"{home}.{column}"),) if home else (),
                ),
            )

    def _attached(self) -> Found:
        """Triggers, rules, policies and statistics of tables."""
        triggers = {
            row[1]: CatalogueObject("trigger", f"{self.directory.relations[row[0]]}.{row[2]}")
            for row in self._visible("triggers")
        }
        for relation, oid, _name, definition, enabled, parent in self._visible("triggers"):
            properties = {"definition": definition.partition(" TRIGGER ")[2].partition(" ")[2]}
            properties |= {"enabled": ENABLED[enabled], "comment": self._comment("pg_trigger", oid)}
            part_of = (triggers[parent],) if parent in triggers else ()
            yield triggers[oid], Definition(self.directory.relations[relation], texts(properties), part_of=part_of)
        for relation, oid, name, definition, enabled in self._visible("rules"):
            properties = {"definition": definition, "enabled": ENABLED[enabled]}
            properties["comment"] = self._comment("pg_rewrite", oid)
            yield (
                CatalogueObject("rule", f"{self.directory.relations[relation]}.{name}"),
                Definition(self.directory.relations[relation], texts(properties)),
            )
        for relation, oid, name, command, permissive, roles, using, check in self._visible("policies"):
            properties = {"for": COMMANDS[command], "as": "permissive" if permissive else "restrictive", "to": roles}
            properties |= {"using": using, "with check": check, "comment": self._comment("pg_policy", oid)}
            table = self.directory.relations[relation]
            yield CatalogueObject("policy", f"{table}.{name}"), Definition(table, texts(properties))
        for relation, oid, schema, name, definition, owner, target in self._visible("statistics"):
            kinds = re.search(r"\(.*?\)(?= ON )", definition)
            properties = {"kinds": kinds.group() if kinds else None, "on": definition.partition(" ON ")[2]}
            properties |= {"target": target, "owner": owner, "comment": self._comment("pg_statistic_ext", oid)}
            yield (
                CatalogueObject("statistics", f"{schema}.{name}"),
                Definition(self.directory.relations[relation], texts(properties)),
            )

    def _types(self) -> Found:
        for oid, schema, name, owner, grants, labels in self.rows["enums"]:
            yield self._type(
                "enum",
                oid,
                schema,
                name,
                owner,
                grants,
                {"labels": ", ".join(f"'{label}'" for _, label in labels or ())},
            )
        for oid, schema, name, owner, grants, type_, required, default, collation, checks in self.rows["domains"]:
            properties = {"type": type_, "nullable": "no" if required else "yes", "default": default}
            properties["collation"] = collation
            unnamed = []
            for constraint, definition, kind, constraint_oid in checks or ():
                comment = self._comment("pg_constraint", constraint_oid)
                if is_chosen(constraint, name, [], LABELS[kind]) and comment is None:
                    unnamed += [definition] if kind == "c" else []
                else:
                    properties[f"constraint {constraint}"] = " ".join(filter(None, (definition, comment)))
            properties["check"] = ", ".join(sorted(unnamed)) or None
            yield self._type("domain", oid, schema, name, owner, grants, properties)
        for oid, schema, name, owner, grants, relation, attributes in self.rows["composites"]:
            properties = {}
            for number, attribute, type_, collation in attributes or ():
                comment = self._comment("pg_class", relation, number)
                properties[attribute] = " ".join(filter(None, (type_, collation, comment)))
            yield self._type("composite type", oid, schema, name, owner, grants, properties)
        for oid, schema, name, owner, grants, subtype, *rest in self.rows["ranges"]:
            labels = ("operator class", "collation", "canonical", "difference", "multirange")
            yield self._type(
                "range type",
                oid,
                schema,
                name,
                owner,
                grants,
                {"subtype": subtype, **dict(zip(labels, rest, strict=True))},
            )
        for oid, schema, name, owner, grants, *rest in self.rows["base types"]:
            labels = ("length", "input", "output", "default", "storage")
            yield self._type("type", oid, schema, name, owner, grants, dict(zip(labels, rest, strict=True)))

    def _type(
        self, kind: str, oid: int, schema: str, name: str, owner: str, grants: str | None, properties: Mapping[str, Any]
    ) -> tuple[CatalogueObject, Definition]:
        ends = {"owner": owner, "grants": grants, "comment": self._comment("pg_type", oid)}
        return CatalogueObject(kind, f"{schema}.{name}"), Definition(None, texts({**properties, **ends}))

    def _routines(self) -> Found:
        for oid, schema, name, arguments, owner, grants, kind, text in self.rows["functions"]:
            head, body = split_routine(text)
            ends = {"owner": owner, "grants": grants, "comment": self._comment("pg_proc", oid)}
            thing = CatalogueObject(ROUTINES[kind], f"{schema}.{name}({shorter(arguments)})")
            yield thing, Definition(None, texts({"signature": head, "body": body, **ends}))
        for oid, schema, name, arguments, owner, grants, full, result, details, state, order, parallel in self.rows[
            "aggregates"
        ]:
            properties = {"arguments": full, "returns": result, "state": state, "order": order, "parallel": parallel}
            ends = {"details": details, "owner": owner, "grants": grants, "comment": self._comment("pg_proc", oid)}
            thing = CatalogueObject("aggregate", f"{schema}.{name}({shorter(arguments)})")
            yield thing, Definition(None, texts({**properties, **ends}))

    def _plain(self) -> Found:
        for part, rows in self.rows.items():
            if part.startswith("plain "):
                for source, oid, kind, name, properties in rows:
                    ends = {"comment": self._comment(source, oid)}
                    yield CatalogueObject(kind, shorter(name)), Definition(None, texts({**properties, **ends}))

    def _others(self) -> Found:
        for oid, name, owner, grants in self.rows["schemas"]:
            properties = {"owner": owner, "grants": grants, "comment": self._comment("pg_namespace", oid)}
            yield CatalogueObject("schema", name), Definition(None, texts(properties))
        for oid, name, version, schema in self.rows["extensions"]:
            properties = {"version": version, "schema": schema, "comment": self._comment("pg_extension", oid)}
            yield CatalogueObject("extension", name), Definition(None, texts(properties))
        for _, role, schema, kind, grants in self.rows["default grants"]:
            where = f" in {schema}" if schema else ""
            name = f"{GRANTED_ON.get(kind, kind)} of {role}{where}"
            yield CatalogueObject("default grants", name), Definition(None, texts({"grants": grants}))
        for oid, name, event, enabled, function, tags, owner in self.rows["event triggers"]:
            properties = {
                "event": event,
                "enabled": ENABLED[enabled],
                "function": function,
                "tags": tags,
                "owner": owner,
            }
            properties["comment"] = self._comment("pg_event_trigger", oid)
            yield CatalogueObject("event trigger", name), Definition(None, texts(properties))
