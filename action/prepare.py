"""The first step: refuses what must not be, makes the folders, names the caches. Runs nothing of the project."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from workflow import DONE, GIT, Refused, event_name, given, mask, names_plugins, output, project, wanted

SHARD = re.compile(r"[1-9][0-9]*/[1-9][0-9]*")


def main() -> int:
    """Check the inputs, make the folders, name the caches."""
    mask(given("database-url"))
    check()
    temporary = Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="migration-guard-", dir=temporary))
    sarif = Path.cwd() / given("sarif") if given("sarif") not in ("", "true", "false") else folder / "sarif"
    sarif.mkdir(parents=True, exist_ok=True)
    output("folder", folder)
    output("sarif", sarif)
    output("lint", str(given("shard").partition("/")[0] in ("", "1")).lower())
    output("wheels", temporary / "migration-guard-wheels")
    name_caches()
    return DONE


def check() -> None:
    """Refuse what cannot be done, and what must not be."""
    wanted("comment")
    if wanted("roundtrip") and event_name() == "pull_request_target":
        raise Refused(
            "The round trip runs the code of the pull request, and on pull_request_target that code would reach the"
            " secrets of this repository and a token that can write. Run it on pull_request."
        )
    if names_plugins() and event_name() == "pull_request_target":
        raise Refused(
            "A plugin may be code of the pull request, and on pull_request_target that code would reach the secrets of"
            " this repository and a token that can write. Lint with plugins on pull_request."
        )
    shard = given("shard")
    if shard and not SHARD.fullmatch(shard):
        raise Refused(f'The input shard is "{shard}". Write the part and the number of parts: "1/4".')
    if shard and not wanted("roundtrip"):
        raise Refused('The input shard splits the round trip, which is not asked for. Add roundtrip: "true".')
    project()


def name_caches() -> None:
    """
    Wheels are kept for a week, or until a file changes that names dependencies; facts until a revision is added.

    Facts are found by the content of the files they were read from, so those of another commit do no harm.
    """
    system = "-".join((os.environ.get("RUNNER_OS", ""), os.environ.get("RUNNER_ARCH", "")))
    year, week, _ = date.today().isocalendar()
    named = git("ls-files", "-s", "--", "*pyproject.toml", "*requirements*.txt", "*.lock", "*setup.cfg", "*setup.py")
    ours = (Path(__file__).parent.parent / "pyproject.toml").read_bytes()
    output("wheels-prefix", f"migration-guard-wheels-{system}-{sys.version_info[0]}.{sys.version_info[1]}-")
    output("wheels-key", f"{year}w{week}-{digest(named, ours, given('install').encode())}")
    output("facts-prefix", f"migration-guard-facts-{system}-")
    output("facts-key", digest(git("grep", "--no-textconv", "-hE", "^(down_)?revision", "--", "*.py"), ours))


def git(*arguments: str) -> bytes:
    """What git says of the project's folder; nothing where it refuses."""
    command = (*GIT, "-C", str(project()), *arguments)
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).stdout


def digest(*parts: bytes) -> str:
    """A short name for this content."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
