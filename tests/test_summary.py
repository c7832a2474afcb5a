"""The command summary: which revisions, what is said of them in each format, and what it says when it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from handover import ORDERS, USERS, body, history, summary
from projects import MULTIDB, script, write
from repositories import repository
from test_documents import ROOT, block, shape

from migration_guard import cli
from migration_guard.config import ConfigError, load
from migration_guard.config.shown import toml
from migration_guard.model.finding import Severity
from migration_guard.report.change_summary import document, render
from migration_guard.rules import selectable

EMAIL = 'op.create_index("ix_users_email", "users", ["email"])'
OPAQUE = "for name in names():\n    op.execute(name)"
SAMPLES = ROOT / "sample_migrations"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Runs a command in a folder: its exit code, and what it prints."""

    def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        code = cli.run([*arguments, "--no-cache"])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


def of(out: str) -> list[str]:
    """The revisions in a JSON summary."""
    return [one["revision"] for one in json.loads(out)["revisions"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["r2"]),
        (("head",), ["r2"]),
        (("r1",), ["r1"]),
        (("r0:r1",), ["r0", "r1"]),
        (("r1:",), ["r1", "r2"]),
        ((":r1",), ["r0", "r1"]),
        (("base:head",), ["r0", "r1", "r2"]),
        (("r1", "."), ["r1"]),
        ((".",), ["r2"]),
        (("migrations/versions",), ["r2"]),
        (("alembic.ini",), ["r2"]),
        (("migrations/versions/r1_.py",), ["r1"]),
        (("r0", "migrations/versions/r1_.py"), ["r0"]),
    ],
)
def test_the_revisions_that_are_named(words: tuple[str, ...], expected: list[str], tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run(history(tmp_path, USERS, ORDERS, EMAIL), "summary", *words, "--output-format", "json")
    assert (code, of(out)) == (0, expected)


def test_a_revision_may_be_the_beginning_of_one(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, {"a1b2": script("a1b2"), "a1c3": script("a1c3", "a1b2")})
    assert of(run(tmp_path, "summary", "a1b", "--output-format", "json")[1]) == ["a1b2"]
    code, _, err = run(tmp_path, "summary", "a1")
    assert (code, "could be a1b2, a1c3" in err) == (2, True)


def test_of_two_heads_both_are_summarized(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, {"a": script("a"), "b": script("b", "a"), "c": script("c", "a")})
    code, out, _ = run(tmp_path, "summary", "--output-format", "json")
    assert (code, of(out), json.loads(out)["upgrade"]) == (0, ["b", "c"], ["alembic upgrade heads"])
    assert run(tmp_path, "summary", "b:c")[0] == 2


def test_since_takes_what_a_branch_adds(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    one = repository(tmp_path)
    one.commit("a1")
    one.branch("topic")
    one.commit("b2 <- a1", "c3 <- b2")
    code, out, _ = run(one.folder, "summary", "--since", "main", "--output-format", "json")
    assert (code, of(out)) == (0, ["b2", "c3"])
    assert json.loads(out)["schema_changes"]["new_tables"] == ["t_b2", "t_c3"]
    code, out, _ = run(one.folder, "summary", "--since", "topic", "--output-format", "json")
    assert (code, of(out)) == (0, [])
    assert run(one.folder, "summary", "--since", "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("r9",), "There is no revision 'r9' in this history."),
        (("r1:r0",), "No line of revisions leads from 'r1' to 'r0'."),
        (("r0:r9",), "There is no revision 'r9'"),
        (("nowhere/at/all",), "There is no file or folder nowhere/at/all."),
        (("r1", "--since", "main"), "exclude each other"),
        (("--since", "main"), "is in no git repository"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: tuple[str, ...], sentence: str, tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run(history(tmp_path, USERS, ORDERS), "summary", *words)
    assert (code, out) == (2, "")
    assert sentence in err


def test_several_histories_are_named(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        history(tmp_path / name, USERS)
    code, _, err = run(tmp_path, "summary")
    assert code == 2
    assert "There are several histories here: name one of one/alembic.ini, two/alembic.ini." in err
    assert run(tmp_path, "summary", "two")[0] == 0


def test_a_file_that_cannot_be_read_is_never_passed_over(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    folder = history(tmp_path, USERS, ORDERS, EMAIL)
    (folder / "migrations/versions/r1_.py").write_text("def upgrade(:\n")
    for words in ((), ("r1",), ("r0:r2",), (":r2",), ("migrations/versions/r1_.py",)):
        code, out, err = run(folder, "summary", *words)
        assert (code, out) == (2, ""), words
        assert "r1_.py" in err or "No line" in err
    code, out, _ = run(folder, "summary", "r2")
    assert code == 0
    assert "r1_.py could not be read" in out


def test_two_files_of_one_revision_are_ambiguous(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    folder = history(tmp_path, USERS)
    (folder / "migrations/versions/again.py").write_text(script("r0"))
    code, _, err = run(folder, "summary")
    assert (code, "declared by two files" in err) == (2, True)


def test_what_could_not_be_read_is_counted_and_named_in_every_format(tmp_path: Path) -> None:
    found = summary(history(tmp_path, USERS, OPAQUE))
    (one,) = document(found)["not_read"]
    assert one["path"].endswith("r1_.py")
    assert one["line"] == 10
    for format in ("text", "markdown"):
        said = render(found, format)
        assert "1 operation could not be read" in said
        assert re.search(r"r1_\.py:10", said.replace("\\", "").replace("&#8203;", ""))


def test_markdown_is_the_block_with_its_four_headings_and_two_fences(tmp_path: Path) -> None:
    for upgrades in ((USERS, ORDERS), (USERS, "pass"), (USERS, 'op.execute("DELETE FROM users")')):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        said = render(summary(history(folder, *upgrades)), "markdown")
        headings = ["**Schema changes:**", "**Migration:**", "**Run migration:**", "**Verify:**"]
        assert re.findall(r"^\*\*.*?\*\*$", said, re.MULTILINE)[:4] == headings
        assert "- Created: `migrations/versions/r1_.py`" in said
        assert "**Run migration:**\n```bash\nalembic upgrade head\n```\n" in said
        assert re.search(r"\*\*Verify:\*\*\n```sql\n.+\n```\n", said, re.DOTALL)


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        ("postgresql", [r"\d orders"]),
        ("sqlite", ["PRAGMA table_info(orders);", "PRAGMA index_list(orders);"]),
        ("mysql", ["DESCRIBE orders;", "SHOW INDEX FROM orders;"]),
        ("mariadb", ["DESCRIBE orders;", "SHOW INDEX FROM orders;"]),
    ],
)
def test_the_statements_that_verify_are_those_of_the_database(
    dialect: str, statements: list[str], tmp_path: Path
) -> None:
    said = render(summary(history(tmp_path, USERS, ORDERS, dialect=dialect)), "markdown")
    assert "\n".join((*statements, "SELECT * FROM orders LIMIT 5;")) in said


def test_the_json_that_is_documented_has_the_keys_that_are_written(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "summary.md").read_text(encoding="utf-8")
    documented = json.loads(block("json", page))
    written = document(summary(history(tmp_path, USERS, ORDERS, EMAIL + "\n" + OPAQUE)))
    assert written["schema_changes"].keys() == {"new_tables", "modified_tables", "new_indexes", "new_foreign_keys"}
    written["owners"] = documented["owners"]
    assert shape(documented) == shape(written)


def test_the_risk_is_what_lint_finds_in_these_revisions(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text('ignore = ["MG7"]\n[severity]\nMG401 = "warning"\n')
    folder = history(tmp_path, USERS, ORDERS, EMAIL)
    found = summary(folder)
    assert [(one.code, one.severity, one.revision) for one in found.findings] == [("MG401", Severity.WARNING, "r2")]
    assert not summary(folder, "r1").findings


def test_locks_are_those_on_tables_that_were_there_before(tmp_path: Path) -> None:
    folder = history(tmp_path, USERS, ORDERS, EMAIL)
    assert [(one.table, one.blocks, one.why) for one in summary(folder).locks] == [
        ("users", "writes", "builds an index")
    ]
    assert [one.table for one in summary(folder, "r1").locks] == ["users"]
    assert not summary(folder, "r0:").locks


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "possible", "words"),
    [
        (EMAIL, 'op.drop_index("ix_users_email", "users")', True, ""),
        (EMAIL, "pass", False, "downgrade() of r1 is empty"),
        (EMAIL, "raise NotImplementedError", False, "downgrade() of r1 raises an exception"),
        (EMAIL, "op.execute('SELECT 1')", False, "does not undo index ix_users_email"),
        (EMAIL, OPAQUE, None, "downgrade() of r1 could not be read in full"),
        ("# migration-guard: irreversible they are gone\n" + EMAIL, "pass", False, "irreversible: they are gone"),
        (
            'op.drop_column("users", "email")',
            'op.add_column("users", sa.Column("email", sa.String(50)))',
            True,
            "the values of users.email",
        ),
        ("op.execute(\"UPDATE users SET email = ''\")", "pass", True, "users (email) that are overwritten"),
    ],
)
def test_whether_it_can_be_undone_and_why_not(
    upgrade: str, downgrade: str, possible: bool | None, words: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        {"r0": script("r0", None, body(USERS)), "r1": script("r1", "r0", body(upgrade, downgrade))},
        url="postgresql://localhost/shop",
    )
    found = summary(tmp_path).way_back
    assert found.possible is possible
    assert words in " ".join((*found.reasons, *found.lost))


def test_who_needs_to_know_is_named_for_what_the_revisions_touch(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text('[owners]\nschema = "@backend"\nindex = ["@ops", "@dba"]\n')
    folder = history(tmp_path, USERS, ORDERS, EMAIL, 'op.drop_column("users", "email")')
    assert summary(folder, "r1").owners == (("schema", ("@backend",)), ("index", ("@ops", "@dba")))
    assert dict(summary(folder, "r2").owners).keys() == {"index", "performance"}
    assert dict(summary(folder, "r3").owners).keys() == {"schema", "index", "breaking"}
    assert "index: @ops, @dba" in render(summary(folder), "text")
    assert "breaking: nobody is named" in render(summary(folder), "text")


def test_owners_add_up_over_what_is_extended_and_are_shown(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('[owners]\nschema = "@all"\nindex = "@ops"\n')
    (tmp_path / "migration-guard.toml").write_text('extends = ["base.toml"]\n[owners]\nschema = ["@backend"]\n')
    config = load(tmp_path, known=selectable())
    assert dict(config.owners) == {"schema": ("@backend",), "index": ("@ops",)}
    assert 'owners = { schema = ["@backend"], index = ["@ops"] }' in toml(config, {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[owners]\nindexes = "@ops"', "owners: there is no 'indexes' in it. Did you mean index?"),
        ("[owners]\nindex = 3", "owners: index = 3 is no name."),
        ('owners = "@ops"', "owners: '@ops' is not a table."),
    ],
)
def test_a_wrong_owner_is_an_error(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text(text)
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(tmp_path, known=selectable())


def test_the_commands_lead_from_where_one_is(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "api").mkdir()
    history(tmp_path / "api", USERS, ORDERS)
    _, out, _ = run(tmp_path, "summary", "r0", "api", "--output-format", "json")
    assert json.loads(out)["upgrade"] == ["cd api", "alembic upgrade r0"]


def test_the_databases_of_one_project_are_summarized_together(tmp_path: Path) -> None:
    both = "def {0}(engine_name):\n    globals()['{0}_' + engine_name]()\n\n\n"
    each = "def upgrade_{0}():\n    op.create_table('in_{0}')\n\n\ndef downgrade_{0}():\n    pass\n\n\n"
    text = both.format("upgrade") + both.format("downgrade") + each.format("one") + each.format("two")
    urls = "[one]\nsqlalchemy.url = postgresql://a/b\n[two]\nsqlalchemy.url = postgresql://a/c\n"
    scripts = {"r0": script("r0", None, text)}
    write(tmp_path, scripts, environment=MULTIDB, url=None, ini=f"databases = one, two\n{urls}")
    found = summary(tmp_path)
    assert found.changes.new_tables == ("in_one", "in_two")
    assert len(found.revisions) == 1


def test_a_merge_changes_nothing_and_says_so() -> None:
    said = render(summary(SAMPLES / "shop", "6b06"), "text")
    assert "Schema changes\n  nothing\n" in said


def test_an_error_of_ours_in_a_part_of_it_is_a_note_and_the_rest_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object) -> None:
        raise RecursionError

    monkeypatch.setattr("migration_guard.change_summary._locks", failing)
    found = summary(history(tmp_path, USERS, EMAIL))
    assert found.locks == ()
    assert found.changes.indexes
    assert any("The locks could not be put together: migration-guard failed on it" in note for note in found.notes)
