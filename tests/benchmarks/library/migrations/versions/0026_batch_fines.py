"""Fines can be waived."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade():
    with op.batch_alter_table("fines", schema="billing") as batch_op:
        batch_op.add_column(sa.Column("waived_by", sa.BigInteger()))
        batch_op.add_column(sa.Column("waived_at", sa.DateTime(timezone=True)))
        batch_op.create_foreign_key("fk_fines_waived_by", "patrons", ["waived_by"], ["id"], ondelete="SET NULL")
        batch_op.create_index("ix_fines_waived_by", ["waived_by"])
        batch_op.create_check_constraint("waived", "(waived_by IS NULL) = (waived_at IS NULL)")
        batch_op.alter_column("amount", server_default=sa.text("0"), existing_type=sa.Numeric(6, 2))


def downgrade():
    with op.batch_alter_table("fines", schema="billing") as batch_op:
        batch_op.alter_column("amount", server_default=None, existing_type=sa.Numeric(6, 2))
        batch_op.drop_constraint("waived", type_="check")
        batch_op.drop_index("ix_fines_waived_by")
        batch_op.drop_constraint("fk_fines_waived_by", type_="foreignkey")
        batch_op.drop_column("waived_at")
        batch_op.drop_column("waived_by")
