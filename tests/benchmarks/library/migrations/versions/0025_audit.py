"""Who changed what, in a schema of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"


def upgrade():
    op.execute("CREATE SCHEMA audit")
    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row", postgresql.JSONB()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        schema="audit",
        comment="Never changed, only added to.",
    )
    op.create_index("ix_entries_at", "entries", [sa.text("at DESC"), "table_name"], schema="audit")
    op.execute(
        """
        CREATE OR REPLACE FUNCTION audit.record() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit.entries (table_name, "row") VALUES (TG_TABLE_NAME, to_jsonb(NEW));
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER fines_audit AFTER INSERT OR UPDATE ON billing.fines"
        " FOR EACH ROW EXECUTE FUNCTION audit.record()"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA audit GRANT SELECT ON TABLES TO PUBLIC")


def downgrade():
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA audit REVOKE SELECT ON TABLES FROM PUBLIC")
    op.execute("DROP TRIGGER fines_audit ON billing.fines")
    op.execute("DROP FUNCTION audit.record()")
    op.drop_index("ix_entries_at", table_name="entries", schema="audit")
    op.drop_table("entries", schema="audit")
    op.execute("DROP SCHEMA audit")
