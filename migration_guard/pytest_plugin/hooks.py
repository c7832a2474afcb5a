"""Where pytest calls us. Does nothing unless it was asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_guard.pytest_plugin import items as ours
from migration_guard.pytest_plugin import options

CHOSEN = pytest.StashKey[list[str]]()
PLACE = pytest.StashKey[Path]()
MARKER = "migration_guard(database=None): a test of migrations; the fixtures take this kind of database"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of which begin with our name."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """The marker, known to pytest even with --strict-markers."""
    config.addinivalue_line("markers", MARKER)
    config.stash[options.ASKED] = asked = options.asked(config)
    # To the processes of pytest-xdist all that is to be run is named on a command line.
    config.option.migration_guard = asked.enabled


def pytest_report_header(config: pytest.Config) -> str | None:
    """One line at the top, where we were asked to run."""
    asked = config.stash[options.ASKED]
    if not asked.enabled:
        return None
    since = f", since {asked.since}" if asked.since else ""
    return f"migration-guard: {', '.join(asked.kinds)} of {config.stash[PLACE]}{since}"


def pytest_sessionstart(session: pytest.Session) -> None:
    """What cannot work is said before anything runs, also where other processes will run the items."""
    if session.config.stash[options.ASKED].enabled:
        session.config.stash[PLACE] = ours.check(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Items of ours that are named on the command line are no files."""
    config = session.config
    cwd = config.invocation_params.dir
    chosen = {word: name for word in config.args if (name := ours.named(word, cwd)) is not None}
    config.stash[CHOSEN] = list(chosen.values())
    if config.stash[options.ASKED].enabled and chosen:
        config.args[:] = [word for word in config.args if word not in chosen]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Our items come behind all others. -k and -m choose among them later."""
    if config.stash[options.ASKED].enabled:
        chosen = config.stash[CHOSEN]
        items += ours.collected(session, chosen)
