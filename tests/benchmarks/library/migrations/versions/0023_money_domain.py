"""Amounts are never below zero; a range type for opening hours."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade():
    op.execute("CREATE DOMAIN billing.euros AS numeric(8, 2) CHECK (VALUE >= 0)")
    op.execute("CREATE TYPE opening_hours AS (day smallint, opens time, closes time)")
    op.add_column("branches", sa.Column("monthly_rent", sa.Numeric(10, 2), server_default="0"))
    op.execute("ALTER TABLE branches ADD CONSTRAINT ck_branches_rent CHECK (monthly_rent >= 0) NOT VALID")
    op.execute("ALTER TABLE branches VALIDATE CONSTRAINT ck_branches_rent")


def downgrade():
    op.execute("ALTER TABLE branches DROP CONSTRAINT ck_branches_rent")
    op.drop_column("branches", "monthly_rent")
    op.execute("DROP TYPE opening_hours")
    op.execute("DROP DOMAIN billing.euros")
