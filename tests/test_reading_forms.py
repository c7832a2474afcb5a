"""The forms in which real histories ask for an operation all give the same operations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint
from migration_guard.model.objects import (
    CreateEnum,
    CreateSchema,
    DeleteRows,
    DropSchema,
    InsertRows,
    Opaque,
    RunSql,
    UpdateRows,
)
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropNotNull,
    Operation,
    RenameColumn,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import UNKNOWN_SCHEMA, ColumnType, ConstraintKind, Name
from migration_guard.model.unknown import HOLE, UNKNOWN, Unknown
from tests.reading import operations, shown
from tests.sql_sites import site

DROP = "DropColumn users age"
HERE = site(0, 0)


@pytest.mark.parametrize(
    "source",
    [
        'op.drop_column("users", "age")',
        'op.drop_column(table_name="users", column_name="age")',
        'op.drop_column(op.f("users"), column_name="age")',
        'from alembic.op import drop_column\ndrop_column("users", "age")',
        'from alembic.op import drop_column as gone, f\ngone(f("users"), "age")',
        'import alembic.op as o\no.drop_column("users", "age")',
        'import alembic\nalembic.op.drop_column("users", "age")',
        'def upgrade(op, tables, tester):\n    op.drop_column("users", "age")',
        'def helper(o):\n    o.drop_column("users", "age")\ndef upgrade():\n    helper(op)',
        'with op.batch_alter_table("users") as batch_op:\n    batch_op.drop_column("age")',
        'with op.batch_alter_table("users", schema=None) as b, open("x"):\n    b.drop_column(column_name="age")',
        'op.execute("ALTER TABLE users DROP COLUMN age")',
        'op.execute(sa.text("ALTER TABLE users DROP COLUMN age"))',
        'op.execute(sa.DDL("ALTER TABLE users DROP age"))',
        'op.get_bind().execute(sa.text("ALTER TABLE users DROP COLUMN age"))',
        'connection = op.get_bind()\nconnection.exec_driver_sql("ALTER TABLE users DROP COLUMN age")',
        'session = sa.orm.Session(bind=op.get_bind())\nsession.execute(sa.text("ALTER TABLE users DROP COLUMN age"))',
        'with op.get_bind().begin() as c:\n    c.execute(sa.text("ALTER TABLE users DROP COLUMN age"))',
        'op.execute("DO $$ BEGIN ALTER TABLE users DROP COLUMN age; END $$")',
        'getattr(op, "drop_column")("users", "age")',
        'arguments = {"table_name": "users", "column_name": "age"}\nop.drop_column(**arguments)',
        'both = ("users", "age")\nop.drop_column(*both)',
        'async def go(connection):\n    op.drop_column("users", "age")\ndef upgrade():\n    op.run_async(go)',
    ],
)
def test_a_column_is_dropped_however_it_is_written(tmp_path: Path, source: str) -> None:
    assert DROP in shown(tmp_path, source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('NAME = "users"\ndef upgrade():\n    op.drop_column(NAME, "age")', [DROP]),
        ('name = "user"\nop.drop_column(f"{name}s", "age")', [DROP]),
        ('op.drop_column("{}s".format("user"), "age")', [DROP]),
        ('op.drop_column("{name}s".format(name="user"), "%s" % "age")', [DROP]),
        ('op.drop_column("%(a)ss" % {"a": "user"}, "a" "ge")', [DROP]),
        ('op.drop_column("us" + "ers", "".join(["a", "ge"]))', [DROP]),
        ('op.drop_column("USERS".lower(), " age ".strip())', [DROP]),
        ('for name in ["age"]:\n    op.drop_column("users", name)', [DROP]),
        ('for table, column in (("users", "age"),):\n    op.drop_column(table, column)', [DROP]),
        ('for table, column in zip(["users"], ["age"]):\n    op.drop_column(table, column)', [DROP]),
        ('for n, column in enumerate(["age"]):\n    op.drop_column("users", column)', [DROP]),
        ('for table, column in {"users": "age"}.items():\n    op.drop_column(table, column)', [DROP]),
        ('for name in reversed(["age"]):\n    op.drop_column("users", name)', [DROP]),
        ('[op.drop_column("users", name) for name in ("age",)]', [DROP]),
        ('names = []\nnames.append("age")\nfor name in names:\n    op.drop_column("users", name)', [DROP]),
        ('drop = lambda name: op.drop_column("users", name)\ndrop("age")', [DROP]),
        (
            "def drop(table, *columns):\n    for c in columns:\n        op.drop_column(table, c)\n"
            'def upgrade():\n    drop("users", "age")',
            [DROP],
        ),
        ('def name():\n    return "age"\ndef upgrade():\n    op.drop_column("users", name())', [DROP]),
        ('class T:\n    name = "users"\ndef upgrade():\n    op.drop_column(T.name, "age")', [DROP]),
        (
            "class H:\n    def __init__(self, t):\n        self.t = t\n    def go(self):\n"
            '        op.drop_column(self.t, "age")\ndef upgrade():\n    H("users").go()',
            [DROP],
        ),
        ('if (name := "age"):\n    op.drop_column("users", name)', [DROP]),
        ('column = "age" if True else "x"\nop.drop_column("users", column)', [DROP]),
        ('op.execute("; ".join(["ALTER TABLE users DROP age", "SELECT 1"]))', [DROP, "RunSql"]),
        ('import textwrap\nop.execute(textwrap.dedent("""\n    ALTER TABLE users\n    DROP COLUMN age\n"""))', [DROP]),
        ('sql = "ALTER TABLE users "\nsql += "DROP age"\nop.execute(sql)', [DROP]),
        ('names = {"a": "users"}\nop.drop_column(names["a"], ["x", "age"][1])', [DROP]),
    ],
)
def test_names_are_followed_to_what_they_are(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert shown(tmp_path, source) == expected


@pytest.mark.parametrize(
    "written",
    [
        r'''f"ALTER TABLE \"users\" DROP COLUMN {column}"''',
        r"""f'ALTER TABLE "users" DROP COLUMN {column}'""",
        r"""f'ALTER TABLE \"users\" DROP\nCOLUMN {column}'""",
    ],
)
def test_the_quotes_of_an_f_string_are_quotes(tmp_path: Path, written: str) -> None:
    assert shown(tmp_path, f'column = "age"\nop.execute({written})') == [DROP]


def test_statements_in_one_string_are_taken_apart(tmp_path: Path) -> None:
    source = """
    op.execute('''
        -- DROP TABLE not_this;
        UPDATE users SET note = 'DROP TABLE nor_this; it' 's' WHERE id = 1;
        ALTER TABLE users ADD COLUMN born date;
    ''')
    """.replace("' 's'", "''s'")
    first, second = operations(tmp_path, source)
    assert isinstance(first, UpdateRows)
    assert first.bounded
    assert isinstance(second, AddColumn)
    assert (first.site.span.line, first.site.span.column) == (11, 9)
    assert second.site.span.line == 12
    assert second.site.sql == "ALTER TABLE users ADD COLUMN born date"


def test_a_column_brings_the_statements_that_alembic_makes_of_it(tmp_path: Path) -> None:
    source = 'op.add_column("users", sa.Column("boss", sa.Integer, sa.ForeignKey("people.id"), index=True))'
    add, key, index = operations(tmp_path, source)
    assert isinstance(add, AddColumn)
    assert isinstance(key, AddConstraint)
    assert key.constraint.references == Name("people")
    assert isinstance(index, CreateIndex)
    assert index.index.name == "ix_users_boss"
    assert add.site == key.site == index.site


def test_a_reference_may_be_written_inline(tmp_path: Path) -> None:
    source = (
        'op.add_column("users", sa.Column("b", sa.Integer, sa.ForeignKey("p.id", name="k")), inline_references=True)'
    )
    (add,) = operations(tmp_path, source)
    assert isinstance(add, AddColumn)
    # Alembic does not write the name.
    assert [(one.kind, one.name) for one in add.inline] == [(ConstraintKind.FOREIGN_KEY, None)]


def test_alter_column_gives_one_operation_for_each_statement(tmp_path: Path) -> None:
    source = """
    op.alter_column("users", "age", type_=sa.BigInteger(), nullable=False, server_default="0",
                    new_column_name="years", existing_type=sa.Integer())
    """
    kinds = [type(operation) for operation in operations(tmp_path, source)]
    assert kinds == [AlterColumnType, SetNotNull, SetDefault, RenameColumn]


def test_a_default_that_is_not_mentioned_is_not_changed(tmp_path: Path) -> None:
    (only,) = operations(tmp_path, 'op.alter_column("users", "age", nullable=True)')
    assert isinstance(only, DropNotNull)


def test_a_default_of_none_is_dropped(tmp_path: Path) -> None:
    (only,) = operations(tmp_path, 'op.alter_column("users", "age", server_default=None)')
    assert isinstance(only, SetDefault)
    assert only.default is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sa.Integer", ColumnType("integer")),
        ("sa.String(50)", ColumnType("varchar", (50,))),
        ("sa.String(length=50)", ColumnType("varchar", (50,))),
        ("sa.Numeric(10, 2)", ColumnType("numeric", (10, 2))),
        ("sa.DateTime(timezone=True)", ColumnType("timestamptz")),
        ("sa.DateTime()", ColumnType("timestamp")),
        ("sa.Float()", ColumnType("double precision")),
        ("sa.Float(precision=24)", ColumnType("real")),
        ("sa.Uuid()", ColumnType("uuid")),
        ("postgresql.JSONB()", ColumnType("jsonb")),
        ("postgresql.ARRAY(sa.String(5))", ColumnType("varchar", (5,), 1)),
        ('sa.JSON().with_variant(postgresql.JSONB(), "postgresql")', ColumnType("jsonb")),
        ('sa.String(5).with_variant(sa.Text(), "mysql")', ColumnType("varchar", (5,))),
        ('sa.Enum("a", "bb", name="mood")', ColumnType("mood", labels=("a", "bb"), is_enum=True)),
        (
            'sa.Enum("a", "bb", name="m", native_enum=False)',
            ColumnType("varchar", (2,), labels=("a", "bb"), native=False),
        ),
    ],
)
def test_types_are_those_that_postgresql_gets(tmp_path: Path, written: str, expected: ColumnType) -> None:
    add = operations(tmp_path, f'op.add_column("users", sa.Column("c", {written}))')[0]
    assert isinstance(add, AddColumn)
    assert add.column.type == expected


def test_a_type_of_the_application_is_not_guessed(tmp_path: Path) -> None:
    source = 'from shop.types import Money\nop.add_column("users", sa.Column("c", Money(10)))'
    add = operations(tmp_path, source)[0]
    assert isinstance(add, AddColumn)
    assert not isinstance(add.column.type, Unknown)
    assert not add.column.type.known


def test_enums_are_made_by_create_table_and_by_themselves(tmp_path: Path) -> None:
    source = """
    sa.Enum("a", name="one").create(op.get_bind())
    postgresql.ENUM("a", name="two").create(op.get_bind())
    op.create_table("t", sa.Column("c", sa.Enum("a", name="three")),
                    sa.Column("d", postgresql.ENUM("a", name="one", create_type=False)))
    """
    enums = [one for one in operations(tmp_path, source) if isinstance(one, CreateEnum)]
    assert [(one.type.name.name, one.implicit, one.if_not_exists) for one in enums] == [
        ("one", False, False),
        ("two", False, True),
        ("three", True, False),
    ]


def test_statements_of_sqlalchemy_are_read(tmp_path: Path) -> None:
    source = """
    accounts = sa.table("accounts", sa.column("id"), sa.column("name"))
    op.execute(accounts.update().where(accounts.c.id == 7).values(name="x"))
    op.execute(sa.update(accounts).values({"name": "y"}))
    op.execute(accounts.delete())
    op.execute(accounts.insert().values(name="z"))
    op.bulk_insert(accounts, [{"name": "q"}])
    op.get_bind().execute(sa.select(accounts))
    """
    one, all_rows, delete, insert, bulk, select = operations(tmp_path, source)
    assert isinstance(one, UpdateRows)
    assert one.bounded
    assert isinstance(all_rows, UpdateRows)
    assert all_rows.where is None
    assert all_rows.columns == ("name",)
    assert isinstance(delete, DeleteRows)
    assert isinstance(insert, InsertRows)
    assert isinstance(bulk, InsertRows)
    assert bulk.literals == ("q",)
    assert isinstance(select, RunSql)


def test_sessions_and_mapped_classes_are_read(tmp_path: Path) -> None:
    source = """
    Base = sa.orm.declarative_base()
    class User(Base):
        __tablename__ = "users"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String)
    def upgrade():
        session = sa.orm.Session(bind=op.get_bind())
        session.query(User).filter(User.name == "x").update({"name": "y"})
        for user in session.query(User):
            user.name = "z"
            session.delete(user)
        session.add(User(name="q"))
        session.commit()
    """
    assert shown(tmp_path, source) == ["UpdateRows users", "UpdateRows users", "DeleteRows users", "InsertRows users"]


def test_a_table_object_is_created_and_dropped(tmp_path: Path) -> None:
    source = """
    things = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer))
    things.create(op.get_bind())
    things.drop(op.get_bind(), checkfirst=True)
    """
    create, drop = operations(tmp_path, source)
    assert isinstance(create, CreateTable)
    assert set(create.table.columns) == {"id"}
    assert drop.site.statement.line == 11


def test_the_table_that_create_table_returns_is_known(tmp_path: Path) -> None:
    source = 'things = op.create_table("things", sa.Column("id", sa.Integer))\nop.bulk_insert(things, [{"id": 1}])'
    assert shown(tmp_path, source)[-1] == "InsertRows things"


def test_a_constraint_without_a_name_differs_from_one_whose_name_is_not_known(tmp_path: Path) -> None:
    source = 'op.drop_constraint(None, "users", type_="unique")\nop.drop_constraint(look_up(), "users")'
    none, unknown = [one for one in operations(tmp_path, source) if isinstance(one, DropConstraint)]
    assert none.name is None
    assert isinstance(unknown.name, Unknown)


def test_the_template_for_several_databases_is_read_for_each(tmp_path: Path) -> None:
    source = """
    def upgrade(engine_name):
        globals()["upgrade_%s" % engine_name]()
    def upgrade_main():
        op.drop_table("orders")
    def upgrade_():
        op.drop_table("pets")
    def upgrade_audit():
        op.drop_table("entries")
    """
    assert shown(tmp_path, source, database="main") == ["DropTable orders"]
    assert shown(tmp_path, source, database="audit") == ["DropTable entries"]
    assert shown(tmp_path, source, database="") == ["DropTable pets"]


def test_nothing_that_is_not_read_disappears(tmp_path: Path) -> None:
    source = """
    from shop import wrapper, names
    op.create_entity(names)
    wrapper(op)
    op.drop_table(names())
    op.execute(names())
    op.add_column("users", names())
    getattr(op, names())("users")
    sa.MetaData().create_all(op.get_bind())
    """
    found = operations(tmp_path, source)
    assert [type(one) for one in found] == [Opaque] * 7
    assert all(one.reason for one in found if isinstance(one, Opaque))


# --- what is not known ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mghole_of_fame", "mghole1", r"\ufdd0\ufdd0\ufdd0", "\ufdd0\ufdd0\ufdd0"])
def test_no_name_is_taken_for_one_that_is_not_known(tmp_path: Path, name: str) -> None:
    for source in (
        f'op.drop_table("{name}")',
        f"""op.execute('DROP TABLE "{name}"')""",
        f"""op.execute(f'DROP TABLE "{name}"')""",
    ):
        assert shown(tmp_path, source)[0].startswith("DropTable ")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("f'DROP TABLE t{unknown}'[:12]", "DropTable t"),
        ("f'{unknown} DROP TABLE t'[-12:]", "DropTable t"),
        ("f'DROP TABLE t{unknown}'[:14]", "Opaque"),
        ("f'{unknown}DROP TABLE t'[3:]", "Opaque"),
        ("'DROP TABLE t' + str(len(unknown + '1'))", "Opaque"),
        ("'DROP TABLE t'.replace(unknown + '', 'x')", "Opaque"),
        ("{f'{unknown}': 'DROP TABLE t'}[f'{another}']", "Opaque"),
        ("{nowhere: 'DROP TABLE t'}[elsewhere]", "Opaque"),
        ("{nowhere.x: 'DROP TABLE t'}[elsewhere.x]", "Opaque"),
        ("{'a': 'DROP TABLE t'}.get(f'{unknown}', 'SELECT 1')", "Opaque"),
        ("f'DROP TABLE t{(unknown + chr(1))!r}'", "Opaque"),
        ("f'DROP TABLE t{(unknown + chr(1)):>4}'", "Opaque"),
        ("'DROP TABLE t%r' % (unknown + 'a')", "Opaque"),
    ],
)
def test_what_rests_on_a_text_that_is_not_known_is_not_known(tmp_path: Path, written: str, read: str) -> None:
    assert shown(tmp_path, f"unknown = str(where())\nanother = str(there())\nop.execute({written})")[-1] == read


def test_two_keys_that_are_not_known_are_two(tmp_path: Path) -> None:
    source = "for table in {f'{one()}': 1, f'{two()}': 2}:\n    op.execute(f'DELETE FROM t WHERE x = {table}')"
    assert shown(tmp_path, source).count("DeleteRows t") == 2


@pytest.mark.parametrize(
    "source",
    [
        'op.add_column("t", sa.Column("a", sa.Text, server_default=sa.text(f"f({x()})"), comment=f"{x()}"))',
        'op.add_column("t", sa.Column("a", sa.Text(collation=f"{x()}"), server_default=sa.func.f(f"{x()}")))',
        'op.add_column("t", sa.Column("a", sa.Enum(f"{x()}", "b", name=f"{x()}"), sa.Computed(f"{x()} + 1")))',
        'op.alter_column("t", "a", type_=sa.Text, postgresql_using=f"a::{x()}", comment=f"{x()}")',
        'op.create_table("t", sa.Column("a"), sa.ForeignKeyConstraint([f"{x()}"], ["b.c"], ondelete=f"{x()}"))',
        'op.create_check_constraint(f"{x()}", "t", f"{x()} IS NOT NULL AND {x()} > 1 AND f({x()})")',
        'op.create_index(f"{x()}", "t", ["a", f"{x()}"], postgresql_using=f"{x()}", sqlite_where=sa.text(f"{x()}"))',
        'op.bulk_insert(sa.table("t"), [{"a": f"{x()}"}])',
    ],
)
def test_no_operation_of_a_directive_holds_a_hole(tmp_path: Path, source: str) -> None:
    found = operations(tmp_path, source)
    assert not any(isinstance(one, Opaque) for one in found)
    assert not any(repr(HOLE)[1:-1] in repr(one) for one in found)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE {schema}.users DROP COLUMN age",
        'ALTER TABLE \\"{schema}\\".users DROP COLUMN age',
        'ALTER TABLE \\"tenant_{schema}\\".\\"users\\" DROP COLUMN age',
    ],
)
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_a_table_in_a_schema_that_is_not_known_is_known_by_its_name(
    tmp_path: Path, statement: str, dialect: str
) -> None:
    (found,) = operations(tmp_path, f'op.execute(f"{statement}")', dialect)
    assert isinstance(found, DropColumn)
    assert found.table == Name("users", UNKNOWN_SCHEMA)


def test_a_table_whose_own_name_is_not_known_is_not(tmp_path: Path) -> None:
    assert shown(tmp_path, 'op.execute(f"ALTER TABLE public.users_{year} DROP COLUMN age")') == ["Opaque"]


@pytest.mark.parametrize(
    ("dialect", "schema", "expected"),
    [
        ("postgresql", "public", None),
        ("postgresql", "main", "main"),
        ("sqlite", "main", None),
        ("sqlite", "public", "public"),
        ("mysql", "public", "public"),
        ("mariadb", "main", "main"),
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        'op.create_foreign_key("k", "posts", "users", ["a"], ["id"], referent_schema="{schema}")',
        'op.add_column("posts", sa.Column("a", sa.Integer, sa.ForeignKey("{schema}.users.id")))',
        'op.execute("ALTER TABLE posts ADD FOREIGN KEY (a) REFERENCES {schema}.users (id)")',
    ],
)
def test_a_table_has_one_name_however_its_schema_is_written(
    tmp_path: Path, source: str, dialect: str, schema: str, expected: str | None
) -> None:
    (key, *others) = reversed(operations(tmp_path, source.format(schema=schema), dialect))

    if dialect == "sqlite" and "ALTER" in source:  # which adds no foreign key to a table by SQL
        assert isinstance(key, Opaque)
        assert not others
        return
    assert isinstance(key, AddConstraint)
    assert key.constraint.references == Name("users", expected)


def test_a_foreign_key_to_a_mapped_class_has_the_schema_of_its_table(tmp_path: Path) -> None:
    source = 'class User(Base):\n    __tablename__ = "users"\n    __table_args__ = {"schema": "main"}\n'
    source += 'def upgrade():\n    op.add_column("a", sa.Column("b", sa.Integer, sa.ForeignKey(User.id)))'
    key = operations(tmp_path, source)[-1]

    assert isinstance(key, AddConstraint)
    assert key.constraint.references == Name("users", "main")


@pytest.mark.parametrize(
    ("source", "dialect", "expected"),
    [
        (
            'CreateSchema("sales", if_not_exists=True)',
            "postgresql",
            CreateSchema(site=HERE, schema="sales", if_not_exists=True),
        ),
        ('CreateSchema(os.environ["SCHEMA"])', "postgresql", CreateSchema(site=HERE, schema=UNKNOWN)),
        ('DropSchema("sales")', "postgresql", DropSchema(site=HERE, schema="sales")),
        ('DropSchema("public", cascade=True)', "postgresql", DropSchema(site=HERE, schema=None, cascade=True)),
        (
            'DropSchema(name="sales", if_exists=True)',
            "mysql",
            DropSchema(site=HERE, schema="sales", cascade=True, if_exists=True),
        ),
    ],
)
def test_schemas_are_made_and_dropped_by_their_constructs(
    tmp_path: Path, source: str, dialect: str, expected: Operation
) -> None:
    [operation] = operations(
        tmp_path, f"import os\nfrom sqlalchemy.schema import CreateSchema, DropSchema\nop.execute({source})", dialect
    )

    assert replace(operation, site=HERE) == expected


def test_a_schema_of_an_unknown_name_is_not_dropped_in_silence(tmp_path: Path) -> None:
    source = "from sqlalchemy.schema import DropSchema\nop.execute(DropSchema(schema_of_tenant(), cascade=True))"
    [operation] = operations(tmp_path, source)

    assert isinstance(operation, Opaque)
