"""`init` and `completion`: what a newcomer gets, and what is left alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from projects import script, write
from repositories import repository
from test_samples import SAMPLES

from migration_guard import cli
from migration_guard.config import Config, load
from migration_guard.model.target import parse
from migration_guard.rules import names

Run = Callable[..., tuple[int, str, str]]
DROPS = "def upgrade():\n    op.drop_table('t_a1')\n\n\ndef downgrade():\n    op.create_table('t_a1')\n"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        code = cli.run(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person at a terminal types."""
    typed: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: typed.pop(0))
    return typed


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path, {"a1": script("a1"), "b2": script("b2", "a1", DROPS)}, url="postgresql://localhost/shop")
    (tmp_path / ".git").mkdir()
    return tmp_path


def settings(folder: Path) -> Config:
    return load(folder, known=names())


def test_an_old_history_is_left_alone_from_its_head_on(shop: Path, run: Run) -> None:
    code, out, _ = run(shop, "init", "--yes")
    assert (code, "Found 1 history with 2 migrations, and" in out) == (0, True)
    assert (settings(shop).start_after, settings(shop).target) == ("b2", (parse("postgresql"),))
    assert run(shop, "lint")[0] == 0


def test_a_baseline_holds_the_old_findings_where_that_is_asked_for_or_there_is_no_single_head(
    shop: Path, run: Run
) -> None:
    write(shop / "other", {"a1": script("a1"), "b2": script("b2", "a1", DROPS)})
    run(shop, "init", "--yes")
    assert settings(shop).baseline == shop / "migration-guard-baseline.json"
    assert run(shop, "lint")[0] == 0


def test_the_version_of_the_database_is_read_from_the_containers(shop: Path, run: Run) -> None:
    (shop / "docker-compose.yml").write_text("services:\n  db:\n    image: postgres:16.4-alpine\n")
    run(shop, "init", "--yes", "--baseline")
    assert settings(shop).target == (parse("postgresql 16"),)
    assert "docker-compose.yml names" in (shop / "migration-guard.toml").read_text()


def test_the_habit_of_names_is_written_down(tmp_path: Path, run: Run) -> None:
    write(tmp_path, {f"2026010{number}_0001_made": script(f"r{number}") for number in range(1, 4)})
    for file in (tmp_path / "migrations" / "versions").iterdir():
        file.rename(file.with_name(file.name.replace("_.py", ".py")))
    run(tmp_path, "init", "--yes")
    assert settings(tmp_path).filename_pattern is not None


def test_a_pyproject_is_added_to_and_what_is_in_it_stays(shop: Path, run: Run) -> None:
    before = "# mine\n[project]\nname = 'shop'\n"
    (shop / "pyproject.toml").write_text(before)
    run(shop, "init", "--yes")
    assert (shop / "pyproject.toml").read_text().startswith(before.rstrip())
    assert settings(shop).file == shop / "pyproject.toml"
    code, out, _ = run(shop, "init", "--yes")
    assert (code, "pyproject.toml configures migration-guard already" in out) == (0, True)


def test_line_ends_stay_as_they_are(shop: Path, run: Run) -> None:
    (shop / "pyproject.toml").write_bytes(b"[project]\r\nname = 'shop'\r\n")
    (shop / ".pre-commit-config.yaml").write_bytes(b"repos:\r\n- repo: local\r\n  hooks: []\r\n")
    run(shop, "init", "--yes", "--pre-commit")
    for name, new in (("pyproject.toml", b"start-after"), (".pre-commit-config.yaml", b"migration-guard-lint")):
        text = (shop / name).read_bytes()
        assert (new in text, text.count(b"\n") - text.count(b"\r\n")) == (True, 0)


def test_a_pyproject_that_takes_no_table_is_left_alone(shop: Path, run: Run) -> None:
    (shop / "pyproject.toml").write_text("tool = { other = 1 }\n")
    run(shop, "init", "--yes")
    assert (shop / "pyproject.toml").read_text() == "tool = { other = 1 }\n"
    assert settings(shop).file == shop / "migration-guard.toml"


def test_what_is_configured_from_above_is_left_alone(shop: Path, run: Run) -> None:
    (shop / "migration-guard.toml").write_text('target = "mysql 8.0"\n')
    service = shop / "services" / "api"
    write(service, {"a1": script("a1")})
    code, out, _ = run(service, "init", "--yes")
    assert (code, "../../migration-guard.toml configures migration-guard already" in out) == (0, True)
    assert not (service / "migration-guard.toml").exists()


def test_nothing_that_exists_is_overwritten(shop: Path, run: Run) -> None:
    workflow = shop / ".github" / "workflows" / "migrations.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine\n")
    (shop / "migration-guard-baseline.json").write_text("mine\n")
    _, out, _ = run(shop, "init", "--yes", "--baseline", "--workflow")
    assert workflow.read_text() == "mine\n"
    assert (shop / "migration-guard-baseline.json").read_text() == "mine\n"
    assert out.count("is left as it is") == 2


def test_without_a_terminal_somebody_must_say_yes(shop: Path, run: Run) -> None:
    code, out, err = run(shop, "init", "--workflow")
    assert (code, "Run it with --yes" in err) == (2, True)
    for proposed in ('start-after = "b2"', "written to migration-guard.toml", "written to .github/workflows"):
        assert proposed in out
    assert not (shop / "migration-guard.toml").exists()
    assert not (shop / ".github").exists()


