"""
What the operations of packages look like in a revision, and what they run: a small project for each package, whose own
autogenerate (or documentation) writes the revisions, and whose statements are written down on the way up and down. Each
becomes a file of Python and one of SQL in the folder of its package, which the tests hold against each other. No part
of the tests, since it needs the packages, and a database on a PostgreSQL server that is empty and that it may fill:

    pip install -r tests/renderings/requirements.txt
    python tests/renderings/operations.py postgresql+psycopg://postgres@localhost/renderings
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event

HERE = Path(__file__).parent
INI = """\
[alembic]
script_location = %(here)s/migrations
file_template = %%(rev)s
"""
TEMPLATE = '''\
"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
ENV = """\
from alembic import context
from sqlalchemy import MetaData

target_metadata = MetaData()
options = {}
exec(open(context.config.attributes["models"]).read())
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=target_metadata, literal_binds=True)
else:
    context.configure(connection=context.config.attributes["connection"], target_metadata=target_metadata, **options)
with context.begin_transaction():
    context.run_migrations()
"""
# What a package asks of the catalogue while it works, and what Alembic writes about its own version.
PASSED_OVER = re.compile(
    r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK|SHOW)\b|.*\balembic_version\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Revision:
    """
    What the models of a project are before the next revision is made. Without `written` autogenerate writes it, else
    it is the body of the file.
    """

    models: str = ""
    written: str = ""


VIEW = """\
from alembic_utils.pg_extension import PGExtension
from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_grant_table import PGGrantTable
from alembic_utils.pg_materialized_view import PGMaterializedView
from alembic_utils.pg_policy import PGPolicy
from alembic_utils.pg_trigger import PGTrigger
from alembic_utils.pg_view import PGView
from alembic_utils import replaceable_entity
from sqlalchemy import Column, Integer, Table, Text

replaceable_entity.registry.clear()
Table("jobs", target_metadata, Column("id", Integer, primary_key=True), Column("name", Text))
"""
ENTITIES = """\
replaceable_entity.register_entities([
    PGExtension("public", "pgcrypto"),
    PGFunction("public", "doubled(n int, by int default 2)", "returns int language sql as $$ select n * by $$"),
    PGFunction("public", "touch()", "returns trigger language plpgsql as $$ begin return NEW; end $$"),
    PGView("public", "named", "SELECT id, name FROM jobs WHERE name IS NOT NULL"),
    PGMaterializedView("public", "totals", "SELECT count(*) AS n FROM jobs"),
    PGTrigger("public", "touched", "BEFORE UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION touch()", "public.jobs"),
    PGPolicy("public", "everybody", "as PERMISSIVE for SELECT to public using (true)", "public.jobs"),
    PGGrantTable("public", "jobs", "pg_monitor", "DELETE"),
], entity_types=[PGExtension, PGFunction, PGView, PGMaterializedView, PGTrigger, PGPolicy, PGGrantTable])
"""
CHANGED = (
    ENTITIES.replace("n * by", "n * by + 1")
    .replace("SELECT id, name", "SELECT id")
    .replace("count(*) AS n", "count(*) AS n, max(id) AS last")
    .replace("BEFORE UPDATE", "BEFORE INSERT")
    .replace("(true)", "(id > 0)")
)
ENUM = """\
import alembic_postgresql_enum
from sqlalchemy import ARRAY, Column, Enum, Integer, Table

state = Enum({values}, name="state")
Table(
    "jobs",
    target_metadata,
    Column("id", Integer, primary_key=True),
    Column("st", state, server_default="new", nullable=False),
    Column("past", ARRAY(state)),
)
"""
OWN_ENUM = """\
import alembic_autogenerate_enums
from sqlalchemy import Column, Enum, Integer, Table

Table("jobs", target_metadata, Column("id", Integer, primary_key=True), Column("st", Enum({values}, name="state")))
"""
JOBS = """\
from sqlalchemy import Column, Enum, Integer, Table

state = Enum({values}, name="state")
Table("jobs", target_metadata, Column("id", Integer, primary_key=True), Column("st", state, server_default="new"))
"""
SEARCHED = """\
from sqlalchemy import Column, Integer, Table, Text
from sqlalchemy_utils import TSVectorType

Table(
    "articles", target_metadata, Column("id", Integer, primary_key=True), Column("a", Text), Column("f", TSVectorType)
)
"""
DECLARED = """\
from sqlalchemy import Column, Integer, Table
from sqlalchemy_declarative_extensions import (
    Function, Functions, Triggers, View, Views, declare_database, register_alembic_events,
)
from sqlalchemy_declarative_extensions.dialects.postgresql import Trigger

