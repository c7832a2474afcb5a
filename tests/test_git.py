"""The repository is found by ourselves, git runs nothing that it names, and a doubt is never an answer."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from projects import script
from repositories import VERSIONS, Repository, git, repository

from migration_guard import cli
from migration_guard.config import Overrides
from migration_guard.engine import lint
from migration_guard.model.finding import Report
from migration_guard.reading.discovery import git as ours
from migration_guard.reading.discovery.git import GitDoubt, GitRepository, repository_around
from migration_guard.reading.discovery.project import ProjectError
from migration_guard.reading.discovery.releases import tags_between
from migration_guard.reading.discovery.repository import default_branch

# Every key that names a program to git, by what it would do with it: each program here only says that it ran.
PROGRAMS = """
[core]
    fsmonitor = {core-fsmonitor}
    hooksPath = {hooks}
    pager = {core-pager}
    editor = {core-editor}
    sshCommand = {core-ssh}
    gitProxy = {core-proxy}
    askPass = {core-askpass}
    alternateRefsCommand = {core-alternate}
    attributesFile = {attributes}
[filter "any"]
    clean = {filter-clean}
    smudge = {filter-smudge}
    required = true
[filter "long"]
    process = {filter-process}
    required = true
[diff]
    external = {diff-external}
[diff "any"]
    textconv = {diff-textconv}
    command = {diff-command}
    cachetextconv = true
[merge "any"]
    driver = {merge-driver}
[gpg]
    program = {gpg-program}
[gpg "ssh"]
    program = {gpg-ssh}
    defaultKeyCommand = {gpg-key}
[log]
    showSignature = true
[credential]
    helper = {credential}
[pager]
    ls-tree = {pager-ls-tree}
    cat-file = {pager-cat-file}
    grep = {pager-grep}
[alias]
    rev-parse = !{alias-rev-parse}
    ls-tree = !{alias-ls-tree}
    cat-file = !{alias-cat-file}
[uploadpack]
    packObjectsHook = {uploadpack-hook}
[interactive]
    diffFilter = {interactive}
[sequence]
    editor = {sequence}
[trace2]
    eventTarget = {trace}
"""
PROMISES = """
[core]
    repositoryformatversion = 1
[extensions]
    partialClone = origin
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{transport}
    uploadpack = {uploadpack}
    promisor = true
    partialclonefilter = blob:none
"""
HOOKS = ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman")


class Programs:
    """Programs that say that they ran, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ran = folder / "programs", folder / "ran"
        (self.folder / "hooks").mkdir(parents=True)
        self.ran.mkdir()
        for name in HOOKS:
            self._write(self.folder / "hooks" / name)
        (self.folder / "attributes").write_text("* filter=any diff=any merge=any\n")

    def __getitem__(self, name: str) -> Path:
        if name in ("hooks", "attributes"):
            return self.folder / name
        self._write(self.folder / name)
        return self.folder / name

    def keys(self, text: str) -> str:
        return text.format_map(self)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.ran))

    def _write(self, program: Path) -> None:
        # It answers nothing, and takes nothing: whoever runs it goes on or fails.
        program.write_text(f"#!/bin/sh\n: > '{self.ran}/{program.name}'\n")
        program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """main has a1 and b2, and then c3, which the branch `mine` lacks; tags, and attributes for every file."""
    made = repository(tmp_path / "shop")
    made.write("a1", "b2 <- a1")
    (made.versions / "broken.py").write_text("def (\n")
    (made.folder / "migration-guard.toml").write_text("deprecation-releases = 1\n")
    made.commit()
    git(made.folder, "tag", "v1")
    made.branch("mine")
    made.switch("main")
    made.commit("c3 <- b2")
    made.switch("mine")
    return made


def judged(folder: Path, ref: str | None = "main", **options: object) -> Report:
    return lint([], folder, None, Overrides(since=ref, cache=False, **options))  # type: ignore[arg-type]


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder, and what is in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def change(shop: Repository) -> None:
    """Something for each branch of the comparison: edited, renamed, without an id, new, and gone."""
    for file in shop.versions.glob("*.py"):
        os.utime(file, (1, 1))  # git would look into it
    (shop.versions / "a1_.py").rename(shop.versions / "first.py")
    (shop.versions / "b2_.py").write_text(script("b2", "a1", "\ndef upgrade():\n    pass\n"))
    (shop.versions / "other.py").write_text("def )\n")
    shop.write("d4 <- b2")


