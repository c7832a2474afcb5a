"""Every customer has an email address: the validated check spares the scan.

Revision ID: 8d08
Revises: 7c07
"""

import sqlalchemy as sa
from alembic import op

revision = "8d08"
down_revision = "7c07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE customers VALIDATE CONSTRAINT ck_customers_email_not_null")
    with op.batch_alter_table("customers") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(200), nullable=False)
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("ck_customers_email_not_null", "customers", type_="check")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_check_constraint(
            "ck_customers_email_not_null", "customers", "email IS NOT NULL", postgresql_not_valid=True
        )
    with op.batch_alter_table("customers") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(200), nullable=True)
