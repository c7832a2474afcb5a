"""Knows what the environment says of what is printed: colours, who reads it, and the traceback of a crash of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping


def wants_color(choice: str, *, terminal: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to print in colours. An explicit choice wins, then NO_COLOR, then FORCE_COLOR, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    return terminal and environment.get("TERM") != "dumb"


def is_read_by_github(environment: Mapping[str, str] = os.environ) -> bool:
    """
    Whether GitHub's runner looks for commands in what is printed.

    https://docs.github.com/actions/reference/workflows-and-actions/variables
    """
    return environment.get("GITHUB_ACTIONS") == "true"


def wants_traceback(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a crash of ours should show its traceback."""
    return environment.get("MIGRATION_GUARD_TRACEBACK", "") not in ("", "0")
