"""Reservations and receipts move to another service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"


def upgrade():
    op.drop_table("reservations")
    op.execute("DROP TABLE billing.receipts")
    op.execute("DROP STATISTICS loans_statistics")
    op.execute("DROP TABLE visits_2025")
    op.execute("ALTER TABLE books DROP COLUMN words")


def downgrade():
    op.execute("ALTER TABLE books ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', title)) STORED")
    op.create_index("ix_books_words", "books", ["words"], postgresql_using="gin")
    op.execute("CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")
    op.execute("CREATE STATISTICS loans_statistics (dependencies) ON copy_id, member_id FROM loans")
    op.execute("CREATE SEQUENCE billing.receipt_numbers_seq START 1000")
    op.execute(
        """
        CREATE TABLE billing.receipts (
            number bigint NOT NULL DEFAULT nextval('billing.receipt_numbers_seq'),
            fine_id bigint NOT NULL,
            printed_at timestamptz,
            CONSTRAINT pk_receipts PRIMARY KEY (number),
            CONSTRAINT fk_receipts_fine FOREIGN KEY (fine_id) REFERENCES billing.fines (id) ON DELETE CASCADE
        )
        """
    )
    op.execute("ALTER SEQUENCE billing.receipt_numbers_seq OWNED BY billing.receipts.number")
    op.create_table(
        "reservations",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("copy_id", sa.BigInteger(), sa.ForeignKey("copies.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "member_id",
            sa.BigInteger(),
            sa.ForeignKey("patrons.id", ondelete="CASCADE", name=op.f("fk_reservations_member_id_members")),
            nullable=False,
        ),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False, server_default=sa.text("1")),
        sa.UniqueConstraint("copy_id", "rank", name="uq_reservations_rank", deferrable=True, initially="DEFERRED"),
    )
    op.create_index("ix_reservations_member_id", "reservations", ["member_id"])
