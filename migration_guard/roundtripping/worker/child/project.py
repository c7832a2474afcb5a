"""Loads the Alembic project in the child, as the alembic command would. Knows no database but the throwaway's URL."""

from __future__ import annotations

import inspect
import os
import re
import sys
import warnings
from argparse import Namespace
from configparser import InterpolationError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migration_guard.roundtripping.servers.destination import FAMILIES, Destination
from migration_guard.roundtripping.worker.fence.drivers import ASYNC_DRIVERS, SYNC_DRIVERS, url
from migration_guard.roundtripping.worker.protocol import Job, Revision

_URL = "sqlalchemy.url"
_ASYNC = re.compile(r"\b(async_engine_from_config|create_async_engine|AsyncEngine)\b")
_SCHEMES = {**FAMILIES, "postgres": "postgresql"}


class ProjectLoadError(Exception):
    """The project cannot be loaded; the sentence says what to do."""


@dataclass(slots=True)
class LoadedProject:
    """The scripts, and a new Config for each run of env.py."""

    job: Job
    script: ScriptDirectory
    environment_source: str
    application: Any = None  # a Flask application

    @classmethod
    def load(cls, job: Job) -> LoadedProject:
        """Read the configuration and all scripts; find the Flask application where there is one."""
        sys.path.append(str(job.folder))
        sys.argv[:] = ["alembic", "upgrade", "head"]
        config = _plain_config(job)
        application = None
        location = config.get_main_option("script_location")
        if job.flask or _mentions_flask(_source(Path(job.folder, location or "", "env.py"))):
            application = _flask_application(job)
        with application.app_context() if application else nullcontext():
            script = ScriptDirectory.from_config(_config(job, application))
            source = _source(Path(script.dir, "env.py"))
            if application is None and _mentions_flask(source):
                application = _flask_application(job)
            with application.app_context() if application else nullcontext():
                _import(script)
        return cls(job, script, source, application)

    @property
    def environment(self) -> str:
        """The path of env.py."""
        return os.path.abspath(os.path.join(self.script.dir, "env.py"))

    def context(self) -> AbstractContextManager[object]:
        """What env.py has to run in."""
        context: AbstractContextManager[object] = self.application.app_context() if self.application else nullcontext()
        return context

    def config(self, destination: Destination) -> Config:
        """
        A configuration as `alembic` makes it; within `context()`.

        A `sqlalchemy.url` that is absent, a placeholder or of another database becomes that of the throwaway one.
        """
        config = _config(self.job, self.application)
        parser = config.file_config
        main = config.config_ini_section
        for section in dict.fromkeys((main, *parser.sections())):
            if section != main and not (parser.has_section(section) and _URL in parser[section]):
                continue
            if _family(config, section) != destination.family:
                config.set_section_option(section, _URL, self._url(destination).replace("%", "%%"))
        return config

    def revisions(self) -> tuple[Revision, ...]:
        """All scripts, parents and dependencies first."""
        found: dict[str, Revision] = {}
        scripts = list(self.script.walk_revisions())
        by_id = {one.revision: one for one in scripts}
        depends: dict[str, tuple[str, ...]] = {}
        for one in scripts:
            wanted = self.script.get_revisions(_words(one.dependencies)) if one.dependencies else ()
            depends[one.revision] = tuple(other.revision for other in wanted if other is not None)
        for start in reversed(scripts):
            waiting = [start.revision]
            while waiting:
                one = by_id[waiting[-1]]
                parents = _words(one.down_revision)
                before = [id for id in (*parents, *depends[one.revision]) if id not in found]
                if before:
                    waiting += before
                    continue
                waiting.pop()
                labels = tuple(sorted(one.branch_labels or ()))
                path = os.path.abspath(one.path)
                found[one.revision] = Revision(one.revision, parents, depends[one.revision], labels, path)
        return tuple(found.values())

    def _url(self, destination: Destination) -> str:
        asynchronous = _ASYNC.search(self.environment_source) is not None
        return url(destination, driver(destination, asynchronous=asynchronous))


