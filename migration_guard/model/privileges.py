"""Privileges as properties of what they are on."""

from __future__ import annotations

from migration_guard.model.schema import Name, ObjectKey

_ON_SCHEMA = " on schema"


def privilege_on_schema(privilege: str, role: str, schema: str) -> ObjectKey:
    """The property that is a role's privilege on a schema."""
    return ObjectKey(f"privilege {privilege} for {role}{_ON_SCHEMA}", Name(schema))


def schema_of_privilege(key: ObjectKey) -> str | None:
    """The schema that a privilege is on; None for another property."""
    return key.name.name if key.kind.startswith("privilege ") and key.kind.endswith(_ON_SCHEMA) else None
