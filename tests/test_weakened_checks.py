"""With a base, the report says which checks the configuration of the change turns off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repositories import Repository, git, repository

from migration_guard import cli
from migration_guard.config import Overrides
from migration_guard.engine import lint

TEAM = 'extend-select = ["MG9", "MG504", "MG814"]\n'
START = "This change also weakens the checks, compared with main: "


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """main has a1; the branch `mine` starts there."""
    made = repository(tmp_path / "shop")
    made.commit("a1")
    made.branch("mine")
    return made


def configured(one: Repository, text: str, *, name: str = "migration-guard.toml") -> None:
    (one.folder / name).write_text(text, encoding="utf-8")


def on_main(one: Repository, text: str) -> None:
    one.switch("main")
    configured(one, text)
    one.commit()
    git(one.folder, "switch", "--force-create", "mine")


def said(one: Repository, ref: str = "main") -> list[str]:
    """What the report says of the configuration."""
    notes = lint([], one.folder, None, Overrides(since=ref, cache=False)).summary.notes
    return [note.removeprefix(START) for note in notes if "This change" in note or "this change" in note]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("", 'ignore = ["MG101", "MG102"]', "MG101, MG102 off (ignore)."),
        ('select = ["MG10"]', 'select = ["MG101"]', "MG102, MG103, MG104 off (select)."),
        ("", "[severity]\nMG101 = 'info'", "MG101 only info, no longer error (severity)."),
        ("fail-on = 'warning'", "", "only from error on does a finding fail, not from warning (fail-on)."),
        ("", "exit-zero = true", "nothing that is found fails (exit-zero)."),
        ("", "quiet = true", "only errors are printed (quiet)."),
        ("", "start-after = 'a1'", 'nothing is judged up to "a1" (start-after).'),
        ('target = ["postgresql 14", "sqlite"]', "target = 'sqlite'", "nothing is judged for postgresql 14 (target)."),
        ("target = 'postgresql 14'", "", None),  # what is guessed is the same
        ("", "target = 'sqlite'", None),  # what was judged before was a guess
        ("target = 'mysql 8.0'", "", "nothing is judged for mysql 8.0 (target)."),
        ("filename-pattern = 'x.*'", "", 'nothing instead of "x.*" (filename-pattern).'),
        ("", "since = 'HEAD'", None),  # the command line has the word here
        ("", "paths = ['other']", 'only ["other"] is linted where nothing is named (paths).'),
        ("", "paths = ['./']", None),
        ("paths = ['migrations']", "paths = ['./migrations/']", None),
        ("plugins = ['acme_guard']", "", '["acme_guard"] not wished for any more (plugins).'),
        ("", "exempt-tables = ['users']", '{ ALL = ["users"] } let pass (exempt-tables).'),
        ("", "exempt-tables = { MG101 = 'users' }", '{ MG101 = ["users"] } let pass (exempt-tables).'),
        ("", "small-tables = ['users']", '["users"] let pass (small-tables).'),
        (TEAM, f"{TEAM}trusted-extensions = ['dblink']", '["dblink"] let pass (trusted-extensions).'),
        (
            f"{TEAM}tenant-tables = ['a', 'b']",
            f"{TEAM}tenant-tables = ['a']",
            '["b"] no longer asked about (tenant-tables).',
        ),
        (TEAM, f"{TEAM}deprecation-revisions = 0", "0 instead of 1 (deprecation-revisions)."),
        (TEAM, f"{TEAM}uuid-keys = 'any'", '"any" instead of "native" (uuid-keys).'),
        (f"{TEAM}ticket-pattern = 'A'", f"{TEAM}ticket-pattern = '.'", '"." instead of "A" (ticket-pattern).'),
        ("extends = ['preset:strict']\nselect = ['MG909']", "select = ['MG910']", "MG909 off (select)."),
    ],
)
def test_what_asks_for_less_is_said_with_its_option(
    shop: Repository, before: str, after: str, sentence: str | None
) -> None:
    on_main(shop, before)
    configured(shop, after)
    assert said(shop) == ([sentence] if sentence else [])
    shop.commit()
    configured(shop, before)
    assert said(shop) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('ignore = ["MG101"]', ""),
        ('ignore = ["MG101"]', 'ignore = ["drop-table"]\noutput-format = "json"\njobs = 1'),
        ("", 'extends = ["preset:strict"]'),
        ("", "[severity]\nMG403 = 'error'"),
        ("target = 'postgresql 16'", 'target = ["postgresql 14", "sqlite"]'),
        ("exempt-tables = ['users']", ""),
        ("uuid-keys = 'any'", "uuid-keys = 'string'"),
        ("deprecation-revisions = 1", "deprecation-revisions = 3"),
    ],
)
def test_what_asks_for_more_or_the_same_is_not_said(shop: Repository, before: str, after: str) -> None:
    on_main(shop, before)
    configured(shop, after)
    assert said(shop) == []


def test_what_the_base_has_agreed_on_meanwhile_is_not_taken_away_by_the_change(shop: Repository) -> None:
    shop.commit("b2 <- a1")
    shop.switch("main")
    configured(shop, 'extends = ["preset:strict"]')
    shop.commit()
    shop.switch("mine")
    assert said(shop) == []


def test_a_configuration_in_another_file_is_compared_with_the_one_that_held(shop: Repository) -> None:
    on_main(shop, "ignore = ['MG101']")
    (shop.folder / "migration-guard.toml").unlink()
    configured(shop, "[tool.migration-guard]\nignore = ['MG101', 'MG102']\n", name="pyproject.toml")
    assert said(shop) == ["MG102 off (ignore)."]
    configured(shop, "ignore = ['MG103']", name="migrations/migration-guard.toml")
    assert said(shop) == ["MG102 off (ignore)."]  # the history is that of alembic.ini, above
    configured(shop, "extends = ['migrations/migration-guard.toml']")
    assert said(shop) == ["MG103 off (ignore)."]


def test_what_a_configuration_extends_is_that_of_the_base_too(shop: Repository) -> None:
    configured(shop, "ignore = ['MG101']", name="team.toml")
    on_main(shop, "extends = ['team.toml']")
    configured(shop, "ignore = ['MG101', 'MG102']", name="team.toml")
    assert said(shop) == ["MG102 off (ignore)."]


def test_a_history_that_moves_with_its_configuration_loses_nothing(tmp_path: Path) -> None:
    made = repository(tmp_path / "all", {"one/alembic.ini": "[alembic]\nscript_location = migrations\n"})
    (made.folder / "alembic.ini").unlink()
    made.write("a1", folder="one/migrations/versions")
    configured(made, "ignore = ['MG101']", name="one/migration-guard.toml")
    made.commit()
    made.branch("mine")
    (made.folder / "one").rename(made.folder / "uno")
    assert said(made) == []


def test_what_is_added_to_the_baseline_is_counted(shop: Repository) -> None:
    entry = {"fingerprint": "f", "code": "MG101", "path": "migrations/versions/a1_.py", "message": "m"}
    baseline = shop.folder / "known.json"
    baseline.write_text(json.dumps({"version": 1, "findings": [entry]}))
    on_main(shop, "baseline = 'known.json'")
    assert said(shop) == []
    baseline.write_text(json.dumps({"version": 1, "findings": [entry, entry, entry | {"fingerprint": "g"}]}))
    assert said(shop) == ["2 findings more are left out (baseline)."]
    baseline.write_text(json.dumps({"version": 1, "findings": [entry]}))
    baseline.rename(shop.folder / "other.json")
    configured(shop, "baseline = 'other.json'")
    assert said(shop) == []


def test_a_configuration_that_names_the_ref_itself_is_compared_with_the_base_of_the_pull_request(
    shop: Repository, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    base = git(shop.folder, "rev-parse", "main")
    configured(shop, "since = 'HEAD'\nignore = ['MG101']\nquiet = true")
    shop.commit("b2 <- a1")
    git(shop.folder, "update-ref", "refs/remotes/origin/main", base)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    monkeypatch.chdir(shop.folder)
    cli.run(["lint", "--no-cache"])
    _, err = capfd.readouterr()
    assert "compared with origin/main: MG101 off (ignore); only errors are printed (quiet); " in err
    assert 'only what "HEAD" lacks is judged (since)' in err


def test_a_configuration_of_the_base_that_cannot_be_read_is_named(shop: Repository) -> None:
    on_main(shop, "ignore = [")
    configured(shop, "")
    (sentence,) = said(shop)
    assert sentence.startswith(
        "Which checks this change turns off is not known: the configuration at main is not valid ("
    )
    on_main(shop, "ignroe = ['MG101']")
    configured(shop, "")
    (sentence,) = said(shop)
    assert sentence.endswith("migration-guard.toml: there is no option 'ignroe').")


@pytest.mark.parametrize(
    ("before", "after", "is_said"),
    [("a1", "b2", True), ("b2", "a1", False), ("c3", "d3", True), ("gone", "b2", False), ("d3", "b2", False)],
)
def test_a_start_that_moves_is_said_where_less_is_judged(
    shop: Repository, before: str, after: str, is_said: bool
) -> None:
    for written in ("b2 <- a1", "c3 <- b2", "d3 <- b2"):
        shop.commit(written)
    git(shop.folder, "branch", "--force", "main")
    configured(shop, f"start-after = '{before}'")
    shop.commit()
    git(shop.folder, "branch", "--force", "main")
    configured(shop, f"start-after = '{after}'")
    assert said(shop) == ([f'nothing is judged up to "{after}" (start-after).'] if is_said else [])


def test_a_ref_that_a_file_names_and_that_is_the_base_weakens_nothing(
    shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(shop.folder, "update-ref", "refs/remotes/origin/main", "main")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    shop.commit("b2 <- a1")
    configured(shop, "since = 'main'")
    assert not [note for note in lint([], shop.folder, None, Overrides(cache=False)).summary.notes if "weakens" in note]
    configured(shop, "since = 'HEAD'")
    notes = lint([], shop.folder, None, Overrides(cache=False)).summary.notes
    assert any('only what "HEAD" lacks is judged (since)' in note for note in notes)


def test_what_holds_for_the_run_is_said_of_its_own_file_alone(tmp_path: Path) -> None:
    made = repository(tmp_path / "all", {"one/alembic.ini": "[alembic]\nscript_location = migrations\n"})
    (made.folder / "alembic.ini").unlink()
    made.write("a1", folder="one/migrations/versions")
    made.commit()
    made.branch("mine")
    configured(made, "exit-zero = true\nquiet = true", name="one/migration-guard.toml")
    assert said(made) == ["nothing that is found fails (exit-zero); only errors are printed (quiet)."]
    configured(made, "", name="migration-guard.toml")
    assert said(made) == []
    configured(made, "ignore = ['MG101']\nquiet = true", name="one/migration-guard.toml")
    assert said(made) == ["MG101 off (ignore)."]
