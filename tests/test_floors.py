"""The house: imports go one way, modules stay small, and what is heavy is imported late."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_guard.model.graph import graph
from migration_guard.model.migration import Migration

PACKAGE = Path(__file__).parent.parent / "migration_guard"
FLOORS = (
    ("model", "version"),
    ("config", "dialects"),
    ("reading",),
    ("rules", "fixes"),
    ("engine", "hushing", "targets", "gathering", "baseline", "roundtripping"),
    ("report",),
    ("correcting", "proposing"),
    ("cli", "pytest_plugin", "progress", "api"),
)
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 420


def name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    """The floor of a module; the package itself is a door: what people import."""
    if module == "migration_guard":
        return len(FLOORS) - 1
    part = module.split(".")[1]
    found = [number for number, parts in enumerate(FLOORS) if part in parts]
    assert found, f"{module} is on no floor. Add it to FLOORS in {__file__}, where it belongs."
    return found[0]


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
def test_a_module_imports_only_from_its_own_floor_and_those_above(file: Path) -> None:
    below = [module for module in imports(file) if floor(module) > floor(name(file))]
    assert not below, f"{name(file)} imports from floors below its own: {', '.join(below)}."


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_a_module_fits_in_the_head(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name(file)} has {lines} lines: two modules want to come out of it."


@pytest.mark.parametrize("file", MODULES, ids=name)
def test_nothing_is_imported_for_the_type_checker_alone(file: Path) -> None:
    assert "TYPE_CHECKING" not in file.read_text(encoding="utf-8")


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
    ours = {"migration_guard.engine", "migration_guard.rules", "migration_guard.reading", "migration_guard.gathering"}
    assert not ours & modules_after("import migration_guard.cli")


def test_reports_without_colour_do_not_load_rich() -> None:
    modules = "text, concise, json, github, sarif, junit, gitlab, markdown"
    assert "rich" not in loaded(f"from migration_guard.report import {modules}")
