"""The house: imports go one way, modules stay small, and what is heavy is imported late."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_guard.config import FORMATS
from migration_guard.model.graph import graph
from migration_guard.model.migration import Migration

PACKAGE = Path(__file__).parent.parent / "migration_guard"
CONTRIBUTING = PACKAGE.parent / "CONTRIBUTING.md"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 420
# What rooms must not know, though it stands below them; and who alone may know what many could.
NOT_KNOWN = {
    "model": ("libcst", "postgast", "sqlalchemy", "alembic"),
    "reading.discovery": ("libcst", "postgast"),
    "reading.cache": ("libcst", "postgast", "reading.source", "reading.sql"),
    "reading.sql": ("libcst", "reading.interpreter", "reading.source", "reading.discovery", "reading.cache"),
    "reading.interpreter": ("postgast", "reading.sql", "reading.cache"),
    "rules": ("libcst", "postgast", "reading", "config"),
    "report": ("libcst", "reading", "config", "engine", "roundtripping"),
}
# Who may open files for reading without the door, regular_files.py.
OPENERS = {
    "regular_files": "the door itself",
    "rule_examples": "a temporary folder that it has written itself",
    "roundtripping": "runs the project, which reads what it likes",
}
ONLY_KNOWN_BY = {
    "sqlalchemy": "roundtripping",
    "alembic": "roundtripping",
    "libcst": "reading",
    "postgast": "reading.sql",
}


def floors() -> list[tuple[str, ...]]:
    """The rooms of each floor, from the ground up: the table in CONTRIBUTING."""
    rows = re.findall(r"^\| (\d+) \| (`.+?`) \|", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in rows] == [*range(1, len(rows) + 1)]
    return [
        tuple(room.removesuffix(".py").strip("/").replace("/", ".") for room in re.findall(r"`(.+?)`", rooms))
        for _, rooms in rows
    ]


FLOORS = floors()
ROOMS = tuple(room for rooms in FLOORS for room in rooms)


def name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, room: str) -> bool:
    """Whether a module is in a room, or in one of the rooms in it. The package's own name is left out."""
    return f"{module}.".startswith(f"{room}.")


def room_of(module: str) -> str:
    """The room of a module, the innermost one. The package itself is a door: what people import."""
    inner = module.removeprefix("migration_guard").removeprefix(".") or "api"
    found = [room for room in ROOMS if within(inner, room)]
    assert found, f"{module} is in no room. Add it to the table in CONTRIBUTING.md, where it belongs."
    return max(found, key=len)


def floor(module: str) -> int:
    """The floor of a module, the ground being 1."""
    room = room_of(module)
    return next(number for number, rooms in enumerate(FLOORS, 1) if room in rooms)


def imports(file: Path, *, at_load: bool = False) -> Iterator[str]:
    """The modules of ours that a file imports; with `at_load` only those that it imports when it is loaded."""
    names = {name(module) for module in MODULES}
    tree = ast.parse(file.read_bytes())
    late = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if at_load
    }
    for node in ast.walk(tree):
        if node in late:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "migration_guard":
            assert not node.level
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in names else node.module


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_module_imports_only_from_its_own_floor_and_those_below(file: Path) -> None:
    above = [module for module in imports(file) if floor(module) > floor(name(file))]
    assert not above, f"{name(file)} imports from floors above its own: {', '.join(above)}."


