"""schemas

Revision ID: 0a1b2c3d4e01
Revises:
Create Date: 2026-01-05 10:00:00.000000

"""
from alembic import op


# revision identifiers, used by Alembic.
revision = '0a1b2c3d4e01'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
-- Create schemas
CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA IF NOT EXISTS integration;

-- Set search path
ALTER DATABASE dbname SET search_path TO app, integration, public;
""")


def downgrade():
    op.execute("ALTER DATABASE dbname RESET search_path")
    op.execute("DROP SCHEMA integration")
    op.execute("DROP SCHEMA app")
