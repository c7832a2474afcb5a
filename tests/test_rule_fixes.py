"""The corrections on real files: what they make of each way to write a statement, and where they keep off."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from migration_guard import source_edits
from migration_guard.engine import lint
from migration_guard.model.finding import Edit, Finding

HEAD = 'revision = "a1"\ndown_revision = None\n'
TAIL = "\n\ndef downgrade():\n    # migration-guard: irreversible an example\n    raise NotImplementedError\n"


def findings(source: str, folder: Path, target: str = "postgresql 14") -> list[Finding]:
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (folder / "migration-guard.toml").write_text(f'target = "{target}"\n')
    (versions / "a1_example.py").write_bytes(source.encode())
    return list(lint([versions], folder).findings)


def fixed(source: str, code: str, folder: Path) -> str | None:
    """The source after the correction of the first finding of this code; None where it offers none."""
    found = next(finding for finding in findings(source, folder) if finding.code == code)
    if found.fix is None:
        return None
    result = source_edits.apply(source, [edit for edit in found.fix.edits if isinstance(edit, Edit)])
    ast.parse(result)
    left = [finding for finding in findings(result, folder) if (finding.code, finding.objects) == (code, found.objects)]
    assert left == []
    return result


def module(imports: str, body: str) -> str:
    return f"{imports}\n\n{HEAD}\n\ndef upgrade():\n{body}{TAIL}"


@pytest.mark.parametrize(
    ("imports", "before", "after"),
    [
        (
            "import alembic.op as o",
            '    o.create_index("ix", "users", ["a"])',
            "    with o.get_context().autocommit_block():\n"
            '        o.create_index("ix", "users", ["a"], postgresql_concurrently=True)',
        ),
        (
            "from alembic import op",
            '    op.create_index(\n        "ix",\n        "users",\n        ["a"],  # the only one\n    )',
            "    with op.get_context().autocommit_block():\n"
            '        op.create_index(\n            "ix",\n            "users",\n            ["a"],  # the only one\n'
            "            postgresql_concurrently=True,\n        )",
        ),
        (
            "from alembic import op",
            '    op.create_index(\n        "ix",\n        "users",\n        ["a"]  # the only one\n    )',
            "    with op.get_context().autocommit_block():\n"
            '        op.create_index(\n            "ix",\n            "users",\n            ["a"],  # the only one\n'
            "            postgresql_concurrently=True\n        )",
        ),
        (
            "from alembic import op",
            '    connection = op.get_bind()\n    connection.exec_driver_sql("CREATE INDEX ix ON users (a)")',
            "    connection = op.get_bind()\n    with op.get_context().autocommit_block():\n"
            '        connection.exec_driver_sql("CREATE INDEX CONCURRENTLY ix ON users (a)")',
        ),
        (
            "from alembic import op",
            '\tif True:\n\t\top.create_index("ix", "users", ["a"])',
            "\tif True:\n\t\twith op.get_context().autocommit_block():\n"
            '\t\t\top.create_index("ix", "users", ["a"], postgresql_concurrently=True)',
        ),
        (
            "from alembic import op",
            '    op.create_index("ix", "users", ["a"], postgresql_concurrently=False)  # later',
            "    with op.get_context().autocommit_block():\n"
            '        op.create_index("ix", "users", ["a"], postgresql_concurrently=True)  # later',
        ),
        (
            "from alembic import op",
            '    for table in ("users", "pets"):\n        op.create_index(f"ix_{table}", table, ["a"])',
            '    for table in ("users", "pets"):\n        with op.get_context().autocommit_block():\n'
            '            op.create_index(f"ix_{table}", table, ["a"], postgresql_concurrently=True)',
        ),
    ],
)
def test_an_index_is_built_concurrently_however_it_is_written(
    imports: str, before: str, after: str, tmp_path: Path
) -> None:
    assert fixed(module(imports, before), "MG401", tmp_path) == module(imports, after)


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    before = module("from alembic import op", '    op.create_index(\n        "ix", "users", ["a"]\n    )')
    after = fixed(before.replace("\n", "\r\n"), "MG401", tmp_path)
    assert after is not None
    assert after.count("\r\n") == after.count("\n")


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("from alembic.op import create_index", '    create_index("ix", "users", ["a"])'),
        ("from alembic import op", '    if True: op.create_index("ix", "users", ["a"])'),
        ("from alembic import op", '    op.create_index("ix", "users", ["a"]); op.drop_index("iy")'),
        (
            "from alembic import op",
            '    with op.batch_alter_table("users") as batch_op:\n        batch_op.create_index("ix", ["a"])',
        ),
        ("from alembic import op", '    op.execute("CREATE INDEX ix ON users (a); CREATE INDEX iy ON users (b)")'),
        ("from alembic import op", '    name = "ix"\n    op.execute(f"CREATE INDEX {name} ON users (a)")'),
        ("from alembic import op", '    op.execute("DO $$ BEGIN CREATE INDEX ix ON users (a); END $$")'),
        (
            "import sqlalchemy as sa\nfrom alembic import op",
            '    op.add_column("users", sa.Column("a", sa.Text(), index=True))',
        ),
    ],
)
def test_where_an_edit_would_not_fit_none_is_offered(imports: str, body: str, tmp_path: Path) -> None:
    assert fixed(module(imports, body), "MG401", tmp_path) is None


def test_a_correction_that_commits_other_work_is_not_safe(tmp_path: Path) -> None:
    index = '    op.create_index("ix", "users", ["a"])'
    alone = module("from alembic import op", index)
    shared = module("from alembic import op", f"    op.execute(\"COMMENT ON TABLE users IS 'x'\")\n{index}")
    safe = [finding.fix.safe for source in (alone, shared) for finding in findings(source, tmp_path) if finding.fix]
    assert safe == [True, False]


@pytest.mark.parametrize(
    ("type", "default"),
    [
        ("sa.Boolean()", 'sa.text("false")'),
        ("sa.Numeric(10, 2)", 'sa.text("0")'),
        ("sa.String(20)", "sa.text(\"''\")"),
        ("sa.DateTime(timezone=True)", None),
        ("sa.Date()", None),
        ("sa.JSON()", "sa.text(\"'{}'\")"),
        ("sa.ARRAY(sa.Text())", "sa.text(\"'{}'\")"),
        ("sa.Uuid()", None),
        ('sa.Enum("a", name="kind")', None),
    ],
)
def test_a_required_column_gets_the_default_of_its_type(type: str, default: str | None, tmp_path: Path) -> None:
    imports = "import sqlalchemy as sa\nfrom alembic import op"
    before = module(imports, f'    op.add_column("users", sa.Column("a", {type}, nullable=False))')
    after = default and before.replace("nullable=False", f"nullable=False, server_default={default}")
    assert fixed(before, "MG201", tmp_path) == after


ADDED = 'op.add_column("users", sa.Column("a", sa.Text(), nullable=False))'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (ADDED.replace("False", "False, unique=True"), "it is made unique"),
        (ADDED.replace("sa.Text()", 'sa.Text(), sa.ForeignKey("others.id")'), "it refers to a row of others"),
        (f'{ADDED}\n    op.create_index("ix", "users", ["a"], unique=True)', "it is made unique"),
        (f'{ADDED}\n    op.create_unique_constraint("uq", "users", ["b", "a"])', "it is made unique"),
        (f'{ADDED}\n    op.execute("CREATE UNIQUE INDEX ix ON users (lower(a))")', "it is made unique"),
        (f'{ADDED}\n    op.create_primary_key("pk", "users", ["a"])', "it becomes a primary key"),
    ],
)
def test_no_default_is_offered_where_none_would_do_for_every_row(body: str, reason: str, tmp_path: Path) -> None:
    source = module("import sqlalchemy as sa\nfrom alembic import op", f"    {body}")
    found = next(finding for finding in findings(source, tmp_path) if finding.code == "MG201")
    assert found.fix is None
    assert f"One default for all rows does not do, since {reason}" in found.help


def test_a_later_revision_that_makes_the_column_unique_counts_and_that_of_another_table_does_not(
    tmp_path: Path,
) -> None:
    imports = "import sqlalchemy as sa\nfrom alembic import op"
    later = module(imports, '    op.create_unique_constraint("uq", "{table}", ["a"])')
    later = later.replace('"a1"', '"a2"').replace("None", '"a1"')
    offered = []
    for table in ("users", "others"):
        (tmp_path / table / "versions").mkdir(parents=True)
        (tmp_path / table / "versions" / "a2_later.py").write_text(later.replace("{table}", table))
        found = findings(module(imports, f"    {ADDED}"), tmp_path / table)
        offered += [one.fix is not None for one in found if one.code == "MG201"]
    assert offered == [False, True]


def test_what_a_help_shows_can_be_pasted_whatever_the_names_are(tmp_path: Path) -> None:
    imports = "import sqlalchemy as sa\nfrom alembic import op"
    body = """\
    op.alter_column("Users", "order", nullable=False, schema="app")
    op.create_unique_constraint(None, "Users", ["a"], schema="app")
    op.create_check_constraint(None, "Users", "age > 0", schema="app")
