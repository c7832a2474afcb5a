"""What holds for every SQL text: it is read without an error, statement by statement, where it stands."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from migration_guard.model.finding import Direction
from migration_guard.model.site import Site
from migration_guard.model.unknown import HOLE
from migration_guard.reading.sql.reader import read_expression, read_sql, read_type
from migration_guard.reading.sql.tokens import split
from tests.sql_sites import NOWHERE, site

DIALECTS = some.sampled_from(["postgresql", "mysql", "mariadb", "sqlite"])
STATEMENTS = [
    "CREATE TABLE t (id int PRIMARY KEY, a varchar(50) NOT NULL DEFAULT 'é', CONSTRAINT c CHECK (a <> ''))",
    "ALTER TABLE s.t ADD COLUMN a int DEFAULT (1 + 2), DROP COLUMN b, ALTER c TYPE text USING c::text",
    "ALTER TABLE t MODIFY a INT NOT NULL, CHANGE b c VARCHAR(20) DEFAULT 'x', ADD KEY k (a(10))",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(a), b) WHERE b IS NOT NULL",
    "DO $$ BEGIN IF x THEN EXECUTE format('DROP TABLE %I', 'a'); END IF; EXCEPTION WHEN others THEN NULL; END $$",
    "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN b THEN 1 END; DELETE FROM t; END",
    "WITH b AS (SELECT id FROM t LIMIT 5) UPDATE t SET a = :a, b = %(b)s FROM b WHERE t.id = b.id RETURNING 1",
    f"INSERT INTO t (a, b) VALUES ({HOLE}, 'it''s'), {HOLE}",
    "DELETE FROM t WHERE id IN :ids /* é; */ -- é;",
    "SELECT \"é;\", `b`, E'x', $x$ ; $x$ FROM t",
]
PIECES = [*("();,'\"`[]:?%$\\ \n\0é"), "--", "/*", "*/", "$$", "::", "%%", "%s", ":x", "\\:", HOLE, "\ud800"]


def read_everything(text: str, dialect: str) -> None:
    for operation in read_sql(text, dialect, site):
        assert operation.site.direction is Direction.UPGRADE
    read_expression(text, dialect)
    read_type(text, dialect)


@settings(deadline=None)
@given(some.text(), DIALECTS)
def test_any_text_is_read(text: str, dialect: str) -> None:
    read_everything(text, dialect)


@some.composite
def broken(draw: some.DrawFn) -> str:
    """A statement in which pieces were removed, doubled or put in."""
    words = re.findall(r"\w+|\s+|.", draw(some.sampled_from(STATEMENTS)))
    for _ in range(draw(some.integers(1, 5))):
        position = draw(some.integers(0, len(words)))
        put = draw(some.lists(some.sampled_from(PIECES + words), max_size=2))
        words[position : position + draw(some.integers(0, 2))] = put
        words = words or [""]
    return "".join(words)


@settings(deadline=None, max_examples=400)
@given(broken(), DIALECTS)
@example("INSERT INTO t (a, b) VALUES (, 1)", "mysql")
def test_any_broken_statement_is_read(text: str, dialect: str) -> None:
    read_everything(text, dialect)


@settings(deadline=None)
@given(some.lists(some.sampled_from(STATEMENTS)), DIALECTS)
def test_statements_together_are_read_like_each_alone(statements: list[str], dialect: str) -> None:
    def nowhere(start: int, end: int) -> Site:
        return Site(Direction.UPGRADE, NOWHERE, NOWHERE)

    together = read_sql("\n;\n".join(statements), dialect, nowhere)
    alone = [operation for each in statements for operation in read_sql(each, dialect, nowhere)]
    assert list(together) == alone


@settings(deadline=None)
@given(some.one_of(some.text(), broken()), DIALECTS)
def test_a_statement_is_exactly_the_text_between_its_offsets(text: str, dialect: str) -> None:
    end = 0
    for statement in split(text, dialect):
        assert text[statement.start : statement.end] == statement.text
        assert not statement.text[0].isspace()
        assert len(statement.clean) == len(statement.text)
        assert end <= statement.start < statement.end
        end = statement.end


DEEP = ["(", "SELECT (", "/*", "'", "CASE WHEN ", "- ", "NOT ", "f(", "BEGIN ", "1 + ", "::x"]


@pytest.mark.parametrize("piece", DEEP)
@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite"])
def test_however_deep_it_nests_it_is_read(piece: str, dialect: str) -> None:
    read_everything("SELECT " + piece * 30_000, dialect)
    read_sql(f"DO $x$ BEGIN {piece * 30_000} END $x$", dialect, site)
