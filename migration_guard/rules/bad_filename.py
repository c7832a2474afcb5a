from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from os.path import basename

from migration_guard import filenames
from migration_guard.model import regular_expressions
from migration_guard.model.conventions import DATED
from migration_guard.model.finding import Finding, Fix, Rename, Severity
from migration_guard.model.migration import History, Migration
from migration_guard.rules import Context, Fixable, Rule

UNSOUND = re.compile(r"[\s()]")
COPY = re.compile(r"(?P<of>.+)[_-]copy(?:[_-]?\d+)?\.py", re.IGNORECASE)

# What histories follow that nobody has configured: how it is told, and the template.
HABITS = {
    "<revision>_<description>.py": r"%(rev)s_%(slug)s",
    "<revision>.py": r"%(rev)s",
    "<YYYYMMDD>_<NNNN>_<description>.py": r"\d{8}_\d{4}_\w+",
    "<date>_<revision>_<description>.py": r"\d{4}[-_]?\d\d[-_]?\d\d[-_\d]*_%(rev)s_%(slug)s",
    "<date>_<description>.py": r"\d{4}[-_]?\d\d[-_]?\d\d[-_]\w+",
    "<number>_<description>.py": r"\d{3,6}_\w+",
}
ENOUGH_FILES = 10


class BadFilename(Rule[Migration]):
    """
    The name of the file breaks the pattern that the others follow, so people look for it in the wrong place.

    ## What happens

    The pattern is the one of the configuration (`filename-pattern`: a regular expression, `dated` or `alembic`), else
    alembic.ini's file_template, else the one that nine in ten files follow. `dated` asks for a day of the calendar.
    Without any of them, a name with spaces or parentheses, or a copy that was left behind, is still no name for a
    module.

    ## To whom

    The colleague who looks for a migration in a sorted folder, or by the id in its name. Alembic does not read the
    names.

    ## When it is no hazard

    A history of fewer than ten files has no habit to break. A name that ends in `_copy` is one as long as there is no
    file that it was copied from. Files older than the first that follows alembic.ini's file_template were there before
    it; where none does, that is said once, of the newest file, as mere information on the setting.

    ## What to write instead

    Rename the file: Alembic goes by the revision in it, so that is possible at any time. `--fix` does it where a name
    can be made up that follows the pattern and is free: one with a date takes `Create Date:` in the docstring.
    `migration-guard rename` does nothing else.

    ## Sources

    - The file_template: https://alembic.sqlalchemy.org/en/latest/tutorial.html
    """

    code = "MG008"
    severity = Severity.WARNING
    fixable = Fixable.SAFE
    message = "{name} does not follow {pattern}{but}."
    help = "Rename the file: Alembic goes by the revision in it, not by its name."
    unheeded = "No file here follows {pattern}: the next one that Alembic makes is called otherwise than the others."
    unheeded_help = "Set file_template to what the files are called, or rename them all: migration-guard rename."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        name, files = basename(subject.path), _of(context.history)
        names = files.names
        if subject.path in files.following and not (context.filename_pattern or context.history.file_template):
            return
        told, pattern = _expected(subject, context)
        if context.history.file_template and not context.filename_pattern:
            following = _since_template(context.history)
            if not following and subject is context.history.graph.order[-1] and not _is_unsound(name, names):
                said = self.finding(subject, message=self.unheeded, help=self.unheeded_help, pattern=told)
                yield replace(said, severity=Severity.INFO)
            pattern = pattern if subject.path in following else ""
        if pattern and not _fits(name, pattern, subject, context):
            message = None
        elif pattern == DATED and not filenames.is_day(name[:8]):
            message = "{name} begins with a day that no calendar has."
        elif not pattern and _is_unsound(name, names):
            message, pattern = "{name} is no name for a module: it was copied, or has spaces or parentheses.", ""
        else:
            return
        better = _better(subject, pattern, names, _made_up(subject, context))
        fix = Fix(True, (Rename(better),)) if better else None
        but = "" if subject.revision in name else f": its revision is {subject.revision}"
        yield self.finding(subject, fix=fix, message=message, name=name, pattern=told, but=but)


