"""What PostgreSQL has beside tables and what is in them, as objects. Asks nothing: it is given rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition
from migration_guard.roundtripping.catalogues.postgresql.names import is_chosen
from migration_guard.roundtripping.catalogues.postgresql.other_queries import (
    AggregateRow,
    BaseTypeRow,
    CompositeRow,
    DefaultGrantsRow,
    DomainRow,
    EnumRow,
    EventTriggerRow,
    ExtensionRow,
    FunctionRow,
    RangeRow,
    SchemaRow,
)
from migration_guard.roundtripping.catalogues.postgresql.queries import Rows
from migration_guard.roundtripping.catalogues.postgresql.rare_queries import RareRow
from migration_guard.roundtripping.catalogues.postgresql.spelling import (
    COMMANDS,
    ENABLED,
    GRANTED_ON,
    LABELS,
    PERSISTENCE,
    ROUTINES,
    Comments,
    shorter,
    split_routine,
    texts,
    yes,
)
from migration_guard.roundtripping.catalogues.postgresql.table_queries import (
    PolicyRow,
    RuleRow,
    SequenceRow,
    StatisticsRow,
    TriggerRow,
)
from migration_guard.roundtripping.catalogues.postgresql.tables import Directory

TypeRow = EnumRow | DomainRow | CompositeRow | RangeRow | BaseTypeRow
Found = Iterator[tuple[CatalogueObject, Definition]]


class OtherObjects:
    """Builds objects from the rows of their questions."""

    def __init__(self, rows: Rows, directory: Directory, comments: Comments) -> None:
        self.rows = rows
        self.directory = directory
        self.comments = comments

    def sections(self) -> dict[tuple[type, ...], Callable[[], Found]]:
        """Who builds from which rows."""
        return {
            (SequenceRow,): self._sequences,
            (TriggerRow, RuleRow, PolicyRow, StatisticsRow): self._attached,
            (EnumRow, DomainRow, CompositeRow, RangeRow, BaseTypeRow): self._types,
            (FunctionRow, AggregateRow): self._routines,
            (SchemaRow, ExtensionRow, DefaultGrantsRow, EventTriggerRow): self._others,
            (RareRow,): self._rare,
        }

    def _comment(self, catalogue: str, oid: int, number: int = 0) -> str | None:
        return self.comments.get((catalogue, oid, number))

    def _sequences(self) -> Found:
        for row in self.rows.of(SequenceRow):
            column = row.column
            # What a column owns has the owner and the persistence of its table.
            home = f"{column['schema']}.{column['table']}" if column else None
            owned_by = f"{home}.{column['column']}" if column else None
            yield (
                CatalogueObject("sequence", f"{row.schema}.{row.name}"),
                Definition(
                    home,
                    texts(
                        {
                            "type": row.type,
                            "start": row.start,
                            "increment": row.increment,
                            "minimum": row.minimum,
                            "maximum": row.maximum,
                            "cache": row.cache,
                            "cycle": yes(row.cycle),
                            "unlogged": None if home else PERSISTENCE.get(row.persistence),
                            "owned by": owned_by,
                            "identity": yes(column is not None and column["dependency"] == "i"),
                            "owner": None if home else row.owner,
                            "grants": row.grants,
                            "comment": self._comment("pg_class", row.oid),
                        }
                    ),
                    system_named=column is not None and is_chosen(row.name, column["table"], [column["column"]], "seq"),
                    part_of=(CatalogueObject("column", owned_by),) if owned_by else (),
                ),
            )

    def _attached(self) -> Found:
        """Triggers, rules, policies and statistics of tables."""
        visible, relations = self.directory.visible, self.directory.relations
        triggers = {
            row.oid: CatalogueObject("trigger", f"{relations[row.relation]}.{row.name}")
            for row in visible(self.rows.of(TriggerRow))
        }
        for trigger in visible(self.rows.of(TriggerRow)):
            properties = {
                "definition": trigger.definition.partition(" TRIGGER ")[2].partition(" ")[2],
                "enabled": ENABLED[trigger.enabled],
                "comment": self._comment("pg_trigger", trigger.oid),
            }
            parent = triggers.get(trigger.parent) if trigger.parent else None
            part_of = (parent,) if parent else ()
            yield triggers[trigger.oid], Definition(relations[trigger.relation], texts(properties), part_of=part_of)
        for rule in visible(self.rows.of(RuleRow)):
            properties = {
                "definition": rule.definition,
                "enabled": ENABLED[rule.enabled],
                "comment": self._comment("pg_rewrite", rule.oid),
            }
            table = relations[rule.relation]
            yield CatalogueObject("rule", f"{table}.{rule.name}"), Definition(table, texts(properties))
        for policy in visible(self.rows.of(PolicyRow)):
            properties = {
                "for": COMMANDS[policy.command],
                "as": "permissive" if policy.permissive else "restrictive",
                "to": policy.roles,
                "using": policy.using,
                "with check": policy.check,
                "comment": self._comment("pg_policy", policy.oid),
            }
            table = relations[policy.relation]
            yield CatalogueObject("policy", f"{table}.{policy.name}"), Definition(table, texts(properties))
        yield from map(self._statistics, visible(self.rows.of(StatisticsRow)))

    def _statistics(self, row: StatisticsRow) -> tuple[CatalogueObject, Definition]:
        kinds = re.search(r"\(.*?\)(?= ON )", row.definition)
        properties = {
            "kinds": kinds.group() if kinds else None,
            "on": row.definition.partition(" ON ")[2],
            "target": row.target,
            "owner": row.owner,
            "comment": self._comment("pg_statistic_ext", row.oid),
        }
        name = CatalogueObject("statistics", f"{row.schema}.{row.name}")
        return name, Definition(self.directory.relations[row.relation], texts(properties))

    def _types(self) -> Found:
        for enum in self.rows.of(EnumRow):
            labels = ", ".join(f"'{one['label']}'" for one in enum.labels or ())
            yield self._type("enum", enum, {"labels": labels})
        for domain in self.rows.of(DomainRow):
            yield self._type("domain", domain, self._of_domain(domain))
        for composite in self.rows.of(CompositeRow):
            attributes = {}
            for one in composite.attributes or ():
                comment = self._comment("pg_class", composite.relation, one["number"])
                attributes[one["name"]] = " ".join(filter(None, (one["type"], one["collation"], comment)))
            yield self._type("composite type", composite, attributes)
        for range_ in self.rows.of(RangeRow):
            properties = {
                "subtype": range_.subtype,
                "operator class": range_.operator_class,
                "collation": range_.collation,
                "canonical": range_.canonical,
                "difference": range_.difference,
                "multirange": range_.multirange,
            }
            yield self._type("range type", range_, properties)
        for base in self.rows.of(BaseTypeRow):
            of_base = {
                "length": base.length,
                "input": base.input,
                "output": base.output,
                "default": base.default,
                "storage": base.storage,
            }
            yield self._type("type", base, of_base)

    def _of_domain(self, domain: DomainRow) -> dict[str, str | None]:
        properties = {
            "type": domain.type,
            "nullable": "no" if domain.required else "yes",
            "default": domain.default,
            "collation": domain.collation,
        }
        unnamed = []
        for one in domain.constraints or ():
            comment = self._comment("pg_constraint", one["oid"])
            if is_chosen(one["name"], domain.name, [], LABELS[one["kind"]]) and comment is None:
                unnamed += [one["definition"]] if one["kind"] == "c" else []
            else:
                properties[f"constraint {one['name']}"] = " ".join(filter(None, (one["definition"], comment)))
        properties["check"] = ", ".join(sorted(unnamed)) or None
        return properties

    def _type(self, kind: str, row: TypeRow, properties: Mapping[str, object]) -> tuple[CatalogueObject, Definition]:
        ends = {"owner": row.owner, "grants": row.grants, "comment": self._comment("pg_type", row.oid)}
        return CatalogueObject(kind, f"{row.schema}.{row.name}"), Definition(None, texts({**properties, **ends}))

    def _routines(self) -> Found:
        for function in self.rows.of(FunctionRow):
            signature, body = split_routine(function.definition)
            properties = {
                "signature": signature,
                "body": body,
                "owner": function.owner,
                "grants": function.grants,
                "comment": self._comment("pg_proc", function.oid),
            }
            name = f"{function.schema}.{function.name}({shorter(function.arguments)})"
            yield CatalogueObject(ROUTINES[function.kind], name), Definition(None, texts(properties))
        for aggregate in self.rows.of(AggregateRow):
            properties = {
                "arguments": aggregate.signature,
                "returns": aggregate.result,
                "state": aggregate.state,
                "order": aggregate.order,
                "parallel": aggregate.parallel,
                "details": aggregate.details,
                "owner": aggregate.owner,
                "grants": aggregate.grants,
                "comment": self._comment("pg_proc", aggregate.oid),
            }
            name = f"{aggregate.schema}.{aggregate.name}({shorter(aggregate.arguments)})"
            yield CatalogueObject("aggregate", name), Definition(None, texts(properties))

    def _rare(self) -> Found:
        for row in self.rows.of(RareRow):
            properties = {**row.properties, "comment": self._comment(row.catalogue, row.oid)}
            yield CatalogueObject(row.kind, shorter(row.name)), Definition(None, texts(properties))

    def _others(self) -> Found:
        for schema in self.rows.of(SchemaRow):
            properties = {
                "owner": schema.owner,
                "grants": schema.grants,
                "comment": self._comment("pg_namespace", schema.oid),
            }
            yield CatalogueObject("schema", schema.name), Definition(None, texts(properties))
        for extension in self.rows.of(ExtensionRow):
            properties = {
                "version": extension.version,
                "schema": extension.schema,
                "comment": self._comment("pg_extension", extension.oid),
            }
            yield CatalogueObject("extension", extension.name), Definition(None, texts(properties))
        for row in self.rows.of(DefaultGrantsRow):
            where = f" in {row.schema}" if row.schema else ""
            name = f"{GRANTED_ON.get(row.kind, row.kind)} of {row.role}{where}"
            yield CatalogueObject("default grants", name), Definition(None, texts({"grants": row.grants}))
        for trigger in self.rows.of(EventTriggerRow):
            properties = {
                "event": trigger.event,
                "enabled": ENABLED[trigger.enabled],
                "function": trigger.function,
                "tags": trigger.tags,
                "owner": trigger.owner,
                "comment": self._comment("pg_event_trigger", trigger.oid),
            }
            yield CatalogueObject("event trigger", trigger.name), Definition(None, texts(properties))
