"""Settings of branches, with the first rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade():
    op.create_table(
        "settings",
        sa.Column("branch_id", sa.Integer(), sa.ForeignKey("branches.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.PrimaryKeyConstraint("branch_id", "key", name="pk_settings"),
    )
    op.create_index("ix_settings_value", "settings", ["value"], postgresql_using="gin")
    op.execute("INSERT INTO settings (branch_id, key) SELECT id, 'opening_hours' FROM branches")
    op.add_column("branches", sa.Column("slug", sa.String(80)))
    op.execute("UPDATE branches SET slug = lower(name)")
    op.alter_column("branches", "slug", nullable=False, existing_type=sa.String(80))
    op.create_unique_constraint("uq_branches_slug", "branches", ["slug"])


def downgrade():
    op.drop_constraint("uq_branches_slug", "branches", type_="unique")
    op.drop_column("branches", "slug")
    op.drop_index("ix_settings_value", table_name="settings")
    op.drop_table("settings")
