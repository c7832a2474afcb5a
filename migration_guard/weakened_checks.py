"""Tells which checks a change turns off: what its configuration asks for less than the one that it began with."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

from migration_guard import configuration, targets
from migration_guard.config import Config, ConfigError
from migration_guard.config.files import Content, on_disk
from migration_guard.config.shown import shown
from migration_guard.config.since import since
from migration_guard.model.conventions import Conventions
from migration_guard.reading.discovery.comparison import Contents, GitBase, names_of
from migration_guard.reading.discovery.folders import declared_in, needed_by
from migration_guard.reading.discovery.git import GitDoubt, GitRepository, repository_around
from migration_guard.reading.discovery.project import Project
from migration_guard.regular_files import LARGEST_BASELINE, content
from migration_guard.rules import AnyRule, Rules
from migration_guard.rules.bad_filename import BadFilename

NAMED = 5
NOT_KNOWN = "Which checks this change turns off is not known"
CODE = re.compile(r"\bMG\d+")  # the meaning of a convention names the rules that go by it
PACKAGE = Path(__file__).parent
INSTALLED = ("site-packages", "dist-packages")
# Conventions that ask for less with each entry; every other list asks for more.
EXEMPTIONS = ("exempt_tables", "small_tables", "trusted_extensions")
# What asks for the least where there is a choice.
LEAST = {
    "uuid_keys": "any",
    "uuid_default": "any",
    "timestamp_default": "any",
    "soft_delete": "any",
    "ondelete": "explicit",
    "table_names": "snake-case",
    "required_defaults": "added",
    "migration_reason": "description",
}
# A pattern does not show what it lets pass.
PATTERNS = ("index_name", "unique_name", "ticket_pattern")


def notes(
    settings: Config,
    earlier: Callable[[Content], Config],
    project: Project,
    contents: Contents,
    base: GitBase | None,
    *,
    of_run: bool,
) -> tuple[str, ...]:
    """
    Sentences on the checks that a change turns off, in the history that these settings hold for; none without a base.

    `earlier` gives the options that held when files had other contents: those of the commit where the change began, so
    that what its base has agreed on meanwhile is nothing that the change takes away. `of_run`: these settings are those
    that say when the run fails and what it prints.
    """
    repository = repository_around(project.place)
    if repository is None or base is None:
        return ()
    try:
        ref, commit = _compared(repository, settings, base)
        try:
            then = earlier(lambda file, root: _content(repository, commit, file, root))
        except ConfigError as error:
            reason = str(error).partition(". ")[0].rstrip(".")  # the rest tells how to mend what is over
            return (f"{NOT_KNOWN}: the configuration at {ref} is not valid ({reason}).",)
        if then.file is None and settings.file is not None and _has_moved(repository, commit, settings.file):
            return ()
        found = [
            *weakened(settings, then),
            *(_weakened_run(settings, then) if of_run else ()),
            *_start_moved(settings, then, contents),
            *_since_moved(settings, then, repository, {repository.commit(ref), commit}),
            *_targets_gone(settings, then, project, contents),
        ]
        if settings.baseline is not None:
            before = _content(repository, commit, then.baseline or settings.baseline, None)
            found += _known_findings(content(settings.baseline, None, LARGEST_BASELINE), before)
    except GitDoubt as error:
        return (f"{NOT_KNOWN}: {str(error).rstrip('.')}.",)
    return (f"This change also weakens the checks, compared with {ref}: {'; '.join(found)}.",) if found else ()


def _compared(repository: GitRepository, settings: Config, base: GitBase) -> tuple[str, str]:
    """
    The ref and the commit whose configuration counts. Where the configuration itself names the ref it could name one
    that has its changes: then the base counts that continuous integration names.
    """
    if settings.named("since"):
        for ref in since(None).candidates:
            if commit := repository.commit(ref):
                return ref, repository.merge_base(commit, "HEAD") or commit
    return base.ref, base.began


def weakened(now: Config, then: Config) -> Iterator[str]:
    """What the one configuration asks for less than the other, each with the option that says so."""
    before, after = configuration.running(then), configuration.running(now)
    both = [code for code in after if code in before]
    yield from _rules_off(now, before, both)
    yield from _severities(now, then, [after[code] for code in both])
    yield from _conventions(now.conventions, then.conventions, both)
    if BadFilename.code in both and then.filename_pattern not in (None, now.filename_pattern):
        pattern = shown(now.filename_pattern) if now.filename_pattern else "nothing"
        yield f"{pattern} instead of {shown(then.filename_pattern)} (filename-pattern)"
    everywhere, before_all = ({os.path.normpath(path) for path in one.paths or (".",)} for one in (now, then))
    if "." not in everywhere and not everywhere >= before_all:
        yield f"only {shown(now.paths)} is linted where nothing is named (paths)"
    if gone := tuple(one for one in then.plugins if one not in now.plugins):
        yield f"{shown(gone)} not wished for any more (plugins)"


def _weakened_run(now: Config, then: Config) -> Iterator[str]:
    """What holds for the run as a whole, whatever the files of its histories say."""
    if now.fail_on is not then.fail_on and now.fail_on.at_least(then.fail_on):
        yield f"only from {now.fail_on} on does a finding fail, not from {then.fail_on} (fail-on)"
    if now.exit_zero and not then.exit_zero:
        yield "nothing that is found fails (exit-zero)"
    if now.quiet and not then.quiet:
        yield "only errors are printed (quiet)"


def _start_moved(now: Config, then: Config, contents: Contents) -> Iterator[str]:
    """A start behind which less is judged; nothing where the files do not show that."""
    if now.start_after in (None, then.start_after):
        return
    parents = {declared_in(one): needed_by(one) for one in contents.values() if one}
    if then.start_after is None or (
        then.start_after in parents and _up_to(now.start_after, parents) - _up_to(then.start_after, parents)
    ):
        yield f"nothing is judged up to {shown(now.start_after)} (start-after)"


def _up_to(revision: str, parents: Mapping[str, Iterable[str]]) -> set[str]:
    """The revision and all before it."""
    found: set[str] = set()
    waiting = [revision]
    while waiting:
        one = waiting.pop()
        if one in parents and one not in found:
            found.add(one)
            waiting += parents[one]
    return found


def _since_moved(now: Config, then: Config, repository: GitRepository, bases: Collection[str | None]) -> Iterator[str]:
    """A ref that the configuration names, unless that is the base under another name."""
    if now.named("since") and now.since != then.since and now.since.asked:
        ref = now.since.candidates[0]
        if repository.commit(ref) not in bases:
            yield f"only what {shown(ref)} lacks is judged (since)"


def _rules_off(now: Config, before: Rules, both: Collection[str]) -> Iterator[str]:
    off = [code for code in before if code not in both]
    unignored = replace(now, selections=tuple(replace(one, ignore=()) for one in now.selections))
    ignored = [code for code in off if unignored.selects(code, default=before[code].enabled)]
    for option, codes in (("ignore", ignored), ("select", [code for code in off if code not in ignored])):
        if codes:
            yield f"{_some(codes)} off ({option})"


def _severities(now: Config, then: Config, judging: Iterable[AnyRule]) -> Iterator[str]:
    lowered: dict[str, list[str]] = {}
    for rule in judging:
        before, after = (one.severity_of(rule.code, rule.severity) for one in (then, now))
        if before is not after and before.at_least(after):
            lowered.setdefault(f"only {after}, no longer {before} (severity)", []).append(rule.code)
    for words, codes in lowered.items():
        yield f"{_some(codes)} {words}"


def _targets_gone(now: Config, then: Config, project: Project, contents: Contents) -> Iterator[str]:
    """The databases that nothing is judged for any more: an older one has the hazards of a newer one."""
    if now.target == then.target or not then.target:  # a first one is what was guessed at before
        return
    guesses = targets.guess(targets.Evidence.of(project), [one for one in contents.values() if one])
    judged = now.target or tuple(one.target for one in guesses)
    for target in then.target:
        if not any(one.dialect == target.dialect and one.version <= target.version for one in judged):
            yield f"nothing is judged for {target} (target)"


def _conventions(now: Conventions, then: Conventions, judging: Collection[str]) -> Iterator[str]:
    for option in fields(Conventions):
        key, after, before = option.name.replace("_", "-"), getattr(now, option.name), getattr(then, option.name)
        codes = CODE.findall(option.metadata["meaning"])
        if after == before or (codes and not any(code in judging for code in codes)):
            continue
        if option.name in EXEMPTIONS:
            if more := tuple(one for one in after if one not in before):
                yield f"{shown(more)} let pass ({key})"
        elif isinstance(after, tuple):
            if gone := tuple(one for one in before if one not in after):
                yield f"{shown(gone)} no longer asked about ({key})"
        elif isinstance(after, int):
            if after < before:
                yield f"{after} instead of {before} ({key})"
        elif option.name in PATTERNS or LEAST.get(option.name) == after:
            yield f"{shown(after)} instead of {shown(before)} ({key})"


def _known_findings(now: bytes | None, then: bytes | None) -> Iterator[str]:
    """What a baseline has gained."""
    added = Counter(_fingerprints(now)) - Counter(_fingerprints(then))
    if added:
        count = "1 finding more is" if added.total() == 1 else f"{added.total()} findings more are"
        yield f"{count} left out (baseline)"


def _fingerprints(content: bytes | None) -> Iterable[str]:
    """The findings of a baseline; none where it is none, of which others complain."""
    try:
        match json.loads(content or b"{}"):
            case {"findings": list(entries)}:
                return [str(one["fingerprint"]) for one in entries if isinstance(one, dict) and "fingerprint" in one]
    except (ValueError, RecursionError):
        pass
    return ()


def _content(repository: GitRepository, commit: str, file: Path, root: Path | None) -> bytes | None:
    """What was in a file at this commit. What is no part of the repository is as it is now."""
    path = repository.below(file)
    if path.startswith("../") or file.is_relative_to(PACKAGE) or any(part in INSTALLED for part in file.parts):
        return on_disk(file, root)
    blobs = repository.files(commit, path)
    if path not in blobs:
        return None
    read = dict(repository.contents({blobs[path]}))
    if not read:
        raise GitDoubt(f"{path} is too large there")
    return read[blobs[path]]


def _has_moved(repository: GitRepository, commit: str, file: Path) -> bool:
    """Whether the commit has this file in a place where it is no more."""
    same = set(names_of(content(file, None) or b""))
    there = repository.files(commit)
    return any(blob in same and not os.path.exists(repository.top / path) for path, blob in there.items())


def _some(codes: Collection[str]) -> str:
    first = ", ".join(list(codes)[:NAMED])
    return f"{first} and {len(codes) - NAMED} more" if len(codes) > NAMED else first
