"""
The operations that packages add to Alembic, read without any set-up: a module for each package. Each registers what
it reads when it is imported, as a plugin of one's own does (docs/plugins.md).
"""

from migration_guard.reading.directives.packages import (  # noqa: F401
    alembic_dddl,
    alembic_enums,
    alembic_utils,
    geoalchemy2,
    sqlalchemy_searchable,
    sync_enum_values,
)
