"""Nothing is lost in silence: what a migration asks for is read, or said to be unread, however it is wrapped."""

from __future__ import annotations

import itertools
import re
import textwrap
import warnings
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migration_guard.model.finding import Direction, Span
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import DropTable
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.source.source import Lines, parse
from migration_guard.reading.walker import Walker
from tests.reading import HEAD, migration, operations, shown

READ = {
    "a partial": 'import functools\nfunctools.partial(op.drop_table, "x")()',
    "a generator in a loop": 'def steps():\n    yield op.drop_table("x")\nfor _ in steps():\n    pass',
    "a generator in a list": 'def steps():\n    yield from [op.drop_table("x")]\nlist(steps())',
    "the else of while": 'while condition():\n    pass\nelse:\n    op.drop_table("x")',
    "the else of for": 'for one in ["a"]:\n    pass\nelse:\n    op.drop_table("x")',
    "assert": 'assert op.drop_table("x") is None',
    "raise": 'raise ValueError(op.drop_table("x"))',
    "del": 'del {"a": 1}[op.drop_table("x")]',
    "a slice": '[1, 2][op.drop_table("x"):]',
    "__enter__": 'class Block:\n    def __enter__(self):\n        op.drop_table("x")\nwith Block():\n    pass',
    "__exit__": 'class Block:\n    def __exit__(self, *error):\n        op.drop_table("x")\nwith Block():\n    pass',
    "a context manager": '@contextmanager\ndef block():\n    op.drop_table("x")\n    yield\nwith block():\n    pass',
    "a decorator": """
        def dropping(function):
            def wrapper(*arguments):
                op.drop_table("x")
                return function(*arguments)
            return wrapper
        @dropping
        def work():
            pass
        work()
    """,
    "a decorator that is made": """
        import functools
        def dropping(name):
            def decorator(function):
                @functools.wraps(function)
                def wrapper():
                    function()
                    op.drop_table(name)
                return wrapper
            return decorator
        @dropping("x")
        def work():
            pass
        work()
    """,
    "what a decorator wraps": """
        def logged(function):
            def wrapper(*arguments, **keywords):
                return function(*arguments, **keywords)
            return wrapper
        @logged
        def work(name, suffix=""):
            op.drop_table(name + suffix)
        work("x", suffix="")
    """,
    "a decorator that is not known": """
        from tenacity import retry
        @retry
        def work():
            op.drop_table("x")
        work()
    """,
}
SAID = {
    "a thread": "import threading\nthreading.Thread(target=op.drop_table, args=('x',)).start()",
    "a function for a thread": 'import threading\ndef work():\n    op.drop_table("x")\nthreading.Thread(target=work)',
    "a function for a package": 'from tenacity import retry\ndef work():\n    op.drop_table("x")\nretry(work)',
    "a guard": 'match condition():\n    case 1 if op.drop_table("x"):\n        pass',
    "a list of directives": "from somewhere import each\neach([op.drop_table])",
    "an object that was given op": "from enums import EnumMigration\nenum = EnumMigration(op=op)\nenum.upgrade()",
    "what is run at exit": 'import atexit\natexit.register(op.drop_table, "x")\ndef upgrade():\n    pass',
    "what decorates for the exit": """
        import atexit
        @atexit.register
        def last():
            op.drop_table("x")
        def upgrade():
            pass
    """,
    "what a text gave at the top": 'found = eval("op")\ndef upgrade():\n    found.drop_table("x")',
    "None in the first round": """
        last = None
        while more():
            if last is not None:
                op.drop_table("x")
            last = 1
    """,
    "a lambda that nobody calls": 'later = lambda: op.drop_table("x")',
}
DEAD = {
    "behind break": 'for one in ["a"]:\n    break\nelse:\n    op.drop_table("x")',
    "behind return": 'return\nop.drop_table("x")',
    "an empty loop": 'for one in []:\n    op.drop_table("x")',
    "if False": 'if False:\n    op.drop_table("x")',
    "while False": 'while False:\n    op.drop_table("x")',
    "False and": 'False and op.drop_table("x")',
    "the other value": 'one = 1 if True else op.drop_table("x")',
    "the script for later": 'from alembic import context\nif context.is_offline_mode():\n    op.drop_table("x")',
    "as_sql": 'if op.get_context().as_sql:\n    op.drop_table("x")',
    "behind exit": 'exit(1)\nop.drop_table("x")',
    "behind sys.exit": 'import sys\nsys.exit("no")\nop.drop_table("x")',
}
QUIET = {
    "a decorator that only holds": """
        import functools
        @functools.lru_cache
        def work():
            op.drop_table("x")
        kept = functools.lru_cache(work)
        def upgrade():
            pass
    """,
    "exit": "exit()",
    "warnings": 'import warnings\nwarnings.warn("slow")\nwarnings.catch_warnings()',
    "dotenv": "from dotenv import load_dotenv\nload_dotenv()",
    "click": 'import click\nclick.confirm("sure?")',
    "a progress bar": "import tqdm\nfor one in tqdm.tqdm([1, 2]):\n    pass",
}


