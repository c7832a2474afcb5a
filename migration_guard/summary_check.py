"""Holds a summary that somebody wrote against what the files say: what it forgets, and what it says that is not so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from migration_guard import targets
from migration_guard.bullet_claims import Claims, claims, key
from migration_guard.change_summary import SummarizedHistory, summarize
from migration_guard.chosen_revisions import RevisionChoice
from migration_guard.config.selection import nearest
from migration_guard.model.change_summary import ChangeSummary
from migration_guard.model.printable import printable
from migration_guard.model.schema_changes import ChangeKind, SchemaChanges
from migration_guard.model.target import ALIASES
from migration_guard.report import plural
from migration_guard.written_summary import UncheckedSummary, WrittenSummary, read

FORGOTTEN, NOT_THERE, WRONG = "forgotten", "not there", "wrong"
_KEYS = ("new_foreign_keys", "dropped_foreign_keys")
_TABLES = {"new_tables": "new", "modified_tables": "modified", "dropped_tables": "dropped"}


def compared(
    content: bytes, where: SummarizedHistory, word: str | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    The differences between a summary and the files, each in words, and notes on what was compared.

    Which revisions it is about it says itself, by their ids or by the names of their files; else `word` does, as in
    `chosen_revisions`, else it is the newest. Raises UncheckedSummary or ProjectError where nothing can be compared.
    """
    written = read(content)
    files, unknown = _files(written, where)
    own = RevisionChoice(revisions=written.revisions or (), files=files)
    is_said = bool(own.revisions or files)
    if written.revisions == () and not files:
        summary = ChangeSummary((), SchemaChanges(), "", assumed=targets.NOBODY)
    else:
        summary = summarize(where, own if is_said else RevisionChoice(word=word))
    found = [f"{NOT_THERE}: file {name}" for name in unknown]
    if is_said and word is not None:
        asked = {one.revision for one in summarize(where, RevisionChoice(word=word)).revisions}
        about = {one.revision for one in summary.revisions}
        if asked != about:
            found.append(f"{WRONG}: it is about {_some(about)}, and not about {_some(asked)}")
    found += differences(written, summary)
    return tuple(found), tuple(_notes(found, summary))


def differences(written: WrittenSummary, summary: ChangeSummary) -> tuple[str, ...]:
    """What a summary says otherwise than the files do, each in words and once."""
    if written.bullets is not None:
        return tuple(dict.fromkeys(_of_bullets(written.bullets, summary)))
    return tuple(dict.fromkeys((*_of_lists(written.lists, summary), *_of_metadata(written, summary))))


def _files(written: WrittenSummary, where: SummarizedHistory) -> tuple[tuple[Path, ...], list[str]]:
    """The migrations that a summary names, and the names of those that are not there."""
    known = where.projects[0].files
    found: list[Path] = []
    unknown: list[str] = []
    for name in written.files:
        path = PurePosixPath(name.replace("\\", "/"))
        same = [file for file in known if file.name == path.name]
        if len(same) > 1:
            same = [file for file in same if file.as_posix().endswith(f"/{path}")] or same
        if len(same) > 1:
            raise UncheckedSummary(f"{name} could be several files of this history. Write its path from {where.cwd}.")
        found += same
        unknown += [] if same else [name]
    return tuple(dict.fromkeys(found)), unknown


def _notes(found: Sequence[str], summary: ChangeSummary) -> Iterator[str]:
    """
    What could not be compared. Raises UncheckedSummary where all that differs is there if what could not be read makes
    it.
    """
    names = ", ".join(one.revision for one in summary.revisions)
    yield f"Compared with {names or 'no revision'}."
    count = len(summary.unread) + len(summary.changes.not_named)
    if not count:
        return
    places = _some({f"{one.path}:{one.line}" for one in summary.unread}) or _some(set(summary.changes.not_named))
    if found and all(one.startswith(NOT_THERE) for one in found):
        raise UncheckedSummary(
            f"{plural(count, 'operation')} of {names} could not be read ({places}), so nobody can tell whether this is"
            f" so: {'; '.join(found)}."
        )
    yield f"{plural(count, 'operation')} could not be read ({places}), and what they do was not compared."


# --- JSON -----------------------------------------------------------------------------------------------------------


def _of_lists(lists: dict[str, list[str]], summary: ChangeSummary) -> Iterator[str]:
    actual = {**summary.changes.lists(), **summary.changes.further()}
    state = {name: word for one, word in _TABLES.items() for name in actual[one]}
    for name, said in lists.items():
        if name not in actual:
            yield f"{NOT_THERE}: a list {name}"
            continue
        what = name.replace("_", " ").removesuffix("s") if name != "new_indexes" else "new index"
        if name in _KEYS:
            yield from _of_keys([key(one) for one in said], actual[name], what)
            continue
        there = dict.fromkeys(actual[name])
        told = dict.fromkeys(said)
        left = there.keys() - told.keys()
        for one in told:
            if one in there:
                continue
            if name in _TABLES and one in state:
                yield f"{WRONG}: table {one} is {state[one]}, not {_TABLES[name]}"
            else:
                yield f"{NOT_THERE}: {what} {one}{_hint(one, left)}"
        for one in there:
            if one not in told and not (name in _TABLES and any(one in lists.get(other, ()) for other in _TABLES)):
                yield f"{FORGOTTEN}: {what} {one}"


