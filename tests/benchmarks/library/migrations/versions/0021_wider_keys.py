"""Books get large keys; their price is text no more."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade():
    op.execute("ALTER TABLE books ALTER COLUMN price TYPE numeric(10, 2)")
    op.alter_column("authors", "born", type_=sa.Integer(), existing_type=sa.SmallInteger(), existing_nullable=True)
    op.execute("ALTER TABLE copies ALTER COLUMN shelf SET NOT NULL, ALTER COLUMN shelf SET DEFAULT '-'")
    op.drop_constraint("uq_books_isbn", "books", type_="unique")
    op.create_index("uq_books_isbn", "books", ["isbn"], unique=True)


def downgrade():
    op.drop_index("uq_books_isbn", table_name="books")
    op.create_unique_constraint("uq_books_isbn", "books", ["isbn"])
    op.execute("ALTER TABLE copies ALTER COLUMN shelf DROP DEFAULT, ALTER COLUMN shelf DROP NOT NULL")
    op.alter_column("authors", "born", type_=sa.SmallInteger(), existing_type=sa.Integer(), existing_nullable=True)
    op.execute("ALTER TABLE books ALTER COLUMN price TYPE numeric(8, 2)")
