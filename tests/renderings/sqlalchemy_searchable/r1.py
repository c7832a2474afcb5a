"""r1"""
from alembic import op
import sqlalchemy as sa

revision = 'r1'
down_revision = None

from sqlalchemy_utils import TSVectorType


def upgrade():
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("found", TSVectorType()),
    )


def downgrade():
    op.drop_table("articles")
