"""The directives of Alembic: each has a signature and a reader, and a new one of Alembic's is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.operations import Operations

from migration_guard.reading.directives import arguments, operations
from tests.reading import operations as read

# What is no directive, or is answered before its arguments are bound: directives/operations.py, `operation`.
OF_ALEMBIC_ITSELF = {"context", "create_module_class_proxy"}
ANSWERED = {"execute", "batch_alter_table", "invoke"}


def test_every_directive_of_alembic_is_known() -> None:
    public = {name for name in dir(Operations) if not name.startswith("_")} - OF_ALEMBIC_ITSELF
    new = public - operations.NAMES - ANSWERED
    assert not new, f"Alembic has directives that nobody reads: {new}. Add them to directives/arguments.py, SIGNATURES."


def test_every_signature_has_a_reader_and_every_reader_a_signature() -> None:
    read, signed = set(operations._READERS), set(arguments.SIGNATURES)
    alone = signed - read - ANSWERED
    assert not alone, f"{alone} have a signature in directives/arguments.py, and no reader: _READERS in operations.py."
    assert not read - signed, f"{read - signed} have a reader, and no signature: SIGNATURES in directives/arguments.py."
    assert not set(arguments._NEEDED) - signed, "_NEEDED names arguments of directives without a signature."


def test_what_a_directive_cannot_do_without_is_an_argument_of_it() -> None:
    for name, needed in arguments._NEEDED.items():
        known = {parameter.lstrip("*") for parameter in arguments.SIGNATURES[name].split()}
        assert set(needed) <= known, f"{name} needs {set(needed) - known}, which its signature does not have."


@pytest.mark.parametrize("name", sorted(operations.NAMES))
@pytest.mark.parametrize("given", ["", "*rest", "os.environ['A'], os.environ['B'], os.environ['C'], os.environ['D']"])
def test_a_directive_whose_arguments_are_not_known_is_no_crash(name: str, given: str, tmp_path: Path) -> None:
    source = f"import os\nop.{name}({given})\nwith op.batch_alter_table('users') as batch:\n    batch.{name}({given})"
    assert isinstance(read(tmp_path, source), list), "_NEEDED in directives/arguments.py names what a reader relies on."
