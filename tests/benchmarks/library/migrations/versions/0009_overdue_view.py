"""What is overdue, as a view."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade():
    op.execute(
        "CREATE VIEW overdue AS SELECT l.id, l.member_id, l.due_on FROM loans l"
        " WHERE l.returned_at IS NULL AND l.due_on < current_date"
    )
    op.execute("COMMENT ON VIEW overdue IS 'Loans that should be back.'")
    op.execute("COMMENT ON TABLE loans IS 'Who has which copy.'")
    op.execute("COMMENT ON COLUMN loans.due_on IS 'The last day.'")


def downgrade():
    op.execute("COMMENT ON COLUMN loans.due_on IS NULL")
    op.execute("COMMENT ON TABLE loans IS NULL")
    op.execute("DROP VIEW overdue")
