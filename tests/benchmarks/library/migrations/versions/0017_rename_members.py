"""Members are patrons now."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade():
    op.rename_table("members", "patrons")
    op.execute("ALTER INDEX ix_members_branch_id RENAME TO ix_patrons_branch_id")
    op.execute("ALTER TABLE patrons RENAME CONSTRAINT fk_members_brought_by TO fk_patrons_brought_by")
    op.alter_column("patrons", "joined_at", new_column_name="registered_at")
    op.execute("ALTER SEQUENCE billing.receipt_numbers RENAME TO receipt_numbers_seq")


def downgrade():
    op.execute("ALTER SEQUENCE billing.receipt_numbers_seq RENAME TO receipt_numbers")
    op.alter_column("patrons", "registered_at", new_column_name="joined_at")
    op.execute("ALTER TABLE patrons RENAME CONSTRAINT fk_patrons_brought_by TO fk_members_brought_by")
    op.execute("ALTER INDEX ix_patrons_branch_id RENAME TO ix_members_branch_id")
    op.rename_table("patrons", "members")
