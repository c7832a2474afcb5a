"""Something that cannot be read from here.

Revision ID: 0010
Revises: 0009
"""

from alembic import op
import os

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(os.environ["EXTRA_SQL"])  # expect: MG002


def downgrade() -> None:
    op.drop_constraint(None, "orders", type_="unique")  # expect: MG713
