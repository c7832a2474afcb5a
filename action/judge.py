"""Runs one part, `lint` or `roundtrip`, and notes how it ended. Its verdict fails the last step, not this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from base import since
from install import activated, programs, unled
from markdown import SUMMARY, shortened
from workflow import (
    DONE,
    FAILED,
    Refused,
    earlier,
    folder,
    given,
    lines,
    names_plugins,
    output,
    paths,
    project,
    tell,
    words,
)

NAMES = {"lint": "lint", "roundtrip": "round trip"}


def main() -> int:
    """Run the part. Its exit code is an output, its report goes to the summary of the job."""
    part = sys.argv[1]
    report, found = folder() / f"{part}.md", folder() / f"{part}.json"
    code = judged(part, report, found)
    if code in (0, 1) and not (report.is_file() and found.is_file()):
        # Python itself ends with 1 where the tool cannot even be imported.
        code = FAILED
    output("code", code)
    if code not in (0, 1):
        tell("error", f"The {NAMES[part]} could not do its job (exit code {code}): see the log of its step.")
    if not report.is_file():
        report.write_text(f"The {NAMES[part]} ended without a report (exit code {code}).\n", encoding="utf-8")
    summarise(report.read_text(encoding="utf-8"))
    return DONE


def judged(part: str, report: Path, found: Path) -> int:
    """The exit code of the part; 2 where it cannot even begin."""
    if part == "roundtrip" and earlier("installed") != "true":
        return FAILED
    environment = Path(earlier("environment"))
    # Not looked up: Windows would take one in the workspace.
    program = programs(environment) / ("migration-guard.exe" if os.name == "nt" else "migration-guard")
    if not program.is_file():
        raise Refused(f"migration-guard is not installed in {environment}. Report this on its issue tracker.")
    formats = ("text", "github", f"markdown:{report}", f"json:{found}", f"sarif:{Path(earlier('sarif')) / part}.sarif")
    options = [word for name in formats for word in ("--output-format", name)]
    if given("fail-on"):
        options += ["--fail-on", given("fail-on")]
    # One a line, for "postgresql 16" are two words.
    options += [word for target in lines("target") for word in ("--target", target)]
    options += [word for plugin in lines("plugins") for word in ("--plugin", plugin)]
    command = [str(program), part, *options, *since(), *(of_lint() if part == "lint" else of_roundtrip())]
    variables = activated(environment)
    if part == "lint" and not names_plugins():
        variables = unled(variables)
    if given("database-url"):
        variables["MIGRATION_GUARD_DATABASE_URL"] = given("database-url")
    code = subprocess.run(command, env=variables, check=False).returncode
    return code if code >= 0 else 128 - code


def of_lint() -> list[str]:
    """The arguments that only lint has."""
    # Seen from the workspace a project in a folder is a path. With neither, the configuration says what is judged.
    places = paths() or [project()] * (project() != Path())
    return [*words("arguments"), "--", *map(str, places)]


def of_roundtrip() -> list[str]:
    """The arguments that only the round trip has. Its project is the one folder that was named, else all there is."""
    options = ["--shard", given("shard")] if given("shard") else []
    named = paths()
    place = named[0] if len(named) == 1 and named[0].is_dir() else project()
    return [*options, *words("arguments"), *([] if place == Path() else ["--", str(place)])]


def summarise(text: str) -> None:
    """Add to the summary of the job."""
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
        file.write(shortened(text, SUMMARY, "The rest is in the log.") + "\n")
