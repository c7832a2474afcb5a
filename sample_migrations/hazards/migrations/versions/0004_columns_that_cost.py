"""Columns that cannot be added to a table with rows, or copy it.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("score", sa.Integer(), nullable=False))  # expect: MG201
    op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))  # expect: MG203
    op.execute("ALTER TABLE users ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) STORED")  # expect: MG205
    op.alter_column("users", "email", existing_type=sa.String(200), nullable=False)  # expect: MG202


def downgrade() -> None:
    op.alter_column("users", "email", existing_type=sa.String(200), nullable=True)
    op.drop_column("users", "shout")
    op.drop_column("users", "token")
    op.drop_column("users", "score")
