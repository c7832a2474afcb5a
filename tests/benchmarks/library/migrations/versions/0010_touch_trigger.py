"""Books know when they were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade():
    op.add_column(
        "books", sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.execute(
        """
        CREATE FUNCTION touch_book() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.changed_at := now();
            RETURN NEW;
        END
        $$
        """
    )
    op.execute("CREATE TRIGGER books_touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch_book()")
    op.execute("COMMENT ON FUNCTION touch_book() IS 'Keeps changed_at.'")


def downgrade():
    op.execute("DROP TRIGGER books_touch ON books")
    op.execute("DROP FUNCTION touch_book()")
    op.drop_column("books", "changed_at")