@pytest.mark.parametrize("source", READ.values(), ids=READ)
def test_what_python_runs_is_read(source: str, tmp_path: Path) -> None:
    assert shown(tmp_path, source) == ["DropTable x"]


@pytest.mark.parametrize("source", SAID.values(), ids=SAID)
def test_what_cannot_be_followed_is_said(source: str, tmp_path: Path) -> None:
    found = operations(tmp_path, source)
    assert found
    assert {type(one) for one in found} == {Opaque}


@pytest.mark.parametrize("source", DEAD.values(), ids=DEAD)
def test_what_never_runs_is_not_reported(source: str, tmp_path: Path) -> None:
    assert shown(tmp_path, source) == []


@pytest.mark.parametrize("source", QUIET.values(), ids=QUIET)
def test_what_touches_no_database_is_not_reported(source: str, tmp_path: Path) -> None:
    assert shown(tmp_path, source) == []


def test_what_an_online_migration_does_behind_a_check_for_offline_mode_is_read_once(tmp_path: Path) -> None:
    source = """
        from alembic import context

        if context.is_offline_mode():
            op.execute("DROP TABLE x")
        else:
            op.drop_table("x")
    """
    assert shown(tmp_path, source) == ["DropTable x"]


def test_what_the_helper_of_a_helper_does_where_it_is_imported_is_said(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("import others\n")
    (tmp_path / "others.py").write_text("from alembic import op\n\nop.drop_table('x')\n")
    (found,) = operations(tmp_path, "import helpers\ndef upgrade():\n    pass")
    assert isinstance(found, Opaque)
    assert found.reason == "helpers.py runs operations where it is imported"


def test_a_helper_in_another_file_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "helpers.py").write_text(
        "from alembic import op\n\ndef drop(name):\n    later = lambda: op.drop_table(name)\n    return later\n"
    )
    read = migration(tmp_path, "from helpers import drop\n\ndef upgrade():\n    1\n    drop('x')\n")
    (found,) = read.upgrade.operations
    assert isinstance(found, Opaque)
    assert (found.what, found.site.span.line) == ("op.drop_table(name)", 12)
    assert found.site.helper == "drop() of helpers.py"


BASES = """
    class Operation:
        def __init__(self, table):
            self.table = table

        def run(self):
            return self.execute()


    class Alteration(Operation):
        def run(self):
            if self.table is True:
                return None
            return super().run()


    class DropColumn(Alteration):
        def __init__(self, table, column):
            super().__init__(table)
            self.column = column

        def execute(self):
            op.drop_column(self.table, self.column)
"""


def test_an_object_does_what_its_class_inherits(tmp_path: Path) -> None:
    source = textwrap.dedent(BASES) + '\n\ndef upgrade():\n    DropColumn("users", "age").run()\n'
    assert shown(tmp_path, source) == ["DropColumn users age"]