"""
    scan, unique, check = (one.help for one in findings(module(imports, body), tmp_path) if one.direction == "upgrade")
    assert '"\\"order\\" IS NOT NULL", postgresql_not_valid=True, schema="app"' in scan
    assert 'op.alter_column("Users", "order", nullable=False, schema="app")' in scan
    assert (
        'op.create_index("uq_Users_a", "Users", ["a"], unique=True, postgresql_concurrently=True, schema="app")'
        in unique
    )
    assert 'op.execute("ALTER TABLE app.\\"Users\\" VALIDATE CONSTRAINT \\"Users_age_check\\"")' in check


def test_a_type_change_says_how(tmp_path: Path) -> None:
    imports = "import sqlalchemy as sa\nfrom alembic import op"
    change = 'op.alter_column("users", "a", existing_type=sa.Text(), type_=sa.Integer())'
    assert fixed(module(imports, f"    {change}"), "MG211", tmp_path) is None, "the rewrite would come to light"
    before = module(imports, f'    op.create_table("users", sa.Column("a", sa.Text()))\n    {change}')
    after = before.replace("sa.Integer()", 'sa.Integer(), postgresql_using="a::integer"')
    assert fixed(before, "MG211", tmp_path) == after


@pytest.mark.parametrize(("files", "found"), [(8, []), (12, ["zz_odd.py"])])
def test_the_files_themselves_show_their_pattern(files: int, found: list[str], tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    parent = None
    for number in range(files):
        text = f'revision = "r{number}"\ndown_revision = {parent!r}\n\n\ndef upgrade():\n    pass\n'
        (versions / ("zz_odd.py" if number == 3 else f"{number:04}_step.py")).write_text(text)
        parent = f"r{number}"
    report = lint([versions], tmp_path)
    assert [Path(finding.path).name for finding in report.findings if finding.code == "MG008"] == found


def test_a_file_is_renamed_to_what_the_pattern_asks_for(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text('target = "postgresql 14"\nfilename-pattern = "alembic"\n')
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "Add Users (1).py").write_text(module("from alembic import op", "    pass"))
    (found,) = [finding for finding in lint([versions], tmp_path).findings if finding.code == "MG008"]
    assert found.fix
    assert found.fix.safe
    assert [getattr(edit, "name", None) for edit in found.fix.edits] == ["a1_add_users_1.py"]
