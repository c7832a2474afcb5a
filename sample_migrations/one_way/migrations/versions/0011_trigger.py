"""A trigger that stays on a table that was there.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE FUNCTION keep_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER keep_status BEFORE UPDATE ON customers"  # expect: MG753
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION keep_status()")
