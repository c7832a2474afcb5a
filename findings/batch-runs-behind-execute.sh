#!/usr/bin/env bash
# Alembic 1.20.1: what a batch is asked for runs behind the op.execute that stands below it.
#
# On every dialect, also where no table is recreated, batch_alter_table gathers its operations until the block ends;
# op.execute inside the block runs at once. The UPDATE below meets a table that has no such column yet.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   UPDATE users SET state = 'new';
#   ALTER TABLE users ADD COLUMN state TEXT;
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q alembic==1.20.1 SQLAlchemy==2.0.58
"$work/venv/bin/python" - <<'PYTHON'
import io

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

def rendered(dialect, migrate):
    """The script that Alembic writes for what `migrate` asks of op."""
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": script})
    migrate(Operations(context))
    return [line for line in script.getvalue().splitlines() if line]

def migrate(op):
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text()))
        op.execute("UPDATE users SET state = 'new'")

lines = rendered("postgresql", migrate)
print(*lines, sep="\n")
assert lines == ["UPDATE users SET state = 'new';", "ALTER TABLE users ADD COLUMN state TEXT;"], lines
PYTHON
