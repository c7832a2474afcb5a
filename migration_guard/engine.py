"""
START HERE. Linting, in one direction: find the histories, read each, replay it, let the rules judge, leave out
what is ignored, sort. Each step is a function of the module it is named after.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from migration_guard import configuration, rules, targets, weakened_checks
from migration_guard.assembly import decoded, fingerprinted, relative, sources, united
from migration_guard.baseline import KnownFinding, gone_from_all, gone_note, without_known
from migration_guard.config import Config, ConfigError, Overrides
from migration_guard.config.files import Content
from migration_guard.config.selection import nearest
from migration_guard.judgement import IgnoreComments, about_comments, eased, graded, of_all_targets, reported
from migration_guard.model.containment import Unexpected, contained
from migration_guard.model.finding import Examined, Finding, Report, Summary
from migration_guard.model.lineage import TableLineage, TableLineages
from migration_guard.model.migration import Form, History, Migration, Unreadable
from migration_guard.model.objects import Opaque
from migration_guard.model.regular_expressions import SlowPatternError
from migration_guard.model.replay import Replayed, replay
from migration_guard.model.schema import EMPTY
from migration_guard.model.target import Target
from migration_guard.reading.cache.store import FOLDER, Cache, Judged, digest
from migration_guard.reading.discovery import releases, repository
from migration_guard.reading.discovery.comparison import GitBase
from migration_guard.reading.discovery.project import Project, around, find, migrations_among
from migration_guard.reading.history import read_histories, with_base, without_collector
from migration_guard.reading.plugin_modules import loaded
from migration_guard.regular_files import refusal
from migration_guard.rules import AnyRule, Context, Rules, Trait


@dataclass(frozen=True, slots=True)
class Buffer:
    """What an editor holds of a file that is not saved yet, or not at all."""

    path: Path
    content: bytes


def lint(
    paths: Sequence[Path],
    cwd: Path,
    explicit: Path | None = None,
    overrides: Overrides | None = None,
    *,
    buffer: Buffer | None = None,
    skip_others: bool = False,
) -> Report:
    """
    Judge every history that the paths stand for; with a `buffer` that file alone, as it stands there.

    `skip_others` passes over paths that are no migrations, or are gone. Raises ProjectError, ConfigError or
    PluginError, each a sentence for the user, where the job cannot be done.
    """
    started = time.perf_counter()
    reports = []
    missing = []
    with without_collector():
        projects = _projects(paths, cwd, buffer, skip_others=skip_others)
        # All plugins before the first judgement: what is found must not go by the order of the projects.
        configuration.load_plugins([one.root for one in projects], overrides or Overrides(), explicit=explicit)
        settings = [configuration.load(one.root, explicit=explicit, overrides=overrides) for one in projects]
        all_rules = rules.load()
        file = configuration.file_of_run(paths, cwd, explicit, settings)
        for project, own in zip(projects, settings, strict=True):
            earlier = partial(configuration.at, folder=project.root, explicit=explicit, overrides=overrides)
            try:
                one, no_more = _lint_project(project, own, all_rules, cwd, earlier, buffer, of_run=own.file == file)
            except SlowPatternError as error:
                raise ConfigError(str(error)) from None
            reports.append(one)
            missing.append((project, no_more))
        check_start(settings, [revision for report in reports for revision in report.summary.revisions])
        files = {file for project in projects for file in project.files}
        report = united(reports, cwd, len(files), time.perf_counter() - started)
    notes = report.summary.notes if projects else ("None of these files is a migration.",)
    if gone := gone_from_all(missing):
        notes = (*notes, gone_note(gone, cwd))
    return replace(report, summary=replace(report.summary, notes=notes))


def _projects(paths: Sequence[Path], cwd: Path, buffer: Buffer | None, *, skip_others: bool) -> tuple[Project, ...]:
    if buffer is not None:
        return around(buffer.path, cwd)
    if skip_others and paths:
        paths = migrations_among(paths, cwd)
        return find(paths, cwd) if paths else ()
    return find(paths, cwd)


def _lint_project(
    project: Project,
    settings: Config,
    all_rules: Rules,
    cwd: Path,
    earlier: Callable[[Content], Config],
    buffer: Buffer | None = None,
    *,
    of_run: bool,
) -> tuple[Report, tuple[KnownFinding, ...]]:
    """
    One history: what was found the last time, if nothing has changed since; and what its baseline holds in vain.
    `earlier` gives the options that held when files had other contents; `of_run`: those of now hold for the whole run.
    """
    contents = project.contents()
    if buffer is not None:
        contents[os.path.normpath(cwd / buffer.path)] = buffer.content
    base, notes = repository.base(project, contents, settings.since)
    cache = cache_of(project, settings, cwd)
    place = (project.root, project.versions, project.section, project.database)
    states = [
        (path, refusal(path, project.fence(path)) if content is None else digest(content))
        for path, content in contents.items()
    ]
    name = digest(repr((place, settings.judging())).encode())
    tags, unsure = releases.tags(project) if settings.conventions.deprecation_releases else ((), ())
    around = None if settings.target else targets.Evidence.of(project)
    key = digest(repr((replace(project, only=None), settings.judging(), states, base, tags, around)).encode())
    judged = cache.judged(name, key)
    if judged is None:
        judged, needed = _judge_project(project, settings, contents, cache, base)
        cache.keep_judged(name, key, judged, needed)
    every, summary = judged
    concerns = _concerns(project, base, all_rules)
    findings = tuple(finding for finding in fingerprinted(every) if concerns(finding))
    kept, missing = without_known(findings, settings, project, rules=all_rules, whole=base is None, cwd=cwd)
    if settings.verbose:
        file = relative(str(settings.file), cwd) if settings.file else "no file"
        notes = (*notes, f"{relative(str(project.root), cwd)} is configured by {file}.")
    weaker = weakened_checks.notes(settings, earlier, project, contents, base, of_run=of_run)
    notes = (*notes, *weaker, *unsure, *configuration.notes(settings, cwd))
    summary = replace(
        summary,
        notes=(*summary.notes, *notes),
        baselined=len(findings) - len(kept),
        examined=tuple(one for one in summary.examined if project.only is None or Path(one.path) in project.only),
    )
    if kept and base is None and project.only is None:
        summary = _with_age(summary, kept, project, contents)
    return Report(kept, summary, sources(kept, contents)), missing


def _with_age(
    summary: Summary, findings: Sequence[Finding], project: Project, contents: Mapping[str, bytes | None]
) -> Summary:
    """How many of the findings of a whole history are on migrations that the default branch has already."""
    there = repository.on_default_branch(project, contents)
    if there is None:
        return summary
    older = sum(finding.path in there.old for finding in findings)
    return replace(summary, older=older, default_branch=there.ref)


def cache_of(project: Project, settings: Config, cwd: Path) -> Cache:
    """What was read of this history the last time, by the plugins that are loaded."""
    plugins = [state for plugin in loaded() for state in plugin.files]
    return Cache(_cache_folder(project, settings, cwd), str(project.repository), plugins)


def targets_of(project: Project, settings: Config, contents: Iterable[bytes | None]) -> tuple[tuple[Target, ...], str]:
    """The databases that a history is judged for, and why they were assumed where nobody names any."""
    if settings.target:
        return settings.target, ""
    guesses = targets.guess(targets.Evidence.of(project), [each for each in contents if each])
    return tuple(one.target for one in guesses), targets.in_words(guesses)


def _cache_folder(project: Project, settings: Config, cwd: Path) -> Path | None:
    """Beside the configuration above the history, else at the top of the repository, else in the current folder."""
    if not settings.cache:
        return None
    if settings.file is not None and project.root.is_relative_to(settings.file.parent):
        return settings.file.parent / FOLDER
    return (project.repository if (project.repository / ".git").exists() else cwd) / FOLDER


def _judge_project(
    project: Project,
    settings: Config,
    contents: Mapping[str, bytes | None],
    cache: Cache,
    base: GitBase | None,
) -> tuple[Judged, set[str]]:
    """One history, for each of its targets: what any of them finds is found. Also the files that this rests on."""
    wanted, assumed = targets_of(project, settings, contents.values())
    active = configuration.running(settings)
    found: list[tuple[Target, History, list[Finding]]] = []
    needed: set[str] = set()
    read = read_histories(project, contents, [target.dialect for target in wanted], settings.jobs, cache)
    for target in wanted:
        one, leant_on = read[target.dialect]
        history = with_base(one, project, base, target.dialect) if base else one
        needed |= leant_on
        found.append((target, history, judge(history, target, active, settings, contents)))
    summary = _summary(project, found[0][1], wanted, assumed, settings)
    return (of_all_targets(found, active), summary), needed


def judge(
    history: History, target: Target, active: Rules, settings: Config, contents: Mapping[str, bytes | None]
) -> list[Finding]:
    """What the rules say of a history, with all that is ignored left out."""
    judged = _judged(history, settings)
    usable = [rule for rule in active.values() if target.dialect in rule.dialects]
    by_type: dict[type, list[AnyRule]] = {}
    about_all = Context(
        target=target,
        history=history,
        replayed=Replayed(Migration("", "")),
        before=EMPTY,
        filename_pattern=settings.filename_pattern,
        conventions=settings.conventions,
        source_of=lambda path: decoded(contents.get(path)),
        releases_between=releases.tags_between,
        judged=judged,
    )
    broken: list[Unreadable] = []
    by_revision: dict[str, tuple[Context, list[Finding]]] = {}
    tables = [rule for rule in usable if rule.subject() is TableLineage]
    lineages = TableLineages()
    for replayed in replay(history.graph, target, history.environment):
        migration = replayed.migration
        if replayed.trouble:
            broken.append(Unreadable(migration.path, replayed.trouble))
            continue
        if tables and migration.revision not in history.graph.unplaced:
            lineages.follow(replayed)
        if migration.revision in judged:
            source = decoded(contents.get(migration.path))
            context = replace(about_all, replayed=replayed, before=replayed.before, source=source)
            # What is kept of each is without its schemas: they are those of the whole history otherwise.
            alone = replace(about_all, replayed=Replayed(migration), source=source)
            yielded = contained(partial(list[Finding], _check(context, usable, by_type)))
            if isinstance(yielded, Unexpected):
                broken.append(Unreadable(migration.path, yielded.reason))
                continue
            by_revision[migration.revision] = alone, yielded
    for lineage in lineages:
        made = lineage.moments[-1].migration.path if lineage.moments else history.root
        for finding in _all_of(tables, lineage, about_all, made, broken):
            if finding.revision in by_revision:
                by_revision[finding.revision][1].append(finding)
    of_history = [rule for rule in active.values() if rule.subject() is History]
    # What could not be read is told last: what the others break on is part of it.
    of_history.sort(key=lambda rule: Trait.UNCONDITIONAL in rule.traits)
    whole: list[Finding] = []
    for rule in of_history:
        seen = replace(history, unreadable=(*history.unreadable, *broken))
        whole += _all_of([rule], seen, about_all, history.root, broken)
    comments = {one.path: IgnoreComments(one) for one in history.migrations}
    found = graded((one for one in whole if one.path not in comments or not comments[one.path].ignores(one)), settings)
    for alone, findings in by_revision.values():
        own = comments[alone.migration.path]
        found += reported(findings, own, active, settings)
        found += about_comments(own, active, alone, settings)
    return found


def _all_of(
    some: Iterable[AnyRule], subject: History | TableLineage, context: Context, path: str, broken: list[Unreadable]
) -> list[Finding]:
    """What some rules say of more than one revision; what one of them breaks on is noted at this path."""
    found: list[Finding] = []
    for rule in some:
        yielded = contained(partial(list[Finding], rule.findings(subject, context)))
        if isinstance(yielded, Unexpected):
            broken.append(Unreadable(path, f"{rule.code}: {yielded.reason}"))
        else:
            found += yielded
    return found


def _check(context: Context, usable: Sequence[AnyRule], by_type: dict[type, list[AnyRule]]) -> Iterator[Finding]:
    """Every rule on the revision as a whole, then on each of its operations with the state it meets."""
    replayed = context.replayed
    for rule in usable:
        if rule.subject() is Migration:
            yield from rule.findings(replayed.migration, context)
    for step in (*replayed.upgrade, *replayed.downgrade):
        operation = step.operation
        kind = type(operation)
        if kind not in by_type:
            by_type[kind] = [rule for rule in usable if issubclass(kind, rule.subject())]
        if not by_type[kind]:
            continue
        here = replace(context, before=step.before, operation=operation)
        for rule in by_type[kind]:
            if operation.site.direction in rule.directions:
                yield from eased(rule.findings(operation, here), rule, operation, here)


def _judged(history: History, settings: Config) -> set[str]:
    """The revisions to judge: all that are new, and are not `start_after` nor come before it."""
    every = {migration.revision for migration in history.graph.order}
    chosen = {migration.revision for migration in history.graph.order if history.is_new(migration)}
    start = settings.start_after
    if start is None or start not in every:
        return chosen
    older, waiting = set(), [start]
    while waiting:
        revision = waiting.pop()
        if revision in every and revision not in older:
            older.add(revision)
            migration = history.by_revision[revision]
            waiting += [*migration.parents, *migration.depends_on]
    return chosen - older


def check_start(settings: Iterable[Config], revisions: Collection[str]) -> None:
    """Raises ConfigError where `start-after` names none of these revisions, which are those of all histories."""
    for one in settings:
        start = one.start_after
        if start is not None and start not in revisions:
            hint = nearest(start, revisions)
            raise ConfigError(f"start-after: there is no revision {start!r} in this history.{hint}")


def _concerns(project: Project, base: GitBase | None, all_rules: Rules) -> Callable[[Finding], bool]:
    """What tells the findings that were asked for, and are not about old files, from the others."""

    # What is wrong with the graph concerns every file; its rules know themselves what is new.
    def concerns(finding: Finding) -> bool:
        asked = project.only is None or Path(finding.path) in project.only or finding.path == str(project.root)
        about_graph = Trait.ABOUT_GRAPH in all_rules[finding.code].traits
        return about_graph or (asked and (base is None or finding.path not in base.old))

    return concerns


def _summary(project: Project, history: History, wanted: tuple[Target, ...], assumed: str, settings: Config) -> Summary:
    judged = _judged(history, settings)
    operations = [operation for migration in history.migrations for operation in migration.operations]
    return Summary(
        files=len(project.files),
        migrations=len(history.migrations),
        operations=len(operations),
        opaque=sum(isinstance(operation, Opaque) for operation in operations),
        uncompared=sum(not Replayed(one).comparable for one in history.migrations if one.downgrade.form is Form.BODY),
        target=tuple(map(str, wanted)),
        assumed=assumed,
        notes=(*project.notes, *_about_unplaced(history)),
        revisions=tuple(migration.revision for migration in history.migrations),
        examined=tuple(Examined(one.revision, one.path) for one in history.graph.order if one.revision in judged),
        start_after=settings.start_after or "" if settings.start_after in history.by_revision else "",
        since=history.merge.ref if history.merge else "",
    )


def _about_unplaced(history: History) -> Iterator[str]:
    """A sentence on the revisions of which it is not known what comes before them."""
    computed = [Path(one.path).name for one in history.graph.order if not one.has_known_parents]
    if computed:
        more = f" and {len(computed) - 1} more" if len(computed) > 1 else ""
        yield (
            f"What comes before {computed[0]}{more} is computed when Alembic imports the file. So these and all behind"
            " them are judged as if nothing were known of the schema that they meet, and heads are not counted."
        )
