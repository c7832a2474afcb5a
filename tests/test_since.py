"""Only what is new: judged in the light of the whole history, and of what merging with the ref brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import script
from repositories import VERSIONS, Repository, git, repository

from migration_guard import cli
from migration_guard.config import Overrides
from migration_guard.config.since import since
from migration_guard.engine import lint
from migration_guard.model.finding import Report
from migration_guard.reading.discovery.comparison import GitBase
from migration_guard.reading.discovery.project import ProjectError, find
from migration_guard.reading.discovery.repository import base
from migration_guard.report.summary import closing

DROPS = """
def upgrade():
    op.drop_table("t_a1")


def downgrade():
    op.create_table("t_a1", sa.Column("id", sa.Integer, primary_key=True))
"""


def judged(one: Repository | Path, ref: str | None, **options: object) -> Report:
    folder = one.folder if isinstance(one, Repository) else one
    return lint([], folder, None, Overrides(since=ref, cache=False, **options))  # type: ignore[arg-type]


def codes(report: Report) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.revision) for finding in report.findings]


def of_base(one: Repository, ref: str) -> GitBase:
    (project,) = find([], one.folder)
    found, _ = base(project, {str(path): path.read_bytes() for path in project.files}, since(ref, {}))
    assert found is not None
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """main has a1 and b2, which drops a table; the branch `mine` starts there."""
    made = repository(tmp_path / "shop")
    made.write("a1", **{"b2 <- a1": DROPS})
    made.commit()
    made.branch("mine")
    return made


def test_what_the_ref_has_is_read_and_not_judged(shop: Repository) -> None:
    shop.write(**{"c3 <- b2": DROPS.replace("t_a1", "t_b2")})
    report = judged(shop, "main")
    assert {revision for _, revision in codes(report)} == {"c3"}
    assert [one.revision for one in report.summary.examined] == ["c3"]
    assert (report.summary.since, report.summary.migrations) == ("main", 3)
    assert {"b2", "c3"} <= {revision for _, revision in codes(judged(shop, "none"))}


def test_nothing_new_is_nothing_found(shop: Repository) -> None:
    report = judged(shop, "main")
    assert (report.findings, report.summary.examined, report.summary.since) == ((), (), "main")


def test_nothing_new_is_said_of_what_was_asked_for(shop: Repository) -> None:
    shop.write("c3 <- b2")
    report = lint([shop.versions / "b2_.py"], shop.folder, None, Overrides(since="main", cache=False))
    (sentence,) = ("".join(words for words, _ in line) for line in closing(report))
    assert sentence == "Nothing new: main has every migration that was asked for."


def test_a_renamed_file_and_a_moved_folder_are_not_new(shop: Repository) -> None:
    (shop.versions / "b2_.py").rename(shop.versions / "0002_drop.py")
    assert judged(shop, "main").findings == ()
    (shop.folder / "alembic.ini").write_text("[alembic]\nscript_location = database\n")
    (shop.folder / "migrations").rename(shop.folder / "database")
    assert judged(shop, "main").findings == ()
    shop.commit()
    assert judged(shop, "main").findings == ()


def test_a_history_beside_another_is_new_even_with_the_same_ids(tmp_path: Path) -> None:
    made = repository(tmp_path / "all", {"one/alembic.ini": "[alembic]\nscript_location = migrations\n"})
    (made.folder / "alembic.ini").unlink()
    made.write("a1", folder=f"one/{VERSIONS}", **{"b2 <- a1": DROPS})
    made.commit()
    made.branch("mine")
    (made.folder / "two").mkdir()
    (made.folder / "two" / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    made.write("a1", folder=f"two/{VERSIONS}", **{"b2 <- a1": DROPS})
    assert codes(judged(made.folder, "main")) == [("MG101", "b2")]
    assert judged(made.folder, "main").findings[0].path.startswith("two/")


def test_two_branches_with_one_parent_are_caught_before_either_is_merged(shop: Repository) -> None:
    shop.switch("main")
    shop.commit("c3 <- b2")
    shop.switch("mine")
    shop.commit("d4 <- b2")
    (finding,) = judged(shop, "main").findings
    assert (finding.code, finding.revision, finding.path) == ("MG006", "d4", f"{VERSIONS}/d4_.py")
    assert finding.message.startswith("Merged with main, the history ends in 2 revisions (")
    assert 'down_revision = "c3"' in finding.help
    assert judged(shop, "none", select=("MG006",)).findings == ()


def test_a_branch_that_follows_what_was_merged_meanwhile_is_clean(shop: Repository) -> None:
    shop.switch("main")
    shop.commit("c3 <- b2")
    shop.switch("mine")
    shop.commit("d4 <- c3")  # not rebased yet: c3 comes with the merge
    assert judged(shop, "main").findings == ()
    git(shop.folder, "merge", "main")
    assert judged(shop, "main").findings == ()


def test_what_the_branch_removes_does_not_come_back_with_the_merge(shop: Repository) -> None:
    (shop.versions / "b2_.py").unlink()
    shop.commit("c3 <- a1")
    assert [code for code, _ in codes(judged(shop, "main"))] == []


def test_heads_that_the_ref_has_already_are_not_told_again(shop: Repository) -> None:
    shop.switch("main")
    shop.commit("c3 <- b2", "d4 <- b2")
    shop.branch("later")
    shop.write("e5 <- d4")
    assert judged(shop, "main").findings == ()
    shop.write("f6 <- d4")
    assert [code for code, _ in codes(judged(shop, "main"))] == ["MG006"]


def test_one_id_given_on_both_sides_is_told(shop: Repository) -> None:
    shop.switch("main")
    shop.commit("c3 <- b2")
    shop.switch("mine")
    shop.write("c3 <- b2")
    (shop.versions / "c3_.py").rename(shop.versions / "c3_mine.py")
    shop.commit()
    (finding,) = judged(shop, "main").findings
    assert (finding.code, finding.path) == ("MG003", f"{VERSIONS}/c3_mine.py")
    assert f"main:{VERSIONS}/c3_.py" in finding.message


def test_a_file_that_was_broken_already_is_old_and_one_that_is_broken_now_is_new(shop: Repository) -> None:
    (shop.versions / "broken.py").write_text("revision = 'x'\ndown_revision = 'b2'\n<<<<<<<\n")
    shop.switch("main")
    shop.commit()
    shop.branch("later")
    assert judged(shop, "main").findings == ()
    (shop.versions / "helper_without_id.py").write_text("def (:\n")
    assert [(one.code, one.path) for one in judged(shop, "main").findings] == [
        ("MG001", f"{VERSIONS}/helper_without_id.py")
    ]


def test_a_shallow_clone_knows_what_is_new_and_what_comes(shop: Repository, tmp_path: Path) -> None:
    shop.switch("main")
    shop.commit("c3 <- b2")
    shop.switch("mine")
    shop.commit("d4 <- b2")
    shallow = shop.clone(tmp_path / "shallow", "--depth=1", "--branch=mine")
    with pytest.raises(ProjectError, match=r"git fetch --depth=1 origin main:refs/remotes/origin/main"):
        judged(shallow, "origin/main")
    git(shallow.folder, "fetch", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert codes(judged(shallow, "origin/main")) == [("MG006", "d4")]


def test_a_shallow_clone_of_the_merge_knows_that_all_is_in_it(shop: Repository, tmp_path: Path) -> None:
    """As actions/checkout makes it: the commit that merges the branch into its base, with no history."""
    (shop.versions / "b2_.py").unlink()
    shop.commit("c3 <- a1")
    shop.switch("main")
    shop.commit(message="another file")
    git(shop.folder, "switch", "--create", "merge", "main")
    git(shop.folder, "merge", "--no-ff", "mine")
    shallow = shop.clone(tmp_path / "shallow", "--depth=1", "--branch=merge")
    git(shallow.folder, "fetch", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert codes(judged(shallow, "origin/main")) == []


def test_a_worktree_is_a_checkout_like_others(shop: Repository, tmp_path: Path) -> None:
    git(shop.folder, "worktree", "add", str(tmp_path / "tree"), "-b", "other", "main")
    tree = Repository(tmp_path / "tree")
    tree.write(**{"c3 <- b2": DROPS.replace("t_a1", "t_b2")})
    assert {revision for _, revision in codes(judged(tree, "main"))} == {"c3"}


def test_a_folder_below_the_root_is_compared_with_itself(shop: Repository) -> None:
    shop.write("c3 <- b2")
    report = judged(shop.folder / "migrations", "main")
    assert [one.path for one in report.summary.examined] == ["versions/c3_.py"]
    assert report.summary.folder == "migrations"


def test_a_ref_that_git_lacks_ends_with_what_to_fetch(shop: Repository, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no commit 'origin/main' here\. Name a branch"):
        judged(shop, "origin/main")
    with pytest.raises(ProjectError, match="in no git repository"):
        judged(written(tmp_path / "plain"), "main")


@pytest.mark.parametrize(
    ("ref", "remedy"),
    [
        ("main", r"Did you mean origin/main\?"),
        ("release", r"git fetch origin release:refs/remotes/origin/release, and name it origin/release"),
        ("origin/release", r"Fetch it first: git fetch origin release:refs/remotes/origin/release$"),
        *((ref, "Name a branch, a tag or a commit") for ref in ("--help", "HEAD~9", "none@{upstream}", "abc1234", "")),
    ],
)
def test_what_to_do_about_a_ref_that_git_lacks_is_something_that_helps(
    shop: Repository, tmp_path: Path, ref: str, remedy: str
) -> None:
    clone = shop.clone(tmp_path / "clone")
    with pytest.raises(ProjectError, match=remedy):
        judged(clone, ref)


def test_without_a_repository_a_note_says_that_all_was_judged(tmp_path: Path) -> None:
    report = judged(written(tmp_path / "plain"), "auto")
    assert [note for note in report.summary.notes if "in no git repository" in note]


@pytest.mark.parametrize("setting", ["grep.lineNumber", "grep.column", "color.ui", "submodule.recurse"])
def test_how_people_set_their_git_changes_nothing(shop: Repository, setting: str) -> None:
    git(shop.folder, "config", setting, "always" if setting.startswith("color") else "true")
    assert of_base(shop, "main").known == {"a1", "b2"}


def test_a_parent_that_the_branch_removes_is_told_though_its_child_is_old(shop: Repository) -> None:
    (shop.versions / "a1_.py").unlink()
    assert codes(judged(shop, "main")) == [("MG004", "b2")]
    shop.commit()
    shop.branch("next", "mine")
    assert codes(judged(shop, "mine")) == []  # it was so before


def test_a_loop_through_an_old_migration_is_told_at_the_new_one(shop: Repository) -> None:
    shop.write("c3 <- b2", **{"a1 <- c3": DROPS})
    loop = [finding for finding in judged(shop, "main").findings if finding.code == "MG005"]
    assert [finding.path for finding in loop] == ["migrations/versions/c3_.py"]


def test_of_two_histories_with_the_same_ids_the_one_that_moved_is_old_and_the_other_is_new(tmp_path: Path) -> None:
    made = repository(tmp_path / "all")
    (made.folder / "alembic.ini").unlink()
    for name in ("one", "two"):
        service(made, name, "a1", "b2 <- a1")
    made.commit()
    made.branch("mine")
    (made.folder / "one").rename(made.folder / "uno")
    service(made, "three", "a1")
    (made.folder / "three/migrations/versions/a1_.py").write_text(script("a1", None, DROPS))
    assert [one.path for one in judged(made, "main").summary.examined] == ["three/migrations/versions/a1_.py"]


def test_histories_that_move_together_are_each_compared_with_their_own_place(tmp_path: Path) -> None:
    made = repository(tmp_path / "all")
    (made.folder / "alembic.ini").unlink()
    for name in ("one", "two"):
        service(made, name, "a1")
    made.commit()
    made.branch("mine")
    (made.folder / "services").mkdir()
    for name in ("one", "two"):
        (made.folder / name).rename(made.folder / "services" / name)
    made.commit()
    made.switch("main")
    service(made, "one", "z9 <- a1")
    made.commit()
    made.switch("mine")
    service(made, "services/two", "c3 <- a1")
    assert "MG006" not in {code for code, _ in codes(judged(made, "main"))}
    service(made, "services/one", "c3 <- a1")
    assert "MG006" in {code for code, _ in codes(judged(made, "main"))}


def test_one_of_several_version_locations_may_move(shop: Repository) -> None:
    locations = "[alembic]\nscript_location = migrations\nversion_locations = migrations/versions {}\n"
    shop.switch("main")
    shop.write("x1", folder="billing")
    (shop.folder / "alembic.ini").write_text(locations.format("billing"))
    shop.commit()
    (shop.folder / "billing").rename(shop.folder / "invoices")
    (shop.folder / "alembic.ini").write_text(locations.format("invoices"))
    assert judged(shop, "main").summary.examined == ()


def test_a_folder_whose_name_is_a_pattern_for_git_is_compared_with_itself(tmp_path: Path) -> None:
    made = repository(tmp_path / "all")
    (made.folder / "alembic.ini").unlink()
    service(made, "[a]", "a1")
    service(made, "a", "b2")
    made.commit()
    service(made, "[a]", "c3 <- a1")
    assert [one.revision for one in judged(made, "main").summary.examined] == ["c3"]


def test_a_file_that_is_broken_now_is_new_also_where_its_folder_is_a_pattern_for_git(tmp_path: Path) -> None:
    made = repository(tmp_path / "all")
    (made.folder / "alembic.ini").unlink()
    service(made, "[a]", "a1", "b2 <- a1")
    made.commit()
    (made.folder / "[a]/migrations/versions/b2_.py").write_text("def (\n")
    assert [code for code, _ in codes(judged(made, "main"))] == ["MG001"]


def test_a_history_that_moves_is_known_again_by_other_line_ends(shop: Repository) -> None:
    for file in shop.versions.glob("*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (shop.folder / "alembic.ini").write_text("[alembic]\nscript_location = database\n")
    (shop.folder / "migrations").rename(shop.folder / "database")
    assert judged(shop, "main").summary.examined == ()


def test_migrations_at_the_root_are_compared_and_histories_below_are_others(tmp_path: Path) -> None:
    made = repository(tmp_path / "all")
    (made.folder / "alembic.ini").unlink()
    made.write("a1", folder=".")
    service(made, "other", "x1")
    made.commit()
    made.branch("mine")
    made.commit()
    made.switch("main")
    service(made, "other", "x2 <- x1", "x3")
    made.commit()
    made.switch("mine")
    made.write("b2 <- a1", folder=".")
    report = judged(made, "main")
    assert [one.revision for one in report.summary.examined] == ["b2"]
    assert "MG006" not in {code for code, _ in codes(report)}


def test_a_file_that_leaves_a_folder_below_is_not_new(shop: Repository) -> None:
    shop.switch("main")
    (shop.versions / "archive").mkdir()
    (shop.versions / "a1_.py").rename(shop.versions / "archive" / "a1_.py")
    shop.commit()
    (shop.versions / "archive" / "a1_.py").rename(shop.versions / "a1_.py")
    (shop.versions / "archive").rmdir()
    assert judged(shop, "main").summary.examined == ()


def service(made: Repository, name: str, *revisions: str) -> None:
    """A history in a folder of its own."""
    made.write(*revisions, folder=f"{name}/migrations/versions")
    (made.folder / name / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")


def written(folder: Path) -> Path:
    Repository(folder).write("a1")
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    return folder


def event(tmp_path: Path, **payload: object) -> str:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload))
    return str(file)


def test_a_pull_request_is_compared_with_its_base(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base_commit = git(shop.folder, "rev-parse", "main")
    shop.commit("c3 <- b2")
    clone = shop.clone(tmp_path / "clone", "--branch=mine")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    report = judged(clone, None)
    assert (report.summary.since, [one.revision for one in report.summary.examined]) == ("origin/main", ["c3"])
    git(clone.folder, "update-ref", "-d", "refs/remotes/origin/main")
    monkeypatch.setenv("GITHUB_EVENT_PATH", event(tmp_path, pull_request={"base": {"sha": base_commit}}))
    assert judged(clone, None).summary.since == base_commit


def test_a_pull_request_whose_base_is_not_here_is_judged_as_a_whole_and_says_so(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = shop.clone(tmp_path / "shallow", "--depth=1", "--branch=mine")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    report = judged(shallow, None)
    assert "b2" in {revision for _, revision in codes(report)}
    assert any("git fetch --depth=1 origin main:refs/remotes/origin/main" in note for note in report.summary.notes)


def test_formats_without_a_summary_leave_the_note_to_the_standard_error(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shallow = shop.clone(tmp_path / "shallow", "--depth=1", "--branch=mine")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    monkeypatch.chdir(shallow.folder)
    cli.run(["lint", "--output-format", "concise", "--no-cache"])
    out, err = capfd.readouterr()
    assert ("Note:" in out, err.startswith("Note: git has no commit origin/main here")) == (False, True)


@pytest.mark.parametrize(
    ("word", "environment", "candidates"),
    [
        (None, {}, ()),
        ("none", {"GITHUB_BASE_REF": "main"}, ()),
        ("v1.2", {"GITHUB_BASE_REF": "main"}, ("v1.2",)),
        (None, {"GITHUB_BASE_REF": "main"}, ("origin/main",)),
        ("auto", {"GITHUB_BASE_REF": "main"}, ("origin/main",)),
        (
            None,
            {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "trunk", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"},
            ("origin/trunk", "abc"),
        ),
    ],
)
def test_what_counts_as_old_is_found_without_being_told(
    word: str | None, environment: dict[str, str], candidates: tuple[str, ...]
) -> None:
    assert since(word, environment).candidates == candidates


def test_a_merge_queue_names_its_base(tmp_path: Path) -> None:
    path = event(tmp_path, merge_group={"base_ref": "refs/heads/main", "base_sha": "abc"})
    environment = {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_EVENT_PATH": path}
    assert since(None, environment).candidates == ("abc", "origin/main")


def test_auto_is_the_default_branch_where_there_is_no_pull_request(shop: Repository, tmp_path: Path) -> None:
    shop.commit("c3 <- b2")
    assert judged(shop, "auto").summary.since == "main"
    clone = shop.clone(tmp_path / "clone", "--branch=mine")
    assert judged(clone, "auto").summary.since == "origin/mine"  # what the remote's HEAD says
    git(clone.folder, "remote", "set-head", "origin", "main")
    assert judged(clone, "auto").summary.since == "origin/main"


def test_auto_without_a_default_branch_judges_everything_and_says_so(tmp_path: Path) -> None:
    made = repository(tmp_path / "new")
    made.write("a1")
    report = judged(made, "auto")
    assert (len(report.summary.examined), report.summary.since) == (1, "")
    assert any("no default branch" in note for note in report.summary.notes)


def test_a_whole_history_says_how_much_of_it_is_old(shop: Repository) -> None:
    shop.write(**{"c3 <- b2": DROPS.replace("t_a1", "t_b2")})
    summary = judged(shop, None).summary
    assert (summary.older, summary.default_branch) == (1, "main")


def test_files_in_any_encoding_and_names_with_spaces_are_compared(shop: Repository) -> None:
    (shop.versions / "b2_.py").rename(shop.versions / "b2 über größe.py")
    shop.commit()
    git(shop.folder, "branch", "--force", "there")
    assert of_base(shop, "there").known == {"a1", "b2"}


def test_inside_a_hook_the_folder_counts_and_not_the_repository_of_the_hook(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = repository(tmp_path / "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(elsewhere.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere.folder / ".git" / "index"))
    assert judged(shop, "main").summary.since == "main"
