"""Says in words what a team has agreed on: one line for each subject, ten at most, for people and for agents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields

from migration_guard.config import Config
from migration_guard.model.conventions import DATED, Conventions

# What a rule that runs asks for, by its name; what stands in braces is an option in words.
SUBJECTS: Mapping[str, Mapping[str, str]] = {
    "Files": {"bad-filename": "{filename_pattern}"},
    "Docstrings": {
        "undocumented-migration": "{migration_reason}",
        "missing-ticket": "the ticket ({ticket_pattern})",
        "undocumented-breaking-change": "`BREAKING:` and what is dropped or renamed",
    },
    "Keys": {
        "non-uuid-primary-key": "{uuid_keys}",
        "int32-primary-key": "numbers are `BigInteger`",
    },
    "Timestamps": {
        "missing-timestamps": "{timestamp_columns} in every table",
        "naive-timestamp": "{timestamp_zone_columns} {timestamp_zone}",
        "timestamp-without-server-default": "the server fills in {timestamp_default_columns}",
    },
    "Rows": {
        "malformed-tenant-column": "`tenant_id` is a UUID, NOT NULL, and a foreign key to `tenants.id`",
        "missing-tenant-index": "an index begins with `tenant_id`, `created_at`",
        "malformed-soft-delete": "deleted ones are marked by {soft_delete}",
        "plain-personal-data": "what identifies a person is encrypted, in a column `..._encrypted`",
        "unaudited-table": "a trigger records the changes of {audited_tables}",
    },
    "Names": {
        "misnamed-table": "tables are {table_names}",
        "misnamed-column": "columns are snake_case",
        "misnamed-index": "indexes begin with {index_name}",
        "misnamed-unique": "unique constraints begin with {unique_name}",
    },
    "Indexes": {
        "foreign-key-without-index": "one for every foreign key",
        "missing-query-index": "one for each of {query_columns}",
        "large-index-in-company": "one on a large table ({large_tables}) has a migration of its own",
    },
    "Foreign keys": {
        "implicit-ondelete": "{ondelete}",
        "unqualified-foreign-key": "the table that they refer to is named with its schema",
    },
    "Columns": {
        "required-column-without-server-default": "{required_defaults} have a server default",
        "json-instead-of-jsonb": "JSON is kept as `JSONB`",
    },
    "Steps": {
        "missing-guard": "tables and columns come and go with IF [NOT] EXISTS",
        "drop-without-deprecation": "a column is marked as deprecated {deprecation_revisions} before it is dropped",
        "unreviewed-autogenerate": "Alembic's comments that ask for a review are taken away",
        "no-lock-timeout": "a lock timeout is set first",
        "data-migration-not-reversed": "changed rows are changed back, or the migration is declared irreversible",
        "untrusted-extension": "extensions are created by whoever runs the database",
        "offline-incompatible": "none asks the database, so that each can be turned into SQL",
    },
}
CHOICES: Mapping[str, Mapping[object, str]] = {
    "filename_pattern": {
        DATED: "`YYYYMMDD_NNNN_description.py`",
        "alembic": "as the `file_template` of alembic.ini has them",
        None: "as the `file_template` of alembic.ini has them, else like the others",
    },
    "migration_reason": {"description": "what changes", "reason": "what changes, and why (`Reason: ...`)"},
    "ticket_pattern": {Conventions().ticket_pattern: "TASK-123"},
    "uuid_keys": {"native": "native UUIDs", "string": "UUIDs in strings", "any": "UUIDs, native or in strings"},
    "timestamp_zone": {"required": "with a time zone", "utc-naive": "in UTC, without a time zone"},
    "timestamp_zone_columns": {("*",): "all"},
    "soft_delete": {
        "deleted_at": "`deleted_at`",
        "is_deleted": "`is_deleted`",
        "both": "`deleted_at` and `is_deleted`",
        "any": "`deleted_at` or `is_deleted`",
    },
    "table_names": {"plural": "plural and snake_case", "snake-case": "snake_case"},
    "ondelete": {"explicit": "`ondelete=` is given, whatever it is"},
    "required_defaults": {"all": "required ones", "added": "required ones that are added to a table"},
    "large_tables": {(): "none is named yet"},
    "audited_tables": {(): "no table yet"},
    "deprecation_revisions": {1: "one revision"},
}


def lines(config: Config, running: Collection[str]) -> tuple[str, ...]:
    """What is agreed on: `Keys: native UUIDs.` and so on. `running` are the names of the rules that run."""
    words = {one.name: _in_words(one.name, getattr(config.conventions, one.name)) for one in fields(config.conventions)}
    words["filename_pattern"] = _in_words("filename_pattern", config.filename_pattern)
    found = {
        subject: "; ".join(asked.format(**words) for name, asked in rules.items() if name in running)
        for subject, rules in SUBJECTS.items()
    }
    return tuple(f"{subject}: {asked}." for subject, asked in found.items() if asked)


def _in_words(option: str, value: object) -> str:
    chosen = CHOICES.get(option, {})
    if value in chosen:
        return chosen[value]
    match value:
        case ():
            return "none"
        case tuple():
            *others, last = (f"`{one}`" for one in value)
            return f"{', '.join(others)} and {last}" if others else last
        case int():
            return f"{value} revisions"
    return f'`ondelete="{value}"`' if option == "ondelete" else f"`{value}`"
