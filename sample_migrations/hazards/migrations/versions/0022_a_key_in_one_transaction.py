"""A deferred key, added, validated and tripped over in one transaction.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_buyer FOREIGN KEY (user_id) REFERENCES users (id)"
        " DEFERRABLE INITIALLY DEFERRED NOT VALID"
    )
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_buyer")  # expect: MG306
    op.execute("UPDATE orders SET user_id = 2 WHERE id = 1")
    op.execute("ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL")  # expect: MG202, MG312
    op.execute("COMMIT")  # expect: MG608


def downgrade() -> None:
    op.execute("ALTER TABLE orders ALTER COLUMN user_id DROP NOT NULL")
    op.execute("ALTER TABLE orders DROP CONSTRAINT fk_orders_buyer")
