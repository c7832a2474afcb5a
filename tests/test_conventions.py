"""Conventions: judged where the history ends, placed where the breach was made, silent where nothing is known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from migration_guard.config import Overrides
from migration_guard.engine import lint
from migration_guard.rule_examples import INI, module

KEY = 'sa.Column("id", sa.Uuid(), primary_key=True)'
CREATED = 'sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)'
UPDATED = CREATED.replace("created_at", "updated_at")


def found(folder: Path, *bodies: str, config: str = "", select: str, **overrides: object) -> list[tuple[str, str, str]]:
    """Revision, code and message of what one rule says of a history with these bodies of upgrade()."""
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations/env.py").write_text("")
    (folder / "migration-guard.toml").write_text(f'target = "postgresql 16"\nselect = ["{select}"]\n{config}')
    for number, body in enumerate(bodies):
        text = module(body, f"r{number}", f"r{number - 1}" if number else None)
        (versions / f"r{number}.py").write_text(text)
    report = lint([folder], folder, None, Overrides(cache=False, **overrides))  # type: ignore[arg-type]
    return [(one.revision or "", one.code, one.message) for one in report.findings if one.code != "MG002"]


def revisions(folder: Path, *bodies: str, config: str = "", select: str, **overrides: object) -> list[str]:
    return [revision for revision, _, _ in found(folder, *bodies, config=config, select=select, **overrides)]


def table(name: str, *columns: str) -> str:
    return f"op.create_table({', '.join([repr(name), KEY, *columns])})"


def test_a_breach_stands_on_the_revision_that_made_the_table(tmp_path: Path) -> None:
    assert found(tmp_path, table("users"), 'op.add_column("users", sa.Column("x", sa.Text()))', select="MG902") == [
        ("r0", "MG902", "Table users has no created_at, updated_at.")
    ]


def test_a_breach_stands_on_the_revision_that_broke_it(tmp_path: Path) -> None:
    bodies = (table("users", CREATED, UPDATED), 'op.drop_column("users", "updated_at")')
    assert revisions(tmp_path, *bodies, select="MG902") == ["r1"]


@pytest.mark.parametrize(
    "repair",
    [
        f'op.add_column("users", {CREATED})\nop.add_column("users", {UPDATED})',
        'op.drop_table("users")',
        "op.execute('ALTER TABLE users ADD created_at timestamptz, ADD updated_at timestamptz')",
    ],
)
def test_a_later_repair_or_drop_silences_it(tmp_path: Path, repair: str) -> None:
    assert not found(tmp_path, table("users"), repair, select="MG902")


def test_a_later_rename_silences_a_name(tmp_path: Path) -> None:
    assert not found(tmp_path, table("user"), 'op.rename_table("user", "users")', select="MG911")


def test_a_rename_of_the_table_leaves_the_breach_where_it_was_made(tmp_path: Path) -> None:
    bodies = (table("people"), 'op.rename_table("people", "users")', 'op.execute("SELECT 1")')
    assert revisions(tmp_path, *bodies, select="MG902") == ["r0"]


def test_a_rename_of_the_column_leaves_the_breach_where_it_was_made(tmp_path: Path) -> None:
    bodies = (
        table("users", 'sa.Column("made", sa.DateTime())'),
        'op.alter_column("users", "made", new_column_name="created_at")',
    )
    assert revisions(tmp_path, *bodies, select="MG903") == ["r0"]


def test_a_rename_that_breaks_a_convention_is_where_it_was_broken(tmp_path: Path) -> None:
    assert revisions(tmp_path, table("users"), 'op.rename_table("users", "user")', select="MG911") == ["r1"]


def test_a_table_that_was_dropped_and_made_again_is_a_new_one(tmp_path: Path) -> None:
    assert revisions(tmp_path, table("users"), 'op.drop_table("users")', table("users"), select="MG902") == ["r2"]


def test_a_new_table_that_takes_the_place_of_an_old_one_is_judged_as_it_is(tmp_path: Path) -> None:
    swap = 'op.drop_table("users")\nop.rename_table("users_new", "users")'
    assert revisions(tmp_path, table("users"), table("users_new"), swap, select="MG902") == ["r1"]


def test_tables_older_than_start_after_are_left_alone(tmp_path: Path) -> None:
    assert revisions(tmp_path, table("users"), table("orders"), select="MG902", start_after="r0") == ["r1"]


def test_what_breaks_an_old_table_after_the_start_is_said(tmp_path: Path) -> None:
    bodies = (table("users", CREATED, UPDATED), 'op.drop_column("users", "updated_at")')
    assert revisions(tmp_path, *bodies, select="MG902", start_after="r0") == ["r1"]


def test_views_and_temporary_tables_are_no_tables(tmp_path: Path) -> None:
    body = """
