"""The texts of the GitHub Action: what is cut because GitHub takes no more, and what the documents say of it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pull_request import PullRequest, bad_orders
from runner import ACTION, ROOT

# Text that is too long


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"action_{name}", ROOT / "action" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


markdown = loaded("markdown")
LINES = ("a line of text", "```python", "```", "~~~~", "~~~", "  ```", "<details>", "</details>", "| a | b |", "")


@given(st.lists(st.sampled_from(LINES)), st.integers(150, 400))
def test_what_is_cut_fits_and_leaves_nothing_open(lines: list[str], limit: int) -> None:
    text = "\n".join(lines)
    cut = markdown.shortened(text, limit, "The rest is in the log.")
    assert len(cut) <= limit
    if len(text) > limit:
        assert cut.endswith("The rest is in the log.\n")
        assert markdown.closing(cut) == ""
    else:
        assert cut == text


def test_a_long_comment_is_cut_at_a_line() -> None:
    text = "\n".join(f"| {number} | a row |" for number in range(20_000))
    cut = markdown.shortened(text, markdown.COMMENT, "The rest is in the summary of the job.")
    assert markdown.COMMENT - 200 < len(cut) <= markdown.COMMENT
    assert cut.splitlines()[0] == "| 0 | a row |"
    assert cut.splitlines()[-3].endswith("| a row |")


# The documents


def blocks(document: str, language: str = "yaml") -> list[str]:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return [textwrap.dedent(one) for one in re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


WORKFLOWS = blocks("github-action.md")


def used_action(document: str) -> list[Mapping[str, str]]:
    jobs = yaml.safe_load(document)["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    return [step.get("with", {}) for step in steps if "migration-guard@" in step.get("uses", "")]


@pytest.mark.parametrize("block", WORKFLOWS)
def test_the_workflows_in_the_documents_use_inputs_that_exist(block: str) -> None:
    uses = used_action(block)
    assert uses
    assert all(options.keys() <= ACTION["inputs"].keys() for options in uses)


def test_the_documents_name_every_input_and_output_with_its_default() -> None:
    text = (ROOT / "docs" / "github-action.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:`([^`]*)`)? ?\|", text, re.MULTILINE)
    assert dict(rows) == {name: one["default"] for name, one in ACTION["inputs"].items()}
    assert all(f"`{name}`" in text for name in ACTION["outputs"])


PIPELINES = blocks("gitlab.md")


def pipeline(job: Mapping[str, Any], checkout: Path) -> int:
    """Run what the job runs, but for what it installs; its exit code."""
    lines = [line for line in (*job["before_script"], *job["script"]) if not line.startswith("pip install")]
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    known = {"PATH": programs, "CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "1"}
    if "merge_request_event" in str(job["rules"]):
        known["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "main"
    environment = os.environ | known
    return subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=checkout, env=environment, check=False).returncode


@pytest.mark.parametrize("block", PIPELINES)
def test_the_pipelines_in_the_documents_judge_what_is_new(block: str, tmp_path: Path) -> None:
    ((_, job),) = yaml.safe_load(block).items()
    checkout = PullRequest(tmp_path, bad_orders).checkout
    assert pipeline(job, checkout) == 1
    for report in job.get("artifacts", {}).get("reports", {}).values():
        text = (checkout / report).read_text(encoding="utf-8")
        assert "b2_orders.py" in text
        assert "a1_users.py" not in text
