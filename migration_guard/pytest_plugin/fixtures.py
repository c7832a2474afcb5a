"""The fixtures for people's own tests of migrations. They cost nothing until a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar

import pytest

from migration_guard.pytest_plugin.bench import CannotJudge
from migration_guard.pytest_plugin.items import bench

T = TypeVar("T")


@pytest.fixture
def throwaway_database(request: pytest.FixtureRequest) -> Iterator[object]:
    """
    A ThrowawayDatabase: empty, made for this test and dropped after it, on a server that lives until the last test.

    It is of the kind that the project is for; `@pytest.mark.migration_guard(database="sqlite")` asks for another.
    """
    shared = bench(request.config)
    with ExitStack() as stack:
        yield _or_fail(lambda: stack.enter_context(shared.throwaway(_database(request))))


@pytest.fixture
def migration_guard(request: pytest.FixtureRequest, throwaway_database: object) -> object:
    """A MigrationGuard: the project's own migrations on the `throwaway_database` of this test, to go up and down."""
    return _or_fail(lambda: bench(request.config).guard(_database(request), throwaway_database))


def _database(request: pytest.FixtureRequest) -> str | None:
    """The kind of database that the nearest marker asks for."""
    markers = list(request.node.iter_markers("migration_guard"))
    if any(marker.args or marker.kwargs.keys() - {"database"} for marker in markers):
        pytest.fail('The marker is written @pytest.mark.migration_guard(database="postgresql").', pytrace=False)
    said = (marker.kwargs.get("database") for marker in markers)
    return next((str(one) for one in said if one is not None), None)


def _or_fail(work: Callable[[], T]) -> T:
    try:
        return work()
    except CannotJudge as error:
        sentence = str(error)
    pytest.fail(f"migration-guard: {sentence}", pytrace=False)
