"""
What happens to the names of a file beside plain definitions and assignments: setattr(), globals().update(), text that
is run as code, and whatever an imported file does where it is imported.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import libcst as cst

from migration_guard.model.objects import Opaque
from migration_guard.model.site import Site
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.handles import HANDLE_NAMES
from migration_guard.reading.functions import Functions
from migration_guard.reading.interpreter import library
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    CallValue,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
)
from migration_guard.reading.registered import leads_to_alembic, load_imports, registered
from migration_guard.reading.source.source import Source

_IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__"})
_READERS = frozenset({"copy", "get", "items", "keys", "values"})


class ModuleNames(Functions):
    """
    Follows what changes the names of modules. `replaced` is where, and why, this file may have given itself names that
    nobody wrote down, while it was imported. `folder` is that of env.py, or the one around the migrations.
    """

    def __init__(self, source: Source, module: Module, dialect: str, files: Files) -> None:
        super().__init__(source, module, dialect)
        self.files = files
        self.folder = os.path.dirname(files.env or os.path.dirname(source.path))
        self.replaced: tuple[cst.CSTNode | None, str] | None = None
        self.done_at_import: list[Opaque] = []
        self._has_imports = False

    def site(self, node: cst.Call | None) -> Site:
        """Where an operation stands."""
        raise NotImplementedError

    def shown(self, node: cst.CSTNode | None) -> str:
        """A node's code on one line, shortened."""
        raise NotImplementedError

    def load(self, path: str) -> Module | None:
        """Another file of the project, its top level read."""
        raise NotImplementedError

    @property
    def is_assembled(self) -> bool:
        """Whether the file may have names that nobody wrote down in it."""
        return "__getattr__" in self.module.names or self.replaced is not None

    def assembled(self, reason: str) -> None:
        """Notes what may give the file names that nobody wrote down, or replace those that somebody wrote."""
        if not self.listening:
            self.replaced = self.replaced or (self._statement, reason)

    def resolve(self, symbol: Symbol) -> Value:
        """What an imported name stands for, where its file belongs to the project."""
        path = symbol.path
        if path.startswith(("alembic", "sqlalchemy", "builtins.")):
            return symbol
        if path.rpartition(".")[2] in HANDLE_NAMES and "." in path:
            return Symbol("alembic.op")
        found = self.files.module(path, symbol.origin or self.module.path)
        if found is None:
            return symbol
        file, rest = found
        module = self.load(file)
        if module is None:
            return symbol
        value: Value = module
        for name in filter(None, rest.split(".")):
            value = module.names.get(name, symbol) if value is module else self.attribute_of(value, name)
            if value is symbol:
                return symbol
        return self.resolve(value) if isinstance(value, Symbol) and value != symbol else self.filled(value)

    def filled(self, value: Value) -> Value:
        """What another module has, once whatever else is imported has put in what it registers there."""
        if isinstance(value, Items | Pairs) and value.size == 1 and not self._has_imports:
            self._has_imports = True
            load_imports(self.source.text, self.module, self.files, self.load)
        return value

    def why_unread(self, value: Value) -> str:
        """What to add to a sentence, where a name is of a file of the project that is not read; else nothing."""
        found = self.files.module(value.path, value.origin or self.module.path) if isinstance(value, Symbol) else None
        if found is None or found[0] not in self.files.refused:
            return ""
        return f"; {below(found[0], self.files.root)} is not read: {self.files.refused[found[0]]}"

    def registered(self, name: str) -> Function | None:
        """The method that the project registers as the directive `op.name`; None where it registers none."""
        return registered(name, self.module, self.source.text, self.files, self.load)

    def is_holder(self, value: Value) -> bool:
        """Whether a function or an object of a package got code of the project to keep."""
        if isinstance(value, Function):
            return value.node in value.module.holders
        made_in = self.load(value.path) if isinstance(value, CallValue) else None
        modules = (self.frame.module, made_in)
        return isinstance(value, CallValue) and any(one is not None and value.node in one.holders for one in modules)

    def source_of(self, module: Module) -> Source:
        """The source that a module's nodes belong to."""
        return self.source if module is self.module else self.files.source(module.path) or self.source

    def imported(self, path: str) -> None:
        """Takes down what a file of the project does where it is imported."""
        found = self.files.module(path, self.frame.module.path)
        if found is None or not self.files.once(found[0], lambda file: leads_to_alembic(file, self.folder, self.files)):
            return
        module, file = self.load(found[0]), below(found[0], self.files.root)
        if module is None and found[0] in self.files.refused:
            reason = f"{file} may run operations where it is imported, and is not read: {self.files.refused[found[0]]}"
        elif module is not None and module.works:
            reason = f"{file} runs operations where it is imported"
        else:
            return
        if self.listening:
            self.opaque(None, self.shown(self._statement), reason)
        else:
            self.done_at_import.append(Opaque(site=self.site(None), what=self.shown(self._statement), reason=reason))

    def changed_names(self, made: CallValue) -> Value | None:
        """What a call gives that imports a module or changes names; None for any other call."""
        function, arguments = made.function, made.arguments
        if isinstance(function, Attribute):
            return self._changed_by_method(made, function)
        if not isinstance(function, Symbol):
            return None
        if function.path in _IMPORTERS and isinstance(name := made.argument(0, "name"), Text):
            self.imported(name.shown)
            return self.resolve(Symbol(name.shown, self.frame.module.path))
        match function.path, arguments:
            case "builtins.setattr", (owner, Text() as name, value) if name.known:
                self.set_attribute(owner, name.value, value)
                return NONE
            case "builtins.vars", (CallValue() as owner,):
                return self.attribute_of(owner, "__dict__")
            case "builtins.setattr", (Module(), *_):
                self.assembled("it gives names to what it puts among those of the module")
            case "builtins.eval", _ if not self.listening:
                return Unknown("it is the value of a text that is run as code")
            case "builtins.exec", _:
                self.assembled("it runs text as code when the file is imported, which may define it anew")
        return None

    def _changed_by_method(self, made: CallValue, function: Attribute) -> Value | None:
        module = library.module_of(function.owner, self.frame.module)
        if module is None:
            return None
        if made.name == "get" and isinstance(key := made.argument(0, "key"), Text):
            return self.lookup(key.value)
        if made.name == "update" and all(isinstance(one, Pairs) for one in made.arguments):
            given = [pair for one in made.arguments if isinstance(one, Pairs) for pair in one.pairs]
            if all(one.complete for one in made.arguments if isinstance(one, Pairs)):
                for key, value in (*given, *((Text(name), value) for name, value in made.keywords)):
                    self.assign_by(module, key, value)
                return NONE
        if made.name not in _READERS:
            self.assembled("it gives names to what it puts among those of the module")
        return None


@lru_cache(maxsize=512)
def below(path: str, root: str) -> str:
    """A file as seen from the root of the project: asked for each operation of a helper."""
    return Path(os.path.relpath(path, root)).as_posix()
