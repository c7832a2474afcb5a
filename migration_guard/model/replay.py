"""Replays migrations into schemas: each operation with the state it meets, and both ends of each revision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TypeVar

from migration_guard.model.certainty import runs_anything
from migration_guard.model.containment import Unexpected, contained
from migration_guard.model.differences import LABELS, NOT_SET, Fate, SchemaDifference, constraint_name, differences
from migration_guard.model.examiner import Examiner, applied
from migration_guard.model.graph import parts
from migration_guard.model.guards import Moments, tables_asked
from migration_guard.model.join import join
from migration_guard.model.migration import Environment, Migration, RevisionGraph
from migration_guard.model.objects import AddEnumValue, CreateEnum, CreateView, DropOwned, Opaque, RunSql
from migration_guard.model.operations import CreateTable, Operation, RenameTable, with_unknown_table
from migration_guard.model.refusals import Refusal
from migration_guard.model.schema import (
    EMPTY,
    NOT_KNOWN,
    Column,
    Constraint,
    Name,
    ObjectKey,
    SchemaState,
    Table,
    changed,
)
from migration_guard.model.search_path import forgotten_schemas, located
from migration_guard.model.target import Target
from migration_guard.model.unknown import show_holes

Key = TypeVar("Key")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """One operation, the schema it meets and the one it leaves."""

    operation: Operation
    before: SchemaState
    after: SchemaState


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    One revision, replayed: upgrade from `before` to `after`, then downgrade from there to `restored`.

    `before` also holds what the upgrade shows to have been there, though the history never made it.
    `differences` are those between `before` and `restored`. `refusals` are what the database certainly refuses, in both
    directions. `trouble` says why it could not be replayed, if so.
    """

    migration: Migration
    before: SchemaState = EMPTY
    upgrade: tuple[ReplayStep, ...] = ()
    after: SchemaState = EMPTY
    downgrade: tuple[ReplayStep, ...] = ()
    restored: SchemaState = EMPTY
    differences: tuple[SchemaDifference, ...] = ()
    trouble: str = ""
    refusals: tuple[Refusal, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether upgrade and downgrade were read well enough to be compared."""
        return not any(
            isinstance(operation, Opaque) and not operation.rows_only and not operation.tables
            for operation in self.migration.operations
        )


def replay(
    graph: RevisionGraph, target: Target | None = None, environment: Environment | None = None
) -> Iterator[Replayed]:
    """
    Each migration with the state that all before it left, in the order in which they would run. What comes before one
    that is unplaced is not known, and so neither is the schema that it meets. What is refused is said for a target.
    `environment` is what env.py says. A base that makes a table which is there already stands in for the others: no
    database runs both, so that it begins with an empty one, as does all that is connected with it.
    """
    said = environment or Environment()
    made = _made_in(graph.order)
    examiner = Examiner(graph, target, names_itself=said.names_itself) if target is not None else None
    forgotten = {} if said.search_path else forgotten_schemas(graph.order)
    part_of = parts(graph.order) if sum(not (one.parents or one.depends_on) for one in graph.order) > 1 else {}
    states: dict[str | None, SchemaState] = {None: EMPTY}
    for migration in graph.order:
        part = part_of.get(migration.revision)
        if part == migration.revision and _makes_again(migration, states[None]):
            states[part] = EMPTY
        part = part if part in states else None
        before = NOT_KNOWN if migration.revision in graph.unplaced else states[part]
        names = forgotten.get(migration.revision, frozenset())
        replayed = contained(
            partial(replay_one, migration, before, made, examiner, search_path=said.search_path, forgotten=names)
        )
        if isinstance(replayed, Unexpected):
            replayed = Replayed(migration, before, after=NOT_KNOWN, restored=NOT_KNOWN, trouble=replayed.reason)
        yield replayed
        states[part] = replayed.after


def _makes_again(migration: Migration, state: SchemaState) -> bool:
    """Whether an upgrade makes a table that is there: it could not run."""
    made = (one for one in migration.upgrade.operations if isinstance(one, CreateTable))
    surely = (one for one in made if not (one.site.conditional or one.site.guards or one.if_not_exists))
    return any(one.table.name in state.tables for one in surely)


def replay_one(
    migration: Migration,
    state: SchemaState,
    made: Collection[Name] = (),
    examiner: Examiner | None = None,
    *,
    search_path: bool = False,
    forgotten: frozenset[Name] = frozenset(),
) -> Replayed:
    """
    One migration upon the state that it meets, in a history that makes these tables, views and types. Its guards are
    decided on the way: in the outcome no operation is left that cannot run, and one of which nobody knows whether it
    does is conditional. `examiner` says what of it is refused, `forgotten` are the names whose schema it leaves out by
    mistake.
    """
    made = made or _made_in([migration])
    known = None if search_path else state
    migration = _with(migration, upgrade=located(migration.upgrade.operations, state, known, forgotten))
    before = _learn(state, migration.upgrade.operations, made)
    upgrade, after = _run(before, migration.upgrade.operations, made)
    migration = _with(migration, downgrade=located(migration.downgrade.operations, after, known, forgotten))
    downgrade, restored = _run(after, migration.downgrade.operations, made)
    migration = _decided(migration, upgrade, downgrade)
    found = _certain(differences(before, restored), before, after, restored)
    found = tuple(_without_unseen(found, migration, after))
    refused = examiner.refusals(migration, state, after, forgotten) if examiner is not None else ()
    return Replayed(migration, before, upgrade, after, downgrade, restored, found, refusals=refused)


def _made_in(migrations: Iterable[Migration]) -> frozenset[Name]:
    """
    The tables, views and types that these make, under whatever conditions. What only a downgrade makes was there before
    the history began.
    """
    made: set[Name] = set()
    for operation in (operation for migration in migrations for operation in migration.upgrade.operations):
        match operation:
            case CreateTable():
                made.add(operation.table.name)
            case RenameTable():
                made.add(operation.new_name)
            case CreateView():
                made.add(operation.view.name)
            case CreateEnum():
                made.add(operation.type.name)
    return frozenset(made)


def _decided(migration: Migration, *directions: Sequence[ReplayStep]) -> Migration:
    """The migration with the operations that were replayed; itself, where it has no guards."""
    if not any(one.site.guards for one in migration.operations):
        return migration
    up, down = (tuple(step.operation for step in steps) for steps in directions)
    return replace(
        migration,
        upgrade=replace(migration.upgrade, operations=up),
        downgrade=replace(migration.downgrade, operations=down),
    )


def _with(migration: Migration, **bodies: tuple[Operation, ...]) -> Migration:
    """The migration with other operations; the same one where they are the same."""
    new = {name: replace(getattr(migration, name), operations=one) for name, one in bodies.items()}
    same = all(new[name].operations is getattr(migration, name).operations for name in new)
    return migration if same else replace(migration, **new)


def _certain(
    found: Sequence[SchemaDifference], before: SchemaState, after: SchemaState, restored: SchemaState
) -> tuple[SchemaDifference, ...]:
    """
    The differences that are certain. What only the downgrade makes, on a table that the history does not show in
    full, may have been there all along; a table that only the downgrade takes for granted was left by nobody.
    """
    kept = []
    for one in found:
        table = before.table(one.table) if one.table is not None else None
        if one.fate is Fate.LEFT_BEHIND and one.table is not None and _is_taken_for_granted(one.table, after, restored):
            continue
        if one.kind == "sequence" and _belongs_to_a_column(one, before):
            continue
        if one.fate is Fate.LEFT_BEHIND and one.kind != "table" and table is not None and not table.complete:
            now = after.table(table.name)
            if now is None or not _holds(now, one):
                continue
        kept.append(one)
    return tuple(kept)


def _without_unseen(
    found: Sequence[SchemaDifference], migration: Migration, after: SchemaState
) -> Iterator[SchemaDifference]:
    """
    The differences without those of objects that a statement of downgrade() may take away unseen, without properties
    that it sets back to what holds anyway, and without values of an enum that stay and do no harm: PostgreSQL takes no
    value away, and ADD VALUE IF NOT EXISTS adds none twice.
    """
    unseen = any(map(_runs_anything, migration.downgrade.operations))
    kinds = {key.kind for key in after.others}
    for one in found:
        if unseen and one.fate is Fate.LEFT_BEHIND and one.kind in kinds:
            continue
        if one.kind == LABELS and not _fails_again(one, migration):
            continue
        key = _property_of(one, after)
        if key is not None and one.was == NOT_SET and after.properties[key] != one.now:
            continue
        yield one


def _fails_again(one: SchemaDifference, migration: Migration) -> bool:
    """Whether labels that are not as they were are more than values added with IF NOT EXISTS."""
    added = [
        each for each in migration.upgrade.operations if isinstance(each, AddEnumValue) and str(each.type) == one.name
    ]
    return not added or not all(each.if_not_exists for each in added)


def _property_of(one: SchemaDifference, after: SchemaState) -> ObjectKey | None:
    key = ObjectKey(one.kind, one.table, one.table) if one.table is not None else None
    return key if key in after.properties else None


def _runs_anything(operation: Operation) -> bool:
    sql = show_holes(operation.site.sql or "")
    if isinstance(operation, DropOwned) or "{...}" in sql:
        return True
    return isinstance(operation, RunSql) and runs_anything(operation)


def _is_taken_for_granted(table: Name, after: SchemaState, restored: SchemaState) -> bool:
    now = restored.table(table)
    return now is not None and not now.complete and after.table(table) is None


def _belongs_to_a_column(one: SchemaDifference, before: SchemaState) -> bool:
    """Whether a sequence is the one that a serial column brings with it: PostgreSQL calls it table_column_seq."""
    return any(one.name == f"{table.name}_{column}_seq" for table in before.tables.values() for column in table.columns)


def _holds(table: Table, one: SchemaDifference) -> bool:
    column = one.name.removeprefix(f"{table.name}.")
    constraints = {constraint_name(table.name, each) for each in table.constraints}
    return one.name in table.indexes or column in table.columns or one.name in constraints


def _learn(state: SchemaState, operations: Sequence[Operation], known: Collection[Name]) -> SchemaState:
    """
    The state, with what these operations rely on and the history never made: it must have been there before.

    A table that is made or renamed on the way is left alone: what is missing in it is no news about the state before.
    Nor does one under a guard that nobody decides tell what is there: that is what it asks. The table whose columns it
    asks for is.
    """
    before, moments = state, Moments([state], known)
    made = {operation.table.name for operation in operations if isinstance(operation, CreateTable)}
    for operation in operations:
        now = moments.now
        plain = decided(operation, moments)
        if plain is not None:
            undecided = _is_undecided(plain, operation)
            needed = _with_asked(now, operation) if undecided else plain.require(now)
            if needed is not now:
                before = _with_news(before, now, needed, made)
            now = join(needed, plain.apply(plain.require(needed))) if undecided else applied(plain, needed)
        moments.states.append(now)
    return before


def _with_asked(state: SchemaState, operation: Operation) -> SchemaState:
    """The state with the tables that the guards of an operation take for granted."""
    for name in sorted(tables_asked(operation.site.guards), key=str):
        state = with_unknown_table(state, name)
    return state


def _with_news(before: SchemaState, now: SchemaState, needed: SchemaState, made: Collection[Name]) -> SchemaState:
    """`before`, with what `needed` has and `now` lacks; a table that is made later on was not there before."""
    for name, known, table in changed(now.tables, needed.tables):
        if table is None:
            continue
        old = before.tables.get(name)
        if old is None and known is None and name not in made:
            before = before.with_table(table)
        elif old is not None and known is not None:
            news = replace(
                old,
                columns={**old.columns, **_news_of_old(old.columns, known.columns, table.columns)},
                constraints=(*old.constraints, *_new_constraints(known, table)),
                indexes={**old.indexes, **_news(known.indexes, table.indexes)},
            )
            before = before.with_table(news)
    return replace(
        before,
        enums={**before.enums, **_news(now.enums, needed.enums)},
        views={**before.views, **_news(now.views, needed.views)},
        sequences={**before.sequences, **_news(now.sequences, needed.sequences)},
        others={**before.others, **_news(now.others, needed.others)},
    )


def _new_constraints(known: Table, needed: Table) -> Iterator[Constraint]:
    """Those that were not known. Nearly all are the very same objects, which saves comparing each with each."""
    same = set(map(id, known.constraints))
    yield from (one for one in needed.constraints if id(one) not in same and one not in known.constraints)


def _news_of_old(
    old: Mapping[str, Column], known: Mapping[str, Column], needed: Mapping[str, Column]
) -> dict[str, Column]:
    """The news that are not of something this migration made itself."""
    return {
        key: _with_news_of_column(old[key], known[key], column) if key in old and key in known else column
        for key, column in _news(known, needed).items()
        if key in old or key not in known
    }


def _with_news_of_column(old: Column, known: Column, needed: Column) -> Column:
    """The column before, with what is known of it by now; what the migration has changed stays as it was."""
    news = {
        field.name: getattr(needed, field.name)
        for field in fields(needed)
        if getattr(old, field.name) == getattr(known, field.name)
    }
    return replace(old, **news)


def _news(known: Mapping[Key, Part], needed: Mapping[Key, Part]) -> dict[Key, Part]:
    """What was not known, or is known better now."""
    return {key: part for key, _, part in changed(known, needed) if part is not None}


def _run(
    state: SchemaState, operations: Sequence[Operation], made: Collection[Name]
) -> tuple[tuple[ReplayStep, ...], SchemaState]:
    steps, moments = [], Moments([state], made)
    for operation in operations:
        plain = decided(operation, moments)
        if plain is not None:
            before = plain.require(state)
            undecided = _is_undecided(plain, operation)
            state = join(state, plain.apply(before)) if undecided else applied(plain, before)
            steps.append(ReplayStep(plain, before, state))
        moments.states.append(state)
    return tuple(steps), state


def _is_undecided(plain: Operation, operation: Operation) -> bool:
    """Whether nobody decides a guard of the operation. That it asks shows that what it works on may not be there."""
    return plain is not operation


def decided(operation: Operation, moments: Moments) -> Operation | None:
    """
    The operation with its guards decided, on the schema of the moment at which they were asked: itself where they hold,
    conditional where the history does not tell, and None where they do not hold, so that it never runs.
    """
    guards = operation.site.guards
    known = moments.decide(guards) if guards else True
    if known is None and not operation.site.conditional:
        return replace(operation, site=replace(operation.site, conditional=True))
    return None if known is False else operation
