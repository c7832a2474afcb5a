"""Prepares a throwaway database for a history that does not start from nothing: by SQL, or by a function."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from migration_guard.config.selection import nearest
from migration_guard.reading.discovery.project import ProjectError
from migration_guard.reading.sql.tokens import split
from migration_guard.roundtripping.servers.access import Access
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.find import Server
from migration_guard.roundtripping.worker.child.failures import message_of, sentence_of
from migration_guard.roundtripping.worker.client import Child, ChildError

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True)
class Preparation:
    """
    What a database needs before its first revision: an SQL file, a function of the project, the revisions where it
    then stands (`start`); each may be absent.
    """

    script: Path | None = None
    function: str | None = None
    start: tuple[str, ...] = ()

    def apply(self, destination: Destination, server: Server, child: Child) -> None:
        """Prepare a new database. Raises ProjectError or ChildError with a sentence where that fails."""
        if self.script is not None:
            _run_script(self.script, destination, server)
        if self.function is not None:
            try:
                child.prepare(destination, self.function)
            except ChildError as error:
                if error.asked_for is not None:
                    raise
                raise ProjectError(sentence_of(error.failure, f"--prepare: {self.function} fails")) from error


def preparation(word: str | None, cwd: Path, start: tuple[str, ...] = ()) -> Preparation:
    """What `--prepare` stands for: FILE.sql or package.module:function. Raises ProjectError where it is neither."""
    if word is None:
        return Preparation(start=start)
    file = cwd / word
    if file.is_file():
        return Preparation(script=file, start=start)
    if FUNCTION.fullmatch(word):
        return Preparation(function=word, start=start)
    near = nearest(Path(word).name, [one.name for one in file.parent.glob("*.sql")]) if file.parent.is_dir() else ""
    raise ProjectError(
        f"--prepare: there is no file {word}, and it is no function.{near}"
        " Name an SQL file, or package.module:function."
    )


def _run_script(script: Path, destination: Destination, server: Server) -> None:
    client = server.client()
    if client is not None:
        _run_with_psql(client, script, destination)
        return
    try:
        text = script.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"--prepare: {script} could not be read ({error}). Name an SQL file in UTF-8.") from None
    from sqlalchemy.exc import DBAPIError

    with Access.open(destination) as access:
        for statement in split(text, destination.dialect):
            try:
                access.execute(statement.text)
            except DBAPIError as error:
                line = text.count("\n", 0, statement.start) + 1
                raise ProjectError(f"--prepare: {script}:{line}: {message_of(error.orig or error)}.") from None


def _run_with_psql(psql: Path, script: Path, destination: Destination) -> None:
    """What pg_dump writes holds COPY blocks and commands of psql, which only psql reads."""
    place = {"PGHOST": destination.socket or destination.host, "PGPORT": destination.port}
    login = {"PGUSER": destination.user, "PGPASSWORD": destination.password, "PGDATABASE": destination.database}
    said = {name: str(value) for name, value in (place | login).items() if value is not None}
    options = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    said |= {options[name]: value for name, value in destination.options if name in options}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    command = [str(psql), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(script)]
    done = subprocess.run(
        command, env=kept | said, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise ProjectError(f"--prepare: {' '.join(done.stderr.split())}")
