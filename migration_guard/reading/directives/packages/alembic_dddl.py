"""
The operation of alembic-dddl (https://pypi.org/project/alembic-dddl/0.1.3), measured: it runs a script of SQL that lies
beside the migrations.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from migration_guard.model.operations import Operation
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import Text
from migration_guard.regular_files import is_below

_LOCATION = re.compile(r"^scripts_location[ \t]*=[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)


@directive("run_ddl_script", "script_name", needed=("script_name",))
def run_ddl_script(ask: BoundArguments) -> Iterator[Operation]:
    """op.run_ddl_script(): the statements of the file, one by one."""
    name = ask.text("script_name")
    assert name is not None
    files = ask.walker.files
    for folder in _folders(ask):
        text = files.text(os.path.normpath(os.path.join(folder, name)))
        if text is not None:
            yield from ask.sql(Text(text))
            return
    ask.opaque(f"the script {name} is not in the folder of the scripts, or cannot be read")


def _folders(ask: BoundArguments) -> Iterator[str]:
    """Where the scripts may be: beside the migrations, or where an alembic.ini above them says so."""
    versions = os.path.dirname(ask.walker.source.path)
    yield os.path.join(versions, "ddl")
    above, root = versions, ask.walker.files.root
    while is_below(above, root):
        for location in _LOCATION.findall(ask.walker.files.text(os.path.join(above, "alembic.ini")) or "")[:1]:
            yield os.path.join(above, location.replace("%(here)s", above))
        if above == os.path.dirname(above):
            return
        above = os.path.dirname(above)
