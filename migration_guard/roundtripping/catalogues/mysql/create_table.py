"""What SHOW CREATE TABLE says, as objects: its lines are as regular as only a program writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition
from migration_guard.roundtripping.catalogues.sqlite.create_table import SQLiteToken, tokens

_TEXTUAL = re.compile(r"(?:national )?(?:var)?char\b|(?:tiny|medium|long)?text\b|enum\b|set\b", re.IGNORECASE)
_COLUMN_WORDS = (
    ("CHARACTER", "SET"),
    ("COLLATE",),
    ("GENERATED", "ALWAYS", "AS"),
    ("NOT", "NULL"),
    ("NULL",),
    ("DEFAULT",),
    ("ON", "UPDATE"),
    ("AUTO_INCREMENT",),
    ("COMMENT",),
    ("INVISIBLE",),
    ("CHECK",),
    ("SRID",),
    ("COMPRESSED",),
    ("WITHOUT", "SYSTEM", "VERSIONING"),
)
_LABELS = {
    "CHARACTER SET": "charset",
    "COLLATE": "collation",
    "GENERATED ALWAYS AS": "generated",
    "DEFAULT": "default",
    "ON UPDATE": "on update",
    "COMMENT": "comment",
    "SRID": "srid",
}
_OPTION = re.compile(r"([A-Z_]+(?: [A-Z_]+)*)=('(?:[^']|'')*'|\([^)]*\)|\S+)")
_VERSIONED = re.compile(r"/\*!\d+\s*(.*?)\s*\*/", re.DOTALL)
_EXPLICIT = re.compile(r"_(?:ibfk|chk)_\d+$")
Objects = dict[CatalogueObject, Definition]


def read_table(name: str, sql: str) -> Objects:
    """A table with its columns, indexes and constraints."""
    # Conditional comments hold what old servers skip: partitions, invisible columns.
    lines = _VERSIONED.sub(r"\1", sql).split("\n")
    end = next(number for number in range(len(lines) - 1, -1, -1) if lines[number].startswith(")"))
    options, rest = _options(lines[end][1:])
    found: Objects = {
        CatalogueObject("table", name): Definition(None, {**options, **_partitions([rest, *lines[end + 1 :]])})
    }
    bodies = [line.strip().removesuffix(",") for line in lines[1:end]]
    for body in bodies:
        if body.startswith("`"):
            found.update(_column(name, body, options))
        elif not body.upper().startswith(_KEYS):
            found.update(_constraint(name, body))
    foreign = [(key, one.properties["definition"]) for key, one in found.items() if key.kind == "foreign key"]
    for body in bodies:
        if body.upper().startswith(_KEYS):
            found.update(_index(name, body, foreign))
    return found


_KEYS = ("PRIMARY KEY", "UNIQUE KEY", "KEY", "FULLTEXT KEY", "SPATIAL KEY", "VECTOR KEY")


def _options(line: str) -> tuple[dict[str, str], str]:
    """What stands behind the columns; the next number is no part of the schema."""
    found: dict[str, str] = {}
    end = 0
    for match in _OPTION.finditer(line):
        if match[1].startswith("PARTITION"):
            break
        end = match.end()
        label = match[1].removeprefix("DEFAULT ").lower()
        if label != "auto_increment":
            found[label] = match[2]
    return found, line[end:].strip()


def _partitions(lines: Sequence[str]) -> dict[str, str]:
    text = " ".join(line.strip() for line in lines if line.strip())
    return {"partitions": text} if text else {}


def _column(table: str, line: str, options: dict[str, str]) -> Objects:
    parts = tokens(line)
    name = parts[0].plain
    groups = _groups(parts[1:])
    type_ = groups.pop(0)[1]
    properties = {"type": type_, "nullable": "yes"}
    if _TEXTUAL.match(type_):
        properties |= {
            word: options[key] for word, key in (("charset", "charset"), ("collation", "collate")) if key in options
        }
    found: Objects = {}
    for words, value in groups:
        if words == "CHECK":
            found[CatalogueObject("check constraint", f"{table}.CHECK {value}")] = Definition(
                table, {"definition": f"CHECK {value}"}, system_named=True
            )
        elif words == "NOT NULL":
            properties["nullable"] = "no"
        elif words in _LABELS:
            properties[_LABELS[words]] = value
        elif words != "NULL":
            properties[words.lower().replace("_", " ")] = "yes"
    if properties.get("default") == "NULL":
        del properties["default"]
    return {CatalogueObject("column", f"{table}.{name}"): Definition(table, properties), **found}


def _groups(parts: Sequence[SQLiteToken]) -> list[tuple[str, str]]:
    """The type, then each clause with what follows it."""
    found: list[tuple[str, list[str]]] = [("", [])]
    number = depth = 0
    while number < len(parts):
        words = next((words for words in _COLUMN_WORDS if _stands(words, parts, number)), None) if not depth else None
        if words == ("NULL",) and found[-1] == ("DEFAULT", []):
            words = None
        if words:
            found.append((" ".join(words), []))
            number += len(words)
            continue
        depth += (parts[number].spelled == "(") - (parts[number].spelled == ")")
        found[-1][1].append(parts[number].plain if parts[number].kind == "word" else parts[number].spelled)
        number += 1
    return [(words, _joined(values)) for words, values in found]


def _stands(words: Sequence[str], parts: Sequence[SQLiteToken], number: int) -> bool:
    return tuple(part.word.upper() for part in parts[number : number + len(words)]) == tuple(words)


def _joined(values: Sequence[str]) -> str:
    return re.sub(r"([(.]) ", r"\1", re.sub(r" ([(),.])", r"\1", " ".join(values)))


def _constraint(table: str, line: str) -> Objects:
    """`CONSTRAINT name FOREIGN KEY ...` and `CONSTRAINT name CHECK ...`."""
    parts = tokens(line)
    name = parts[1].plain if parts[0].word == "constraint" else None
    definition = line if name is None else line[len("CONSTRAINT ") :].lstrip()[len(parts[1].plain) + 2 :].strip()
    definition = _unquoted(definition)
    kind = "foreign key" if definition.upper().startswith("FOREIGN") else "check constraint"
    if definition.upper().startswith("PERIOD"):
        kind = "period"
    chosen = name is None or name.upper().startswith("CONSTRAINT_") or bool(_is_chosen(name, table))
    part_of: tuple[CatalogueObject, ...] = ()
    if kind == "foreign key":
        target = re.search(r"REFERENCES (\S+) \(", definition)
        part_of = (CatalogueObject("table", target[1]),) if target else ()
    constraint = CatalogueObject(kind, f"{table}.{name or definition}")
    return {constraint: Definition(table, {"definition": definition}, system_named=chosen, part_of=part_of)}


def _is_chosen(name: str, table: str) -> bool:
    found = _EXPLICIT.search(name)
    return found is not None and name[: found.start()] == table


def _index(table: str, line: str, foreign: Sequence[tuple[CatalogueObject, str]]) -> Objects:
    line = _unquoted(line)
    head, _, rest = line.partition("(")
    columns = rest.partition(")")[0]
    if head.startswith("PRIMARY"):
        definition = f"({rest}"
        return {CatalogueObject("primary key", f"{table}.PRIMARY"): Definition(table, {"definition": definition})}
    kind, _, name = head.strip().partition("KEY ")
    properties = {"unique": "yes" if kind.startswith("UNIQUE") else "no", "definition": f"({rest}"}
    if kind.strip() in ("FULLTEXT", "SPATIAL", "VECTOR"):
        properties["kind"] = kind.strip().lower()
    first = columns.partition(",")[0]
    chosen = re.fullmatch(rf"{re.escape(first)}(?:_\d+)?", name) is not None
    # The server makes an index for a foreign key that has none; it comes and goes with it.
    part_of = tuple(key for key, text in foreign if text.startswith(f"FOREIGN KEY ({columns})"))
    return {
        CatalogueObject("index", f"{table}.{name}"): Definition(table, properties, system_named=chosen, part_of=part_of)
    }


def _unquoted(text: str) -> str:
    """Without the quotes of simple names."""
    return re.sub(r"`(\w+)`", r"\1", text)
