"""add description to projects

Revision ID: abc123
Create Date: 2024-01-27
"""
from alembic import op
import sqlalchemy as sa

revision = 'abc123'
down_revision = '9f8e7d6c5b4a'

def upgrade():
    op.add_column('projects', sa.Column('description', sa.Text(), nullable=True))

def downgrade():
    op.drop_column('projects', 'description')
