"""
MySQL with InnoDB: which changes are made in place while writers go on, and which copy the table and shut them out.

Every row is documented, none is measured: no test asks a server. What the manual's tables of online DDL operations
leave out is from a bug report and from the experience of others.
"""

from __future__ import annotations

from migration_guard.dialects import Ability as A
from migration_guard.dialects import Change as C
from migration_guard.dialects import Fact, Impact, Profile, type_before
from migration_guard.dialects.plain import plain_changes
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation
from migration_guard.model.schema import Column, ColumnType, ConstraintKind, SchemaState
from migration_guard.model.target import Target
from migration_guard.model.unknown import Unknown

ONLINE = "https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html"
ONLINE_57 = ONLINE.replace("8.0", "5.7")
CHECKS = "https://bugs.mysql.com/bug.php?id=117450"
EXPRESSIONS = "https://github.com/ankane/strong_migrations/tree/v2.8.0#adding-a-column-with-an-expression-default-value"
OLD = (5, 6)

INSTANT = Impact("LOCK=NONE")
REBUILD_ONLINE = Impact("LOCK=NONE", rewrites=True)
BUILD_ONLINE = Impact("LOCK=NONE", builds_index=True)
REBUILD = Impact("LOCK=SHARED", "writes", rewrites=True)
COPY = Impact("LOCK=SHARED", "writes", rewrites=True)
EXCLUSIVE = Impact("metadata lock", "reads and writes")

FACTS = (
    #    change                          since        impact          read it yourself
    Fact(C.CREATE_TABLE,                 OLD,         INSTANT,        ONLINE),
    Fact(C.DROP_TABLE,                   OLD,         EXCLUSIVE,      ONLINE),
    Fact(C.RENAME_TABLE,                 OLD,         EXCLUSIVE,      ONLINE),
    Fact(C.TRUNCATE,                     OLD,         EXCLUSIVE,      ONLINE),
    Fact(C.ADD_COLUMN,                   OLD,         REBUILD_ONLINE, ONLINE_57),
    Fact(C.ADD_COLUMN,                   (8, 0, 12),  INSTANT,        ONLINE),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,  OLD,         REBUILD_ONLINE, ONLINE_57),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,  (8, 0, 12),  INSTANT,        ONLINE),
    Fact(C.ADD_COLUMN_VOLATILE_DEFAULT,  (8, 0),      COPY,           EXPRESSIONS),
    Fact(C.ADD_COLUMN_GENERATED_STORED,  (5, 7),      COPY,           ONLINE),
    Fact(C.ADD_COLUMN_GENERATED_VIRTUAL, (5, 7),      INSTANT,        ONLINE),
    Fact(C.ADD_COLUMN_IDENTITY,          OLD,         REBUILD,        ONLINE),
    Fact(C.ADD_COLUMN_CHECK,             (8, 0, 16),  COPY,           CHECKS),
    Fact(C.DROP_COLUMN,                  OLD,         REBUILD_ONLINE, ONLINE_57),
    Fact(C.DROP_COLUMN,                  (8, 0, 29),  INSTANT,        ONLINE),
    Fact(C.RENAME_COLUMN,                OLD,         INSTANT,        ONLINE),
    Fact(C.CHANGE_TYPE_FREE,             OLD,         INSTANT,        ONLINE),
    Fact(C.CHANGE_TYPE_REWRITE,          OLD,         COPY,           ONLINE),
    Fact(C.SET_NOT_NULL,                 OLD,         REBUILD_ONLINE, ONLINE),
    Fact(C.DROP_NOT_NULL,                OLD,         REBUILD_ONLINE, ONLINE),
    Fact(C.SET_DEFAULT,                  OLD,         INSTANT,        ONLINE),
    Fact(C.ADD_FOREIGN_KEY,              OLD,         COPY,           ONLINE),
    Fact(C.ADD_CHECK,                    (8, 0, 16),  COPY,           CHECKS),
    Fact(C.ADD_UNIQUE,                   OLD,         BUILD_ONLINE,   ONLINE),
    Fact(C.ADD_PRIMARY_KEY,              OLD,         REBUILD_ONLINE, ONLINE),
    Fact(C.DROP_FOREIGN_KEY,             OLD,         INSTANT,        ONLINE),
    Fact(C.CREATE_INDEX,                 OLD,         BUILD_ONLINE,   ONLINE),
    Fact(C.DROP_INDEX,                   OLD,         INSTANT,        ONLINE),
    Fact(C.RENAME_INDEX,                 (5, 7),      INSTANT,        ONLINE),
)  # fmt: skip

