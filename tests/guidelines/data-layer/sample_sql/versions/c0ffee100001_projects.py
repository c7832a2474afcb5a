"""Projects and their daily reports

Reason: the field teams report on paper today, and the office types it in again.

Revision ID: c0ffee100001
Revises:
Create Date: 2026-02-01 08:00:00.000000
"""

from alembic import op

revision = "c0ffee100001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
CREATE TABLE clients (
-- Every table includes:
id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
created_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
updated_at  TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE TABLE projects (
id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
created_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
updated_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
-- Soft delete (when applicable):
deleted_at  TIMESTAMPTZ,
name        VARCHAR(255) NOT NULL,
status      TEXT,
client_id   UUID NOT NULL REFERENCES clients (id)
);
CREATE TABLE daily_reports (
id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
created_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
updated_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
project_id  UUID NOT NULL REFERENCES projects (id),
report_date DATE NOT NULL
);
""")
    op.execute("""
-- Primary key: automatic
-- Foreign keys: always index
CREATE INDEX idx_projects_client_id ON projects(client_id);
-- Frequent query patterns:
CREATE INDEX idx_daily_reports_project_date ON daily_reports(project_id, report_date);
-- Partial indexes for soft deletes:
CREATE INDEX idx_projects_active ON projects(status) WHERE deleted_at IS NULL;
-- Text search:
CREATE INDEX idx_projects_name_gin ON projects USING gin(to_tsvector('english', name));
""")


def downgrade():
    op.execute("DROP TABLE IF EXISTS daily_reports")
    op.execute("DROP TABLE IF EXISTS projects")
    op.execute("DROP TABLE IF EXISTS clients")
