"""
Applies the corrections of a report to the files, round by round, and makes the patch that would do so.

Knows files, encodings and line ends; what is corrected, and whether that is safe, is said by each finding's fix.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import shutil
import tempfile
import tokenize
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import diff_bytes, unified_diff
from io import BytesIO
from pathlib import Path

from migration_guard import source_edits
from migration_guard.model.finding import Edit, Finding, Rename, Report, Severity
from migration_guard.reading.source.source import UnreadableSource, decode, parse
from migration_guard.regular_files import FileNotRead, fence_of, read
from migration_guard.report.fixed_lines import split

ROUNDS = 10
_FILE_NAME = re.compile(r"[^/\\\0]+\.py")
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class FixedReport:
    """What was corrected: the report of what remains, how many findings are gone, and what could not be done."""

    report: Report
    fixed: int
    notes: tuple[str, ...]


@dataclass(slots=True)
class _FileFix:
    """What the fixes chosen for one file make of it. The same import may be wanted by several."""

    path: str
    before: bytes
    text: str
    findings: list[Finding] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    imports: set[Edit] = field(default_factory=set)
    touched: source_edits.TouchedText = field(default_factory=source_edits.TouchedText)
    name: str | None = None


def fix(lint: Callable[[Sequence[Path]], Report], paths: Sequence[Path], cwd: Path, *, unsafe: bool) -> FixedReport:
    """Lint, correct and lint again until nothing is left that can be corrected. Each file is written as a whole."""
    report = lint(paths)
    budget: Counter[tuple[str, ...]] = Counter()
    notes: dict[str, None] = {}
    careful: set[str] = set()
    count = 0
    for _ in range(ROUNDS):
        found = Counter(_key(finding) for finding in report.findings)
        budget.update({key: number for key, number in found.items() if key not in budget})
        chosen = [finding for finding in report.findings if budget[_key(finding)] > 0]
        changes = _changes(chosen, cwd, unsafe=unsafe, notes=notes, careful=careful)
        done = [change for change in changes if _write(change, cwd, notes)]
        if not done:
            break
        paths, named = [_renamed(path, done, cwd) for path in paths], paths
        before, report = report, lint(paths)
        worse = [change for change in done if _worse(change, before, report)]
        for change in worse:
            _take_back(change, cwd, careful, budget, notes)
        if worse:
            paths = [_renamed(path, [change for change in done if change not in worse], cwd) for path in named]
            report = lint(paths)
        for change in done:
            if change not in worse:
                budget.subtract(_key(finding) for finding in change.findings)
                count += len(change.findings)
    return FixedReport(report, count, tuple(notes))


def patch(report: Report, cwd: Path, *, unsafe: bool) -> tuple[bytes, int, tuple[str, ...]]:
    """
    The patch that the first round of corrections would make, how many findings it fixes, and what could not be done.

    It is bytes, because each file keeps its own encoding.
    """
    notes: dict[str, None] = {}
    parts: list[bytes] = []
    count = 0
    for change in _changes(report.findings, cwd, unsafe=unsafe, notes=notes):
        if (after := _after(change, notes)) is None:
            continue
        count += len(change.findings)
        parts += _patch(change, after)
    waiting = sum(applicable(finding, unsafe=unsafe) for finding in report.findings) - count
    if waiting > 0 and not notes:
        notes[f"{waiting} more touch the same lines. Apply this patch and ask again for theirs."] = None
    return b"".join(parts), count, tuple(notes)


def applicable(finding: Finding, *, unsafe: bool) -> bool:
    """Whether the finding has a fix that was asked for."""
    return finding.fix is not None and bool(finding.fix.edits) and (unsafe or finding.fix.safe)


def _key(finding: Finding) -> tuple[str, ...]:
    """What makes a finding the same one after its file was corrected or renamed."""
    return (finding.code, finding.revision or finding.path, finding.message)


def _changes(
    findings: Iterable[Finding], cwd: Path, *, unsafe: bool, notes: dict[str, None], careful: Collection[str] = ()
) -> Iterator[_FileFix]:
    """
    The fixes of one round, by file. One that touches the text of another waits for the next round; `careful` files
    take one at a time.
    """
    changes: dict[str, _FileFix | None] = {}
    for finding in findings:
        if not applicable(finding, unsafe=unsafe):
            continue
        if finding.path not in changes:
            changes[finding.path] = _opened(finding.path, cwd, notes)
        change = changes[finding.path]
        if change is not None and not (change.findings and finding.path in careful):
            _choose(change, finding, notes)
    return (change for change in changes.values() if change is not None and change.findings)


def _opened(path: str, cwd: Path, notes: dict[str, None]) -> _FileFix | None:
    try:
        content = read(cwd / path, fence_of((cwd / path).parent))
        return _FileFix(path, content, decode(content))
    except FileNotRead as reason:
        notes[f"{path} was left as it is: it {reason}."] = None
    except UnreadableSource as error:
        notes[f"{path} was left as it is: {error}"] = None
    return None


def _choose(change: _FileFix, finding: Finding, notes: dict[str, None]) -> None:
    """Take the finding's fix into the change, if it fits beside those taken before."""
    wanted = finding.fix.edits if finding.fix else ()
    names = [edit.name for edit in wanted if isinstance(edit, Rename)]
    edits = [edit for edit in wanted if isinstance(edit, Edit) and edit not in change.imports]
    if not all(_FILE_NAME.fullmatch(name) for name in names):
        notes[f"{change.path} was left as it is: {names[0]!r} is no name for it. Report this."] = None
        return
    if (names and change.name) or any(map(change.touched.touches, edits)):
        return
    change.name = names[0] if names else change.name
    change.edits += edits
    change.imports.update(edit for edit in edits if edit.text.lstrip().startswith(("import ", "from ")))
    for edit in edits:
        change.touched.add(edit)
    change.findings.append(finding)


