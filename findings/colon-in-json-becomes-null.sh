#!/usr/bin/env bash
# Alembic 1.20.1: with --sql, a colon in the JSON text of op.execute turns into NULL, and the exit code is 0.
#
# op.execute takes text for sqlalchemy.text(): ":true" inside a quoted JSON document is a bind parameter. Online the
# statement fails for want of a value. Offline the parameter is written out as NULL, into the literal.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   UPDATE flags SET body = '{"on"NULL}';
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q alembic==1.20.1 SQLAlchemy==2.0.58
"$work/venv/bin/python" - <<'PYTHON'
import io

from alembic.migration import MigrationContext
from alembic.operations import Operations

# As the env.py that `alembic init` writes has it.
OPTIONS = {"as_sql": True, "literal_binds": True}

def rendered(dialect, migrate):
    """The script that Alembic writes for what `migrate` asks of op."""
    script = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts=OPTIONS | {"output_buffer": script})
    migrate(Operations(context))
    return [line for line in script.getvalue().splitlines() if line]

(line,) = rendered("postgresql", lambda op: op.execute("""UPDATE flags SET body = '{"on":true}'"""))
print(line)
assert line == """UPDATE flags SET body = '{"on"NULL}';""", line
PYTHON
