"""r2"""
from alembic import op
import sqlalchemy as sa

revision = 'r2'
down_revision = 'r1'

from alembic_enums import Column, EnumMigration

column = Column("jobs", "st", old_server_default="new", new_server_default="late")
migration = EnumMigration(
    op=op, enum_name="state", old_options=["new", "done"], new_options=["new", "late"], columns=[column]
)


def upgrade():
    with migration.upgrade_ctx():
        migration.update_value(column, "done", "late")


def downgrade():
    with migration.downgrade_ctx():
        migration.update_value(column, "late", "done")
