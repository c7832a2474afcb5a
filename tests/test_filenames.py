"""What is said of the names of files where alembic.ini has a file_template."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import script, write

from migration_guard.engine import lint

TEMPLATE = "file_template = %%(year)d-%%(month).2d-%%(day).2d_%%(rev)s_%%(slug)s\n"


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (("a_one", "b_two", "c_three"), [("info", "c_three.py")]),
        (("a_one", "b_two", "2026-01-02_c_three"), []),
        (("a_one", "2026-01-02_b_two", "c_three"), [("warning", "c_three.py")]),
        (("2026-01-02_a_one", "b two", "2026-01-02_c_three"), [("warning", "b two.py")]),
        (("a one", "b_two", "2026-01-02_c_three"), [("warning", "a one.py")]),
    ],
)
def test_a_file_template_holds_from_the_first_file_that_follows_it(
    tmp_path: Path, called: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    chain = dict(zip("abc", (None, "a", "b"), strict=True))
    write(tmp_path, {one: script(one, down) for one, down in chain.items()}, ini=TEMPLATE)
    versions = tmp_path / "migrations" / "versions"
    for revision, name in zip(chain, called, strict=True):
        (versions / f"{revision}_.py").rename(versions / f"{name}.py")
    found = [one for one in lint([tmp_path], tmp_path).findings if one.code == "MG008"]
    assert [(one.severity, Path(one.path).name) for one in found] == expected
