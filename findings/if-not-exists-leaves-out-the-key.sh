#!/usr/bin/env bash
# Alembic 1.20.1: add_column(if_not_exists=True) guards the column, and not the foreign key that comes with it.
#
# Run again, the first statement does nothing and the second adds one more key of the same meaning.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   ALTER TABLE orders ADD COLUMN IF NOT EXISTS user_id INTEGER;
#   ALTER TABLE orders ADD FOREIGN KEY(user_id) REFERENCES users (id);
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
    op.add_column("orders", sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")), if_not_exists=True)

lines = rendered("postgresql", migrate)
print(*lines, sep="\n")
assert lines == [
    "ALTER TABLE orders ADD COLUMN IF NOT EXISTS user_id INTEGER;",
    "ALTER TABLE orders ADD FOREIGN KEY(user_id) REFERENCES users (id);",
], lines
PYTHON
