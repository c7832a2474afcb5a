"""Knows whose migrations are left out: those of the ref that was named, or of the branch that CI will merge into."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from migration_guard.regular_files import FileNotRead, read

AUTO, NONE = "auto", "none"
QUEUE = "merge_group"
LARGEST_EVENT = 25_000_000
"""GitHub's own limit: https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap"""


@dataclass(frozen=True, slots=True)
class Since:
    """
    The git ref whose migrations are left out.

    `candidates` are names for it, the best first: the first that git has counts, and without any all is judged. `asked`
    says that somebody named it, so that its absence is an error. `default_branch`: where no candidate is left, the
    default branch counts. `branch` is the one that the request under test will be merged into.
    """

    candidates: tuple[str, ...] = ()
    asked: bool = False
    default_branch: bool = False
    branch: str = ""


def since(word: str | None, environment: Mapping[str, str] = os.environ) -> Since:
    """
    What `--since` asks for; None where nobody said anything: then a pull request is compared with its base.

    "auto" is that base, else the default branch; "none" is nothing; anything else is a git ref.
    """
    if word == NONE:
        return Since()
    if word is not None and word != AUTO:
        return Since((word,), asked=True)
    branch, commit = _github(environment) or _gitlab(environment) or ("", "")
    queued = environment.get("GITHUB_EVENT_NAME") == QUEUE
    names = (f"origin/{branch}",) if branch else ()
    # A queue builds on requests that the branch does not have yet.
    candidates = (*(() if queued else names), *((commit,) if commit else ()), *(names if queued else ()))
    return Since(candidates, default_branch=word == AUTO, branch=branch)


def _github(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """
    The base branch of the pull request (or of the merge queue), and the commit at its tip.

    https://docs.github.com/actions/reference/workflows-and-actions/variables: GITHUB_BASE_REF is set for pull requests
    only.
    """
    event = _event(environment.get("GITHUB_EVENT_PATH"))
    branch = environment.get("GITHUB_BASE_REF", "")
    if branch:
        match event:
            case {"pull_request": {"base": {"sha": str(commit)}}}:
                return branch, commit
        return branch, ""
    if environment.get("GITHUB_EVENT_NAME") == QUEUE:
        match event:
            case {"merge_group": {"base_ref": str(name), "base_sha": str(commit)}}:
                return name.removeprefix("refs/heads/"), commit
    return None


def _event(path: str | None) -> object:
    with suppress(FileNotRead, ValueError, RecursionError):
        return json.loads(read(path, None, LARGEST_EVENT)) if path else None
    return None


def _gitlab(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The same for a merge request: https://docs.gitlab.com/ci/variables/predefined_variables/."""
    branch = environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    return (branch, environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")) if branch else None
