"""Other work behind a concurrent build.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_events_at ON events (at)")  # expect: MG405
    op.add_column("events", sa.Column("kind", sa.Text()))


def downgrade() -> None:
    op.drop_column("events", "kind")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY ix_events_at")
