"""What was read most, kept as rows."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade():
    op.execute(
        "CREATE MATERIALIZED VIEW most_read AS SELECT c.book_id, count(*) AS loans FROM loans l"
        " JOIN copies c ON c.id = l.copy_id GROUP BY c.book_id"
    )
    op.execute("CREATE UNIQUE INDEX uq_most_read ON most_read (book_id)")
    op.execute("CREATE STATISTICS loans_statistics (dependencies) ON copy_id, member_id FROM loans")
    op.execute("ALTER TABLE loans ALTER COLUMN member_id SET STATISTICS 500")
    op.execute("ALTER TABLE visits_2026 SET (fillfactor = 80)")
    op.execute("ALTER TABLE loans REPLICA IDENTITY FULL")


def downgrade():
    op.execute("ALTER TABLE loans REPLICA IDENTITY DEFAULT")
    op.execute("ALTER TABLE visits_2026 RESET (fillfactor)")
    op.execute("ALTER TABLE loans ALTER COLUMN member_id SET STATISTICS -1")
    op.execute("DROP STATISTICS loans_statistics")
    op.execute("DROP MATERIALIZED VIEW most_read")
