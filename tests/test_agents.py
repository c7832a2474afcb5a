"""What coding agents get: the section for their instructions, the hook, and a day of one, played by a script."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import Repository, repository

from migration_guard import agents, cli, configuration
from migration_guard.cli.hook import written
from migration_guard.config import agreement
from migration_guard.config.extends import presets
from migration_guard.rules import load as load_rules

Run = Callable[..., tuple[int, str, str]]
HOOK = {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": "migration-guard hook"}]}
PAGE = (Path(__file__).parent.parent / "docs" / "agents.md").read_text(encoding="utf-8")


def block(language: str, beginning: str) -> str:
    """The block of docs/agents.md that begins like this."""
    found = re.findall(rf"^```{language}\n({re.escape(beginning)}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


BAD = block("python", '"""Customers pay')
FIXES = {
    "sa.Text(), nullable=False))": 'sa.Text(), nullable=False, server_default="free"))',
    'sa.ForeignKey("customers.id")': 'sa.ForeignKey("customers.id", ondelete="CASCADE")',
    '"payments_customer"': '"idx_payments_customer_id"',
}
FIRST = '''"""Customers"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("customers")
'''


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        code = cli.run(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def billing(tmp_path: Path) -> Repository:
    """A repository whose team has agreed on the preset `platform`."""
    made = repository(
        tmp_path / "billing",
        {
            "migration-guard.toml": 'extends = ["preset:platform"]\ntarget = "postgresql 16"\n',
            "migrations/versions/a1_customers.py": FIRST,
            "app.py": "print('billing')\n",
        },
    )
    made.commit()
    return made


def run_hook(folder: Path, command: str, event: object) -> subprocess.CompletedProcess[str]:
    """The command of the settings with the event on its standard input, as an agent runs it: in a shell."""
    program = command.replace("migration-guard", shlex.join([sys.executable, "-m", "migration_guard.cli"]))
    return subprocess.run(
        program, shell=True, cwd=folder, input=json.dumps(event), capture_output=True, text=True, check=False
    )


def event(file: Path, tool: str = "Write") -> dict[str, object]:
    """What Claude Code gives a PostToolUse hook: https://code.claude.com/docs/en/hooks"""
    return {
        "session_id": "abc123",
        "transcript_path": "/home/me/.claude/projects/billing/abc123.jsonl",
        "cwd": str(file.parent),
        "permission_mode": "default",
        "hook_event_name": "PostToolUse",
        "tool_name": tool,
        "tool_input": {"file_path": str(file), "content": "..."},
        "tool_response": {"filePath": str(file), "success": True},
    }


# --- a day ------------------------------------------------------------------------------------------------------------


def test_a_day_of_an_agent_from_the_request_to_the_hand_over(billing: Repository, run: Run) -> None:
    folder = billing.folder
    assert run(folder, "init", "--yes", "--agents", "--agent-hook")[0] == 0
    command = json.loads((folder / ".claude/settings.json").read_text())["hooks"]["PostToolUse"][0]["hooks"][0][
        "command"
    ]
    billing.commit(message="Set up for agents")
    billing.branch("payments")

    file = billing.versions / "b2_payments.py"
    file.write_text(BAD, encoding="utf-8")
    heard = run_hook(folder, command, event(file))
    assert (heard.returncode, heard.stdout) == (2, "")
    assert heard.stderr == block("text", "migrations/versions/b2_payments.py:14:5")
    assert re.findall(r"^migrations/versions/b2_payments\.py:\d+:\d+: \w+ (\S+ \S+)", heard.stderr, re.M) == [
        "MG201 not-null-without-default",
        "MG908 implicit-ondelete",
        "MG909 misnamed-index",
    ]

    text = BAD
    for wrong, right in FIXES.items():
        text = text.replace(wrong, right)
    file.write_text(text, encoding="utf-8")
    silent = run_hook(folder, command, event(file, "Edit"))
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    code, out, _ = run(folder, "lint", "--output-format", "json", str(file))
    assert (code, json.loads(out)["findings"]) == (0, [])

    assert run(folder, "summary", "--since", "main")[:2] == (0, block("text", "b2  migrations"))
    for form in ("json", "markdown"):
        code, handed_over, _ = run(folder, "summary", "--since", "main", "--output-format", form)
        assert code == 0
        (folder / "summary").write_text(handed_over, encoding="utf-8")
        assert run(folder, "check-summary", "summary")[0] == 0
        (folder / "summary").write_text(handed_over.replace("payments", "invoices"), encoding="utf-8")
        assert run(folder, "check-summary", "summary")[0] == 1
    changes = json.loads(run(folder, "summary", "--since", "main", "--output-format", "json")[1])["schema_changes"]
    assert changes == {
        "new_tables": ["payments"],
        "modified_tables": ["customers"],
        "new_indexes": ["idx_payments_customer_id"],
        "new_foreign_keys": ["payments.customer_id -> customers.id"],
    }


# --- the hook ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"tool_name": "Write", "tool_input": {"file_path": "a.py"}}, ["a.py"]),
        ({"tool_name": "editFiles", "tool_input": {"files": ["a.py", "b.py"]}}, ["a.py", "b.py"]),
        ({"tool_name": "create_file", "tool_input": {"filePath": "a.py"}}, ["a.py"]),
        ({"file_path": "a.py", "edits": []}, ["a.py"]),
        (
            {
                "tool_name": "apply_patch",
                "tool_input": {
                    "command": "*** Begin Patch\n*** Add File: a.py\n+x = 1\n*** Update File: b.py\n*** Move to: c.py\n"
                    "@@\n-y\n+z\n*** Delete File: d.py\n*** End Patch"
                },
            },
            ["a.py", "b.py", "c.py"],
        ),
        ({"tool_name": "Read", "tool_input": {"file_path": "a.py"}}, []),
        ({"tool_name": "Bash", "tool_input": {"command": "ls"}}, []),
        ({"tool_input": {"file_path": 3, "files": [None]}}, []),
        ([], []),
        ("a.py", []),
    ],
)
def test_each_agent_is_understood(given: object, names: list[str], tmp_path: Path) -> None:
    assert written(given, tmp_path) == tuple(tmp_path / name for name in names)