def _after(change: _FileFix, notes: dict[str, None]) -> str | None:
    """The corrected text with the file's own line ends; None where it would no longer be Python."""
    newline = source_edits.Places(change.text).newline
    edits = [replace(edit, text=newline.join(split(edit.text))) for edit in change.edits]
    try:
        after = source_edits.apply(change.text, edits)
        if edits:
            parse(change.path, after)
    except (UnreadableSource, ValueError, IndexError) as error:
        notes[f"{change.path} was left as it is: its correction went wrong ({error}). Report this."] = None
        return None
    return after


def _write(change: _FileFix, cwd: Path, notes: dict[str, None]) -> bool:
    """Write the corrected file and give it its new name. False where that could not be done."""
    file = cwd / change.path
    after = _after(change, notes)
    target = file.with_name(change.name) if change.name else file
    if after is None or not _free(file, target, notes, change):
        return False
    encoding, _ = tokenize.detect_encoding(BytesIO(change.before).readline)
    try:
        if change.edits:
            _replace(file, after.encode(encoding))
        if target != file:
            file.rename(target)
    except (OSError, UnicodeEncodeError) as error:
        notes[f"{change.path} could not be written: {error}"] = None
        return False
    return True


def _free(file: Path, target: Path, notes: dict[str, None], change: _FileFix) -> bool:
    # On a file system that ignores case, the new name may be the file itself.
    if target != file and target.exists() and not target.samefile(file):
        notes[f"{change.path} was not renamed: there is a {target.name} already. Rename one of them by hand."] = None
        return False
    return True


def _replace(file: Path, content: bytes) -> None:
    """Put the content in the file's place at once: whoever reads it sees the old or the new, never a part."""
    place = Path(os.path.realpath(file))
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".migration_guard_")
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        shutil.copymode(place, name)
        os.replace(name, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _take_back(
    change: _FileFix, cwd: Path, careful: set[str], budget: Counter[tuple[str, ...]], notes: dict[str, None]
) -> None:
    """Undo a change that made an error. Its fixes are tried one by one, and the one to blame is told."""
    file = cwd / change.path
    if change.name and change.name != file.name:
        file.with_name(change.name).rename(file)
    _replace(file, change.before)
    careful.add(change.path)
    if len(change.findings) == 1:
        (finding,) = change.findings
        budget[_key(finding)] = 0
        why = "because the result would have an error of its own. Correct it by hand"
        notes[f"{finding.code} in {change.path} was not corrected, {why}."] = None


def _worse(change: _FileFix, before: Report, after: Report) -> bool:
    """Whether the corrected file has an error that the file did not have."""
    paths = {change.path, str(Path(change.path).with_name(change.name).as_posix()) if change.name else change.path}
    had, has = (
        Counter(
            finding.code for finding in report.findings if finding.path in paths and finding.severity is Severity.ERROR
        )
        for report in (before, after)
    )
    return bool(has - had)


def _renamed(path: Path, done: Sequence[_FileFix], cwd: Path) -> Path:
    """What the user named, by the name it has now."""
    place = Path(os.path.normpath(cwd / path))
    for change in done:
        if change.name and place == cwd / change.path:
            return path.with_name(change.name)
    return path


def _patch(change: _FileFix, after: str) -> Iterator[bytes]:
    encoding, _ = tokenize.detect_encoding(BytesIO(change.before).readline)
    mark, encoding = (codecs.BOM_UTF8, "utf-8") if encoding == "utf-8-sig" else (b"", encoding)
    target = Path(change.path).with_name(change.name).as_posix() if change.name else change.path
    yield os.fsencode(f"diff --git a/{change.path} b/{target}\n")
    if target != change.path:
        yield os.fsencode(f"rename from {change.path}\nrename to {target}\n")
    old, new = (_LINES.findall(mark + text.encode(encoding)) for text in (change.text, after))
    here, there = os.fsencode(f"a/{change.path}"), os.fsencode(f"b/{target}")
    for line in diff_bytes(unified_diff, old, new, here, there):
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
