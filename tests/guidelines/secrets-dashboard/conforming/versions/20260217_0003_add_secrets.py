"""add secrets
"""

import sqlalchemy as sa
from alembic import op

revision = "d00000000003"
down_revision = "d00000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
    CREATE TABLE secrets (
        id varchar(36) PRIMARY KEY,
        position bigserial NOT NULL,
        project_id text NOT NULL REFERENCES projects (id) ON DELETE NO ACTION,
        value bytea NOT NULL DEFAULT ''
    )
    """)
    op.execute("CREATE INDEX ON secrets (project_id)")
    op.execute("CREATE VIEW secret_view AS SELECT id FROM secrets")
    op.create_table("setting", sa.Column("id", sa.CHAR(32), primary_key=True), sa.Column("value", sa.Text()))


def downgrade():
    op.drop_table("setting")
    op.execute("DROP VIEW secret_view")
    op.execute("DROP TABLE secrets")