def _of_keys(said: Sequence[str], actual: Sequence[str], what: str) -> Iterator[str]:
    """The differences between foreign keys; one whose other end is another is wrong, not forgotten and not there."""
    left = [one for one in actual if not any(_is_same_key(one, other) for other in said)]
    for one in dict.fromkeys(said):
        if any(_is_same_key(other, one) for other in actual):
            continue
        child = one.partition(" -> ")[0]
        right = next((other for other in left if other.partition(" -> ")[0] == child), None)
        if right is None:
            yield f"{NOT_THERE}: {what} {one}"
        else:
            left.remove(right)
            yield f"{WRONG}: {what} {one}: the files say {right}"
    yield from (f"{FORGOTTEN}: {what} {one}" for one in left)


def _is_same_key(actual: str, said: str) -> bool:
    """Whether a foreign key is this one, of whose other end the files may show the table alone."""
    if actual == said:
        return True
    parent = actual.partition(" -> ")[2]
    is_table_alone = "(" not in parent and parent.count(".") <= 1 and said.startswith(f"{actual}.")
    return is_table_alone and "." not in said[len(actual) + 1 :]


def _of_metadata(written: WrittenSummary, summary: ChangeSummary) -> Iterator[str]:
    tool = written.migration_tool
    if tool is not None and tool.lower() != "alembic":
        yield f"{WRONG}: migration_tool {tool}: the files are alembic's"
    said = written.database
    if said is not None and summary.assumed != targets.NOBODY:
        dialects = {one.partition(" ")[0] for one in summary.targets}
        name = said.strip().lower().partition(" ")[0]
        if ALIASES.get(name, name) not in dialects:
            yield f"{WRONG}: database {said}: the files are for {_some(dialects)}"
    total = written.total_files
    if total is not None and written.counted is not None and total != written.counted:
        yield f"{WRONG}: total_files {total!r:.40}: it names {written.counted}"


# --- Markdown -------------------------------------------------------------------------------------------------------


def _of_bullets(bullets: Sequence[str], summary: ChangeSummary) -> Iterator[str]:
    changes = summary.changes
    renamed = {name for pair in changes.renamed_tables for name in pair}
    touched = {one.table for one in changes.indexes if one.table} | {one.table for one in changes.columns}
    touched |= {rows.table for rows in changes.rows}
    changed = {*changes.new_tables, *changes.modified_tables, *changes.dropped_tables}
    tables = {printable(one) for one in changed | renamed | touched}
    indexes = {printable(name) for one in changes.indexes for name in (one.name, one.detail) if name}
    said = claims(bullets, tables, indexes)
    yield from _of_tables(said, summary, tables)
    for one in changes.of_kind(ChangeKind.NEW):
        if printable(one.name) not in said.indexes:
            yield f"{FORGOTTEN}: new index {one.name}"
    for name in said.indexes | said.dropped_indexes:
        if name not in indexes:
            yield f"{NOT_THERE}: index {name}{_hint(name, indexes)}"
    yield from _of_keys(list(said.keys), [key(printable(one)) for one in changes.new_foreign_keys], "new foreign key")
    dropped = [key(printable(one)) for one in changes.dropped_foreign_keys]
    known = {*dropped, *map(key, changes.new_foreign_keys)}
    yield from (f"{NOT_THERE}: dropped foreign key {one}" for one in said.dropped_keys if one not in known)


def _of_tables(said: Claims, summary: ChangeSummary, tables: set[str]) -> Iterator[str]:
    changes = summary.changes
    parents = {one.partition(" -> ")[2].rpartition(".")[0] for one in changes.new_foreign_keys}
    children = {one.partition(" -> ")[0].rpartition(".")[0] for one in said.keys}
    new, modified, dropped = (
        [printable(one) for one in names]
        for names in (changes.new_tables, changes.modified_tables, changes.dropped_tables)
    )
    for name in new:
        if name not in said.tables:
            yield f"{FORGOTTEN}: new table {name}"
    for name in modified:
        if name not in said.tables and name not in said.mentioned and name not in children:
            yield f"{FORGOTTEN}: modified table {name}"
    for name in dropped:
        if name not in said.tables and name not in said.mentioned:
            yield f"{FORGOTTEN}: dropped table {name}"
    for name in said.tables:
        if name not in tables and (name in said.heads or name not in parents):
            yield f"{NOT_THERE}: a change of table {name}{_hint(name, tables)}"
        elif name in said.created and name not in new:
            yield f"{WRONG}: table {name} is not new"
        elif name in said.dropped and name not in dropped:
            yield f"{WRONG}: table {name} is not dropped"
    known = {(one.table, name) for one in changes.columns for name in (one.column, one.detail)}
    for table, column in said.columns:
        if table in modified and (table, column) not in known:
            yield f"{NOT_THERE}: a change of column {table}.{column}"


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _hint(name: str, known: Collection[str]) -> str:
    """The name that may be meant, as a sentence behind another one; empty where none is near."""
    found = nearest(name, known)
    return f".{found}" if found else ""