def moved(shop: Repository) -> None:
    """The folder of the history has another name."""
    (shop.folder / "alembic.ini").write_text("[alembic]\nscript_location = database\n")
    (shop.folder / "migrations").rename(shop.folder / "database")


@pytest.mark.parametrize("with_attributes", ["any", "long"])
@pytest.mark.parametrize("changed", [change, moved])
def test_nothing_that_the_repository_names_is_run_and_nothing_in_it_is_written(
    shop: Repository, programs: Programs, changed: object, with_attributes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(shop)  # type: ignore[operator]
    (shop.folder / ".gitattributes").write_text(f"* filter={with_attributes} diff=any merge=any\n")
    folder = shop.folder / ".git"
    with (folder / "config").open("a") as config:
        config.write(programs.keys(PROGRAMS))
    for name in HOOKS:
        shutil.copy(programs["hooks"] / name, folder / "hooks" / name)
    before = state(folder)
    found = repository_around(shop.folder)
    assert found is not None
    found.mentions(["broken"])
    judged(shop.folder)
    judged(shop.folder, "auto")
    judged(shop.folder, None)  # how much of it is old
    assert tags_between(str(shop.folder / VERSIONS / "b2_.py"), str(shop.folder / VERSIONS / "d4_.py")) is not None
    monkeypatch.chdir(shop.folder)
    cli.run(["summary", "--since", "main"])
    assert (programs.names(), state(folder)) == ([], before)
    with pytest.raises(AssertionError):
        git(shop.folder, "diff", "--exit-code", "main")
    assert programs.names()  # these are programs that git would run


def test_a_clone_that_lacks_files_fetches_none(shop: Repository, programs: Programs, tmp_path: Path) -> None:
    git(shop.folder, "config", "uploadpack.allowFilter", "true")
    clone = shop.clone(tmp_path / "partial", "--filter=blob:none", "--branch=mine")
    assert "t_c3" not in str(judged(clone.folder, "mine"))  # all that is asked for is here
    folder = clone.folder / ".git"
    (folder / "config").write_text(programs.keys(PROMISES))
    before = state(folder)
    with pytest.raises(ProjectError, match=r"of this history is not known, .*git fetch --refetch --no-filter"):
        judged(clone.folder, "origin/main")
    assert (programs.names(), state(folder)) == ([], before)


def test_a_folder_that_only_looks_like_a_repository_is_none(shop: Repository, tmp_path: Path) -> None:
    elsewhere = repository(tmp_path / "elsewhere")
    elsewhere.commit("x1")
    for name in ("HEAD", "config", "objects", "refs"):  # a bare repository among the files
        place = elsewhere.folder / ".git" / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, shop.versions / name)
    assert repository_around(shop.versions) == GitRepository(shop.folder / ".git", shop.folder)
    empty = shop.folder / "migrations" / ".git"
    for text in (None, "gitdir: nowhere\n", "gitdir: ../.git/objects\n", "something"):
        shutil.rmtree(empty) if empty.is_dir() else empty.unlink(missing_ok=True)
        empty.mkdir() if text is None else empty.write_text(text)
        assert repository_around(shop.versions) == GitRepository(shop.folder / ".git", shop.folder), text
    assert repository_around(tmp_path) is None


def test_worktrees_and_submodules_have_the_repositories_that_their_files_name(shop: Repository, tmp_path: Path) -> None:
    git(shop.folder, "worktree", "add", str(tmp_path / "tree"), "-b", "other", "main")
    found = repository_around(tmp_path / "tree" / VERSIONS)
    assert found == GitRepository(shop.folder / ".git" / "worktrees" / "tree", tmp_path / "tree")
    outer = repository(tmp_path / "outer")
    git(outer.folder, "submodule", "add", str(shop.folder), "inner")
    Repository(outer.folder / "inner").write("d4 <- c3")
    found = repository_around(outer.folder / "inner" / VERSIONS)
    assert found == GitRepository(outer.folder / ".git" / "modules" / "inner", outer.folder / "inner")
    report = judged(outer.folder / "inner", "origin/main")
    assert [one.revision for one in report.summary.examined] == ["d4"]


