"""Which revisions make the round trip: ranges, branches, what comes before, what can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.reading.discovery.project import ProjectError
from migration_guard.roundtripping.trips.plan import Lineage, Plan, RevisionSelection, lineage, needs, plan
from migration_guard.roundtripping.worker.protocol import Revision


def revision(
    id: str, parents: tuple[str, ...] = (), depends_on: tuple[str, ...] = (), labels: tuple[str, ...] = ()
) -> Revision:
    return Revision(id, parents, depends_on, labels, f"/versions/{id}.py")


# a1 - b2 - c3 - merge - e5
#        \- d4 -/           f6 depends on d4, on a base of its own
HISTORY = lineage(
    [
        revision("a1a1"),
        revision("b2b2", ("a1a1",)),
        revision("c3c3", ("b2b2",)),
        revision("d4d4", ("b2b2",), labels=("stock",)),
        revision("f6f6", (), ("d4d4",)),
        revision("merge", ("c3c3", "d4d4")),
        revision("e5e5", ("merge",)),
    ]
)


def test_everything_makes_the_trip_where_nothing_is_selected() -> None:
    assert plan(HISTORY, RevisionSelection()) == Plan((), (), tuple(HISTORY.revisions))


def test_a_range_begins_behind_its_first_and_ends_with_its_last_revision() -> None:
    assert plan(HISTORY, RevisionSelection(span="b2b2:merge")) == Plan((), ("a1a1", "b2b2"), ("c3c3", "d4d4", "merge"))


@pytest.mark.parametrize(
    ("span", "trips"),
    [
        (":c3c3", ("a1a1", "b2b2", "c3c3")),
        ("base:b2b2", ("a1a1", "b2b2")),
        ("merge:", ("e5e5",)),
        ("merge:heads", ("e5e5",)),
        ("d4d4:", ("f6f6", "merge", "e5e5")),
    ],
)
def test_a_range_may_be_open(span: str, trips: tuple[str, ...]) -> None:
    assert plan(HISTORY, RevisionSelection(span=span)).trips == trips


def test_what_a_revision_depends_on_comes_before_it() -> None:
    assert plan(HISTORY, RevisionSelection(only="f6f6")) == Plan((), ("a1a1", "b2b2", "d4d4"), ("f6f6",))


def test_a_revision_may_be_named_by_its_beginning_or_its_branch_label() -> None:
    assert plan(HISTORY, RevisionSelection(only="merg")).trips == ("merge",)
    assert plan(HISTORY, RevisionSelection(only="stock")).trips == ("d4d4",)


def test_what_a_git_ref_has_is_only_upgraded() -> None:
    known = frozenset(HISTORY.revisions) - {"e5e5"}
    assert plan(HISTORY, RevisionSelection(known=known)) == Plan(
        (), ("a1a1", "b2b2", "c3c3", "d4d4", "merge"), ("e5e5",)
    )


def test_what_comes_before_the_start_of_judging_is_only_upgraded() -> None:
    assert plan(HISTORY, RevisionSelection(start_after="c3c3")).trips == ("d4d4", "f6f6", "merge", "e5e5")
    assert plan(HISTORY, RevisionSelection(start_after="elsewhere")).trips == tuple(HISTORY.revisions)


@given(
    st.integers(1, 9),
    st.sampled_from([RevisionSelection(), RevisionSelection(span="b2b2:"), RevisionSelection(only="a1a1")]),
)
def test_the_shards_together_are_the_whole_and_each_revision_is_in_one(
    count: int, selection: RevisionSelection
) -> None:
    shards = [plan(HISTORY, replace(selection, shard=(number, count))).trips for number in range(1, count + 1)]
    assert sum(shards, ()) == plan(HISTORY, selection).trips
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_prepared_database_is_gone_on_from() -> None:
    assert plan(HISTORY, RevisionSelection(), there=["b2b2"]).there == ("a1a1", "b2b2")
    assert plan(HISTORY, RevisionSelection(start="merge")) == Plan(
        ("a1a1", "b2b2", "c3c3", "d4d4", "merge"), (), ("f6f6", "e5e5")
    )


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        (RevisionSelection(only="e5e6"), "--only: there is no revision 'e5e6' in this history. Did you mean e5e5?"),
        (
            RevisionSelection(span="e5e5"),
            "--revisions: 'e5e5' is no range. Write A:B, A: or :B; a single one is --only e5e5.",
        ),
        (RevisionSelection(start="zz"), "--from: there is no revision 'zz' in this history."),
    ],
)
def test_what_does_not_exist_is_named(selection: RevisionSelection, sentence: str) -> None:
    with pytest.raises(ProjectError) as raised:
        plan(HISTORY, selection)
    assert str(raised.value) == sentence


def test_an_ambiguous_beginning_is_refused() -> None:
    both = lineage([revision("abcd1"), revision("abcd2", ("abcd1",))])
    with pytest.raises(ProjectError, match="could be abcd1, abcd2"):
        plan(both, RevisionSelection(only="abcd"))


def test_what_stands_below_a_revision_without_a_way_back_stays() -> None:
    applied = set(HISTORY.revisions)
    assert HISTORY.returnable(applied, {"merge"}) == ("e5e5", "f6f6")
    assert HISTORY.returnable(applied, ()) == tuple(reversed(HISTORY.revisions))


@st.composite
def histories(draw: st.DrawFn) -> Lineage:
    revisions: list[Revision] = []
    for number in range(draw(st.integers(1, 12))):
        earlier = [one.id for one in revisions]
        parents = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        needed = draw(st.lists(st.sampled_from(earlier), max_size=1, unique=True)) if earlier else []
        revisions.append(revision(f"revision{number}", tuple(parents), tuple(needed)))
    return lineage(revisions)


@given(histories(), st.data())
def test_whatever_is_selected_nothing_runs_before_what_it_needs(history: Lineage, data: st.DataObject) -> None:
    known = data.draw(st.none() | st.frozensets(st.sampled_from(list(history.revisions))))
    there = data.draw(st.lists(st.sampled_from(list(history.revisions)), max_size=2))
    made = plan(history, RevisionSelection(known=known), there)
    done = set(made.there)
    everything = dict.fromkeys((*made.before, *made.trips))
    for one in history.ordered(set(everything)):
        assert done.issuperset(needs(history.revisions[one]))
        done.add(one)
    assert len(everything) == len(made.before) + len(made.trips)
