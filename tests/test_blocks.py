"""No block of code in the documents is only read: what would run it parses it, and those that can be run are."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from schemas import check_schema
from test_samples import SAMPLES

from migration_guard import lint
from migration_guard.cli import commands
from migration_guard.config.plugins import trusted
from migration_guard.config.roundtrip import TripOptions, load_trip
from migration_guard.configuration import load
from migration_guard.rules import load as load_rules
from migration_guard.version import REPOSITORY

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
# Programs that are not ours: what they are given is theirs to check.
OTHERS = {"pip", "git", "cat", "pre-commit", "uv", "ruff", "mypy", ".", "source", "curl"}


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language and its text."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        page = document.read_text(encoding="utf-8")
        for fence in FENCE.finditer(page):
            line = page.count("\n", 0, fence.start()) + 1
            text = "".join(one.removeprefix(fence[1]) for one in fence[3].splitlines(keepends=True))
            yield Block(document, line, fence[2], text)


BLOCKS = list(blocks())


def of(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in languages], ids=str)


def test_every_block_is_of_a_language_that_is_checked() -> None:
    assert {block.language for block in BLOCKS} <= {"sh", "python", "toml", "yaml", "json", "ini", "text"}


@of("sh")
def test_commands_have_the_options_that_they_are_shown_with(block: Block) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\||;", line.partition(" #")[0].removeprefix("#")):
            check_command(shlex.split(re.sub(r"[<>]+ *\S+", "", command), comments=True))


def check_command(words: list[str]) -> None:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words or words[0] in OTHERS:
        return
    program, arguments = words[0], words[1:]
    if program == "eval":
        check_command(shlex.split(re.sub(r"^\$\((.*)\)$", r"\1", arguments[0])))
    elif program == "migration-guard":
        if arguments[0].startswith("-"):
            assert arguments[0] in ("--version", "--help")
        else:
            command = commands.commands[arguments[0]]
            command.make_context(arguments[0], arguments[1:])
    elif program == "pytest":
        assert {one.partition("=")[0] for one in arguments if one.startswith("--")} <= options_of_pytest()
    elif program == "python":
        assert arguments[0] == "-m" or (ROOT / arguments[0]).is_file(), words
    else:
        assert (ROOT / program).is_file(), f"{program} is no program that the documents may use."


@cache
def options_of_pytest() -> set[str]:
    done = subprocess.run([sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"--[a-z-]+", done.stdout))


@of("toml")
def test_configurations_are_understood(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(block.text)
    read = tomllib.loads(block.text)
    if read.keys() == {"plugins"}:
        own = tmp_path / "migration-guard"
        own.mkdir()
        file.rename(own / "config.toml")
        assert trusted({"XDG_CONFIG_HOME": str(tmp_path)}) == tuple(read["plugins"])
    elif "migration-guard" in read.get("tool", {}):
        assert load(tmp_path).file == file
        load_trip(file, TripOptions(), cwd=tmp_path, url=None, environment={})
    elif "tool" not in read:
        own = file.rename(tmp_path / "migration-guard.toml")
        assert load(tmp_path).file == own
    else:
        assert set(read["tool"]) == {"pytest"}


@of("yaml")
def test_workflows_fit_their_schema(block: Block, tmp_path: Path) -> None:
    read, file = yaml.safe_load(block.text), tmp_path / "block.json"
    if isinstance(read, list):
        step = {"runs-on": "ubuntu-latest", "steps": read}
        file.write_text(json.dumps({"on": "push", "jobs": {"one": step}}))
        check_schema("github-workflows", file)
    elif "repos" in read:
        ids = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
        assert {hook["id"] for one in read["repos"] for hook in one["hooks"]} <= ids
    elif "jobs" in read:
        # Only what shows nothing but jobs may leave out when they run.
        whole = {"on": "push", **read} if set(read) == {"jobs"} else read
        whole = {("on" if key is True else key): value for key, value in whole.items()}
        file.write_text(json.dumps(whole))
        check_schema("github-workflows", file)
        steps = [step for job in whole["jobs"].values() for step in job["steps"] if REPOSITORY in step.get("uses", "")]
        assert all(step.get("with", {}).keys() <= ACTION["inputs"].keys() for step in steps)
    else:
        file.write_text(json.dumps(read))
        check_schema("gitlab-ci", file)


@of("json")
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)


@of("python")
def test_python_is_python(block: Block) -> None:
    ast.parse(block.text)


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.document.name == "api.md" and one.language == "python"], ids=str
)
def test_the_api_is_called_as_it_is_shown(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SAMPLES / "shop", tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    exec(compile(block.text, str(block), "exec"), {"__name__": "example"})
    assert capfd.readouterr().out.startswith(("0 errors in 16 migrations\n", "2 of 2 revisions proven on SQLite"))


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.language == "python" and "# migration-guard:" in one.text], ids=str
)
def test_comments_silence_what_they_are_shown_to_silence(block: Block, tmp_path: Path) -> None:
    body = "".join(f"    {line}\n" for line in block.text.splitlines())
    irreversible = "irreversible" in block.text
    upgrade, downgrade = ("    op.execute('SELECT 1')\n", body) if irreversible else (body, "    op.drop_index('ix')\n")
    raises = "    raise NotImplementedError\n" if irreversible else ""
    (tmp_path / "a.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = 'a'\ndown_revision = None\n\n\n"
        f"def upgrade():\n{upgrade}\n\ndef downgrade():\n{downgrade}{raises}"
    )
    found = lint("a.py", folder=tmp_path, cache=False, target=["postgresql 16"])
    assert {one.code for one in found.findings} <= {"MG403", "MG704", "MG705"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.name)
def test_links_lead_somewhere(document: Path) -> None:
    page = document.read_text(encoding="utf-8")
    gone = [target for target in LINK.findall(page) if not (document.parent / target).exists()]
    assert not gone


def test_every_rule_is_in_the_readme_and_every_document_is_linked() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [code for code in load_rules() if code not in readme] == []
    pages = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert [document.name for document in ROOT.glob("docs/*.md") if f"{document.name})" not in pages] == []