def test_a_repository_beside_its_work_tree_is_taken_from_the_environment(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("d4 <- b2")
    (shop.folder / ".git").rename(tmp_path / "beside.git")
    with pytest.raises(ProjectError, match="in no git repository"):
        judged(shop.folder)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "beside.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    (shop.folder / "sub").mkdir()
    monkeypatch.setenv("GIT_WORK_TREE", str(shop.folder / "sub"))
    with pytest.raises(ProjectError, match="in no git repository"):
        judged(shop.folder)
    monkeypatch.setenv("GIT_WORK_TREE", str(shop.folder))
    assert [one.revision for one in judged(shop.folder).summary.examined] == ["d4"]
    monkeypatch.delenv("GIT_WORK_TREE")
    monkeypatch.chdir(shop.folder)  # as in a hook
    assert [one.revision for one in judged(shop.folder).summary.examined] == ["d4"]


def test_what_the_environment_says_to_git_changes_nothing(
    shop: Repository, tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(shop)
    expected = judged(shop.folder)
    for name in (
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_CEILING_DIRECTORIES",
    ):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS", "GIT_PROXY_COMMAND"):
        monkeypatch.setenv(name, str(programs[name]))
    for name, value in (("COUNT", "1"), ("KEY_0", "core.fsmonitor"), ("VALUE_0", str(programs["fsmonitor"]))):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert judged(shop.folder).findings == expected.findings
    assert programs.names() == []


@pytest.mark.parametrize("entry", ["", ".", "bin"])
def test_git_is_not_looked_for_in_the_current_folder(
    shop: Repository, programs: Programs, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    (shop.folder / "bin").mkdir()
    for folder in (shop.folder, shop.folder / "bin"):
        shutil.copy(programs["git"], folder / "git")
    monkeypatch.chdir(shop.folder)
    monkeypatch.setenv("PATH", os.pathsep.join((entry, os.environ["PATH"])))
    assert default_branch(shop.folder) == "main"
    assert programs.names() == []


def objects(repository: Path, *names: str) -> list[Path]:
    """The files in which git has these objects."""
    ids = [git(repository, "rev-parse", name) for name in names]
    return [repository / ".git" / "objects" / one[:2] / one[2:] for one in ids]


def lose_content(shop: Repository) -> None:
    """What main has, and this branch lacks."""
    (file,) = objects(shop.folder, f"main:{VERSIONS}/c3_.py")
    file.unlink()


def lose_folder(shop: Repository) -> None:
    (file,) = objects(shop.folder, f"main:{VERSIONS}")
    file.unlink()


def break_content(shop: Repository) -> None:
    (file,) = objects(shop.folder, f"main:{VERSIONS}/c3_.py")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:20])


def break_configuration(shop: Repository) -> None:
    (shop.folder / ".git" / "config").write_text("[core\n")


def wait_for_ever(shop: Repository) -> None:
    pipe = shop.folder / "pipe"
    os.mkfifo(pipe)
    with (shop.folder / ".git" / "config").open("a") as config:
        config.write(f"[include]\n    path = {pipe}\n")


def lose_commit(shop: Repository) -> None:
    (file,) = objects(shop.folder, "main")
    file.unlink()


@pytest.mark.parametrize(
    "harm", [lose_commit, lose_content, lose_folder, break_content, break_configuration, wait_for_ever]
)
def test_a_doubt_about_the_base_is_never_nothing_new(
    shop: Repository, harm: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "PATIENCE", 1)
    main = git(shop.folder, "rev-parse", "main")
    git(shop.folder, "update-ref", "refs/remotes/origin/main", main)
    harm(shop)  # type: ignore[operator]
    for ref in ("main",) if harm is lose_commit else ("main", main):
        with pytest.raises(
            ProjectError, match=r"^since: what \w+ has of this history is not known, as .*\. `git fsck`"
        ):
            judged(shop.folder, ref)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    report = judged(shop.folder, None)
    assert [one.revision for one in report.summary.examined] == ["a1", "b2"]
    (note,) = [one for one in report.summary.notes if "origin/main" in one]
    assert note.startswith("What origin/main has of this history is not known, as ")
    assert "so the whole history was judged" in note
    monkeypatch.delenv("GITHUB_BASE_REF")
    report = judged(shop.folder, "auto")
    assert [one.revision for one in report.summary.examined] == ["a1", "b2"]
    assert any(
        one.startswith("What the default branch has of this history is not known") for one in report.summary.notes
    )


def test_an_answer_that_is_cut_short_is_a_doubt(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    found = repository_around(shop.folder)
    assert found is not None
    whole = GitRepository.ask
    monkeypatch.setattr(GitRepository, "ask", lambda self, *words, **how: whole(self, *words, **how)[:-1])
    for asked in (lambda: found.files("main"), lambda: found.kinds(["main"])):
        with pytest.raises(GitDoubt, match="did not finish"):
            asked()
    blob = git(shop.folder, "rev-parse", f"main:{VERSIONS}/a1_.py")
    with pytest.raises(GitDoubt):
        list(found.contents([blob]))


def test_releases_that_git_cannot_tell_are_named(shop: Repository) -> None:
    git(shop.folder, "config", "remote.origin.promisor", "true")
    assert any(note.startswith("deprecation-releases was not judged") for note in judged(shop.folder).summary.notes)
    found = repository_around(shop.folder)
    assert found is not None
    with pytest.raises(GitDoubt, match="line end"):
        found.kinds(["main:a\nb"])


def test_sha256_and_other_line_ends_are_known_again(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "--object-format=sha256", "--initial-branch=main")
    made = Repository(folder)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    made.write("a1")
    (made.versions / "broken.py").write_bytes(b"def (\n    pass\n")
    made.commit()
    (made.versions / "broken.py").write_bytes(b"def (\r\n    pass\r\n")
    made.write("b2 <- a1")
    report = judged(folder, "main")
    assert ([one.revision for one in report.summary.examined], "MG001" in str(report.findings)) == (["b2"], False)
    (made.versions / "broken.py").write_bytes(b"def (\n    passed\n")
    assert [one.code for one in judged(folder, "main").findings] == ["MG001"]


def test_another_work_tree_in_the_configuration_and_replaced_commits_count_for_nothing(
    shop: Repository, tmp_path: Path
) -> None:
    change(shop)
    expected = judged(shop.folder)
    git(shop.folder, "replace", "main", "mine")
    git(shop.folder, "config", "core.worktree", str(tmp_path))
    assert judged(shop.folder).findings == expected.findings


@pytest.mark.parametrize(("kind", "name"), [("branch", "origin/main"), ("tag", "main")])
def test_a_name_that_stands_for_two_commits_is_a_doubt(
    shop: Repository, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    git(shop.folder, "update-ref", "refs/remotes/origin/main", "main")
    git(shop.folder, kind, name, "mine")
    shop.commit("d4 <- b2")

    with pytest.raises(ProjectError, match=rf"{name} may be refs/.* or refs/.*Name it in full: --since refs/"):
        judged(shop.folder, name)
    assert [one.revision for one in judged(shop.folder, "refs/remotes/origin/main").summary.examined] == ["d4"]
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    examined = [one.revision for one in judged(shop.folder, None).summary.examined]
    assert examined == (["a1", "b2", "d4"] if kind == "branch" else ["d4"])


def test_an_id_in_the_docstring_of_a_new_migration_does_not_make_it_an_old_one(shop: Repository) -> None:
    (shop.versions / "a1_.py").unlink()
    body = script("d4", "b2", "\ndef upgrade():\n    pass\n")
    (shop.versions / "d4_.py").write_text(f'"""\nrevision = "a1"\n"""\n{body}')

    assert "d4" in [one.revision for one in judged(shop.folder).summary.examined]
