"""
Prints how many defects of downgrades lint names: a right history is broken in one place at a time, by general operators
on its source. A mutant counts where PostgreSQL shows the defect (up, down and up again, with the catalogue compared),
and is named where lint says something of the revision that it does not say of the right history.
"""

from __future__ import annotations

import argparse
import ast
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from migration_guard import api
from migration_guard.roundtripping.catalogues import Snapshot, catalogue, differences
from migration_guard.roundtripping.servers.access import Access, url
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.find import Server, ServerRequest, server

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Edit:
    """Text in the place of a node."""

    node: ast.expr | ast.stmt
    text: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing in it that is wrong. `operator` says how it was broken, `what` where."""

    file: str
    operator: str
    what: str
    source: str

    @property
    def revision(self) -> str:
        return self.file.partition("_")[0]


# --- operators on Python --------------------------------------------------------------------------------------------

Change = tuple[str, str, list[Edit]]
KEPT = re.compile(
    r"existing_|type_|source_schema|referent_schema|checkfirst|create_type|name|.*schema$|nullable|initially"
)
OTHER_TYPES = {"Integer": "BigInteger", "BigInteger": "Integer", "SmallInteger": "Integer", "Text": "LargeBinary"}
OTHER_TYPES |= {"JSONB": "JSON", "Boolean": "Integer", "Date": "DateTime", "Numeric": "Float"}
OTHER_WORDS = {"CASCADE": "SET NULL", "RESTRICT": "CASCADE", "SET NULL": "CASCADE", "DEFERRED": "IMMEDIATE"}


def of_statements(function: ast.FunctionDef) -> Iterator[Change]:
    """A statement is forgotten, two stand in the wrong order."""
    for node in ast.walk(function):
        body = [one for one in getattr(node, "body", []) if isinstance(one, ast.Expr)]
        for one in body:
            yield "statement forgotten", said(one), [Edit(one, "pass")]
        for first, second in pairwise(body) if function.name == "downgrade" else ():
            yield (
                "statements swapped",
                said(first),
                [Edit(first, ast.unparse(second)), Edit(second, ast.unparse(first))],
            )


def of_names(function: ast.FunctionDef) -> Iterator[Change]:
    """A name is mistyped, a schema left out."""
    for call in calls(function):
        by_place = ast.unparse(call.func).startswith(("op.", "batch_op.")) and call.func.attr != "f"
        for name in call.args[: 2 if by_place else 0]:
            if is_text(name) and re.fullmatch(r"\w+", name.value):
                yield "name mistyped", said(call), [Edit(name, repr(name.value + "s"))]
        for keyword in call.keywords:
            if (keyword.arg or "").endswith("schema"):
                yield "schema left out", said(call), [without(call, keyword)]


def of_arguments(function: ast.FunctionDef) -> Iterator[Change]:
    """An option is left out or another one, a type another one, columns stand in another order."""
    for call in calls(function):
        for keyword in call.keywords:
            if not KEPT.fullmatch(keyword.arg or ""):
                yield f"{keyword.arg} left out", said(call), [without(call, keyword)]
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool):
                yield f"{keyword.arg} otherwise", said(call), [Edit(keyword.value, repr(not keyword.value.value))]
            elif is_text(keyword.value) and keyword.arg in ("server_default", "comment", "ondelete", "initially"):
                text = keyword.value.value
                other = OTHER_WORDS.get(text, "" if text == "new" else text + "s")
                yield f"{keyword.arg} otherwise", said(call), [Edit(keyword.value, repr(other))]
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in OTHER_TYPES:
            yield "type otherwise", said(call), [Edit(call, f"sa.{OTHER_TYPES[name]}()")]
        for size in call.args:
            if isinstance(size, ast.Constant) and type(size.value) is int:
                yield "length otherwise", said(call), [Edit(size, repr(size.value + 10))]
        for columns in call.args:
            if isinstance(columns, ast.List) and len(columns.elts) > 1:
                turned = ast.List(columns.elts[::-1])
                yield "columns in another order", said(call), [Edit(columns, ast.unparse(turned))]


def without(call: ast.Call, keyword: ast.keyword) -> Edit:
    rest = [one for one in call.keywords if one is not keyword]
    return Edit(call, ast.unparse(ast.Call(call.func, call.args, rest)))


def calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def said(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


# --- operators on SQL -----------------------------------------------------------------------------------------------

NAMED = r"TABLE|INDEX|VIEW|TRIGGER|FUNCTION|POLICY|TYPE|SEQUENCE|CONSTRAINT|COLUMN|SCHEMA|DOMAIN|STATISTICS|EXTENSION"
NAMES = {
    "name mistyped": (rf"\b((?:{NAMED}|TO|ON) (?:\w{{2,}}\.)?[a-z]\w+)(?!\.)", r"\1s"),
    "schema left out": (r"\b(?:billing|audit)\.", ""),
}
TEXTS = {
    "condition left out": (r" (?:WHERE(?= state)|WHEN|WITH CHECK|USING(?= \()) ?\([^()]*\)| WHERE state = 'open'", ""),
    "INCLUDE left out": (r" INCLUDE \([^()]*\)", ""),
    "direction left out": (r" DESC", ""),
    "UNIQUE left out": (r"\bUNIQUE ", ""),
    "ON DELETE left out": (r" ON DELETE (?:SET )?\w+", ""),
    "DEFAULT left out": (r", ALTER COLUMN \w+ (?:SET|DROP) (?:DEFAULT|NOT NULL)[^,]*", ""),
    "method otherwise": (r"USING gist", "USING btree"),
    "labels in another order": (r"('\w+'), ('\w+')", r"\2, \1"),
    "label left out": (r", '\w+'(?=\))", ""),
    "constant otherwise": (r"'(\w[^']*)'", r"'\1x'"),
    "number otherwise": (r"\b(\d+)\b", r"1\1"),
    "comparison otherwise": (r"(?<= )(?:>=|<)(?= )", ">"),
    "column left out": (r", \w+(?:\.\w+)?(?= FROM|\))", ""),
    "moment otherwise": (r"\bBEFORE\b", "AFTER"),
    "event otherwise": (r"\b(?:INSERT OR UPDATE|UPDATE)\b(?= ON)", "INSERT"),
    "level otherwise": (r"FOR EACH ROW", "FOR EACH STATEMENT"),
    "privilege otherwise": (r"(?<=GRANT |EVOKE )(?:SELECT, )?INSERT\b", "UPDATE"),
    "command otherwise": (r"FOR SELECT", "FOR DELETE"),
    "join otherwise": (r"\bJOIN\b", "LEFT JOIN"),
}


def of_sql(function: ast.FunctionDef) -> Iterator[Change]:
    """SQL that says something else: wherever a text is given to a call."""
    operators = {**NAMES, **TEXTS} if function.name == "downgrade" else NAMES
    for text in (one for call in calls(function) for one in call.args if is_text(one) and " " in one.value):
        for operator, (pattern, other) in operators.items():
            for match in re.finditer(pattern, text.value):
                changed = text.value[: match.start()] + match.expand(other) + text.value[match.end() :]
                yield operator, f"{said(text)}: {match.group()!r}", [Edit(text, repr(changed))]


# --- mutants --------------------------------------------------------------------------------------------------------

OPERATORS = {"upgrade": (of_names, of_sql), "downgrade": (of_statements, of_names, of_arguments, of_sql)}


def mutants(folder: Path) -> Iterator[Mutant]:
    """Each way to break one place of a file of the history, once."""
    for file in sorted(folder.glob("migrations/versions/*.py")):
        source = file.read_text()
        seen = {source}
        for function in ast.parse(source).body:
            if not isinstance(function, ast.FunctionDef) or function.name not in OPERATORS:
                continue
            for operators in OPERATORS[function.name]:
                for operator, what, edits in operators(function):
                    broken = edited(source, edits)
                    if broken not in seen:
                        seen.add(broken)
                        yield Mutant(file.name, operator, f"{function.name}: {what}", broken)


def sample(every: Iterable[Mutant], most: int) -> Iterator[Mutant]:
    """At most so many of each operator, as evenly spread as can be."""
    by_operator: dict[str, list[Mutant]] = defaultdict(list)
    for one in every:
        by_operator[one.operator].append(one)
    for each in by_operator.values():
        yield from each if len(each) <= most else (each[len(each) * turn // most] for turn in range(most))


def edited(source: str, edits: list[Edit]) -> str:
    """The source with the edits made, the last one first."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda one: one.node.lineno, reverse=True):
        node = edit.node
        first, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        source = source[:first] + edit.text + source[end:]
    return source


