"""The presets: which rules they turn on, and that the README says of every rule of their documents what holds it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migration_guard.config import extends
from migration_guard.rules import load

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {
    "000": "secrets-dashboard",
    "001": "multi-tenant",
    "002": "code-generation",
    "003": "data-layer",
    "004": "platform",
}

# Which document asks for what. Where two disagree on how, the options of the presets say it.
ASKED_FOR = """
| rules | presets |
|---|---|
| MG008 | 000, strict |
| MG012 | 003, strict |
| MG014 | 000, 001, strict |
| MG901 | 000, 001, 002, 003, 004, strict |
| MG902, MG907, MG909, MG308 | 001, 002, 003, 004, strict |
| MG903 | 001, 002, 003, strict |
| MG904 | 001, 003, strict |
| MG905, MG906, MG910, MG913, MG914, MG916 | 001, strict |
| MG504 | 001, 003, strict |
| MG505 | 001, strict |
| MG908 | 000, 002, 004, strict |
| MG911 | 000, 002, 003, strict |
| MG912 | 002, strict |
| MG915, MG919 | 003, strict |
| MG918 | 000, strict |
| MG917 | 001, strict |
"""
CODE = re.compile(r"\bMG\d{3}\b")
ROW = re.compile(r"^\| `([a-z-]+)` \((\d{3})\) \| (.+) \| (.+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    """The rows of the README's table: the preset, what its document asks for, and what holds it."""
    found = ROW.findall(README)
    assert all(DOCUMENTS[number] == preset for preset, number, _, _ in found)
    return [(preset, asked, held) for preset, _, asked, held in found]


def turned_on(preset: str) -> list[str]:
    (layer,) = extends.layers(Path("x.toml"), {"extends": [f"preset:{preset}"]})[:-1]
    selected = layer.table["extend-select"]
    assert isinstance(selected, list)
    return selected


def asked_for(word: str) -> list[str]:
    """The codes that stand in a row with this document, or with `strict`."""
    cells = [row.split("|")[1:3] for row in ASKED_FOR.strip().splitlines()[2:]]
    return sorted(code for codes, of in cells if word in re.findall(r"\w+", of) for code in CODE.findall(codes))


@pytest.mark.parametrize("word", [*DOCUMENTS, "strict"])
def test_a_preset_turns_on_what_its_document_asks_for(word: str) -> None:
    assert sorted(turned_on(DOCUMENTS.get(word, word))) == asked_for(word)


def test_every_preset_has_its_document() -> None:
    assert {*DOCUMENTS.values(), "strict"} == set(extends.presets())


def test_the_rules_that_the_readme_names_for_the_documents_exist() -> None:
    assert {code for _, _, held in rows() for code in CODE.findall(held)} <= set(load())


def test_what_a_document_asks_for_is_held_by_a_rule_or_there_is_a_reason() -> None:
    assert {preset for preset, _, _ in rows()} == set(DOCUMENTS.values())
    empty = [asked for _, asked, held in rows() if not CODE.search(held) and not re.match(r"nothing: \w+", held)]
    assert not empty, f"Name the rule, or `nothing: ` and the reason why no rule can hold it: {empty}"


@pytest.mark.parametrize("preset", DOCUMENTS.values())
def test_every_rule_of_a_preset_is_in_a_row_of_its_document(preset: str) -> None:
    named = {code for of, _, held in rows() if of == preset for code in CODE.findall(held)}
    assert set(turned_on(preset)) <= named
    others = {code for code in named - set(turned_on(preset)) if code.startswith("MG9")}
    assert others <= {"MG920"}, "These are in the table, and the preset does not turn them on."
