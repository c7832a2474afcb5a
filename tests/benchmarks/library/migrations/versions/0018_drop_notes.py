"""Receipts lose their note, fines their reason."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade():
    op.drop_column("receipts", "note", schema="billing")
    op.drop_column("fines", "reason", schema="billing")
    op.drop_index("ix_fines_unpaid", table_name="fines", schema="billing")
    op.drop_constraint("fk_fines_loan", "fines", schema="billing", type_="foreignkey")


def downgrade():
    op.create_foreign_key(
        "fk_fines_loan",
        "fines",
        "loans",
        ["loan_id"],
        ["id"],
        source_schema="billing",
        ondelete="CASCADE",
        deferrable=True,
        initially="DEFERRED",
    )
    op.create_index("ix_fines_unpaid", "fines", ["id"], postgresql_where=sa.text("NOT paid"), schema="billing")
    op.add_column("fines", sa.Column("reason", sa.String(40), nullable=False, server_default="late"), schema="billing")
    op.add_column("receipts", sa.Column("note", sa.Text()), schema="billing")
