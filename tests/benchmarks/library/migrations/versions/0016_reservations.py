"""Reservations, no two for one copy at a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade():
    op.execute("CREATE EXTENSION btree_gist")
    op.create_table(
        "reservations",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("copy_id", sa.BigInteger(), sa.ForeignKey("copies.id", ondelete="CASCADE"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), sa.ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False, server_default=sa.text("1")),
    )
    op.create_exclude_constraint(
        "ex_reservations_copy", "reservations", ("copy_id", "="), ("during", "&&"), using="gist"
    )
    op.create_unique_constraint(
        "uq_reservations_rank", "reservations", ["copy_id", "rank"], deferrable=True, initially="DEFERRED"
    )
    op.create_index("ix_reservations_member_id", "reservations", ["member_id"])


def downgrade():
    op.drop_index("ix_reservations_member_id", table_name="reservations")
    op.drop_constraint("uq_reservations_rank", "reservations", type_="unique")
    op.drop_constraint("ex_reservations_copy", "reservations")
    op.drop_table("reservations")
    op.execute("DROP EXTENSION btree_gist")
