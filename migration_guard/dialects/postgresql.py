"""
PostgreSQL: what each change locks, whom that shuts out, and what it does with the rows.

Every row is measured, but for those in DOCUMENTED: the tests put it to each server at hand.
"""

from __future__ import annotations

from dataclasses import replace

from migration_guard.dialects import Ability as A
from migration_guard.dialects import Change as C
from migration_guard.dialects import Fact, Impact, Profile, type_before
from migration_guard.dialects.plain import ADD, plain_changes
from migration_guard.dialects.postgresql_functions import Volatility, volatility_of
from migration_guard.dialects.postgresql_types import (
    TypeChange,
    casts_by_itself,
    change_of,
    change_to,
    is_plain,
    name_of,
)
from migration_guard.model.constraints import AddConstraint, CreateIndex, DropIndex
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation, SetNotNull
from migration_guard.model.schema import (
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    Expression,
    Name,
    SchemaState,
    Table,
)
from migration_guard.model.target import Target
from migration_guard.model.unknown import UNKNOWN, Unknown

# Pages of one version stay as they are. A row that a newer one replaces cites the last version for which it holds.
PG18 = "https://www.postgresql.org/docs/18/"
PG10, PG11, PG12 = (PG18.replace("18", version) for version in ("10", "11", "12"))
ALTER_TABLE = PG18 + "sql-altertable.html"
LOCKS = PG18 + "explicit-locking.html"
OLD = (9, 6)

BOTH = "reads and writes"
NOTHING = Impact("none")
BRIEF = Impact("ACCESS EXCLUSIVE", BOTH)
BRIEF_WITH_REFERENCED = Impact("ACCESS EXCLUSIVE", BOTH, referenced_blocks=BOTH)
REWRITE = Impact("ACCESS EXCLUSIVE", BOTH, rewrites=True)
SCAN = Impact("ACCESS EXCLUSIVE", BOTH, scans=True)
BUILD = Impact("ACCESS EXCLUSIVE", BOTH, builds_index=True)
BUILD_FOR_READERS = Impact("SHARE", "writes", builds_index=True)
REFERENCES = Impact("SHARE ROW EXCLUSIVE", "writes", referenced_blocks="writes")
REFERENCES_SCAN = Impact("SHARE ROW EXCLUSIVE", "writes", scans=True, referenced_blocks="writes")
GENTLE = Impact("SHARE UPDATE EXCLUSIVE")
GENTLE_SCAN = Impact("SHARE UPDATE EXCLUSIVE", scans=True)
GENTLE_BUILD = Impact("SHARE UPDATE EXCLUSIVE", builds_index=True)

