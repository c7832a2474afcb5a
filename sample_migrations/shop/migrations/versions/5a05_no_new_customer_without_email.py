"""No new customer without an email address; the old ones follow.

Revision ID: 5a05
Revises: 4f04
"""

from alembic import op

revision = "5a05"
down_revision = "4f04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_check_constraint(
            "ck_customers_email_not_null", "customers", "email IS NOT NULL", postgresql_not_valid=True
        )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("ck_customers_email_not_null", "customers", type_="check")
