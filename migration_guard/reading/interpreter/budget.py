"""How much of a file is followed: one budget of steps and operations, by which its time and its memory are bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migration_guard.model.operations import CreateTable, Operation
from migration_guard.reading.interpreter.values import TOO_LONG, Items, Pairs, Text, Value, size_of

MOST_STEPS = 120_000
MOST_OPERATIONS = 2_000
"""Of one file. No function of 1,700 real migrations takes more than 21,000 steps, or asks for more than 208 of them."""
MOST_FOR_HELPERS = 600_000
"""
Of the project's other files that one migration leans on: what they weigh (`source/weight.py`) and the steps that their
top levels take. The most of 1,700 real migrations is 420,000.
"""
COLUMNS_OF_A_TABLE = 500
TOO_MANY_STEPS = "it unrolls into more steps than are followed"
CHARACTERS_OF_A_STEP = 50
"""Where they are read one by one: as SQL, or by a method of a string."""
_COPIED_OF_A_STEP = 500
_PIECES_OF_A_STEP = 10
_PARTS_OF_A_STEP = 200
_STEPS_OF_A_TOO_LONG_TEXT = 500


class OutOfSteps(Exception):
    """The code unrolls into more steps, or more operations, than we are willing to take. The message is the reason."""


class Budget:
    """
    What following one file has cost, and the `limit` of the part that is being followed. `steps` are expressions and
    statements; texts and collections count by their size, so that what is copied again and again is paid for each time.
    """

    __slots__ = ("_limits_around", "_most", "limit", "operations", "steps")

    def __init__(self, most: int = MOST_STEPS) -> None:
        self._most = self.limit = most
        self._limits_around: list[int] = []
        self.steps = self.operations = 0

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the file, which may take half of what is left: it does not take all from what comes behind it."""
        self._limits_around.append(self.limit)
        self.limit = self.steps + min(self.left, MOST_STEPS) // 2
        try:
            yield
        finally:
            self.steps = min(self.steps, self.limit)
            self.limit = self._limits_around.pop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Something that is paid from the same budget, but not by the parts in which it was come upon."""
        limits, before = [*self._limits_around, self.limit], self.steps
        self._limits_around, self.limit = [], self._most
        try:
            yield
        finally:
            spent = self.steps - before
            *self._limits_around, self.limit = [min(one + spent, self._most) for one in limits]

    @property
    def left(self) -> int:
        """How many steps are left."""
        return self.limit - self.steps

    def spend(self, steps: int = 1) -> None:
        """Counts steps; raises OutOfSteps past the bound."""
        self.steps += steps
        if self.steps > self.limit:
            raise OutOfSteps(TOO_MANY_STEPS)

    def read(self, characters: int) -> None:
        """Counts text that is read character by character; raises OutOfSteps past the bound."""
        self.spend(1 + characters // CHARACTERS_OF_A_STEP)

    def made(self, value: Value) -> None:
        """Counts a text or a collection that was put together; raises OutOfSteps past the bound."""
        if type(value) is Text:
            steps = len(value.value) // _COPIED_OF_A_STEP + len(value.pieces) // _PIECES_OF_A_STEP
            if steps:  # most are short
                self.spend(steps)
        elif type(value) is Items or type(value) is Pairs:
            self.spend(size_of(value) // _PARTS_OF_A_STEP)
        elif value is TOO_LONG:
            self.spend(_STEPS_OF_A_TOO_LONG_TEXT)

    def emit(self, operation: Operation) -> None:
        """
        Counts an operation; raises OutOfSteps past the bound. The schema is kept as each leaves it, so the columns of a
        table count, too, where they are more than people have.
        """
        columns = len(operation.table.columns) if isinstance(operation, CreateTable) else 0
        self.operations += 1 + max(0, columns - COLUMNS_OF_A_TABLE)
        if self.operations > MOST_OPERATIONS:
            raise OutOfSteps(f"it asks for more than {MOST_OPERATIONS:,} operations, and what follows is not read")
