"""How PostgreSQL's catalogue is asked, and what all questions share. Knows SQL, and no kind of object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from migration_guard.roundtripping.catalogues.named_rows import expressions

R = TypeVar("R")

# Schemas of the user; what an extension owns is the extension's, and the functions of a range type are the type's.
# https://www.postgresql.org/docs/18/catalogs.html
SHARED = """
with u as materialized (select oid, nspname from pg_namespace
    where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp)'),
x as materialized (select classid, objid from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'
    union all select classid, objid from pg_depend where refclassid = 'pg_type'::regclass and deptype = 'i'
    and classid in ('pg_proc'::regclass, 'pg_cast'::regclass)),
r as materialized (select c.*, n.nspname from pg_class c join u n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.oid not in (select objid from x where classid = 'pg_class'::regclass)
    {only})
"""


@dataclass(frozen=True, slots=True, eq=False)
class CatalogueQuery:
    """
    One question, which is known by the class of its rows. `rest` is the statement from `from` on; `sources` name the
    fingerprints that the answer rests on.
    """

    row: type[NamedTuple]
    rest: str
    sources: tuple[str, ...]

    def sql(self, version: int) -> str:
        """The question as one row: the name of the class, and a JSON array of rows, which are arrays themselves."""
        fields = ", ".join(expressions(self.row, version))
        return (
            f"select '{self.row.__name__}', (select coalesce(json_agg(json_build_array({fields})), '[]')"
            f"::text {self.rest})"
        )


class Rows(dict[type, list[Any]]):
    """What was answered: rows by their class."""

    def of(self, row: type[R]) -> list[R]:
        """The rows of this class; none where they were not asked for."""
        return self.get(row, [])


class OfRelation(Protocol):
    """A row of what belongs to a table or a view."""

    @property
    def relation(self) -> int:
        """The number of the table or view."""


class NamedRow(Protocol):
    """A row of what has a number, and a name in a schema."""

    @property
    def oid(self) -> int:
        """Its number."""

    @property
    def schema(self) -> str:
        """The name of the schema."""

    @property
    def name(self) -> str:
        """Its own name."""


def statement(queries: Sequence[CatalogueQuery], version: int, *, only: str = "") -> str:
    """
    All these questions in one, for a server of this `server_version_num`. `only` is a further condition on tables,
    which are called `c`.
    """
    return SHARED.format(only=only) + " union all ".join(query.sql(version) for query in queries)


def grants_on(acl: str, kind: str, owner: str) -> str:
    """What is granted beyond what the owner of such an object grants by default, and what of that is revoked."""
    who = "case grantee when 0 then 'public' else pg_get_userbyid(grantee)::text end"
    word = f"privilege_type || ' to ' || {who} || case when is_grantable then ' with grant option' else '' end"
    given = f"select grantee, privilege_type, is_grantable from aclexplode({acl})"
    usual = f"select grantee, privilege_type, is_grantable from aclexplode(acldefault('{kind}', {owner}))"
    return (
        f"case when {acl} is not null then (select string_agg(word, ', ' order by word) from ("
        f"select {word} as word from ({given} except {usual}) g "
        f"union all select 'no ' || {word} from ({usual} except {given}) g) w) end"
    )


def unowned(oid: str, catalogue: str) -> str:
    """The condition that no extension owns it."""
    return f"{oid} not in (select objid from x where classid = '{catalogue}'::regclass)"


def role_name(column: str) -> str:
    """The name of a role, as of an owner."""
    return f"pg_get_userbyid({column})"
