"""The GitHub Action: its steps, run as the runner would, on pull requests of a repository with a base and a branch."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from pull_request import PullRequest, bad_orders, good_orders, nothing_new
from repositories import git
from runner import ACTION, ROOT, STEPS, Played, Runner
from schemas import check_schema
from wheels import wheels

FAKE = """#!{python}
import json, os, sys
from pathlib import Path

with open("{called}", "a") as file:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=file)
for name, _, report in (word.partition(":") for word in sys.argv):
    if {reports} and name in ("markdown", "json"):
        Path(report).write_text('{{"findings": []}}')
sys.exit({code})
"""
Already = Mapping[str, Mapping[str, str]]  # the outputs of steps that need not run
Fake = Callable[..., Already]


def offline() -> dict[str, str]:
    """pip takes every option from the environment, so what really installs us does so without a network."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels("postgresql").name,
        "PIP_CONFIG_FILE": os.devnull,
    }


def machine(repository: PullRequest, scratch: Path, **options: object) -> Runner:
    """The machine that runs the pull request, unless the options say otherwise."""
    pull_request = {
        "number": 7,
        "base": {"ref": "main", "sha": repository.base},
        "head": {"ref": "topic", "sha": repository.head, "repo": {"full_name": "ann/shop"}},
    }
    known: dict[str, object] = {"event": {"pull_request": pull_request}, "base": "main", "environment": offline()}
    return Runner(workspace=repository.checkout, scratch=scratch, **(known | options))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run without inputs and with the real installation: it is the one that the others find made already."""
    folder = tmp_path_factory.mktemp("first")
    return machine(PullRequest(folder, bad_orders), folder / "machine").play()


@pytest.fixture
def install(first: Played) -> Already:
    return {"install": first.steps["install"]}


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Makes an environment whose `migration-guard` notes how it was called, writes reports and ends with this code."""

    def make(code: int, *, reports: bool = True) -> Already:
        programs = tmp_path / "fake" / "bin"
        programs.mkdir(parents=True)
        program = programs / "migration-guard"
        program.write_text(FAKE.format(python=sys.executable, called=tmp_path / "called", reports=reports, code=code))
        program.chmod(0o755)
        return {"install": {"environment": str(tmp_path / "fake"), "installed": "true"}}

    return make


def calls(folder: Path) -> list[tuple[list[str], dict[str, str]]]:
    return [tuple(json.loads(line)) for line in (folder / "called").read_text(encoding="utf-8").splitlines()]


def without_reports(arguments: list[str]) -> list[str]:
    """A command without the formats, which every call has."""
    return [
        word
        for before, word in zip(["", *arguments], arguments, strict=False)
        if "--output-format" not in (word, before)
    ]


# The metadata


def test_the_action_fits_the_schema_of_actions() -> None:
    check_schema("github-actions", ROOT / "action.yml")


def test_no_input_is_written_into_a_script() -> None:
    assert not [step["run"] for step in STEPS if "${{" in step.get("run", "")]


def test_nothing_is_let_pass() -> None:
    assert not [step for step in STEPS if "continue-on-error" in step]
    assert not [step for step in STEPS if re.search(r"\|\|\s*(true|:)|set \+e", step.get("run", ""))]


def test_what_the_action_uses_is_named_by_its_commit() -> None:
    assert not [step["uses"] for step in STEPS if not re.search(r"@[0-9a-f]{40}$", step.get("uses", f"@{'0' * 40}"))]


def test_every_input_is_handed_to_a_step_that_uses_it() -> None:
    handed = {name for step in STEPS for name in re.findall(r"inputs\.([a-z-]+)", json.dumps(step))}
    assert handed == set(ACTION["inputs"])


def test_steps_get_the_inputs_under_their_own_names() -> None:
    for step in STEPS:
        for variable, value in step.get("env", {}).items():
            found = re.fullmatch(r"\$\{\{ inputs\.(\S+) }}", value)
            if found and found[1] != "roundtrip-arguments":
                assert variable == f"ACTION_INPUT_{found[1].upper().replace('-', '_')}"