op.execute("CREATE VIEW user_view AS SELECT 1")
op.execute("CREATE MATERIALIZED VIEW user_copy AS SELECT 1 AS id")
op.execute("CREATE TEMPORARY TABLE user_scratch (id integer PRIMARY KEY)")
"""
    assert not found(tmp_path, body, select="MG901,MG902,MG911")


def test_columns_of_a_helper_that_cannot_be_read_are_not_missed(tmp_path: Path) -> None:
    body = f'from acme import standard_columns\nop.create_table("users", {KEY}, *standard_columns())'
    assert not found(tmp_path, body, select="MG902")


def test_what_could_not_be_read_may_have_added_what_seems_missing(tmp_path: Path) -> None:
    bodies = (table("users"), "from acme import patch\npatch(op.get_bind())", table("orders"))
    assert revisions(tmp_path, *bodies, select="MG902") == ["r2"]


def test_a_table_that_may_be_there_is_not_judged(tmp_path: Path) -> None:
    body = f"if sa.inspect(op.get_bind()).get_table_names():\n    {table('users')}"
    assert not found(tmp_path, body, select="MG902")


def test_a_guarded_table_that_the_history_lacks_is_judged(tmp_path: Path) -> None:
    body = f'op.create_table("users", {KEY}, if_not_exists=True)'
    assert revisions(tmp_path, body, select="MG902") == ["r0"]


def test_a_table_that_the_history_never_made_is_not_judged(tmp_path: Path) -> None:
    assert not found(tmp_path, 'op.add_column("user", sa.Column("madeAt", sa.DateTime()))', select="MG902,MG911")


def test_a_column_that_is_added_to_an_unknown_table_is_judged(tmp_path: Path) -> None:
    assert revisions(tmp_path, 'op.add_column("user", sa.Column("madeAt", sa.DateTime()))', select="MG903") == ["r0"]


def test_a_column_that_only_shows_that_it_was_there_is_not_judged(tmp_path: Path) -> None:
    assert not found(tmp_path, 'op.alter_column("user", "madeAt", nullable=True)', select="MG912")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('exempt-tables = ["legacy_*"]', ["r1"]),
        ('exempt-tables = { MG902 = ["legacy_*"] }', ["r1"]),
        ('exempt-tables = { missing-timestamps = ["*"] }', []),
        ('exempt-tables = { MG9 = ["users", "legacy_users"] }', []),
        ('exempt-tables = { MG903 = ["*"] }', ["r0", "r1"]),
        ('exempt-tables = { ALL = ["billing.*"] }', ["r0", "r1"]),
    ],
)
def test_tables_are_exempted_by_pattern_and_by_rule(tmp_path: Path, config: str, expected: list[str]) -> None:
    assert revisions(tmp_path, table("legacy_users"), table("users"), config=config, select="MG902") == expected


def test_breaches_with_one_cause_are_said_once(tmp_path: Path) -> None:
    body = table("users", 'sa.Column("seen_at", sa.DateTime())', 'sa.Column("left_at", sa.DateTime())')
    assert [message for _, _, message in found(tmp_path, body, select="MG903")] == [
        "Table users keeps a moment in seen_at without its time zone, left_at without its time zone."
    ]


def test_an_ignore_comment_speaks_for_the_operation_that_broke_it(tmp_path: Path) -> None:
    assert not found(tmp_path, f"{table('users')}  # migration-guard: ignore[MG902] a log", select="MG902,MG017")


@pytest.mark.parametrize(
    ("dialect", "expected"), [("postgresql 16", ["r1"]), ("sqlite", ["r1"]), ("mysql 8.0", []), ("mariadb 10.6", [])]
)
def test_mysql_makes_the_index_of_a_foreign_key_itself(tmp_path: Path, dialect: str, expected: list[str]) -> None:
    bodies = (table("users"), table("posts", 'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"))'))
    assert revisions(tmp_path, *bodies, select="MG308", target=(dialect,)) == expected


@pytest.mark.parametrize(
    ("index", "served"),
    [
        ('op.create_index("ix", "posts", ["user_id", "id"])', True),
        ('op.create_index("ix", "posts", ["id", "user_id"])', False),
        ('op.create_index("ix", "posts", ["user_id"], postgresql_where=sa.text("user_id > 1"))', False),
        ('op.create_unique_constraint("uq", "posts", ["user_id"])', True),
        ('op.execute("CREATE INDEX ON posts (user_id DESC)")', True),
        ('op.create_index("ix", "posts", [sa.text("user_id DESC NULLS LAST")])', True),
        ('op.create_index("ix", "posts", [sa.text("lower(user_id)")])', False),
    ],
)
def test_a_foreign_key_is_served_by_what_begins_with_its_columns(tmp_path: Path, index: str, served: bool) -> None:
    bodies = (table("users"), table("posts", 'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"))'), index)
    assert revisions(tmp_path, *bodies, select="MG308") == ([] if served else ["r1"])


@pytest.mark.parametrize(
    ("column", "served"),
    [
        ('sa.Column("kind", sa.Text(), unique=True)', True),
        ('sa.Column("kind", sa.Text())', True),
        ('sa.Column("kind", sa.Text())\nop.drop_constraint("posts_pkey", "posts")', False),
    ],
)
def test_what_is_unique_in_one_of_its_columns_serves_a_foreign_key(tmp_path: Path, column: str, served: bool) -> None:
    kind, _, then = column.partition("\n")
    key = 'sa.ForeignKeyConstraint(["kind", "id"], ["drafts.kind", "drafts.id"])'
    assert revisions(tmp_path, f"{table('posts', kind, key)}\n{then}", select="MG308") == ([] if served else ["r0"])


def test_the_key_made_last_is_the_key(tmp_path: Path) -> None:
    bodies = (
        table("posts", 'sa.Column("part", sa.Text(), nullable=False)'),
        'op.drop_constraint("PRIMARY", "posts", type_="primary")\nop.create_primary_key("pk", "posts", ["id", "part"])',
    )
    assert revisions(tmp_path, *bodies, select="MG901") == ["r1"]


@pytest.mark.parametrize(
    ("columns", "ends"),
    [
        ('sa.Column("version", sa.Integer(), primary_key=True)', False),
        ('sa.Column("number", sa.Integer(), sa.Identity(), primary_key=True)', True),
        ('sa.Column("number", sa.Integer(), autoincrement=True, primary_key=True)', True),
    ],
)
def test_in_a_key_of_several_columns_only_what_is_drawn_runs_out(tmp_path: Path, columns: str, ends: bool) -> None:
    assert revisions(tmp_path, table("models", columns), select="MG921") == (["r0"] if ends else [])


def test_of_several_new_columns_the_one_that_is_filled_from_the_old_is_named(tmp_path: Path) -> None:
    new = "\n".join(f'op.add_column("ports", sa.Column("{one}", sa.Text()))' for one in ("inside", "outside"))
    fill = 'op.execute("UPDATE ports SET inside = 1, outside = port")'
    bodies = (table("ports", 'sa.Column("port", sa.Text())'), f'{new}\n{fill}\nop.drop_column("ports", "port")')
    ((_, _, message),) = found(tmp_path, *bodies, select="MG503")
    assert message.startswith("ports.port moves into outside and out of the table")


def test_a_unique_constraint_without_a_name_is_told_by_its_columns(tmp_path: Path) -> None:
    body = table("users", 'sa.Column("email", sa.Text(), unique=True)')
    ((_, _, message),) = found(tmp_path, body, select="MG910")
    assert message == "What must be unique in users, the name does not say as agreed: the one on email has none."


def test_the_help_makes_each_missing_index_under_the_agreed_name(tmp_path: Path) -> None:
    keys = [f'sa.Column("{one}", sa.Uuid(), sa.ForeignKey("auth.users.id"))' for one in ("author", "reader")]
    body = table("posts", *keys, 'schema="blog"')
    found(tmp_path, body, config='index-name = "idx_{table}_"', select="MG308")
    (finding,) = [
        one for one in lint([tmp_path], tmp_path, None, Overrides(cache=False)).findings if one.code != "MG002"
    ]
    assert finding.help == (
        "Add it:\n"
        'op.create_index("idx_posts_author", "posts", ["author"], schema="blog")\n'
        'op.create_index("idx_posts_reader", "posts", ["reader"], schema="blog")'
    )


def test_a_dropped_index_leaves_its_foreign_key_alone_and_that_is_where_it_is_said(tmp_path: Path) -> None:
    bodies = (
        table("users"),
        table("posts", 'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"), index=True)'),
        'op.drop_index("ix_posts_user_id", "posts")',
    )
    assert revisions(tmp_path, *bodies, select="MG308") == ["r2"]


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        *[(one, True) for one in ("users", "change_orders", "children", "people", "change_history", "order_data")],
        *[(one, True) for one in ("addresses", "statuses", "cpus", "apis", "menus", "events_2024", "audit_logs")],
        *[(one, True) for one in ("datasets_by_uuid", "number_of_users", "comments_on_the_post", "staff_in")],
        *[(one, False) for one in ("total_by_day", "by_day", "user_of", "default_for_posts_in_one")],
        *[(one, False) for one in ("user", "audit_log_entry", "address", "order_status", "analysis", "bus", "alias")],
    ],
)
def test_a_plural_is_told_from_a_word_that_ends_in_s(tmp_path: Path, name: str, plural: bool) -> None:
    assert revisions(tmp_path, table(name), select="MG911") == ([] if plural else ["r0"])


@pytest.mark.parametrize("small", ["users", "public.users", "*"])
def test_what_grows_with_the_rows_of_a_small_table_is_mere_information(tmp_path: Path, small: str) -> None:
    bodies = (table("users"), 'op.create_index("ix_users_id", "users", ["id"])\nop.drop_table("users")')
    config = f'small-tables = ["{small}"]'
    versions = tmp_path / "x"
    versions.mkdir()
    report_codes = found(versions, *bodies, config=config, select="MG4,MG1")
    assert [code for _, code, _ in report_codes] == ["MG401", "MG101"]
    report = lint([versions], versions, None, Overrides(cache=False))
    severities = {one.code: one.severity.value for one in report.findings}
    assert severities == {"MG401": "error" if small == "public.users" else "info", "MG101": "error"}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("user_id uuid REFERENCES users (id)", False),
        ("user_id uuid REFERENCES users (id) ON DELETE NO ACTION", True),
        ("user_id uuid REFERENCES users (id) ON UPDATE NO ACTION", False),
        (
            "user_id uuid, FOREIGN KEY (user_id) REFERENCES users (id) ON UPDATE CASCADE ON DELETE NO ACTION",
            True,
        ),
        ("user_id uuid, CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) on delete no action, x text", True),
        ("user_id uuid REFERENCES users (id), x uuid REFERENCES users (id) ON DELETE NO ACTION", False),
    ],
)
@pytest.mark.parametrize("dialect", ["postgresql 16", "sqlite"])
def test_no_action_is_explicit_where_it_is_written(tmp_path: Path, key: str, said: bool, dialect: str) -> None:
    body = f'op.execute("CREATE TABLE posts (id uuid PRIMARY KEY, {key})")'
    expected = [] if said else ["r1"]
    assert revisions(tmp_path, table("users"), body, select="MG908", target=(dialect,)) == expected


@pytest.mark.parametrize(
    "key",
    [
        'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("public.users.id"))',
        'sa.Column("user_id", sa.Uuid()), sa.ForeignKeyConstraint(["user_id"], ["public.users.id"])',
    ],
)
def test_the_default_schema_is_a_schema_where_a_key_names_it(tmp_path: Path, key: str) -> None:
    in_schema = f'op.create_table("posts", {KEY}, {key}, schema="app")'
    assert not found(tmp_path, table("users"), in_schema, select="MG914")


@pytest.mark.parametrize("schema", [', referent_schema="public"', ""])
def test_the_default_schema_is_a_schema_where_a_directive_names_it(tmp_path: Path, schema: str) -> None:
    body = f'''op.create_table("posts", {KEY}, sa.Column("user_id", sa.Uuid()), schema="app")
op.create_foreign_key("fk", "posts", "users", ["user_id"], ["id"], source_schema="app"{schema})'''
    assert revisions(tmp_path, table("users"), body, select="MG914") == ([] if schema else ["r1"])


def test_a_misnamed_unique_leaves_other_misnamed_indexes_of_its_table_to_be_said(tmp_path: Path) -> None:
    body = (
        table("users", 'sa.Column("email", sa.Text())')
        + """