FACTS = (
    #    change                              since  impact                 read it yourself
    Fact(C.CREATE_TABLE,                     OLD,   NOTHING,               PG18 + "sql-createtable.html"),
    Fact(C.DROP_TABLE,                       OLD,   BRIEF_WITH_REFERENCED, PG18 + "sql-droptable.html"),
    Fact(C.RENAME_TABLE,                     OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.TRUNCATE,                         OLD,   BRIEF,                 PG18 + "sql-truncate.html"),
    Fact(C.ADD_COLUMN,                       OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,      OLD,   REWRITE,               PG10 + "sql-altertable.html"),
    Fact(C.ADD_COLUMN_CONSTANT_DEFAULT,      (11,), BRIEF,                 ALTER_TABLE),
    Fact(C.ADD_COLUMN_VOLATILE_DEFAULT,      OLD,   REWRITE,               ALTER_TABLE),
    Fact(C.ADD_COLUMN_UNKNOWN_DEFAULT,       OLD,   REWRITE,               PG18 + "xfunc-volatility.html"),
    Fact(C.ADD_COLUMN_GENERATED_STORED,      (12,), REWRITE,               ALTER_TABLE),
    Fact(C.ADD_COLUMN_GENERATED_VIRTUAL,     (18,), BRIEF,                 PG18 + "ddl-generated-columns.html"),
    Fact(C.ADD_COLUMN_IDENTITY,              OLD,   REWRITE,               ALTER_TABLE),
    Fact(C.ADD_COLUMN_CHECK,                 OLD,   SCAN,                  ALTER_TABLE),
    Fact(C.DROP_COLUMN,                      OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.RENAME_COLUMN,                    OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.CHANGE_TYPE_FREE,                 OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.CHANGE_TYPE_REWRITE,              OLD,   REWRITE,               ALTER_TABLE),
    Fact(C.CHANGE_TYPE_TIME_ZONE,            OLD,   REWRITE,               PG12 + "release-12.html"),
    Fact(C.CHANGE_TYPE_RECHECK,              OLD,   SCAN,                  ALTER_TABLE),
    Fact(C.SET_NOT_NULL,                     OLD,   SCAN,                  ALTER_TABLE),
    Fact(C.SET_NOT_NULL_PROVEN,              OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.DROP_NOT_NULL,                    OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.SET_DEFAULT,                      OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.COMMENT,                          OLD,   GENTLE,                PG18 + "sql-comment.html"),
    Fact(C.ADD_FOREIGN_KEY,                  OLD,   REFERENCES_SCAN,       ALTER_TABLE),
    Fact(C.ADD_FOREIGN_KEY_NOT_VALID,        OLD,   REFERENCES,            ALTER_TABLE),
    Fact(C.ADD_CHECK,                        OLD,   SCAN,                  ALTER_TABLE),
    Fact(C.ADD_CHECK_NOT_VALID,              OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.ADD_UNIQUE,                       OLD,   BUILD,                 ALTER_TABLE),
    Fact(C.ADD_UNIQUE_USING_INDEX,           OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.ADD_PRIMARY_KEY,                  OLD,   BUILD,                 ALTER_TABLE),
    Fact(C.ADD_PRIMARY_KEY_USING_INDEX,      OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE, OLD, SCAN,                ALTER_TABLE),
    Fact(C.ADD_EXCLUSION,                    OLD,   BUILD,                 ALTER_TABLE),
    Fact(C.DROP_CONSTRAINT,                  OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.DROP_FOREIGN_KEY,                 OLD,   BRIEF_WITH_REFERENCED, LOCKS),
    Fact(C.VALIDATE_CHECK,                   OLD,   GENTLE_SCAN,           ALTER_TABLE),
    Fact(C.VALIDATE_FOREIGN_KEY,             OLD,   GENTLE_SCAN,           ALTER_TABLE),
    Fact(C.RENAME_CONSTRAINT,                OLD,   BRIEF,                 ALTER_TABLE),
    Fact(C.CREATE_INDEX,                     OLD,   BUILD_FOR_READERS,     PG18 + "sql-createindex.html"),
    Fact(C.CREATE_INDEX_CONCURRENTLY,        OLD,   GENTLE_BUILD,          PG18 + "sql-createindex.html"),
    Fact(C.DROP_INDEX,                       OLD,   BRIEF,                 PG18 + "sql-dropindex.html"),
    Fact(C.DROP_INDEX_CONCURRENTLY,          OLD,   GENTLE,                PG18 + "sql-dropindex.html"),
    Fact(C.RENAME_INDEX,                     OLD,   BRIEF,                 PG11 + "sql-alterindex.html"),
    Fact(C.RENAME_INDEX,                     (12,), NOTHING,               PG18 + "sql-alterindex.html"),
)  # fmt: skip

# The rows (change, since) that are documented, not measured: the servers that the tests have do not go by them.
DOCUMENTED = frozenset({(C.ADD_COLUMN_CONSTANT_DEFAULT, OLD), (C.RENAME_INDEX, OLD)})

ABILITIES = {
    A.CONCURRENT_INDEX: (8, 2),
    A.NOT_VALID_CONSTRAINTS: (9, 2),
    A.CONSTRAINT_USING_INDEX: (9, 1),
    A.NATIVE_ENUM: (8, 3),
    A.ENUM_VALUE_IN_TRANSACTION: (12,),
    A.TRANSACTIONAL_DDL: (7,),
    A.CHECK_PROVES_NOT_NULL: (12,),
    A.VIRTUAL_COLUMNS: (18,),
    A.CASTS_ON_TYPE_CHANGE: (8,),
    A.TIME_ZONE_CHANGE_IN_PLACE: (12,),
    A.NOT_VALID_ON_PARTITIONED: (18,),
    A.STRICT_NOT_NULL: (7,),
    A.VARCHAR_WITHOUT_LENGTH: (7,),
    # Measured: 15 refuses, 18 does not.
    A.ENUM_VALUE_OF_NEW_TYPE: (18,),
}


