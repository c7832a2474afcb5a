"""Names that the running code still uses.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("users", "name", new_column_name="full_name")  # expect: MG501
    op.rename_table("events", "happenings")  # expect: MG502


def downgrade() -> None:
    op.rename_table("happenings", "events")
    op.alter_column("users", "full_name", new_column_name="name")
