"""What a team has agreed on about its schema, as plain data: the options of the rules on conventions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

Names = tuple[str, ...]
DATED = r"^\d{8}_\d{4}_[a-z0-9_]+\.py$"
"""The pattern of file names that is called `dated`."""


def _meaning(words: str) -> dict[str, str]:
    return {"meaning": words}


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern stands for this name (`users`, `billing.invoices`). One without a schema does in any schema."""
    bare = name.rpartition(".")[2]
    return any(fnmatchcase(name if "." in one else bare, one) for one in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """
    What a team has agreed on: each option with its meaning, as docs/conventions.md has it.

    Tables and columns are named by patterns: `*` stands for anything, and a name without a schema for the table in
    every schema.
    """

    exempt_tables: tuple[tuple[str, Names], ...] = field(
        default=(), metadata=_meaning("tables that the conventions leave alone; or a table: rule = tables")
    )
    large_tables: Names = field(
        default=(), metadata=_meaning("tables that are large: an index on one has a revision to itself (MG917)")
    )
    small_tables: Names = field(
        default=(), metadata=_meaning("tables that are small: locks, scans and rewrites of them are only info")
    )
    uuid_keys: str = field(default="native", metadata=_meaning("how a primary key holds its UUID (MG901)"))
    uuid_default: str = field(
        default="any", metadata=_meaning("who makes the UUID of a key: `server`, `client` or `any` of them (MG901)")
    )
    timestamp_columns: Names = field(
        default=("created_at", "updated_at"), metadata=_meaning("what every table has (MG902)")
    )
    timestamp_zone: str = field(
        default="required", metadata=_meaning("whether timestamps carry a time zone, or must not (MG903)")
    )
    timestamp_zone_columns: Names = field(
        default=("*",), metadata=_meaning("the timestamps of which that is asked (MG903)")
    )
    timestamp_default_columns: Names = field(
        default=("created_at", "updated_at"), metadata=_meaning("the timestamps that the server fills in (MG904)")
    )
    timestamp_default: str = field(
        default="server", metadata=_meaning("who fills them in: `server`, `client` or `any` of them (MG904)")
    )
    tenant_tables: Names = field(default=(), metadata=_meaning("tables that have a tenant_id (MG905, MG906)"))
    soft_delete: str = field(default="any", metadata=_meaning("the columns that mark a deleted row (MG907)"))
    soft_delete_tables: Names = field(
        default=(), metadata=_meaning("tables whose rows are marked, not deleted (MG907)")
    )
    ondelete: str = field(
        default="explicit", metadata=_meaning("what every foreign key says of ON DELETE; `explicit`: anything (MG908)")
    )
    index_name: str = field(
        default="ix_{table}_", metadata=_meaning("how the name of an index begins, or all of it (MG909)")
    )
    unique_name: str = field(
        default="uq_{table}_", metadata=_meaning("the same for unique constraints and indexes (MG910)")
    )
    table_names: str = field(default="plural", metadata=_meaning("plural and snake_case, or only that (MG911)"))
    query_columns: Names = field(
        default=("email", "slug", "status"), metadata=_meaning("columns that are searched by (MG913)")
    )
    ticket_pattern: str = field(
        default=r"\b[A-Z][A-Z0-9]*-\d+\b", metadata=_meaning("what a ticket looks like (MG916)")
    )
    required_defaults: str = field(
        default="all",
        metadata=_meaning("which required columns need a server default: `added` leaves new tables (MG918)"),
    )
    personal_columns: Names = field(
        default=(
            *("ssn", "*_ssn", "ssn_number", "*social_security_number", "*social_security_no", "*bank_account"),
            *("*bank_account_number", "iban", "*_iban", "*card_number", "*passport_number"),
        ),
        metadata=_meaning("columns that hold personal data (MG919)"),
    )
    audited_tables: Names = field(
        default=(), metadata=_meaning("tables whose every change is recorded by a trigger (MG920)")
    )
    migration_reason: str = field(
        default="description", metadata=_meaning("what the docstring says: what changes, or also why (MG012)")
    )
    deprecation_revisions: int = field(
        default=1, metadata=_meaning("revisions between the notice and the drop of a column (MG504)")
    )
    deprecation_releases: int = field(
        default=0, metadata=_meaning("releases, as tags of git, between the notice and the drop of a column (MG504)")
    )
    trusted_extensions: Names = field(
        default=(), metadata=_meaning("extensions that may be created, beside PostgreSQL's own (MG814)")
    )

    def exempts(self, code: str, table: str) -> bool:
        """Whether the rule of this code leaves the table alone; `table` with its schema, where it has one."""
        return any(
            (word == "ALL" or code.startswith(word)) and matches(table, names) for word, names in self.exempt_tables
        )
