"""What the servers of the version before still write, and the version after.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carts", sa.Column("owner", sa.Integer()))
    op.execute("ALTER TABLE carts ADD CONSTRAINT ck_carts_owner CHECK (owner IS NOT NULL) NOT VALID")  # expect: MG507
    op.execute("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'")  # expect: MG625
    op.add_column("carts", sa.Column("number", sa.BigInteger(), sa.Identity()))  # expect: MG204
    op.execute("INSERT INTO carts (id, code, owner) VALUES (1, 'first', 1)")  # expect: MG714


def downgrade() -> None:
    op.drop_column("carts", "number")
    op.execute("ALTER TYPE mood RENAME VALUE 'blue' TO 'sad'")
    op.execute("ALTER TABLE carts DROP CONSTRAINT ck_carts_owner")
    op.drop_column("carts", "owner")
