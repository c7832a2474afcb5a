"""The parent's end of the conversation with the child in which the user's code runs. Imports none of that code."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from migration_guard.model.finding import Direction
from migration_guard.model.trip import Cause, Failure, Place, TripStep
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker.protocol import Entered, Job, Plain, Revision, failure_from, step_from

__all__ = ["Child", "ChildError", "Entered", "Job", "Revision"]

# The package may lie where the child would not look for it. It is taken from where we have it, and the folder leaves
# sys.path before the user's code comes. `-P` keeps the working folder out: no module of the project shadows ours.
_PACKAGES = str(Path(__file__).resolve().parents[3])
_START = """
import sys
sys.path.insert(0, sys.argv[1])
from migration_guard.roundtripping.worker.child import main
sys.path.remove(sys.argv[1])
main(int(sys.argv[2]))
"""
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
# Seconds that a child has to come to its own end, and to write where it hangs.
_GRACE = 3.0
_TAIL = 4_000
_LINES = 10
_ALEMBIC = "[alembic."


class ChildError(Exception):
    """
    The project could not be brought to the point that was asked for; `failure` says why.

    `asked_for` is the dialect of the database that the project wanted, where the fence refused another one.
    """

    def __init__(self, failure: Failure, asked_for: str | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.asked_for = asked_for


class _Gone(Exception):
    """The child is no more; `failure` says how it ended."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Child:
    """
    A fresh process that runs the project step by step; a context manager.

    Each command has `timeout` seconds. After a command that killed the process, the next one starts another. The
    project is loaded with connections led to `destination`; where that is None, loading must not connect.
    """

    def __init__(self, job: Job, *, timeout: float, destination: Destination | None = None) -> None:
        self.job = replace(job, folder=job.folder.absolute())
        self.timeout = timeout
        self._destination = destination
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[Plain | None] = queue.Queue()
        self._revisions: tuple[Revision, ...] | None = None
        self._loaded = False
        self._busy = False
        self._last_words = ""
        self._heard = 0
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._trace: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._start()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def revisions(self) -> tuple[Revision, ...]:
        """All scripts, parents and dependencies first. Raises ChildError where they cannot be loaded."""
        if self._revisions is None:
            self._load()
        return self._revisions or ()

    def prepare(self, destination: Destination, function: str) -> None:
        """
        Call `package.module:attribute` with a SQLAlchemy Connection to the throwaway database, in a transaction.

        Raises ChildError where it fails.
        """
        self._demand("prepare", destination=destination.as_plain(), function=function)

    def enter(
        self, destination: Destination, *, engine_name: str | None = None, own_transactions: bool = False
    ) -> Entered:
        """
        Run env.py up to its run_migrations(): the first one, or that with `engine_name`.

        Each revision gets a transaction of its own, unless env.py is to have its `own_transactions`. Raises ChildError.
        """
        options = {"engine_name": engine_name, "own_transactions": own_transactions}
        return Entered.from_plain(self._demand("enter", destination=destination.as_plain(), **options))

    def step(self, direction: Direction, revision: str) -> TripStep:
        """Run one upgrade() or downgrade(). After a failure env.py has been left."""
        started = time.perf_counter()
        try:
            return step_from(self._ask("step", direction=direction, revision=revision)["step"])
        except _Gone as gone:
            path = next((one.path for one in self._revisions or () if one.id == revision), None)
            failure = replace(gone.failure, place=self._where(path))
            return TripStep(revision, direction, failure=failure, seconds=time.perf_counter() - started)

    def stamp(self, revisions: Sequence[str]) -> None:
        """Let the version table name exactly these revisions, and run nothing. Raises ChildError."""
        self._demand("stamp", revisions=list(revisions))

    def models(self) -> tuple[str, ...]:
        """
        What the project's models and the database do not share, in words, as Alembic sees it with env.py's options.

        Raises ChildError where the comparison fails: then env.py has been left.
        """
        return tuple(self._demand("models")["differences"])

    def leave(self) -> tuple[str | None, ...]:
        """
        Let env.py run to its end, and close its connections. Raises ChildError.

        The `engine_name` of each run_migrations() that it called: of all but one, those that were given no steps.
        """
        return tuple(self._demand("leave")["calls"])

    def output(self) -> str:
        """The end of what the project has printed, both streams; still known when the child is closed."""
        if self._output.closed:
            return self._last_words
        return self._output_since(0)

    def close(self) -> None:
        """End the process and whatever it started; at once where it is at work, as after Ctrl-C."""
        self._end(grace=0 if self._busy else _GRACE)
        self._last_words = self.output()
        self._output.close()
        self._trace.close()

    def _start(self) -> None:
        command = [sys.executable, "-P", "-c", _START, _PACKAGES, str(self._trace.fileno())]
        own_session: dict[str, Any] = {}
        if os.name == "posix":
            own_session = {"start_new_session": True, "pass_fds": (self._trace.fileno(),)}
        self._trace.seek(0)
        self._trace.truncate()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            cwd=self.job.folder,
            env={**os.environ, **dict(self.job.environment)},
            **own_session,
        )
        self._process, self._answers, self._loaded = process, queue.Queue(), False
        threading.Thread(target=_listen, args=(process.stdout, self._answers), daemon=True).start()
        destination = self._destination.as_plain() if self._destination else None
        self._say(load=self.job.as_plain(), destination=destination)

    def _load(self) -> None:
        if self._process is None:
            self._start()
        if not self._loaded:
            try:
                answer = _checked(self._answer())
            except _Gone as gone:
                raise ChildError(replace(gone.failure, place=self._where(None))) from gone
            self._revisions = tuple(Revision.from_plain(one) for one in answer["revisions"])
            self._loaded = True

    def _demand(self, command: str, **arguments: object) -> Plain:
        """The answer to a command that must succeed."""
        try:
            return self._ask(command, **arguments)
        except _Gone as gone:
            raise ChildError(replace(gone.failure, place=self._where(None))) from gone

    def _ask(self, command: str, **arguments: object) -> Plain:
        self._load()
        self._heard = self._printed()
        self._say(command=command, **arguments)
        return _checked(self._answer())

    def _say(self, **message: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(OSError):  # The child is gone, which reading its answer tells.
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _answer(self) -> Plain:
        self._busy = True
        try:
            answer = self._answers.get(timeout=self.timeout)
        except queue.Empty:
            message = f"It did not come to an end within {self.timeout:g} seconds (--timeout)."
            self._interrogate()
            self._end(grace=0)
            raise _Gone(Failure(Cause.TIMEOUT, message)) from None
        self._busy = False
        if answer is None:
            raise _Gone(Failure(Cause.EXIT, self._obituary()))
        return answer

    def _interrogate(self) -> None:
        """Let the child write where it is. The signal is served in C, even while the interpreter waits."""
        if self._process is None or os.name != "posix":
            return
        self._process.send_signal(signal.SIGUSR1)
        deadline, size = time.monotonic() + _GRACE, 0
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = os.fstat(self._trace.fileno()).st_size
            if now and now == size:
                return
            size = now

    def _where(self, script: str | None) -> Place | None:
        """The innermost line of the script that the child has written, else of any file of the project."""
        self._trace.seek(0)
        frames = _FRAME.findall(self._trace.read().decode("utf-8", "replace"))
        places = [Place(os.path.join(self.job.folder, path), int(line)) for path, line in frames]
        scripts = {script} if script else {one.path for one in self._revisions or ()}
        own = [place for place in places if place.path in scripts]
        folder = os.path.join(self.job.folder, "")
        near = [one for one in places if one.path.startswith(folder) and "site-packages" not in one.path]
        return next(iter(own or near), None)

    def _obituary(self) -> str:
        assert self._process is not None
        process = self._process
        self._end(grace=_GRACE)
        code = process.returncode
        if code < 0:
            words = f"The process that ran it was killed by {signal.Signals(-code).name}."
        else:
            words = f"The process that ran it ended with exit code {code}."
        # What Alembic logs says nothing that the report does not say.
        said = [line for line in self._output_since(self._heard).splitlines() if line.strip() and _ALEMBIC not in line]
        return f"{words} It printed at last: {' '.join(said[-_LINES:])}" if said else words

    def _printed(self) -> int:
        return os.fstat(self._output.fileno()).st_size

    def _output_since(self, start: int) -> str:
        self._output.seek(max(start, self._printed() - _TAIL))
        return self._output.read().decode("utf-8", "replace")

    def _end(self, *, grace: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):  # What could not be written to a child that is gone.
            process.stdin.close()
        try:
            # Not reaped before its group is killed: its number cannot be another's by then.
            _wait_unreaped(process, grace)
            _kill_group(process)
        finally:
            process.wait()


def _listen(stream: IO[bytes], answers: queue.Queue[Plain | None]) -> None:
    """Hand on each line that the child says, then None."""
    with stream:
        for line in stream:
            answers.put(json.loads(line))
    answers.put(None)


def _checked(answer: Plain) -> Plain:
    if "failure" in answer:
        raise ChildError(failure_from(answer["failure"]), answer.get("asked_for"))
    return answer


def _wait_unreaped(process: subprocess.Popen[bytes], grace: float) -> None:
    """Wait until the process has ended, but leave it a zombie where the system can do that."""
    deadline = time.monotonic() + grace
    pause = 0.001
    while time.monotonic() < deadline:
        if hasattr(os, "waitid"):
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
        elif process.poll() is not None:
            return
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if os.name != "posix":
        process.kill()
        return
    # macOS says so of a group of which only the zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
