"""Branches, and the members who belong to them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "branches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("city", sa.String(80), nullable=False, server_default="Utrecht"),
        sa.Column("opened_on", sa.Date()),
        sa.UniqueConstraint("name"),
        comment="Where books are lent out.",
    )
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.Integer(), sa.ForeignKey("branches.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("position('@' in email) > 1", name="email_has_at"),
    )
    op.create_index(op.f("ix_members_branch_id"), "members", ["branch_id"])
    op.create_index("ix_members_lower_email", "members", [sa.text("lower(email)")], unique=True)


def downgrade():
    op.drop_index("ix_members_lower_email", table_name="members")
    op.drop_index(op.f("ix_members_branch_id"), table_name="members")
    op.drop_table("members")
    op.drop_table("branches")
