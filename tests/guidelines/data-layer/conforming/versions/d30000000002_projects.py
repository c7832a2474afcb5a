"""Projects of clients

Reason: the office keeps them in a spreadsheet, which two people cannot write at once.

Revision ID: d30000000002
Revises: d30000000001
"""

from alembic import op

revision = "d30000000002"
down_revision = "d30000000001"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
    CREATE TABLE IF NOT EXISTS clients (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
        updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
        deleted_at TIMESTAMPTZ,
        name TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS projects (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
        deleted_at TIMESTAMPTZ,
        status TEXT,
        client_id UUID NOT NULL REFERENCES clients (id)
    );
    CREATE INDEX IF NOT EXISTS idx_projects_client_id ON projects(client_id);
    CREATE INDEX IF NOT EXISTS idx_projects_active ON projects(status) WHERE deleted_at IS NULL;
    CREATE OR REPLACE VIEW active_project AS SELECT id FROM projects WHERE deleted_at IS NULL;
    """)


def downgrade():
    op.execute("DROP VIEW IF EXISTS active_project")
    op.execute("DROP TABLE IF EXISTS projects")
    op.execute("DROP TABLE IF EXISTS clients")
