"""The constraint takes the index over.

Revision ID: cb12
Revises: ba11
"""

from alembic import op

revision = "cb12"
down_revision = "ba11"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE products ADD CONSTRAINT uq_products_sku UNIQUE USING INDEX uq_products_sku")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("uq_products_sku", "products", type_="unique")
        op.create_index("uq_products_sku", "products", ["sku"], unique=True)
