"""What a killed run left is known by its name: only what is ours, and nobody's any more, is removed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.roundtripping.servers import folders, leftovers, owned_names, processes
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.owned_names import DAY, GRACE, Owner, owner_of


def owner(**changes: object) -> Owner:
    """This process, now, but for the changes."""
    here = owner_of(owned_names.name())
    assert here is not None
    return replace(here, **changes)


def name_of(one: Owner) -> str:
    return f"{folders.PREFIX}{one.host}{one.pid:06x}{one.start}{one.made:08x}_0123456789"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "roots", lambda: [tmp_path])
    monkeypatch.setattr(folders, "LONGEST_SOCKET", 1000)
    return tmp_path


def test_a_name_fits_every_database_and_says_who_made_it() -> None:
    name = owned_names.name()
    assert len(name) <= 63
    assert owner_of(name) == owner(made=owner_of(name).made)  # type: ignore[union-attr]
    assert owner_of(owned_names.name(folders.PREFIX)) is not None


def test_no_two_names_are_the_same() -> None:
    assert len({owned_names.name() for _ in range(1000)}) == 1000


@given(st.text())
def test_other_names_are_nobodys_of_ours(name: str) -> None:
    assert owner_of(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "migration_guard",
        "migration_guard_production",
        "migration_guard_0123456789",
        f"x{owned_names.name()}",
        f"{owned_names.name()}x",
        owned_names.name().upper(),
    ],
    ids=["too short", "a word", "digits", "something before", "something behind", "capitals"],
)
def test_a_name_that_only_looks_like_ours_is_not(name: str) -> None:
    assert owner_of(name) is None


def test_a_living_process_needs_what_it_made_however_old_it_is() -> None:
    assert not owner(made=0).is_gone()


def test_a_process_that_ended_needs_nothing_after_a_while() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    now = int(time.time())
    assert not owner(pid=ended.pid, made=now).is_gone()
    assert owner(pid=ended.pid, made=now).is_gone(grace=0)
    assert owner(pid=ended.pid, made=now - GRACE - 1).is_gone()


def test_a_process_that_ended_and_was_not_waited_for_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owned_names.started(process.pid) is None or sys.platform != "linux"
    process.communicate()


def test_another_process_with_the_same_number_is_another() -> None:
    assert owner(start="00000001", made=0).is_gone()


def test_of_another_machine_nothing_is_known_for_a_day() -> None:
    now = int(time.time())
    assert not owner(host="00000000", pid=1, made=now - DAY + 60).is_gone(grace=0)
    assert owner(host="00000000", pid=1, made=now - DAY - 60).is_gone()


def test_only_folders_of_ended_processes_are_removed(root: Path) -> None:
    gone = root / name_of(owner(start="00000001"))
    (gone / "data").mkdir(parents=True)
    (gone / "data" / "file").touch()
    stay = [
        root / name_of(owner()),
        root / name_of(owner(host="00000000", start="00000001")),
        root / "migration-guard_notes",
        root / "something",
        root / f"migration_guard_{name_of(owner(start='00000001')).removeprefix(folders.PREFIX)}",
    ]
    for folder in stay:
        folder.mkdir()
    file = root / name_of(owner(start="00000002"))
    file.touch()
    link = root / name_of(owner(start="00000003"))
    link.symlink_to(root / "something")
    leftovers.sweep()
    assert sorted(root.iterdir()) == sorted([*stay, file, link])


def test_a_folder_of_another_user_is_let_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root / name_of(owner(start="00000001"))
    folder.mkdir()
    monkeypatch.setattr(processes, "our_numbers", lambda: {os.geteuid() + 1})
    leftovers.sweep()
    assert folder.exists()


def test_links_in_what_is_removed_are_not_followed(root: Path) -> None:
    precious = root / "precious"
    precious.mkdir()
    (precious / "file").touch()
    folder = root / name_of(owner(start="00000001"))
    folder.mkdir()
    (folder / "link").symlink_to(precious)
    leftovers.sweep()
    assert (precious / "file").exists()
    assert not folder.exists()


@pytest.fixture
def outliving(root: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A folder of an ended process, and a process that goes by the name of a server and works in it."""
    folder = root / name_of(owner(start="00000001"))
    folder.mkdir()
    command = ["postgres", "-c", "echo; read line", f"{folder}/data"]
    process = subprocess.Popen(command, executable=shutil.which("sh"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()  # before it runs, it has no name yet by which it could be found
    yield folder, process
    process.kill()
    process.communicate()


def test_a_server_that_outlived_its_run_is_ended(outliving: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, process = outliving
    leftovers.sweep()
    assert process.wait(20) < 0
    assert not folder.exists()


def test_a_process_of_another_name_or_folder_is_let_be(outliving: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, process = outliving
    processes.end_those_in(folder.parent / "other")
    assert process.poll() is None


def test_a_folder_is_closed_to_others_and_gone_after_an_error(root: Path) -> None:
    def fail(folder: Path) -> None:
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "file").touch()
        raise LookupError

    with pytest.raises(LookupError), folders.temporary() as folder:
        fail(folder)
    assert not list(root.iterdir())


def test_where_no_folder_can_be_made_the_error_says_which_to_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LONGEST_SOCKET", 10)
    with pytest.raises(DatabaseError, match=r"too long for a socket\. Set TMPDIR"):
        folders.temporary().__enter__()
    monkeypatch.setattr(folders, "roots", lambda: [root / "missing"])
    monkeypatch.setattr(folders, "LONGEST_SOCKET", 1000)
    with pytest.raises(DatabaseError, match=r"No such file or directory\)\. Set TMPDIR"):
        folders.temporary().__enter__()


def test_a_copy_of_data_has_its_files_and_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "from" / "inner" / "empty").mkdir(parents=True)
    (tmp_path / "from" / "inner" / "file").write_bytes(b"content")
    folders.copy(tmp_path / "from", tmp_path / "to")
    assert (tmp_path / "to" / "inner" / "file").read_bytes() == b"content"
    assert (tmp_path / "to" / "inner" / "empty").is_dir()
    assert not [path for path in (tmp_path / "to").rglob("*") if path.stat().st_mode & 0o077]


def test_interrupts_wait_for_the_end_of_what_must_not_be_left_half_done() -> None:
    done = []

    def short() -> None:
        with processes.undisturbed():
            signal.raise_signal(signal.SIGINT)
            with processes.undisturbed():
                signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        short()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
