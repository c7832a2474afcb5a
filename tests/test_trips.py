"""Revisions that are visited one by one, in whatever order: each is seen as it is on the way from base to the heads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import script, write

from migration_guard.config import Config
from migration_guard.config.roundtrip import TripConfig
from migration_guard.roundtripping.engine import judged
from migration_guard.roundtripping.project import choose
from migration_guard.roundtripping.servers.lender import Lender
from migration_guard.roundtripping.session import Ready, ready
from migration_guard.roundtripping.trips.plan import RevisionSelection

ADDS = """
def upgrade():
    op.add_column("t_a", sa.Column("name", sa.Text))


def downgrade():
    pass
"""
NEEDS_ROWS = """
def upgrade():
    op.execute("CREATE TABLE strict_t (x integer NOT NULL CHECK (x < 0 AND x > 0))")
    op.execute("INSERT INTO strict_t SELECT id FROM t_a")


def downgrade():
    op.drop_table("strict_t")
"""
BROKEN = "def upgrade():\n    op.drop_table('absent')\n\n\ndef downgrade():\n    pass\n"
# a - b (leaves a column behind) - d (fails on rows) - f
#   \- c (fails) - e
HISTORY = {
    "a": script("a"),
    "b": script("b", "a", ADDS),
    "c": script("c", "a", BROKEN),
    "d": script("d", "b", NEEDS_ROWS),
    "e": script("e", "c"),
    "f": script("f", "d"),
}
FOUND = {"a": set(), "b": {"MG753", "MG754"}, "c": {"MG751"}, "d": {"MG758"}, "e": None, "f": set()}


@pytest.fixture(scope="module")
def lender() -> Iterator[Lender]:
    lender = Lender()
    yield lender
    lender.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write(folder, HISTORY, url="sqlite://")
    return folder


@pytest.fixture
def found(folder: Path, lender: Lender) -> Iterator[Ready]:
    (project,) = choose(None, folder)
    with ready(project, Config(), TripConfig(), RevisionSelection(), servers=lender.lend) as found:
        yield found


def codes(found: Ready, revision: str) -> set[str] | None:
    """What is found on a revision; None where another one is in the way."""
    trip = found.round_trip.visit(revision)
    return None if trip is None else {one.code for one in judged(found.running, [trip])}


@pytest.mark.parametrize("order", ["abcdef", "fedcba", "dafbec", "ef", "bd", "ba", "fd", "ca"])
def test_each_revision_is_found_to_be_the_same_in_any_order(found: Ready, order: str) -> None:
    assert {one: codes(found, one) for one in order} == {one: FOUND[one] for one in order}


def test_a_revision_is_visited_once(found: Ready) -> None:
    first = found.round_trip.visit("b")
    found.round_trip.visit("a")
    assert found.round_trip.visit("b") is first


def test_the_failure_in_the_way_is_named(found: Ready) -> None:
    assert found.round_trip.visit("e") is None
    assert found.round_trip.seen.not_reached == {"e": "c"}
    assert found.round_trip.reach_heads() == "c"


def test_the_same_server_is_lent_again(lender: Lender, folder: Path) -> None:
    (project,) = choose(None, folder)
    servers = []
    for _ in range(2):
        with ready(project, Config(), TripConfig(), RevisionSelection(), servers=lender.lend) as found:
            servers.append(found.running.server)
    assert servers[0] is servers[1]
