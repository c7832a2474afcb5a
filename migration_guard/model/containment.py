"""
Contains what goes wrong with one file: the one place in which any exception is caught, so that a file that breaks us
does not hide what is wrong with the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from migration_guard.model.plugin import PluginError
from migration_guard.model.regular_expressions import SlowPatternError
from migration_guard.version import REPOSITORY

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unexpected:
    """What was done with a file ended in an error of ours: of which class, and where in our code."""

    error: str
    place: str

    @property
    def reason(self) -> str:
        """What the finding on the file says."""
        issues = f"https://github.com/{REPOSITORY}/issues"
        return f"migration-guard failed on it ({self.error} in {self.place}). Please report that: {issues}"


def contained(action: Callable[[], T]) -> T | Unexpected:
    """
    What the action gives, or what went wrong. Raises what is meant for the user, and what ends the process.

    A panic of libcst's parser, which is written in Rust, is a BaseException:
    https://docs.rs/pyo3/0.27.0/pyo3/panic/struct.PanicException.html
    """
    try:
        return action()
    except (PluginError, SlowPatternError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return Unexpected(type(error).__name__, _place(error.__traceback__))


def _place(trace: TracebackType | None) -> str:
    """The file and the line in which an error was raised."""
    line, file = 0, ""
    while trace is not None:
        line, file, trace = trace.tb_lineno, trace.tb_frame.f_code.co_filename, trace.tb_next
    return f"{os.path.basename(file)}:{line}"
