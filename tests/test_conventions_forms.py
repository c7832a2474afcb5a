"""Conventions hold however a thing is written: op.*, SQL, batch, later revisions, schemas, helpers, branches."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_conventions import CREATED, KEY, UPDATED, found, table

from migration_guard.config import Overrides
from migration_guard.engine import lint
from migration_guard.rule_examples import module

USERS = table("users")
POSTS = table("posts", 'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"))')
EMAIL = table("users", 'sa.Column("email", sa.Text())')
TENANT = 'sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id"), nullable=False)'
INVOICES = table("invoices", TENANT, CREATED)
NAMED = table("users", 'sa.Column("name", sa.Text())')
IDX = 'index-name = "idx_{table}_"\n'


def broken(folder: Path, code: str, *bodies: str, config: str = "") -> list[str]:
    return [revision for revision, _, _ in found(folder, *bodies, select=code, config=config)]


@pytest.mark.parametrize(
    ("key", "config", "wrong"),
    [
        ("sa.UUID()", "", False),
        ("postgresql.UUID", "", False),
        ("sa.Uuid(native_uuid=False)", "", True),
        ('sa.UUID().with_variant(sa.String(36), "sqlite")', "", False),
        ("sa.CHAR(36)", "", True),
        ("sa.Unicode(36)", 'uuid-keys = "string"', False),
        ("sa.Text()", 'uuid-keys = "string"', False),
        ("sa.String(20)", 'uuid-keys = "string"', True),
        ("sa.Uuid()", 'uuid-keys = "string"', True),
        ("sa.String()", 'uuid-keys = "any"', False),
        ("sa.BigInteger()", 'uuid-keys = "any"', True),
    ],
)
@pytest.mark.parametrize("form", ['sa.Column("id", {}, primary_key=True)', 'sa.Column("id", {}), PK'])
def test_a_key_is_a_uuid_as_agreed(tmp_path: Path, key: str, config: str, wrong: bool, form: str) -> None:
    columns = form.replace("PK", 'sa.PrimaryKeyConstraint("id")').format(key)
    assert broken(tmp_path, "MG901", f'op.create_table("users", {columns})', config=config) == (["r0"] if wrong else [])


@pytest.mark.parametrize(("type", "wrong"), [("key", False), ("ids.key", False), ("int8", True), ("varchar(36)", True)])
def test_a_domain_may_be_one_of_uuids(tmp_path: Path, type: str, wrong: bool) -> None:
    body = f'op.execute("CREATE DOMAIN key AS uuid; CREATE TABLE users (id {type} PRIMARY KEY)")'
    assert broken(tmp_path, "MG901", body) == (["r0"] if wrong else [])


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ('op.alter_column("users", "id", type_=sa.Text())', ["r1"]),
        ('with op.batch_alter_table("users") as batch_op:\n    batch_op.alter_column("id", type_=sa.Text())', ["r1"]),
        ('op.execute("ALTER TABLE users ALTER id TYPE text")', ["r1"]),
        (
            'op.add_column("users", sa.Column("n", sa.Uuid()))\nop.drop_constraint("users_pkey", "users")\n'
            'op.create_primary_key("users_pkey", "users", ["n"])',
            [],
        ),
    ],
)
def test_a_key_that_changes_later_is_judged_as_it_is_in_the_end(
    tmp_path: Path, later: str, expected: list[str]
) -> None:
    assert broken(tmp_path, "MG901", USERS, later) == expected


@pytest.mark.parametrize(
    ("body", "missed"),
    [
        (f'columns = [{CREATED}, {UPDATED}]\nop.create_table("users", {KEY}, *columns)', False),
        (f'def stamps():\n    return ({CREATED}, {UPDATED})\nop.create_table("users", {KEY}, *stamps())', False),
        (f'from acme import Stamped\nop.create_table("users", {KEY}, *Stamped.columns())', False),
        ('op.execute("CREATE TABLE users (LIKE people INCLUDING ALL)")', False),
        ('op.execute("CREATE TABLE users AS SELECT * FROM people")', False),
        ('op.execute("CREATE TABLE users_1 PARTITION OF users FOR VALUES IN (1)")', False),
        ('op.execute("CREATE TABLE users () INHERITS (people)")', False),
        (f'op.create_table("users", {KEY}, prefixes=["TEMPORARY"])', False),
        ('op.execute("CREATE TABLE IF NOT EXISTS app.users (id uuid PRIMARY KEY)")', True),
    ],
)
def test_columns_are_missed_only_where_the_table_is_read_in_full(tmp_path: Path, body: str, missed: bool) -> None:
    assert broken(tmp_path, "MG902", body) == (["r0"] if missed else [])


@pytest.mark.parametrize(
    ("columns", "association"),
    [
        ("x int REFERENCES users (id), y int REFERENCES users (id), PRIMARY KEY (x, y)", True),
        ("x int REFERENCES users (id), y int REFERENCES users (id), role text, PRIMARY KEY (x, y)", True),
        ("id int PRIMARY KEY, x int REFERENCES users (id), y int REFERENCES users (id)", False),
        ("x int PRIMARY KEY REFERENCES users (id)", False),
        ("x int PRIMARY KEY REFERENCES users (id), y int REFERENCES users (id)", False),
        ("x int REFERENCES users (id), y int REFERENCES users (id)", True),
        ("x int REFERENCES users (id), y int REFERENCES users (id), role text, UNIQUE (x, y)", True),
    ],
)
def test_a_table_whose_key_is_two_foreign_keys_is_an_association(
    tmp_path: Path, columns: str, association: bool
) -> None:
    bodies = table("users", CREATED, UPDATED), f'op.execute("CREATE TABLE user_pairs ({columns})")'
    assert set(broken(tmp_path, 'MG901", "MG902', *bodies)) == (set() if association else {"r1"})


@pytest.mark.parametrize(
    ("type", "naive"),
    [
        ("sa.DateTime(True)", False),
        ("postgresql.TIMESTAMP(timezone=True)", False),
        ("sa.TIMESTAMP()", True),
        ("postgresql.TIMESTAMP(precision=6)", True),
        ("sa.Date()", False),
    ],
)
def test_a_timestamp_without_its_zone_is_told(tmp_path: Path, type: str, naive: bool) -> None:
    body = table("users", f'sa.Column("seen_at", {type})')
    assert broken(tmp_path, "MG903", body) == (["r0"] if naive else [])


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ('"tenants.id"', False),
        ('"public.tenants.id"', False),
        ('"auth.tenants.id"', False),
        ('"tenants.code"', True),
        ('"users.id"', True),
    ],
)
def test_a_tenant_is_a_row_of_tenants(tmp_path: Path, key: str, wrong: bool) -> None:
    body = table("users", TENANT.replace('"tenants.id"', key))
    assert broken(tmp_path, "MG905", body) == (["r0"] if wrong else [])


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ('["tenant_id", "created_at", "id"]', True),
        ('["tenant_id", sa.text("created_at DESC")]', True),
        ('["tenant_id", sa.desc("created_at")]', True),
        ('["tenant_id", sa.column("created_at").desc().nulls_last()]', True),
        ('[sa.literal_column("tenant_id"), sa.literal_column("created_at DESC")]', True),
        ('["tenant_id", sa.func.date(sa.column("created_at"))]', True),
        ('["created_at", "tenant_id"]', False),
        ('["tenant_id"]', False),
    ],
)
def test_the_index_of_a_tenant_has_both_columns_in_order(tmp_path: Path, index: str, serves: bool) -> None:
    bodies = INVOICES, f'op.create_index("i", "invoices", {index})'
    assert broken(tmp_path, "MG906", *bodies) == ([] if serves else ["r0"])


@pytest.mark.parametrize(
    ("action", "wanted", "wrong"),
    [
        ("", "explicit", True),
        (", ondelete=None", "explicit", True),
        (', onupdate="CASCADE"', "explicit", True),
        (', ondelete="no action"', "explicit", False),
        (", ondelete=ACTION", "explicit", False),
        (", ondelete=ACTION", "CASCADE", False),
        (", **OPTIONS", "explicit", False),
        (', ondelete="CASCADE"', "RESTRICT", True),
    ],
)
def test_what_a_helper_may_say_of_on_delete_is_not_missed(
    tmp_path: Path, action: str, wanted: str, wrong: bool
) -> None:
    key = f'sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"{action}))'
    body = f"from acme import ACTION, OPTIONS\n{table('posts', key)}"
    assert broken(tmp_path, "MG908", USERS, body, config=f'ondelete = "{wanted}"') == (["r1"] if wrong else [])


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ('op.create_index("i", "posts", ["user_id"], postgresql_where=sa.text("user_id IS NOT NULL"))', True),
        ('op.execute("CREATE INDEX i ON posts (user_id) WHERE (user_id IS NOT NULL)")', True),
        ('op.execute("CREATE INDEX i ON posts (user_id) WHERE id IS NOT NULL")', False),
        ('op.execute("CREATE INDEX IF NOT EXISTS i ON public.posts USING btree (user_id)")', True),
        ('with op.batch_alter_table("posts") as batch_op:\n    batch_op.create_index("i", ["user_id"])', True),
        ('op.drop_constraint("posts_user_id_fkey", "posts")', True),
        ('op.alter_column("posts", "user_id", new_column_name="author_id")', False),
    ],
)
def test_a_partial_index_on_every_value_serves_a_foreign_key(tmp_path: Path, index: str, serves: bool) -> None:
    assert broken(tmp_path, "MG308", USERS, POSTS, index) == ([] if serves else ["r1"])


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('op.execute("CREATE INDEX ON users (email)")', True),
        ('op.execute("CREATE INDEX ON users (lower(email))")', True),
        ('op.create_index(None, "users", ["email"])', True),
        ('op.execute("CREATE INDEX IDX_USERS_EMAIL ON users (email)")', False),
        ('op.execute("CREATE INDEX idx_users_active ON users (lower(email)) WHERE email IS NOT NULL")', False),
        ('from acme import NAME\nop.create_index(NAME, "users", ["email"])', False),
        ('op.create_index("uq_users_email", "users", ["email"], unique=True)', False),
        (
            'op.execute("CREATE MATERIALIZED VIEW top AS SELECT 1 AS id")\nop.execute("CREATE INDEX i ON top (id)")',
            False,
        ),
    ],
)
def test_an_index_has_the_name_that_it_gets(tmp_path: Path, body: str, wrong: bool) -> None:
    assert broken(tmp_path, "MG909", EMAIL, body, config=IDX) == (["r1"] if wrong else [])


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        (['op.create_unique_constraint(None, "users", ["email"])'], ["r1"]),
        (['from acme import NAME\nop.create_unique_constraint(NAME, "users", ["email"])'], []),
        (['from acme import table\nop.create_unique_constraint(f"uq_{table}", "users", ["email"])'], []),
        (['from acme import NAME\nop.execute(f"ALTER TABLE users ADD CONSTRAINT {NAME} UNIQUE (email)")'], []),
        (
            [
                'op.create_unique_constraint(None, "users", ["email"])',
                'op.execute("ALTER TABLE users RENAME CONSTRAINT users_email_key TO uq_users_email")',
            ],
            [],
        ),
        (
            [
                'op.create_unique_constraint(None, "users", ["email"])',
                'op.execute("ALTER INDEX users_email_key RENAME TO uq_users_email")',
            ],
            [],
        ),
        (
            [
                'op.execute("CREATE UNIQUE INDEX uq_tmp ON users (email)")\n'
                'op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_tmp")'
            ],
            [],
        ),
    ],
)
def test_a_unique_constraint_has_the_name_that_it_gets(tmp_path: Path, bodies: list[str], expected: list[str]) -> None:
    assert broken(tmp_path, "MG910", EMAIL, *bodies) == expected


def test_a_constraint_whose_name_is_made_up_by_a_helper_has_one(tmp_path: Path) -> None:
    body = "from acme import NAME\n" + table("users", 'sa.UniqueConstraint("id", name=NAME)')
    assert not broken(tmp_path, "MG910", body)


@pytest.mark.parametrize(
    ("name", "right"),
    [("first_name", True), ("_kept", True), ("x__y", True), ("firstName", False), ("2fa", False), ("a b", False)],
)
def test_capitals_and_spaces_are_no_snake_case(tmp_path: Path, name: str, right: bool) -> None:
    body = table("users", f'sa.Column("{name}", sa.Text())')
    assert broken(tmp_path, "MG912", body) == ([] if right else ["r0"])


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ('op.create_index("i", "users", [sa.text("lower(email)")])', True),
        ('op.execute("CREATE UNIQUE INDEX i ON users (email) WHERE id IS NOT NULL")', True),
        ('op.create_unique_constraint("u", "users", ["email"])', True),
        ('op.create_index("i", "users", ["id", "email"])', False),
        ('op.create_index("i", "users", [sa.text("lower(user_email)")])', False),
    ],
)
def test_a_column_that_is_searched_has_an_index_of_its_own(tmp_path: Path, index: str, serves: bool) -> None:
    assert broken(tmp_path, "MG913", EMAIL, index) == ([] if serves else ["r0"])


@pytest.mark.parametrize(
    ("column", "right"),
    [
        ("sa.Integer(), sa.Identity()", True),
        ('sa.Integer(), sa.Computed("1")', True),
        ('sa.Integer(), sa.Sequence("s"), server_default=sa.Sequence("s").next_value()', True),
        ('sa.Integer(), sa.Sequence("s")', False),
        ('sa.Text(), default="x"', False),
        ("sa.Text(), server_default=DEFAULT", True),
        ("sa.Boolean(), server_default=sa.false()", True),
    ],
)
def test_a_value_of_the_server_is_told_from_one_of_the_client(tmp_path: Path, column: str, right: bool) -> None:
    body = "from acme import DEFAULT\n" + table("users", f'sa.Column("a", {column}, nullable=False)')
    assert broken(tmp_path, "MG918", body) == ([] if right else ["r0"])


@pytest.mark.parametrize(
    ("earlier", "noticed"),
    [
        (['op.alter_column("users", "name", comment="deprecated")'], True),
        (['op.add_column("users", sa.Column("n", sa.Text()))', 'op.execute("UPDATE users SET n = name")'], True),
        (['op.add_column("users", sa.Column("n", sa.Text()))', 'op.execute("UPDATE users SET n = 1")'], False),
        (['op.execute("UPDATE users SET id = name")'], False),
        (['op.add_column("users", sa.Column("n", sa.Text()))\nop.alter_column("users", "name", nullable=True)'], True),
        (['op.alter_column("users", "name", nullable=True)'], False),
        (['op.add_column("posts", sa.Column("n", sa.Text()))\nop.alter_column("users", "name", nullable=True)'], False),
        (
            [
                'op.add_column("users", sa.Column("n", sa.Text()))\n'
                't = sa.table("users", sa.column("name"), sa.column("n"))\nop.execute(t.update().values(n=t.c.name))'
            ],
            True,
        ),
        (["op.execute(\"COMMENT ON COLUMN users.name IS 'deprecated'\")", 'op.rename_table("users", "people")'], True),
    ],
)
def test_notice_is_given_by_a_comment_or_by_what_takes_the_place(
    tmp_path: Path, earlier: list[str], noticed: bool
) -> None:
    people = any("people" in one for one in earlier)
    drop = f'op.drop_column("{"people" if people else "users"}", "name")'
    assert broken(tmp_path, "MG504", NAMED, *earlier, drop) == ([] if noticed else [f"r{len(earlier) + 1}"])


def test_a_column_that_was_made_as_deprecated_has_had_its_notice(tmp_path: Path) -> None:
    made = NAMED.replace("sa.Text()", 'sa.Text(), comment="deprecated from the start"')
    assert not broken(tmp_path, "MG504", made, 'op.drop_column("users", "name")')


@pytest.mark.parametrize(
    "body",
    [
        'op.execute("ALTER TABLE users ALTER COLUMN id SET NOT NULL")',
        'op.execute("CREATE OR REPLACE VIEW v AS SELECT 1")',
        'op.execute("CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1 AS id")',
        "op.execute(\"CREATE TYPE mood AS ENUM ('a')\")",
        'op.execute("CREATE TEMP TABLE t (id uuid)")',
        'op.execute("ALTER TABLE users DROP CONSTRAINT c")',
        f'op.create_table("t", {KEY}, sa.Column("x", sa.Text(), index=True), if_not_exists=True)',
        f'if not sa.inspect(op.get_bind()).has_table("t"):\n    op.create_table("t", {KEY})',
    ],
)
def test_no_guard_is_asked_of_what_has_none(tmp_path: Path, body: str) -> None:
    assert not broken(tmp_path, "MG915", f"{body}\n")


@pytest.mark.parametrize(
    ("body", "objects"),
    [
        (USERS, ["users"]),
        ('op.add_column("users", sa.Column("a", sa.Text()))', ["users.a"]),
        ('op.execute("ALTER TABLE users DROP a")', ["users.a"]),
        ('op.execute("CREATE INDEX i ON users (id)")', ["i"]),
        ('op.drop_index("i")', ["i"]),
        ('op.execute("CREATE SCHEMA app")', ["app"]),
        ('op.execute("CREATE MATERIALIZED VIEW top AS SELECT 1 AS id")', ["top"]),
        ('op.execute("DROP TYPE mood")', ["mood"]),
        ('op.execute("DROP TABLE IF EXISTS old")\nop.execute("CREATE TABLE users (id int)")', ["users"]),
    ],
)
def test_a_guard_is_missed_of_what_is_made_or_dropped(tmp_path: Path, body: str, objects: list[str]) -> None:
    broken(tmp_path, "MG915", body)
    report = lint([tmp_path], tmp_path, None, Overrides(cache=False))
    assert [list(one.objects) for one in report.findings] == [objects]


def test_what_is_dropped_if_it_is_there_can_be_made_anew(tmp_path: Path) -> None:
    body = 'op.execute("DROP TABLE IF EXISTS users")\nop.execute("CREATE TABLE users AS SELECT 1 AS id")'
    assert not broken(tmp_path, "MG915", body)


def test_a_merge_needs_neither_reason_nor_ticket(tmp_path: Path) -> None:
    config = 'migration-reason = "reason"\n'
    assert broken(tmp_path, 'MG012", "MG916', "pass", "pass", config=config) == ["r0", "r0", "r1", "r1"]
    for number, parents in ((1, '"r0"'), (2, '"r0"'), (3, '("r1", "r2")')):
        text = module("pass", f"r{number}", None).replace("= None", f"= {parents}", 1)
        (tmp_path / f"migrations/versions/r{number}.py").write_text(text)
    report = lint([tmp_path], tmp_path, None, Overrides(cache=False))
    assert {one.revision for one in report.findings} == {"r0", "r1", "r2"}
