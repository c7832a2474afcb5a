"""Copies have a condition, an enumerated type."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


condition = postgresql.ENUM("new", "good", "worn", name="copy_condition", create_type=False)


def upgrade():
    condition.create(op.get_bind(), checkfirst=False)
    op.create_table(
        "copies",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("condition", condition, nullable=False, server_default="new"),
        sa.Column("shelf", sa.String(20)),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name="fk_copies_book", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_copies_branch"),
    )
    op.create_index("ix_copies_book_id", "copies", ["book_id", "branch_id"])
    op.create_index("ix_copies_shelf", "copies", ["shelf"], postgresql_where=sa.text("shelf IS NOT NULL"))


def downgrade():
    op.drop_index("ix_copies_shelf", table_name="copies")
    op.drop_index("ix_copies_book_id", table_name="copies")
    op.drop_table("copies")
    condition.drop(op.get_bind(), checkfirst=False)
