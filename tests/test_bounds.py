"""What is too much is told, and never waited for. Each input stands just above a bound of ours, and is harmless."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from reading import HEAD, migration, operations

from migration_guard.config import ConfigError
from migration_guard.engine import lint
from migration_guard.model import regular_expressions
from migration_guard.model.migration import Unreadable
from migration_guard.model.objects import DeleteRows, Opaque
from migration_guard.model.operations import DropTable
from migration_guard.model.site import Site
from migration_guard.reading.interpreter.budget import MOST_OPERATIONS, Budget, OutOfSteps
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration
from migration_guard.reading.source.comments import MOST_COMMENTS
from migration_guard.reading.source.source import UnreadableSource, parse
from migration_guard.reading.source.weight import DEEPEST_NESTING, HEAVIEST, LONGEST_CHAIN
from migration_guard.reading.sql.postgresql.plpgsql import DEEPEST
from migration_guard.reading.sql.tokens import split
from migration_guard.rules._surroundings import Surroundings

CHAIN = LONGEST_CHAIN + 10


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = " + "(" * (DEEPEST_NESTING + 1) + ")" * (DEEPEST_NESTING + 1), "nested"),
        ("x = f'{" + "(" * (DEEPEST_NESTING + 1) + ")" * (DEEPEST_NESTING + 1) + "}'", "nested"),
        ("x = a" + ".b" * CHAIN, "chains"),
        ("x = a" + ".b(1, 2)" * CHAIN, "chains"),
        ("x = f'{a" + ".b" * CHAIN + "}'", "chains"),
        ("x = (\n" + "a +\n" * CHAIN + "b)", "chains"),
        ("x = \\\n" + "a + \\\n" * CHAIN + "b", "chains"),
        ("x = " + "lambda a, b: " * CHAIN + "1", "more than is read"),
        ("if a: pass\n" + "elif b: pass\n" * CHAIN, "chains"),
        ("a()\n" * (HEAVIEST // 3), "more than is read"),
        ("\n" * (HEAVIEST + 1), "more than is read"),
        ("\r" * (HEAVIEST + 1), "more than is read"),
        ("match a:\n    case " + "[" * 30 + "]" * 30 + ": pass", "more than is read"),
    ],
)
def test_what_would_harm_the_parser_is_refused_with_its_line_before_it_is_parsed(text: str, word: str) -> None:
    with pytest.raises(UnreadableSource, match=word) as caught:
        parse("one.py", text + "\n")
    assert caught.value.line is not None


@pytest.mark.parametrize(
    "text",
    [
        "x = [\n" + "    {'name': 'a', 'at': (1, [2, 3])},\n" * 1_000 + "]",
        "x = '''" + "(" * 5_000 + "'''",
        "x = f'''" + "SELECT a ( FROM {b} WHERE c " * 200 + "'''",
        "match a:\n" + "    case Point(x=[1, *_], y={'a': (b, c)}): pass\n" * 200,
        "x = {\n" + "    'a': lambda x, y: x,\n" * 200 + "}",
        "# " + "(" * 5_000,
    ],
)
def test_what_people_write_is_light_enough(text: str) -> None:
    assert parse("one.py", text + "\n").text


def test_operations_past_the_bound_are_one_that_is_not_understood(tmp_path: Path) -> None:
    found = operations(tmp_path, f'op.execute("DELETE FROM a WHERE b = 1;" * {MOST_OPERATIONS // 200})\n' * 201)
    assert len(found) == MOST_OPERATIONS + 1
    assert isinstance(found[-1], Opaque)
    assert f"more than {MOST_OPERATIONS:,} operations" in found[-1].reason


@pytest.mark.parametrize(
    "lines",
    [
        ["s = 'ab' * 4_000", *["s = s.replace('a', 'ab')"] * 40],
        ["s = list(range(900))", *["t = [a for a in s for b in s]"] * 2],
    ],
)
def test_texts_and_lists_that_are_put_together_again_and_again_end_the_function(
    tmp_path: Path, lines: list[str]
) -> None:
    (only,) = operations(tmp_path, "\n".join([*lines, 'op.drop_table("a")']))
    assert isinstance(only, Opaque)
    assert "steps" in only.reason


def test_what_is_behind_an_upgrade_that_is_too_much_is_read_all_the_same(tmp_path: Path) -> None:
    much = "    x = [0 for a in range(900) for b in range(900)]\n"
    found = migration(tmp_path, f"def upgrade():\n{much}\ndef downgrade():\n    op.drop_table('a')\n")
    assert isinstance(found.upgrade.operations[0], Opaque)
    assert isinstance(found.downgrade.operations[0], DropTable)


def test_all_that_a_file_asks_for_is_paid_from_one_budget(tmp_path: Path) -> None:
    some = f"    for n in range({MOST_OPERATIONS * 2 // 3}):\n        op.drop_table('a')\n"
    found = migration(tmp_path, f"def upgrade():\n{some}\ndef downgrade():\n{some}")
    assert not any(isinstance(one, Opaque) for one in found.upgrade.operations)
    assert isinstance(found.downgrade.operations[-1], Opaque)
    assert len(found.operations) == MOST_OPERATIONS + 1


def test_a_part_takes_half_of_what_is_left_and_what_is_paid_aside_takes_nothing_from_it() -> None:
    budget = Budget(100)
    with budget.part():
        assert budget.left == 50
        with budget.aside():
            budget.spend(40)
        assert budget.left == 50
        with pytest.raises(OutOfSteps):
            budget.spend(60)
    assert budget.left == 10


def helpers(root: Path, number: int, content: str) -> str:
    """Modules that a migration leans on, and the lines that import them."""
    for each in range(number):
        (root / f"helper{each}.py").write_text(f"# {each}\n{content}")
    return "".join(f"import helper{each}\n" for each in range(number))


def test_the_other_files_that_one_migration_leans_on_are_paid_from_its_budget_too(tmp_path: Path) -> None:
    much = "from alembic import op\nx = [\n" + "a.b(1),\n" * 14_000 + "]\ndef drop():\n    op.drop_table('a')\n"
    imports = helpers(tmp_path, 9, much)
    calls = "".join(f"    helper{each}.drop()\n" for each in range(9))
    found = operations(tmp_path, f"{imports}def upgrade():\n{calls}")
    assert any(isinstance(one, DropTable) for one in found)
    reasons = [one.reason for one in found if isinstance(one, Opaque)]
    assert any("helper8.py is not read: The files that one migration leans on" in reason for reason in reasons)


def test_who_is_first_to_lean_on_a_file_makes_no_difference(tmp_path: Path) -> None:
    helpers(tmp_path, 2, "import alembic\nx = [0 for a in range(50) for b in range(50)]\ny = 'a'\n")
    (tmp_path / "both.py").write_text("import alembic\nfrom helper0 import y\nfrom helper1 import y as z\n")
    files = Files(str(tmp_path))
    costs = []
    for lines in ("from both import y, z", "from helper1 import y\nfrom both import z", "from both import y, z"):
        files.begin()
        text = f"{HEAD}{lines}\ndef upgrade():\n    op.drop_table(y if z else z)\n"
        read_migration(str(tmp_path / "one.py"), text.encode(), "postgresql", files)
        costs.append(files.budget.steps)
    assert costs[0] == costs[1] == costs[2] > 5_000


def test_a_helper_that_is_too_heavy_is_named_where_it_matters(tmp_path: Path) -> None:
    (tmp_path / "heavy.py").write_text("x = a" + ".b" * CHAIN + "\ndef drop(op):\n    op.drop_table('a')\n")
    (only,) = operations(tmp_path, "import heavy\ndef upgrade():\n    heavy.drop(op)")
    assert isinstance(only, Opaque)
    assert "heavy.py is not read: Line 1 chains more than" in only.reason
    assert operations(tmp_path, "import heavy\ndef upgrade():\n    pass") == []


def test_whether_a_function_leads_to_the_database_is_found_out_in_proportion_to_what_is_there(tmp_path: Path) -> None:
    chain = "".join(f"def f{each}():\n    package.thing(f{each + 1})\n" for each in range(400))
    calls = "".join(f"    package.run(f{each})\n" for each in range(400))
    only, _ = operations(tmp_path, f"{chain}def f400():\n    pass\ndef upgrade():\n{calls}")
    assert isinstance(only, Opaque)
    assert "steps" in only.reason


def test_more_comments_to_us_than_anybody_writes_are_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    text = HEAD + "# migration-guard: ignore[MG101] x\n" * (MOST_COMMENTS + 1) + "def upgrade():\n    pass\n"
    found = read_migration(str(tmp_path / "one.py"), text.encode(), "postgresql", Files(str(tmp_path)))
    assert isinstance(found, Unreadable)
    assert "comments to migration-guard" in found.reason


def test_what_stands_around_an_operation_is_found_by_its_kind(tmp_path: Path) -> None:
    found = operations(tmp_path, "op.execute('DELETE FROM a'); op.drop_table('a'); op.execute('DELETE FROM b')")
    around = Surroundings(found)
    assert list(around.earlier(found[1], ())) == found[:1]
    assert list(around.later(found[0], (DropTable,))) == [found[1]]
    assert list(around.later(found[1], (DeleteRows,))) == [found[2]]
    assert list(around.later(found[2], ())) == []


def test_sql_that_begins_or_commits_decides_whether_a_transaction_is_open(tmp_path: Path) -> None:
    found = operations(tmp_path, "op.drop_table('a'); op.execute('COMMIT'); op.drop_table('b'); op.execute('BEGIN')")
    around = Surroundings(found)
    assert [around.has_transaction(one) for one in found] == [True, True, False, False]
    assert isinstance(found[0].site, Site)


def test_a_statement_is_alone_when_all_it_asks_for_is_the_same(tmp_path: Path) -> None:
    lines = ["for a in ('b', 'c'): op.drop_table(a)", "op.execute('DROP TABLE d; DELETE FROM e')"]
    found = operations(tmp_path, "\n".join(lines))
    around = Surroundings(found)
    assert [around.is_alone(one) for one in found] == [True, True, False, False]


def in_main_thread(ask: Callable[[], bool]) -> list[bool]:
    return [ask()]


def in_another_thread(ask: Callable[[], bool]) -> list[bool]:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    thread.join()
    return found


@pytest.mark.parametrize("run", [in_main_thread, in_another_thread])
def test_a_pattern_with_repetitions_in_repetitions_matches_what_it_should(
    run: Callable[[Callable[[], bool]], list[bool]],
) -> None:
    pattern = r"[a-z0-9]+(_[a-z0-9]+)*\.py"
    assert run(lambda: regular_expressions.is_all_of(pattern, "0001_add_users.py")) == [True]
    assert run(lambda: regular_expressions.is_all_of(pattern, "0001__add.py")) == [False]
    assert run(lambda: regular_expressions.is_in(r"\bTASK-\d+\b", "for TASK-12")) == [True]


def test_a_pattern_that_takes_too_long_is_an_error_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular_expressions, "MOST_SECONDS", 1e-6)
    with pytest.raises(regular_expressions.SlowPatternError, match="repetitions"):
        regular_expressions.is_in("(?:a|b)*c", "ab" * (regular_expressions.LONGEST_TEXT // 2))


def test_a_pattern_that_takes_too_long_ends_the_run_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = .\n")
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a1_x.py").write_text(f"{HEAD}def upgrade():\n    pass\n")
    (tmp_path / "migration-guard.toml").write_text('filename-pattern = "(?:a|b)*c"\n')
    monkeypatch.setattr(regular_expressions, "is_all_of", partial(_takes_too_long, "(?:a|b)*c"))

    with pytest.raises(ConfigError, match="takes too long"):
        lint([tmp_path], tmp_path)


def _takes_too_long(pattern: str, *_: str) -> bool:
    raise regular_expressions.SlowPatternError(f"{pattern} takes too long.")


def test_a_pattern_longer_than_anybody_writes_is_none() -> None:
    assert regular_expressions.problem("a" * (regular_expressions.LONGEST_PATTERN + 1)) is not None
    assert regular_expressions.problem("[") is not None
    assert regular_expressions.problem("a") is None


def test_copies_without_rows_that_end_are_statements_like_others() -> None:
    copies = "COPY a FROM stdin;\n" * 3_000
    assert [one.text for one in split(copies + "1\n", "postgresql")] == ["COPY a FROM stdin"] * 3_000 + ["1"]
    assert [one.text for one in split(copies + "\\.\nSELECT 1", "postgresql")] == ["COPY a FROM stdin", "SELECT 1"]


def in_blocks(statement: str, depth: int) -> str:
    """The statement inside this many DO blocks."""
    for number in range(depth):
        statement = f"DO $b{number}$ BEGIN {statement}; END $b{number}$"
    return statement


def test_blocks_in_blocks_are_read_as_deep_as_the_bound_and_told_below_it(tmp_path: Path) -> None:
    (read,) = operations(tmp_path, f"op.execute({in_blocks('DROP TABLE a', DEEPEST)!r})")
    assert isinstance(read, DropTable)
    (told,) = operations(tmp_path, f"op.execute({in_blocks('DROP TABLE a', DEEPEST + 1)!r})")
    assert isinstance(told, Opaque)
    assert "nested too deeply" in told.reason


def test_each_pair_of_a_rename_counts_as_an_operation(tmp_path: Path) -> None:
    pairs = ", ".join(f"a{number} TO b{number}" for number in range(MOST_OPERATIONS + 1))
    found = operations(tmp_path, f"op.execute('RENAME TABLE {pairs}')", "mysql")
    assert len(found) == MOST_OPERATIONS + 1
    assert isinstance(found[-1], Opaque)
    assert f"more than {MOST_OPERATIONS:,} operations" in found[-1].reason