ABILITIES = {A.VIRTUAL_COLUMNS: (5, 7)}

# A VARCHAR keeps its length in one byte up to 255 bytes and in two above: crossing that line copies the table. The
# line is drawn for utf8mb4, MySQL's own default since 8.0.
SHORT_VARCHAR = 255 // 4

# What a default may say without being an expression. https://dev.mysql.com/doc/refman/8.0/en/data-type-defaults.html
NOW = frozenset(("now", "current_timestamp", "localtime", "localtimestamp"))


def classify(operation: Operation, state: SchemaState, target: Target) -> tuple[C, ...]:
    """What the operation asks for."""
    match operation:
        case AddColumn():
            return add_column(operation)
        case AlterColumnType():
            return (change_type(operation, state, grows_from=0),)
        case _:
            return plain_changes(operation, state)


def add_column(operation: AddColumn) -> tuple[C, ...]:
    """What a new column asks for; MySQL reads REFERENCES behind a column and makes no foreign key of it."""
    change = _new_column(operation.column, from_sql=operation.site.sql is not None)
    kinds = {constraint.kind for constraint in operation.inline}
    inline = [C.ADD_COLUMN_CHECK] * (ConstraintKind.CHECK in kinds) + [C.ADD_UNIQUE] * (ConstraintKind.UNIQUE in kinds)
    return (change, *inline)


def _new_column(column: Column, *, from_sql: bool) -> C:
    if column.identity or column.serial:
        return C.ADD_COLUMN_IDENTITY
    if column.generated:
        return C.ADD_COLUMN_GENERATED_STORED if column.generated.stored is True else C.ADD_COLUMN_GENERATED_VIRTUAL
    default = column.default
    if default is None or isinstance(default, Unknown):
        return C.ADD_COLUMN
    if default.literal is not None or default.functions == ():
        return C.ADD_COLUMN_CONSTANT_DEFAULT
    # SQLAlchemy puts parentheses around everything but a bare word, and what stands in them is an expression.
    text = default.sql.strip()
    plain = not text.startswith("(") if from_sql else text.isidentifier()
    if plain and not isinstance(default.functions, Unknown) and NOW.issuperset(default.functions):
        return C.ADD_COLUMN_CONSTANT_DEFAULT
    return C.ADD_COLUMN_VOLATILE_DEFAULT


def change_type(operation: AlterColumnType, state: SchemaState, *, grows_from: int) -> C:
    """
    Whether the table is copied: for all but a longer VARCHAR and appended ENUM labels. A VARCHAR that crosses the line
    is copied too, unless it has at most `grows_from` characters before.
    """
    old, new = type_before(operation, state), operation.type
    if isinstance(new, Unknown) or not new.known:
        return C.CHANGE_TYPE_UNKNOWN
    if isinstance(old, Unknown) or not old.known:
        return C.CHANGE_TYPE_UNKNOWN if new.name == "varchar" or new.is_enum else C.CHANGE_TYPE_REWRITE
    if old.name == new.name == "varchar" and not (old.modifiers and new.modifiers):
        return C.CHANGE_TYPE_UNKNOWN  # no VARCHAR is without a length: the history does not tell it
    if old == new or _is_same_number(old, new):
        return C.CHANGE_TYPE_FREE
    was, now = old.labels, new.labels
    if isinstance(was, Unknown) or isinstance(now, Unknown):
        return C.CHANGE_TYPE_REWRITE
    if old.is_enum and new.is_enum and old.native and new.native:
        appended = now[: len(was)] == was and (len(now) > 255) == (len(was) > 255)
        return C.CHANGE_TYPE_FREE if appended else C.CHANGE_TYPE_REWRITE
    if old.name == new.name == "varchar":
        (before,), (after,) = old.modifiers, new.modifiers
        crosses = grows_from < before <= SHORT_VARCHAR < after
        return C.CHANGE_TYPE_FREE if before <= after and not crosses else C.CHANGE_TYPE_REWRITE
    return C.CHANGE_TYPE_REWRITE


def _is_same_number(old: ColumnType, new: ColumnType) -> bool:
    """The width in INT(11) is only for show, and BOOL is another word for TINYINT(1)."""
    names = {"boolean" if type.name == "tinyint" and type.modifiers == (1,) else type.name for type in (old, new)}
    return len(names) == 1 and names <= {"boolean", "tinyint", "smallint", "mediumint", "integer", "bigint"}


PROFILE = Profile("mysql", FACTS, ABILITIES, classify)
