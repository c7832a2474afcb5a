"""
Directives that a project defines itself, with `@Operations.register_operation` and `@Operations.implementation_for`
(https://alembic.sqlalchemy.org/en/latest/api/operations.html#operation-plugins): where they are written; and whatever
else a project registers where it is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import Function, Module
from migration_guard.regular_files import is_below

REGISTERS = "register_operation"
DEEPEST_IMPORTS = 3
MOST_FILES = 300
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>[.\w]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]*)|import[ \t]+(?P<path>[.\w]+))",
    re.MULTILINE,
)


def registered(
    name: str, module: Module, text: str, files: Files, load: Callable[[str], Module | None]
) -> Function | None:
    """
    The method that a project registers as the directive `op.name`: in a module, in what its `text` imports, or in what
    env.py imports, directly or through a few others. None where none of these does.
    """
    if name in module.directives:
        return module.directives[name]
    nearest = [found[0] for one in _dotted_imports(text) if (found := files.module(one, module.path)) is not None]
    for path in _imported([*nearest, *([files.env] if files.env is not None else [])], files):
        other = load(path) if REGISTERS in (files.text(path) or "") else None
        if other is not None and name in other.directives:
            return other.directives[name]
    return None


def load_imports(text: str, module: Module, files: Files, load: Callable[[str], Module | None]) -> None:
    """Reads the modules of the project that a module imports, for what they do to others when they are imported."""
    for dotted in _dotted_imports(text):
        found = files.module(dotted, module.path)
        if found is not None:
            load(found[0])


def leads_to_alembic(path: str, folder: str, files: Files) -> bool:
    """
    Whether a file has the name of Alembic in it, without which none has its operations, or imports one that has it. Of
    what the application imports that is not asked, only of what stands beside the migrations, in the `folder`.
    """
    seen = {path}
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if "alembic" in (files.text(one) or ""):
            return True
        for dotted in files.noted(one, _dotted_imports) if is_below(one, folder) else ():
            found = files.module(dotted, one)
            if found is not None and found[0] not in seen:
                seen.add(found[0])
                waiting.append(found[0])
    return False


def _imported(paths: list[str], files: Files) -> Iterator[str]:
    """These files and those of the project that they import, nearest first."""
    seen = dict.fromkeys(paths)
    paths = list(seen)
    for _ in range(DEEPEST_IMPORTS):
        yield from paths
        further: dict[str, None] = {}
        for path in paths:
            for dotted in files.noted(path, _dotted_imports):
                found = files.module(dotted, path)
                if found is not None and found[0] not in seen:
                    further[found[0]] = None
        paths = list(further)[: max(0, MOST_FILES - len(seen))]
        seen.update(further)


def _dotted_imports(text: str) -> tuple[str, ...]:
    """The dotted paths that a module imports: for `from a import b`, which may be a module, `a.b`."""
    found: dict[str, None] = {}
    for match in _IMPORT.finditer(text):
        if match["path"]:
            found[match["path"]] = None
            continue
        base = match["base"] if match["base"].endswith(".") else f"{match['base']}."
        names = re.findall(r"(?:^|,)\s*(\w+)", match["names"].strip("() \t\r\n"))
        found.update(dict.fromkeys([base.rstrip(".") or base, *(base + name for name in names)]))
    return tuple(found)
