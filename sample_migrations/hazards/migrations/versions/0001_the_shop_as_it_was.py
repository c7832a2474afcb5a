"""The shop as it was.

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(200), nullable=True),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("age", sa.String(10), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("total", sa.Numeric(12, 4), nullable=True),
    )
    op.create_table("events", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("at", sa.Date()))
    op.execute("CREATE SCHEMA attic")
    op.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
    op.execute("CREATE INDEX ix_users_name ON users (name)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_users_name")
    op.execute("DROP TYPE mood")
    op.execute("DROP SCHEMA attic")
    op.drop_table("events")
    op.drop_table("orders")
    op.drop_table("users")
