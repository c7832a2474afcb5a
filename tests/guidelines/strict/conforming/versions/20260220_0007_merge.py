"""Merge invoices and names

Reason: two branches were merged on the same day (TASK-46).
"""

revision = "d50000000007"
down_revision = ("d50000000005", "d50000000006")
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
