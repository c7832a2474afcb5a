"""Merge the two lines of work.

Revision ID: 6b06
Revises: 5e05, 5a05
"""

revision = "6b06"
down_revision = ("5e05", "5a05")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
