"""Functions that nobody calls by name: what Python calls by itself, what is registered, what is handed on."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migration_guard.model.objects import Opaque
from migration_guard.model.operations import CreateTable
from tests.reading import migration, operations, shown
from tests.test_reading_nothing_lost import STATEMENTS, fates, inside, is_python, numbered

SPECIAL = {
    "__getitem__": "Kept()[1]",
    "__iter__": "for _ in Kept():\n    pass",
    "__contains__": "1 in Kept()",
    "__lshift__": "Kept() << 1",
    "__ror__": "1 | Kept()",
}
CALLED_BY_PYTHON = {
    "__getattr__": "Kept().name",
    "__del__": "kept = Kept()\ndel kept",
    "__set_name__": "class Other:\n    kept = Kept()",
    "__eq__": "Kept() == 1",
    "__bool__": "if Kept():\n    pass",
    "__new__": "Kept()",
    "__setitem__": "Kept()[1] = 2",
    "__aenter__": "async def work():\n    async with Kept():\n        pass\nasyncio.run(work())",
    "__class_getitem__": "Kept[1]",
}
# What is at the top of the file, and what upgrade() does with it.
READ = {
    "__init_subclass__": (
        """
        class Base:
            def __init_subclass__(cls, table):
                op.drop_table(table)
        """,
        'class Child(Base, table="x"):\n    pass',
    ),
    "a registry of subclasses": (
        """
        class Step:
            every = []
            def __init_subclass__(cls):
                Step.every.append(cls)
        class Drop(Step):
            def run(self):
                op.drop_table("x")
        """,
        "for step in Step.every:\n    step().run()",
    ),
    "a decorated class": (
        """
        STEPS = []
        def step(kind):
            STEPS.append(kind)
            return kind
        @step
        class Drop:
            def run(self):
                op.drop_table("x")
        """,
        "for step in STEPS:\n    step().run()",
    ),
    "sorted by a key": ("def drop(name):\n    op.drop_table(name)", 'sorted(["x"], key=drop)'),
    "filter": ("def drop(name):\n    op.drop_table(name)", 'list(filter(drop, ["x"]))'),
    "__call__ by name": ("def drop(name):\n    op.drop_table(name)", 'drop.__call__("x")'),
    "a name in globals()": ("def drop(name):\n    op.drop_table(name)", 'globals().get("drop")("x")'),
    "a static method of an object": (
        "class Steps:\n    @staticmethod\n    def drop(name):\n        op.drop_table(name)",
        'Steps().drop("x")',
    ),
    "a class method": (
        'class Steps:\n    table = "x"\n    @classmethod\n    def drop(cls):\n        op.drop_table(cls.table)',
        "Steps.drop()",
    ),
    "a named tuple": (
        'import collections\nStep = collections.namedtuple("Step", "up down")\n'
        'step = Step(up=lambda: op.drop_table("x"), down=None)',
        "step.up()",
    ),
}
DROP = 'def drop(*given):\n    op.drop_table("x")\n'
ENUM = """
import enum
class Table(enum.Enum):
    X = "x"
    def drop(self):
        op.drop_table(self.value)
