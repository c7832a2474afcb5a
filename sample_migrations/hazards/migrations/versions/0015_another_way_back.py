"""A way back from somewhere else.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("returns", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("why", sa.Text()))
    op.create_index("ix_returns_why", "returns", ["why"])


def downgrade() -> None:
    op.drop_index("ix_return_why", table_name="returns")  # expect: MG705
    op.drop_table("returns")