op.create_index("one_each", "users", ["email"], unique=True)
op.create_index("lookup", "users", ["email", "id"])
"""
    )
    assert [(code, "lookup" in message) for _, code, message in found(tmp_path, body, select='MG909", "MG910')] == [
        ("MG910", False),
        ("MG909", True),
    ]


@pytest.mark.parametrize(
    ("config", "column", "expected"),
    [
        ('uuid-default = "server"', KEY, ["r0"]),
        ('uuid-default = "server"', KEY.replace(", p", ', server_default=sa.text("gen_random_uuid()"), p'), []),
        ('uuid-default = "client"', KEY.replace(", p", ', server_default=sa.text("gen_random_uuid()"), p'), ["r0"]),
        ('uuid-default = "client"', KEY, []),
        ("", KEY, []),
    ],
)
def test_who_makes_the_uuid_of_a_key_is_agreed_on(
    tmp_path: Path, config: str, column: str, expected: list[str]
) -> None:
    assert revisions(tmp_path, f'op.create_table("users", {column})', config=config, select="MG901") == expected


@pytest.mark.parametrize(
    ("config", "column", "expected"),
    [
        ('timestamp-default = "client"', CREATED, ["r0"]),
        ('timestamp-default = "client"', CREATED.replace("server_default=sa.func.now(), ", ""), []),
        ('timestamp-default = "any"', CREATED.replace("server_default=sa.func.now(), ", ""), []),
        ("", CREATED.replace("server_default=sa.func.now(), ", ""), ["r0"]),
    ],
)
def test_who_fills_in_timestamps_is_agreed_on(tmp_path: Path, config: str, column: str, expected: list[str]) -> None:
    assert revisions(tmp_path, table("users", column), config=config, select="MG904") == expected


@pytest.mark.parametrize(("tagged", "expected"), [(True, []), (False, ["r2"])])
def test_a_notice_counts_once_a_release_with_it_is_out(tmp_path: Path, tagged: bool, expected: list[str]) -> None:
    bodies = (
        table("users", 'sa.Column("name", sa.Text())'),
        "op.execute(\"COMMENT ON COLUMN users.name IS 'deprecated'\")",
        'op.drop_column("users", "name")',
    )
    config = "deprecation-releases = 1"
    found(tmp_path, *bodies[:2], config=config, select="MG504")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "a")
    if tagged:
        git(tmp_path, "tag", "v1")
    (tmp_path / "migrations/versions/r2.py").write_text(module(bodies[2], "r2", "r1"))
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "b")
    git(tmp_path, "tag", "v2")
    report = lint([tmp_path], tmp_path, None, Overrides(cache=False))
    assert [one.revision for one in report.findings] == expected
    if not tagged:
        assert "announced 0 releases ago, in r1; agreed is 1 release" in report.findings[0].message


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_what_a_table_is_partitioned_by_may_stand_in_its_key(tmp_path: Path) -> None:
    columns = "id uuid, made_at timestamptz, PRIMARY KEY (id, made_at)"
    body = f'op.execute("CREATE TABLE events ({columns}) PARTITION BY RANGE (made_at)")'
    assert not found(tmp_path, body, select="MG901")


def test_the_table_of_alembic_itself_is_left_alone(tmp_path: Path) -> None:
    body = 'op.create_table("alembic_version", sa.Column("version_num", sa.String(32), primary_key=True))'
    assert not found(tmp_path, body, select="MG901,MG902,MG911")


@pytest.mark.parametrize("exempt", ['["legacy_*"]', '{ MG915 = ["legacy_*"] }', '{ ALL = ["legacy_*"] }'])
def test_operations_on_an_exempted_table_need_no_guard(tmp_path: Path, exempt: str) -> None:
    bodies = (table("legacy_users"), 'op.add_column("legacy_users", sa.Column("a", sa.Text()))', table("users"))
    assert revisions(tmp_path, *bodies, config=f"exempt-tables = {exempt}", select="MG915") == ["r2"]
