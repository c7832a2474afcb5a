"""The words of the house: one for one idea, as CONTRIBUTING lists them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "migration_guard").rglob("*.py"))
# A fact is a row of a dialect, and nothing else.
ALLOWED = {("dialects", "facts"), ("rules", "facts")}
# These are nouns of their own.
NOUNS = {"finding", "encoding", "spelling"}


def words_to_avoid() -> set[str]:
    """The last column of the glossary."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("| word | means | not |") :].partition("\n\n")[0]
    last = [row.split("|")[3] for row in table.splitlines()[2:]]
    return {word for cell in last for word in re.findall(r"\w+", cell)}


def names() -> Iterator[tuple[Path, str]]:
    """Every module, class, public function and public method, with the file that it stands in."""
    for file in MODULES:
        yield file, file.stem
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and not node.name.startswith("_")):
                yield file, node.name


def words_of(name: str) -> list[str]:
    """The words of a name, in small characters: of `RowWriter` and `row_writer` row and writer."""
    return [word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", part)]


def test_no_class_name_stands_twice() -> None:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(f"{file.relative_to(ROOT)}:{node.lineno}")
    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}
    assert not twice, f"Say in the name what sets them apart: {twice}"


def test_one_idea_has_one_word() -> None:
    avoided = words_to_avoid()
    assert len(avoided) > 10
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file, name in names()
        for word in words_of(name)
        if word in avoided and not any(room in file.parts and word == allowed for room, allowed in ALLOWED)
    ]
    assert not found, "CONTRIBUTING (Words) has another word for these:\n" + "\n".join(found)


def test_no_module_is_named_by_a_gerund() -> None:
    gerunds = [
        str(file.relative_to(ROOT))
        for file in MODULES
        if file.stem.endswith("ing") and file.stem not in NOUNS and file.parent.name != "rules"
    ]
    assert not gerunds, f"A module is named after what it holds: {gerunds}"