def test_super_with_arguments_is_the_same(tmp_path: Path) -> None:
    source = textwrap.dedent(BASES).replace("super().run()", "super(Alteration, self).run()")
    assert shown(tmp_path, source + '\n\ndef upgrade():\n    DropColumn("users", "age").run()\n') == [
        "DropColumn users age"
    ]


def test_what_a_class_inherits_from_one_that_is_not_read_is_said(tmp_path: Path) -> None:
    source = textwrap.dedent(BASES).replace("class Operation:", "from elsewhere import Base\nclass Operation(Base):")
    (found,) = operations(tmp_path, source + '\n\ndef upgrade():\n    DropColumn("users", "age").start()\n')
    assert isinstance(found, Opaque)


@pytest.mark.parametrize(
    "top",
    [
        'exec("def upgrade():\\n    op.drop_table(1)")',
        'def __getattr__(name):\n    return lambda: op.drop_table("x")',
        'for name in names():\n    globals()[name] = lambda: op.drop_table("x")',
        'globals().update(made())',
        "upgrade = made()",
        'upgrade = [op.drop_table]',
    ],
)  # fmt: skip
def test_an_upgrade_that_is_no_plain_function_is_said_to_be_unread(top: str, tmp_path: Path) -> None:
    read = migration(tmp_path, f"{top}\n# def upgrade is not written here")
    assert {type(one) for one in read.upgrade.operations} == {Opaque}


def test_an_upgrade_that_is_put_among_the_names_of_the_module_is_read(tmp_path: Path) -> None:
    top = 'def work():\n    op.drop_table("x")\nglobals()["upgrade"] = work\n# no def upgrade'
    assert shown(tmp_path, top) == ["DropTable x"]


def test_an_unread_call_is_ignored_by_a_comment_at_its_statement(tmp_path: Path) -> None:
    read = migration(tmp_path, 'later = [\n    lambda: op.drop_table("x"),\n]')
    (found,) = read.upgrade.operations
    assert (found.site.span.line, found.site.statement.line, found.site.statement.end_line) == (10, 9, 11)


CALL = 'op.drop_table("x")'
EXPRESSIONS = st.recursive(
    st.just(CALL),
    lambda inner: st.one_of(
        inner.map("[{}]".format),
        st.tuples(inner, inner).map(lambda pair: f"[{pair[0]}, {pair[1]}]"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} and {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} if unknown() else {pair[1]})"),
        inner.map("({},)".format),
        inner.map("{{1: {}}}".format),
        inner.map("not {}".format),
        inner.map("-({})".format),
        inner.map("(unknown() or {})".format),
        inner.map("({} if unknown() else None)".format),
        inner.map("({} < 1 < 2)".format),
        inner.map("unknown({})".format),
        inner.map("unknown(key={})".format),
        inner.map("unknown(*{})".format),
        inner.map("unknown(**{})".format),
        inner.map("unknown()[{}]".format),
        inner.map("unknown()[{}:]".format),
        inner.map("({}).attribute".format),
        inner.map('f"{{{}}}"'.format),
        inner.map("(name := {})".format),
        inner.map("[one for one in {}]".format),
        inner.map("[{} for one in (1, 2)]".format),
        inner.map("{{*{}}}".format),
        inner.map("[1 for one in unknown() if {}]".format),
        inner.map("{{one: {} for one in (1, 2)}}".format),
        inner.map("{{**{}}}".format),
        inner.map("list({} for one in (1, 2))".format),
        inner.map("(lambda: {})()".format),
        inner.map("(lambda one={}: one)()".format),
        inner.map("unknown(lambda: {})".format),
        inner.map("({} + 1)".format),
        inner.map("({} in unknown())".format),
        inner.map("f'{{1:{{{}}}}}'".format),
        inner.map("(yield {})".format),
    ),
    max_leaves=3,
)
# What may stand around statements; they take the place of the line that is a hole.
BLOCKS = [
    "if unknown():\n  {}",
    "if unknown():\n  pass\nelif 1:\n  {}",
    "for one in unknown():\n  {}",
    "for one in unknown():\n  pass\nelse:\n  {}",
    "while unknown():\n  {}",
    "while unknown():\n  break\nelse:\n  {}",
    "try:\n  {}\nexcept E:\n  pass",
    "try:\n  unknown()\nexcept E:\n  {}",
    "try:\n  unknown()\nexcept E:\n  pass\nelse:\n  {}",
    "try:\n  unknown()\nfinally:\n  {}",
    "try:\n  {}\nexcept E:\n  pass\nfinally:\n  unknown()",
    "try:\n  raise E\nexcept E:\n  {}\nfinally:\n  pass",
    "try:\n  pass\nfinally:\n  try:\n    unknown()\n  except E:\n    {}",
    "last = None\nwhile unknown():\n  if last is not None:\n    {}\n  last = unknown()",
    "last = None\nfor one in unknown():\n  if last:\n    {}\n  last = one",
    "with unknown():\n  {}",
    "match unknown():\n  case 1:\n    {}",
    "def inner():\n  {}\ninner()",
    "async def inner():\n  {}\nunknown(inner())",
    "def inner():\n  {}\nunknown(inner)",
    "class Inner:\n  {}",
    "class Inner:\n  def run(self):\n    {}\nInner().run()",
]


