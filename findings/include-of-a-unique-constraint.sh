#!/usr/bin/env bash
# Alembic 1.20.1: create_unique_constraint(postgresql_include=) is a KeyError; create_index and create_table render it.
#
# SQLAlchemy's UniqueConstraint has the option, and so has CREATE TABLE; the constraint that Alembic makes to
# render ALTER TABLE ... ADD has none of the dialect's arguments.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   CREATE UNIQUE INDEX ix ON users (mail) INCLUDE (name);
#   KeyError 'name'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q alembic==1.20.1 SQLAlchemy==2.0.58
"$work/venv/bin/python" - <<'PYTHON'
import io

from alembic.migration import MigrationContext
from alembic.operations import Operations

def rendered(dialect, migrate):
    """The script that Alembic writes for what `migrate` asks of op."""
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": script})
    migrate(Operations(context))
    return [line for line in script.getvalue().splitlines() if line]

def constraint(op):
    op.create_unique_constraint("uq", "users", ["mail"], postgresql_include=["name"])

def index(op):
    op.create_index("ix", "users", ["mail"], unique=True, postgresql_include=["name"])

(line,) = rendered("postgresql", index)
print(line)
assert line == "CREATE UNIQUE INDEX ix ON users (mail) INCLUDE (name);", line
try:
    lines = rendered("postgresql", constraint)
except KeyError as error:
    print("KeyError", error)
else:
    raise SystemExit(f"it renders now: {lines}")
PYTHON
