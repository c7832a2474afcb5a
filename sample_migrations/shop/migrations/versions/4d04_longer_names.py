"""Longer product names, and a description.

Revision ID: 4d04
Revises: 3c03
"""

import sqlalchemy as sa
from alembic import op

revision = "4d04"
down_revision = "3c03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(100), type_=sa.String(200), existing_nullable=False)
        batch_op.add_column(sa.Column("description", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("UPDATE products SET name = substr(name, 1, 100) WHERE length(name) > 100")
    with op.batch_alter_table("products") as batch_op:
        batch_op.drop_column("description")
        batch_op.alter_column("name", existing_type=sa.String(200), type_=sa.String(100), existing_nullable=False)
