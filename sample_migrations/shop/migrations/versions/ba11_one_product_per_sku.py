"""The index that the unique constraint will take over.

Revision ID: ba11
Revises: af10
"""

from alembic import op

revision = "ba11"
down_revision = "af10"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("uq_products_sku", "products", ["sku"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("uq_products_sku", table_name="products", postgresql_concurrently=True)