def _expected(migration: Migration, context: Context) -> tuple[str, str]:
    """The pattern that the name should follow: how it is told, and as a regular expression; empty for none."""
    configured, template = context.filename_pattern, context.history.file_template
    if configured and configured != "alembic":
        return f"the configured pattern {configured}", configured
    if configured or template:
        template = (template or filenames.DEFAULT_TEMPLATE).replace("%%", "%")
        return f"the file_template {template}", filenames.regular(template, migration, literal=True)
    habit = _of(context.history).habit
    if habit is None:
        return "", ""
    return f"{habit}, the pattern of the other files here", filenames.regular(HABITS[habit], migration, literal=False)


def _fits(name: str, pattern: str, migration: Migration, context: Context) -> bool:
    if context.filename_pattern in (None, "alembic"):
        return filenames.fits(name, pattern, migration.revision)
    return regular_expressions.is_all_of(pattern, name)


@lru_cache(maxsize=8)
def _since_template(history: History) -> frozenset[str]:
    """The files from the first one on that follows the file_template, in the order in which they run."""
    template = (history.file_template or "").replace("%%", "%")
    order = history.graph.order
    for place, one in enumerate(order):
        if filenames.fits(basename(one.path), filenames.regular(template, one, literal=True), one.revision):
            return frozenset(later.path for later in order[place:])
    return frozenset()


@dataclass(frozen=True, slots=True)
class _Files:
    """The names of a history's files, the habit that nine in ten follow, and the paths that do."""

    names: frozenset[str]
    habit: str | None
    following: frozenset[str] = frozenset()


@lru_cache(maxsize=8)
def _of(history: History) -> _Files:
    migrations = history.migrations
    names = frozenset(basename(one.path) for one in migrations)
    for told, habit in HABITS.items() if len(migrations) >= ENOUGH_FILES else ():
        following = frozenset(one.path for one in migrations if _follows(habit, one))
        if len(following) * 10 >= len(migrations) * 9:
            return _Files(names, told, following)
    return _Files(names, None)


def _follows(habit: str, migration: Migration) -> bool:
    """Whether the name is as the habit has it. A pattern for each revision would have to be compiled for each file."""
    name, revision = basename(migration.path), migration.revision
    before, token, behind = habit.partition("%(rev)s")
    behind = behind.replace("%(slug)s", r"\w*") + r"\.py"
    if not token:
        return re.fullmatch(before + behind, name) is not None
    starts = [at for at in range(len(name)) if name.startswith(revision, at)]
    return any(re.fullmatch(before, name[:at]) and re.fullmatch(behind, name[at + len(revision) :]) for at in starts)


def _is_unsound(name: str, names: frozenset[str]) -> bool:
    copied = COPY.fullmatch(name)
    return bool(UNSOUND.search(name)) or (copied is not None and f"{copied['of']}.py" in names)


def _made_up(migration: Migration, context: Context) -> str | None:
    """The name that the configuration asks for in so many words; None where that takes a date, and there is none."""
    if context.filename_pattern == DATED:
        return filenames.dated(migration, _numbers(context.history)[migration.revision])
    template = context.history.file_template
    if template is None or context.filename_pattern not in (None, "alembic"):
        return None
    with suppress(filenames.UnusableTemplate):
        return filenames.from_template(template, migration)
    return None


@lru_cache(maxsize=8)
def _numbers(history: History) -> Mapping[str, int]:
    return filenames.numbers(history)


def _better(migration: Migration, pattern: str, names: frozenset[str], made_up: str | None) -> str | None:
    """A free name that follows the pattern; None where we cannot make one up."""
    stem = basename(migration.path).removesuffix(".py")
    own = stem.removeprefix(migration.revision).removesuffix(migration.revision)
    words = _slug(own) or _slug(migration.description)
    tries = [_slug(stem), f"{migration.revision}_{words}", f"{migration.revision}_{_slug(migration.description)}"]
    tries.append(migration.revision)
    candidates = [*(f"{one.strip('_')}.py" for one in tries if one), *([made_up] if made_up else [])]
    for name in candidates:
        if (
            name not in names
            and not UNSOUND.search(name)
            and (not pattern or regular_expressions.is_all_of(pattern, name))
        ):
            return name
    return None


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"\bcopy\b", "", text.lower().replace("_", " ")))
    return "_".join(words)