"""
READ["the module itself"] = (f"import sys\n{DROP}", "sys.modules[__name__].drop()")
SAID = {
    "a method of a member of an Enum": (ENUM, "Table.X.drop()"),
    "a method of all members of an Enum": (ENUM, "for table in Table:\n    table.drop()"),
    "functools.singledispatch": (
        "import functools\n@functools.singledispatch\ndef drop(what):\n    pass\n"
        '@drop.register\ndef _(what: str):\n    op.drop_table("x")',
        'drop("x")',
    ),
    "a registry of a package": (
        'from package import Registry\nsteps = Registry()\n@steps.add\ndef drop():\n    op.drop_table("x")',
        "steps.run()",
    ),
    "__subclasses__": (
        'class Step:\n    pass\nclass Drop(Step):\n    def run(self):\n        op.drop_table("x")',
        "for step in Step.__subclasses__():\n    step().run()",
    ),
    "a setter": (
        "class Kept:\n    @property\n    def table(self):\n        return None\n"
        "    @table.setter\n    def table(self, name):\n        op.drop_table(name)",
        'Kept().table = "x"',
    ),
    "an object of the file that comes from elsewhere": (
        'from package import load\nclass Kept:\n    def drop(self):\n        op.drop_table("x")',
        "for one in load():\n    one.drop()",
    ),
    "one of several, and its value used": (
        f'from package import chosen\n{DROP}STEPS = {{"a": drop}}',
        "result = STEPS[chosen()]()",
    ),
    "a sort by a key": (DROP, 'names = ["x"]\nnames.sort(key=drop)'),
    "the largest by a key": (DROP, 'max(["x"], key=drop)'),
    "a map over what is not known": (f"from package import names\n{DROP}", "list(map(drop, names()))"),
    "two lists": (DROP, 'list(map(drop, ["x"], ["y"]))'),
    "iter() of a function": (DROP, "list(iter(drop, None))"),
    "atexit": (f"import atexit\n{DROP}", "atexit.register(drop)"),
    "an event of SQLAlchemy": (DROP, 'sa.event.listen(sa.Table, "after_create", drop)'),
    "a list of another's": (f"from package import todo\n{DROP}", "waiting = todo()\nwaiting.append(drop)"),
}
QUIET = {
    "a function that nobody names": (DROP, "pass"),
    "one that only such a function calls": (DROP + "def second():\n    drop()", "pass"),
    "one that calls itself": ("def drop():\n    op.drop_table('x')\n    drop()", "pass"),
    "one of a dead branch": (DROP, "if False:\n    drop()"),
    "one for another database": (DROP + 'STEPS = {"mysql": drop}', "STEPS.get(op.get_bind().dialect.name)"),
    "a method that nobody asks for": (
        "class Kept:\n    def drop(self):\n        op.drop_table('x')\n    def run(self):\n        return 1",
        "Kept().run()",
    ),
    "a class that nobody uses": ("class Kept:\n    def __getitem__(self, key):\n        op.drop_table('x')", "pass"),
    "a method of the same name as a directive of a batch": (
        "class Kept:\n    def drop_column(self):\n        op.drop_table('x')",
        'with op.batch_alter_table("t") as batch_op:\n    batch_op.f("a")',
    ),
    "python -m": (DROP + 'if __name__ == "__main__":\n    drop()', "pass"),
}


def whole(top: str, body: str) -> str:
    return f"{textwrap.dedent(top)}\n\ndef upgrade():\n{textwrap.indent(body, '    ')}\n\ndef downgrade():\n    pass\n"


def special(method: str, body: str) -> tuple[str, str]:
    return f"class Kept:\n    def {method}(self, *given):\n{textwrap.indent(body, '        ')}\n", "Kept"


@pytest.mark.parametrize(("method", "use"), SPECIAL.items(), ids=SPECIAL)
def test_the_methods_of_subscripts_loops_and_operators_are_read(method: str, use: str, tmp_path: Path) -> None:
    top, _ = special(method, 'op.drop_table("x")')
    assert shown(tmp_path, whole(top, use)) == ["DropTable x"]


@pytest.mark.parametrize(("method", "use"), CALLED_BY_PYTHON.items(), ids=CALLED_BY_PYTHON)
def test_any_other_method_that_python_calls_by_itself_is_said_to_be_unread(
    method: str, use: str, tmp_path: Path
) -> None:
    top, _ = special(method, 'op.drop_table("x")')
    (found,) = operations(tmp_path, whole(f"import asyncio\n{top}", use))
    assert isinstance(found, Opaque)
    assert found.reason == f"Python calls Kept.{method}() by itself, which leads to the database"


@pytest.mark.parametrize(("top", "use"), READ.values(), ids=READ)
def test_a_function_that_is_registered_or_handed_on_is_read_where_that_is_plain(
    top: str, use: str, tmp_path: Path
) -> None:
    assert shown(tmp_path, whole(top, use)) == ["DropTable x"]


@pytest.mark.parametrize(("top", "use"), SAID.values(), ids=SAID)
def test_a_function_that_something_else_may_call_is_said_once(top: str, use: str, tmp_path: Path) -> None:
    read = migration(tmp_path, whole(top, use))
    (found,) = read.upgrade.operations
    assert isinstance(found, Opaque)
    assert read.downgrade.operations == ()


@pytest.mark.parametrize(("top", "use"), QUIET.values(), ids=QUIET)
def test_a_function_that_nothing_leads_to_is_not_reported(top: str, use: str, tmp_path: Path) -> None:
    assert shown(tmp_path, whole(top, use)) == []


def test_a_function_that_the_other_direction_calls_is_not_reported(tmp_path: Path) -> None:
    source = f"{DROP}\n\ndef upgrade():\n    pass\n\ndef downgrade():\n    for one in [drop]:\n        one()\n"
    read = migration(tmp_path, source)
    assert read.upgrade.operations == ()
    assert len(read.downgrade.operations) == 1


def test_what_may_be_called_is_said_where_it_is_called(tmp_path: Path) -> None:
    (found,) = operations(tmp_path, whole(ENUM, "1\nTable.X.drop()"))
    assert isinstance(found, Opaque)
    assert (found.what, found.reason) == ("Table.X.drop()", "it may call Table.drop(), which leads to the database")
    assert found.site.span.line == found.site.statement.line == 18


def test_a_method_of_a_helper_s_enum_is_said_where_the_migration_calls_it(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(f"from alembic import op\n{ENUM}")
    (found,) = operations(tmp_path, "from helpers import Table\n\ndef upgrade():\n    Table.X.drop()\n")
    assert isinstance(found, Opaque)
    assert (found.site.span.line, found.site.helper) == (11, "")


REGISTRY = "STEPS = []\n\ndef step(function):\n    STEPS.append(function)\n    return function\n"
STEPS = 'from alembic import op\nfrom registry import step\n\n@step\ndef drop():\n    op.drop_table("x")\n'


@pytest.mark.parametrize(
    "source",
    [
        "from registry import STEPS\nimport steps\n\ndef upgrade():\n    for one in STEPS:\n        one()\n",
        "import registry\nimport steps\n\ndef upgrade():\n    for one in registry.STEPS:\n        one()\n",
        "from registry import STEPS\n\ndef upgrade():\n    import steps\n    for one in STEPS:\n        one()\n",
    ],
)
def test_a_registry_that_another_file_fills_is_read(source: str, tmp_path: Path) -> None:
    (tmp_path / "registry.py").write_text(REGISTRY)
    (tmp_path / "steps.py").write_text(STEPS)
    assert shown(tmp_path, source) == ["DropTable x"]


def test_a_registry_of_a_package_that_another_file_fills_is_said(tmp_path: Path) -> None:
    filled = "from alembic import op\nfrom package import Registry\n\nsteps = Registry()\n\n@steps.add\ndef drop():\n"
    (tmp_path / "registry.py").write_text(f'{filled}    op.drop_table("x")\n')
    (found,) = operations(tmp_path, "from registry import steps\n\ndef upgrade():\n    steps.run()\n")
    assert isinstance(found, Opaque)


@pytest.mark.parametrize(
    "top",
    [
        'op.drop_table("x")',
        'if True:\n    op.execute("DROP TABLE x")',
        'def work():\n    op.drop_table("x")\nwork()',
        'class Kept:\n    op.drop_table("x")',
        'try:\n    op.drop_table("x")\nexcept Exception:\n    pass',
        'import os\nop.execute(os.environ["SQL"])',
    ],
)
def test_what_is_done_where_a_file_is_imported_is_said(top: str, tmp_path: Path) -> None:
    read = migration(tmp_path, whole(top, 'op.drop_table("y")'))
    first, second = read.upgrade.operations
    assert isinstance(first, Opaque)
    assert first.reason.startswith("it stands outside upgrade() and downgrade(), so it runs whenever Alembic reads")
    assert 8 <= first.site.span.line <= 12
    assert not isinstance(second, Opaque)
    assert read.downgrade.operations == ()


MODEL = """
class User(Base):
    __tablename__ = "users"
    __table_args__ = {"schema": "shop"}
    id = sa.Column(sa.Integer())
