"""What somebody needs to know of when a schema changes, and who that is."""

from __future__ import annotations

from enum import StrEnum


class Concern(StrEnum):
    """What somebody needs to know of."""

    SCHEMA = "schema"
    INDEX = "index"
    PERFORMANCE = "performance"
    BREAKING = "breaking"


Owners = tuple[tuple[str, tuple[str, ...]], ...]
"""Who needs to know of a concern, by its name."""
