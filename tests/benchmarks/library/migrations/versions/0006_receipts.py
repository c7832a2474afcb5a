"""Receipts, numbered by a sequence of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade():
    op.execute("CREATE SEQUENCE billing.receipt_numbers START 1000")
    op.create_table(
        "receipts",
        sa.Column(
            "number", sa.BigInteger(), server_default=sa.text("nextval('billing.receipt_numbers')"), primary_key=True
        ),
        sa.Column("fine_id", sa.BigInteger(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True)),
        sa.Column("note", sa.Text()),
        schema="billing",
    )
    op.create_foreign_key(
        "fk_receipts_fine",
        "receipts",
        "fines",
        ["fine_id"],
        ["id"],
        source_schema="billing",
        referent_schema="billing",
        ondelete="CASCADE",
    )
    op.execute("ALTER SEQUENCE billing.receipt_numbers OWNED BY billing.receipts.number")


def downgrade():
    op.execute("ALTER SEQUENCE billing.receipt_numbers OWNED BY NONE")
    op.drop_constraint("fk_receipts_fine", "receipts", schema="billing", type_="foreignkey")
    op.drop_table("receipts", schema="billing")
    op.execute("DROP SEQUENCE billing.receipt_numbers")