def test_the_token_reaches_only_the_step_that_comments() -> None:
    assert [step["id"] for step in STEPS if "github.token" in json.dumps(step)] == ["comment"]


# Code of the workspace


def shadowed(folder: Path, noted: Path) -> None:
    """Modules in the workspace, under every name that Python, we or what we are made of could import."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    ours = {file.stem for file in (ROOT / "action").glob("*.py")}
    for name in {*sys.stdlib_module_names, *packages_distributions(), *ours, "sitecustomize", "usercustomize"}:
        if name.isidentifier():
            # With what is built in: some are imported before Python can open a file by name.
            module = f"import posix\nposix.write(posix.open({bytes(noted)!r}, {flags}, 0o600), b'{name} ')\n"
            (folder / f"{name}.py").write_text(module, encoding="utf-8")


def test_no_step_imports_a_module_of_the_workspace(tmp_path: Path) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    noted = tmp_path / "noted"
    shadowed(repository.checkout, noted)
    led = {"PYTHONPATH": str(repository.checkout), "PYTHONSTARTUP": str(repository.checkout / "sitecustomize.py")}
    subprocess.run([sys.executable, "-c", ""], env=os.environ | led, stderr=subprocess.DEVNULL, check=False)
    assert noted.read_text(encoding="utf-8"), "A Python that is not isolated imports one."
    noted.unlink()
    runner = machine(repository, tmp_path / "machine", environment=offline() | led)
    played = runner.play(comment="true", sarif="true")
    assert not noted.exists(), noted.read_text(encoding="utf-8")
    assert (played.code, played.outputs["findings"]) == (1, "1"), played.log
    assert set(played.steps) == {"prepare", "install", "lint", "report", "comment"}


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [({}, False), ({"plugins": "shop.rules"}, True), ({"arguments": "--plugin shop.rules"}, True)],
)
def test_lint_hears_of_the_path_of_the_job_only_where_plugins_are_named(
    tmp_path: Path, fake: Fake, inputs: Mapping[str, str], kept: bool
) -> None:
    environment = offline() | {"PYTHONPATH": "src"}
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", environment=environment)
    runner.play(already=fake(0), roundtrip="true", **inputs)
    (_, lint), (_, trip) = calls(tmp_path)
    assert ("PYTHONPATH" in lint) is kept
    assert trip["PYTHONPATH"] == "src"


# Without inputs, in a pull request


def test_what_the_branch_adds_is_judged_and_nothing_else(first: Played) -> None:
    assert first.code == 1
    assert "b2_orders.py" in first.log
    assert "a1_users.py" not in first.log


def test_the_lines_are_annotated(first: Played) -> None:
    (annotation,) = [line for line in first.annotations("error") if "b2_orders" in line]
    assert "file=migrations/versions/b2_orders.py,line=" in annotation


def test_the_job_has_a_summary(first: Played) -> None:
    assert "b2" in first.summary


def test_the_outputs_say_what_was_found(first: Played) -> None:
    assert (first.outputs["exit-code"], first.outputs["findings"]) == ("1", "1")
    assert "b2" in Path(first.outputs["report"]).read_text(encoding="utf-8")
    sarif = json.loads((Path(first.outputs["sarif"]) / "lint.sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"


def test_nothing_is_uploaded_and_nobody_written_to_unasked(first: Played) -> None:
    assert {name.partition("@")[0] for name, _ in first.uses} == {"actions/cache"}


def test_the_tool_is_installed_beside_nothing_of_the_job(first: Played) -> None:
    environment = Path(first.steps["install"]["environment"])
    assert (environment / "pyvenv.cfg").is_file()
    assert list(environment.glob("lib/*/site-packages/migration_guard/__init__.py"))


def test_the_caches_have_keys_that_hold_for_this_machine(first: Played) -> None:
    wheels, facts = first.used("actions/cache")
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert wheels["key"].startswith(f"migration-guard-wheels-Linux-X64-{python}-")
    assert facts["path"] == "**/.migration_guard_cache"
    assert all(re.fullmatch(r"[\w.-]+", one["key"]) and one["key"] > one["restore-keys"] for one in (wheels, facts))


# Which commit is the base


def test_nothing_new_is_no_failure(tmp_path: Path, install: Already) -> None:
    played = machine(PullRequest(tmp_path, nothing_new), tmp_path / "machine").play(already=install)
    assert (played.code, played.outputs["findings"]) == (0, "0")


def test_a_base_that_is_missing_is_fetched_alone(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    machine(repository, tmp_path / "machine").play(already=fake(0))
    assert git(repository.checkout, "rev-parse", "origin/main") == repository.base
    assert git(repository.checkout, "rev-list", "--count", "origin/main") == "1"


def test_no_hook_of_the_checkout_and_no_repository_among_its_files_is_asked(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders, project="shop")
    program, ran = tmp_path / "program", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\n: > '{ran}'\n")
    program.chmod(0o755)
    hook = repository.checkout / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(program, hook)
    git(repository.checkout / "shop", "init", "--bare", "--quiet", ".")
    git(repository.checkout / "shop", "config", "--file", "config", "core.fsmonitor", str(program))
    installed = fake(0)
    machine(repository, tmp_path / "machine").play(already=installed)
    assert git(repository.checkout, "rev-parse", "origin/main") == repository.base
    machine(repository, tmp_path / "again").play(already=installed, **{"working-directory": "shop"})
    assert not ran.exists()


def test_a_partial_checkout_gets_its_base_whole(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    git(repository.origin, "config", "uploadpack.allowFilter", "true")
    git(repository.checkout, "config", "remote.origin.promisor", "true")
    git(repository.checkout, "config", "remote.origin.partialCloneFilter", "blob:none")
    machine(repository, tmp_path / "machine").play(already=fake(0))
    assert "?" not in git(repository.checkout, "rev-list", "--objects", "--missing=print", "origin/main")


def test_a_complete_checkout_stays_complete(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    repository.fetch("+refs/pull/7/merge:refs/remotes/pull/7/merge", "--unshallow")
    machine(repository, tmp_path / "machine").play(already=fake(0))
    assert git(repository.checkout, "rev-parse", "origin/main") == repository.base
    assert git(repository.checkout, "rev-parse", "--is-shallow-repository") == "false"


def test_a_base_that_cannot_be_fetched_is_told_and_everything_is_judged(tmp_path: Path, install: Already) -> None:
    repository = PullRequest(tmp_path, good_orders)
    git(repository.checkout, "remote", "set-url", "origin", (tmp_path / "gone").as_uri())
    played = machine(repository, tmp_path / "machine").play(already=install)
    assert played.code == 1
    assert "a1_users.py" in played.log
    assert "The base of this pull request, origin/main, could not be fetched" in played.annotations("warning")[0]


def test_a_ref_that_is_named_is_fetched_too(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    runner = machine(repository, tmp_path / "machine", event_name="push", event={}, base="")
    runner.play(already=fake(0), since=repository.base)
    ((arguments, _),) = calls(tmp_path)
    assert without_reports(arguments) == ["lint", "--since", repository.base, "--"]
    assert git(repository.checkout, "cat-file", "-t", repository.base) == "commit"


def test_a_merge_group_is_compared_with_the_commit_it_is_queued_on(tmp_path: Path, install: Already) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    event = {"merge_group": {"base_sha": repository.base, "base_ref": "refs/heads/main"}}
    queue = machine(repository, tmp_path / "machine", event_name="merge_group", event=event, base="")
    played = queue.play(already=install)
    assert played.code == 1
    assert "b2_orders.py" in played.log
    assert "a1_users.py" not in played.log


def test_a_push_is_judged_as_a_whole(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="push", event={}, base="")
    runner.play(already=fake(0))
    assert without_reports(calls(tmp_path)[0][0]) == ["lint", "--"]


def test_a_push_of_a_new_branch_has_no_commit_before(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="push", event={}, base="")
    played = runner.play(already=fake(0), since="0" * 40)
    assert without_reports(calls(tmp_path)[0][0]) == ["lint", "--since", "none", "--"]
    assert played.annotations("notice")


# How lint is called


def test_inputs_become_options(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    (runner.workspace / "a b").mkdir()
    runner.play(
        already=fake(0),
        paths="migrations 'a b'\nother/*.py",
        target="postgresql 16\nmysql 8.0",
        fail_on="warning",
        arguments='--ignore "MG401" --start-after=$HOME',
    )
    assert without_reports(calls(tmp_path)[0][0]) == [
        *("lint", "--fail-on", "warning", "--target", "postgresql 16", "--target", "mysql 8.0"),
        *("--ignore", "MG401", "--start-after=$HOME", "--", "migrations", "a b", "other/*.py"),
    ]


def test_plugins_are_named_for_both_parts_and_what_they_need_is_installed(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    runner.play(already=fake(0), plugins="acme_guard\nacme.more", roundtrip="true")
    for call in calls(tmp_path):
        assert " ".join(without_reports(call[0])[1:5]) == "--plugin acme_guard --plugin acme.more"
    done = subprocess.run(
        [sys.executable, "-c", "import os, install; print(install.project_installed(dict(os.environ)))"],
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "action"), "ACTION_INPUT_PLUGINS": "acme_guard", "ACTION_INPUT_INSTALL": "exit 7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_what_looks_like_a_command_is_a_word(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    nasty = "$(touch${IFS}pwned);`touch${IFS}pwned`"
    runner.play(already=fake(0), paths=nasty, arguments=nasty, target=nasty, since=nasty, fail_on=nasty)
    assert calls(tmp_path)[0][0].count(nasty) == 5
    assert not (runner.workspace / "pwned").exists()


def test_the_project_sees_nothing_of_the_action(tmp_path: Path, fake: Fake) -> None:
    machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(already=fake(0), roundtrip="true")
    for _, variables in calls(tmp_path):
        assert not [name for name in variables if name.startswith(("ACTION_", "GH_"))]


def test_quotes_that_are_never_closed_are_refused(tmp_path: Path, fake: Fake) -> None:
    played = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(
        already=fake(0), arguments="--ignore 'MG"
    )
    assert played.code == 2
    assert "The input arguments cannot be split into words" in played.log


def test_a_project_in_a_folder_is_judged_with_the_names_of_the_repository(tmp_path: Path, install: Already) -> None:
    repository = PullRequest(tmp_path, bad_orders, project="services/shop")
    played = machine(repository, tmp_path / "machine").play(already=install, working_directory="services/shop")
    (annotation,) = played.annotations("error")
    assert "file=services/shop/migrations/versions/b2_orders.py" in annotation
    assert "services/shop" in Path(played.outputs["comment-file"]).read_text(encoding="utf-8")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, fake: Fake) -> None:
    played = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(
        already=fake(0), working_directory="gone"
    )
    assert played.code == 2
    assert "The input working-directory names gone, which is no folder." in played.log


# What fails


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_the_exit_code_of_the_tool_is_that_of_the_action(tmp_path: Path, fake: Fake, code: int) -> None:
    played = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(already=fake(code))
    assert (played.code, played.outputs["exit-code"]) == (code, str(code))


@pytest.mark.parametrize(("code", "told"), [(0, 2), (1, 2), (3, 3)])
def test_a_crash_is_told_and_fails_whatever_its_code(tmp_path: Path, fake: Fake, code: int, told: int) -> None:
    played = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(already=fake(code, reports=False))
    assert played.code == told
    assert f"The lint could not do its job (exit code {told})" in played.annotations("error")[0]
    assert f"The lint ended without a report (exit code {told})." in played.summary


def test_a_tool_that_is_missing_fails(tmp_path: Path) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    played = runner.play(already={"install": {"environment": str(tmp_path), "installed": "true"}})
    assert played.code == 2
    assert "migration-guard is not installed" in played.annotations("error")[0]


def test_a_part_that_never_ran_fails(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    (runner.scratch / "lint.md").write_text("", encoding="utf-8")
    already = {**fake(0), "lint": {}, "prepare": {"folder": str(runner.scratch), "lint": "true", "sarif": "."}}
    assert runner.play(already=already).code == 2


def test_the_action_may_lie_in_a_folder_with_any_name(tmp_path: Path, fake: Fake) -> None:
    (tmp_path / "it's an action").symlink_to(ROOT)
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "a machine's", action=tmp_path / "it's an action")
    assert runner.play(already=fake(0)).code == 0


def test_without_a_python_that_is_new_enough_it_says_which_input_helps(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/bash", str(ROOT / "action" / "python.sh"), "prepare"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Set the input python-version." in done.stdout


# The round trip


def test_the_round_trip_runs_in_the_environment_that_the_project_was_installed_in(tmp_path: Path) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    command = 'echo "$VIRTUAL_ENV" > active\npython -c "import sys; print(sys.prefix)" > prefix'
    played = runner.play(roundtrip="true", install=command, fail_on="error")
    assert played.code == 1
    environment = played.steps["install"]["environment"]
    assert (runner.workspace / "active").read_text().strip() == environment
    assert (runner.workspace / "prefix").read_text().strip() == environment
    assert "MG753" in played.log
    assert "a1_users.py" not in played.log
    assert int(played.outputs["findings"]) > 1
    report = Path(played.outputs["report"]).read_text(encoding="utf-8")
    assert "MG753" in report
    assert json.loads((Path(played.outputs["sarif"]) / "roundtrip.sarif").read_text(encoding="utf-8"))["runs"]


def test_a_clean_round_trip_passes(tmp_path: Path, install: Already) -> None:
    played = machine(PullRequest(tmp_path, good_orders), tmp_path / "machine").play(already=install, roundtrip="true")
    assert (played.code, played.outputs["findings"]) == (0, "0"), played.log


def test_a_project_that_cannot_be_installed_is_linted_and_fails(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    failed = {"install": {**install["install"], "installed": "false"}}
    played = runner.play(already=failed, roundtrip="true", install="exit 7")
    assert played.code == 2
    assert "b2_orders.py" in played.log
    assert "The round trip ended without a report" in played.summary


@pytest.mark.parametrize(("command", "works"), [("exit 7", False), ("false | true", False), ("true", True)])
def test_a_command_that_installs_works_or_is_told(command: str, works: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os, install; print(install.project_installed(dict(os.environ)))"],
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "action"), "ACTION_INPUT_ROUNDTRIP": "true", "ACTION_INPUT_INSTALL": command},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == str(works)
    assert ("The project could not be installed: the input install ended with" in done.stdout) is not works


@pytest.mark.parametrize(
    ("system", "inputs", "embedded"),
    [
        ("Linux", {"ROUNDTRIP": "true"}, True),
        ("macOS", {"ROUNDTRIP": "true"}, True),
        ("Windows", {"ROUNDTRIP": "true"}, False),
        ("Linux", {"ROUNDTRIP": "true", "DATABASE_URL": "mysql://localhost"}, False),
        ("Linux", {}, False),
    ],
)
def test_a_database_server_is_installed_where_one_may_be_needed(
    system: str, inputs: Mapping[str, str], embedded: bool
) -> None:
    given_ones = {f"ACTION_INPUT_{name}": value for name, value in inputs.items()}
    done = subprocess.run(
        [sys.executable, "-c", "import install; print(install.wheel())"],
        env=os.environ | given_ones | {"PYTHONPATH": str(ROOT / "action"), "RUNNER_OS": system},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith("[postgresql]") is embedded


def test_it_never_meets_pull_request_target(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="pull_request_target")
    played = runner.play(already=fake(0), roundtrip="true", install="touch ran")
    assert played.code == 2
    assert "would reach the secrets" in played.annotations("error")[0]
    assert not (tmp_path / "called").exists()
    assert not (runner.workspace / "ran").exists()


@pytest.mark.parametrize("inputs", [{"plugins": "acme_guard"}, {"arguments": "--trust-plugins"}])
def test_no_plugin_meets_pull_request_target(tmp_path: Path, fake: Fake, inputs: Mapping[str, str]) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="pull_request_target")
    played = runner.play(already=fake(0), **inputs)
    assert played.code == 2
    assert "A plugin may be code of the pull request" in played.annotations("error")[0]
    assert not (tmp_path / "called").exists()


def test_on_pull_request_target_nothing_is_cached(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="pull_request_target")
    played = runner.play(already=fake(0))
    assert (played.code, played.uses) == (0, ())


def test_the_url_is_handed_on_in_the_environment_and_masked(tmp_path: Path, fake: Fake) -> None:
    url = "postgresql://postgres:s3cret@localhost:5432/postgres"
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    runner.play(already=fake(0), roundtrip="true", database_url=url)
    (lint, of_lint), (trip, of_trip) = calls(tmp_path)
    assert not [word for word in (*lint, *trip) if "s3cret" in word]
    assert of_trip["MIGRATION_GUARD_DATABASE_URL"] == url
    assert "s3cret" not in "".join(of_lint.values())
    printed = subprocess.run(
        [sys.executable, "-I", str(ROOT / "action"), "prepare"],
        cwd=runner.workspace,
        env=os.environ | {"ACTION_INPUT_DATABASE_URL": url, "GITHUB_OUTPUT": os.devnull, "RUNNER_TEMP": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.startswith(f"::add-mask::{url}\n")


def test_a_url_of_the_job_is_left_alone(tmp_path: Path, fake: Fake) -> None:
    url = {"MIGRATION_GUARD_DATABASE_URL": "postgresql://localhost/jobs"}
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", environment=offline() | url)
    runner.play(already=fake(0), roundtrip="true")
    assert calls(tmp_path)[1][1].items() >= url.items()


def test_the_round_trip_gets_its_own_options(tmp_path: Path, fake: Fake) -> None:
    repository = PullRequest(tmp_path, bad_orders, project="services/shop")
    machine(repository, tmp_path / "machine").play(
        already=fake(0),
        roundtrip="true",
        working_directory="services/shop",
        target="postgresql 16",
        shard="2/4",
        fail_on="info",
        roundtrip_arguments="--rows 5",
    )
    ((arguments, variables),) = calls(tmp_path)
    assert without_reports(arguments) == [
        *("roundtrip", "--fail-on", "info", "--target", "postgresql 16", "--shard", "2/4", "--rows", "5"),
        *("--", "services/shop"),
    ]
    assert variables["VIRTUAL_ENV"] == str(tmp_path / "fake")
    assert variables["PATH"].startswith(str(tmp_path / "fake" / "bin"))


def test_the_first_shard_lints_for_all(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    runner.play(already=fake(0), roundtrip="true", shard="1/4")
    assert [arguments[0] for arguments, _ in calls(tmp_path)] == ["lint", "roundtrip"]


@pytest.mark.parametrize("shard", ["0/4", "5", "a/b", "1/4; true"])
def test_a_shard_that_is_none_is_refused(tmp_path: Path, fake: Fake, shard: str) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    assert runner.play(already=fake(0), roundtrip="true", shard=shard).code == 2


def test_a_shard_of_no_round_trip_is_refused(tmp_path: Path, fake: Fake) -> None:
    played = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine").play(already=fake(0), shard="2/4")
    assert played.code == 2
    assert 'Add roundtrip: "true".' in played.log


@pytest.mark.parametrize("name", ["roundtrip", "comment"])
def test_yes_is_neither_true_nor_false(tmp_path: Path, fake: Fake, name: str) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    played = runner.play(already=fake(0), **{name: "yes"})
    assert (played.code, f'The input {name} is "yes".' in played.log) == (2, True)


# Code scanning


def test_each_part_is_uploaded_in_a_category_of_its_own(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders, project="services/shop"), tmp_path / "machine")
    inputs = {"roundtrip": "true", "working_directory": "services/shop", "sarif": "scanned"}
    uploads = runner.play(already=install, **inputs).used("github/codeql-action/upload-sarif")
    assert [one["category"] for one in uploads] == [
        "migration-guard/lint/migrations-services-shop",
        "migration-guard/roundtrip/migrations-services-shop",
    ]
    assert [Path(one["sarif_file"]) for one in uploads] == [
        runner.workspace / "scanned" / name for name in ("lint.sarif", "roundtrip.sarif")
    ]


def forked(repository: PullRequest) -> Mapping[str, object]:
    return {"event": {"pull_request": {"number": 7, "head": {"repo": None}, "base": {"sha": repository.base}}}}


def test_nothing_is_uploaded_from_a_fork(tmp_path: Path, install: Already) -> None:
    repository = PullRequest(tmp_path, bad_orders)
    played = machine(repository, tmp_path / "machine", **forked(repository)).play(already=install, sarif="true")
    assert not played.used("github/codeql-action/upload-sarif")
    assert "No SARIF is uploaded" in played.annotations("notice")[0]
    assert played.code == 1


# The comment


def test_a_comment_is_posted_where_something_is_found(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    played = runner.play(already=install, comment="true")
    assert played.code == 1
    asked, posted = runner.asked()
    assert "repos/ann/shop/issues/7/comments?per_page=100" in asked[0]
    arguments, body = posted
    assert arguments[:4] == ["api", "-X", "POST", "repos/ann/shop/issues/7/comments"]
    assert body.startswith("<!-- migration-guard ")
    assert body == Path(played.outputs["comment-file"]).read_text(encoding="utf-8")
    assert "b2" in body


def commented(runner: Runner, install: Already, author: str) -> list[str]:
    """How gh was called where this author has already written what looks like our comment."""
    marker = Path(runner.play(already=install).outputs["comment-file"]).read_text(encoding="utf-8").splitlines()[0]
    runner.comments((1, "bob", "Nice"), (23, author, f"{marker}\nBefore"))
    assert runner.play(already=install, comment="true").code in (0, 1)
    return [" ".join(arguments[1:4]) for arguments, _ in runner.asked()[1:]]


def test_a_comment_of_ours_is_changed_in_place(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, good_orders), tmp_path / "machine")
    assert commented(runner, install, "github-actions[bot]") == ["-X PATCH repos/ann/shop/issues/comments/23"]


def test_a_comment_of_somebody_else_is_let_be(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    assert commented(runner, install, "mallory") == ["-X POST repos/ann/shop/issues/7/comments"]


def test_where_nothing_was_found_nothing_is_said(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, good_orders), tmp_path / "machine")
    assert runner.play(already=install, comment="true").code == 0
    assert len(runner.asked()) == 1


def test_histories_of_one_pull_request_have_comments_of_their_own(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine")
    already = fake(0)
    uses: tuple[dict[str, str], ...] = (
        {},
        {"paths": "migrations"},
        {"working_directory": "migrations"},
        {"roundtrip": "true", "shard": "1/2"},
    )
    texts = [Path(runner.play(already=already, **one).outputs["comment-file"]).read_text() for one in uses]
    assert len({text.splitlines()[0] for text in texts}) == len(uses)


def test_a_fork_cannot_comment_and_does_not_fail_for_it(tmp_path: Path, install: Already) -> None:
    repository = PullRequest(tmp_path, good_orders)
    runner = machine(repository, tmp_path / "machine", **forked(repository))
    runner.refuse_to_write()
    played = runner.play(already=install, comment="true")
    assert played.code == 0
    assert "No comment: GitHub gives pull requests of forks" in played.annotations("notice")[0]


def test_a_comment_that_is_refused_fails_and_names_the_permission(tmp_path: Path, install: Already) -> None:
    runner = machine(PullRequest(tmp_path, good_orders), tmp_path / "machine")
    runner.refuse_to_write()
    played = runner.play(already=install, comment="true")
    assert (played.code, played.outputs["exit-code"]) == (2, "0")
    assert "HTTP 403" in played.log
    assert "pull-requests: write" in played.annotations("error")[0]


def test_a_push_has_nothing_to_comment_on(tmp_path: Path, fake: Fake) -> None:
    runner = machine(PullRequest(tmp_path, bad_orders), tmp_path / "machine", event_name="push", event={}, base="")
    assert runner.play(already=fake(0), comment="true").code == 0
    assert not runner.asked()
