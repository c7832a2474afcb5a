"""What gives a file other names than those written down, and what is known no more where ways meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_guard.model.objects import Opaque
from tests.reading import migration, operations, shown

WORK = 'import sys\n\ndef work():\n    op.drop_table("x")\n\ndef upgrade():\n    pass\n\n'
REPLACED = [
    'globals()["upgrade"] = work',
    "globals().update(upgrade=work)",
    'globals().update({"upgrade": work})',
    'vars()["upgrade"] = work',
    'setattr(sys.modules[__name__], "upgrade", work)',
    "sys.modules[__name__].upgrade = work",
    'sys.modules[__name__].__dict__["upgrade"] = work',
    "def install():\n    global upgrade\n    upgrade = work\ninstall()",
    "upgrade = staticmethod(work)",
]
UNKNOWN = [
    "upgrade.__code__ = work.__code__",
    'exec("def upgrade():\\n    work()")',
    'if True:\n    exec("def upgrade():\\n    work()")',
    "for name in names():\n    globals()[name] = work",
    "setattr(sys.modules[__name__], name(), work)",
    "sys.modules[__name__].__class__ = made()",
    "try:\n    import other\n    def upgrade():\n        pass\nexcept ImportError:\n    def upgrade():\n        work()",
]
READ = {
    "a class that decorates": "class Deco:\n    def __init__(self, function):\n        pass\n    def __call__(self):\n"
    '        op.drop_table("x")\n@Deco\ndef work():\n    pass\nwork()',
    "a metaclass": "kinds = []\nclass Meta(type):\n    def __init__(cls, name, bases, names):\n"
    "        kinds.append(cls)\n"
    'class Step(metaclass=Meta):\n    def run(self):\n        op.drop_table("x")\nfor kind in kinds:\n    kind().run()',
    "a default of its round": 'todo = []\nfor name in ["x"]:\n    todo.append(lambda name=name: op.drop_table(name))\n'
    'for name in ["y"]:\n    todo[0]()',
    "nonlocal": "found = False\ndef find():\n    nonlocal found\n    found = True\nfind()\n"
    'if found:\n    op.drop_table("x")',
    "a flag of an exception": "failed = False\ntry:\n    work()\nexcept KeyError:\n    failed = True\n"
    'if failed:\n    op.drop_table("x")',
    "a flag of a loop": 'clean = True\nfor one in rows():\n    clean = False\nif clean:\n    op.drop_table("x")',
    "a key under a condition": 'seen = {}\nif unknown():\n    seen["a"] = 1\nif not seen:\n    op.drop_table("x")',
    "a swallowed exception": 'from package import ignoring\nwith ignoring():\n    raise KeyError\nop.drop_table("x")',
    "break in finally": "for one in [1]:\n    try:\n        raise KeyError\n    finally:\n        break\n"
    'op.drop_table("x")',
    "a pattern": 'match ["x"]:\n    case [name]:\n        op.drop_table(name)',
}
SAID = {
    "eval": 'result = eval("op.drop_table")("x")',
    "runpy": 'import runpy\nrunpy.run_path("steps.py")',
    "getattr of an object": "class Steps:\n    def drop(self):\n        op.drop_table(1)\n"
    "result = getattr(Steps(), name())()",
    "a method that gets a function": "op.get_bind().run_callable(lambda bind: bind.execute(SQL))",
    "closing": "import contextlib\nclass Kept:\n    def close(self):\n        op.drop_table(1)\n"
    "with contextlib.closing(Kept()):\n    pass",
    "a heap": 'import heapq\nnames = []\nheapq.heappush(names, "x")\nfor name in names:\n    op.drop_table(name)',
}


@pytest.mark.parametrize("top", REPLACED)
def test_what_replaces_upgrade_is_read(top: str, tmp_path: Path) -> None:
    assert shown(tmp_path, WORK + top) == ["DropTable x"]


@pytest.mark.parametrize("top", UNKNOWN)
def test_what_may_replace_upgrade_is_said(top: str, tmp_path: Path) -> None:
    assert Opaque in map(type, operations(tmp_path, WORK + top))


@pytest.mark.parametrize("source", READ.values(), ids=READ)
def test_what_may_run_is_read(source: str, tmp_path: Path) -> None:
    assert "DropTable x" in shown(tmp_path, source)


@pytest.mark.parametrize("source", SAID.values(), ids=SAID)
def test_what_is_called_unseen_is_said(source: str, tmp_path: Path) -> None:
    assert Opaque in map(type, operations(tmp_path, source))


@pytest.mark.parametrize(
    "source", ["import helpers\ndef upgrade():\n    pass\n", "def upgrade():\n    import helpers\n"]
)
def test_what_a_helper_does_where_it_is_imported_is_said(source: str, tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text('from alembic import op\nop.drop_table("x")\n')
    (found,) = operations(tmp_path, source)
    assert isinstance(found, Opaque)
    assert found.reason == "helpers.py runs operations where it is imported"


def test_names_that_are_read_or_given_by_text_replace_nothing(tmp_path: Path) -> None:
    top = 'globals()["NAME"] = "x"\nALL = list(globals().items())\n\ndef upgrade():\n    op.drop_table(NAME)\n'
    assert shown(tmp_path, top) == ["DropTable x"]


def test_what_upgrade_does_to_a_name_is_undone_for_downgrade(tmp_path: Path) -> None:
    source = "DONE = False\ndef upgrade():\n    global DONE\n    DONE = True\ndef downgrade():\n"
    read = migration(tmp_path, f'{source}    if not DONE:\n        op.drop_table("x")\n')
    assert len(read.downgrade.operations) == 1
