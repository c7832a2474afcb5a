"""ALTER TABLE of MySQL, MariaDB and SQLite as operations, read word by word: one operation or more for each action."""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex, RenameIndex
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    DropColumn,
    DropNotNull,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import ConstraintKind, Name
from migration_guard.model.site import Site
from migration_guard.reading.sql.kinds import words
from migration_guard.reading.sql.others.columns import (
    Cursor,
    expression_here,
    read_column,
    read_index,
    read_table_constraint,
    starts_constraint,
)

# How the statement is to do its work, not what.
_MANNERS = ("ALGORITHM", "LOCK", "WAIT", "NOWAIT", "WITHOUT", "WITH")
_OPTIONS = words(
    "ENGINE CONVERT AUTO_INCREMENT COMMENT CHARACTER CHARSET COLLATE DEFAULT ORDER FORCE ENABLE DISABLE ROW_FORMAT "
    "DISCARD IMPORT PARTITION REMOVE TRUNCATE COALESCE REORGANIZE EXCHANGE ANALYZE CHECK OPTIMIZE REBUILD REPAIR "
    "KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS STATS_PERSISTENT STATS_AUTO_RECALC STATS_SAMPLE_PAGES ENCRYPTION COMPRESSION "
    "TABLESPACE CHECKSUM DELAY_KEY_WRITE PAGE_COMPRESSED PAGE_CHECKSUM TRANSACTIONAL UNION INSERT_METHOD PACK_KEYS "
    "AVG_ROW_LENGTH CONNECTION DATA INDEX SECONDARY_ENGINE SECONDARY_LOAD SECONDARY_UNLOAD"
)


def alter_table(cursor: Cursor, site: Site) -> Iterator[Operation]:
    """ALTER TABLE from the table's name on."""
    cursor.take("IF", "EXISTS")
    table = cursor.table()
    if cursor.token is None:
        raise cursor.lost()
    for part in cursor.parts():
        if part.word in _MANNERS:
            continue
        yield from _action(part, table, site)


def _action(part: Cursor, table: Name, site: Site) -> Iterator[Operation]:
    first = part.position
    lite = part.statement.dialect == "sqlite"
    match part.word:
        case "ADD" if part.take("ADD"):
            yield from _add(part, table, site, first)
        case "DROP" if part.take("DROP"):
            yield from _drop(part, table, site, first)
        case "RENAME" if part.take("RENAME"):
            yield _rename(part, table, site)
        case "MODIFY" if not lite and part.take("MODIFY"):
            part.take("COLUMN")
            part.take("IF", "EXISTS")
            yield from _redefine(part, table, site)
        case "CHANGE" if not lite and part.take("CHANGE"):
            part.take("COLUMN")
            part.take("IF", "EXISTS")
            old = part.identifier()
            token = part.token
            new = token.name(fold=False) if token else old
            if new != old:
                yield RenameColumn(site=site, table=table, column=old, new_name=new)
            yield from _redefine(part, table, site)
        case "ALTER" if not lite and part.take("ALTER"):
            yield _alter_column(part, table, site, first)
        case word if not lite and word in _OPTIONS:
            yield _option(part, table, site, first)
        case _:
            raise part.lost()


def _option(part: Cursor, table: Name, site: Site, first: int) -> RunSql:
    """An action that leaves the schema we keep alone, named by its leading words."""
    words = []
    for token in part.statement.tokens[first : min(part.end, first + 2)]:
        if token.kind != "word":
            break
        words.append(token.word)
    kind = " ".join(("ALTER TABLE", *words))
    return RunSql(site=site, kind=kind, tables=(table,), literals=part.statement.literals())


def _add(part: Cursor, table: Name, site: Site, first: int) -> Iterator[Operation]:
    lite = part.statement.dialect == "sqlite"
    if not lite and part.word == "PARTITION":
        yield _option(part, table, site, first)
    elif not lite and starts_constraint(part):
        constraint = read_table_constraint(part)
        yield AddConstraint(site=site, table=table, constraint=constraint)
    elif not lite and part.word in ("INDEX", "KEY", "FULLTEXT", "SPATIAL"):
        guarded = "IF" in part.statement.words(3, part.position)
        yield CreateIndex(site=site, table=table, index=read_index(part), if_not_exists=guarded)
    else:
        part.take("COLUMN")
        guarded = part.take("IF", "NOT", "EXISTS")
        columns = part.parentheses().parts() if part.word == "(" else iter((part,))
        for each in columns:
            read = read_column(each)
            yield AddColumn(site=site, table=table, column=read.column, inline=read.constraints, if_not_exists=guarded)


