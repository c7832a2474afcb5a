"""r2"""
from alembic import op
import sqlalchemy as sa

revision = 'r2'
down_revision = 'r1'

from sqlalchemy_searchable import drop_trigger, sync_trigger


def upgrade():
    conn = op.get_bind()
    op.add_column("articles", sa.Column("content", sa.Text))
    sync_trigger(conn, "articles", "found", ["name", "content"])


def downgrade():
    conn = op.get_bind()
    drop_trigger(conn, "articles", "found")
    op.drop_column("articles", "content")