"""


def test_a_model_that_creates_its_table_is_said_by_the_name_of_the_table(tmp_path: Path) -> None:
    made, said = operations(tmp_path, whole(MODEL, "User.__table__.create(op.get_bind())"))
    assert isinstance(made, CreateTable)
    assert (str(made.table.name), made.table.complete) == ("shop.users", False)
    assert isinstance(said, Opaque)
    assert [str(one) for one in said.tables] == ["shop.users"]


def test_a_model_that_drops_its_table_is_read(tmp_path: Path) -> None:
    body = "User.__table__.drop(bind=op.get_bind(), checkfirst=True)"
    assert shown(tmp_path, whole(MODEL, body)) == ["DropTable users"]


# What the top of a file has, with a hole for statements, and what upgrade() does with it.
TOPS = [
    *((special(method, "{}")[0], use) for method, use in {**SPECIAL, **CALLED_BY_PYTHON}.items()),
    ("class Kept:\n  def __init_subclass__(cls):\n    {}", "class Other(Kept):\n  pass"),
    ("import enum\nclass Kept(enum.Enum):\n  X = 1\n  def work(self):\n    {}", "Kept.X.work()"),
    (
        "import functools\n@functools.singledispatch\ndef work(x):\n  pass\n@work.register\ndef _(x: int):\n  {}",
        "work(1)",
    ),
    ("class Kept:\n  @classmethod\n  def work(cls):\n    {}", "Kept.work()"),
    ("class Kept:\n  @property\n  def work(self):\n    {}", "Kept().work"),
    ("def work(*given):\n  {}", "sorted([1], key=work)"),
    ("def work(*given):\n  {}", "list(filter(work, [1]))"),
    ("def work(*given):\n  {}", "max([1, 2], key=work)"),
    ("def work(*given):\n  {}", "[work][unknown()]()"),
    ("import other\n@other.step\ndef work(*given):\n  {}", "other.run()"),
    ("STEPS = []\ndef step(one):\n  STEPS.append(one)\n@step\ndef work():\n  {}", "for one in STEPS:\n  one()"),
]


@given(form=st.sampled_from(TOPS), body=STATEMENTS.filter(is_python))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much], deadline=None)
def test_what_nobody_calls_by_name_is_read_dead_or_said(tmp_path: Path, form: tuple[str, str], body: str) -> None:
    top, use = form
    written = numbered(inside(top, body))
    fate = fates(tmp_path, use, top=f"import asyncio\n{written}\n")
    assert "lost" not in fate.values(), f"{fate}\n{written}\n{use}"
