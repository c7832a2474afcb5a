"""Visits are many, and kept by year."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade():
    op.execute(
        """
        CREATE TABLE visits (
            id bigint GENERATED ALWAYS AS IDENTITY,
            branch_id integer NOT NULL REFERENCES branches (id),
            member_id bigint REFERENCES members (id) ON DELETE SET NULL,
            visited_on date NOT NULL,
            minutes smallint NOT NULL DEFAULT 0,
            PRIMARY KEY (id, visited_on)
        ) PARTITION BY RANGE (visited_on)
        """
    )
    op.execute("CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")
    op.execute("CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
    op.execute("CREATE INDEX ix_visits_branch ON visits (branch_id, visited_on DESC)")


def downgrade():
    op.execute("DROP TABLE visits_2026")
    op.execute("DROP TABLE visits_2025")
    op.execute("DROP TABLE visits")
