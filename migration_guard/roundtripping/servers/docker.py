"""A server in Docker, through testcontainers, where the user has both. Installs neither."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from migration_guard.roundtripping.servers import given, mysql
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.binaries import line
from migration_guard.roundtripping.servers.destination import FAMILIES, Destination
from migration_guard.roundtripping.servers.processes import undisturbed

IMAGES = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mariadb"}
CLASSES = {
    "postgresql": ("testcontainers.postgres", "PostgresContainer"),
    "mysql": ("testcontainers.mysql", "MySqlContainer"),
}


def answers() -> bool:
    """Whether testcontainers is installed and a Docker engine answers."""
    if find_spec("testcontainers") is None or find_spec("docker") is None:
        return False
    docker = import_module("docker")
    try:
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except (docker.errors.DockerException, OSError):  # those of requests are OSErrors
        return False


@contextmanager
def container(dialect: str, version: tuple[int, ...] | None) -> Iterator[given.Either]:
    """A server in a container of our own, removed at the end (after a kill -9 by testcontainers' own reaper)."""
    family = FAMILIES[dialect]
    tag = ".".join(map(str, line(dialect, version))) if version else "latest"
    image = f"{IMAGES[dialect]}:{tag}"
    module, name = CLASSES[family]
    password = secrets.token_urlsafe(24)
    own = {"dbname": "postgres", "username": "postgres", "password": password}
    if family == "mysql":
        own = {"dbname": "migration_guard", "username": "root", "password": password, "root_password": password}
    port = given.PORTS[family]
    made = getattr(import_module(module), name)(image, **own)
    try:
        try:
            made.start()
        except Exception as error:  # whatever docker, requests or the wait for the server raise
            raise DatabaseError(f"The container {image} did not start: {error}") from error
        place = Destination(
            dialect=dialect,
            database="postgres" if family == "postgresql" else mysql.MAINTENANCE,
            host=str(made.get_container_host_ip()),
            port=int(made.get_exposed_port(port)),
            user=own["username"],
            password=password,
        )
        with given.serving(place, dialect, f"{place.host}:{place.port}, in a container of our own") as server:
            yield server
    finally:
        with undisturbed():
            made.stop()
