"""Where members live, and whom they were brought by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade():
    op.add_column("members", sa.Column("street", sa.String(120)))
    op.add_column("members", sa.Column("postcode", sa.String(10), comment="As it is written on letters."))
    op.add_column("members", sa.Column("brought_by", sa.BigInteger()))
    op.create_foreign_key("fk_members_brought_by", "members", "members", ["brought_by"], ["id"], ondelete="SET NULL")
    op.create_index("ix_members_brought_by", "members", ["brought_by"])
    op.create_check_constraint("postcode_length", "members", "length(postcode) >= 4")


def downgrade():
    op.drop_constraint("postcode_length", "members", type_="check")
    op.drop_index("ix_members_brought_by", table_name="members")
    op.drop_constraint("fk_members_brought_by", "members", type_="foreignkey")
    op.drop_column("members", "brought_by")
    op.drop_column("members", "postcode")
    op.drop_column("members", "street")
