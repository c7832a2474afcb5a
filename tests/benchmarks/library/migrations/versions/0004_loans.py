"""Loans, in plain SQL."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    op.execute("CREATE TYPE loan_state AS ENUM ('open', 'returned', 'lost')")
    op.execute(
        """
        CREATE TABLE loans (
            id bigserial PRIMARY KEY,
            copy_id bigint NOT NULL CONSTRAINT fk_loans_copy REFERENCES copies (id) ON DELETE RESTRICT,
            member_id bigint NOT NULL,
            state loan_state NOT NULL DEFAULT 'open',
            lent_at timestamptz NOT NULL DEFAULT now(),
            due_on date NOT NULL,
            returned_at timestamptz,
            CONSTRAINT fk_loans_member FOREIGN KEY (member_id) REFERENCES members (id),
            CONSTRAINT ck_loans_returned CHECK (returned_at >= lent_at)
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_loans_open ON loans (copy_id) WHERE state = 'open'")
    op.execute("CREATE INDEX ix_loans_member ON loans (member_id, lent_at DESC) INCLUDE (state)")


def downgrade():
    op.execute("DROP INDEX ix_loans_member")
    op.execute("DROP INDEX uq_loans_open")
    op.execute("DROP TABLE loans")
    op.execute("DROP TYPE loan_state")
