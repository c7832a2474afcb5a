"""Objects, registries and what is handed about: what they do to the database is read, or said to be unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_guard.model.objects import Opaque
from tests.reading import operations, shown

READ = {
    "closing": "import contextlib\nwith contextlib.closing(op.get_bind()) as bind:\n    bind.execute('DROP TABLE x')",
    "a cast": "from typing import cast\ncast(object, op.get_bind()).execute('DROP TABLE x')",
    "enter_context": 'from contextlib import ExitStack\nwith ExitStack() as stack:\n'
    '    stack.enter_context(op.batch_alter_table("x")).execute("DROP TABLE x")',
    "context.execute": 'from alembic import context\ncontext.execute("DROP TABLE x")',
    "Operations": 'from alembic.operations import Operations\nOperations(op.get_context()).drop_table("x")',
    "Operations.context": "from alembic.operations import Operations\n"
    'with Operations.context(op.get_context()) as other:\n    other.drop_table("x")',
    "run_sync": "def work(connection):\n    connection.execute('DROP TABLE x')\n"
    "async def go(connection):\n    await connection.run_sync(work)\nop.run_async(go)",
    "a mixin": "class Base:\n    def up(self):\n        op.drop_table('x')\n"
    "class Logged:\n    def up(self):\n        super().up()\n"
    "class Both(Logged, Base):\n    pass\nBoth().up()",
    "__call__": "class Step:\n    def __init__(self, name):\n        self.name = name\n"
    "    def __call__(self, operations):\n        operations.drop_table(self.name)\nStep('x')(op)",
    "__post_init__": "class Step:\n    name: str\n    def __post_init__(self):\n        op.drop_table(self.name)\n"
    "Step(name='x')",
    "a property": "class Step:\n    @property\n    def done(self):\n        op.drop_table('x')\nStep().done",
    "next": "def made():\n    yield op.get_bind()\nnext(made()).execute('DROP TABLE x')",
    "suppress": "from contextlib import suppress\nwith suppress(ValueError):\n    raise ValueError\nop.drop_table('x')",
    "a case": "match 'a':\n    case 'b':\n        op.drop_table('y')\n    case 'a':\n        op.drop_table('x')",
}  # fmt: skip
SAID = {
    "a function called update": 'from myapp.utils import update\nupdate(op, "x")',
    "a callback": "from contextlib import ExitStack\n"
    'with ExitStack() as stack:\n    stack.callback(op.drop_table, "x")',
    "an executor": "from concurrent.futures import ThreadPoolExecutor\n"
    'with ThreadPoolExecutor() as pool:\n    pool.submit(op.drop_table, "x")',
    "a method caller": 'import operator\noperator.methodcaller("drop_table", "x")(op)',
    "a namespace": 'from types import SimpleNamespace\nSimpleNamespace(op=op).op.drop_table("x")',
    "the implementation": 'op.get_context().impl.drop_table("x")',
    "another program": 'import subprocess\nsubprocess.run(["psql", "-c", "DROP TABLE x"])',
    "a class that is not read": "from myapp.base import Migration\n"
    'class Mine(Migration):\n    table = "x"\nMine().run()',
    "one of several": "steps = [op.drop_table]\nwhile steps:\n    steps.pop()('x')",
    "a module that is loaded": "import importlib.util\nmodule = importlib.util.module_from_spec(spec)\nmodule.up(op)",
}
DEAD = {
    "the else of while True": "while True:\n    break\nelse:\n    op.drop_table('x')",
    "another case": "match 'a':\n    case 'b':\n        op.drop_table('x')",
    "for the type checker": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    op.drop_table('x')",
}
QUIET = {
    "builtins that look": 'id(op)\nhash(op)\nhasattr(op, "x")\ncallable(op)',
    "a model of pydantic": "from pydantic import BaseModel\nclass Row(BaseModel):\n    name: str\n"
    "row = Row(name='x')\nrow.model_dump()",
    "a method that reflects": "from myapp import Model\nModel.metadata.reflect(bind=op.get_bind())",
}


@pytest.mark.parametrize("source", READ.values(), ids=READ)
def test_what_objects_do_is_read(source: str, tmp_path: Path) -> None:
    assert shown(tmp_path, source) == ["DropTable x"]


@pytest.mark.parametrize("source", SAID.values(), ids=SAID)
def test_what_objects_may_do_is_said(source: str, tmp_path: Path) -> None:
    found = operations(tmp_path, source)
    assert found
    assert {type(one) for one in found} == {Opaque}


@pytest.mark.parametrize("source", [*DEAD.values(), *QUIET.values()], ids=[*DEAD, *QUIET])
def test_what_does_nothing_is_not_reported(source: str, tmp_path: Path) -> None:
    assert shown(tmp_path, source) == []


def test_functions_that_a_decorator_keeps_are_run_where_the_list_is(tmp_path: Path) -> None:
    source = """
STEPS = []

def step(function):
    STEPS.append(function)
    return function

@step
def one():
    op.drop_table("x")

def upgrade():
    for each in STEPS:
        each()
"""
    assert shown(tmp_path, source) == ["DropTable x"]


def test_a_tower_of_classes_is_climbed_once(tmp_path: Path) -> None:
    tower = "class A0:\n    pass\nclass B0:\n    pass\n"
    for number in range(1, 60):
        bases = f"A{number - 1}, B{number - 1}"
        tower += f"class A{number}({bases}):\n    pass\nclass B{number}({bases}):\n    pass\n"
    assert shown(tmp_path, f"{tower}A59().go(1)\nop.drop_table('x')") == ["DropTable x"]
