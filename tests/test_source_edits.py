"""Edits put what they are asked to where it belongs, and leave every other letter alone."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard import source_edits
from migration_guard.model.finding import Direction, Edit, Span
from migration_guard.model.migration import Migration
from migration_guard.model.site import Argument, Call, Site
from migration_guard.source_edits import Places


def span_of(source: str, text: str) -> Span:
    """Where some text stands."""
    begin = source.index(text)
    return Places(source).span(begin, begin + len(text))


def calls_in(source: str) -> list[tuple[Call, Span]]:
    """Every call of a source that is a statement of its own, with its statement, as the readers would give them."""
    found = []
    places = Places(source)

    def place(line: int, column: int) -> int:
        # ast counts bytes, and knows \\r\\n and \\r as line ends like we do.
        text = source[places.starts[line - 1] :].encode()[:column].decode()
        return places.starts[line - 1] + len(text)

    def span(node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)

    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            continue
        call = node.value
        parts = sorted([*call.args, *call.keywords], key=lambda part: span(part))
        arguments = tuple(
            Argument(
                part.arg if isinstance(part, ast.keyword) else None,
                places.span(*span(part)),
                places.span(*span(part.value if isinstance(part, ast.keyword) else part)),
            )
            for part in parts
        )
        _, function_end = span(call.func)
        begin, end = span(call)
        last = span(parts[-1])[1] if parts else source.index("(", function_end) + 1
        rest = source[last : end - 1]
        found.append(
            (
                Call(
                    ast.unparse(call.func),
                    places.span(begin, end),
                    arguments,
                    places.span(last, last),
                    trailing_comma="," in rest.split("#")[0],
                ),
                places.span(*span(node)),
            )
        )
    return found


ONE_LINE = 'def upgrade():\n    op.create_index("ix", "users", ["email"])\n'


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("f(1)\n", "f(1, new=True)\n"),
        ("f()\n", "f(new=True)\n"),
        ("f(1, )\n", "f(1, new=True, )\n"),
        ("f(1, new=False)\n", "f(1, new=True)\n"),
        ("f(**more)\n", "f(**more, new=True)\n"),
        ("f(\n    1,\n    2,\n)\n", "f(\n    1,\n    2,\n    new=True,\n)\n"),
        ("f(\r\n\t1,\r\n\t2\r\n)\r\n", "f(\r\n\t1,\r\n\t2,\r\n\tnew=True\r\n)\r\n"),
        ("f(\n    1,  # one\n)\n", "f(\n    1,  # one\n    new=True,\n)\n"),
        ("f(1,\n  2)\n", "f(1,\n  2,\n  new=True)\n"),
    ],
)
def test_a_keyword_is_set_in_calls_of_every_shape(source: str, result: str) -> None:
    ((call, _),) = calls_in(source)
    assert source_edits.apply(source, [source_edits.set_keyword(source, call, "new", "True")]) == result


def test_code_goes_above_and_below_a_statement() -> None:
    source = "def upgrade():\n\top.one()  # first\n\top.two()"
    above = source_edits.insert_before(source, span_of(source, "op.one()"), "a()\nb()")
    below = source_edits.insert_after(source, span_of(source, "op.two()"), "c()")
    beside = source_edits.insert_after(source, span_of(source, "op.one()"), "d()")
    assert above
    assert below
    assert beside
    result = "def upgrade():\n\ta()\n\tb()\n\top.one()  # first\n\td()\n\top.two()\n\tc()"
    assert source_edits.apply(source, [below, beside, above]) == result


@pytest.mark.parametrize("source", ["if x: op.one()\n", "op.zero(); op.one()\n", "op.one(); op.two()\n"])
def test_a_statement_that_shares_its_line_is_left_alone(source: str) -> None:
    span = span_of(source, "op.one()")
    assert source_edits.wrap(source, span, "with x:") is None
    assert source_edits.insert_before(source, span, "a()") is None or source.startswith("op.one")
    assert source_edits.insert_after(source, span, "a()") is None


WRAPPED = '''\
def upgrade():
    op.execute(
        """
    SELECT 1
        """,
        f"{names["a"]}" + "{",
        f"""{x:'>10}
    {y!r}""",
    )
    op.two()
'''


def test_wrapping_moves_the_code_and_never_the_text() -> None:
    statement = WRAPPED[WRAPPED.index("op.execute") : WRAPPED.index("    op.two")].rstrip()
    edits = source_edits.wrap(WRAPPED, span_of(WRAPPED, statement), "with block():")
    assert edits
    assert (
        source_edits.apply(WRAPPED, edits)
        == '''\
def upgrade():
    with block():
        op.execute(
            """
    SELECT 1
        """,
            f"{names["a"]}" + "{",
            f"""{x:'>10}
    {y!r}""",
        )
    op.two()
'''
    )


def test_wrapping_goes_by_the_indentation_of_the_file() -> None:
    source = ONE_LINE.replace("    ", "\t").replace("\n", "\r\n")
    ((_, statement),) = calls_in(source)
    edits = source_edits.wrap(source, statement, "with x:")
    assert edits
    assert source_edits.apply(source, edits) == source.replace("\top", "\twith x:\r\n\t\top")


def test_a_comment_is_removed_with_its_line_or_with_the_space_before_it() -> None:
    source = "a()  # one\n    # two\nb()"
    edits = [source_edits.remove(source, span_of(source, comment)) for comment in ("# one", "# two")]
    assert source_edits.apply(source, edits) == "a()\nb()"


def test_overlapping_edits_are_refused() -> None:
    first, second = Edit(Span(1, 1, 1, 3), "x"), Edit(Span(1, 2, 1, 4), "y")
    with pytest.raises(ValueError, match="overlap"):
        source_edits.apply("abcd", [first, second])


def test_an_edit_touches_the_text_of_others_and_what_borders_on_it() -> None:
    touched = source_edits.TouchedText()
    for span in (Span(1, 5, 1, 9), Span(3, 1, 4, 1), Span(1, 9, 2, 1), Span(6, 1, 6, 1)):
        touched.add(Edit(span, "x"))
    there = [Span(1, 1, 1, 5), Span(1, 7, 1, 7), Span(2, 1, 2, 3), Span(3, 9, 3, 9), Span(1, 1, 9, 9), Span(6, 1, 6, 2)]
    apart = [Span(1, 1, 1, 4), Span(2, 2, 2, 9), Span(4, 2, 5, 1), Span(6, 2, 6, 2)]
    assert [touched.touches(Edit(span, "y")) for span in (*there, *apart)] == [True] * 6 + [False] * 4


@pytest.mark.parametrize(
    ("called", "known_as", "batch", "name"),
    [
        ("op.create_index", "op", False, "op"),
        ("o.create_index", "op", False, "o"),
        ("create_index", None, False, None),
        ("create_index", "op", False, "op"),
        ("batch_op.create_index", "op", True, "op"),
        ("conn.execute", None, False, None),
        ("conn.execute", "op", False, "op"),
    ],
)
def test_the_name_of_op_is_that_of_the_file(called: str, known_as: str | None, batch: bool, name: str | None) -> None:
    somewhere = Span(1, 1, 1, 2)
    call = Call(called, somewhere, (), somewhere)
    site = Site(Direction.UPGRADE, somewhere, somewhere, call=call, batch=batch)
    assert source_edits.op_name(site, Migration("m.py", "1", op_name=known_as)) == name


# --- properties -----------------------------------------------------------------------------------------------------

texts = st.text(st.sampled_from("ab c\n\r\t'\"é😀"), max_size=40)


@given(texts, st.data())
def test_places_and_offsets_are_each_others_inverse(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    places = Places(text)
    assert places.range(places.span(begin, end)) == (begin, end)


@given(texts, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.text("xyz", max_size=3)), max_size=4))
def test_everything_outside_the_edits_stays(text: str, cuts: list[tuple[int, int, str]]) -> None:
    places = Places(text)
    edits, done, expected = [], 0, ""
    for begin, end, new in sorted(cuts):
        if done <= begin <= end <= len(text):
            edits.append(Edit(places.span(begin, end), new))
            expected += text[done:begin] + new
            done = end
    assert source_edits.apply(text, edits) == expected + text[done:]


strings = st.sampled_from(
    [
        '"x"',
        "'it''s'",
        '"""\na\n  b"""',
        "'''\n'''",
        'r"\\n"',
        'f"{a}"',
        "f'''{a}\n{b:>3}'''",
        '"a\\\nb"',
        '"#"',
        "[\n1]",
    ]
)
arguments = st.lists(st.tuples(st.booleans(), strings), max_size=3)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A function with one call in it, written in every style."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    unit = draw(st.sampled_from(["    ", "\t", "  "]))
    drawn = draw(arguments)
    positional = [value for named, value in drawn if not named]
    keywords = [f"key{number}={value}" for number, (named, value) in enumerate(drawn) if named]
    spread = draw(st.booleans())
    between = f",\n{unit * 2}" if spread else ", "
    inner = between.join(positional + keywords)
    if inner and draw(st.booleans()):
        inner += ","
    if spread and inner:
        inner = f"\n{unit * 2}{inner}\n{unit}"
    comment = draw(st.sampled_from(["", "  # why (not) 'this'"]))
    code = f"def upgrade():\n{unit}before()\n{unit}op.execute({inner}){comment}\n{unit}after()\n"
    return code.replace("\n", newline)


def parsed(source: str) -> ast.Module:
    return ast.parse(source.replace("\r\n", "\n"))


def the_call(source: str) -> ast.Call:
    """The one call of a method."""
    calls = [node for node in ast.walk(parsed(source)) if isinstance(node, ast.Call)]
    (found,) = [call for call in calls if isinstance(call.func, ast.Attribute)]
    return found


@given(statements())
def test_a_call_with_another_keyword_parses_and_is_otherwise_the_same(source: str) -> None:
    (call, _) = next(found for found in calls_in(source) if found[0].name == "op.execute")
    result = source_edits.apply(source, [source_edits.set_keyword(source, call, "new", "True")])
    (expected,) = [
        node for node in ast.walk(parsed(source)) if isinstance(node, ast.Call) and node.func.__class__ is ast.Attribute
    ]
    expected.keywords.append(ast.keyword("new", ast.Constant(True)))
    (actual,) = [
        node for node in ast.walk(parsed(result)) if isinstance(node, ast.Call) and node.func.__class__ is ast.Attribute
    ]
    assert ast.dump(actual) == ast.dump(expected)


@given(statements())
def test_a_wrapped_statement_parses_and_is_otherwise_the_same(source: str) -> None:
    (call, statement) = next(found for found in calls_in(source) if found[0].name == "op.execute")
    edits = source_edits.wrap(source, statement, "with block():")
    assert edits
    result = source_edits.apply(source, edits)
    function = parsed(result).body[0]
    assert isinstance(function, ast.FunctionDef)
    block = function.body[1]
    assert isinstance(block, ast.With)
    original = parsed(source).body[0]
    assert isinstance(original, ast.FunctionDef)
    assert ast.dump(block.body[0]) == ast.dump(original.body[1])
    assert call.name in result
    assert textwrap.dedent(result.splitlines()[1]) == "before()"


@given(statements())
def test_what_is_inserted_around_a_statement_leaves_it_alone(source: str) -> None:
    (_, statement) = next(found for found in calls_in(source) if found[0].name == "op.execute")
    above, below = (
        where(source, statement, "x()") for where in (source_edits.insert_before, source_edits.insert_after)
    )
    assert above
    assert below
    result = source_edits.apply(source, [above, below])
    body = parsed(result).body[0]
    assert isinstance(body, ast.FunctionDef)
    assert [ast.unparse(body.body[place]) for place in (0, 1, 3, 4)] == ["before()", "x()", "x()", "after()"]
