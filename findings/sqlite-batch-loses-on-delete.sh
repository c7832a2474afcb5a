#!/usr/bin/env bash
# Alembic 1.20.1 on SQLite: recreating a table drops ON DELETE and COLLATE without a word.
#
# batch_alter_table reflects the table and makes it anew. What the reflection does not give back is gone: the ON DELETE
# of a key that is written at its column stays in the text of no table.
#
# Output seen, with SQLAlchemy 2.0.58 on Python 3.11:
#   a CREATE TABLE whose key reads FOREIGN KEY(user_id) REFERENCES users (id), and whose code is TEXT
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q alembic==1.20.1 SQLAlchemy==2.0.58
"$work/venv/bin/python" - <<'PYTHON'
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

engine = sa.create_engine("sqlite://")
with engine.begin() as connection:
    connection.exec_driver_sql("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,"
        " code TEXT COLLATE NOCASE, note TEXT)"
    )
    op = Operations(MigrationContext.configure(connection))
    with op.batch_alter_table("orders", recreate="always") as batch_op:
        batch_op.drop_column("note")
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'orders'").scalar_one()
print(made)
assert "REFERENCES users" in made, made
assert "CASCADE" not in made, made
assert "NOCASE" not in made, made
PYTHON