def classify(operation: Operation, state: SchemaState, target: Target) -> tuple[C, ...]:
    """What the operation asks for, with everything decided that depends on the schema before it."""
    match operation:
        case AddColumn():
            return _add_column(operation, target)
        case AlterColumnType():
            return (_change_type(operation, state, target),)
        case SetNotNull():
            proven = is_never_null(state.table(operation.table), operation.column, target)
            return (C.SET_NOT_NULL_PROVEN if proven else C.SET_NOT_NULL,)
        case AddConstraint():
            return (_add_constraint(operation.constraint, operation.table, state, target),)
        case CreateIndex(concurrently=Unknown()) | DropIndex(concurrently=Unknown()):
            return ()  # it is decided at run time
        case CreateIndex(concurrently=True):
            return (C.CREATE_INDEX_CONCURRENTLY,)
        case DropIndex(concurrently=True):
            return (C.DROP_INDEX_CONCURRENTLY,)
        case _:
            return plain_changes(operation, state)


# --- columns --------------------------------------------------------------------------------------------------------


def _add_column(operation: AddColumn, target: Target) -> tuple[C, ...]:
    change = _new_column(operation.column, target, from_sql=operation.site.sql is not None)
    inline = []
    for constraint in operation.inline:
        match constraint.kind:
            case ConstraintKind.CHECK:
                inline.append(C.ADD_COLUMN_CHECK)
            case ConstraintKind.UNIQUE:
                inline.append(C.ADD_UNIQUE)
            case ConstraintKind.PRIMARY_KEY:
                inline.append(C.ADD_PRIMARY_KEY)
            case ConstraintKind.FOREIGN_KEY:
                # A column that is null everywhere needs no look at the rows.
                inline.append(C.ADD_FOREIGN_KEY_NOT_VALID if change is C.ADD_COLUMN else C.ADD_FOREIGN_KEY)
            case _:
                pass
    return (change, *dict.fromkeys(inline))


def _new_column(column: Column, target: Target, *, from_sql: bool) -> C:
    if column.identity or column.serial:
        return C.ADD_COLUMN_IDENTITY
    if column.generated:
        stored = column.generated.stored
        if isinstance(stored, Unknown):
            # SQLAlchemy before 2.1 writes STORED of its own accord; PostgreSQL before 18 knows nothing else.
            stored = ABILITIES[A.VIRTUAL_COLUMNS] > target.version
        return C.ADD_COLUMN_GENERATED_STORED if stored else C.ADD_COLUMN_GENERATED_VIRTUAL
    if column.default is None:
        return C.ADD_COLUMN
    if isinstance(column.default, Unknown):
        return C.ADD_COLUMN
    if column.default.sql.strip().upper() in ("NULL", ""):
        return C.ADD_COLUMN
    if column.default.literal is not None:
        return C.ADD_COLUMN_CONSTANT_DEFAULT
    match volatility_of(column.default.functions):
        case Volatility.STEADY:
            return C.ADD_COLUMN_CONSTANT_DEFAULT
        case Volatility.VOLATILE:
            return C.ADD_COLUMN_VOLATILE_DEFAULT
        case Volatility.UNKNOWN:
            return C.ADD_COLUMN_UNKNOWN_DEFAULT


def is_never_null(table: Table | None, column: str, target: Target) -> bool:
    """Whether PostgreSQL already knows that the column holds no null, so that it need not look."""
    if table is None:
        return False
    known = table.columns.get(column)
    if known and known.certain and known.nullable is False:
        return True
    proofs = [one for one in table.constraints if one.valid is True and one.certain]
    if any(
        one.kind in (ConstraintKind.NOT_NULL, ConstraintKind.PRIMARY_KEY) and column in one.columns for one in proofs
    ):
        return True
    return ABILITIES[A.CHECK_PROVES_NOT_NULL] <= target.version and any(
        one.kind is ConstraintKind.CHECK and one.expression is not None and _may_prove(one.expression, column)
        for one in proofs
    )


def _may_prove(expression: Expression, column: str) -> bool:
    """An expression whose text is not known gets the benefit of the doubt."""
    return not expression.sql or column in expression.not_null


