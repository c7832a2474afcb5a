"""
MariaDB with InnoDB: like MySQL, with instant changes of its own.

Every row is documented, none is measured by a test. Those on ALTER TABLE that apply to 10.11.19 were confirmed on it by
hand: with ALGORITHM and LOCK stated it is refused where they do not hold.
"""

from __future__ import annotations

from migration_guard.dialects import Ability as A
from migration_guard.dialects import Change as C
from migration_guard.dialects import Fact, Profile
from migration_guard.dialects.mysql import (
    BUILD_ONLINE,
    COPY,
    EXCLUSIVE,
    EXPRESSIONS,
    INSTANT,
    REBUILD,
    REBUILD_ONLINE,
    add_column,
    change_type,
)
from migration_guard.dialects.plain import plain_changes
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation
from migration_guard.model.schema import SchemaState
from migration_guard.model.target import Target

# The addresses of this manual name no version: the pages say what holds since when.
KNOWLEDGE = "https://mariadb.com/kb/en/"
AT_ONCE = KNOWLEDGE + "innodb-online-ddl-operations-with-the-instant-alter-algorithm/"
IN_PLACE = KNOWLEDGE + "innodb-online-ddl-operations-with-the-inplace-alter-algorithm/"
OLD = (10, 0)

FACTS = (
    #    change                          since        impact          read it yourself
    Fact(C.CREATE_TABLE,                 OLD,         INSTANT,        IN_PLACE),
    Fact(C.DROP_TABLE,                   OLD,         EXCLUSIVE,      KNOWLEDGE + "metadata-locking/"),
    Fact(C.RENAME_TABLE,                 OLD,         EXCLUSIVE,      KNOWLEDGE + "metadata-locking/"),
    Fact(C.TRUNCATE,                     OLD,         EXCLUSIVE,      KNOWLEDGE + "metadata-locking/"),
    Fact(C.ADD_COLUMN,                   OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.ADD_COLUMN,                   (10, 3, 2),  INSTANT,        AT_ONCE),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,  OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,  (10, 3, 2),  INSTANT,        AT_ONCE),
    Fact(C.ADD_COLUMN_VOLATILE_DEFAULT,  (10, 2),     COPY,           EXPRESSIONS),
    Fact(C.ADD_COLUMN_GENERATED_STORED,  (10, 2),     COPY,           IN_PLACE),
    Fact(C.ADD_COLUMN_GENERATED_VIRTUAL, (10, 2),     INSTANT,        IN_PLACE),
    Fact(C.ADD_COLUMN_IDENTITY,          OLD,         REBUILD,        IN_PLACE),
    Fact(C.ADD_COLUMN_CHECK,             (10, 11),    INSTANT,        AT_ONCE),
    Fact(C.ADD_CHECK,                    (10, 11),    COPY,           IN_PLACE),
    Fact(C.DROP_COLUMN,                  OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.DROP_COLUMN,                  (10, 4),     INSTANT,        AT_ONCE),
    Fact(C.RENAME_COLUMN,                OLD,         INSTANT,        IN_PLACE),
    Fact(C.CHANGE_TYPE_FREE,             (10, 2, 2),  INSTANT,        IN_PLACE),
    Fact(C.CHANGE_TYPE_REWRITE,          OLD,         COPY,           IN_PLACE),
    Fact(C.SET_NOT_NULL,                 OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.DROP_NOT_NULL,                OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.SET_DEFAULT,                  OLD,         INSTANT,        IN_PLACE),
    Fact(C.ADD_FOREIGN_KEY,              OLD,         COPY,           IN_PLACE),
    Fact(C.ADD_UNIQUE,                   OLD,         BUILD_ONLINE,   IN_PLACE),
    Fact(C.ADD_PRIMARY_KEY,              OLD,         REBUILD_ONLINE, IN_PLACE),
    Fact(C.DROP_FOREIGN_KEY,             OLD,         INSTANT,        IN_PLACE),
    Fact(C.CREATE_INDEX,                 OLD,         BUILD_ONLINE,   IN_PLACE),
    Fact(C.DROP_INDEX,                   OLD,         INSTANT,        IN_PLACE),
    Fact(C.RENAME_INDEX,                 (10, 5, 2),  INSTANT,        AT_ONCE),
)  # fmt: skip

ABILITIES = {A.VIRTUAL_COLUMNS: (5, 2)}

# From here on a VARCHAR of at most 127 bytes grows past 255 bytes without a copy, and one of 128 to 255 bytes does not.
# https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-instant-alter-algorithm/ and measured on 10.11.19 with
# utf8mb4: 31 to 64 characters at once, 32 to 64 and 63 to 64 by a copy, 64 to 5000 at once.
LONGER_VARCHAR = (10, 4, 3)
TINY_VARCHAR = 127 // 4


def classify(operation: Operation, state: SchemaState, target: Target) -> tuple[C, ...]:
    """What the operation asks for."""
    match operation:
        case AddColumn():
            return add_column(operation)
        case AlterColumnType():
            grows_from = TINY_VARCHAR if target.version >= LONGER_VARCHAR else 0
            return (change_type(operation, state, grows_from=grows_from),)
        case _:
            return plain_changes(operation, state)


PROFILE = Profile("mariadb", FACTS, ABILITIES, classify)
