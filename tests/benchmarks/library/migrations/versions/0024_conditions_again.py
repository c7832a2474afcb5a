"""Conditions are made anew: nobody calls a book worn."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade():
    op.execute("ALTER TABLE copies ALTER COLUMN condition DROP DEFAULT")
    op.execute("ALTER TYPE copy_condition RENAME TO copy_condition_old")
    op.execute("CREATE TYPE copy_condition AS ENUM ('new', 'good', 'fair', 'poor')")
    op.execute(
        "ALTER TABLE copies ALTER COLUMN condition TYPE copy_condition"
        " USING (CASE condition::text WHEN 'worn' THEN 'fair' ELSE condition::text END)::copy_condition"
    )
    op.execute("DROP TYPE copy_condition_old")
    op.execute("ALTER TABLE copies ALTER COLUMN condition SET DEFAULT 'new'")


def downgrade():
    op.execute("ALTER TABLE copies ALTER COLUMN condition DROP DEFAULT")
    op.execute("ALTER TYPE copy_condition RENAME TO copy_condition_new")
    op.execute("CREATE TYPE copy_condition AS ENUM ('new', 'good', 'worn')")
    op.execute(
        "ALTER TABLE copies ALTER COLUMN condition TYPE copy_condition"
        " USING (CASE WHEN condition::text IN ('fair', 'poor') THEN 'worn' ELSE condition::text END)::copy_condition"
    )
    op.execute("DROP TYPE copy_condition_new")
    op.execute("ALTER TABLE copies ALTER COLUMN condition SET DEFAULT 'new'")
