"""Ways in which an env.py finds another database than ours. `{decoy}` is the folder of a real server's socket."""

from __future__ import annotations

RUN = """
from alembic import context

def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

def online(engine):
    with engine.connect() as connection:
        run(connection)
"""
# Each of them ends in migrations on the throwaway database, and does not know.
LED = {
    "a plain engine": """
from sqlalchemy import create_engine
online(create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}"))
""",
    "an engine of psycopg 3": """
from sqlalchemy import create_engine
online(create_engine("postgresql+psycopg://postgres@/postgres?host={decoy}"))
""",
    "an engine of pg8000": """
from sqlalchemy import create_engine
online(create_engine("postgresql+pg8000://postgres@/postgres?unix_sock={decoy}/.s.PGSQL.5432"))
""",
    "connect_args that win over the URL": """
from sqlalchemy import create_engine
words = {{"host": "{decoy}", "user": "postgres", "dbname": "postgres"}}
online(create_engine("postgresql+psycopg2://", connect_args=words))
""",
    "an engine made when a module of the project is imported": """
import settings
online(settings.engine)
""",
    "a creator": """
import psycopg2
from sqlalchemy import create_engine
words = "host={decoy} user=postgres dbname=postgres"
online(create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(words)))
""",
    "a pool of its own": """
import psycopg2
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool
pool = QueuePool(lambda: psycopg2.connect(host="{decoy}", user="postgres", database="postgres"))
online(create_engine("postgresql+psycopg2://", pool=pool))
""",
    "a pool that holds a connection already": """
import psycopg2
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool
pool = QueuePool(lambda: psycopg2.connect(host="{decoy}", user="postgres", database="postgres"))
pool.connect().close()
online(create_engine("postgresql+psycopg2://", pool=pool))
""",
    "a listener that replaces the arguments": """
from sqlalchemy import create_engine, event
engine = create_engine("postgresql+psycopg2://localhost/x")
@event.listens_for(engine, "do_connect")
def token(dialect, record, arguments, keywords):
    arguments[:] = ["host={decoy} user=postgres dbname=postgres"]
    keywords.clear()
online(engine)
""",
    "a listener that connects by itself": """
from psycopg2 import connect
from sqlalchemy import create_engine, event
engine = create_engine("postgresql+psycopg2://localhost/x")
@event.listens_for(engine, "do_connect")
def own(dialect, record, arguments, keywords):
    return connect("postgresql://postgres@/postgres?host={decoy}")
online(engine)
""",
    "a connection class of its own": """
import psycopg2.extensions
from sqlalchemy import create_engine
class Connection(psycopg2.extensions.connection):
    def __init__(self, dsn, *rest):
        super().__init__("host={decoy} user=postgres dbname=postgres", *rest)
online(create_engine("postgresql+psycopg2://", connect_args={{"connection_factory": Connection}}))
""",
    "the environment of libpq": """
import os
os.environ.update(PGHOST="{decoy}", PGUSER="postgres", PGDATABASE="postgres", PGPORT="5432")
from sqlalchemy import create_engine
online(create_engine("postgresql+psycopg2://"))
""",
    "a service of libpq": """
import os, pathlib
file = pathlib.Path("services")
file.write_text("[shop]\\nhost={decoy}\\nuser=postgres\\ndbname=postgres\\n")
os.environ.update(PGSERVICEFILE=str(file.resolve()), PGSERVICE="shop")
import psycopg
from sqlalchemy import create_engine
psycopg.connect("service=shop").close()
online(create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect("")))
""",
    "the template for several databases": """
from sqlalchemy import create_engine
engines = {{name: create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}") for name in ("one", "two")}}
connections = {{name: engine.connect() for name, engine in engines.items()}}
transactions = [connection.begin() for connection in connections.values()]
for name, connection in connections.items():
    context.configure(connection=connection)
    context.run_migrations()
for transaction in transactions:
    transaction.commit()
for connection in connections.values():
    connection.close()
""",
    "an asynchronous engine": """
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine
async def main():
    engine = create_async_engine("postgresql+asyncpg://postgres@/postgres?host={decoy}")
    async with engine.connect() as connection:
        await connection.run_sync(run)
asyncio.run(main())
""",
    "an asynchronous engine of psycopg": """
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine
async def main():
    engine = create_async_engine("postgresql+psycopg://postgres@/postgres?host={decoy}")
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()
asyncio.run(main())
""",
    "an asynchronous creator": """
import asyncio
import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
async def main():
    async def creator():
        return await asyncpg.connect(host="{decoy}", user="postgres", database="postgres")
    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator)
    async with engine.connect() as connection:
        await connection.run_sync(run)
asyncio.run(main())
""",
    "a connection from the configuration, or else one of its own": """
from sqlalchemy import create_engine
connection = context.config.attributes.get("connection", None)
if connection is None:
    online(create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}"))
else:
    run(connection)
""",
    "raw connections beside the migrations": """
import asyncio
import asyncpg, pg8000.dbapi, pg8000.native, psycopg, psycopg2, psycopg2.extensions
from psycopg2 import connect
from sqlalchemy import create_engine
names = []
for connection in (
    psycopg2.connect("host={decoy} user=postgres dbname=postgres"),
    psycopg2.connect(dsn="postgresql://postgres@/postgres?host={decoy}"),
    psycopg2.connect(host="{decoy}", user="postgres", dbname="postgres"),
    psycopg2.extensions.connection("host={decoy} user=postgres dbname=postgres"),
    connect("host={decoy} user=postgres dbname=postgres"),
    psycopg.connect("host={decoy} user=postgres dbname=postgres"),
    psycopg.Connection.connect(host="{decoy}", user="postgres", dbname="postgres"),
    pg8000.dbapi.connect("postgres", unix_sock="{decoy}/.s.PGSQL.5432", database="postgres"),
):
    cursor = connection.cursor()
    cursor.execute("select current_database()")
    names.append(cursor.fetchone()[0])
    connection.close()
native = pg8000.native.Connection("postgres", unix_sock="{decoy}/.s.PGSQL.5432")
names.append(native.run("select current_database()")[0][0])
native.close()
async def main():
    connection = await asyncpg.connect("postgresql://postgres@/postgres?host={decoy}")
    names.append(await connection.fetchval("select current_database()"))
    await connection.close()
    async with asyncpg.create_pool("postgresql://postgres@/postgres?host={decoy}", min_size=1, max_size=1) as pool:
        names.append(await pool.fetchval("select current_database()"))
    connection = await psycopg.AsyncConnection.connect("host={decoy} user=postgres dbname=postgres")
    names.append((await (await connection.execute("select current_database()")).fetchone())[0])
    await connection.close()
asyncio.run(main())
assert len(set(names)) == 1 and names[0].startswith("ours_"), names
online(create_engine("postgresql+psycopg2://"))
""",
    "a SQLite file beside a throwaway SQLite database": """
import sqlite3
connection = sqlite3.connect("{file}")
connection.execute("create table written (id integer)")
connection.commit()
from sqlalchemy import create_engine
online(create_engine("sqlite:///{file}"))
""",
    "a SQLite URI": """
import sqlite3
from sqlalchemy import create_engine
online(create_engine("sqlite://", creator=lambda: sqlite3.connect("file:{file}?mode=rwc", uri=True)))
""",
    "an asynchronous SQLite engine": """
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine
async def main():
    async with create_async_engine("sqlite+aiosqlite:///{file}").connect() as connection:
        await connection.run_sync(run)
asyncio.run(main())
""",
    "SQLite in memory": """
from sqlalchemy import create_engine
online(create_engine("sqlite://"))
""",
}

