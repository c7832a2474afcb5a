"""Money has a schema of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade():
    op.execute("CREATE SCHEMA billing")
    op.create_table(
        "fines",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(6, 2), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.String(40), nullable=False, server_default="late"),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loans.id"], name="fk_fines_loan", ondelete="CASCADE", deferrable=True, initially="DEFERRED"
        ),
        sa.CheckConstraint("amount >= 0", name="ck_fines_amount"),
        schema="billing",
    )
    op.create_index("ix_fines_loan_id", "fines", ["loan_id"], schema="billing")
    op.create_index("ix_fines_unpaid", "fines", ["id"], postgresql_where=sa.text("NOT paid"), schema="billing")


def downgrade():
    op.drop_index("ix_fines_unpaid", table_name="fines", schema="billing")
    op.drop_index("ix_fines_loan_id", table_name="fines", schema="billing")
    op.drop_table("fines", schema="billing")
    op.execute("DROP SCHEMA billing")