# --- the database ---------------------------------------------------------------------------------------------------


class Trial:
    """The history on a server, with a database for each point of it."""

    def __init__(self, folder: Path, found: Server) -> None:
        self.folder = folder
        self.server = found
        self.before: dict[str, Destination] = {}

    def prepare(self) -> None:
        """Makes the databases in which each revision is the next one."""
        place = self.server.create()
        for file in sorted(self.folder.glob("migrations/versions/*.py")):
            revision = file.name.partition("_")[0]
            self.before[revision] = place
            place = self.copied(place)
            self.step(place, revision)

    def copied(self, place: Destination) -> Destination:
        copy = self.server.copy(place)
        if copy is None:
            sys.exit("This server cannot copy a database.")
        return copy

    def step(self, place: Destination, revision: str, *, up: bool = True) -> None:
        config = Config(self.folder / "alembic.ini", stdout=StringIO())
        config.set_main_option("script_location", str(self.folder / "migrations"))
        config.set_main_option(
            "sqlalchemy.url", url(place, "psycopg").render_as_string(hide_password=False).replace("%", "%%")
        )
        command.upgrade(config, revision) if up else command.downgrade(config, "-1")

    def is_defect(self, mutant: Mutant) -> bool:
        """Whether the revision does not go up, down and up again, or leaves another catalogue than it met."""
        place = self.copied(self.before[mutant.revision])
        try:
            met = snapshot(place)
            self.step(place, mutant.revision)
            made = snapshot(place)
            self.step(place, mutant.revision, up=False)
            left = snapshot(place)
            self.step(place, mutant.revision)
            return bool(differences(met, left) or differences(made, snapshot(place)))
        except (SQLAlchemyError, CommandError, TypeError):
            return True
        finally:
            self.server.drop(place)


