"""MySQL's and MariaDB's catalogue as a snapshot, on the servers at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from catalogues import Case

from migration_guard.roundtripping.catalogues import Catalogue, catalogue, differences
from migration_guard.roundtripping.catalogues.mysql.create_table import read_table
from migration_guard.roundtripping.servers.access import Access
from tests.servers import INSTALLED, private

SCHEMA = (
    "create table teams (id int auto_increment primary key, name varchar(20)) engine=innodb",
    "create table users (id int auto_increment primary key, email varchar(50) not null default 'x', age int, team int,"
    " mood enum('sad','glad'), constraint ck_age check (age > 0), unique key uq_email (email))",
    "create index ix_users_age on users (age)",
    "create view adults as select id, email from users where age > 17",
    "create table alembic_version (version_num varchar(32) primary key)",
)


EMAIL = "alter table users modify email varchar(50) not null default 'x'"
CASES = (
    Case("create table t (id int primary key)", "drop table t", "table", "t"),
    Case("alter table users comment 'x'", "alter table users comment ''", "table", "users", "changed"),
    Case("alter table users add phone text", "alter table users drop column phone", "column", "users.phone"),
    Case("alter table users modify email varchar(60) not null default 'x'", EMAIL, "column", "users.email", "changed"),
    Case("alter table users modify email varchar(50) default 'x'", EMAIL, "column", "users.email", "changed"),
    Case("alter table users modify email varchar(50) not null", EMAIL, "column", "users.email", "changed"),
    Case(f"{EMAIL} comment 'it''s, (x)'", EMAIL, "column", "users.email", "changed"),
    Case(
        "alter table users modify email varchar(50) character set latin1 not null default 'x'",
        EMAIL,
        "column",
        "users.email",
        "changed",
    ),
    Case(
        "alter table users modify mood enum('sad','glad','mad')",
        "alter table users modify mood enum('sad','glad')",
        "column",
        "users.mood",
        "changed",
    ),
    Case("alter table users add g int as (age + 1) stored", "alter table users drop column g", "column", "users.g"),
    Case("create index ix on users (email(10), age desc)", "drop index ix on users", "index", "ix"),
    Case(
        "drop index ix_users_age on users",
        "create index ix_users_age on users (age)",
        "index",
        "ix_users_age",
        "missing",
    ),
    Case(
        "alter table users rename index ix_users_age to ix_age",
        "alter table users rename index ix_age to ix_users_age",
        "index",
        "ix_users_age",
        "changed",
    ),
    Case(
        "alter table users add constraint ck_team check (team > 0)",
        "alter table users drop constraint ck_team",
        "check constraint",
        "ck_team",
    ),
    Case("create trigger tr before insert on users for each row set new.age = 1", "drop trigger tr", "trigger", "tr"),
    Case("create function f(a int) returns int deterministic return a", "drop function f", "function", "f"),
    Case("create procedure p() select 1", "drop procedure p", "procedure", "p"),
    Case("create event e on schedule every 1 day do select 1", "drop event e", "event", "e"),
    Case("create view v as select 1", "drop view v", "view", "v"),
    Case(
        "alter view adults as select id, email from users where age > 18",
        "alter view adults as select id, email from users where age > 17",
        "view",
        "adults",
        "changed",
    ),
)


@pytest.fixture(
    scope="module", params=[one for one in INSTALLED if one.dialect != "postgresql"], ids=lambda one: one.dialect
)
def access(request: pytest.FixtureRequest) -> Iterator[Access]:
    with private(request.param) as server:
        destination = server.create()
        with Access.open(destination) as access:
            for statement in SCHEMA:
                access.execute(statement)
            yield access


def of(access: Access) -> Catalogue:
    return catalogue(access, "mariadb", version_table="alembic_version", version_schema=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.up[:60])
def test_a_change_is_told_as_what_it_is_and_is_nothing_once_undone(case: Case, access: Access) -> None:
    ours = of(access)
    before = ours.take()
    access.execute(case.up)
    found = [(one.kind, one.name, one.fate.value) for one in differences(before, ours.take())]
    access.execute(case.down)
    assert (case.kind, case.name, case.fate) in found
    assert len(found) == (2 if "rename" in case.up and case.fate == "left behind" else 1), found
    assert not differences(before, ours.take())
    assert ours.take() == of(access).take()


def test_the_next_number_and_the_version_table_are_no_part_of_the_schema(access: Access) -> None:
    ours = of(access)
    before = ours.take()
    access.execute("insert into teams (name) values ('a')")
    assert not differences(before, ours.take())
    assert not [object_ for object_ in before if "alembic" in object_.name]
    access.execute("delete from teams")


def test_a_foreign_key_brings_its_index_and_its_name(access: Access) -> None:
    ours = of(access)
    before = ours.take()
    access.execute("alter table users add foreign key (team) references teams (id)")
    first = ours.take()
    assert [(one.kind, one.name) for one in differences(before, first)] == [("foreign key", "users_ibfk_1")]
    access.execute("alter table users drop foreign key users_ibfk_1")
    assert [(one.kind, one.name) for one in differences(before, ours.take())] == [("index", "team")]
    access.execute("drop index team on users")
    assert not differences(before, ours.take())


MYSQL_8 = """CREATE TABLE `users` (
  `id` int NOT NULL AUTO_INCREMENT,
  `email` varchar(50) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT 'x',
  `seen` datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  `full` varchar(99) GENERATED ALWAYS AS (concat(`email`,_utf8mb4', (')) STORED,
  `hidden` int DEFAULT NULL /*!80023 INVISIBLE */,
  `team` int DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `functional` ((lower(`email`))),
  KEY `users_team` (`team`) /*!80000 INVISIBLE */,
  CONSTRAINT `users_ibfk_1` FOREIGN KEY (`team`) REFERENCES `teams` (`id`) ON DELETE CASCADE,
  CONSTRAINT `users_chk_1` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='who, =(and) why'
/*!50100 PARTITION BY RANGE (`id`)
(PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB) */"""


def test_what_mysql_8_writes_is_read() -> None:
    found = {(object_.kind, object_.name): definition for object_, definition in read_table("users", MYSQL_8).items()}
    table = found["table", "users"].properties
    assert table["comment"] == "'who, =(and) why'"
    assert "auto_increment" not in table
    assert table["partitions"].startswith("PARTITION BY RANGE")
    assert found["column", "users.email"].properties == {
        "type": "varchar(50)",
        "nullable": "no",
        "charset": "latin1",
        "collation": "latin1_swedish_ci",
        "default": "'x'",
    }
    assert found["column", "users.seen"].properties["on update"] == "CURRENT_TIMESTAMP(6)"
    assert found["column", "users.hidden"].properties["invisible"] == "yes"
    assert found["column", "users.full"].properties["generated"].endswith("STORED")
    assert found["index", "users.functional"].properties["definition"] == "((lower(email)))"
    assert "INVISIBLE" in found["index", "users.users_team"].properties["definition"]
    assert found["check constraint", "users.users_chk_1"].properties["definition"] == "CHECK ((id > 0)) NOT ENFORCED"
    assert found["check constraint", "users.users_chk_1"].system_named
    assert found["foreign key", "users.users_ibfk_1"].system_named
