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
    op.execute("ALTER TABLE customers VALIDATE CONSTRAINT ck_customers_email_not_null")
    op.alter_column("customers", "email", existing_type=sa.String(200), nullable=False)
    op.drop_constraint("ck_customers_email_not_null", "customers", type_="check")


def downgrade() -> None:
    op.create_check_constraint(
        "ck_customers_email_not_null", "customers", "email IS NOT NULL", postgresql_not_valid=True
    )
    op.alter_column("customers", "email", existing_type=sa.String(200), nullable=True)
