"""
SQLite: one writer at a time for the whole database, and few ways to alter a table; the rest goes by batch mode.

Every row is documented, none is measured: it is the manual's, and no test puts it to SQLite.
"""

from __future__ import annotations

from migration_guard.dialects import Ability as A
from migration_guard.dialects import Change as C
from migration_guard.dialects import Fact, Impact, Profile
from migration_guard.dialects.plain import plain_changes
from migration_guard.model.operations import AddColumn, Operation
from migration_guard.model.schema import SchemaState
from migration_guard.model.target import Target
from migration_guard.model.unknown import Unknown

# The addresses of this manual name no version: the pages say what holds since when.
DOCS = "https://www.sqlite.org/"
ALTER = DOCS + "lang_altertable.html"
OLD = (3, 2)

BRIEF = Impact("RESERVED", "writes")
BUILD = Impact("RESERVED", "writes", builds_index=True)
REWRITE = Impact("RESERVED", "writes", rewrites=True)

FACTS = (
    #    change                          since     impact   read it yourself
    Fact(C.CREATE_TABLE,                 OLD,      BRIEF,   DOCS + "lang_createtable.html"),
    Fact(C.DROP_TABLE,                   OLD,      BRIEF,   DOCS + "lang_droptable.html"),
    Fact(C.RENAME_TABLE,                 OLD,      BRIEF,   ALTER),
    Fact(C.ADD_COLUMN,                   OLD,      BRIEF,   ALTER),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,  OLD,      BRIEF,   ALTER),
    Fact(C.ADD_COLUMN_GENERATED_VIRTUAL, (3, 31),  BRIEF,   DOCS + "gencol.html"),
    Fact(C.DROP_COLUMN,                  (3, 35),  REWRITE, ALTER),
    Fact(C.RENAME_COLUMN,                (3, 25),  BRIEF,   ALTER),
    Fact(C.CREATE_INDEX,                 OLD,      BUILD,   DOCS + "lang_createindex.html"),
    Fact(C.DROP_INDEX,                   OLD,      BRIEF,   DOCS + "lang_dropindex.html"),
)  # fmt: skip

ABILITIES = {A.TRANSACTIONAL_DDL: (3,), A.VIRTUAL_COLUMNS: (3, 31), A.STRICT_NOT_NULL: (3, 2)}


def classify(operation: Operation, state: SchemaState, target: Target) -> tuple[C, ...]:
    """What the operation asks for."""
    if not isinstance(operation, AddColumn):
        return plain_changes(operation, state)
    column = operation.column
    if column.generated:
        return (C.ADD_COLUMN_GENERATED_STORED if column.generated.stored is True else C.ADD_COLUMN_GENERATED_VIRTUAL,)
    if column.default is None or isinstance(column.default, Unknown):
        return (C.ADD_COLUMN,)
    constant = column.default.literal is not None or column.default.functions == ()
    return (C.ADD_COLUMN_CONSTANT_DEFAULT if constant else C.ADD_COLUMN_VOLATILE_DEFAULT,)


PROFILE = Profile("sqlite", FACTS, ABILITIES, classify)
