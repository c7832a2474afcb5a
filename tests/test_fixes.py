"""Corrections: round by round, in the file's own encoding, and never a file that is no Python any more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from migration_guard.fixes import fix, patch
from migration_guard.model.finding import Edit, Finding, Fix, Rename, Report, Severity, Span, Summary

Lint = Callable[[Sequence[Path]], Report]


def finding(path: str, *edits: Edit | Rename, safe: bool = True, message: str = "", code: str = "MG401") -> Finding:
    return Finding(
        code=code,
        slug="slug",
        severity=Severity.ERROR,
        message=message or path,
        help="",
        path=path,
        span=next((edit.span for edit in edits if isinstance(edit, Edit)), None),
        fix=Fix(safe, edits) if edits else None,
    )


def word_lint(cwd: Path, *, bad: str = "bad", good: str = "good", safe: bool = True) -> Lint:
    """A linter that minds one word on each line and knows a better one."""

    def lint(paths: Sequence[Path]) -> Report:
        found = []
        for file in sorted(cwd.glob("*.py")):
            for number, line in enumerate(file.read_bytes().decode("latin-1").split("\n"), start=1):
                if bad in line:
                    column = line.index(bad) + 1
                    edit = Edit(Span(number, column, number, column + len(bad)), good)
                    found.append(finding(file.name, edit, safe=safe, message=f"{file.name} {number}"))
        return Report(tuple(found), Summary())

    return lint


def test_every_file_is_corrected_and_linted_again(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("bad = 1\nfine = 2  # bad\n")
    (tmp_path / "b.py").write_text("bad = 3\n")
    done = fix(word_lint(tmp_path), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_text() == "good = 1\nfine = 2  # good\n"
    assert (tmp_path / "b.py").read_text() == "good = 3\n"
    assert (done.fixed, done.report.findings, done.notes) == (3, (), ())


def test_an_unsafe_fix_waits_for_the_word(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("bad = 1\n")
    lint = word_lint(tmp_path, safe=False)
    assert fix(lint, [], tmp_path, unsafe=False).fixed == 0
    assert (tmp_path / "a.py").read_text() == "bad = 1\n"
    assert fix(lint, [], tmp_path, unsafe=True).fixed == 1


def test_fixes_that_touch_the_same_text_go_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x\n")

    def lint(paths: Sequence[Path]) -> Report:
        missing = [name for name in ("one", "two") if name not in file.read_text()]
        return Report(
            tuple(finding("a.py", Edit(Span(1, 1, 1, 1), f"{name}\n"), message=name) for name in missing), Summary()
        )

    assert fix(lint, [], tmp_path, unsafe=False).fixed == 2
    assert file.read_text() == "two\none\nx\n"


def test_an_import_that_two_fixes_want_is_added_once(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x\ny\n")
    addition = Edit(Span(1, 1, 1, 1), "import sqlalchemy as sa\n")

    def lint(paths: Sequence[Path]) -> Report:
        if "import" in file.read_text():
            return Report((), Summary())
        pairs = [(Edit(Span(line, 1, line, 2), f"sa.{name}"), name) for line, name in ((1, "x"), (2, "y"))]
        return Report(tuple(finding("a.py", addition, edit, message=name) for edit, name in pairs), Summary())

    assert fix(lint, [], tmp_path, unsafe=False).fixed == 2
    assert file.read_text() == "import sqlalchemy as sa\nsa.x\nsa.y\n"


def test_a_fix_that_does_not_silence_its_finding_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x\n")
    stubborn = finding("a.py", Edit(Span(1, 1, 1, 1), "y\n"))
    fix(lambda _: Report((stubborn,), Summary()), [], tmp_path, unsafe=False)
    assert file.read_text() == "y\nx\n"


def test_a_result_that_is_no_python_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("bad = 1\n")
    done = fix(word_lint(tmp_path, good="not ( python"), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_text() == "bad = 1\n"
    assert done.fixed == 0
    assert "a.py was left as it is" in done.notes[0]


def test_a_result_with_an_error_of_its_own_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("bad = 1\n")

    def lint(paths: Sequence[Path]) -> Report:
        if "good" in file.read_text():
            return Report((finding("a.py", code="MG402"),), Summary())
        return word_lint(tmp_path)(paths)

    done = fix(lint, [], tmp_path, unsafe=False)
    assert file.read_text() == "bad = 1\n"
    assert done.fixed == 0
    assert [one.code for one in done.report.findings] == ["MG401"]
    assert "MG401 in a.py was not corrected" in done.notes[0]


def test_only_the_fix_that_makes_an_error_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("bad = 1\nbad = 2\nbad = 3\n")

    def lint(paths: Sequence[Path]) -> Report:
        error = [finding("a.py", code="MG402")] if "good = 2" in file.read_text() else []
        return Report((*word_lint(tmp_path)(paths).findings, *error), Summary())

    done = fix(lint, [], tmp_path, unsafe=False)
    assert file.read_text() == "good = 1\nbad = 2\ngood = 3\n"
    assert (done.fixed, len(done.notes)) == (2, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"bad = 'x'\r\n# \xe4\r\n", b"good = 'x'\r\n# \xe4\r\n"),
        (b"\r\nbad", b"\r\ngood"),
        (b"bad = 1\n\n\n  # end", b"good = 1\n\n\n  # end"),
    ],
)
def test_line_ends_and_the_encoding_stay(tmp_path: Path, before: bytes, after: bytes) -> None:
    cookie = b"# -*- coding: latin-1 -*-\n" if b"\xe4" in before else b""
    (tmp_path / "a.py").write_bytes(cookie + before)
    fix(word_lint(tmp_path), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_bytes() == cookie + after


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfx\n")
    edits = iter([Edit(Span(1, 1, 1, 2), "ü")])

    def lint(paths: Sequence[Path]) -> Report:
        return Report(tuple(finding("a.py", edit) for edit in [*edits]), Summary())

    fix(lint, [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_bytes() == "\ufeffü\n".encode()


def test_new_lines_take_the_line_ends_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"bad\r\n")
    fix(word_lint(tmp_path, good="x\ny"), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_bytes() == b"x\r\ny\r\n"


def test_permissions_stay_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("bad\n")
    (tmp_path / "real.txt").chmod(0o640)
    (tmp_path / "a.py").symlink_to(tmp_path / "real.txt")
    fix(word_lint(tmp_path), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "good\n"
    assert (tmp_path / "real.txt").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.py", "real.txt"]


def rename_lint(cwd: Path, name: str) -> Lint:
    def lint(paths: Sequence[Path]) -> Report:
        found = [finding("a.py", Rename(name))] if (cwd / "a.py").exists() else []
        return Report(tuple(found), Summary(notes=tuple(map(str, paths))))

    return lint


def test_a_file_is_renamed_and_found_again_under_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x\n")
    done = fix(rename_lint(tmp_path, "b.py"), [Path("a.py")], tmp_path, unsafe=False)
    assert os.listdir(tmp_path) == ["b.py"]
    assert (done.fixed, done.report.summary.notes) == (1, ("b.py",))


@pytest.mark.parametrize("name", ["b.py", "../b.py", "/tmp/b.py", "", "x/b.py", ".."])
def test_a_file_is_never_renamed_over_another_or_into_another_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("x\n")
    (tmp_path / "b.py").write_text("y\n")
    done = fix(rename_lint(tmp_path, name), [], tmp_path, unsafe=False)
    assert (tmp_path / "a.py").read_text() == "x\n"
    assert (tmp_path / "b.py").read_text() == "y\n"
    assert done.fixed == 0
    assert done.notes


def test_a_file_that_cannot_be_read_is_left_and_named(tmp_path: Path) -> None:
    report = Report((finding("gone.py", Edit(Span(1, 1, 1, 1), "x")),), Summary())
    done = fix(lambda _: report, [], tmp_path, unsafe=False)
    assert "gone.py was left as it is" in done.notes[0]


def test_the_patch_applies_with_git_and_changes_nothing_by_itself(tmp_path: Path) -> None:
    before = {"a.py": b"x = 1\nbad = 1\n# \xc3\xa4\n", "b.py": b"\xef\xbb\xbfbad\r\ny", "c.py": b"bad"}
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    report = word_lint(tmp_path)([])
    # The byte order mark is no part of the text that findings point into.
    found = [
        one if one.path != "b.py" else replace(one, fix=Fix(True, (Edit(Span(1, 1, 1, 4), "good"),)))
        for one in report.findings
    ]
    found.append(finding("c.py", Rename("d.py")))
    text, count, notes = patch(Report(tuple(found), Summary()), tmp_path, unsafe=False)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert (count, notes) == (4, ())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], input=text, cwd=tmp_path, check=True)
    assert (tmp_path / "a.py").read_bytes() == b"x = 1\ngood = 1\n# \xc3\xa4\n"
    assert (tmp_path / "b.py").read_bytes() == b"\xef\xbb\xbfgood\r\ny"
    assert (tmp_path / "d.py").read_bytes() == b"good"
    assert not (tmp_path / "c.py").exists()


def test_what_a_patch_leaves_for_the_next_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x\n")
    found = tuple(finding("a.py", Edit(Span(1, 1, 1, 1), name), message=name) for name in ("y\n", "z\n"))
    _, count, notes = patch(Report(found, Summary()), tmp_path, unsafe=False)
    assert (count, notes) == (1, ("1 more touch the same lines. Apply this patch and ask again for theirs.",))
