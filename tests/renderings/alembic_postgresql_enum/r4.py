"""r4"""
from alembic import op
import sqlalchemy as sa

revision = 'r4'
down_revision = 'r3'

from alembic_postgresql_enum import ColumnType, TableReference
from alembic_postgresql_enum.sql_commands.indexes import TableIndex

COLUMNS = [
    TableReference(table_name="jobs", column_name="past", column_type=ColumnType.ARRAY),
    TableReference("jobs", "st", "public", existing_server_default="'new'::state"),
]
INDEXES = [
    TableIndex(
        name="public.ix_jobs_new",
        definition="CREATE INDEX ix_jobs_new ON public.jobs USING btree (id) WHERE (st = 'new'::state)",
    )
]


def upgrade():
    op.create_index("ix_jobs_new", "jobs", ["id"], postgresql_where=sa.text("st = 'new'"))
    op.sync_enum_values("public", "state", ["new", "finished"], COLUMNS, [("late", "finished")], INDEXES)


def downgrade():
    op.sync_enum_values("public", "state", ["new", "late"], COLUMNS, [("finished", "late")], INDEXES)
    op.drop_index("ix_jobs_new")
