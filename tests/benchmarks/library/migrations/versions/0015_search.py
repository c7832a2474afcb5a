"""Search by words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade():
    op.execute("ALTER TABLE books ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', title)) STORED")
    op.create_index("ix_books_words", "books", ["words"], postgresql_using="gin")
    op.add_column("books", sa.Column("tags", postgresql.ARRAY(sa.String(30)), server_default="{}", nullable=False))
    op.create_index("ix_books_tags", "books", ["tags"], postgresql_using="gin")


def downgrade():
    op.drop_index("ix_books_tags", table_name="books")
    op.drop_column("books", "tags")
    op.drop_index("ix_books_words", table_name="books")
    op.drop_column("books", "words")