def snapshot(place: Destination) -> Snapshot:
    with Access.open(place) as access:
        return catalogue(access, "postgresql", version_table="alembic_version", version_schema=None).take()


@contextmanager
def written(folder: Path, mutant: Mutant) -> Iterator[None]:
    """The history with the mutant in the place of the right file."""
    file = folder / "migrations" / "versions" / mutant.file
    right = file.read_text()
    file.write_text(mutant.source)
    try:
        yield
    finally:
        file.write_text(right)


# --- lint -----------------------------------------------------------------------------------------------------------


def findings(folder: Path) -> Counter[tuple[str, str]]:
    """How often lint names a file, by rule."""
    report = api.lint(folder=folder, target="postgresql 15")
    return Counter((Path(one.path).name, one.code) for one in report.findings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=60, help="mutants of one operator, spread over the history")
    parser.add_argument("--only", default="", help="revisions that begin like this")
    options = parser.parse_args()
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as place, server(ServerRequest(dialect="postgresql")) as found:
        folder = Path(shutil.copytree(LIBRARY, Path(place) / "library"))
        trial = Trial(folder, found)
        trial.prepare()
        right = findings(folder)
        named: dict[str, list[bool]] = defaultdict(list)
        said_by: Counter[str] = Counter()
        missed = []
        for mutant in sample(mutants(LIBRARY), options.most):
            if not mutant.file.startswith(options.only):
                continue
            with written(folder, mutant):
                if not trial.is_defect(mutant):
                    continue
                new = {code for file, code in findings(folder) - right if file == mutant.file}
            named[mutant.operator].append(bool(new))
            said_by.update(new)
            if not new:
                missed.append(mutant)
        report(named, said_by, missed)


def report(named: dict[str, list[bool]], said_by: Counter[str], missed: list[Mutant]) -> None:
    print(f"{'operator':28}{'defects':>8}{'named':>8}")
    for operator, each in sorted(named.items(), key=lambda one: (-len(one[1]), one[0])):
        print(f"{operator:28}{len(each):8}{sum(each):8}")
    every = [one for each in named.values() for one in each]
    print(f"{'all':28}{len(every):8}{sum(every):8}  {sum(every) / max(1, len(every)):.1%}")
    print("\nnamed by " + ", ".join(f"{code} ({count})" for code, count in said_by.most_common()))
    for mutant in missed:
        print(f"missed: {mutant.revision} {mutant.operator}: {mutant.what}")


if __name__ == "__main__":
    main()
