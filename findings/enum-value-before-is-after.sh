#!/usr/bin/env bash
# alembic-postgresql-enum 1.11.0: add_enum_value(before_value=) does not write BEFORE.
#
# The argument is called before_value, and what runs is ADD VALUE ... AFTER that value.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   ALTER TYPE "public"."level" ADD VALUE 'middle' AFTER 'high';
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q alembic-postgresql-enum==1.11.0 alembic==1.20.1 SQLAlchemy==2.0.58
"$work/venv/bin/python" - <<'PYTHON'
import io

from alembic.migration import MigrationContext
from alembic.operations import Operations

import alembic_postgresql_enum  # registers op.add_enum_value

def rendered(dialect, migrate):
    """The script that Alembic writes for what `migrate` asks of op."""
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": script})
    migrate(Operations(context))
    return [line for line in script.getvalue().splitlines() if line]


def migrate(op):
    op.add_enum_value(enum_schema="public", enum_name="level", new_value="middle", before_value="high")

lines = rendered("postgresql", migrate)
print(*lines, sep="\n")
assert lines == ["""ALTER TYPE "public"."level" ADD VALUE 'middle' AFTER 'high';"""], lines
PYTHON
