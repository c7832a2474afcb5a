"""Small Alembic projects for the tests, written to a folder."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from migration_guard.roundtripping.worker.client import Job

# What `alembic init` writes, without the comments and the offline half.
GENERIC = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
target_metadata = None


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
"""
ASYNC = """
import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config

config = context.config


def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    connectable = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


asyncio.run(run_async_migrations())
"""
MULTIDB = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
names = [name.strip() for name in config.get_main_option("databases").split(",")]
engines = {}
for name in names:
    engines[name] = {
        "engine": engine_from_config(context.config.get_section(name), prefix="sqlalchemy.", poolclass=pool.NullPool)
    }
for name, rec in engines.items():
    rec["connection"] = conn = rec["engine"].connect()
    rec["transaction"] = conn.begin()
try:
    for name, rec in engines.items():
        context.configure(
            connection=rec["connection"], upgrade_token="%s_upgrades" % name, downgrade_token="%s_downgrades" % name
        )
        context.run_migrations(engine_name=name)
    for rec in engines.values():
        rec["transaction"].commit()
except:
    for rec in engines.values():
        rec["transaction"].rollback()
    raise
finally:
    for rec in engines.values():
        rec["connection"].close()
"""
TABLE = """
def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("{table}")
"""


def script(
    revision: str,
    down: str | Sequence[str] | None = None,
    body: str | None = None,
    *,
    depends_on: str | Sequence[str] | None = None,
    labels: str | None = None,
) -> str:
    """The text of a migration; without a body it makes a table that is called like the revision."""
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {revision!r}\ndown_revision = {down!r}\n"
        f"branch_labels = {labels!r}\ndepends_on = {depends_on!r}\n"
        + textwrap.dedent(body if body is not None else TABLE.format(table=f"t_{revision}"))
    )


def write(
    folder: Path,
    scripts: Mapping[str, str],
    *,
    environment: str = GENERIC,
    url: str | None = "driver://user:pass@localhost/dbname",
    ini: str = "",
) -> Job:
    """The project in the folder, with `alembic.ini`, `migrations/env.py` and a file for each of the scripts."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    setting = f"sqlalchemy.url = {url}\n" if url is not None else ""
    (folder / "alembic.ini").write_text(
        f"[alembic]\nscript_location = migrations\nprepend_sys_path = .\n{setting}{ini}", encoding="utf-8"
    )
    (folder / "migrations" / "env.py").write_text(environment, encoding="utf-8")
    for revision, text in scripts.items():
        (versions / f"{revision}_.py").write_text(text, encoding="utf-8")
    return Job(folder=folder, config=folder / "alembic.ini")
