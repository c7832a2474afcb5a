"""Which files are read, how they are decoded, and which are never opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migration_guard.config import Overrides
from migration_guard.engine import lint
from migration_guard.model.migration import Migration, Unreadable
from migration_guard.model.objects import Opaque
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration
from tests.reading import HEAD, operations, shown


def read(tmp_path: Path, content: bytes, name: str = "one.py") -> Migration | Unreadable | None:
    return read_migration(str(tmp_path / name), content, "postgresql", Files(str(tmp_path)))


def test_a_file_next_to_the_migration_is_read(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "drop.sql").write_text("ALTER TABLE users DROP COLUMN age;")
    source = 'from pathlib import Path\nop.execute((Path(__file__).parent / "drop.sql").read_text())'
    assert shown(tmp_path, source) == ["DropColumn users age"]
    source = """
    import os
    with open(os.path.join(os.path.dirname(__file__), "drop.sql")) as file:
        op.execute(file.read())
    """
    assert shown(tmp_path, source) == ["DropColumn users age"]


@pytest.mark.parametrize(
    ("text", "docstring"),
    [
        ('"""Ports get a name"""\nimport os\n"""No."""\nrevision = "a"', "Ports get a name"),
        (
            '# A licence\nimport os\nfrom alembic import op\n"""Ports get a name\n\n"""\nrevision = "a"',
            "Ports get a name",
        ),
        ('import os\nrevision = "a"\n"""No."""', ""),
        ('import os\ndef upgrade(): pass\n"""No."""\nrevision = "a"', ""),
    ],
)
def test_the_docstring_may_stand_below_the_imports(tmp_path: Path, text: str, docstring: str) -> None:
    migration = read(tmp_path, f"{text}\ndown_revision = None\n".encode())
    assert isinstance(migration, Migration)
    assert migration.docstring.strip() == docstring


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../../../etc/passwd", "/dev/zero", "absent.sql"])
def test_files_outside_the_repository_are_never_read(tmp_path: Path, path: str) -> None:
    (only,) = operations(tmp_path, f'op.execute(open("{path}").read())')
    assert isinstance(only, Opaque)


def test_a_link_that_leaves_the_repository_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.sql"
    outside.write_text("DROP TABLE users")
    root = tmp_path / "repository"
    root.mkdir()
    os.symlink(outside, root / "inside.sql")
    (only,) = operations(root, 'op.execute(open("inside.sql").read())')
    assert isinstance(only, Opaque)


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.sql")
    (only,) = operations(tmp_path, 'op.execute(open("pipe.sql").read())')
    assert isinstance(only, Opaque)


def test_helpers_of_the_versions_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "helpers.py").write_text(
        'from alembic import op\nCOLUMN = "age"\ndef drop(table, column):\n    op.drop_column(table, column)\n'
    )
    source = 'from .helpers import drop, COLUMN\ndef upgrade():\n    drop("users", COLUMN)'
    (only,) = operations(tmp_path, source)
    assert only.site.helper == "drop() of versions/helpers.py"
    assert only.site.span.line == 10
    assert shown(tmp_path, "from versions import helpers\ndef upgrade():\n    helpers.drop('users', 'age')") == [
        "DropColumn users age"
    ]


def test_helpers_that_import_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a.py").write_text("from .b import name\nthing = name\n")
    (tmp_path / "versions" / "b.py").write_text("from .a import thing\nname = thing\n")
    (only,) = operations(tmp_path, "from .a import thing\ndef upgrade():\n    op.drop_table(thing)")
    assert isinstance(only, Opaque)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_every_encoding_that_python_reads_is_read(tmp_path: Path, encoding: str) -> None:
    declaration = "" if encoding.startswith("utf") else f"# -*- coding: {encoding} -*-\n"
    content = (declaration + HEAD + 'def upgrade():\n    op.drop_table("café")\n').encode(encoding)
    found = read(tmp_path, content)
    assert isinstance(found, Migration)
    assert str(found.upgrade.operations[0].table) == "café"  # type: ignore[attr-defined]


def test_columns_count_code_points(tmp_path: Path) -> None:
    (only,) = operations(tmp_path, 'x = "é😀"; op.drop_table("a")')
    assert only.site.span.column == 15


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"# nothing\n", "comments"),
        (b"def upgrade(:\n", "valid Python"),
        (b'revision = "\xff"\n', "bytes"),
        (b"# -*- coding: klingon -*-\n", "encoding"),
        (b"revision = 'a'\0\n", "null byte"),
        (b"def upgrade():\n    pass\n", "revision"),
        (b"down_revision = 'a'\n", "revision"),
        (b"revision = make()\ndown_revision = None\n", "not written out"),
        (b"revision = 'a'\ndown_revision = 7\n", "down_revision"),
        (b"revision = 'a'\ndown_revision = None\ndepends_on = ['b', 7]\n", "depends_on"),
        (b"x = [0 for a in range(900) for b in range(900)]\n" * 20 + b"revision = 'a'\n", "steps"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "nested"),
        (b"x = " + b"not " * 30000 + b"1", "nested"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    found = read(tmp_path, content)
    assert isinstance(found, Unreadable)
    assert word in found.reason
    assert found.reason.endswith(".")


@pytest.mark.parametrize(
    "line",
    [
        "down_revision = get_down_revision(revision)",
        "down_revision = open('order.txt').read().split()[-1]",
        "down_revision = ('b', get_down_revision(revision))",
        "down_revision = None\ndepends_on = [*others()]",
    ],
)
def test_a_migration_whose_parents_are_computed_is_read(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, f"from order import *\nrevision = 'a'\n{line}\ndef upgrade():\n    pass\n".encode())

    assert isinstance(found, Migration)
    assert not found.has_known_parents


def test_what_comes_before_a_revision_is_said_to_be_computed_in_one_note(tmp_path: Path) -> None:
    body = 'def upgrade():\n    op.create_index("i", "users", ["a"])\ndef downgrade():\n    op.drop_index("i")\n'
    for name in ("a", "b"):
        head = f"from alembic import op\nrevision = {name!r}\ndown_revision = get_down_revision(revision)\n"
        (tmp_path / f"{name}.py").write_text(head + body)
    report = lint([tmp_path], tmp_path, None, Overrides(cache=False))

    assert [finding.code for finding in report.findings] == ["MG401", "MG401"]
    [note] = [each for each in report.summary.notes if "computed" in each]
    assert note.startswith("What comes before a.py and 1 more is computed when Alembic imports the file.")


def test_files_that_are_no_migrations_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, b"", "__init__.py") is None
    assert read(tmp_path, b"def helper():\n    pass\n", "helpers.py") is None


def test_newer_syntax_than_the_running_python_is_read(tmp_path: Path) -> None:
    assert shown(tmp_path, 'name = f"{\'a\' + "b"}"\ntype Alias = int\nop.drop_table(name)') == ["DropTable ab"]


def test_annotated_and_plural_revisions_are_read(tmp_path: Path) -> None:
    content = b"""
from typing import Sequence, Union
revision: str = "c"
down_revision: Union[str, Sequence[str], None] = ("a", "b")
depends_on = ["x"]
branch_labels = "main"
def upgrade() -> None:
    pass
"""
    found = read(tmp_path, content)
    assert isinstance(found, Migration)
    assert (found.revision, found.parents, found.depends_on, found.branch_labels) == (
        "c",
        ("a", "b"),
        ("x",),
        ("main",),
    )
