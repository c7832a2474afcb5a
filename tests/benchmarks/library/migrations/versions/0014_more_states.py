"""A loan can be renewed; a copy can be gone."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade():
    op.execute("ALTER TYPE loan_state RENAME VALUE 'lost' TO 'missing'")
    op.drop_constraint(op.f("ck_loans_returned"), "loans", type_="check")
    op.execute(
        "ALTER TABLE loans ADD CONSTRAINT ck_loans_returned CHECK (returned_at IS NULL OR returned_at >= lent_at)"
    )
    op.execute("DROP INDEX ix_loans_member")
    op.execute("CREATE INDEX ix_loans_member ON loans (member_id)")


def downgrade():
    op.execute("DROP INDEX ix_loans_member")
    op.execute("CREATE INDEX ix_loans_member ON loans (member_id, lent_at DESC) INCLUDE (state)")
    op.drop_constraint(op.f("ck_loans_returned"), "loans", type_="check")
    op.create_check_constraint(op.f("ck_loans_returned"), "loans", "returned_at >= lent_at")
    op.execute("ALTER TYPE loan_state RENAME VALUE 'missing' TO 'lost'")
