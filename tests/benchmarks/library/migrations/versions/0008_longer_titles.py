"""Names grow, and prices are counted in cents."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade():
    op.alter_column("members", "name", type_=sa.String(200), existing_type=sa.String(120), existing_nullable=False)
    op.alter_column("branches", "city", server_default=None, existing_type=sa.String(80), existing_nullable=False)
    op.alter_column("authors", "name", new_column_name="full_name", existing_type=sa.Text(), existing_nullable=False)
    op.alter_column("branches", "opened_on", nullable=False, existing_type=sa.Date())
    op.alter_column(
        "books",
        "pages",
        comment="All of them.",
        existing_comment="Without the cover.",
        existing_type=sa.Integer(),
        existing_nullable=True,
    )


def downgrade():
    op.alter_column(
        "books",
        "pages",
        comment="Without the cover.",
        existing_comment="All of them.",
        existing_type=sa.Integer(),
        existing_nullable=True,
    )
    op.alter_column("branches", "opened_on", nullable=True, existing_type=sa.Date())
    op.alter_column("authors", "full_name", new_column_name="name", existing_type=sa.Text(), existing_nullable=False)
    op.alter_column("branches", "city", server_default="Utrecht", existing_type=sa.String(80), existing_nullable=False)
    op.alter_column("members", "name", type_=sa.String(120), existing_type=sa.String(200), existing_nullable=False)