def _change_type(operation: AlterColumnType, state: SchemaState, target: Target) -> C:
    new, old = operation.type, type_before(operation, state)
    if isinstance(new, Unknown):
        return C.CHANGE_TYPE_UNKNOWN
    new = with_enum(new, state)
    old = UNKNOWN if isinstance(old, Unknown) else with_enum(old, state)
    if operation.using is None and not isinstance(old, Unknown) and casts_by_itself(old, new) is False:
        return C.CHANGE_TYPE_REFUSED
    change = change_to(new) if isinstance(old, Unknown) else change_of(old, new)
    if operation.using is not None and not is_plain(operation.using, operation.column, new):
        change = TypeChange.REWRITE
    match change:
        case TypeChange.SAME:
            return C.CHANGE_TYPE_FREE
        case TypeChange.FREE if not isinstance(old, Unknown) and _is_checked_again(state, operation, old, new):
            return C.CHANGE_TYPE_RECHECK
        case TypeChange.FREE:
            return C.CHANGE_TYPE_FREE
        case TypeChange.TIME_ZONE if ABILITIES[A.TIME_ZONE_CHANGE_IN_PLACE] <= target.version:
            return C.CHANGE_TYPE_TIME_ZONE
        case TypeChange.UNKNOWN:
            return C.CHANGE_TYPE_UNKNOWN
        case _:
            return C.CHANGE_TYPE_REWRITE


def with_enum(type: ColumnType, state: SchemaState) -> ColumnType:
    """SQL text does not tell an enum from another type of one's own: the history does."""
    if type.is_enum or Name(type.name, type.schema) not in state.enums:
        return type
    return replace(type, is_enum=True, labels=UNKNOWN)


def _is_checked_again(state: SchemaState, operation: AlterColumnType, old: ColumnType, new: ColumnType) -> bool:
    """A CHECK on the column is verified again; an index is built again where its order or its expression changes."""
    table, column = state.table(operation.table), operation.column
    if table is None:
        return False
    for constraint in table.constraints:
        expression = constraint.expression
        if constraint.kind is ConstraintKind.CHECK and (
            column in constraint.columns or (expression is not None and column in expression.columns)
        ):
            return True
    other_order = old.collation != new.collation or "citext" in (name_of(old), name_of(new))
    other_name = name_of(old) != name_of(new)
    for index in table.indexes.values():
        parts = () if isinstance(index.columns, Unknown) else index.columns
        computed = [part for part in (*parts, index.where or "") if part.startswith("(") or part == index.where]
        if (other_order and column in parts) or (other_name and any(column in part for part in computed)):
            return True
    return False


# --- constraints ----------------------------------------------------------------------------------------------------


def _add_constraint(constraint: Constraint, table: Name, state: SchemaState, target: Target) -> C:
    match constraint:
        case Constraint(kind=ConstraintKind.FOREIGN_KEY, valid=False):
            return C.ADD_FOREIGN_KEY_NOT_VALID
        case Constraint(kind=ConstraintKind.CHECK | ConstraintKind.NOT_NULL, valid=False):
            return C.ADD_CHECK_NOT_VALID
        case Constraint(kind=ConstraintKind.NOT_NULL):
            known = state.table(table)
            proven = all(is_never_null(known, column, target) for column in constraint.columns)
            return C.SET_NOT_NULL_PROVEN if proven else C.SET_NOT_NULL
        case Constraint(kind=ConstraintKind.UNIQUE, using_index=str()):
            return C.ADD_UNIQUE_USING_INDEX
        case Constraint(kind=ConstraintKind.PRIMARY_KEY, using_index=str()):
            nullable = _has_nullable_column(constraint, table, state, target)
            return C.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE if nullable else C.ADD_PRIMARY_KEY_USING_INDEX
        case _:
            return ADD[constraint.kind]


def _has_nullable_column(constraint: Constraint, table: Name, state: SchemaState, target: Target) -> bool:
    """Whether a key made from an index has to look for nulls. USING INDEX does not repeat the columns of the index."""
    found = state.index(constraint.using_index or "", table)
    columns = found[1].columns if found else UNKNOWN
    for name in constraint.columns if isinstance(columns, Unknown) else columns:
        known = state.column(table, name)
        if known and known.nullable is True and not is_never_null(state.table(table), name, target):
            return True
    return False


PROFILE = Profile("postgresql", FACTS, ABILITIES, classify)