def test_every_room_of_the_table_is_there_once() -> None:
    assert len(set(ROOMS)) == len(ROOMS)
    for room in ROOMS:
        place = PACKAGE.joinpath(*room.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file(), f"CONTRIBUTING names {room}, which is not there."


def test_no_two_rooms_import_each_other() -> None:
    arrows = {(room_of(name(file)), room_of(module)) for file in MODULES for module in imports(file, at_load=True)}
    assert not [(one, other) for one, other in arrows if one < other and (other, one) in arrows]


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_room_does_not_know_what_it_must_not(file: Path) -> None:
    here = name(file).removeprefix("migration_guard.")
    known = {module.removeprefix("migration_guard.") for module in (*imports(file), *foreign(file))}
    for room, forbidden in NOT_KNOWN.items():
        if within(here, room):
            leaks = [module for module in known for other in forbidden if within(module, other)]
            assert not leaks, f"{here} must not know {', '.join(leaks)}: it is in {room}."
    for module, room in ONLY_KNOWN_BY.items():
        assert within(here, room) or not any(within(one, module) for one in known), f"{here} must not know {module}."


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_module_fits_in_the_head(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name(file)} has {lines} lines: two modules want to come out of it."


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_nothing_is_imported_for_the_type_checker_alone(file: Path) -> None:
    assert "import TYPE_CHECKING" not in file.read_text(encoding="utf-8")


def test_every_module_says_what_it_knows() -> None:
    # A rule's page is the docstring of its class.
    others = [file for file in MODULES if file.parent.name != "rules" or file.name.startswith("_")]
    silent = [name(file) for file in others if not ast.get_docstring(ast.parse(file.read_bytes()))]
    assert not silent


def test_no_modules_import_each_other() -> None:
    found = graph(
        [
            Migration(path=str(file), revision=name(file), parents=tuple(dict.fromkeys(imports(file, at_load=True))))
            for file in MODULES
        ]
    )
    loops = [" imports ".join(module.revision for module in reversed(loop)) for loop in found.cycles]
    assert not loops


def test_codes_of_rules_stand_in_rules_only() -> None:
    # What is special about a rule is a Trait of it.
    outside = [file for file in MODULES if not within(name(file), "migration_guard.rules")]
    found = [
        f"{name(file)}:{node.lineno}: {node.value}"
        for file in outside
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"MG\d+", node.value)
    ]
    assert not found


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_files_are_read_through_the_one_door(file: Path) -> None:
    here = name(file).removeprefix("migration_guard.")
    if any(within(here, room) for room in OPENERS):
        return
    found = [f"{name(file)}:{line}" for line in openings(ast.parse(file.read_bytes()))]
    assert not found, f"{', '.join(found)} opens a file by itself: ask migration_guard/regular_files.py for its bytes."


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "io.open(path, mode)",
        "os.open(path, os.O_RDONLY)",
        "path.open('rb')",
        "path.read_text()",
        "map(Path.read_bytes, paths)",
        "os.fdopen(handle)",
        "tokenize.open(path)",
        "linecache.getlines(path)",
        "parser.read(path, encoding='utf-8')",
    ],
)
def test_every_way_to_open_a_file_is_known(code: str) -> None:
    assert [*openings(ast.parse(code))]


@pytest.mark.parametrize(
    "code", ["open(path, 'x')", "os.fdopen(handle, 'wb')", "os.open(os.devnull, flags)", "path.write_text(text)"]
)
def test_writing_is_not_reading(code: str) -> None:
    assert not [*openings(ast.parse(code))]


def openings(tree: ast.AST) -> Iterator[int]:
    """The lines in which a file is opened for something else than writing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("read_text", "read_bytes", "getlines", "fromfile"):
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        word = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if word == "read" and any(one.arg == "encoding" for one in node.keywords):  # of configparser
            yield node.lineno
        if word in ("open", "fdopen") and not is_writing(node):
            yield node.lineno


def is_writing(call: ast.Call) -> bool:
    """Whether a call of open() writes, or opens what is no file of anybody's."""
    named = [one.value for one in call.keywords if one.arg == "mode"]
    modes = [one.value for one in (*call.args, *named) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(set(mode) & set("wxa") and len(mode) <= 3 for mode in modes) or "os.devnull" in map(
        ast.unparse, call.args
    )


def foreign(file: Path) -> Iterator[str]:
    """The modules of others that a file imports, early or late."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def loaded(code: str) -> set[str]:
    return {module.split(".")[0] for module in modules_after(code)}


def modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_starts_without_what_is_heavy() -> None:
    heavy = {"libcst", "sqlalchemy", "alembic", "rich", "sqlglot", "postgast", "tomllib", "difflib"}
    assert not heavy & loaded("import migration_guard.cli")


def test_the_command_line_starts_without_what_only_a_command_needs() -> None:
    ours = {"migration_guard.engine", "migration_guard.rules", "migration_guard.reading", "migration_guard.assembly"}
    assert not ours & modules_after("import migration_guard.cli")


def test_reports_without_colour_do_not_load_rich() -> None:
    assert "rich" not in loaded(f"from migration_guard.report import {', '.join(FORMATS)}")
