"""The command check-summary: what is right passes, what is not so is said, and nothing crashes it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from handover import ORDERS, USERS, history, opened, summary
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_summary import OPAQUE, SAMPLES, run  # noqa: F401

from migration_guard import summary_check
from migration_guard.change_summary import summarize
from migration_guard.chosen_revisions import RevisionChoice
from migration_guard.model.change_summary import ChangeSummary, SummarizedRevision
from migration_guard.model.schema_changes import ChangeKind, ColumnChange, IndexChange, RowsChange, SchemaChanges
from migration_guard.report.change_summary import document, render
from migration_guard.summary_check import compared
from migration_guard.written_summary import UncheckedSummary, read

EVERYTHING = (
    ORDERS + 'op.add_column("users", sa.Column("age", sa.Integer))\nop.drop_table("carts")\n'
    'op.rename_table("a", "b")\nop.execute("UPDATE users SET age = 1")\nop.drop_index("ix_users_email", "users")'
)
BEFORE = (
    USERS + '\nop.create_index("ix_users_email", "users", ["email"])\n'
    'op.create_table("carts", sa.Column("id", sa.Integer))\nop.create_table("a", sa.Column("id", sa.Integer))'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return history(tmp_path, BEFORE, EVERYTHING)


def differences(folder: Path, written: object, word: str | None = None) -> list[str]:
    content = written if isinstance(written, str) else json.dumps(written)
    return [*compared(content.encode("utf-8", "surrogatepass"), opened(folder), word)[0]]


def claim(**lists: list[str]) -> dict[str, Any]:
    """What a program wrote of the second revision, with other lists in place of some."""
    right = {
        "new_tables": ["orders"],
        "modified_tables": ["b", "users"],
        "new_indexes": ["ix_orders_user_id"],
        "new_foreign_keys": ["orders.user_id -> users.id"],
    }
    return {"schema_changes": right | lists, "metadata": {"database": "postgresql", "migration_tool": "alembic"}}


@pytest.mark.parametrize("name", ["shop", "hazards", "one_way"])
def test_every_summary_of_the_samples_passes_its_own_check(name: str) -> None:
    where = opened(SAMPLES / name)
    revisions = [one.revision for one in summarize(where, RevisionChoice(word=":")).revisions]
    for word in (*revisions, ":", f"{revisions[0]}:{revisions[-1]}"):
        found = summarize(where, RevisionChoice(word=word))
        for format in ("json", "markdown"):
            assert compared(render(found, format).encode(), where)[0] == (), (word, format)


NAMES = st.text("aZ_1 é日-\"'|*<&\\#@`", min_size=1, max_size=8).filter(lambda name: name == name.strip())
KEYS = st.builds("{}.{} -> {}.{}".format, NAMES, NAMES, NAMES, NAMES)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(
    st.builds(
        SchemaChanges,
        new_tables=st.lists(NAMES, max_size=3, unique=True).map(tuple),
        dropped_tables=st.lists(NAMES, max_size=2, unique=True).map(tuple),
        indexes=st.lists(
            st.builds(IndexChange, st.sampled_from([ChangeKind.NEW, ChangeKind.DROPPED]), NAMES, NAMES), max_size=3
        ).map(tuple),
        columns=st.lists(st.builds(ColumnChange, st.just(ChangeKind.NEW), NAMES, NAMES), max_size=3).map(tuple),
        new_foreign_keys=st.lists(KEYS, max_size=3).map(tuple),
        rows=st.lists(st.builds(RowsChange, st.just("update"), NAMES), max_size=2).map(tuple),
        other=st.lists(NAMES, max_size=2).map(tuple),
    )
)
def test_whatever_objects_are_called_a_summary_passes_its_own_check(changes: SchemaChanges) -> None:
    modified = dict.fromkeys(one.table for one in changes.columns if one.table not in changes.new_tables)
    every = replace(changes, modified_tables=tuple(modified))
    found = ChangeSummary((SummarizedRevision("a", "a.py"),), every, "sqlite", ("sqlite 3.37",))
    for format in ("json", "markdown"):
        assert summary_check.differences(read(render(found, format).encode()), found) == (), format


def test_the_lists_are_compared_as_sets(folder: Path) -> None:
    assert differences(folder, claim(modified_tables=["users", "b", "users"])) == []
    assert differences(folder, claim(new_foreign_keys=["orders.user_id→users.id"])) == []


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"new_tables": []}, ["forgotten: new table orders"]),
        ({"new_tables": ["orders", "order"]}, ["not there: new table order"]),
        ({"modified_tables": ["b"]}, ["forgotten: modified table users"]),
        ({"modified_tables": ["b", "users", "orders"]}, ["wrong: table orders is new, not modified"]),
        ({"new_indexes": []}, ["forgotten: new index ix_orders_user_id"]),
        ({"new_indexes": ["ix_orders_user_id", "ix_made_up"]}, ["not there: new index ix_made_up"]),
        (
            {"new_foreign_keys": ["orders.user_id -> accounts.id"]},
            ["wrong: new foreign key orders.user_id -> accounts.id: the files say orders.user_id -> users.id"],
        ),
        ({"new_foreign_keys": []}, ["forgotten: new foreign key orders.user_id -> users.id"]),
        ({"new_foreign_keys": ["orders.user_id -> users.id", "a.b -> c.d"]}, ["not there: new foreign key a.b -> c.d"]),
    ],
)
def test_every_difference_is_said(lists: dict[str, list[str]], expected: list[str], folder: Path) -> None:
    assert differences(folder, claim(**lists)) == expected


def test_what_metadata_says_is_compared(folder: Path) -> None:
    written = claim() | {"metadata": {"database": "sqlite", "migration_tool": "django", "total_files": 3}}
    written["generated_files"] = [{"path": "migrations/versions/r1_.py", "type": "migration"}]
    assert differences(folder, written) == [
        "wrong: migration_tool django: the files are alembic's",
        "wrong: database sqlite: the files are for postgresql",
        "wrong: total_files 3: it names 1",
    ]


def test_what_stands_beside_the_four_lists_is_compared_where_it_is_there(folder: Path) -> None:
    written = document(summary(folder))
    written["further_changes"]["new_columns"] = ["users.ages"]
    assert differences(folder, written) == [
        "not there: new column users.ages. Did you mean users.age?",
        "forgotten: new column users.age",
    ]


def test_the_summary_says_itself_which_revision_it_is_about(folder: Path) -> None:
    old = document(summary(folder, "r0"))
    assert differences(folder, old) == []
    assert differences(folder, old, "r1") == ["wrong: it is about r0, and not about r1"]
    by_file = claim() | {"generated_files": [{"path": "elsewhere/r1_.py", "type": "migration"}, {"path": "models.py"}]}
    history(folder / "more", BEFORE, EVERYTHING, "pass")
    assert differences(folder / "more", by_file) == []
    assert differences(folder / "more", claim(), "r1") == []
    assert len(differences(folder / "more", claim())) == 5


@pytest.mark.parametrize("format", ["json", "markdown"])
def test_a_summary_of_no_revision_is_about_none(format: str, folder: Path) -> None:
    nothing = render(ChangeSummary((), SchemaChanges(), "postgresql"), format)
    assert differences(folder, nothing) == []
    assert differences(
        folder,
        nothing.replace("No changes", "Table carts: created").replace('"new_tables": []', '"new_tables": ["carts"]'),
    )


def test_a_migration_file_that_is_not_there_is_a_difference(folder: Path) -> None:
    written = claim() | {"generated_files": [{"path": "versions/gone.py", "type": "migration"}]}
    assert differences(folder, written) == ["not there: file versions/gone.py"]


FREE = """\
## Database Task Complete

