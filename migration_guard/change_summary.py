"""
What a change is handed over with: its history is read and replayed as for `lint`, and what the chosen revisions do is
put together.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from migration_guard import configuration, engine, rules
from migration_guard.assembly import relative
from migration_guard.chosen_revisions import RevisionChoice, pick
from migration_guard.config import Config, Overrides
from migration_guard.config.since import Since, since
from migration_guard.dialects import Change, Impact, impact_of
from migration_guard.model import schema_changes
from migration_guard.model.change_ledger import fold
from migration_guard.model.change_summary import (
    ChangeSummary,
    ExpectedLock,
    SummarizedRevision,
    UnreadOperation,
    WayBack,
    concerns,
)
from migration_guard.model.constraints import DropIndex
from migration_guard.model.containment import Unexpected, contained
from migration_guard.model.finding import Finding
from migration_guard.model.migration import Form, History, Migration
from migration_guard.model.novelty import Novelty
from migration_guard.model.objects import DeleteRows, Opaque, TruncateTable, UpdateRows
from migration_guard.model.operations import (
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameTable,
    TableOperation,
)
from migration_guard.model.replay import Replayed, ReplayStep, replay
from migration_guard.model.schema import ConstraintKind, Name
from migration_guard.model.schema_changes import SchemaChanges
from migration_guard.model.target import Target
from migration_guard.reading.discovery import repository
from migration_guard.reading.discovery.project import Project, ProjectError, find
from migration_guard.reading.history import read_history, with_base, without_collector
from migration_guard.rules import Context, Trait

Part = TypeVar("Part")
ROWS = "data_changes"
MOST_NAMED = 4
NAMED = 8  # histories in one sentence
NEWEST = RevisionChoice()


@dataclass(frozen=True, slots=True)
class SummarizedHistory:
    """
    A history that changes are summarized from: its project, once for each of its databases, and its options. `file` is
    the migration that was named, None where a folder was.
    """

    projects: tuple[Project, ...]
    file: Path | None
    settings: Config
    cwd: Path
    explicit: Path | None
    overrides: Overrides


@dataclass(frozen=True, slots=True)
class _ReplayedHistory:
    """One history as it is for one target, and what the chosen revisions do there."""

    project: Project
    target: Target
    history: History
    replayed: tuple[Replayed, ...]

    def changes(self) -> SchemaChanges:
        return fold(self.replayed)


def open_history(
    path: Path | None, cwd: Path, explicit: Path | None = None, overrides: Overrides | None = None
) -> SummarizedHistory:
    """
    The one history that a path stands for, as for `lint`; without a path that of the current folder.

    Raises ProjectError where there is none, or more than one; ConfigError and PluginError.
    """
    said = overrides or Overrides()
    paths: tuple[Path, ...] = (path,) if path is not None else ()
    if path is None:
        settings = configuration.load(cwd, explicit=explicit, overrides=said)
        paths = tuple((settings.file or cwd).parent / one for one in settings.paths)
    projects = find(paths, cwd)
    if len({project.versions or project.files for project in projects}) > 1:
        raise ProjectError(_several(projects, cwd))
    settings = configuration.load(projects[0].root, explicit=explicit, overrides=said)
    file = Path(os.path.normpath(cwd / path)) if path is not None and path.suffix == ".py" else None
    return SummarizedHistory(projects, file, settings, cwd, explicit, said)


def _several(projects: Sequence[Project], cwd: Path) -> str:
    files = [project.ini for project in projects]
    by_file = all(files) and len(set(files)) == len(files)
    places = files if by_file else [(project.versions or (project.root,))[0] for project in projects]
    names = list(dict.fromkeys(relative(str(place), cwd) for place in places))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"There are several histories here: name one of {', '.join(names[:NAMED])}{more}."


def summarize(where: SummarizedHistory, choice: RevisionChoice = NEWEST) -> ChangeSummary:
    """
    What the chosen revisions are handed over with. Where none is named they are those of the file that was, else the
    heads. Raises ProjectError, ConfigError or PluginError, each a sentence for the user.
    """
    if choice == NEWEST and where.file is not None:
        choice = RevisionChoice(files=(where.file,))
    with without_collector():
        of_projects = [tuple(_readings(project, where, choice)) for project in where.projects]
    first = of_projects[0][0]
    readings = [reading for readings in of_projects for reading in readings]
    replayed = [one for readings in of_projects for one in readings[0].replayed]
    migrations = [one.migration for one in first.replayed]
    broken: list[str] = []
    changes = schema_changes.united(
        [_kept(readings[0].changes, "The changes", SchemaChanges(), broken) for readings in of_projects]
    )
    findings, notes = _judged(where, migrations)
    no_locks: tuple[ExpectedLock, ...] = ()
    locks = _kept(partial(_all_locks, readings), "The locks", no_locks, broken)
    slow = any(lock.why for lock in locks) or any(map(_is_about_rows, findings))
    owners = dict(where.settings.owners)
    contents = first.project.contents().values()
    return ChangeSummary(
        revisions=tuple(
            SummarizedRevision(one.revision, relative(one.path, where.cwd), one.description) for one in migrations
        ),
        changes=changes,
        dialect=first.target.dialect,
        targets=tuple(dict.fromkeys(str(reading.target) for reading in readings)),
        assumed=engine.targets_of(first.project, where.settings, contents)[1],
        upgrade=tuple(_upgrade(first, where.cwd)),
        findings=findings,
        locks=locks,
        way_back=_kept(partial(_way_back, replayed), "The way back", WayBack(None), broken),
        owners=tuple((concern.value, owners.get(concern.value, ())) for concern in concerns(changes, slow=slow)),
        unread=tuple(dict.fromkeys(one for each in replayed for one in _unread(each.migration, where.cwd))),
        notes=tuple(dict.fromkeys((*notes, *_notes(first, where), *broken))),
    )


def _kept(action: Callable[[], Part], what: str, otherwise: Part, broken: list[str]) -> Part:
    """A part of the summary; where we break on it, what stands in for it, and a note that says so."""
    made = contained(action)
    if not isinstance(made, Unexpected):
        return made
    broken.append(f"{what} could not be put together: {made.reason}")
    return otherwise


def _readings(project: Project, where: SummarizedHistory, choice: RevisionChoice) -> Iterator[_ReplayedHistory]:
    """The history of a project for each of its targets, the chosen revisions replayed."""
    contents = project.contents()
    wanted, _ = engine.targets_of(project, where.settings, contents.values())
    cache = engine.cache_of(project, where.settings, where.cwd)
    asked = since(choice.since) if choice.since is not None else Since()
    base, notes = repository.base(project, contents, asked)
    if base is None and notes:
        raise ProjectError(notes[0])
    for target in wanted:
        history, _ = read_history(project, contents, target.dialect, where.settings.jobs, cache)
        history = with_base(history, project, base, target.dialect) if base else history
        ids = {one.revision for one in pick(history, choice)}
        every = replay(history.graph, environment=history.environment)
        replayed = tuple(one for one in every if one.migration.revision in ids)
        for one in replayed:
            if one.trouble:
                raise ProjectError(f"{relative(one.migration.path, where.cwd)}: {one.trouble}")
        yield _ReplayedHistory(project, target, history, replayed)


def _judged(where: SummarizedHistory, migrations: Sequence[Migration]) -> tuple[tuple[Finding, ...], Iterator[str]]:
    """What `lint` finds in these migrations, and what is to be said of that."""
    if not migrations:
        return (), iter(())
    overrides = replace(where.overrides, since="none")
    report = engine.lint([Path(one.path) for one in migrations], where.cwd, where.explicit, overrides)
    paths = {relative(one.path, where.cwd): one for one in migrations}
    judged = {one.path for one in report.summary.examined}
    left = [one.revision for path, one in paths.items() if path not in judged]
    notes = [f"Not judged, as they come before start-after: {', '.join(left)}."] if left else []
    return tuple(one for one in report.findings if one.path in paths), iter((*report.summary.notes, *notes))


def _is_about_rows(finding: Finding) -> bool:
    """Whether how bad it is goes by the number of rows."""
    rule = rules.load().get(finding.code)
    return rule is not None and (bool(rule.changes) or Trait.ABOUT_ROWS in rule.traits)


# --- locks ----------------------------------------------------------------------------------------------------------


def _all_locks(readings: Sequence[_ReplayedHistory]) -> tuple[ExpectedLock, ...]:
    return tuple(dict.fromkeys(lock for reading in readings for lock in _locks(reading)))


def _locks(reading: _ReplayedHistory) -> Iterator[ExpectedLock]:
    """What the operations do to the tables that were there before the first of the revisions."""
    new: set[Name] = set()
    for replayed in reading.replayed:
        context = Context(reading.target, reading.history, replayed, replayed.before)
        for step in replayed.upgrade:
            operation = step.operation
            here = replace(context, before=step.before)
            if isinstance(operation, CreateTable):
                new.add(operation.table.name)
                yield from _of_referenced_tables(operation, new, reading.target)
            table = _table_of(step)
            if isinstance(operation, RenameTable) and table in new:
                new.add(operation.new_name)
            if table is not None and table not in new and here.changes(operation):
                yield _lock(table, operation, here.impact(operation), reading.target)


def _table_of(step: ReplayStep) -> Name | None:
    """The table that an operation works on, None for one that concerns none that was there."""
    operation = step.operation
    if isinstance(operation, DropIndex) and operation.table is None:
        found = step.before.index(operation.name)
        return found[0].name if found else None
    return operation.table if isinstance(operation, TableOperation | DropIndex) else None


def _of_referenced_tables(operation: CreateTable, new: set[Name], target: Target) -> Iterator[ExpectedLock]:
    """A new table locks those that its foreign keys point at."""
    impact = impact_of(Change.ADD_FOREIGN_KEY, target)
    for constraint in operation.table.constraints:
        parent = constraint.references
        is_key = constraint.kind is ConstraintKind.FOREIGN_KEY
        if is_key and parent and parent not in new and impact and impact.referenced_blocks:
            asks = f"create table {operation.table.name}, with a foreign key to it"
            yield ExpectedLock(str(parent), asks, str(target), impact.lock, impact.referenced_blocks)


def _lock(table: Name, operation: Operation, impact: Impact | None, target: Target) -> ExpectedLock:
    asks = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(operation).__name__).lower()
    if impact is None:
        return ExpectedLock(str(table), asks, str(target))
    reasons = (
        *(("rewrites the table",) if impact.rewrites else ()),
        *(("reads all of it",) if impact.scans else ()),
        *(("builds an index",) if impact.builds_index else ()),
    )
    return ExpectedLock(str(table), asks, str(target), impact.lock, impact.blocks, ", ".join(reasons))


# --- the way back ---------------------------------------------------------------------------------------------------


def _way_back(revisions: Sequence[Replayed]) -> WayBack:
    """Whether the revisions can be undone, why not, and what does not come back though they can."""
    reasons = [reason for replayed in revisions for reason in _why_not(replayed)]
    unread = [
        f"downgrade() of {one.migration.revision} could not be read in full"
        for one in revisions
        if one.migration.downgrade.form is Form.BODY and not one.comparable
    ]
    lost = dict.fromkeys(what for replayed in revisions for what in _lost(replayed))
    possible = False if reasons else None if unread else True
    return WayBack(possible, tuple(dict.fromkeys((*reasons, *unread))), tuple(lost))


def _why_not(replayed: Replayed) -> Iterator[str]:
    """Why a revision cannot be undone, or not all of it; nothing where it can, or does nothing."""
    migration = replayed.migration
    if migration.irreversible is not None:
        reason = migration.irreversible.reason
        yield f"{migration.revision} is declared irreversible" + (f": {reason}" if reason else "")
        return
    done = fold([replayed])
    changed = any(done.lists().values()) or any(words for key, words in done.further().items() if key != ROWS)
    match migration.downgrade.form:
        case Form.MISSING if migration.upgrade.operations:
            yield f"{migration.revision} has no downgrade()"
        case Form.EMPTY if changed:
            yield f"downgrade() of {migration.revision} is empty"
        case Form.RAISES:
            yield f"downgrade() of {migration.revision} raises an exception"
        case Form.BODY if replayed.comparable and replayed.differences:
            names = [str(one) for one in replayed.differences]
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            yield f"downgrade() of {migration.revision} does not undo {', '.join(names[:MOST_NAMED])}{more}"


def _lost(replayed: Replayed) -> Iterator[str]:
    """What was in the database and is not there again once the revision is undone."""
    novelty = Novelty(replayed)
    undone = {type(operation) for operation in replayed.migration.downgrade.operations}
    for operation in replayed.migration.upgrade.operations:
        match operation:
            case DropTable() if not novelty.has_table(operation.table, operation):
                yield f"the rows of {operation.table}"
            case DropColumn() if not novelty.has_column(operation.table, operation.column, operation):
                yield f"the values of {operation.table}.{operation.column}"
            case DeleteRows() | TruncateTable():
                yield f"the rows that are deleted from {operation.table}"
            case UpdateRows() if UpdateRows not in undone and not _sets_new(operation, novelty):
                columns = ", ".join(operation.columns)
                yield f"the values of {operation.table}{f' ({columns})' if columns else ''} that are overwritten"


def _sets_new(operation: UpdateRows, novelty: Novelty) -> bool:
    """Whether an update fills nothing but columns that the same revision adds."""
    new = [novelty.has_column(operation.table, column, operation) for column in operation.columns]
    return novelty.has_table(operation.table, operation) or (bool(new) and all(new))


# --- the rest -------------------------------------------------------------------------------------------------------


def _upgrade(reading: _ReplayedHistory, cwd: Path) -> Iterator[str]:
    """The commands that run the revisions, from the current folder."""
    project, chosen = reading.project, [one.migration for one in reading.replayed]
    if not chosen:
        return
    needed = {parent for migration in chosen for parent in (*migration.parents, *migration.depends_on)}
    ends = [one.revision for one in chosen if one.revision not in needed]
    heads = [one.revision for one in reading.history.graph.heads]
    ini = project.ini.name if project.ini is not None else "pyproject.toml"
    if project.base != cwd and (project.base / ini).is_file():
        yield f"cd {shlex.quote(relative(str(project.base), cwd))}"
    file = f" -c {shlex.quote(ini)}" if ini not in ("alembic.ini", "pyproject.toml") else ""
    section = f"{file} -n {shlex.quote(project.section)}" if project.section != "alembic" else file
    if set(ends) == set(heads):
        ends = ["head"] if len(heads) == 1 else ["heads"]
    for end in ends:
        yield f"alembic{section} upgrade {shlex.quote(end)}"


def _unread(migration: Migration, cwd: Path) -> Iterator[UnreadOperation]:
    """The operations of upgrade() that could not be read."""
    for operation in migration.upgrade.operations:
        if isinstance(operation, Opaque):
            path = relative(migration.path, cwd)
            yield UnreadOperation(path, operation.site.span.line, operation.what, operation.reason)


def _notes(reading: _ReplayedHistory, where: SummarizedHistory) -> Iterator[str]:
    """What may make the summary another one than was expected."""
    chosen = {one.migration.revision for one in reading.replayed}
    for one in reading.history.unreadable:
        path = relative(one.path, where.cwd)
        yield f"{path} could not be read, so the schema before may be another one. {one.reason}"
    for migration, missing in reading.history.graph.missing:
        if migration.revision in chosen:
            yield f"{migration.revision} comes after {missing}, which no file declares: the schema before is not known."
    if chosen & reading.history.graph.unplaced:
        yield "What comes before is computed when Alembic imports a file, or not read: the schema before is not known."
