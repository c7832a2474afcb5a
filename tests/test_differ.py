"""Two snapshots compared: one difference for each object and cause, in words for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.model.differences import Fate
from migration_guard.model.trip import CatalogueDifference, PropertyChange
from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition, Snapshot
from migration_guard.roundtripping.catalogues.differ import differences

Plain = dict[CatalogueObject, Definition]

USERS: Plain = {
    CatalogueObject("table", "public.users"): Definition(None, {"owner": "me"}),
    CatalogueObject("column", "public.users.id"): Definition("public.users", {"type": "integer", "nullable": "no"}),
    CatalogueObject("column", "public.users.email"): Definition(
        "public.users", {"type": "character varying(50)", "nullable": "no", "default": "'x'::character varying"}
    ),
    CatalogueObject("primary key", "public.users.users_pkey"): Definition(
        "public.users", {"definition": "PRIMARY KEY (id)"}, system_named=True
    ),
    CatalogueObject("check constraint", "public.users.ck_email"): Definition(
        "public.users", {"definition": "CHECK (((email)::text <> ''::text))"}
    ),
    CatalogueObject("index", "public.ix_users_email"): Definition(
        "public.users", {"unique": "no", "definition": "btree (email)"}
    ),
    CatalogueObject("sequence", "public.users_id_seq"): Definition(
        "public.users",
        {"type": "integer", "owned by": "public.users.id"},
        system_named=True,
        part_of=(CatalogueObject("column", "public.users.id"),),
    ),
}
ORDERS: Plain = {
    CatalogueObject("table", "sales.orders"): Definition(None, {"owner": "me"}),
    CatalogueObject("column", "sales.orders.user_id"): Definition("sales.orders", {"type": "integer"}),
    CatalogueObject("foreign key", "sales.orders.fk_user"): Definition(
        "sales.orders",
        {"definition": "FOREIGN KEY (user_id) REFERENCES public.users(id)"},
        part_of=(CatalogueObject("table", "public.users"),),
    ),
}
BOTH = {**USERS, **ORDERS}


def without(snapshot: Plain, *names: str) -> Plain:
    return {object_: one for object_, one in snapshot.items() if object_.name not in names}


def changed(snapshot: Plain, name: str, **properties: str) -> Plain:
    found = dict(snapshot)
    for object_, one in snapshot.items():
        if object_.name == name:
            found[object_] = Definition(one.table, {**one.properties, **properties}, one.system_named, one.part_of)
    return found


def renamed(snapshot: Plain, old: str, new: str) -> Plain:
    """Everything that is called so, or mentions it, under another name."""

    def again(text: str) -> str:
        return text.replace(old, new)

    return {
        CatalogueObject(object_.kind, again(object_.name)): Definition(
            one.table and again(one.table),
            {name: again(text) for name, text in one.properties.items()},
            one.system_named,
            tuple(CatalogueObject(part.kind, again(part.name)) for part in one.part_of),
        )
        for object_, one in snapshot.items()
    }


def told(should: Snapshot, found: Snapshot) -> list[tuple[str, str, Fate]]:
    return [(one.kind, one.name, one.fate) for one in differences(should, found)]


def test_a_table_brings_everything_that_belongs_to_it() -> None:
    assert told(BOTH, ORDERS) == [("table", "users", Fate.MISSING)]
    assert told(BOTH, USERS) == [("table", "sales.orders", Fate.MISSING)]
    assert told({}, BOTH) == [("table", "sales.orders", Fate.LEFT_BEHIND), ("table", "users", Fate.LEFT_BEHIND)]


def test_a_column_brings_its_own_sequence() -> None:
    assert told(without(USERS, "public.users.id", "public.users_id_seq"), USERS) == [
        ("column", "users.id", Fate.LEFT_BEHIND)
    ]


def test_a_column_that_no_longer_takes_its_values_from_its_sequence_tells_of_both() -> None:
    was = changed(USERS, "public.users.id", default="the next value of its own sequence")
    found = differences(was, changed(without(was, "public.users_id_seq"), "public.users.id", default=""))
    assert [(one.name, [change.property for change in one.changes]) for one in found] == [("users.id", ["default"])]


def test_the_name_of_a_not_null_constraint_matters_to_who_gave_it() -> None:
    named = changed(USERS, "public.users.id", **{"not null constraint": "there_must_be_an_id"})
    assert not differences(USERS, named)
    assert [one.name for one in differences(named, USERS)] == ["users.id"]


def test_people_read_names_without_what_goes_without_saying() -> None:
    found = differences(without(BOTH, "public.users.ck_email", "public.ix_users_email", "sales.orders.fk_user"), BOTH)
    assert found == (
        CatalogueDifference("foreign key", "fk_user", Fate.LEFT_BEHIND, "sales.orders"),
        CatalogueDifference("check constraint", "ck_email", Fate.LEFT_BEHIND, "users"),
        CatalogueDifference("index", "ix_users_email", Fate.LEFT_BEHIND, "users"),
    )


def test_a_change_tells_what_was_and_what_is() -> None:
    assert differences(USERS, changed(USERS, "public.users.id", nullable="yes")) == (
        CatalogueDifference("column", "users.id", Fate.CHANGED, "users", (PropertyChange("nullable", "no", "yes"),)),
    )
    lost = changed(USERS, "public.users.id", type="public.number", default="'public.x'::public.number")
    (only,) = differences(USERS, lost)
    assert only.changes == (
        PropertyChange("type", "integer", "number"),
        PropertyChange("default", "", "'public.x'::number"),
    )


def test_another_type_is_told_once_with_all_that_is_cast() -> None:
    now = changed(USERS, "public.users.email", type="text", default="'x'::text")
    now = changed(now, "public.users.ck_email", definition="CHECK ((email <> ''::text))")
    assert differences(USERS, now) == (
        CatalogueDifference(
            "column", "users.email", Fate.CHANGED, "users", (PropertyChange("type", "character varying(50)", "text"),)
        ),
    )
    other = changed(now, "public.users.ck_email", definition="CHECK ((email <> 'y'::text))")
    assert [one.name for one in differences(USERS, other)] == ["ck_email", "users.email"]


def test_another_default_is_told_beside_another_type() -> None:
    (only,) = differences(USERS, changed(USERS, "public.users.email", type="text", default="'y'::text"))
    assert [change.property for change in only.changes] == ["type", "default"]


def test_another_name_for_a_column_is_told_once() -> None:
    assert told(USERS, renamed(renamed(USERS, ".email", ".mail"), "(email", "(mail")) == [
        ("column", "users.email", Fate.MISSING),
        ("column", "users.mail", Fate.LEFT_BEHIND),
    ]


def test_another_name_for_a_table_is_told_once() -> None:
    now = renamed(BOTH, "public.users", "public.people")
    assert told(BOTH, now) == [("table", "people", Fate.LEFT_BEHIND), ("table", "users", Fate.MISSING)]


def unique(name: str, *, chosen: bool = False, definition: str = "UNIQUE (email)", **properties: str) -> Plain:
    object_ = CatalogueObject("unique constraint", f"public.users.{name}")
    return {**USERS, object_: Definition("public.users", {"definition": definition, **properties}, system_named=chosen)}


@pytest.mark.parametrize("chosen", [True, False])
def test_nobody_relied_on_a_name_that_the_database_chose(chosen: bool) -> None:
    assert not differences(unique("users_email_key", chosen=True), unique("uq_email", chosen=chosen))


@pytest.mark.parametrize("chosen", [True, False])
def test_another_name_than_the_one_that_somebody_gave_is_one_change(chosen: bool) -> None:
    assert differences(unique("uq_email"), unique("users_email_key", chosen=chosen)) == (
        CatalogueDifference(
            "unique constraint",
            "uq_email",
            Fate.CHANGED,
            "users",
            (PropertyChange("name", "uq_email", "users_email_key"),),
        ),
    )


def test_a_constraint_without_a_name_has_none() -> None:
    (only,) = differences(unique("uq_email"), unique("UNIQUE (email)", chosen=True))
    assert only.changes == (PropertyChange("name", "uq_email", ""),)


def test_a_constraint_with_another_definition_is_another_one() -> None:
    assert told(unique("uq_email"), unique("uq_id", definition="UNIQUE (id)")) == [
        ("unique constraint", "uq_email", Fate.MISSING),
        ("unique constraint", "uq_id", Fate.LEFT_BEHIND),
    ]


@pytest.mark.parametrize("name", ["uq_email", "uq_other"])
def test_what_is_validated_meanwhile_hurts_nobody_and_what_no_longer_is_does(name: str) -> None:
    def key(validated: str, called: str) -> Plain:
        return unique(called, chosen=True, definition="CHECK (true)", validated=validated)

    assert not differences(key("no", "uq_email"), key("yes", name))
    (only,) = differences(key("yes", "uq_email"), key("no", name))
    assert only.changes == (PropertyChange("validated", "yes", "no"),)


def test_a_name_chosen_by_the_database_does_not_hide_another_definition() -> None:
    def key(name: str, definition: str) -> Plain:
        object_ = CatalogueObject("unique constraint", f"public.users.{name}")
        return {**USERS, object_: Definition("public.users", {"definition": definition}, system_named=True)}

    found = told(key("users_id_key", "UNIQUE (id)"), key("users_email_key", "UNIQUE (email)"))
    assert found == [
        ("unique constraint", "users_email_key", Fate.LEFT_BEHIND),
        ("unique constraint", "users_id_key", Fate.MISSING),
    ]


def test_white_space_is_no_difference() -> None:
    was = {CatalogueObject("view", "public.v"): Definition(None, {"definition": " SELECT 1\n   FROM t;"})}
    now = {CatalogueObject("view", "public.v"): Definition(None, {"definition": "SELECT 1 FROM t;"})}
    assert not differences(was, now)


def test_what_a_parent_brings_to_its_children_is_told_of_the_parent() -> None:
    parent, child = CatalogueObject("column", "public.events.at"), CatalogueObject("column", "public.events_1.at")
    was = {
        parent: Definition("public.events", {"type": "date"}),
        child: Definition("public.events_1", {"type": "date"}, part_of=(parent,)),
    }
    now = {object_: Definition(one.table, {"type": "text"}, part_of=one.part_of) for object_, one in was.items()}
    assert [one.name for one in differences(was, now)] == ["events.at"]
    assert [one.name for one in differences({}, was)] == ["events.at"]


def test_a_sequence_that_nobody_owns_any_more_is_changed() -> None:
    object_ = CatalogueObject("sequence", "public.s")
    was = {**USERS, object_: Definition("public.users", {"owned by": "public.users.id"})}
    now = {**USERS, object_: Definition(None, {})}
    assert [(one.name, one.fate) for one in differences(was, now)] == [("s", Fate.CHANGED)]


NAMES = st.sampled_from(["a", "b", "c"])
OBJECTS = st.dictionaries(
    st.builds(CatalogueObject, st.sampled_from(["table", "view", "enum"]), NAMES.map("public.{}".format)),
    st.builds(Definition, st.none(), st.dictionaries(NAMES, NAMES), system_named=st.booleans()),
)


@given(OBJECTS)
def test_nothing_differs_from_itself(snapshot: Plain) -> None:
    assert not differences(snapshot, dict(snapshot))


@given(OBJECTS, OBJECTS)
def test_what_is_left_one_way_is_missing_the_other_way(one: Plain, other: Plain) -> None:
    turned = {Fate.MISSING: Fate.LEFT_BEHIND, Fate.LEFT_BEHIND: Fate.MISSING, Fate.CHANGED: Fate.CHANGED}
    there = {(kind, name, fate) for kind, name, fate in told(one, other)}
    back = {(kind, name, turned[fate]) for kind, name, fate in told(other, one)}
    assert there == back