**Schema changes:**
- orders: new table (id, user_id) with index ix_orders_user_id
- users: column `age` added; its old index ix_users_email was dropped
- FK: orders.user_id -> users.id
- Dropped table carts, renamed a to b

**Migration:**
- Created: migrations/versions/r1_.py
"""


def test_the_wording_of_markdown_is_free(folder: Path) -> None:
    assert differences(folder, FREE) == []
    assert differences(folder, FREE.replace("**Schema changes:**", "### Schema Changes").replace("- ", "* ")) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ix_orders_user_id", "", "forgotten: new index ix_orders_user_id"),
        ("ix_orders_user_id", "ix_orders_user", "not there: index ix_orders_user. Did you mean ix_orders_user_id?"),
        ("-> users.id", "-> people.id", "wrong: new foreign key orders.user_id -> people.id"),
        ("- FK: orders.user_id -> users.id\n", "", "forgotten: new foreign key orders.user_id -> users.id"),
        ("- orders: new table", "- order: new table", "forgotten: new table orders"),
        ("- FK", "- Table sales: created\n- FK", "not there: a change of table sales"),
        ("- users: column", "- users: new table, column", "wrong: table users is not new"),
        ("column `age`", "column `height`", "not there: a change of column users.height"),
        ("r1_.py", "r7_.py", "not there: file migrations/versions/r7_.py"),
        ("Dropped table carts, renamed", "Renamed", "forgotten: dropped table carts"),
    ],
)
def test_the_facts_of_markdown_are_not_free(old: str, new: str, expected: str, folder: Path) -> None:
    assert any(one.startswith(expected) for one in differences(folder, FREE.replace(old, new)))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "hello",
        "[]",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"schema_changes": ' + "9" * 5000 + "}",
        '{"schema_changes": []}',
        '{"schema_changes": {"new_tables": []}}',
        json.dumps(claim(new_tables=[1])),  # type: ignore[list-item]
        json.dumps(claim() | {"schema_changes": {**claim()["schema_changes"], "new_indexes": "ix"}}),
        json.dumps(claim() | {"metadata": []}),
        json.dumps(claim() | {"metadata": {"database": {}}}),
        json.dumps(claim() | {"revisions": {}}),
        json.dumps(claim() | {"revisions": [{"revision": None}]}),
        json.dumps(claim() | {"generated_files": [1]}),
        json.dumps(claim() | {"generated_files": [{"type": "migration"}]}),
        json.dumps(claim() | {"further_changes": {"new_columns": None}}),
        "**Schema changes:**\n" + "- x\n" * 100_000,
    ],
)
def test_what_cannot_be_read_gets_a_sentence(written: str, folder: Path) -> None:
    with pytest.raises(UncheckedSummary, match=r"^[A-Za-z].*[.)]$"):
        differences(folder, written)


@pytest.mark.parametrize(
    "line", ["- " + "a." * 20_000 + " -> ", "- `<code>" * 9_000, "- table " * 9_000, "- (" * 20_000]
)
def test_hostile_bullets_take_no_time(line: str, folder: Path) -> None:
    assert differences(folder, f"**Schema changes:**\n{line}")


def test_names_in_json_that_no_file_can_have_are_not_there(folder: Path) -> None:
    assert differences(folder, claim(new_tables=["orders", "\ud800", "\x1b[31m"])) == [
        "not there: new table \ud800",
        "not there: new table \x1b[31m",
    ]


def test_what_code_that_was_not_read_may_have_made_is_not_called_wrong(tmp_path: Path) -> None:
    history(tmp_path, USERS, ORDERS + OPAQUE)
    right = claim(modified_tables=[])
    found, notes = compared(json.dumps(right).encode(), opened(tmp_path))
    assert not found
    assert "1 operation could not be read" in notes[-1]
    with pytest.raises(UncheckedSummary, match="nobody can tell whether"):
        differences(tmp_path, claim(modified_tables=[], new_tables=["orders", "made_by_names"]))
    assert differences(tmp_path, claim(modified_tables=[], new_tables=[])) == ["forgotten: new table orders"]


def test_the_exit_code_says_how_it_went(folder: Path, run: Any, tmp_path: Path) -> None:  # noqa: F811
    for name, written, expected in (("a", claim(), 0), ("b", claim(new_tables=[]), 1), ("c", [], 2)):
        (folder / name).write_text(json.dumps(written))
        code, out, _ = run(folder, "check-summary", name)
        assert code == expected
        assert bool(out) is (expected < 2)
    assert run(folder, "check-summary", "nowhere.json")[0] == 2
    assert run(folder, "check-summary", ".")[0] == 2
    assert run(folder, "check-summary", "a", "nowhere")[0] == 2


def test_the_sample_of_the_document_has_the_changes_that_the_document_shows(tmp_path: Path) -> None:
    sample = """
    op.create_table(
        'refresh_tokens',
        sa.Column('id', postgresql.UUID(as_uuid=True), primary_key=True),
        sa.Column('user_id', postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column('token_hash', sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    )
    op.create_index('ix_refresh_tokens_user_id', 'refresh_tokens', ['user_id'])
    op.create_index('ix_refresh_tokens_token_hash', 'refresh_tokens', ['token_hash'], unique=True)
    """
    assert summary(history(tmp_path, USERS, sample)).changes.lists() == {
        "new_tables": ["refresh_tokens"],
        "modified_tables": [],
        "new_indexes": ["ix_refresh_tokens_user_id", "ix_refresh_tokens_token_hash"],
        "new_foreign_keys": ["refresh_tokens.user_id -> users.id"],
    }
