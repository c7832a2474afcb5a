"""
Lints the public corpus: fifteen applications whose wheels carry their migrations. A script, not a test: it downloads.

    python tests/corpus.py [--folder FOLDER] [--target "postgresql 14"] [PROJECT ...]

Prints what was found and how much was understood; exits 1 after a crash, where less was understood than we promise, or
where what a revision is handed over with (`summary`) does not pass its own check.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import stat
import subprocess
import sys
import traceback
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from migration_guard import engine, targets
from migration_guard.config import Overrides
from migration_guard.model.change_ledger import fold
from migration_guard.model.change_summary import ChangeSummary, SummarizedRevision
from migration_guard.model.constraints import CreateIndex
from migration_guard.model.finding import Report
from migration_guard.model.migration import History, Migration
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import CreateTable, Operation
from migration_guard.model.replay import replay
from migration_guard.model.site import Site
from migration_guard.model.target import Target, parse
from migration_guard.model.unknown import Unknown
from migration_guard.reading.cache.store import Cache
from migration_guard.reading.directives.registry import directives
from migration_guard.reading.discovery.project import find
from migration_guard.reading.history import read_history
from migration_guard.reading.sql.reader import read_sql
from migration_guard.report.change_summary import render
from migration_guard.summary_check import differences
from migration_guard.written_summary import read

CORPUS = {
    "mlflow-skinny": "3.17.2",
    "optuna": "5.0.0",
    "ihatemoney": "7.2.1",
    "argilla-server": "2.8.0",
    "arize-phoenix": "20.26.1",
    "apache-airflow-core": "3.3.2",
    "prefect": "3.9.1",
    "datajunction-server": "0.0.272",
    "fractal-server": "2.18.5",
    "dagster": "1.13.29",
    "apache-superset": "6.1.0",
    "galaxy-data": "26.1.2",
    "neutron": "29.0.0",
    "octavia": "19.0.0",
    "zenml": "0.98.0",
}
READ_BY_LINT = {".py", ".ini", ".toml", ".cfg", ".sql"}
EXECUTIONS = {"execute", "exec_driver_sql", "executemany", "executescript", "scalar", "scalars", "exec"}
# The directives that are no operation where they stand, or are counted by what they run.
UNCOUNTED = {
    "batch_alter_table",
    "execute",
    "f",
    "get_bind",
    "get_context",
    "implementation_for",
    "inline_literal",
    "invoke",
    "register_operation",
    "run_async",
}
DIALECTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}
PROMISED_CALLS, PROMISED_EXECUTIONS = 0.98, 0.90


@dataclass
class Share:
    """How many of some things were understood, and why the others were not."""

    resolved: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.resolved + self.reasons.total()

    def __str__(self) -> str:
        return f"{self.resolved} of {self.total} ({self.resolved / self.total:.1%})" if self.total else "none"


@dataclass
class Understood:
    """
    How much of the corpus was read.

    `calls` are those of op.* and batch_op.* in the migrations' own files, `wrapped` those that lead elsewhere;
    `executions` are SQL statements, and `foreign` those that are written for another database. `unreached` are calls of
    op.* that no path through upgrade() and downgrade() comes to on this database.
    """

    calls: Share = field(default_factory=Share)
    wrapped: Share = field(default_factory=Share)
    executions: Share = field(default_factory=Share)
    foreign: Counter[str] = field(default_factory=Counter)
    unreached: int = 0


def main() -> int:
    """The whole corpus, or the projects that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="only these (default: all)")
    parser.add_argument("--folder", type=Path, default=_cache_folder(), help="where it is kept (default: %(default)s)")
    parser.add_argument("--target", help="judge for this database instead of the one that is guessed")
    options = parser.parse_args()
    unknown = set(options.projects) - set(CORPUS)
    if unknown:
        parser.error(f"not in the corpus: {', '.join(sorted(unknown))}; choose from {', '.join(CORPUS)}")
    target = parse(options.target) if options.target else None
    reports: dict[str, Report] = {}
    crashes: dict[str, str] = {}
    understood = Understood()
    for name in options.projects or CORPUS:
        folder = unpacked(name, options.folder)
        try:
            reports[name] = engine.lint([folder], folder, overrides=_overrides(target))
            for history, judged in _histories(folder, target):
                _measure(history, judged, understood)
                _check_summaries(history, judged)
        except Exception:
            crashes[name] = traceback.format_exc()
    print("\n".join(_printed(reports, understood)))
    for name, trace in crashes.items():
        print(f"\n{name} crashed:\n{trace}", file=sys.stderr)
    return int(bool(crashes) or not _kept(understood))


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "migration-guard" / "corpus"


