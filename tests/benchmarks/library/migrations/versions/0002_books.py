"""Titles, authors and the copies on the shelves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_table(
        "authors",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("born", sa.SmallInteger()),
    )
    op.create_table(
        "books",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("isbn", sa.String(13), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), comment="Without the cover."),
        sa.Column("price", sa.Numeric(8, 2), nullable=False, server_default="0"),
        sa.UniqueConstraint("isbn", name="uq_books_isbn"),
        sa.CheckConstraint("pages > 0", name="pages_positive"),
    )
    op.create_table(
        "book_authors",
        sa.Column("book_id", sa.Integer(), sa.ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("author_id", sa.Integer(), sa.ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix_book_authors_author_id", "book_authors", ["author_id"])


def downgrade():
    op.drop_index("ix_book_authors_author_id", table_name="book_authors")
    op.drop_table("book_authors")
    op.drop_table("books")
    op.drop_table("authors")