def inside(block: str, body: str) -> str:
    return re.sub(r"^( *)\{\}", lambda hole: textwrap.indent(body, hole[1]), block, flags=re.MULTILINE)


STATEMENTS = st.recursive(
    st.one_of(
        EXPRESSIONS,
        EXPRESSIONS.map("name = {}".format),
        EXPRESSIONS.map("name: int = {}".format),
        EXPRESSIONS.map("assert {}".format),
        EXPRESSIONS.map("raise E({})".format),
        EXPRESSIONS.map("return {}".format),
        EXPRESSIONS.map("del unknown()[{}]".format),
        EXPRESSIONS.map("unknown()[{}] = 1".format),
        EXPRESSIONS.map("unknown().attribute = {}".format),
        EXPRESSIONS.map("name = 1\nname += {}".format),
    ),
    lambda inner: st.one_of(
        *(inner.map(partial(inside, block)) for block in BLOCKS),
        st.tuples(inner, inner).map("\n".join),
        EXPRESSIONS.map("@unknown({})\ndef inner():\n  pass".format),
        EXPRESSIONS.map("def inner(one={}):\n  pass".format),
        EXPRESSIONS.map("class Inner(unknown({})):\n  pass".format),
        EXPRESSIONS.map("with unknown({}) as one:\n  pass".format),
        EXPRESSIONS.map("for one in {}:\n  pass".format),
        EXPRESSIONS.map("while {}:\n  break".format),
        EXPRESSIONS.map("match {}:\n  case 1:\n    pass".format),
        EXPRESSIONS.map("match 1:\n  case 1 if {}:\n    pass".format),
        EXPRESSIONS.map("try:\n  unknown()\nexcept* {}:\n  pass".format),
    ),
    max_leaves=2,
)


# What Python 3.12 to 3.14 added: the compiler of an older one does not know it, the parser does.
LATER = st.one_of(
    *(
        STATEMENTS.filter(lambda source: is_python(source)).map(partial(inside, block))
        for block in [
            "def inner[T]():\n  {}\ninner()",
            "def inner[T = int, *Ts = *tuple[int]]():\n  {}\nunknown(inner)",
            "class Inner[T]:\n  {}",
            "try:\n  {}\nexcept A, B:\n  pass",
            "try:\n  unknown()\nexcept A, B:\n  {}",
            "try:\n  unknown()\nexcept* A, B:\n  {}",
        ]
    ),
    *(
        EXPRESSIONS.filter(lambda source: is_python(source) and "'" not in source).map(wrapped)
        for wrapped in ("name = t'{{ {} }}'".format, "name = f'{{f'{{ {} }}'}}'".format, "type Name = {}".format)
    ),
)


