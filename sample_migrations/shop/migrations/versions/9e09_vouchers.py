"""Vouchers, and a key to them that holds for new orders at once.

Revision ID: 9e09
Revises: 8d08
"""

import sqlalchemy as sa
from alembic import op

revision = "9e09"
down_revision = "8d08"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vouchers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False, unique=True),
    )
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("voucher_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            "fk_orders_voucher", "vouchers", ["voucher_id"], ["id"], ondelete="RESTRICT", postgresql_not_valid=True
        )


def downgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_constraint("fk_orders_voucher", type_="foreignkey")
        batch_op.drop_column("voucher_id")
    op.drop_table("vouchers")
