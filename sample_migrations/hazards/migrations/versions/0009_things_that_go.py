"""Things that go while the running code still uses them.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("users", "age")  # expect: MG102
    op.drop_table("happenings")  # expect: MG101
    op.execute("DROP SCHEMA attic CASCADE")  # expect: MG104


def downgrade() -> None:
    op.execute("CREATE SCHEMA attic")
    op.create_table("happenings", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("at", sa.Date()))
    op.create_index("ix_events_at", "happenings", ["at"])
    op.add_column("users", sa.Column("age", sa.Integer()))
