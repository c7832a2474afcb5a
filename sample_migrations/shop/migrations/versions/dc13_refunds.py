"""Orders may be refunded.

Revision ID: dc13
Revises: cb12
"""

from alembic import op

revision = "dc13"
down_revision = "cb12"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'refunded'")


def downgrade() -> None:
    # migration-guard: irreversible PostgreSQL cannot take a value out of an enum
    raise NotImplementedError