def test_what_is_not_merged_is_not_old(tmp_path: Path, run: Run) -> None:
    write(tmp_path / "app", {"a1": script("a1")}, url="postgresql://localhost/shop")
    shop = repository(tmp_path / "app")
    shop.commit()
    shop.branch("orders")
    (shop.versions / "b2_.py").write_text(script("b2", "a1", DROPS))
    shop.commit()
    (shop.versions / "c3_.py").write_text(script("c3", "b2", "def upgrade():\n    op.drop_table('t_b2')\n"))
    run(shop.folder, "init", "--yes")
    assert settings(shop.folder).start_after == "a1"
    text = (shop.folder / "migration-guard.toml").read_text()
    assert "Migrations up to this one are on main." in text
    assert "0 findings there" in text
    assert run(shop.folder, "lint")[0] == 1


def test_where_nothing_is_merged_nothing_is_old(tmp_path: Path, run: Run) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "README.md").write_text("ours\n")
    shop = repository(tmp_path / "app")
    shop.commit()
    write(shop.folder, {"a1": script("a1"), "b2": script("b2", "a1", DROPS)}, url="postgresql://localhost/shop")
    run(shop.folder, "init", "--yes")
    assert settings(shop.folder).start_after is None
    assert settings(shop.folder).baseline is None


def test_a_person_is_shown_what_will_be_written_and_asked(shop: Path, run: Run, answers: list[str]) -> None:
    answers.append("n")
    code, out, _ = run(shop, "init")
    assert (code, 'start-after = "b2"' in out, (shop / "migration-guard.toml").exists()) == (0, True, False)
    answers.append("y")
    run(shop, "init")
    assert settings(shop).start_after == "b2"


def test_an_existing_workflow_is_overwritten_only_if_somebody_agrees(shop: Path, run: Run, answers: list[str]) -> None:
    workflow = shop / ".github" / "workflows" / "migrations.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine\n")
    answers.extend(["n", ""])
    run(shop, "init", "--workflow")
    assert workflow.read_text() == "mine\n"
    answers.extend(["n", "y"])
    run(shop, "init", "--workflow")
    assert "uses:" in workflow.read_text()


def test_the_workflow_stands_at_the_root_and_names_the_folder(shop: Path, run: Run) -> None:
    service = shop / "services" / "api"
    write(service, {"a1": script("a1")})
    (service / "requirements.txt").write_text("flask\n")
    run(service, "init", "--yes", "--roundtrip")
    (step,) = [
        one
        for one in yaml.safe_load((shop / ".github/workflows/migrations.yml").read_text())["jobs"]["migrations"][
            "steps"
        ]
        if "migration-guard" in one["uses"]
    ]
    assert step["with"] == {
        "working-directory": "services/api",
        "roundtrip": "true",
        "install": "pip install -r requirements.txt",
    }


def test_a_workflow_that_could_not_tell_which_project_to_run_is_not_written(shop: Path, run: Run) -> None:
    for name in ("one", "two"):
        write(shop / "services" / name, {"a1": script("a1")})
    code, _, err = run(shop / "services", "init", "--yes", "--roundtrip")
    assert (code, "run init in the folder of one project" in err) == (2, True)
    assert not (shop / ".github").exists()


@pytest.mark.parametrize(
    ("before", "count"),
    [
        (None, 1),
        ("repos:\n- repo: local\n  hooks: []\n", 2),
        ("default_stages: [pre-push]\nrepos:  # ours\n    - repo: local\n      hooks: []\nfail_fast: true\n", 2),
    ],
)
def test_the_hook_is_added_to_those_that_are_there(shop: Path, run: Run, before: str | None, count: int) -> None:
    file = shop / ".pre-commit-config.yaml"
    if before is not None:
        file.write_text(before)
    run(shop, "init", "--yes", "--pre-commit")
    read = yaml.safe_load(file.read_text())
    assert [hook["id"] for hook in read["repos"][0]["hooks"]] == ["migration-guard-lint"]
    assert len(read["repos"]) == count
    assert set(read) == set(yaml.safe_load(before or "repos: []"))
    run(shop, "init", "--yes", "--pre-commit")
    assert yaml.safe_load(file.read_text()) == read


def test_hooks_that_are_laid_out_otherwise_are_left_alone(shop: Path, run: Run) -> None:
    (shop / ".pre-commit-config.yaml").write_text("repos: [{repo: local, hooks: []}]\n")
    _, out, _ = run(shop, "init", "--yes", "--pre-commit")
    assert "left as it is" in out
    assert (shop / ".pre-commit-config.yaml").read_text() == "repos: [{repo: local, hooks: []}]\n"


def test_a_folder_without_migrations_is_told_so(tmp_path: Path, run: Run) -> None:
    code, out, err = run(tmp_path, "init", "--yes")
    assert (code, out, "There are no migrations in" in err) == (2, "", True)


@pytest.mark.parametrize("sample", ["shop", "hazards", "one_way"])
def test_the_samples_are_clean_once_they_are_set_up(sample: str, tmp_path: Path, run: Run) -> None:
    shutil.copytree(SAMPLES / sample, tmp_path / sample)
    (tmp_path / sample / "migration-guard.toml").unlink(missing_ok=True)
    run(tmp_path / sample, "init", "--yes")
    assert run(tmp_path / sample, "lint")[0] == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tmp_path: Path, run: Run) -> None:
    code, out, _ = run(tmp_path, "completion", shell)
    assert (code, f"_MIGRATION_GUARD_COMPLETE={shell}_complete" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("migration-guard li", "lint"),
        ("migration-guard rule MG40", "MG401"),
        ("migration-guard lint --select blocking-index-b", "blocking-index-build"),
        ("migration-guard lint --output-format sa", "sarif"),
        ("migration-guard roundtrip --sha", "--shard"),
    ],
)
def test_words_are_completed(words: str, found: str) -> None:
    position = str(len(words.split()) - 1)
    done = subprocess.run(
        [sys.executable, "-m", "migration_guard.cli"],
        env={"_MIGRATION_GUARD_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": position},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{found}" in done.stdout.split()
