"""Settings of columns, tables and routines change, and come back."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade():
    op.alter_column("patrons", "active", server_default=None, existing_type=sa.Boolean(), existing_nullable=False)
    op.alter_column("patrons", "postcode", comment=None, existing_comment="As it is written on letters.")
    op.alter_column("copies", "branch_id", nullable=True, existing_type=sa.Integer())
    op.drop_table_comment("branches", existing_comment="Where books are lent out.")
    op.drop_constraint("uq_branches_slug", "branches", type_="unique")
    op.drop_constraint(op.f("ck_branches_rent"), "branches", type_="check")
    op.drop_index("ix_copies_book_id", table_name="copies")
    op.drop_index("ix_patrons_phone", table_name="patrons")
    op.drop_index("ix_entries_at", table_name="entries", schema="audit")
    op.execute(
        """
        CREATE OR REPLACE FUNCTION touch_book() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.changed_at := clock_timestamp();
            RETURN NEW;
        END
        $$
        """
    )
    op.execute("ALTER TABLE visits ALTER COLUMN minutes DROP DEFAULT")
    op.execute("ALTER TABLE loans NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE visits_2026 SET (fillfactor = 90)")
    op.execute("ALTER TABLE patrons DROP CONSTRAINT fk_patrons_brought_by")
    op.execute("ALTER TYPE opening_hours ADD ATTRIBUTE closed boolean")
    op.execute("REVOKE USAGE ON SCHEMA billing FROM PUBLIC")


def downgrade():
    op.execute("GRANT USAGE ON SCHEMA billing TO PUBLIC")
    op.execute("ALTER TYPE opening_hours DROP ATTRIBUTE closed")
    op.execute(
        "ALTER TABLE patrons ADD CONSTRAINT fk_patrons_brought_by"
        " FOREIGN KEY (brought_by) REFERENCES patrons (id) ON DELETE SET NULL"
    )
    op.execute("ALTER TABLE visits_2026 SET (fillfactor = 80)")
    op.execute("ALTER TABLE loans FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE visits ALTER COLUMN minutes SET DEFAULT 0")
    op.execute(
        """
        CREATE OR REPLACE FUNCTION touch_book() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.changed_at := now();
            RETURN NEW;
        END
        $$
        """
    )
    op.create_index("ix_entries_at", "entries", [sa.text("at DESC"), "table_name"], schema="audit")
    op.create_index("ix_patrons_phone", "patrons", ["phone"], unique=True, postgresql_where=sa.text("phone <> ''"))
    op.create_index("ix_copies_book_id", "copies", ["book_id", "branch_id"])
    op.create_check_constraint(op.f("ck_branches_rent"), "branches", "monthly_rent >= 0")
    op.create_unique_constraint("uq_branches_slug", "branches", ["slug"])
    op.create_table_comment("branches", "Where books are lent out.")
    op.alter_column("copies", "branch_id", nullable=False, existing_type=sa.Integer())
    op.alter_column("patrons", "postcode", comment="As it is written on letters.", existing_type=sa.String(10))
    op.alter_column(
        "patrons", "active", server_default=sa.text("true"), existing_type=sa.Boolean(), existing_nullable=False
    )