def _overrides(target: Target | None) -> Overrides:
    return Overrides(cache=False, target=(str(target),) if target else None)


# --- the files ------------------------------------------------------------------------------------------------------


def unpacked(name: str, folder: Path) -> Path:
    """The folder with a project's sources, downloaded and unpacked where they are not there yet."""
    version = CORPUS[name]
    place = folder / f"{name}-{version}"
    if not place.is_dir():
        partial = folder / f"{name}-{version}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _unpack(_downloaded(name, version, folder / "wheels"), partial)
        partial.rename(place)
    return place


def _downloaded(name: str, version: str, wheels: Path) -> Path:
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(wheels.glob(pattern)):
        options = ("--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--quiet", "--dest", str(wheels))
        subprocess.run([sys.executable, "-m", "pip", "download", *options, f"{name}=={version}"], check=True)
    return next(wheels.glob(pattern))


def _unpack(wheel: Path, folder: Path) -> None:
    """The files that lint reads. Nothing leaves the folder, whatever the archive says."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.suffix not in READ_BY_LINT or stat.S_ISLNK(member.external_attr >> 16):
                continue
            if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
                raise ValueError(f"{wheel.name} holds a path that leaves its folder: {member.filename}")
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(member))


# --- how much was understood ----------------------------------------------------------------------------------------


def _histories(folder: Path, target: Target | None) -> Iterator[tuple[History, Target]]:
    for project in find([folder], folder):
        contents: Mapping[str, bytes | None] = {str(path): path.read_bytes() for path in project.files}
        around = targets.Evidence.of(project)
        judged = target or targets.guess(around, [one for one in contents.values() if one])[0].target
        history, _ = read_history(project, contents, judged.dialect, None, Cache(None, str(project.repository)))
        yield history, judged


def _measure(history: History, target: Target, understood: Understood) -> None:
    for migration in history.migrations:
        written = _written_calls(migration)
        asked: dict[object, tuple[Share, list[Operation]]] = {}
        for operation in migration.operations:
            key, share = _place(operation.site, written, understood)
            asked.setdefault(key, (share, []))[1].append(operation)
        for share, operations in asked.values():
            unresolved = next((one for one in operations if _reason(one)), None)
            if unresolved is None:
                share.resolved += 1
            elif foreign := _other_dialect(unresolved, target):
                understood.foreign[f"{DIALECTS[target.dialect]} was judged, this reads as {foreign}"] += 1
            else:
                share.reasons[_reason(unresolved)] += 1
        reached = {_start(one.site) for one in migration.operations}
        understood.unreached += len(written - reached)


def _check_summaries(history: History, target: Target) -> None:
    """What each revision is handed over with passes its own check. Raises AssertionError."""
    for replayed in replay(history.graph, environment=history.environment):
        one = replayed.migration
        changes = fold([replayed])
        revision = SummarizedRevision(one.revision, one.path)
        summary = ChangeSummary((revision,), changes, target.dialect, (str(target),))
        for format in ("json", "markdown"):
            found = differences(read(render(summary, format).encode()), summary)
            assert not found, f"{one.path}: the summary as {format} does not pass its own check: {found}"


def _place(site: Site, written: set[tuple[int, int]], understood: Understood) -> tuple[object, Share]:
    """What an operation belongs to: a call of op.*, a call of a wrapper, or one statement of SQL."""
    name = site.call.name.rpartition(".")[2] if site.call else ""
    if site.sql is not None or (name in EXECUTIONS and not site.helper):
        return (site.span, site.sql), understood.executions
    own = not site.helper and _start(site) in written
    return (own, site.call.span if site.call else site.span), understood.calls if own else understood.wrapped


def _start(site: Site) -> tuple[int, int]:
    span = site.call.span if site.call else site.span
    return span.line, span.column


def _written_calls(migration: Migration) -> set[tuple[int, int]]:
    """Where a migration's own file calls a directive of op or of a batch, counted without our own reading."""
    tree = ast.parse(Path(migration.path).read_bytes())
    lines = Path(migration.path).read_text("utf-8-sig").splitlines()
    owners = {migration.op_name or "op"}
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            owners |= {node.optional_vars.id} if "batch_alter_table" in ast.unparse(node.context_expr) else set()
    noted = directives().keys() - UNCOUNTED
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(owner), attr=name)):
                if owner in owners and name in noted:
                    column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode()) + 1
                    found.add((node.lineno, column))
    return found


