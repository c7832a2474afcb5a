"""What PostgreSQL answered, as things and definitions in words for people. Asks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migration_guard.roundtrip.catalogues.postgresql_names import is_chosen
from migration_guard.roundtrip.snapshot import Definition, Thing

Rows = Mapping[str, list[list[Any]]]
Found = Iterator[tuple[Thing, Definition]]

TABLES = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
CONSTRAINTS = {
    "p": "primary key",
    "u": "unique constraint",
    "f": "foreign key",
    "c": "check constraint",
    "x": "exclusion constraint",
    "n": "not null constraint",
}
LABELS = {"p": "pkey", "u": "key", "f": "fkey", "c": "check", "x": "excl", "n": "not_null"}
PERSISTENCE = {"p": None, "u": "yes"}
REPLICA = {"d": None, "n": "nothing", "f": "full", "i": "index"}
ENABLED = {"O": "yes", "D": "no", "R": "on replicas", "A": "always"}
STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {"p": "pglz", "l": "lz4"}
IDENTITY = {"a": "always", "d": "by default"}
GENERATED = {"s": "stored", "v": "virtual"}
COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}
ROUTINES = {"f": "function", "p": "procedure", "w": "function"}
GRANTED_ON = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas", "L": "large objects"}
_NEXT = re.compile(r"^nextval\('(?P<sequence>.+)'::regclass\)$")


class Builder:
    """Turns the rows of every question into a snapshot."""

    def __init__(self, rows: Rows, excluded: str) -> None:
        self.rows = rows
        self.comments = {(source, oid, number): text for source, oid, number, text in rows["comments"]}
        self.hidden = {row[0] for row in rows["relations"] if f"{row[1]}.{row[2]}" == excluded}
        self.relations = {row[0]: f"{row[1]}.{row[2]}" for row in rows["relations"]}
        self.kinds = {row[0]: TABLES[row[3]] for row in rows["relations"]}
        self.tables = {row[0]: row[2] for row in rows["relations"]}
        self.columns = {(row[0], row[1]): row[2] for row in rows["columns"]}
        self.things: dict[int, Thing] = {}

    def build(self) -> dict[Thing, Definition]:
        """Every thing, tables before what belongs to them."""
        found: dict[Thing, Definition] = {}
        for part in (self._relations, self._columns, self._constraints, self._indexes, self._sequences, self._attached):
            found.update(part())
        for rest in (self._types, self._routines, self._plain, self._others):
            found.update(rest())
        return found

    def _comment(self, source: str, oid: int, number: int = 0) -> str | None:
        return self.comments.get((source, oid, number))

    def _visible(self, part: str) -> Iterator[list[Any]]:
        return (row for row in self.rows[part] if row[0] in self.relations and row[0] not in self.hidden)

    def _relations(self) -> Found:
        definitions = {row[0]: row[1] for row in self.rows["views"]}
        extras: dict[int, dict[str, object]] = {}
        for row in self.rows["columns"]:
            if self.kinds.get(row[0]) in ("view", "materialized view"):
                special = {"default": row[8], "comment": self._comment("pg_class", row[0], row[1]), "grants": row[12]}
                special |= {"statistics": row[11], "options": row[13]}
                extras.setdefault(row[0], {}).update(
                    {f"{word} of {row[2]}": value for word, value in special.items() if value is not None}
                )
        for row in self._visible("relations"):
            oid, schema, name, kind, persistence, owner, grants, secured, forced, replica, options, toast, *rest = row
            key, bound, parents, of, method, space, foreign = rest
            inherited = [f"{parent_schema}.{parent}" for _, parent_schema, parent in parents or ()]
            yield (
                Thing(TABLES[kind], f"{schema}.{name}"),
                Definition(
                    None,
                    words(
                        {
                            "definition": definitions.get(oid),
                            "partitioned by": key,
                            "partition": bound,
                            "parents": ", ".join(inherited) or None,
                            "of type": of,
                            "unlogged": PERSISTENCE.get(persistence),
                            "row security": yes(secured),
                            "row security forced": yes(forced),
                            "replica identity": REPLICA.get(replica) if kind in "rp" else None,
                            "access method": None if method == "heap" else method,
                            "tablespace": space,
                            "options": options,
                            "toast options": toast,
                            "server": foreign,
                            **extras.get(oid, {}),
                            "owner": owner,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                ),
            )

    def _columns(self) -> Found:
        parents = {row[0]: [f"{schema}.{name}" for _, schema, name in row[14] or ()] for row in self.rows["relations"]}
        named = {
            (row[0], row[6][0]): row[2]
            + (" no inherit" if "NO INHERIT" in row[4] else "")
            + ("" if row[5] else " not valid")
            for row in self._visible("constraints")
            if row[3] == "n" and row[6] and not self._ordinary_not_null(row)
        }
        for row in self._visible("columns"):
            oid, number, name, type_, required, identity, generated, collation, default, *rest = row
            storage, compression, statistics, grants, options, foreign, local = rest
            if self.kinds[oid] in ("view", "materialized view"):
                continue
            table = self.relations[oid]
            expression = own_sequence(default, self.tables[oid], name)
            yield (
                Thing("column", f"{table}.{name}"),
                Definition(
                    table,
                    words(
                        {
                            "type": type_,
                            "nullable": "no" if required else "yes",
                            "not null constraint": named.get((oid, number)),
                            "default": None if generated else expression,
                            "generated": f"{GENERATED[generated]}: {expression}" if generated else None,
                            "identity": IDENTITY.get(identity),
                            "collation": collation,
                            "storage": STORAGE.get(storage, storage),
                            "compression": COMPRESSION.get(compression, compression),
                            "statistics": statistics,
                            "options": options,
                            "foreign options": foreign,
                            "inherited": "only" if not local else None,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid, number),
                        }
                    ),
                    part_of=tuple(Thing("column", f"{parent}.{name}") for parent in parents[oid]),
                ),
            )

    def _ordinary_not_null(self, row: list[Any]) -> bool:
        columns = self._names(row[0], row[6])
        return (
            bool(row[5])
            and "NO INHERIT" not in row[4]
            and is_chosen(row[2], self.tables[row[0]], columns, LABELS["n"])
            and self._comment("pg_constraint", row[1]) is None
        )

    def _names(self, relation: int, numbers: Iterable[int]) -> list[str]:
        return [self.columns.get((relation, number), "") for number in numbers]

    def _constraints(self) -> Found:
        rows = [row for row in self._visible("constraints") if row[3] in CONSTRAINTS and row[3] != "n"]
        self.things.update({row[1]: Thing(CONSTRAINTS[row[3]], f"{self.relations[row[0]]}.{row[2]}") for row in rows})
        indexes = {row[1]: row for row in self.rows["indexes"]}
        for row in rows:
            relation, oid, name, kind, definition, _valid, key, index, parent, _local, target = row
            columns = self._names(relation, key or ())
            middle = [] if kind == "p" or (kind == "c" and len(columns) != 1) else columns
            backing = index_properties(indexes[index]) if kind in "pux" and index in indexes else {}
            part_of = [self.things[parent]] if parent in self.things else []
            if target is not None:
                part_of.append(Thing("table", target))
            yield (
                self.things[oid],
                Definition(
                    self.relations[relation],
                    words({"definition": definition, **backing, "comment": self._comment("pg_constraint", oid)}),
                    system_named=is_chosen(name, self.tables[relation], middle, LABELS[kind]),
                    part_of=tuple(part_of),
                ),
            )

    def _indexes(self) -> Found:
        backing = {row[7] for row in self.rows["constraints"] if row[3] in "pux"}
        rows = [row for row in self._visible("indexes") if row[1] not in backing]
        self.things.update({row[1]: Thing("index", f"{row[2]}.{row[3]}") for row in rows})
        for row in rows:
            relation, oid, schema, name, definition, unique, _valid, _clustered, _replica, key, parent, *_ = row
            numbers = [int(number) for number in key.split()]
            columns = None if 0 in numbers else self._names(relation, numbers)
            yield (
                Thing("index", f"{schema}.{name}"),
                Definition(
                    self.relations[relation],
                    words(
                        {
                            "unique": "yes" if unique else "no",
                            "definition": definition.partition(" USING ")[2],
                            **index_properties(row),
                            "statistics": row[13],
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                    system_named=is_chosen(name, self.tables[relation], columns, "idx"),
                    part_of=(self.things[parent],) if parent in self.things else (),
                ),
            )

    def _sequences(self) -> Found:
        for row in self.rows["sequences"]:
            oid, schema, name, persistence, owner, grants, type_, start, increment, least, most, cache, cycle, own = row
            kind, owner_schema, table, column = own or (None, None, "", "")
            home = f"{owner_schema}.{table}" if table else None
            yield (
                Thing("sequence", f"{schema}.{name}"),
                Definition(
                    home,
                    words(
                        {
                            "type": type_,
                            "start": start,
                            "increment": increment,
                            "minimum": least,
                            "maximum": most,
                            "cache": cache,
                            "cycle": yes(cycle),
                            "unlogged": PERSISTENCE.get(persistence),
                            "owned by": f"{home}.{column}" if home else None,
                            "identity": yes(kind == "i"),
                            "owner": owner,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                    system_named=bool(table) and is_chosen(name, table, [column], "seq"),
                    part_of=(Thing("column", f"{home}.{column}"),) if home else (),
                ),
            )

    def _attached(self) -> Found:
        """Triggers, rules, policies and statistics of tables."""
        self.things.update(
            {row[1]: Thing("trigger", f"{self.relations[row[0]]}.{row[2]}") for row in self._visible("triggers")}
        )
        for relation, oid, _name, definition, enabled, parent in self._visible("triggers"):
            properties = {"definition": definition.partition(" TRIGGER ")[2].partition(" ")[2]}
            properties |= {"enabled": ENABLED[enabled], "comment": self._comment("pg_trigger", oid)}
            part_of = (self.things[parent],) if parent in self.things else ()
            yield self.things[oid], Definition(self.relations[relation], words(properties), part_of=part_of)
        for relation, oid, name, definition, enabled in self._visible("rules"):
            properties = {"definition": definition, "enabled": ENABLED[enabled]}
            properties["comment"] = self._comment("pg_rewrite", oid)
            yield (
                Thing("rule", f"{self.relations[relation]}.{name}"),
                Definition(self.relations[relation], words(properties)),
            )
        for relation, oid, name, command, permissive, roles, using, check in self._visible("policies"):
            properties = {"for": COMMANDS[command], "as": "permissive" if permissive else "restrictive", "to": roles}
            properties |= {"using": using, "with check": check, "comment": self._comment("pg_policy", oid)}
            table = self.relations[relation]
            yield Thing("policy", f"{table}.{name}"), Definition(table, words(properties))
        for relation, oid, schema, name, definition, owner, target in self._visible("statistics"):
            kinds = re.search(r"\(.*?\)(?= ON )", definition)
            properties = {"kinds": kinds.group() if kinds else None, "on": definition.partition(" ON ")[2]}
            properties |= {"target": target, "owner": owner, "comment": self._comment("pg_statistic_ext", oid)}
            yield Thing("statistics", f"{schema}.{name}"), Definition(self.relations[relation], words(properties))

    def _types(self) -> Found:
        for oid, schema, name, owner, grants, labels in self.rows["enums"]:
            yield self._type("enum", oid, schema, name, owner, grants, {"labels": ", ".join(map(repr, labels or ()))})
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
    ) -> tuple[Thing, Definition]:
        ends = {"owner": owner, "grants": grants, "comment": self._comment("pg_type", oid)}
        return Thing(kind, f"{schema}.{name}"), Definition(None, words({**properties, **ends}))

    def _routines(self) -> Found:
        for oid, schema, name, arguments, owner, grants, kind, text in self.rows["functions"]:
            head, body = split_routine(text)
            ends = {"owner": owner, "grants": grants, "comment": self._comment("pg_proc", oid)}
            thing = Thing(ROUTINES[kind], f"{schema}.{name}({shorter(arguments)})")
            yield thing, Definition(None, words({"signature": head, "body": body, **ends}))
        for oid, schema, name, arguments, owner, grants, full, result, details, state, order, parallel in self.rows[
            "aggregates"
        ]:
            properties = {"arguments": full, "returns": result, "state": state, "order": order, "parallel": parallel}
            ends = {"details": details, "owner": owner, "grants": grants, "comment": self._comment("pg_proc", oid)}
            thing = Thing("aggregate", f"{schema}.{name}({shorter(arguments)})")
            yield thing, Definition(None, words({**properties, **ends}))

    def _plain(self) -> Found:
        for part, rows in self.rows.items():
            if part.startswith("plain "):
                for source, oid, kind, name, properties in rows:
                    ends = {"comment": self._comment(source, oid)}
                    yield Thing(kind, shorter(name)), Definition(None, words({**properties, **ends}))

    def _others(self) -> Found:
        for oid, name, owner, grants in self.rows["schemas"]:
            properties = {"owner": owner, "grants": grants, "comment": self._comment("pg_namespace", oid)}
            yield Thing("schema", name), Definition(None, words(properties))
        for oid, name, version, schema in self.rows["extensions"]:
            properties = {"version": version, "schema": schema, "comment": self._comment("pg_extension", oid)}
            yield Thing("extension", name), Definition(None, words(properties))
        for _, role, schema, kind, grants in self.rows["default grants"]:
            where = f" in {schema}" if schema else ""
            name = f"{GRANTED_ON.get(kind, kind)} of {role}{where}"
            yield Thing("default grants", name), Definition(None, words({"grants": grants}))
        for oid, name, event, enabled, function, tags, owner in self.rows["event triggers"]:
            properties = {
                "event": event,
                "enabled": ENABLED[enabled],
                "function": function,
                "tags": tags,
                "owner": owner,
            }
            properties["comment"] = self._comment("pg_event_trigger", oid)
            yield Thing("event trigger", name), Definition(None, words(properties))


def words(properties: Mapping[str, object]) -> dict[str, str]:
    """The properties that are set, as text."""
    return {name: text(value) for name, value in properties.items() if value is not None}


def text(value: object) -> str:
    """A value of the catalogue as people write it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def yes(value: bool) -> str | None:
    """Said only where it is so."""
    return "yes" if value else None


def shorter(types: str) -> str:
    """Types without the schema that goes without saying."""
    return types.replace("public.", "")


def own_sequence(default: str | None, table: str, column: str) -> str | None:
    """A default in words; the number at the end of a serial's sequence is the database's choice."""
    match = _NEXT.match(default or "")
    if match and is_chosen(match["sequence"].rpartition(".")[2].strip('"'), table, [column], "seq"):
        return "the next value of its own sequence"
    return default


def index_properties(row: list[Any]) -> dict[str, object]:
    """What an index has beside its definition, whether it backs a constraint or not."""
    return {
        "valid": None if row[6] else "no",
        "clustered": yes(row[7]),
        "replica identity": yes(row[8]),
        "options": row[11],
        "tablespace": row[12],
    }


def split_routine(text: str) -> tuple[str, str]:
    """pg_get_functiondef() as what is called and what it does."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith(("AS ", "BEGIN ATOMIC", "RETURN ")) and number:
            return " ".join(lines[:number]).partition(" ")[2], "\n".join(lines[number:]).strip()
    return " ".join(lines), ""
