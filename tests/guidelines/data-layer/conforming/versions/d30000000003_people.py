"""People and what they work on

Timesheets name the person and the project, and have nothing to refer to.
"""

import sqlalchemy as sa
from alembic import op

revision = "d30000000003"
down_revision = "d30000000002"
branch_labels = None
depends_on = None

role = sa.Enum("builder", "office", name="role")


def upgrade():
    op.create_table(
        "people",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), primary_key=True),
        sa.Column("ssn_encrypted", sa.LargeBinary()),
        sa.Column("role", role, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "project_people",
        sa.Column("project_id", sa.UUID(), sa.ForeignKey("projects.id"), primary_key=True),
        sa.Column("person_id", sa.UUID(), sa.ForeignKey("people.id"), primary_key=True),
        if_not_exists=True,
    )
    op.create_index("idx_project_people_person_id", "project_people", ["person_id"], if_not_exists=True)
    op.create_index("idx_people_name_gin", "people", [sa.text("to_tsvector('english', role::text)")], postgresql_using="gin", if_not_exists=True)


def downgrade():
    op.drop_index("idx_people_name_gin", table_name="people", if_exists=True)
    op.drop_table("project_people", if_exists=True)
    op.drop_table("people", if_exists=True)
    role.drop(op.get_bind(), checkfirst=True)
