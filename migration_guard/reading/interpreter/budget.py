"""How much of a file is followed: one budget of steps and operations, by which its time and its memory are bounded."""

from __future__ import annotations

from migration_guard.model.operations import CreateTable, Operation
from migration_guard.reading.interpreter.values import TOO_LONG, Items, Pairs, Text, Value, size_of

MOST_STEPS = 60_000
MOST_OPERATIONS = 3_000
"""Of one function. None of 1,700 real migrations asks for more than 208 operations, or takes more than 21,000 steps."""
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
    What following one function has cost. `steps` are expressions and statements; texts and collections count by their
    size, so that what is copied again and again is paid for each time.
    """

    __slots__ = ("operations", "steps")

    def __init__(self) -> None:
        self.steps = self.operations = 0

    def spend(self, steps: int = 1) -> None:
        """Counts steps; raises OutOfSteps past the bound."""
        self.steps += steps
        if self.steps > MOST_STEPS:
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
