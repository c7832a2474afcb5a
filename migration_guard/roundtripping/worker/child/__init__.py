"""The fresh process in which the user's code runs: hears commands, and says what came of them. Judges nothing."""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine

from migration_guard.model.trip import Cause, Failure
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker.child.failures import describe
from migration_guard.roundtripping.worker.child.project import LoadedProject, driver
from migration_guard.roundtripping.worker.child.runner import ParentGone, Visit
from migration_guard.roundtripping.worker.child.tracer import Tracer
from migration_guard.roundtripping.worker.fence import (
    Fence,
    Refused,
    audit_hook,
    driver_calls,
    driver_internals,
    engines,
)
from migration_guard.roundtripping.worker.fence.drivers import url
from migration_guard.roundtripping.worker.protocol import Job, Plain

LAYERS: tuple[Callable[[Fence], None], ...] = (
    engines.install,
    driver_calls.install,
    driver_internals.install,
    audit_hook.install,
)
_PR_SET_PDEATHSIG = 1


def main(trace: int) -> None:
    """Serve the parent until it closes its end. `trace` is a file for what the interpreter tells of its stack."""
    commands, answers = _take_over()
    _die_with_the_parent()
    if os.name == "posix":
        faulthandler.enable(trace)
        faulthandler.register(signal.SIGUSR1, trace, all_threads=True)
    fence, tracer = Fence(), Tracer()
    for install in LAYERS:
        install(fence)
    tracer.listen()
    Session(commands, answers, fence, tracer).serve()


def _take_over() -> tuple[IO[bytes], IO[bytes]]:
    """
    The two ends of the conversation, out of reach: whoever reads the input finds its end, and what is printed goes
    where the errors go.
    """
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        # What is printed is there after a crash, in any language.
        stream.reconfigure(errors="backslashreplace", write_through=True)  # type: ignore[union-attr]
    return commands, answers


def _die_with_the_parent() -> None:
    """Linux only: https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Session:
    """One project, and what the parent wants of it."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes], fence: Fence, tracer: Tracer) -> None:
        self._commands = commands
        self._answers = answers
        self._fence = fence
        self._tracer = tracer
        self._project: LoadedProject | None = None
        self._job = Job(folder=Path())

    def serve(self) -> None:
        """One command after the other."""
        serves = {"prepare": self._prepare, "enter": self._enter}
        with suppress(ParentGone):
            self._guarded(self._load, self._hear())
            while True:
                command = self._hear()
                self._guarded(serves.get(command["command"], self._refuse), command)

    def _guarded(self, serve: Callable[[Plain], None], command: Plain) -> None:
        try:
            serve(command)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            self._say_failure(error)

    def _hear(self) -> Plain:
        command = self._next()
        if command is None:
            raise ParentGone
        return command

    def _next(self) -> Plain | None:
        line = self._commands.readline()
        command: Plain | None = json.loads(line) if line else None
        return command

    def _say(self, message: Plain) -> None:
        self._answers.write(json.dumps(message).encode() + b"\n")
        self._answers.flush()

    def _say_failure(self, error: BaseException) -> None:
        scripts = frozenset(one.path for one in self._project.revisions()) if self._project else frozenset()
        blamed = self._fence.blamed(error)
        asked_for = blamed.asked_for if isinstance(blamed, Refused) else None
        self._say({"failure": asdict(describe(blamed, scripts, str(self._job.folder))), "asked_for": asked_for})

    def _load(self, command: Plain) -> None:
        self._job = Job.from_plain(command["load"])
        destination = command["destination"]
        self._fence.lead_to(Destination.from_plain(destination) if destination else None)
        self._project = LoadedProject.load(self._job)
        self._say({"revisions": [asdict(one) for one in self._project.revisions()]})

    def _refuse(self, command: Plain) -> None:
        """What makes sense within env.py only."""
        message = f"env.py has been left, and there is nothing to {command['command']}."
        self._say({"failure": asdict(Failure(Cause.PYTHON, message))})

    def _prepare(self, command: Plain) -> None:
        destination = Destination.from_plain(command["destination"])
        self._fence.lead_to(destination)
        assert self._project is not None
        module, _, path = command["function"].partition(":")
        with self._project.context():
            function = import_module(module)
            for name in path.split("."):
                function = getattr(function, name)
            engine = create_engine(url(destination, driver(destination)))
            with engine.begin() as connection:
                function(connection)  # type: ignore[operator]
            engine.dispose()
        self._fence.close_connections()
        self._say({})

    def _enter(self, command: Plain) -> None:
        assert self._project is not None
        self._fence.lead_to(Destination.from_plain(command["destination"]))
        visit = Visit(
            project=self._project,
            fence=self._fence,
            tracer=self._tracer,
            say=self._say,
            hear=self._next,
            pending=command,
            engine_name=command["engine_name"],
            own_transactions=command["own_transactions"],
        )
        failure = visit.run()
        self._fence.close_connections()
        pending = visit.pending
        if pending is None:
            raise ParentGone
        if failure is not None and pending["command"] == "step":
            self._say({"step": asdict(visit.failed_step(failure))})
        elif failure is not None:
            self._say_failure(failure)
        elif not visit.entered:
            self._say({"failure": asdict(_without_migrations(visit))})
        else:
            self._say({"calls": visit.calls})


def _without_migrations(visit: Visit) -> Failure:
    if visit.calls:
        names = ", ".join(str(name) for name in visit.calls)
        message = f"env.py never ran the migrations of {visit.engine_name}. It ran those of: {names}."
    else:
        message = "env.py came to its end without context.run_migrations(). Check under which conditions it calls it."
    return Failure(Cause.PYTHON, message)
