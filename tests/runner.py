"""Plays the runner of GitHub Actions for our action: executes its `run` steps, notes its `uses` steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
COMPARISON = re.compile(r"(\S+) (==|!=) '([^']*)'")
# As `shell: bash` is documented: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")

GH = '''#!{python} -I
"""Plays gh: notes what it is asked, finds comments as the filter says, refuses where a file tells it to."""
import json, re, sys
from pathlib import Path

here = Path(__file__).parent
body = [Path(one[6:]).read_text(encoding="utf-8") for one in sys.argv if one.startswith("body=@")]
with open(here / "asked.jsonl", "a", encoding="utf-8") as file:
    print(json.dumps({{"arguments": sys.argv[1:], "body": "".join(body)}}), file=file)
if (here / "refuses").exists():
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
if "--jq" in sys.argv:
    query = sys.argv[-1]
    login, start = re.search('login == "(.*?)"', query)[1], re.search('startswith."(.*?)".', query)[1]
    for comment in json.loads((here / "comments.json").read_text(encoding="utf-8")):
        if comment["login"] == login and comment["body"].startswith(start):
            print(comment["id"])
'''


@dataclass(frozen=True, slots=True)
class Played:
    """What a run of the action left. `code` is that of the step that failed, 0 for none."""

    code: int
    log: str
    summary: str
    outputs: Mapping[str, str]
    steps: Mapping[str, Mapping[str, str]]
    uses: tuple[tuple[str, Mapping[str, str]], ...]

    def annotations(self, level: str) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith(f"::{level} ")]

    def used(self, name: str) -> list[Mapping[str, str]]:
        return [options for used, options in self.uses if used.startswith(name)]


@dataclass(slots=True, kw_only=True)
class Runner:
    """A machine with a checkout. `environment` is what every step sees beside GitHub's own variables."""

    workspace: Path
    scratch: Path
    event_name: str = "pull_request"
    event: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    system: str = "Linux"
    actor: str = "ann"
    action: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.programs.mkdir(parents=True, exist_ok=True)
        program = self.programs / "gh"
        program.write_text(GH.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o755)
        self.comments()

    @property
    def programs(self) -> Path:
        return self.scratch / "programs"

    def comments(self, *known: tuple[int, str, str]) -> None:
        """The comments that the pull request has: number, who wrote it, what it says."""
        told = [{"id": number, "login": login, "body": body} for number, login, body in known]
        (self.programs / "comments.json").write_text(json.dumps(told), encoding="utf-8")

    def refuse_to_write(self) -> None:
        (self.programs / "refuses").touch()

    def asked(self) -> list[tuple[list[str], str]]:
        """What gh was asked so far: its arguments, and the body that went along."""
        noted = self.programs / "asked.jsonl"
        lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
        return [(one["arguments"], one["body"]) for one in map(json.loads, lines)]

    def play(self, *, already: Mapping[str, Mapping[str, str]] | None = None, **inputs: str) -> Played:
        """Run the action with these inputs. Steps in `already` do not run: these are their outputs."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        run = _Run(self, {name: one["default"] for name, one in ACTION["inputs"].items()} | given)
        for step in STEPS:
            run.step(step, (already or {}).get(step.get("id", "")))
        outputs = {name: run.text(one["value"]) for name, one in ACTION["outputs"].items()}
        summary = run.summary.read_text(encoding="utf-8")
        return Played(run.code, run.log, summary, outputs, run.outputs, tuple(run.uses))


class _Run:
    """One run of the action, step by step."""

    def __init__(self, runner: Runner, inputs: Mapping[str, str]) -> None:
        self.runner, self.inputs = runner, inputs
        self.code, self.log = 0, ""
        self.masks: list[str] = []
        self.outputs: dict[str, dict[str, str]] = {}
        self.uses: list[tuple[str, dict[str, str]]] = []
        self.folder = Path(tempfile.mkdtemp(dir=runner.scratch))
        self.summary = self.folder / "summary"
        for name in ("summary", "event.json", "env", "path"):
            (self.folder / name).touch()
        (self.folder / "event.json").write_text(json.dumps(runner.event), encoding="utf-8")

    def step(self, step: Mapping[str, Any], outputs: Mapping[str, str] | None) -> None:
        if self.code or not self.holds(step.get("if", "")):
            return
        if outputs is not None:
            self.outputs[step["id"]] = dict(outputs)
        elif "uses" in step:
            self.uses.append((step["uses"], {name: self.text(value) for name, value in step["with"].items()}))
        else:
            self.execute(step)

    def execute(self, step: Mapping[str, Any]) -> None:
        assert step["shell"] == "bash"
        script, written = self.folder / "step.sh", self.folder / "output"
        script.write_text(step["run"], encoding="utf-8")
        written.write_text("", encoding="utf-8")
        variables = self.variables() | {name: self.text(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            [*BASH, str(script)],
            cwd=self.runner.workspace,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.code = done.returncode
        self.note(done.stdout.decode("utf-8"))
        pairs = (line.partition("=") for line in written.read_text(encoding="utf-8").splitlines())
        if "id" in step:
            self.outputs[step["id"]] = {name: value for name, _, value in pairs}

    def note(self, said: str) -> None:
        for line in said.splitlines():
            if line.startswith("::add-mask::"):
                self.masks.append(line.removeprefix("::add-mask::"))
                continue
            for secret in self.masks:
                line = line.replace(secret, "***")
            self.log += f"{line}\n"

    def variables(self) -> dict[str, str]:
        """What a step sees: https://docs.github.com/actions/reference/workflows-and-actions/variables"""
        runner = self.runner
        temporary = runner.scratch / "temporary"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": os.pathsep.join((str(runner.programs), str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(runner.scratch),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(runner.action),
            "GITHUB_ACTOR": runner.actor,
            "GITHUB_BASE_REF": runner.base,
            "GITHUB_ENV": str(self.folder / "env"),
            "GITHUB_EVENT_NAME": runner.event_name,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_JOB": "migrations",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_REPOSITORY": "ann/shop",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKFLOW": "CI",
            "GITHUB_WORKSPACE": str(runner.workspace),
            "RUNNER_ARCH": "X64",
            "RUNNER_OS": runner.system,
            "RUNNER_TEMP": str(temporary),
        } | dict(runner.environment)

    def text(self, text: object) -> str:
        """A value with its expressions replaced."""
        return EXPRESSION.sub(lambda found: self.value(found[1]), str(text))

    def holds(self, condition: str) -> bool:
        """Whether a step is to run. Only the kind of condition that the action has is understood."""
        if not condition:
            return True
        compared = COMPARISON.fullmatch(condition)
        assert compared, f"The runner of the tests does not understand {condition!r}."
        name, operator, value = compared.groups()
        # GitHub ignores case where it compares.
        return (self.value(name).casefold() == value.casefold()) is (operator == "==")

    def value(self, name: str) -> str:
        match name.split("."):
            case ["inputs", one]:
                return self.inputs[one]
            case ["steps", identity, "outputs", one]:
                assert identity in {step.get("id") for step in STEPS}, f"There is no step {identity}."
                return self.outputs.get(identity, {}).get(one, "")
            case ["github", "event_name"]:
                return self.runner.event_name
            case ["github", "token"]:
                return "token-of-the-job"
        raise AssertionError(f"The runner of the tests does not understand {name!r}.")
