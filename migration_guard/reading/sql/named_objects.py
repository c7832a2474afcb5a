"""
CREATE, ALTER and DROP of what goes by its name alone (functions, triggers, policies, extensions ...), and GRANT and
COMMENT, word by word, as any dialect writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.named_objects import (
    AlterObject,
    CreateType,
    DropObjects,
    MakeObject,
    SetObjectComment,
    SetProperties,
)
from migration_guard.model.objects import RunSql
from migration_guard.model.privileges import privilege_on_schema
from migration_guard.model.schema import ROUTINES, Name, NamedObject, ObjectKey, comment_of
from migration_guard.model.target import without_default
from migration_guard.model.unknown import has_hole
from migration_guard.reading.sql.tokens import BODY, MARK, NAME, WORD, Statement

_KINDS: dict[str, str] = {
    **{word: word.lower() for word in ("FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "POLICY", "RULE", "DOMAIN")},
    **{word: word.lower() for word in ("EXTENSION", "PUBLICATION", "SUBSCRIPTION", "STATISTICS", "COLLATION")},
    **{word: word.lower() for word in ("ROLE", "SERVER", "LANGUAGE")},
    "USER": "role",
    "EVENT": "event",
}
_ON_A_TABLE = {"TRIGGER": "ON", "POLICY": "ON", "RULE": "TO"}
_BEFORE_KIND = frozenset({"OR", "REPLACE", "CONSTRAINT", "TRUSTED", "PROCEDURAL", "DEFINER", "=", "AGGREGATE", "@"})


_DOLLARS = re.compile(r"^\$\w*\$|\$\w*\$$")
_TYPES = {"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean"}


class ObjectReader:
    """Reads one statement of this sort. `base` is what it is otherwise: that of its kind which does nothing."""

    def __init__(self, statement: Statement, base: RunSql) -> None:
        self.statement = statement
        self.base = base
        self.position = 0

    def read(self) -> RunSql:
        """The operation; `base` where the statement is of another sort, or its names are not known."""
        words = self.statement.words(2)
        match words:
            case ("CREATE", *_):
                found = self._create()
            case ("ALTER", *_):
                found = self._alter()
            case ("DROP", *_):
                found = self._drop()
            case ("GRANT" | "REVOKE", *_):
                found = self._grant()
            case ("COMMENT", "ON"):
                found = self._comment()
            case _:
                found = None
        return self.base if found is None else found

    # --- words ------------------------------------------------------------------------------------------------------

    def _take(self, *words: str) -> bool:
        if self.statement.words(len(words), self.position) != words:
            return False
        self.position += len(words)
        return True

    def _name(self) -> Name | None:
        """The name that stands here, if it is known."""
        tokens, fold = self.statement.tokens, self.statement.dialect == "postgresql"
        parts: list[str] = []
        while self.position < len(tokens) and tokens[self.position].kind in (WORD, NAME):
            parts.append(tokens[self.position].name(fold))
            self.position += 1
            if self.position < len(tokens) and tokens[self.position].raw == ".":
                self.position += 1
            else:
                break
        if not parts or any(map(has_hole, parts)):
            return None
        schema = parts[-2] if len(parts) > 1 else None
        return Name(parts[-1], without_default(schema, self.statement.dialect))

    def _kind(self) -> str | None:
        """The word that says what is made, changed or dropped; the position is behind it then."""
        tokens = self.statement.tokens
        self.position = 1
        if self._take("EVENT", "TRIGGER"):
            return "EVENT TRIGGER"
        while self.position < min(len(tokens), 9):
            word = tokens[self.position].word
            if word in _KINDS and not (
                word == "AGGREGATE" and self.statement.words(1, self.position + 1) == ("FUNCTION",)
            ):
                self.position += 1
                return word
            if word not in _BEFORE_KIND and not self._follows_definer():
                return None
            self.position += 1
        return None

    def _follows_definer(self) -> bool:
        """Whether the token here is a part of MySQL's DEFINER = user@host."""
        before = self.statement.words(self.position)
        return "DEFINER" in before and self.position - before.index("DEFINER") < 5

    # --- CREATE -----------------------------------------------------------------------------------------------------

    def _create(self) -> RunSql | None:
        if self.statement.words(2) == ("CREATE", "TYPE"):
            self.position = 2
            name = self._name()
            return CreateType(**self._common(), type=name) if name is not None else None  # type: ignore[arg-type]
        kind = self._kind()
        if kind is None:
            return None
        replaces = "REPLACE" in self.statement.words(self.position)
        guarded = self._take("IF", "NOT", "EXISTS")
        key = self._key(kind)
        if key is None:
            return None
        signature = self._signature() if key.kind in ROUTINES else None
        made = NamedObject(key, self._definition(kind), tuple(self._uses(kind)), signature=signature)
        return MakeObject(**self._common(), made=made, or_replace=replaces, if_not_exists=guarded)  # type: ignore[arg-type]

    def _key(self, kind: str) -> ObjectKey | None:
        name = self._name()
        if name is None:
            return None
        if kind not in _ON_A_TABLE:
            return ObjectKey(_KINDS.get(kind, kind.lower()), name)
        self.position = self.statement.find(self.position, _ON_A_TABLE[kind]) + 1
        table = self._name()
        if table is None and self.statement.dialect == "postgresql":
            return None
        return ObjectKey(kind.lower(), Name(name.name), table)

    def _uses(self, kind: str) -> Iterator[Name]:
        """The function of a trigger, or the table that statistics are kept of."""
        if kind == "STATISTICS":
            self.position = self.statement.find(self.position, "FROM") + 1
            name = self._name()
            if name is not None:
                yield name
        if not kind.endswith("TRIGGER"):
            return
        self.position = self.statement.find(self.position, "EXECUTE") + 1
        if self._take("FUNCTION") or self._take("PROCEDURE"):
            name = self._name()
            if name is not None:
                yield name

    def _signature(self) -> str | None:
        """The parameters in parentheses; None where a piece is not known."""
        if self.statement.has_hole or self.statement.words(1, self.position) != ("(",):
            return None
        end = self.statement.closing(self.position) + 1
        return " ".join(_in_one_way(token.kind, token.raw) for token in self.statement.tokens[self.position : end])

    def _definition(self, kind: str) -> str | None:
        """
        The statement without OR REPLACE and IF NOT EXISTS, written in one way; None where a piece is not known. What
        stands behind the parameters of a function may stand in any order. EXECUTE PROCEDURE is the old name of EXECUTE
        FUNCTION. https://www.postgresql.org/docs/18/sql-createtrigger.html
        """
        if self.statement.has_hole:
            return None
        if kind.lower() in ROUTINES and self.statement.words(1, self.position) == ("(",):
            end = self.statement.closing(self.position) + 1
            clauses = [_in_one_way(token.kind, token.raw) for token in self.statement.tokens[end:]]
            return f"{self._signature()} {' '.join(sorted(clauses))}"
        text = written(self.statement).replace(" execute procedure ", " execute function ", 1)
        return text.replace("create or replace ", "create ", 1).replace(" if not exists ", " ", 1)

    # --- ALTER and DROP ---------------------------------------------------------------------------------------------

    def _alter(self) -> RunSql | None:
        kind = self._kind()
        if kind is None:
            return None
        key = self._key(kind)
        if key is None:
            return None
        if kind.lower() in ROUTINES and self.statement.words(1, self.position) == ("(",):
            self.position = self.statement.closing(self.position) + 1
        if self._take("RENAME", "TO"):
            new = self._name()
            if new is None:
                return None
            return AlterObject(**self._common(), key=key, new_name=Name(new.name, key.name.schema))  # type: ignore[arg-type]
        if self.statement.words(1, self.position) == ("OWNER",):
            return None
        return AlterObject(**self._common(), key=key)  # type: ignore[arg-type]

    def _drop(self) -> RunSql | None:
        kind = self._kind()
        if kind is None:
            return None
        if_exists = self._take("IF", "EXISTS")
        keys: list[ObjectKey] = []
        while True:
            key = self._dropped(kind)
            if key is None:
                return None
            keys.append(key)
            if self.statement.words(1, self.position) == ("(",):
                self.position = self.statement.closing(self.position) + 1
            if not self._take(","):
                break
        cascade = self.statement.words(1, self.position) == ("CASCADE",)
        return DropObjects(**self._common(), keys=tuple(keys), if_exists=if_exists, cascade=cascade)  # type: ignore[arg-type]

    def _dropped(self, kind: str) -> ObjectKey | None:
        """The object that is dropped: behind DROP all that are on a table stand before ON."""
        name = self._name()
        if name is None:
            return None
        if kind not in _ON_A_TABLE:
            return ObjectKey(_KINDS.get(kind, kind.lower()), name)
        table = self._name() if self._take("ON") else None
        return ObjectKey(kind.lower(), Name(name.name), table)

    # --- properties -------------------------------------------------------------------------------------------------

    def _grant(self) -> RunSql | None:
        """GRANT and REVOKE of privileges on tables and schemas; what else is granted is not kept."""
        granting = self.statement.words(1) == ("GRANT",)
        on = self.statement.find(1, "ON")
        to = self.statement.find(on, "TO" if granting else "FROM")
        if on >= len(self.statement.tokens) or to >= len(self.statement.tokens) or self.statement.has_hole:
            return None
        privileges = [word for word in self.statement.words(on - 1, 1) if word.isalpha() and word != "PRIVILEGES"]
        if "(" in self.statement.words(on) or {"GRANT", "OPTION"} & set(privileges):
            return None
        self.position = on + 1
        self._take("TABLE")
        of_schema = self._take("SCHEMA")
        owners = list(self._names_to(to))
        self.position = to + 1
        roles = list(self._names_to(len(self.statement.tokens)))
        if not owners or not roles:
            return None
        keys = tuple(
            privilege_on_schema(privilege, str(role), owner.name)
            if of_schema
            else ObjectKey(f"privilege {privilege} for {role} on", owner, owner)
            for owner in owners
            for role in roles
            for privilege in privileges
        )
        return SetProperties(**self._common(), keys=keys, value="granted" if granting else None)  # type: ignore[arg-type]

    def _names_to(self, end: int) -> Iterator[Name]:
        """The names in a list that ends there; none where other words stand in it."""
        found: list[Name] = []
        while self.position < end:
            name = self._name()
            if name is None:
                return
            found.append(name)
            if self.position < end and not self._take(","):
                if self.statement.words(1, self.position)[0] in ("CASCADE", "RESTRICT", "WITH", "GRANTED"):
                    break
                return
        yield from found

    def _comment(self) -> RunSql | None:
        """COMMENT ON a table, a view, or what goes by its kind and its name."""
        self.position = 2
        if self._take("TABLE"):
            table = self._name()
            key = comment_of(table) if table is not None else None
        elif self._take("VIEW") or self._take("MATERIALIZED", "VIEW"):
            view = self._name()
            key = ObjectKey("view", view) if view is not None else None
        else:
            key = self._commented()
        if key is None or not self._take("IS"):
            return None
        written = self.statement.tokens[self.position :]
        value = None if not written or written[0].word == "NULL" else written[0].word or None
        if value is not None and has_hole(value):
            return None
        if key.table is not None and key == comment_of(key.table):
            return SetProperties(**self._common(), keys=(key,), value=value)  # type: ignore[arg-type]
        return SetObjectComment(**self._common(), key=key, comment=value)  # type: ignore[arg-type]

    def _commented(self) -> ObjectKey | None:
        kind = next((word for word in self.statement.words(1, self.position) if word in _KINDS), None)
        if kind is None:
            return None
        self.position += 1
        key = self._dropped(kind)
        if self.statement.words(1, self.position) == ("(",):
            self.position = self.statement.closing(self.position) + 1
        return key

    def _common(self) -> dict[str, object]:
        base = self.base
        return {"site": base.site, "kind": base.kind, "tables": base.tables, "literals": base.literals}


def written(statement: Statement, first: int = 0) -> str:
    """The statement from this token on, written in one way: lower case outside quotes, single blanks."""
    return " ".join(_in_one_way(token.kind, token.raw) for token in statement.tokens[first:])


def _in_one_way(kind: str, raw: str) -> str:
    if kind == BODY:
        return " ".join(_DOLLARS.sub("$$", raw).split())
    return _TYPES.get(raw.lower(), raw.lower()) if kind in (WORD, MARK) else raw
