"""What is kept from run to run: whole, ours alone, and never needed. And servers for whoever starts them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import NEWEST, each_installation, left, private, script, use

from migration_guard.roundtripping.servers import binaries, folders, mysql, postgresql, processes, server_cache
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.binaries import Installation


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, where the accounts that run servers can get to."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        monkeypatch.setattr(folders, "cache_folder", lambda: Path(folder))
        yield Path(folder)


@each_installation
def test_a_new_data_folder_is_made_once(
    installation: Installation, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private(installation) as ours:
        assert use(ours.create()) == [(1,)]
    assert list(cache.iterdir())
    monkeypatch.setattr(postgresql if installation.dialect == "postgresql" else mysql, "_initialise", None)
    with private(installation) as ours:
        assert use(ours.create()) == [(1,)]


@each_installation
def test_a_kept_folder_that_no_server_starts_on_is_made_anew(installation: Installation, cache: Path) -> None:
    with private(installation):
        kept = set(cache.iterdir())
    for folder in kept:
        for file in [*folder.glob("global/pg_control"), *folder.glob("ibdata1"), *folder.glob("ib_logfile0")]:
            file.write_bytes(b"half")
    with private(installation) as ours:
        assert use(ours.create()) == [(1,)]
    assert set(cache.iterdir()) == kept
    assert not [
        file for folder in kept for file in folder.rglob("*") if file.is_file() and file.read_bytes() == b"half"
    ]


def test_a_cache_that_others_can_write_to_is_not_used(cache: Path) -> None:
    with private(NEWEST):
        kept = next(path for path in cache.iterdir() if (path / "PG_VERSION").exists())
    kept.chmod(0o777)
    assert server_cache.find(kept.name) is None
    with private(NEWEST) as ours:
        assert use(ours.create()) == [(1,)]


def test_without_a_cache_everything_is_made_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "cache_folder", lambda: None)
    with private(NEWEST) as ours:
        assert use(ours.create()) == [(1,)]
    assert not left()


def test_what_belongs_to_the_system_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_cache, "_can_run", lambda program, account: False)
    found = Installation(dialect="mysql", version=(8, 0, 36), program=Path("/usr/sbin/mysqld"))
    with pytest.raises(DatabaseError, match=r"cannot run /usr/sbin/mysqld nor a copy"):
        server_cache.reachable(found, processes.Account(1, 1), tmp_path)


def test_what_was_not_used_for_a_month_is_removed(cache: Path) -> None:
    old, new = (cache / f"postgresql-1.{each}-0123456789ab" for each in "12")
    old.mkdir()
    os.utime(old, (0, 0))
    (cache / "notes").mkdir()
    os.utime(cache / "notes", (0, 0))
    assert server_cache.keep(new.name, lambda folder: folder.mkdir(mode=0o700)) == new
    assert sorted(cache.iterdir()) == sorted([new, cache / "notes"])


START = """
import sys
from pathlib import Path
from migration_guard.roundtripping.servers import folders
folders.cache_folder = lambda: Path(sys.argv[1])
from servers import NEWEST, private, use
with private(NEWEST) as ours:
    print(use(ours.create()))
"""


def test_processes_that_start_at_once_do_not_disturb_each_other(cache: Path) -> None:
    both = [script(START, str(cache)) for _ in range(2)]
    done = [process.communicate(timeout=60) for process in both]
    assert [output.strip() for output, _ in done] == ["[(1,)]"] * 2, done
    assert not [path for path in cache.iterdir() if path.suffix == ".tmp"]


def test_a_normal_user_without_a_home_needs_nothing_either() -> None:
    """As root in a process that becomes nobody, with what it needs loaded; else as whoever we are."""
    with private(NEWEST) as ours:
        use(ours.create())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        words = "nothing"
        try:
            os.environ["HOME"] = "/nonexistent"
            os.environ.pop("XDG_CACHE_HOME", None)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            found = [one for one in binaries.postgresql() if str(one.program).startswith("/usr")] or [NEWEST]
            with private(found[0]) as ours:
                words = str(use(ours.create()))
            words += str(left())
        except BaseException as error:
            words = repr(error)
        finally:
            os.write(writer, words.encode())
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as output:
        assert output.read() == "[(1,)][]"
