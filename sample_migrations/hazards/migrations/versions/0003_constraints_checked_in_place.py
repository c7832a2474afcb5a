"""Constraints that look at every row while everybody waits.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])  # expect: MG301
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0")  # expect: MG302
    op.create_unique_constraint("uq_users_email", "users", ["email"])  # expect: MG303
    op.create_primary_key("pk_orders", "orders", ["id"])  # expect: MG304


def downgrade() -> None:
    op.drop_constraint("pk_orders", "orders", type_="primary")
    op.drop_constraint("uq_users_email", "users", type_="unique")
    op.drop_constraint("ck_orders_total", "orders", type_="check")
    op.drop_constraint("fk_orders_user", "orders", type_="foreignkey")