def _drop(part: Cursor, table: Name, site: Site, first: int) -> Iterator[Operation]:
    lite = part.statement.dialect == "sqlite"
    if not lite and part.word == "PARTITION":
        yield _option(part, table, site, first)
    elif not lite and part.take("PRIMARY", "KEY"):
        yield DropConstraint(site=site, table=table, name=None, kind=ConstraintKind.PRIMARY_KEY)
    elif not lite and part.take("FOREIGN", "KEY"):
        yield _drop_constraint(part, table, site, ConstraintKind.FOREIGN_KEY)
    elif not lite and part.take_one("CONSTRAINT"):
        yield _drop_constraint(part, table, site, None)
    elif not lite and part.take("CHECK"):
        yield _drop_constraint(part, table, site, ConstraintKind.CHECK)
    elif not lite and part.take_one("INDEX", "KEY"):
        if_exists = part.take("IF", "EXISTS")
        yield DropIndex(site=site, name=part.identifier(), table=table, if_exists=if_exists)
    else:
        part.take("COLUMN")
        if_exists = part.take("IF", "EXISTS")
        yield DropColumn(site=site, table=table, column=part.identifier(), if_exists=if_exists)
        part.take_one("CASCADE", "RESTRICT")
    if part.token is not None and part.word not in _MANNERS:
        raise part.lost()


def _drop_constraint(part: Cursor, table: Name, site: Site, kind: ConstraintKind | None) -> DropConstraint:
    if_exists = part.take("IF", "EXISTS")
    return DropConstraint(site=site, table=table, name=part.identifier(), kind=kind, if_exists=if_exists)


def _rename(part: Cursor, table: Name, site: Site) -> Operation:
    lite = part.statement.dialect == "sqlite"
    if not lite and part.take_one("INDEX", "KEY"):
        old = part.identifier()
        part.expect("TO")
        return RenameIndex(site=site, name=old, new_name=part.identifier())
    if part.take_one("TO", "AS"):
        new = part.table()
        return RenameTable(site=site, table=table, new_name=Name(new.name, new.schema or table.schema))
    part.take("COLUMN")
    part.take("IF", "EXISTS")
    old = part.identifier()
    if not lite and part.token is None:  # MySQL: RENAME new_name
        return RenameTable(site=site, table=table, new_name=Name(old, table.schema))
    part.expect("TO")
    return RenameColumn(site=site, table=table, column=old, new_name=part.identifier())


def _redefine(part: Cursor, table: Name, site: Site) -> Iterator[Operation]:
    """MODIFY and CHANGE write a column anew: NOT NULL and DEFAULT are gone where they are not written again."""
    read = read_column(part)
    column = read.column.name
    yield AlterColumnType(site=site, table=table, column=column, type=read.column.type)
    nullability = DropNotNull if read.column.nullable else SetNotNull
    yield nullability(site=site, table=table, column=column)
    if read.column.generated is None:
        yield SetDefault(site=site, table=table, column=column, default=read.column.default)
    for constraint in read.constraints:
        yield AddConstraint(site=site, table=table, constraint=constraint)


def _alter_column(part: Cursor, table: Name, site: Site, first: int) -> Operation:
    if part.word in ("INDEX", "CHECK", "CONSTRAINT"):
        return _option(part, table, site, first)
    part.take("COLUMN")
    column = part.identifier()
    if part.take("DROP", "DEFAULT"):
        return SetDefault(site=site, table=table, column=column, default=None)
    if part.take("SET", "DEFAULT"):
        inner = part.parentheses() if part.word == "(" else part
        return SetDefault(site=site, table=table, column=column, default=expression_here(inner))
    if part.take("SET") and part.take_one("VISIBLE", "INVISIBLE"):
        return RunSql(site=site, kind="ALTER TABLE ALTER SET VISIBLE", tables=(table,))
    raise part.lost()
