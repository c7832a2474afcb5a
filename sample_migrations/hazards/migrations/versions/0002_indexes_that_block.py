"""Indexes that block writers, and one that never gets built.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_users_email", "users", ["email"])  # expect: MG401
    op.execute("CREATE INDEX ix_orders_user_id ON orders (user_id)")  # expect: MG401
    op.create_index("ix_events_at", "events", ["at"], postgresql_concurrently=True)  # expect: MG402
    op.drop_index("ix_users_name", table_name="users")  # expect: MG403


def downgrade() -> None:
    op.create_index("ix_users_name", "users", ["name"])
    op.drop_index("ix_events_at", table_name="events")
    op.drop_index("ix_orders_user_id", table_name="orders")
    op.drop_index("ix_users_email", table_name="users")
