"""Replaying operations: what each does, what is learned of the schema before, and what conditions leave open."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    ValidateConstraint,
)
from migration_guard.model.differences import differences
from migration_guard.model.finding import Direction, Span
from migration_guard.model.graph import graph
from migration_guard.model.join import join
from migration_guard.model.migration import Body, Environment, Form, Migration, RevisionGraph
from migration_guard.model.objects import CreateEnum, DropEnum, DropSchema, Opaque
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropNotNull,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetNotNull,
)
from migration_guard.model.replay import Replayed, replay, replay_one
from migration_guard.model.schema import (
    EMPTY,
    NOT_KNOWN,
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    EnumType,
    Index,
    Name,
    SchemaState,
    Sequence,
    Table,
    View,
)
from migration_guard.model.site import Site
from migration_guard.model.target import Target
from migration_guard.model.unknown import UNKNOWN

HERE = Span(1, 1, 1, 2)
UP = Site(Direction.UPGRADE, HERE, HERE)
DOWN = Site(Direction.DOWNGRADE, HERE, HERE)
MAYBE = replace(UP, conditional=True)
USERS = Name("users")
AGE = Column("age", ColumnType("integer"), nullable=True, default=None)


def users(*columns: Column) -> CreateTable:
    return CreateTable(site=UP, table=Table(USERS, {column.name: column for column in columns}))


def one(upgrade: list[Operation], downgrade: list[Operation], state: SchemaState = EMPTY) -> Replayed:
    migration = Migration(
        "one.py",
        "one",
        upgrade=Body(Form.BODY, None, tuple(upgrade)),
        downgrade=Body(Form.BODY, None, tuple(downgrade)),
    )
    return replay_one(migration, state)


def words(replayed: Replayed) -> list[str]:
    return [f"{difference.fate.value} {difference}" for difference in replayed.differences]


def test_an_upgrade_that_is_undone_leaves_no_difference() -> None:
    assert words(one([users(AGE)], [DropTable(site=UP, table=USERS)])) == []


def test_everything_in_a_schema_goes_with_it() -> None:
    inside, outside = Name("mood", "sales"), Name("mood")
    before = SchemaState(
        tables={name: Table(name, {}) for name in (inside, outside)},
        enums={name: EnumType(name) for name in (inside, outside)},
        views={name: View(name) for name in (inside, outside)},
        sequences={name: Sequence(name) for name in (inside, outside)},
    )
    after = DropSchema(site=UP, schema="sales", cascade=True).apply(before)
    for kind in (after.tables, after.enums, after.views, after.sequences):
        assert list(kind) == [outside]


def test_what_a_downgrade_forgets_is_left() -> None:
    add = AddColumn(site=UP, table=USERS, column=AGE)
    assert words(one([add], [])) == ["left behind column users.age"]


def test_what_an_upgrade_drops_was_there_before_though_the_history_never_made_it() -> None:
    drop = DropColumn(site=UP, table=USERS, column="age")
    assert words(one([drop], [])) == ["missing column users.age"]
    assert words(one([drop], [AddColumn(site=UP, table=USERS, column=AGE)])) == []


def test_a_column_that_is_used_after_it_was_added_is_no_news_of_the_time_before() -> None:
    key = Constraint(ConstraintKind.UNIQUE, "uq", ("age", "name"))
    upgrade = [AddColumn(site=UP, table=USERS, column=AGE), AddConstraint(site=UP, table=USERS, constraint=key)]
    before = one(list(upgrade), []).before
    assert set(before.tables[USERS].columns) == {"name"}


def test_a_table_that_is_made_later_was_not_there_before() -> None:
    key = Constraint(ConstraintKind.FOREIGN_KEY, None, ("age",), references=USERS)
    pets = CreateTable(site=UP, table=Table(Name("pets"), {"age": AGE}, (key,)))
    replayed = one([pets, users(AGE)], [DropTable(site=UP, table=Name("pets")), DropTable(site=UP, table=USERS)])
    assert USERS not in replayed.before.tables
    assert words(replayed) == []


def test_a_changed_type_is_told_with_both_types() -> None:
    state = users(AGE).apply(EMPTY)
    change = AlterColumnType(site=UP, table=USERS, column="age", type=ColumnType("bigint"))
    (difference,) = one([change], [], state).differences
    assert (difference.was, difference.now) == ("integer", "bigint")


def test_the_type_that_the_author_names_is_learned() -> None:
    change = AlterColumnType(
        site=UP, table=USERS, column="age", type=ColumnType("bigint"), existing=ColumnType("integer")
    )
    back = AlterColumnType(site=UP, table=USERS, column="age", type=ColumnType("smallint"))
    assert words(one([change], [back])) == ["changed type of users.age"]


def test_nullability_that_was_never_shown_is_not_compared() -> None:
    change = SetNotNull(site=UP, table=USERS, column="age")
    assert words(one([change], [])) == []
    assert words(one([change], [DropNotNull(site=UP, table=USERS, column="age")])) == []


def test_a_renamed_table_keeps_its_parts_and_its_references() -> None:
    key = Constraint(ConstraintKind.FOREIGN_KEY, "fk", ("age",), references=USERS)
    state = CreateTable(site=UP, table=Table(Name("pets"), {"age": AGE}, (key,))).apply(users(AGE).apply(EMPTY))
    renamed = RenameTable(site=UP, table=USERS, new_name=Name("people")).apply(state)
    assert set(renamed.tables) == {Name("people"), Name("pets")}
    assert renamed.tables[Name("pets")].constraints[0].references == Name("people")


def test_a_renamed_column_is_followed_by_its_indexes_and_constraints() -> None:
    table = Table(
        USERS, {"age": AGE}, (Constraint(ConstraintKind.UNIQUE, "uq", ("age",)),), {"i": Index("i", ("age",))}
    )
    renamed = RenameColumn(site=UP, table=USERS, column="age", new_name="years").apply(EMPTY.with_table(table))
    after = renamed.tables[USERS]
    assert set(after.columns) == {"years"}
    assert after.constraints[0].columns == ("years",)
    assert after.indexes["i"].columns == ("years",)


def test_a_dropped_column_takes_its_indexes_and_constraints_with_it() -> None:
    table = Table(
        USERS, {"age": AGE}, (Constraint(ConstraintKind.UNIQUE, "uq", ("age",)),), {"i": Index("i", ("age",))}
    )
    after = DropColumn(site=UP, table=USERS, column="age").apply(EMPTY.with_table(table)).tables[USERS]
    assert (after.constraints, dict(after.indexes)) == ((), {})


@pytest.mark.parametrize(
    ("kind", "columns", "name"),
    [
        (ConstraintKind.UNIQUE, ("age",), "users_age_key"),
        (ConstraintKind.PRIMARY_KEY, ("age",), "users_pkey"),
        (ConstraintKind.FOREIGN_KEY, ("age",), "users_age_fkey"),
        (ConstraintKind.CHECK, ("age",), "users_age_check"),
    ],
)
def test_a_nameless_constraint_is_dropped_by_the_name_that_postgresql_chose(
    kind: ConstraintKind, columns: tuple[str, ...], name: str
) -> None:
    state = EMPTY.with_table(Table(USERS, {"age": AGE}, (Constraint(kind, None, columns),)))
    assert DropConstraint(site=UP, table=USERS, name=name).apply(state).tables[USERS].constraints == ()


def test_a_drop_by_another_name_makes_nameless_constraints_uncertain() -> None:
    state = EMPTY.with_table(Table(USERS, {"age": AGE}, (Constraint(ConstraintKind.UNIQUE, None, ("age",)),)))
    (kept,) = DropConstraint(site=UP, table=USERS, name="uq_users").apply(state).tables[USERS].constraints
    assert not kept.certain


def test_a_unique_constraint_made_using_an_index_consumes_it() -> None:
    state = EMPTY.with_table(Table(USERS, {"age": AGE}, (), {"uq": Index("uq", ("age",), True)}))
    constraint = Constraint(ConstraintKind.UNIQUE, "uq", using_index="uq")
    after = AddConstraint(site=UP, table=USERS, constraint=constraint).apply(state).tables[USERS]
    assert dict(after.indexes) == {}


def test_validation_and_renames_reach_the_constraint() -> None:
    check = Constraint(ConstraintKind.CHECK, "ck", ("age",), valid=False)
    state = EMPTY.with_table(Table(USERS, {"age": AGE}, (check,)))
    state = ValidateConstraint(site=UP, table=USERS, name="ck").apply(state)
    state = RenameConstraint(site=UP, table=USERS, name="ck", new_name="ck2").apply(state)
    assert state.tables[USERS].constraints == (replace(check, valid=True, name="ck2"),)


def test_a_conditional_operation_leaves_both_outcomes_open() -> None:
    state = users(AGE).apply(EMPTY)
    drop = DropColumn(site=MAYBE, table=USERS, column="age")
    replayed = one([drop], [], state)
    assert not replayed.after.tables[USERS].columns["age"].certain
    assert words(replayed) == []


def test_what_could_not_be_read_clouds_the_state_and_stops_the_comparison() -> None:
    opaque = Opaque(site=UP, what="x()", reason="not read")
    replayed = one([opaque], [])
    assert replayed.after.clouded
    assert not replayed.comparable


def test_an_opaque_operation_on_a_table_makes_that_table_unknown() -> None:
    state = users(AGE).apply(EMPTY)
    after = one([Opaque(site=UP, what="x()", reason="not read", tables=(USERS,))], [], state).after
    assert not after.tables[USERS].complete
    assert not after.clouded


def test_an_enum_that_stays_is_left() -> None:
    mood = EnumType(Name("mood"), ("a",))
    create = CreateEnum(site=UP, type=mood, implicit=True)
    assert words(one([create], [])) == ["left behind type mood"]
    assert words(one([create], [DropEnum(site=UP, type=Name("mood"))])) == []


def test_a_constraint_that_only_changed_its_name_is_one_difference() -> None:
    state = EMPTY.with_table(Table(USERS, {"age": AGE}, (Constraint(ConstraintKind.UNIQUE, "a", ("age",)),)))
    back = AddConstraint(site=UP, table=USERS, constraint=Constraint(ConstraintKind.UNIQUE, "b", ("age",)))
    (difference,) = one([DropConstraint(site=UP, table=USERS, name="a")], [back], state).differences
    assert (difference.was, difference.now) == ("a", "b")


def test_states_follow_each_other_through_a_history() -> None:
    first = Migration("1.py", "1", upgrade=Body(Form.BODY, None, (users(AGE),)))
    second = Migration("2.py", "2", ("1",))
    _, later = replay(RevisionGraph((first, second)))
    assert USERS in later.before.tables


NAMES = st.sampled_from(["a", "b", "c"])
COLUMNS = st.builds(
    Column,
    NAMES,
    st.sampled_from([ColumnType("integer"), ColumnType("text"), UNKNOWN]),
    st.sampled_from([True, False, UNKNOWN]),
    st.just(None),
)
TABLES = st.builds(Name, NAMES)


@st.composite
def any_operation(draw: st.DrawFn) -> Operation:
    """Any operation on a few tables and columns, conditional or not."""
    site = draw(st.sampled_from([UP, MAYBE]))
    table, column = draw(TABLES), draw(NAMES)
    columns = draw(st.lists(COLUMNS, max_size=3))
    return draw(
        st.sampled_from(
            [
                CreateTable(site=site, table=Table(table, {one.name: one for one in columns})),
                DropTable(site=site, table=table),
                AddColumn(site=site, table=table, column=Column(column, ColumnType("integer"), True, None)),
                DropColumn(site=site, table=table, column=column),
                RenameColumn(site=site, table=table, column=column, new_name=draw(NAMES)),
                RenameTable(site=site, table=table, new_name=draw(TABLES)),
                SetNotNull(site=site, table=table, column=column),
                CreateIndex(site=site, table=table, index=Index(f"ix_{column}", (column,), False)),
                DropIndex(site=site, name=f"ix_{column}", table=table),
                AddConstraint(
                    site=site, table=table, constraint=Constraint(ConstraintKind.UNIQUE, f"uq_{column}", (column,))
                ),
                DropConstraint(site=site, table=table, name=f"uq_{column}", kind=ConstraintKind.UNIQUE),
                Opaque(site=site, what="x", reason="y", tables=(table,)),
            ]
        )
    )


@given(st.lists(any_operation(), max_size=12), st.lists(any_operation(), max_size=12))
def test_any_operations_can_be_replayed_and_compared(upgrade: list[Operation], downgrade: list[Operation]) -> None:
    replayed = one(upgrade, downgrade)
    assert len(replayed.upgrade) == len(upgrade)
    for difference in replayed.differences:
        assert str(difference)


@given(st.lists(any_operation(), max_size=12))
def test_no_schema_differs_from_itself(operations: list[Operation]) -> None:
    state = one(operations, []).after
    assert differences(state, state) == ()
    assert join(state, state) is state


@given(st.lists(any_operation(), max_size=8), st.lists(any_operation(), max_size=8))
def test_a_join_differs_from_neither_side(first: list[Operation], second: list[Operation]) -> None:
    left, right = one(first, []).after, one(second, []).after
    joined = join(left, right)
    assert set(joined.tables) == {*left.tables, *right.tables}
    only_left = set(left.tables) - set(right.tables)
    assert all(not joined.tables[name].certain for name in only_left)


def test_what_comes_behind_computed_parents_meets_a_schema_that_is_not_known() -> None:
    first = Migration("a.py", "a", upgrade=Body(Form.BODY, None, (users(AGE),)))
    second = Migration("b.py", "b", has_known_parents=False)
    third = Migration("c.py", "c", ("b",))
    before = {one.migration.revision: one.before for one in replay(graph([first, second, third]))}

    assert before == {"a": EMPTY, "b": NOT_KNOWN, "c": NOT_KNOWN}


# --- names without a schema -----------------------------------------------------------------------------------------

DOCK = Name("users", "dock")
IN_DOCK = SchemaState({DOCK: Table(DOCK, {"age": AGE})})


def test_a_name_that_only_one_schema_has_is_that_table() -> None:
    up: list[Operation] = [DropColumn(site=UP, table=DOCK, column="age")]
    down: list[Operation] = [AddColumn(site=UP, table=USERS, column=AGE)]
    replayed = one(up, down, IN_DOCK)
    assert words(replayed) == []
    assert [each.table for each in replayed.migration.downgrade.operations] == [DOCK]  # type: ignore[attr-defined]


def in_dock(revisions: int, *forgetful: int) -> list[Migration]:
    """A history in the schema dock; these revisions of it leave the schema out on the way back."""
    made = Body(Form.BODY, None, (CreateTable(site=UP, table=Table(DOCK)),))
    dropped = Body(Form.BODY, None, (DropTable(site=DOWN, table=DOCK),))
    history = [Migration("0.py", "0", upgrade=made, downgrade=dropped)]
    for number in range(1, revisions):
        name = USERS if number in forgetful else DOCK
        column = replace(AGE, name=f"age{number}")
        up = Body(Form.BODY, None, (AddColumn(site=UP, table=DOCK, column=column),))
        down = Body(Form.BODY, None, (DropColumn(site=DOWN, table=name, column=column.name),))
        history.append(Migration(f"{number}.py", str(number), (str(number - 1),), upgrade=up, downgrade=down))
    return history


def refusals_and_differences(history: list[Migration], *, search_path: bool = False) -> list[str]:
    replayed = replay(graph(history), Target("postgresql", (15,)), Environment(search_path=search_path))
    return [str(each) for one in replayed for each in (*one.refusals, *one.differences)]


def test_a_schema_that_a_history_has_the_habit_to_write_is_missed_where_it_is_left_out_once() -> None:
    assert refusals_and_differences(in_dock(5, 2)) == ["table users", "column dock.users.age2"]


@pytest.mark.parametrize("history", [in_dock(5), in_dock(3, 2), in_dock(5, 2, 3)], ids=["never", "short", "twice"])
def test_a_schema_is_found_by_the_search_path_where_no_habit_is_against_it(history: list[Migration]) -> None:
    assert refusals_and_differences(history) == []


def test_a_project_that_sets_a_search_path_forgets_no_schema() -> None:
    assert refusals_and_differences(in_dock(5, 2), search_path=True) == []


def test_a_name_that_two_schemas_have_is_not_found() -> None:
    yard = Name("users", "yard")
    state = replace(IN_DOCK, tables={**IN_DOCK.tables, yard: Table(yard)})
    replayed = one([DropColumn(site=UP, table=USERS, column="age")], [], state)
    assert [each.table for each in replayed.migration.upgrade.operations] == [USERS]  # type: ignore[attr-defined]


def test_a_table_of_its_own_under_a_schema_is_found_only_by_a_search_path() -> None:
    made = CreateTable(site=UP, table=Table(DOCK, {"age": AGE}))
    drop = DropTable(site=UP, table=USERS)
    migration = Migration(
        "one.py", "one", upgrade=Body(Form.BODY, None, (made,)), downgrade=Body(Form.BODY, None, (drop,))
    )
    assert replay_one(migration, EMPTY).restored.table(DOCK) is not None
    assert replay_one(migration, EMPTY, search_path=True).restored.table(DOCK) is None


def test_what_belongs_to_a_table_follows_it_under_another_name() -> None:
    child, seq = Name("child"), Name("seq")
    state = SchemaState(
        {USERS: Table(USERS, {"age": AGE}), child: Table(child, parents=(USERS,), partition=True)},
        sequences={seq: Sequence(seq, owner=USERS, column="age")},
        views={Name("v"): View(Name("v"), tables=(USERS,))},
    )
    people = Name("people")
    up: list[Operation] = [
        RenameTable(site=UP, table=USERS, new_name=people),
        RenameColumn(site=UP, table=people, column="age", new_name="years"),
    ]
    after = one(up, [], state).after
    assert after.tables[child].parents == (people,)
    assert (after.sequences[seq].owner, after.sequences[seq].column) == (people, "years")
    gone = one([*up, DropTable(site=UP, table=people, cascade=True)], [], state).after
    assert gone == SchemaState()


def bases(*ops: Several[Operation], parents: Several[str] = ("", "")) -> list[Replayed]:
    """Revisions that do these, replayed; each has the parent of its place, or none."""
    migrations = [
        Migration(
            f"{number}.py", str(number), parents=(parent,) if parent else (), upgrade=Body(Form.BODY, None, tuple(does))
        )
        for number, (does, parent) in enumerate(zip(ops, parents, strict=True))
    ]
    return list(replay(graph(migrations)))


def test_a_base_that_makes_what_is_there_begins_with_an_empty_database() -> None:
    made = CreateTable(site=UP, table=Table(USERS, {"age": AGE}))
    later = CreateTable(site=UP, table=Table(DOCK, {"age": AGE}))
    first, other, behind = bases([made], [made], [later], parents=("", "", "1"))
    assert (first.before, other.before) == (EMPTY, EMPTY)
    assert set(behind.before.tables) == {USERS}
    assert set(behind.after.tables) == {USERS, DOCK}


def test_bases_that_get_on_with_each_other_share_a_database() -> None:
    made = CreateTable(site=UP, table=Table(USERS, {"age": AGE}))
    looked_for = replace(made, if_not_exists=True)
    other = CreateTable(site=UP, table=Table(DOCK, {"age": AGE}))
    for second in (other, looked_for):
        assert set(bases([made], [second])[1].before.tables) == {USERS}