Table("jobs", target_metadata, Column("id", Integer, primary_key=True))
declare_database(
    target_metadata,
    functions=Functions().are(Function("touch", "BEGIN RETURN NEW; END", language="plpgsql", returns="TRIGGER")),
    views=Views().are(View("some_jobs", "SELECT id FROM jobs WHERE id > {least}")),
    triggers=Triggers().are(Trigger.before("update", on="jobs", execute="touch").named("touched").for_each_row()),
)
register_alembic_events(functions=True, views=True, triggers=True)
"""
DDL = """\
from alembic_dddl import DDL
from alembic_dddl.dddl import ddl_registry
from sqlalchemy import Column, Integer, Table

Table("jobs", target_metadata, Column("id", Integer, primary_key=True))
ddl_registry.ddls.clear()
view = "CREATE OR REPLACE VIEW some_jobs AS SELECT id FROM jobs WHERE id > {least}"
ddl_registry.register(DDL("some_jobs", view, "DROP VIEW some_jobs"))
"""
SHOPS = """\
from geoalchemy2 import Geography, Geometry, alembic_helpers
from sqlalchemy import Column, ForeignKey, Integer, Table

options = {
    "include_object": alembic_helpers.include_object,
    "process_revision_directives": alembic_helpers.writer,
    "render_item": alembic_helpers.render_item,
}
Table("owners", target_metadata, Column("id", Integer, primary_key=True))
Table(
    "shops",
    target_metadata,
    Column("id", Integer, primary_key=True),
    Column("owner_id", Integer, ForeignKey("owners.id"), index=True),
    Column("spot", Geometry("POINT", 4326), nullable=False),
    Column("area", Geography("POLYGON", 4326, spatial_index=False)),
)
"""
TABLE = "from sqlalchemy import *\nTable('jobs', target_metadata, Column('id', Integer, primary_key=True))\n"
PROJECTS = {
    "alembic_utils": [Revision(VIEW), Revision(VIEW + ENTITIES), Revision(VIEW + CHANGED)],
    "alembic_postgresql_enum": [
        Revision(ENUM.format(values="'new', 'done'")),
        Revision(ENUM.format(values="'new', 'late', 'done', 'gone'")),
        Revision(ENUM.format(values="'new', 'late'")),
        Revision(
            ENUM.format(values="'new', 'finished'"),
            """
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
            """,
        ),
    ],
    "alembic_autogenerate_enums": [
        Revision(OWN_ENUM.format(values=values)) for values in ("'new', 'done'", "'new', 'late', 'done'")
    ],
    "alembic_enums": [
        Revision(JOBS.format(values="'new', 'done'")),
        Revision(
            JOBS.format(values="'new', 'late'"),
            """
            from alembic_enums import Column, EnumMigration

            column = Column("jobs", "st", old_server_default="new", new_server_default="late")
            migration = EnumMigration(
                op=op, enum_name="state", old_options=["new", "done"], new_options=["new", "late"], columns=[column]
            )


            def upgrade():
                with migration.upgrade_ctx():
                    migration.update_value(column, "done", "late")


            def downgrade():
                with migration.downgrade_ctx():
                    migration.update_value(column, "late", "done")
            """,
        ),
    ],
    "sqlalchemy_searchable": [
        Revision(
            SEARCHED,
            """
            from sqlalchemy_utils import TSVectorType


            def upgrade():
                op.create_table(
                    "articles",
                    sa.Column("id", sa.Integer(), nullable=False),
                    sa.Column("name", sa.Text()),
                    sa.Column("found", TSVectorType()),
                )


            def downgrade():
                op.drop_table("articles")
            """,
        ),
        Revision(
            SEARCHED,
            """
            from sqlalchemy_searchable import drop_trigger, sync_trigger


            def upgrade():
                conn = op.get_bind()
                op.add_column("articles", sa.Column("content", sa.Text))
                sync_trigger(conn, "articles", "found", ["name", "content"])


            def downgrade():
                conn = op.get_bind()
                drop_trigger(conn, "articles", "found")
                op.drop_column("articles", "content")
            """,
        ),
    ],
    "sqlalchemy_declarative_extensions": [
        Revision(TABLE),
        Revision(DECLARED.format(least=0)),
        Revision(DECLARED.format(least=9)),
    ],
    "geoalchemy2": [
        Revision(SHOPS),
        Revision(
            SHOPS,
            """
            from geoalchemy2 import Geometry


            def upgrade():
                op.add_geospatial_column("owners", sa.Column("home", Geometry("POINT", 4326), nullable=True))
                op.create_geospatial_index("idx_owners_home", "owners", ["home"], unique=False, postgresql_using="gist")
                op.add_column("owners", sa.Column("work", Geometry("POINT", 4326)))
                op.drop_geospatial_column("shops", "area")


            def downgrade():
                op.add_geospatial_column("shops", sa.Column("area", Geometry("POLYGON", 4326), nullable=True))
                op.drop_column("owners", "work")
                op.drop_geospatial_index("idx_owners_home", table_name="owners", column_name="home")
                op.drop_geospatial_column("owners", "home")
            """,
        ),
    ],
    "alembic_dddl": [Revision(TABLE), Revision(DDL.format(least=0)), Revision(DDL.format(least=9))],
}


# These are written down without being run: the database would have to have PostGIS.
OFFLINE = ("geoalchemy2",)


def main() -> None:
    """Write the revisions and the statements of every project."""
    url = sa.make_url(sys.argv[1])
    for name in sys.argv[2:] or PROJECTS:
        with tempfile.TemporaryDirectory() as folder:
            # The packages keep what was registered for as long as the process lives.
            pid = os.fork()
            if pid == 0:
                project(name, Path(folder), url)
                os._exit(0)
            _, status = os.waitpid(pid, 0)
            assert status == 0, name


def project(name: str, folder: Path, url: sa.URL) -> None:
    """Make one project, with its revisions, and write down what they run."""
    (folder / "migrations" / "versions" / "ddl").mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text(TEMPLATE)
    os.chdir(folder)
    target = HERE / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        empty(connection)
        config = Config(str(folder / "alembic.ini"))
        config.attributes.update(connection=connection, models=str(folder / "models.py"))
        for number, revision in enumerate(PROJECTS[name], 1):
            (folder / "models.py").write_text(revision.models)
            command.revision(config, rev_id=f"r{number}", message=f"r{number}", autogenerate=not revision.written)
            if revision.written:
                file = folder / "migrations" / "versions" / f"r{number}.py"
                head = file.read_text().partition("def upgrade")[0].rstrip()
                file.write_text(f"{head}\n{dedent(revision.written)}")
            if name not in OFFLINE:
                command.upgrade(config, "head")
        empty(connection)
        for number in range(1, len(PROJECTS[name]) + 1):
            up, down = (offline if name in OFFLINE else online)(config, connection, number)
            if up:
                written = ["-- upgrade", *up, "-- downgrade", *down]
                (target / f"r{number}.sql").write_text("\n".join(written) + "\n")
    shutil.copytree(
        folder / "migrations" / "versions", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    for ddl in target.glob("ddl"):
        if not any(ddl.iterdir()):
            ddl.rmdir()


def empty(connection: sa.Connection) -> None:
    """Drop whatever a project has left in the database."""
    connection.execute(sa.text("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public"))
    connection.commit()


def offline(config: Config, _: sa.Connection, number: int) -> tuple[list[str], list[str]]:
    """What a revision would run on its way up and down, as Alembic says itself."""
    here, below = f"r{number}", f"r{number - 1}" if number > 1 else "base"
    up, down = io.StringIO(), io.StringIO()
    config.output_buffer = up
    command.upgrade(config, f"{below}:{here}", sql=True)
    config.output_buffer = down
    command.downgrade(config, f"{here}:{below}", sql=True)
    return _split(up.getvalue()), _split(down.getvalue())


def _split(text: str) -> list[str]:
    found = [one.strip() for one in re.sub("^--.*$", "", text, flags=re.MULTILINE).split(";\n")]
    return [f"{one};" for one in found if one not in ("", "BEGIN", "COMMIT") and not PASSED_OVER.match(one)]


def online(config: Config, connection: sa.Connection, number: int) -> tuple[list[str], list[str]]:
    """What a revision runs on its way up and down. The first only makes what the others work on: it stays."""
    if number == 1:
        command.upgrade(config, "r1")
        return [], []
    with statements(connection) as up:
        command.upgrade(config, f"r{number}")
    with statements(connection) as down:
        command.downgrade(config, "-1")
    command.upgrade(config, f"r{number}")
    return up, down


@contextmanager
def statements(connection: sa.Connection) -> Iterator[list[str]]:
    """What changes something in the database meanwhile."""
    found: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2]).strip().rstrip(";")
        if not PASSED_OVER.match(statement):
            found.append(f"{statement % () if '%%' in statement else statement};")

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