def test_a_path_is_relative_to_the_folder_that_the_agent_names(tmp_path: Path) -> None:
    given = {"cwd": str(tmp_path / "api"), "tool_input": {"file_path": "a.py"}}
    assert written(given, tmp_path) == (tmp_path / "api" / "a.py",)


@pytest.mark.parametrize("name", ["app.py", "README.md", "gone.py", "migrations/versions/gone.py"])
def test_what_is_no_migration_is_passed_over(billing: Repository, name: str) -> None:
    (billing.folder / "migration-guard.toml").write_text("target = 3\n", encoding="utf-8")
    done = run_hook(billing.folder, "migration-guard hook", event(billing.folder / name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", [".", "migrations/versions", "x" * 5000 + ".py", "a\0.py"])
def test_a_tool_that_names_a_folder_or_no_file_has_written_nothing(billing: Repository, name: str) -> None:
    (billing.versions / "b2_payments.py").write_text(BAD, encoding="utf-8")
    given = {"tool_name": "grep_search", "tool_input": {"path": f"{billing.folder}/{name}"}}
    done = run_hook(billing.folder, "migration-guard hook", given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_patch_with_very_much_space_in_it_is_searched_quickly() -> None:
    began = time.monotonic()
    written({"tool_input": {"command": f"*** Add File: {' ' * 200_000}a\n"}}, Path())
    assert time.monotonic() - began < 5


def test_a_migration_is_judged_whatever_git_has_of_it(billing: Repository) -> None:
    file = billing.versions / "a1_customers.py"
    file.write_text(FIRST.replace("sa.Uuid()", "sa.Integer()"), encoding="utf-8")
    (billing.folder / "migration-guard.toml").write_text(
        'extends = ["preset:platform"]\nsince = "main"\n', encoding="utf-8"
    )
    assert "MG901" in run_hook(billing.folder, "migration-guard hook", event(file)).stderr


def test_information_alone_does_not_hold_up_an_agent(billing: Repository) -> None:
    file = billing.versions / "b2_payments.py"
    file.write_text(BAD, encoding="utf-8")
    (billing.folder / "migration-guard.toml").write_text(
        'select = ["MG908"]\n[severity]\nMG908 = "info"\n', encoding="utf-8"
    )
    assert run_hook(billing.folder, "migration-guard hook", event(file)).returncode == 0
    (billing.folder / "migration-guard.toml").write_text(
        'select = ["MG908"]\nfail-on = "info"\n[severity]\nMG908 = "info"\n', encoding="utf-8"
    )
    assert run_hook(billing.folder, "migration-guard hook", event(file)).returncode == 2


def test_what_is_wrong_with_the_set_up_is_for_the_person(billing: Repository) -> None:
    (billing.folder / "migration-guard.toml").write_text("target = 3\n", encoding="utf-8")
    done = run_hook(billing.folder, "migration-guard hook", event(billing.versions / "a1_customers.py"))
    assert (done.returncode, "target" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    for nonsense in ("{", "", "[" * 200_000):
        done = subprocess.run(
            [sys.executable, "-m", "migration_guard.cli", "hook"],
            input=nonsense,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "is no JSON" in done.stderr) == (1, True)


# --- init -------------------------------------------------------------------------------------------------------------


def test_the_section_stands_in_agents_md_and_says_what_holds(billing: Repository, run: Run) -> None:
    _, out, _ = run(billing.folder, "init", "--yes", "--agents")
    text = (billing.folder / "AGENTS.md").read_text(encoding="utf-8")
    assert "Wrote AGENTS.md." in out
    assert (text.startswith(agents.BEGIN), text.endswith(f"{agents.END}\n")) == (True, True)
    for said in (
        "`migrations/versions`",
        "`postgresql 16`",
        "`migration-guard lint FILE`",
        "`migration-guard summary --since main --output-format markdown`",
        "`migration-guard check-summary FILE`",
        "`# migration-guard: ignore[CODE] reason`",
        "- Keys: UUIDs, native or in strings.",
        "- Names: indexes begin with `idx_{table}_`.",
    ):
        assert said in text


def test_every_command_in_the_section_exists(billing: Repository, run: Run) -> None:
    run(billing.folder, "init", "--yes", "--agents")
    text = (billing.folder / "AGENTS.md").read_text(encoding="utf-8")
    found = [shlex.split(one) for one in re.findall(r"`migration-guard (.+?)`", text)]
    assert {name for name, *_ in found} == {"config", "rule", "lint", "roundtrip", "summary", "check-summary"}
    for name, *arguments in found:
        cli.commands.commands[name].make_context(name, arguments)


def test_what_is_in_the_instructions_stays_and_line_ends_too(billing: Repository, run: Run) -> None:
    file = billing.folder / "CLAUDE.md"
    file.write_bytes(b"# Ours\r\n\r\nBe kind.\r\n")
    run(billing.folder, "init", "--yes", "--agents")
    text = file.read_bytes()
    assert text.startswith(b"# Ours\r\n\r\nBe kind.\r\n\r\n<!-- migration-guard: begin -->\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")
    assert not (billing.folder / "AGENTS.md").exists()
    _, out, _ = run(billing.folder, "init", "--yes", "--agents")
    assert ("CLAUDE.md has the section already." in out, file.read_bytes()) == (True, text)


def test_a_section_that_somebody_has_changed_is_left_and_the_difference_is_shown(billing: Repository, run: Run) -> None:
    run(billing.folder, "init", "--yes", "--agents")
    file = billing.folder / "AGENTS.md"
    changed = file.read_text(encoding="utf-8").replace("UUIDs, native or in strings", "whatever") + "\nMore of ours.\n"
    file.write_text(changed, encoding="utf-8")
    _, out, _ = run(billing.folder, "init", "--yes", "--agents")
    assert "-- Keys: whatever.\n+- Keys: UUIDs, native or in strings.\n" in out
    assert file.read_text(encoding="utf-8") == changed


def test_a_section_whose_end_somebody_has_taken_away_is_none_to_add_another_to(billing: Repository, run: Run) -> None:
    (billing.folder / "AGENTS.md").write_text(f"{agents.BEGIN}\n## Ours now\n", encoding="utf-8")
    _, out, _ = run(billing.folder, "init", "--yes", "--agents")
    assert "AGENTS.md has a section already" in out
    assert (billing.folder / "AGENTS.md").read_text(encoding="utf-8") == f"{agents.BEGIN}\n## Ours now\n"


def test_instructions_that_are_no_utf_8_are_left_and_named(billing: Repository, run: Run) -> None:
    (billing.folder / "AGENTS.md").write_bytes(b"\xff\xfe\x00")
    code, _, err = run(billing.folder, "init", "--yes", "--agents")
    assert (code, "is not UTF-8" in err) == (2, True)
    assert (billing.folder / "AGENTS.md").read_bytes() == b"\xff\xfe\x00"


def test_a_claude_md_that_does_not_name_agents_md_is_told_of(billing: Repository, run: Run) -> None:
    (billing.folder / "AGENTS.md").write_text("# Ours\n", encoding="utf-8")
    (billing.folder / "CLAUDE.md").write_text("Be kind.\n", encoding="utf-8")
    assert "the line @AGENTS.md" in run(billing.folder, "init", "--yes", "--agents")[1]
    (billing.folder / "CLAUDE.md").write_text("@AGENTS.md\n", encoding="utf-8")
    assert "the line @AGENTS.md" not in run(billing.folder, "init", "--yes", "--agents")[1]


def test_the_tool_that_installs_the_program_runs_it(billing: Repository, run: Run) -> None:
    (billing.folder / "uv.lock").write_text('[[package]]\nname = "migration-guard"\n', encoding="utf-8")
    run(billing.folder, "init", "--yes", "--agents", "--agent-hook")
    assert "`uv run migration-guard lint FILE`" in (billing.folder / "AGENTS.md").read_text(encoding="utf-8")
    assert "uv run migration-guard hook" in (billing.folder / ".claude/settings.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("indent", [2, 4, "\t"])
def test_the_hook_is_added_to_settings_and_nothing_else_in_them_changes(
    billing: Repository, run: Run, indent: int | str
) -> None:
    own = {"permissions": {"allow": ["Bash(ls)"]}, "hooks": {"PostToolUse": [{"matcher": "Bash", "hooks": []}]}, "ü": 1}
    file = billing.folder / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text(json.dumps(own, indent=indent, ensure_ascii=False), encoding="utf-8")
    run(billing.folder, "init", "--yes", "--agent-hook")
    read = json.loads(file.read_text(encoding="utf-8"))
    assert read == {**own, "hooks": {"PostToolUse": [{"matcher": "Bash", "hooks": []}, HOOK]}}
    assert list(read) == list(own)
    text = file.read_text(encoding="utf-8")
    _, out, _ = run(billing.folder, "init", "--yes", "--agent-hook")
    assert (file.read_text(encoding="utf-8"), "has the hook already" in out) == (text, True)


@pytest.mark.parametrize(
    "text",
    [
        "{\n  // ours\n}\n",
        '{"hooks": {"PostToolUse": []}}',
        '{\n  "hooks": []\n}\n',
        "[]",
        '{\n  "a": 1,\n  "a": 2\n}\n',
        "[" * 200_000,
        '{\n  "hooks": {\n    "PostToolUse": {}\n  }\n}\n',
    ],
)
def test_settings_that_are_laid_out_unusually_are_left_and_what_to_add_is_printed(
    billing: Repository, run: Run, text: str
) -> None:
    file = billing.folder / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    code, out, _ = run(billing.folder, "init", "--yes", "--agent-hook")
    assert (code, file.read_text(encoding="utf-8")) == (0, text)
    printed = out[out.index("What to add:") :].partition("\n\n")[2].partition("\n\n")[0]
    assert json.loads(printed) == {"hooks": {"PostToolUse": [HOOK]}}


def test_a_person_is_asked_before_anything_is_written(
    billing: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "n")
    _, out, _ = run(billing.folder, "init", "--agents", "--agent-hook")
    assert ("## Database migrations" in out, '"matcher": "Edit|Write"' in out) == (True, True)
    assert not (billing.folder / "AGENTS.md").exists()
    assert not (billing.folder / ".claude").exists()


# --- what was agreed on, in words -------------------------------------------------------------------------------------


def running(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "migration-guard.toml").write_text(text, encoding="utf-8")
    settings = configuration.load(folder)
    return agreement.lines(settings, {rule.slug() for rule in configuration.running(settings).values()})


@pytest.mark.parametrize("preset", presets())
def test_a_preset_is_told_in_ten_lines_at_most(preset: str, tmp_path: Path) -> None:
    lines = running(tmp_path, f'extends = ["preset:{preset}"]\n')
    assert 1 < len(lines) <= 10


def test_every_rule_that_a_team_asks_for_has_words_and_every_word_a_rule(tmp_path: Path) -> None:
    told = {name for rules in agreement.SUBJECTS.values() for name in rules}
    rules = {rule.slug(): rule for rule in load_rules().values()}
    of_a_trip = {"models-differ"}
    assert {name for name, rule in rules.items() if not rule.enabled} - of_a_trip <= told <= set(rules)


def test_options_are_told_as_they_are_set(tmp_path: Path) -> None:
    lines = running(
        tmp_path,
        'extends = ["preset:platform"]\nondelete = "CASCADE"\ntimestamp-columns = ["made_at"]\n'
        'index-name = "{table}_{columns}_idx"\nuuid-keys = "string"\n',
    )
    assert "Keys: UUIDs in strings." in lines
    assert "Timestamps: `made_at` in every table." in lines
    assert 'Foreign keys: `ondelete="CASCADE"`.' in lines
    assert "Names: indexes begin with `{table}_{columns}_idx`." in lines
