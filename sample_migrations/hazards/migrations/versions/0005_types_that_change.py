"""Types that change, and what gets lost on the way.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("events", "id", existing_type=sa.Integer(), type_=sa.BigInteger())  # expect: MG207, MG214
    op.alter_column("users", "seen_at", existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True))  # expect: MG207
    op.alter_column("orders", "total", existing_type=sa.Numeric(12, 4), type_=sa.Numeric(10, 2))  # expect: MG112
    op.alter_column("users", "age", existing_type=sa.String(10), type_=sa.Integer())  # expect: MG211


def downgrade() -> None:
    op.alter_column("users", "age", existing_type=sa.Integer(), type_=sa.String(10))
    op.alter_column("orders", "total", existing_type=sa.Numeric(10, 2), type_=sa.Numeric(12, 4))
    op.alter_column("users", "seen_at", existing_type=sa.DateTime(timezone=True), type_=sa.DateTime())
    op.alter_column("events", "id", existing_type=sa.BigInteger(), type_=sa.Integer())  # expect: MG715
