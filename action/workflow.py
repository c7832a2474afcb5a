"""What a step and the runner say to each other: inputs, outputs, annotations, the event. Knows no migrations."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

DONE, FAILED = 0, 2
NAMES_PLUGINS = re.compile(r"--(?:plugin|trust-plugins)\b")
PULL_REQUESTS = ("pull_request", "pull_request_target")
# The configuration of a checkout has to hold, as actions/checkout keeps the credentials in it, but nothing here needs
# its hooks and helpers, and a folder among the files is no repository. In a container the owner is often another one.
SETTINGS = (
    *("safe.directory=*", "safe.bareRepository=explicit", "core.fsmonitor=false", f"core.hooksPath={os.devnull}"),
    *("protocol.ext.allow=never", "submodule.recurse=false"),
)
GIT = ("git", "--no-pager", *(word for setting in SETTINGS for word in ("-c", setting)))


class Refused(Exception):
    """The step cannot do its job. The message says why, and what to do next."""


def run(step: Callable[[], int]) -> NoReturn:
    """Run a step: its exit code, or 2 and an annotation where it refuses."""
    try:
        code = step()
    except Refused as refusal:
        tell("error", str(refusal))
        code = FAILED
    sys.exit(code)


def given(name: str) -> str:
    """An input as it was written, without the white space around it; empty where it was left out."""
    return os.environ.get(f"ACTION_INPUT_{name.upper().replace('-', '_')}", "").strip()


def wanted(name: str) -> bool:
    """An input that is "true" or "false". Raises Refused."""
    value = given(name)
    if value not in ("true", "false", ""):
        raise Refused(f'The input {name} is "{value}". Write "true" or "false".')
    return value == "true"


def words(name: str) -> list[str]:
    """An input that holds several words, quoted as in a shell; nothing in it is expanded. Raises Refused."""
    try:
        return shlex.split(given(name))
    except ValueError as error:
        raise Refused(f"The input {name} cannot be split into words ({error}). Close its quotes.") from None


def lines(name: str) -> list[str]:
    """An input that holds one thing a line."""
    return [line.strip() for line in given(name).splitlines() if line.strip()]


def names_plugins() -> bool:
    """Whether lint is to run code of the project: plugins, as an input or as an argument of their own."""
    return bool(given("plugins") or NAMES_PLUGINS.search(given("arguments")))


def tell(level: str, sentence: str) -> None:
    """An annotation on the job: `level` is error, warning or notice."""
    escaped = sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=migration-guard::{escaped}", flush=True)


def mask(secret: str) -> None:
    """Let the runner print *** where the log would hold this."""
    if secret:
        print(f"::add-mask::{secret.replace('%', '%25')}", flush=True)


def output(name: str, value: str | Path | int) -> None:
    """Hand a line of text to the steps after this one."""
    line = f"{name}={value}"
    if "\n" in line or "\r" in line:
        raise Refused(f"The output {name} would have several lines. Rename the folder with a line end in its name.")
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8", newline="\n") as file:
        file.write(f"{line}\n")


def earlier(name: str) -> str:
    """What a step before this one handed on; empty where it did not run."""
    return os.environ.get(f"ACTION_STEP_{name.upper().replace('-', '_')}", "")


def folder() -> Path:
    """Where the steps leave their files."""
    return Path(earlier("folder"))


def project() -> Path:
    """The input working-directory, relative to the workspace, where all steps stand. Raises Refused."""
    path = Path(given("working-directory") or ".")
    if not path.is_dir():
        raise Refused(f"The input working-directory names {path}, which is no folder. Is it checked out?")
    return path


def paths() -> list[Path]:
    """The input paths as seen from the workspace, so that reports name files as the repository does."""
    return [project() / word for word in words("paths")]


def event() -> dict[str, Any]:
    """What GitHub says happened; empty where it does not."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not path or not Path(path).is_file():
        return {}
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def event_name() -> str:
    """The kind of event: pull_request, push, merge_group."""
    return os.environ.get("GITHUB_EVENT_NAME", "")


def may_only_read() -> bool:
    """Whether GitHub gave this job a token that cannot write: a pull request from a fork, or Dependabot's."""
    if event_name() != "pull_request":
        return False
    # The head's repository is null where the fork was deleted.
    head = event().get("pull_request", {}).get("head", {}).get("repo") or {}
    forked = head.get("full_name") != os.environ.get("GITHUB_REPOSITORY")
    return forked or os.environ.get("GITHUB_ACTOR") == "dependabot[bot]"
