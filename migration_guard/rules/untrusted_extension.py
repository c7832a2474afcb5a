from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.objects import RunSql
from migration_guard.rules import Context, Rule

NAME = re.compile(r'\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(?P<name>[\w-]+)', re.IGNORECASE)
TRUSTED = frozenset(
    (
        *("bool_plperl", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "fuzzystrmatch", "hstore"),
        *("intarray", "isn", "jsonb_plperl", "lo", "ltree", "pg_trgm", "pgcrypto", "plperl", "plpgsql", "pltcl", "seg"),
        *("tablefunc", "tcn", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp"),
    )
)
FIRST = (13,)


class UntrustedExtension(Rule[RunSql]):
    """
    Only a superuser may create the extension, so the migration fails where the application's role runs it.

    ## What happens

    From PostgreSQL 13 on whoever may create objects in a database may also create its *trusted* extensions. All others
    take a superuser, or a hosted database that allows them.

    ```python bad
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    ```

    ## To whom

    The first deploy with a role that has fewer rights than the one on the laptop.

    ## When it is no hazard

    The trusted extensions of PostgreSQL itself, from version 13 on, and those that `trusted-extensions` names:

    ```python good
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    ```

    ## What to write instead

    Have it created once by whoever runs the database, and name it in `trusted-extensions`.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-createextension.html
    - Which ones are trusted: https://www.postgresql.org/docs/18/contrib.html, and `trusted = true` in the control files
      of PostgreSQL 18
    """

    code = "MG814"
    severity = Severity.INFO
    enabled = False
    dialects = ("postgresql",)
    message = "The application's role may not create extension {name}: that takes a superuser."
    help = "Have it created by whoever runs the database, and name it in trusted-extensions."

    def check(self, subject: RunSql, context: Context) -> Iterator[Finding]:
        found = NAME.search(subject.site.sql or "") if subject.kind.startswith("CREATE EXTENSION") else None
        if found is None:
            return
        name = found["name"].lower()
        trusted = name in TRUSTED and context.target.version >= FIRST
        if not trusted and not matches(name, context.conventions.trusted_extensions):
            yield self.finding(subject, objects=[name], name=name)