def is_python(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            compile(f"def upgrade():\n{textwrap.indent(source, '  ')}", "", "exec")
        except SyntaxError:
            return False
    return True


def fates(folder: Path, source: str, top: str = "", end: str = "") -> dict[str, str]:
    """
    What becomes of each operation that is written: read, said to be unread, or known to be dead. One outside of
    upgrade(), before it (`top`) or behind it (`end`), is said where anything is.
    """
    text = f"{HEAD}{top}def upgrade():\n{textwrap.indent(source, '    ')}\n{end}\n"
    walker = Walker(parse(str(folder / "one.py"), text), "postgresql", Files(str(folder)))
    found, _ = walker.run("upgrade", Direction.UPGRADE, None)
    dropped = {one.table.name for one in found if isinstance(one, DropTable)}
    opaque = [spanned(walker.source.lines, one.site.span) for one in found if isinstance(one, Opaque)]
    dead = [walker.source.offsets(node) for node in walker.dead.values()]
    fate: dict[str, str] = {}
    for match in re.finditer(r'op\.drop_table\("(\w+)"\)', text):
        name, (start, end) = match[1], match.span()
        if name in dropped:
            fate[name] = "read"
        elif any(first < end and start < last for first, last in opaque) or ((top or end) and opaque):
            fate[name] = "said"
        elif any(first <= start and end <= last for first, last in dead):
            fate[name] = "dead"
        else:
            fate[name] = "lost"
    return fate


def spanned(lines: Lines, span: Span) -> tuple[int, int]:
    starts = lines.starts
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def numbered(source: str) -> str:
    """Each operation drops a table of its own."""
    numbers = itertools.count(1)
    return re.sub(re.escape(CALL), lambda call: call[0].replace("x", f"x{next(numbers)}"), source)


@given(source=st.one_of(STATEMENTS.filter(is_python), LATER))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much], deadline=None)
def test_what_is_read_said_and_dead_is_all_that_is_written(tmp_path: Path, source: str) -> None:
    written = numbered(source)
    fate = fates(tmp_path, written)
    assert len(fate) == source.count(CALL)
    assert "lost" not in fate.values(), f"{fate}\n{written}"


# What may stand around work at the top of a file, which is done at import; and around what replaces upgrade().
AT_THE_TOP = [
    "def work():\n  {}\nwork()",
    "if unknown():\n  def work():\n    {}\n  work()",
    "try:\n  unknown()\nfinally:\n  def work():\n    {}\n  work()",
    "class Work:\n  def run(self):\n    {}\nWork().run()",
    "import atexit\n@atexit.register\ndef work():\n  {}",
    "import threading\ndef work():\n  {}\nthreading.Thread(target=work).start()",
]
REPLACING = [
    "def work():\n  {}\nupgrade = work",
    "def work():\n  {}\nglobals()['upgrade'] = work",
    "class Work:\n  def run(self):\n    {}\nupgrade = Work().run",
    "def wrap(function):\n  def wrapper():\n    function()\n    {}\n  return wrapper\nupgrade = wrap(upgrade)",
    "if unknown():\n  def upgrade():\n    {}",
]


# What is handed over at the top of a file is taken for kept, as decorators keep it, unless it is Python that gets it.
KEEPING = re.compile("lambda|def |class ")
PLACED = st.one_of(
    st.tuples(STATEMENTS.filter(is_python), st.sampled_from(REPLACING)),
    st.tuples(
        STATEMENTS.filter(lambda source: is_python(source) and not KEEPING.search(source)), st.sampled_from(AT_THE_TOP)
    ),
)


@given(placed=PLACED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much], deadline=None)
def test_work_at_the_top_of_a_file_and_what_replaces_upgrade_is_read_or_said(
    tmp_path: Path, placed: tuple[str, str]
) -> None:
    source, place = placed
    written = inside(place, numbered(source))
    around = ("", written) if place in REPLACING else (f"{written}\n", "")
    fate = fates(tmp_path, "pass", *around)
    assert len(fate) == source.count(CALL)
    assert "lost" not in fate.values(), f"{fate}\n{written}"
