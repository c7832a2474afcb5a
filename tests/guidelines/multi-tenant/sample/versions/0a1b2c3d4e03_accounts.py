"""accounts TASK-046

Revision ID: 0a1b2c3d4e03
Revises: 0a1b2c3d4e02
Create Date: 2026-01-07 10:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0a1b2c3d4e03'
down_revision = '0a1b2c3d4e02'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('users',
    sa.Column('id', sa.UUID(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id'),
    schema='integration'
    )
    op.create_table('accounts',
    sa.Column('id', sa.UUID(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('external_user_id', sa.UUID(), nullable=True),
    sa.ForeignKeyConstraint(['external_user_id'], ['integration.users.id'], ),
    sa.PrimaryKeyConstraint('id'),
    schema='app'
    )


def downgrade():
    op.drop_table('accounts', schema='app')
    op.drop_table('users', schema='integration')
