"""A migration file as facts: its revision, what its two functions ask for, and the comments in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import libcst as cst

from migration_guard.model.finding import Direction, Span
from migration_guard.model.migration import Body, Form, Migration, Unreadable
from migration_guard.model.objects import Mistake, Opaque
from migration_guard.model.site import Site
from migration_guard.reading.discovery.encoding import TooHeavySource
from migration_guard.reading.discovery.folders import declared_in, parents_in
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import Constant, Function, Items, Pairs, Symbol, Text, Value
from migration_guard.reading.source.comments import read_comments
from migration_guard.reading.source.source import Source, UnreadableSource, decode, parse
from migration_guard.reading.undefined_names import undefined_names
from migration_guard.reading.walker import Walker

MARKS = ("upgrade", "downgrade", "down_revision")


def read_migration(
    path: str, content: bytes, dialect: str, files: Files, database: str | None = None
) -> Migration | Unreadable | None:
    """
    The facts of one file, as they are for this dialect (and for this database of a project that has several).

    Unreadable where it should be a migration and cannot be read; None where it is none (`__init__.py`, helpers).
    """
    is_package = os.path.basename(path) == "__init__.py"
    if not content.strip():
        return None if is_package else Unreadable(path, "The file is empty. Remove it, or write the migration.")
    try:
        source = parse(path, decode(content))
    except TooHeavySource as error:
        return _at_a_glance(path, content, error)
    except UnreadableSource as error:
        return Unreadable(path, str(error), error.span)
    if not source.module.body:
        return None if is_package else Unreadable(path, "The file holds nothing but comments, no migration.")
    walker = Walker(source, dialect, files)
    names = walker.module.names
    revision = names.get("revision")
    if revision is None and walker.is_cut:
        return Unreadable(
            path, "Its top level unrolls into more steps than are followed, and its revision is behind that."
        )
    if not isinstance(revision, Text) or not revision.known or not revision.value:
        return _no_revision(path, revision, names, source)
    for which in ("down_revision", "depends_on"):
        if _ids(names.get(which)) is None and not _is_computed(names[which]):
            reason = f"Its {which} is no revision id, so its place in the history is unknown."
            return Unreadable(path, reason, _assignment(source, which))
    parents, depends_on = _ids(names.get("down_revision")), _ids(names.get("depends_on"))
    try:
        ignores, irreversible, phase = read_comments(source, _top(source))
    except UnreadableSource as error:
        return Unreadable(path, str(error), error.span)
    return Migration(
        path,
        revision.value,
        parents or (),
        depends_on or (),
        _ids(names.get("branch_labels")) or (),
        _docstring(source),
        _assignment(source, "revision"),
        _assignment(source, "down_revision"),
        _body(walker, Direction.UPGRADE, database),
        _body(walker, Direction.DOWNGRADE, database),
        ignores,
        irreversible,
        phase,
        tuple(sorted({value.path for value in names.values() if isinstance(value, Symbol)})),
        next((name for name, value in names.items() if value == Symbol("alembic.op")), None),
        has_known_parents=parents is not None and depends_on is not None,
    )


def _at_a_glance(path: str, content: bytes, error: TooHeavySource) -> Migration | Unreadable:
    """What is too much to be parsed: its place in the history is known all the same, and what it does is Opaque."""
    revision = declared_in(content)
    if not revision:
        return Unreadable(path, str(error), error.span)
    place = error.span or Span(1, 1, 1, 1)
    reason = str(error)[0].lower() + str(error)[1:].rstrip(".")

    def body(direction: Direction) -> Body:
        all_of_it = Opaque(site=Site(direction, place, place), what=direction.value, reason=reason)
        return Body(Form.BODY, place, (all_of_it,), place)

    parents, depends_on = parents_in(content)
    upgrade, downgrade = body(Direction.UPGRADE), body(Direction.DOWNGRADE)
    return Migration(path, revision, parents, depends_on, upgrade=upgrade, downgrade=downgrade)


def _no_revision(path: str, revision: Value | None, names: dict[str, Value], source: Source) -> Unreadable | None:
    if revision is None and not any(mark in names for mark in MARKS):
        return None
    if revision is None:
        reason = 'It declares no revision, so Alembic cannot place it. Write revision = "..." at its top.'
        return Unreadable(path, reason)
    reason = "Its revision is not written out as text, so its place in the history is unknown."
    return Unreadable(path, reason, _assignment(source, "revision"))


def _ids(value: Value | None) -> tuple[str, ...] | None:
    """One id, several or none; None where they cannot be told."""
    match value:
        case None | Constant(None):
            return ()
        case Text(value=text) if value.known:
            return (text,) if text else ()
        case Items(items=items, complete=True) if all(isinstance(one, Text) and one.known for one in items):
            return tuple(one.value for one in items if isinstance(one, Text))
    return None


def _is_computed(value: Value) -> bool:
    """Whether only running the file shows what a value is."""
    if isinstance(value, Items):
        return not value.complete or any(map(_is_computed, value.items))
    return not isinstance(value, Constant | Pairs) and not (isinstance(value, Text) and value.known)


def _body(walker: Walker, direction: Direction, database: str | None) -> Body:
    name = direction.value
    function = walker.module.names.get(name)
    if function is None and not walker.is_cut and not walker.is_assembled:
        return Body(Form.MISSING)
    operations, end = walker.run(name, direction, database)
    operations += tuple(_undefined(walker.source, direction))
    span = statement = None
    if isinstance(function, Function) and function.module is walker.module:
        span, statement = _head(walker.source, function.node), _with_decorators(walker.source, function.node)
    if not operations:
        form = Form.RAISES if end == "raise" else Form.EMPTY
    elif end == "raise" and all(isinstance(one, Opaque) for one in operations):
        form = Form.RAISES
    else:
        form = Form.BODY
    return Body(form, span, operations, statement)


def _undefined(source: Source, direction: Direction) -> Iterator[Opaque]:
    """The names that stop the function: what it does is read as if they were there."""
    for name, node in undefined_names(source, direction.value):
        span = source.span(node)
        reason = f"nothing imports or defines {name}, and Python raises a NameError"
        site = Site(direction, span, span)
        yield Opaque(site=site, what=name, reason=reason, rows_only=True, mistake=Mistake.CALL)


def _head(source: Source, node: cst.FunctionDef | cst.Lambda) -> Span:
    """`def upgrade` without its parameters."""
    if isinstance(node, cst.FunctionDef):
        start, _ = source.offsets(node)
        _, end = source.offsets(node.name)
        line_start = source.text.rfind("def", 0, end)
        return source.lines.span(max(start, line_start), end)
    return source.span(node)


def _with_decorators(source: Source, node: cst.FunctionDef | cst.Lambda) -> Span:
    start, end = source.offsets(node)
    if isinstance(node, cst.FunctionDef) and node.decorators:
        start, _ = source.offsets(node.decorators[0])
    return source.lines.span(start, end)


def _assignment(source: Source, name: str) -> Span | None:
    """Where the module assigns a name."""
    for line in source.module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            target: cst.BaseExpression | None = None
            if isinstance(statement, cst.Assign):
                target = statement.targets[0].target
            elif isinstance(statement, cst.AnnAssign):
                target = statement.target
            if isinstance(target, cst.Name) and target.value == name:
                return source.span(line)
    return None


def _docstring(source: Source) -> str:
    """What the module says of itself: its docstring, or the text that stands behind its imports, as in Neutron."""
    for line in source.module.body:
        text = source.module.with_changes(body=[line]).get_docstring()
        if text is not None:
            return text
        imports = isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom)
        if not imports:
            break
    return ""


def _top(source: Source) -> int:
    """The line of the first statement behind the docstring."""
    for position, line in enumerate(source.module.body):
        first = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        docstring = isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString | cst.ConcatenatedString)
        if position or not docstring:
            return source.span(line).line
    return 1
