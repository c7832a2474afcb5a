"""Says on the error stream how far a round trip is: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from migration_guard.model.printable import printable

# In a log, a line for each of hundreds of revisions is noise; one in so many seconds shows that it lives.
SECONDS_BETWEEN_LINES = 10.0


@dataclass(slots=True)
class Progress:
    """Called with a revision, its number and how many there are."""

    terminal: bool
    quiet: bool = False
    started: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def __call__(self, revision: str, number: int, count: int) -> None:
        elapsed = time.monotonic() - self.started
        line = f"{printable(revision)} ({number} of {count}, {elapsed:.0f} s)"
        if self.quiet:
            return
        if self.terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif elapsed - self.told >= SECONDS_BETWEEN_LINES or number == count:
            self.told = elapsed
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line, for what comes after it."""
        if self.terminal and not self.quiet:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
