"""Knows with which commit a run compares, and fetches it where the checkout is too shallow to have it."""

from __future__ import annotations

import os
import re
import subprocess

from workflow import GIT, PULL_REQUESTS, event, event_name, given, project, tell

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
EVERYTHING = ("--since", "none")


def since() -> tuple[str, ...]:
    """
    The option --since that this run wants.

    In a pull request and in a merge queue there is none: the tool finds the base by itself, once git has it. Any other
    event is judged as a whole.
    """
    ref = given("since")
    if ref and not ref.strip("0"):
        tell("notice", "Before this push there was no such branch: the whole history is judged.")
        return EVERYTHING
    if ref == "none":
        return EVERYTHING
    base = found_by_itself() if ref in ("", "auto") else ref
    # What was named and is missing, the tool refuses in its own words.
    if base and not has(base) and not fetch(base) and base != ref:
        tell("warning", f"The base of this pull request, {base}, could not be fetched: the whole history is judged.")
    return ("--since", ref) if ref else ()


def found_by_itself() -> str:
    """The ref that the tool will look for when nobody names one; empty where it looks for none."""
    branch = os.environ.get("GITHUB_BASE_REF", "")
    if branch and event_name() in PULL_REQUESTS:
        return f"origin/{branch}"
    return str(event().get("merge_group", {}).get("base_sha", ""))


def has(ref: str) -> bool:
    """Whether git has this commit."""
    return git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is not None


def fetch(ref: str) -> bool:
    """Fetch a branch of origin, or a commit by its full name, and say whether git has it now."""
    branch = ref.removeprefix("origin/")
    if COMMIT.fullmatch(ref):
        wanted = ref
    elif branch != ref:
        wanted = f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
    else:
        return False
    # A complete repository must not become a shallow one.
    shallow = (git("rev-parse", "--is-shallow-repository") or "").strip() == "true"
    depth = ("--depth=1",) if shallow else ()
    print(f"Fetching {ref}", flush=True)
    # Whole, also where the checkout has a filter: the files are what is compared.
    whole = ("--no-tags", "--no-filter", "--no-recurse-submodules")
    git("fetch", "--quiet", *whole, *depth, "origin", wanted, quiet=False)
    return has(ref)


def git(*arguments: str, quiet: bool = True) -> str | None:
    """What git says; None where it refuses, or is not there. It asks nobody for a password."""
    command = (*GIT, "-C", str(project()), *arguments)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            env=os.environ | {"GIT_TERMINAL_PROMPT": "0"},
            check=False,
        )
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
