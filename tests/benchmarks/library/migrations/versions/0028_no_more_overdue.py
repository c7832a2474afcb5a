"""The view goes, and so do trigger, policy and rights."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade():
    op.execute("DROP VIEW overdue")
    op.execute("DROP TRIGGER fines_audit ON billing.fines")
    op.execute("DROP POLICY loans_open ON loans")
    op.execute("REVOKE INSERT ON loans FROM PUBLIC")
    op.execute("COMMENT ON TABLE loans IS 'Moved to another service.'")
    op.execute("DROP MATERIALIZED VIEW most_read")
    op.execute("ALTER TABLE loans DROP CONSTRAINT fk_loans_copy")
    op.execute("ALTER TABLE reservations DROP CONSTRAINT ex_reservations_copy")


def downgrade():
    op.execute(
        "ALTER TABLE reservations ADD CONSTRAINT ex_reservations_copy"
        " EXCLUDE USING gist (copy_id WITH =, during WITH &&)"
    )
    op.execute(
        "ALTER TABLE loans ADD CONSTRAINT fk_loans_copy FOREIGN KEY (copy_id) REFERENCES copies (id) ON DELETE RESTRICT"
    )
    op.execute(
        "CREATE MATERIALIZED VIEW most_read AS SELECT c.book_id, count(*) AS loans FROM loans l"
        " JOIN copies c ON c.id = l.copy_id GROUP BY c.book_id"
    )
    op.execute("CREATE UNIQUE INDEX uq_most_read ON most_read (book_id)")
    op.execute("COMMENT ON TABLE loans IS 'Who has which copy.'")
    op.execute("GRANT INSERT ON loans TO PUBLIC")
    op.execute("CREATE POLICY loans_open ON loans FOR SELECT USING (state = 'open')")
    op.execute(
        "CREATE TRIGGER fines_audit AFTER INSERT OR UPDATE ON billing.fines"
        " FOR EACH ROW EXECUTE FUNCTION audit.record()"
    )
    op.execute(
        "CREATE VIEW overdue AS SELECT l.id, l.member_id, l.due_on, m.email FROM loans l"
        " JOIN patrons m ON m.id = l.member_id"
        " WHERE l.returned_at IS NULL AND l.due_on < current_date"
    )