def _reason(operation: Operation) -> str:
    """
    Why an operation is not resolved: kind, table or (except in SQL) columns are not known. Empty where they are.
    """
    match operation:
        case Opaque():
            return operation.reason
        case CreateIndex() if isinstance(operation.index.columns, Unknown):
            return "the columns of the index are not known"
        case CreateTable() if operation.site.sql is None and not operation.table.complete:
            return "the columns of the table are not all known"
    return ""


def _other_dialect(operation: Operation, target: Target) -> str:
    """The database whose SQL this is, where the one that was judged cannot read it and another can."""
    sql = operation.site.sql
    if sql is None or not isinstance(operation, Opaque):
        return ""
    for dialect, name in DIALECTS.items():
        read = read_sql(sql, dialect, lambda start, end: operation.site)
        if dialect != target.dialect and read and not any(isinstance(one, Opaque) for one in read):
            return name
    return ""


def _kept(understood: Understood) -> bool:
    pairs = ((understood.calls, PROMISED_CALLS), (understood.executions, PROMISED_EXECUTIONS))
    return all(share.resolved >= promised * share.total for share, promised in pairs)


# --- words ----------------------------------------------------------------------------------------------------------


def _printed(reports: Mapping[str, Report], understood: Understood) -> Iterator[str]:
    yield "| project | target | files | operations | opaque | findings | seconds |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for name, report in reports.items():
        one = report.summary
        read = f"{one.files} | {one.operations} | {one.opaque / max(one.operations, 1):.1%}"
        yield f"| {name} | {', '.join(one.target)} | {read} | {len(report.findings)} | {one.seconds:.1f} |"
    yield from ("", "| finding | all | by project |", "|---|--:|---|")
    counts = {name: Counter(f"{one.code} {one.slug}" for one in report.findings) for name, report in reports.items()}
    for code in sorted({code for count in counts.values() for code in count}):
        places = [f"{name} {count[code]}" for name, count in counts.items() if count[code]]
        yield f"| {code} | {sum(count[code] for count in counts.values())} | {', '.join(places)} |"
    yield from ("", f"Resolved: {understood.calls} calls of op.* and batch_op.*,")
    yield f"    {understood.wrapped} calls that lead through other modules or build what they ask for elsewhere,"
    yield f"    {understood.executions} executions of SQL, and {understood.foreign.total()} more for another database."
    yield f"{understood.unreached} calls of op.* are in code that this database never comes to."
    for title, reasons in (
        ("Calls", understood.calls.reasons),
        ("Through other modules", understood.wrapped.reasons),
        ("Executions", understood.executions.reasons),
        ("For another database", understood.foreign),
    ):
        yield from ("", f"{title}, not resolved:" if reasons else f"{title}: all resolved.", *_ranked(reasons.items()))


def _ranked(reasons: Iterable[tuple[str, int]]) -> Iterator[str]:
    for reason, count in sorted(reasons, key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:6} {reason}"


if __name__ == "__main__":
    sys.exit(main())
