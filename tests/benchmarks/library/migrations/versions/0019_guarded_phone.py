"""A telephone number, where it is not there yet."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade():
    inspector = sa.inspect(op.get_bind())
    if "phone" not in {column["name"] for column in inspector.get_columns("patrons")}:
        op.add_column("patrons", sa.Column("phone", sa.String(30)))
    if not inspector.has_table("phone_calls"):
        op.create_table(
            "phone_calls",
            sa.Column("id", sa.Integer(), primary_key=True),
            sa.Column("patron_id", sa.BigInteger(), sa.ForeignKey("patrons.id"), nullable=False),
            sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        )
    op.create_index("ix_patrons_phone", "patrons", ["phone"], unique=True, postgresql_where=sa.text("phone <> ''"))


def downgrade():
    op.drop_index("ix_patrons_phone", table_name="patrons")
    inspector = sa.inspect(op.get_bind())
    if inspector.has_table("phone_calls"):
        op.drop_table("phone_calls")
    if "phone" in {column["name"] for column in inspector.get_columns("patrons")}:
        op.drop_column("patrons", "phone")