def _import(script: ScriptDirectory) -> None:
    """Let the map of the revisions import every script. Raises ProjectLoadError where it leaves one of them out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            script.revision_map.heads  # noqa: B018
        except KeyError as error:
            raise ProjectLoadError(
                f"A revision names {error} as one that comes before it, and no file here has that one."
                " `migration-guard lint` tells which."
            ) from error
    for one in caught:
        twice = re.match(r"Revision (\S+) is present more than once", str(one.message))
        if twice:
            raise ProjectLoadError(
                f"Two files are the revision {twice[1]}, and Alembic takes only one of them. Give the other an id of"
                " its own; `migration-guard lint` names them."
            )
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def driver(destination: Destination, *, asynchronous: bool = False) -> str:
    """An installed driver for the database, by SQLAlchemy's name. Raises ProjectLoadError where there is none."""
    table = ASYNC_DRIVERS if asynchronous else SYNC_DRIVERS
    rows = table[destination.family]
    for name, module in rows.items():
        if find_spec(module.split(".")[0]) is not None:
            return name
    kind = "asynchronous driver" if asynchronous else "driver"
    raise ProjectLoadError(
        f"This Python has no {kind} for {destination.dialect}. "
        f"Install the one that the project uses, or one of these: {', '.join(rows.values())}."
    )


def _plain_config(job: Job) -> Config:
    """What `alembic -c ...` would make of the files."""
    ini = job.config
    options: dict[str, Any] = {}
    if "toml_file" in inspect.signature(Config.__init__).parameters:
        toml = job.folder / "pyproject.toml"
        if job.config is not None and job.config.suffix == ".toml":
            ini, toml = job.folder / "alembic.ini", job.config
        options["toml_file"] = str(toml) if toml.exists() else None
    elif job.config is not None and job.config.suffix == ".toml":
        raise ProjectLoadError(
            f"The Alembic of this Python does not read {job.config.name}. Upgrade it to 1.16 or newer, "
            "or name the alembic.ini with -c."
        )
    file = str(ini) if ini is not None and ini.exists() else None
    config = Config(file, ini_section=job.section, cmd_opts=_command_line(job), **options)
    if job.script_location is not None:
        config.set_main_option("script_location", str(job.script_location).replace("%", "%%"))
    return config


def _config(job: Job, application: Any) -> Config:
    """The same, as Flask-Migrate makes it where the application has that; within the application's context."""
    extension = application.extensions.get("migrate") if application else None
    config = _plain_config(job)
    if extension is None or not hasattr(extension, "migrate"):
        return config
    configured: Config = extension.migrate.call_configure_callbacks(config)
    return configured


def _command_line(job: Job) -> Namespace:
    """What env.py may read of `alembic upgrade head`."""
    return Namespace(
        x=list(job.x) or None,
        name=[job.section],
        config=[str(job.config)] if job.config else None,
        cmd=(command.upgrade, ["revision"], ["sql", "tag"]),
        revision="head",
        sql=False,
        tag=None,
        raiseerr=False,
        verbose=False,
        quiet=False,
    )


def _family(config: Config, section: str) -> str | None:
    """Of which family the section's URL is; None where it names no database that we know."""
    try:
        text = config.get_section_option(section, _URL)
    except InterpolationError:
        return None
    scheme = re.match(r"\s*(\w+)(?:\+\w+)?:", text or "")
    return _SCHEMES.get(scheme[1].lower()) if scheme else None


def _source(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _mentions_flask(source: str) -> bool:
    return re.search(r"^from flask import .*\bcurrent_app\b", source, re.MULTILINE) is not None


def _flask_application(job: Job) -> Any:
    """The application, found as the command `flask` finds it."""
    if find_spec("flask") is None:
        raise ProjectLoadError(f"The env.py of {job.folder} needs a Flask application, and this Python has no Flask.")
    cli = import_module("flask.cli")
    try:
        cli.load_dotenv()
        sys.path.insert(0, str(job.folder))
        # The command line of Flask reads this variable; what it is made of does not.
        return cli.ScriptInfo(app_import_path=os.environ.get("FLASK_APP")).load_app()
    except cli.NoAppException as error:
        raise ProjectLoadError(
            f"The env.py of {job.folder} needs a Flask application, and none was found ({_first_line(error)}). "
            "Say where it is with --env FLASK_APP=package:create_app."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


def _words(value: Any) -> tuple[str, ...]:
    """Alembic's `None | str | tuple` as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
