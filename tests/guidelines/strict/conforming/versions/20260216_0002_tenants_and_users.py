"""Tenants and their users

Reason: one customer must not see the rows of another. TASK-45 asks for it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d50000000002"
down_revision = "d50000000001"
branch_labels = None
depends_on = None

status = sa.Enum("new", "active", name="user_status")


def upgrade():
    op.create_table(
        "tenants",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        sa.Column("slug", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("slug", name="uq_tenants_slug"),
        if_not_exists=True,
    )
    op.create_table(
        "users",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("status", status, server_default="new", nullable=False),
        sa.Column("bank_account_encrypted", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        if_not_exists=True,
    )
    op.create_index("idx_users_tenant_id_created_at", "users", ["tenant_id", sa.text("created_at DESC")], if_not_exists=True)
    op.create_index("uq_users_email", "users", ["email"], unique=True, if_not_exists=True)
    op.create_index("idx_users_status", "users", ["status"], if_not_exists=True)
    op.create_index("idx_users_alive", "users", ["id"], postgresql_where=sa.text("deleted_at IS NULL"), if_not_exists=True)


def downgrade():
    op.drop_table("users", if_exists=True)
    op.drop_table("tenants", if_exists=True)
    status.drop(op.get_bind(), checkfirst=True)
