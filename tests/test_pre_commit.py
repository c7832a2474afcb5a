"""The hooks for pre-commit: the real program installs this repository and runs its manifest in a small project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pull_request import CARTS, OFFLINE, ORDERS, SILENT_ORDERS, add, make_project
from repositories import NOBODY, git

from migration_guard import cli

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
PAGE = (ROOT / "docs" / "pre-commit.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PACKAGED = ("migration_guard", "pyproject.toml", "README.md", "LICENSE", MANIFEST.name)


@dataclass(frozen=True)
class Project:
    """Somebody's repository, with our hooks configured and installed."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run pre-commit; its exit code and all that it printed."""
        command = [sys.executable, "-m", "pre_commit", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def commit(self) -> None:
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--no-verify", "--message", "work")

    def stage(self, revision: str, parent: str, what: tuple[str, str, str]) -> None:
        add(self.folder, revision, parent, what)
        git(self.folder, "add", "--all")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This working tree as a repository that pre-commit can clone."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it is")
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it has cloned and installed. One for all, so that it is done once."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path, hooks: Path, installed: Path) -> Project:
    """A project with one revision that is committed, and both hooks."""
    folder = tmp_path / "shop"
    make_project(folder)
    configuration = {
        "repos": [
            {
                "repo": str(hooks),
                "rev": git(hooks, "rev-parse", "HEAD"),
                "hooks": [{"id": "migration-guard-lint"}, {"id": "migration-guard-roundtrip"}],
            }
        ]
    }
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    others = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    environment = others | NOBODY | OFFLINE | {"PRE_COMMIT_HOME": str(installed), "PATH": path, "NO_COLOR": "1"}
    found = Project(folder, environment)
    git(folder, "init", "--quiet", "--initial-branch=main")
    found.commit()
    return found


def test_the_manifest_is_one() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    assert subprocess.run(command, check=False).returncode == 0


def test_a_staged_migration_is_judged_in_the_light_of_the_history(project: Project) -> None:
    project.stage("b2", "a1", ("drop", 'op.drop_table("users")', "pass"))
    code, said = project.run("run")
    assert code == 1
    assert "b2_drop.py" in said
    assert "a1_users.py" not in said
    # Only who has read a1 knows that there is a table, and what a way back would have to make.
    assert "MG702" in said


def test_a_good_one_passes(project: Project) -> None:
    project.stage("b2", "a1", SILENT_ORDERS)
    code, said = project.run("run")
    assert (code, "Passed" in said) == (0, True), said


def test_what_is_no_migration_is_accepted(project: Project) -> None:
    (project.folder / "shop.py").write_text("NAME = 'shop'\n", encoding="utf-8")
    environment = project.folder / "migrations" / "env.py"
    environment.write_text(environment.read_text(encoding="utf-8") + "\nNAME = 'shop'\n", encoding="utf-8")
    git(project.folder, "add", "--all")
    code, said = project.run("run")
    assert (code, "Passed" in said) == (0, True), said


def test_the_name_of_a_file_is_no_option(project: Project) -> None:
    other = project.folder / "--fix"
    other.write_text("#!/usr/bin/env python\n")
    other.chmod(0o755)
    (project.folder / "--evil.py").write_text("")
    git(project.folder, "add", "--all")
    code, said = project.run("run")
    assert (code, "Passed" in said) == (0, True), said


def test_a_migration_that_is_deleted_is_accepted(project: Project) -> None:
    add(project.folder, "b2", "a1", SILENT_ORDERS)
    project.commit()
    git(project.folder, "rm", "--quiet", "migrations/versions/b2_orders.py")
    code, said = project.run("run")
    assert code == 0, said


def test_findings_on_the_graph_are_told_once(project: Project) -> None:
    add(project.folder, "b2", "a1", SILENT_ORDERS)
    project.stage("c3", "a1", CARTS)
    code, said = project.run("run")
    assert code == 1
    assert said.count("multiple-heads") == 1


def test_all_files_are_judged_at_once(project: Project) -> None:
    # More than one process would each find the graph's findings.
    for number in range(60):
        add(project.folder, f"r{number}", f"r{number - 1}" if number else "a1", (f"t{number}", *CARTS[1:]))
    add(project.folder, "last", "a1", SILENT_ORDERS)
    project.commit()
    _, said = project.run("run", "--all-files")
    assert said.count("multiple-heads") == 1


def test_the_round_trip_waits_for_the_push(project: Project) -> None:
    project.stage("b2", "a1", ORDERS)
    _, said = project.run("run")
    assert "roundtrip" not in said


def test_what_is_pushed_makes_the_round_trip(project: Project) -> None:
    # What the default branch has is not tried again.
    git(project.folder, "switch", "--quiet", "--create", "topic")
    add(project.folder, "b2", "a1", ORDERS)
    project.commit()
    code, said = project.run("run", "--hook-stage", "pre-push", "--from-ref", "main", "--to-ref", "topic")
    assert code == 1
    assert "MG753" in said
    assert "a1_users.py" not in said


def test_a_push_without_migrations_passes(project: Project) -> None:
    git(project.folder, "switch", "--quiet", "--create", "topic")
    (project.folder / "shop.py").write_text("NAME = 'shop'\n", encoding="utf-8")
    project.commit()
    code, said = project.run("run", "--hook-stage", "pre-push", "--from-ref", "main", "--to-ref", "topic")
    assert code == 0, said


def test_the_hooks_run_where_git_starts_them(project: Project) -> None:
    project.run("install", "--hook-type", "pre-commit")
    project.stage("b2", "a1", ORDERS)
    command = ["git", "commit", "--message", "Orders"]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "MG702" in done.stdout + done.stderr


@pytest.mark.parametrize("block", BLOCKS)
def test_the_configuration_in_the_documents_fits(block: str, tmp_path: Path) -> None:
    file = tmp_path / ".pre-commit-config.yaml"
    file.write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(file)]
    assert subprocess.run(command, check=False).returncode == 0
    known = {hook["id"]: hook["entry"].split() for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}
    hooks = [hook for repository in yaml.safe_load(block)["repos"] for hook in repository["hooks"]]
    assert hooks
    for hook in hooks:
        _, command, *options = known[hook["id"]]
        # Raises where an option does not exist or does not take what it is given.
        cli.commands.commands[command].make_context(command, [*options, *hook.get("args", [])])