# Each of them is refused, with these words.
REFUSED = {
    "another backend": (
        "connects to mysql",
        """
from sqlalchemy import create_engine
online(create_engine("mysql+pymysql://root@localhost/shop"))
""",
    ),
    "a SQLite file beside PostgreSQL": (
        "connects to sqlite",
        """
from sqlalchemy import create_engine
online(create_engine("sqlite:///{file}"))
""",
    ),
    "migrations in memory beside PostgreSQL": (
        "connects to sqlite",
        """
from sqlalchemy import create_engine
online(create_engine("sqlite://"))
""",
    ),
    "a raw connection to another backend": (
        "connects to mysql",
        """
import pymysql
pymysql.connect(host="localhost", user="root")
""",
    ),
    "a driver that is not known": (
        "connects to mssql",
        """
from sqlalchemy import create_engine
engine = create_engine("mssql+pymssql://sa@localhost/shop", module=__import__("psycopg2"))
online(engine)
""",
    ),
    "a client program": (
        "starts psql",
        """
import subprocess
subprocess.run(["psql", "-h", "{decoy}", "-U", "postgres", "-c", "create table written (id int)"])
""",
    ),
    "a client program in a shell": (
        "starts psql",
        """
import os
os.system("cd / && psql -h {decoy} -U postgres -c 'create table written (id int)'")
""",
    ),
    "a socket to a database server": (
        "127.0.0.1:5432",
        """
import socket
socket.create_connection(("127.0.0.1", 5432))
""",
    ),
    "a refusal that somebody catches": (
        "connects to mysql",
        """
from sqlalchemy import create_engine
try:
    create_engine("mysql+pymysql://root@localhost/shop").connect()
except Exception:
    pass
online(create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}"))
""",
    ),
    "a database of its own": (
        "create database shop",
        """
from sqlalchemy import create_engine, text
with create_engine("postgresql+psycopg2://", isolation_level="AUTOCOMMIT").connect() as connection:
    connection.execute(text("/* the first time */ create database shop"))
""",
    ),
}
