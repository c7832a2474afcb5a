"""Shelves are kept elsewhere, and what was there comes back whole."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"


def upgrade():
    op.drop_index("ix_copies_shelf", table_name="copies")
    op.drop_column("copies", "shelf")
    op.drop_index("ix_settings_value", table_name="settings")
    op.drop_constraint("fk_copies_book", "copies", type_="foreignkey")
    op.create_foreign_key("fk_copies_book", "copies", "books", ["book_id"], ["id"], ondelete="RESTRICT")
    op.drop_table("settings")


def downgrade():
    op.create_table(
        "settings",
        sa.Column("branch_id", sa.Integer(), sa.ForeignKey("branches.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.PrimaryKeyConstraint("branch_id", "key", name="pk_settings"),
    )
    op.drop_constraint("fk_copies_book", "copies", type_="foreignkey")
    op.create_foreign_key("fk_copies_book", "copies", "books", ["book_id"], ["id"], ondelete="CASCADE")
    op.create_index("ix_settings_value", "settings", ["value"], postgresql_using="gin")
    op.add_column("copies", sa.Column("shelf", sa.String(20), nullable=False, server_default="-"))
    op.create_index("ix_copies_shelf", "copies", ["shelf"], postgresql_where=sa.text("shelf IS NOT NULL"))
