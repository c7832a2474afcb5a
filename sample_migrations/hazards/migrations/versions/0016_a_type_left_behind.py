"""A type that stays when its table goes.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("parcels", sa.Column("size", sa.Enum("small", "large", name="parcel_size")))


def downgrade() -> None:  # expect: MG707
    op.drop_table("parcels")
