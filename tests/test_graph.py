"""The graph of a history, from plain migrations: no file is read here."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from work import grows_with

from migration_guard.model.graph import graph
from migration_guard.model.migration import Migration, RevisionGraph


def revision(
    name: str,
    *parents: str,
    path: str | None = None,
    depends_on: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
) -> Migration:
    return Migration(
        path=path or f"/{name}.py", revision=name, parents=parents, depends_on=depends_on, branch_labels=labels
    )


def names(migrations: tuple[Migration, ...]) -> list[str]:
    return [migration.revision for migration in migrations]


def loops(facts: RevisionGraph) -> list[list[str]]:
    return [names(loop) for loop in facts.cycles]


def test_a_straight_history_is_ordered_from_base_to_head() -> None:
    facts = graph([revision("c", "b"), revision("a"), revision("b", "a")])
    assert names(facts.order) == ["a", "b", "c"]
    assert names(facts.heads) == ["c"]
    assert facts.cycles == facts.missing == facts.duplicates == ()


def test_an_empty_history_has_an_empty_graph() -> None:
    assert graph([]) == RevisionGraph()


def test_a_merge_joins_two_heads() -> None:
    facts = graph([revision("a"), revision("b", "a"), revision("c", "a"), revision("m", "b", "c")])
    assert names(facts.order) == ["a", "b", "c", "m"]
    assert names(facts.heads) == ["m"]


def test_a_revision_with_computed_parents_stands_last_with_all_that_build_upon_it_and_heads_are_not_known() -> None:
    computed = replace(revision("a"), has_known_parents=False)
    facts = graph([computed, revision("b", "a"), revision("c"), revision("d", "c")])
    assert names(facts.order) == ["c", "d", "a", "b"]
    assert facts.unplaced == {"a", "b"}
    assert facts.heads == facts.missing == ()


def test_ties_are_broken_by_path() -> None:
    facts = graph([revision("a", path="/2.py"), revision("b", path="/1.py"), revision("c", path="/3.py")])
    assert names(facts.order) == ["b", "a", "c"]


def test_a_dependency_runs_first_and_its_revision_stays_a_head() -> None:
    facts = graph([revision("a", depends_on=("b",)), revision("b")])
    assert names(facts.order) == ["b", "a"]
    assert names(facts.heads) == ["a", "b"]


def test_depends_on_may_name_a_branch_label_and_down_revision_may_not() -> None:
    labelled = revision("a", labels=("shop",))
    assert graph([labelled, revision("b", depends_on=("shop",))]).missing == ()
    child = revision("b", "shop")
    assert graph([labelled, child]).missing == ((child, "shop"),)


def test_a_missing_parent_is_told_once_for_each_revision() -> None:
    orphan = revision("b", "gone", depends_on=("gone", "lost"))
    facts = graph([revision("a"), orphan])
    assert facts.missing == ((orphan, "gone"), (orphan, "lost"))
    assert names(facts.order) == ["a", "b"]


def test_of_two_files_with_one_id_the_first_by_path_counts() -> None:
    first, second = revision("a", path="/1.py"), revision("a", path="/2.py")
    facts = graph([second, first, revision("b", "a")])
    assert facts.duplicates == ((first, second),)
    assert facts.order[0] is first
    assert names(facts.order) == ["a", "b"]


def test_a_loop_is_told_once_in_the_order_of_upgrades() -> None:
    facts = graph([revision("a", "c"), revision("b", "a"), revision("c", "b"), revision("z")])
    assert loops(facts) == [["a", "b", "c"]]
    assert names(facts.order)[0] == "z"
    assert facts.heads == (facts.order[0],)


def test_a_revision_that_revises_itself_is_a_loop() -> None:
    assert loops(graph([revision("a", "a"), revision("b")])) == [["a"]]


def test_a_loop_through_a_dependency_is_a_loop() -> None:
    facts = graph([revision("a", depends_on=("c",)), revision("b", "a"), revision("c", "b")])
    assert loops(facts) == [["a", "b", "c"]]
    assert names(facts.heads) == ["c"]


def test_a_loop_through_a_branch_label_is_a_loop() -> None:
    facts = graph([revision("a", depends_on=("shop",)), revision("b", "a", labels=("shop",))])
    assert loops(facts) == [["a", "b"]]


def test_two_loops_that_share_a_revision_are_told_apart() -> None:
    facts = graph([revision("a", "b", "c"), revision("b", "a"), revision("c", "a")])
    assert loops(facts) == [["a", "b"], ["a", "c"]]


def test_what_follows_a_loop_is_ordered_behind_it_and_is_no_loop() -> None:
    facts = graph([revision("a", "b"), revision("b", "a"), revision("c", "b"), revision("z")])
    assert loops(facts) == [["a", "b"]]
    assert names(facts.order)[0] == "z"
    assert set(names(facts.order)) == {"a", "b", "c", "z"}


def test_ten_thousand_revisions_are_no_trouble() -> None:
    chain = [revision("0"), *(revision(str(number), str(number - 1)) for number in range(1, 10_000))]
    assert names(graph(chain).order) == [str(number) for number in range(10_000)]
    looped = [revision("0", "9999"), *chain[1:]]
    assert len(graph(looped).cycles[0]) == 10_000
    assert grows_with(lambda count: graph(chain[:count]), 1000)
    assert grows_with(lambda count: graph([revision("0", str(count - 1)), *chain[1:count]]), 1000)


IDS = [str(number) for number in range(8)]
ANY = st.lists(
    st.builds(
        lambda name, parents, depends_on, path: revision(
            name, *parents, depends_on=tuple(depends_on), path=f"/{path}.py"
        ),
        st.sampled_from(IDS),
        st.lists(st.sampled_from([*IDS, "gone"]), max_size=2),
        st.lists(st.sampled_from([*IDS, "gone"]), max_size=1),
        st.integers(0, 99),
    ),
    max_size=10,
    unique_by=lambda migration: migration.path,
)


@given(ANY)
def test_every_id_is_ordered_exactly_once(migrations: list[Migration]) -> None:
    facts = graph(migrations)
    assert sorted(names(facts.order)) == sorted({migration.revision for migration in migrations})
    assert len(facts.order) + len(facts.duplicates) == len(migrations)


@given(ANY)
def test_parents_come_first_unless_there_is_a_loop(migrations: list[Migration]) -> None:
    facts = graph(migrations)
    place = {migration.revision: number for number, migration in enumerate(facts.order)}
    backward = [
        (migration.revision, parent)
        for migration in facts.order
        for parent in (*migration.parents, *migration.depends_on)
        if parent in place and place[parent] >= place[migration.revision]
    ]
    assert bool(backward) == bool(facts.cycles)


@given(ANY)
def test_every_loop_is_real_and_told_once(migrations: list[Migration]) -> None:
    facts = graph(migrations)
    told = loops(facts)
    assert len({tuple(loop) for loop in told}) == len(told)
    for loop in facts.cycles:
        for before, after in zip(loop, (*loop[1:], loop[0]), strict=True):
            assert before.revision in (*after.parents, *after.depends_on)


@given(ANY, st.randoms())
def test_the_order_of_the_files_does_not_matter(migrations: list[Migration], random: object) -> None:
    shuffled = sorted(migrations, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert graph(shuffled) == graph(migrations)
