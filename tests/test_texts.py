"""Texts do what Python's strings do, and remember where each letter was written."""

from __future__ import annotations

import textwrap

from hypothesis import given
from hypothesis import strategies as st

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import texts
from migration_guard.reading.interpreter.values import UNKNOWN_TEXT, Constant, Items, Pairs, Text, Value, join

WORDS = st.text(alphabet="ab {}%s\n'é:", max_size=12)
PLAIN = st.text(alphabet="abc _", max_size=8)


def here(word: str) -> Text:
    return texts.literal(word, word, "file.py", 100)


def attribute(value: Value, name: str) -> Value:
    return Unknown(name)


@given(st.lists(WORDS, max_size=5))
def test_joined_texts_are_found_where_they_were_written(words: list[str]) -> None:
    joined = join(here(word) for word in words)
    assert isinstance(joined, Text)
    assert joined.value == "".join(words)
    for piece in joined.pieces:
        assert piece.length > 0
        assert piece.offset == 100


@given(WORDS, st.integers(0, 12), st.integers(0, 12))
def test_a_part_of_a_text_is_found_at_its_own_place(word: str, start: int, length: int) -> None:
    part = here(word).slice(start, min(start + length, len(word)))
    if part.value:
        assert part.locate(0, len(part.value), "file.py") == (100 + start, 100 + start + len(part.value), True)


@given(WORDS)
def test_dedent_is_pythons(word: str) -> None:
    result = texts.dedent(here(word))
    assert isinstance(result, Text)
    assert result.value == "".join(textwrap.dedent(word).splitlines(keepends=True))


@given(WORDS, st.sampled_from(["strip", "lstrip", "rstrip"]))
def test_stripping_is_pythons(word: str, method: str) -> None:
    assert texts.stripped(here(word), method, None).value == getattr(word, method)()


@given(WORDS, PLAIN.filter(bool), PLAIN)
def test_replacing_is_pythons(word: str, old: str, new: str) -> None:
    result = texts.replaced(here(word), old, Text(new))
    assert isinstance(result, Text)
    assert result.value == word.replace(old, new)


@given(
    st.lists(st.sampled_from(["a", "{}", "{{", "}}", "é", " "]), max_size=6), st.lists(PLAIN, min_size=6, max_size=6)
)
def test_format_is_pythons(parts: list[str], given_words: list[str]) -> None:
    template = "".join(parts)
    result = texts.format_method(here(template), [Text(word) for word in given_words], {}, attribute)
    assert isinstance(result, Text)
    assert result.value == template.format(*given_words)


@given(st.lists(st.sampled_from(["a", "%s", "%%", "é", "%d"]), max_size=6))
def test_percent_is_pythons(parts: list[str]) -> None:
    template = "".join(parts)
    numbers = [7] * sum(part in ("%s", "%d") for part in parts)
    result = texts.percent(here(template), Items([Constant(number) for number in numbers]))
    assert isinstance(result, Text)
    assert result.value == template % tuple(numbers)


def test_percent_takes_names() -> None:
    result = texts.percent(here("%(a)s-%(b)s"), Pairs([(Text("a"), Text("x"))]))
    assert isinstance(result, Text)
    assert result.shown == "x-{...}"


@given(st.lists(st.sampled_from(["a", r"\n", r"\x41", r"\u00e9", "é", r"\'", "\\\n"]), max_size=8))
def test_a_letter_behind_an_escape_is_found_at_its_place(parts: list[str]) -> None:
    import ast

    body = "".join(parts) + "END"
    decoded = ast.literal_eval(f"'''{body}'''")
    text = texts.literal(body, decoded, "file.py", 50)
    found = text.locate(decoded.index("END"), len(decoded), "file.py")
    assert found is not None
    assert found[0] == 50 + body.index("END")


def test_a_text_with_a_hole_is_not_known() -> None:
    joined = join([Text("ix_"), UNKNOWN_TEXT, Text("_x")])
    assert isinstance(joined, Text)
    assert not joined.known
    assert joined.shown == "ix_{...}_x"
