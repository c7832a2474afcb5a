"""What is kept from one run to the next: nothing stale, nothing that others wrote, and nothing that costs a crash."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migration_guard import engine
from migration_guard.config import Overrides
from migration_guard.model import constraints, objects, operations
from migration_guard.model.finding import Finding, Report, Summary
from migration_guard.model.migration import Environment, Migration
from migration_guard.model.operations import Operation
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading import history as reading
from migration_guard.reading.cache.codec import Malformed, decoder, encoder
from migration_guard.reading.cache.store import FOLDER, FileContent
from migration_guard.reading.discovery.project import Project
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration

HEAD = 'from alembic import op\n{more}\nrevision = "{revision}"\ndown_revision = {parent!r}\n\n'
INDEX = 'def upgrade():\n    op.create_index("ix_{table}", {table!r}, ["name"])\n\n\ndef downgrade():\n    {down}\n'


def migration(revision: str, parent: str | None, body: str, more: str = "") -> str:
    return HEAD.format(revision=revision, parent=parent, more=more) + body


@pytest.fixture
def project(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "migrations" / "env.py").write_text("from alembic import context\ncontext.configure()\n")
    down = 'op.drop_index("ix_users")'
    (versions / "a1_users.py").write_text(migration("a1", None, INDEX.format(table="users", down=down)))
    return tmp_path


def lint(project: Path, **options: Any) -> Report:
    return engine.lint((), project, None, Overrides(jobs=1, **options))


def found(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.message) for finding in report.findings]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed from here on."""
    names: list[str] = []
    read_some = reading._read_some

    def noting(files: reading.Files, dialects: Sequence[str], project: Project) -> dict[str, reading.Reads]:
        names.extend(Path(path).name for path, _ in files)
        return read_some(files, dialects, project)

    monkeypatch.setattr(reading, "_read_some", noting)
    return names


def add(project: Path, name: str, text: str) -> None:
    (project / "migrations" / "versions" / name).write_text(text)


# --- what makes a result stale --------------------------------------------------------------------------------------


def test_a_second_run_says_the_same_and_reads_nothing(project: Path, reads: list[str]) -> None:
    first = lint(project)
    assert found(first)
    reads.clear()
    second = lint(project)
    assert (second.findings, second.sources) == (first.findings, first.sources)
    assert not reads


def test_one_changed_file_costs_one_reading(project: Path, reads: list[str]) -> None:
    add(project, "b2_more.py", migration("b2", "a1", INDEX.format(table="orders", down="pass")))
    lint(project)
    reads.clear()
    add(project, "b2_more.py", migration("b2", "a1", INDEX.format(table="parcels", down="pass")))
    assert any("parcels" in message for _, message in found(lint(project)))
    assert reads == ["b2_more.py"]


def test_a_changed_helper_is_seen(project: Path) -> None:
    helper = project / "migrations" / "versions" / "helper.py"
    helper.write_text('TABLE = "orders"\n')
    body = "def upgrade():\n    op.drop_table(TABLE)\n\n\ndef downgrade():\n    pass\n"
    add(project, "b2_more.py", migration("b2", "a1", body, "from .helper import TABLE"))
    assert any("orders" in message for _, message in found(lint(project)))
    helper.write_text('TABLE = "parcels"\n')
    assert any("parcels" in message for _, message in found(lint(project)))


def test_a_helper_of_a_helper_is_seen_by_every_migration_that_leans_on_it(project: Path) -> None:
    inner = project / "inner.py"
    inner.write_text('TABLE = "orders"\n')
    (project / "outer.py").write_text("from inner import TABLE\nNAME = f'{TABLE}_old'\n")
    body = "def upgrade():\n    op.drop_table(NAME)\n\n\ndef downgrade():\n    pass\n"
    for number in (2, 3):
        add(project, f"b{number}.py", migration(f"b{number}", f"b{number - 1}", body, "from outer import NAME"))
    lint(project)
    inner.write_text('TABLE = "parcels"\n')
    drops = [message for code, message in found(lint(project)) if code == "MG101"]
    assert len(drops) == 2
    assert all("parcels_old" in message for message in drops)


def test_a_file_that_was_absent_is_seen_when_it_comes(project: Path) -> None:
    body = 'def upgrade():\n    op.execute(open("{0}/drop.sql").read())\n\n\ndef downgrade():\n    pass\n'
    add(project, "b2_more.py", migration("b2", "a1", body.format(project)))
    assert "MG101" not in dict(found(lint(project)))
    (project / "drop.sql").write_text("DROP TABLE orders;\n")
    assert "MG101" in dict(found(lint(project)))


def test_a_module_that_would_win_over_the_one_that_was_found_is_seen(project: Path) -> None:
    (project / "tables.py").write_text('TABLE = "orders"\n')
    body = "def upgrade():\n    op.drop_table(TABLE)\n\n\ndef downgrade():\n    pass\n"
    add(project, "b2_more.py", migration("b2", "a1", body, "from tables import TABLE"))
    assert any("orders" in message for _, message in found(lint(project)))
    (project / "migrations" / "tables.py").write_text('TABLE = "parcels"\n')
    assert any("parcels" in message for _, message in found(lint(project)))


def test_a_changed_env_is_seen(project: Path) -> None:
    index = 'op.create_index("i", "users", ["n"], postgresql_concurrently=True)'
    body = f'def upgrade():\n    {index}\n\n\ndef downgrade():\n    op.drop_index("i")\n'
    add(project, "b2_more.py", migration("b2", "a1", body))
    before = found(lint(project))
    (project / "migrations" / "env.py").write_text(
        'from alembic import context\ncreate_engine("x", isolation_level="AUTOCOMMIT")\ncontext.configure()\n'
    )
    assert found(lint(project)) != before


def test_a_changed_configuration_is_seen(project: Path) -> None:
    assert "MG401" in dict(found(lint(project)))
    (project / "pyproject.toml").write_text('[tool.migration-guard]\nignore = ["MG401"]\n')
    assert "MG401" not in dict(found(lint(project)))


def test_another_target_is_another_result(project: Path) -> None:
    assert "MG401" in dict(found(lint(project, target=("postgresql 16",))))
    assert "MG401" not in dict(found(lint(project, target=("sqlite",))))
    assert "MG401" in dict(found(lint(project, target=("postgresql 16",))))


def test_a_removed_file_is_gone(project: Path) -> None:
    add(project, "b2_more.py", migration("b2", "a1", INDEX.format(table="orders", down="pass")))
    lint(project)
    (project / "migrations" / "versions" / "b2_more.py").unlink()
    assert lint(project).summary.migrations == 1


def test_what_is_reported_on_does_not_change_what_is_kept(project: Path) -> None:
    add(project, "b2_more.py", migration("b2", "a1", INDEX.format(table="orders", down="pass")))
    one = engine.lint((Path("migrations/versions/a1_users.py"),), project, None, Overrides(jobs=1))
    assert {Path(finding.path).name for finding in one.findings} == {"a1_users.py"}
    assert {Path(finding.path).name for finding in lint(project).findings} == {"a1_users.py", "b2_more.py"}


def test_without_the_cache_nothing_is_written_nor_read(project: Path, reads: list[str]) -> None:
    lint(project, cache=False)
    assert not (project / FOLDER).exists()
    lint(project)
    reads.clear()
    lint(project, cache=False)
    assert reads


# --- the folder -----------------------------------------------------------------------------------------------------


def test_the_folder_keeps_itself_out_of_git(project: Path) -> None:
    lint(project)
    assert (project / FOLDER / ".gitignore").read_text() == "*\n"


def test_the_folder_is_beside_the_configuration_or_at_the_top_of_the_repository(project: Path) -> None:
    lint(project)
    assert (project / FOLDER).is_dir()
    shutil.rmtree(project / FOLDER)
    (project / "migrations" / "migration-guard.toml").write_text('target = "postgresql 16"\n')
    engine.lint((Path("migrations/versions"),), project, None, Overrides(jobs=1))
    assert (project / FOLDER).is_dir()


def test_a_read_only_tree_is_no_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert found(lint(project)) == found(lint(project))


def test_two_processes_at_once_disturb_each_other_in_nothing(project: Path) -> None:
    command = [sys.executable, "-m", "migration_guard.cli", "lint", "--output-format", "concise"]

    def run(_: int) -> str:
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(run, range(8)))) == 1
    assert not list((project / FOLDER).glob("*.tmp"))


# --- what others wrote ----------------------------------------------------------------------------------------------


def records(project: Path) -> list[Path]:
    return sorted((project / FOLDER).glob("*.json"))


def test_a_cache_that_came_with_the_repository_is_not_ours(project: Path) -> None:
    before = found(lint(project))
    for record in records(project):
        head, _, body = record.read_text().partition("\n")
        payload = json.loads(body)
        if "findings" in payload:
            record.write_text(f"{head}\n{json.dumps(payload | {'findings': []})}")
    assert not found(lint(project)), "this record would be believed"
    shutil.copytree(project / FOLDER, project / "copy")
    shutil.rmtree(project / FOLDER)
    (project / "copy").rename(project / FOLDER)
    assert found(lint(project)) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"needed": [], "findings": [["MG401"]], "summary": []}',
        b'{"needed": [], "findings": {}, "summary": {}}',
        b'{"needed": [["a\\u0000", null]], "findings": [], "summary": []}',
        b'{"needed": [[1, 2]], "findings": [], "summary": []}',
        b'{"needed": [[]], "files": {"x": [1, 2, 3]}, "environment": [0, []]}',
        b'{"needed": [[]], "files": {}, "environment": [99, []]}',
        b'{"needed": 1' + b"0" * 10_000 + b"}",
    ],
)
def test_a_record_that_is_damaged_is_as_if_it_were_not_there(project: Path, body: bytes) -> None:
    before = found(lint(project))
    for record in records(project):
        head = record.read_bytes().partition(b"\n")[0]
        record.write_bytes(head + b"\n" + body)
    assert found(lint(project)) == before


def test_a_truncated_record_is_as_if_it_were_not_there(project: Path) -> None:
    before = found(lint(project))
    for record in records(project):
        os.truncate(record, record.stat().st_size // 2)
    assert found(lint(project)) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with pipes")
def test_what_is_no_regular_file_is_never_opened(project: Path) -> None:
    before = found(lint(project))
    for record in records(project):
        record.unlink()
        os.mkfifo(record)
    assert found(lint(project)) == before


def test_a_folder_that_is_a_link_is_left_alone(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / FOLDER).symlink_to(elsewhere)
    assert found(lint(project)) == found(lint(project))
    assert not list(elsewhere.iterdir())


def test_reading_in_processes_never_runs_what_lies_in_the_current_folder(project: Path) -> None:
    for name in ("multiprocessing", "pickle", "json", "migration_guard", "libcst"):
        (project / f"{name}.py").write_text(f"open({str(project / 'ran')!r}, 'w')\nraise SystemExit(9)\n")
    for number in range(2, 520):
        body = INDEX.format(table=f"t{number}", down="pass")
        add(project, f"b{number}.py", migration(f"b{number}", f"b{number - 1}", body))
    script = Path(sys.executable).with_name("migration-guard")
    command = [str(script), "lint", "--jobs", "2", "--quiet", "--no-cache"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert not (project / "ran").exists()
    assert done.returncode == 1, done.stderr


# --- what is loaded -------------------------------------------------------------------------------------------------


def loaded(project: Path) -> set[str]:
    program = (
        "import sys\nfrom migration_guard import cli\ncli.run(['lint', '--quiet'])\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stderr.split()}


def test_lint_loads_no_parser_where_nothing_has_changed_and_never_sqlalchemy(project: Path) -> None:
    never = {"sqlalchemy", "alembic"}
    first = loaded(project)
    assert not first & never
    assert "libcst" in first
    assert not loaded(project) & (never | {"libcst", "postgast", "sqlglot", "multiprocessing"})


# --- the coder ------------------------------------------------------------------------------------------------------


@cache
def kinds() -> tuple[type[Operation], ...]:
    made = [value for module in (operations, constraints, objects) for value in vars(module).values()]
    return tuple(
        dict.fromkeys(one for one in made if isinstance(one, type) and issubclass(one, Operation) and is_dataclass(one))
    )


def example(kind: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{one.name: st.from_type(hints[one.name]) for one in fields(kind)})


def round_trip(hint: Any, value: Any) -> Any:
    return decoder(hint)(json.loads(json.dumps(encoder(hint)(value))))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_operation_comes_back_as_it_was(kind: type[Operation], data: st.DataObject) -> None:
    value = data.draw(example(kind))
    assert round_trip(Operation, value) == value


@pytest.mark.parametrize("kind", [Finding, Migration, Environment, Summary], ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_fact_comes_back_as_it_was(kind: type, data: st.DataObject) -> None:
    value = data.draw(example(kind))
    assert repr(round_trip(kind, value)) == repr(value)  # NaN equals nothing, itself included


def mutilated(value: Any) -> Iterator[Any]:
    """The JSON with one part of it replaced by something else."""
    for other in (None, 7, "x", [], {}, [["x"]], True):
        if other != value:
            yield other
    if isinstance(value, list):
        for position, part in enumerate(value):
            for changed in mutilated(part):
                yield [*value[:position], changed, *value[position + 1 :]]


@pytest.mark.parametrize("value", [UNKNOWN, Unknown("it is put together at run time")])
def test_what_is_unknown_keeps_its_reason(value: Unknown) -> None:
    back = decoder(Unknown)(json.loads(json.dumps(encoder(Unknown)(value))))
    assert back.reason == value.reason


def test_json_of_another_shape_is_refused_or_is_a_value_like_any_other(project: Path) -> None:
    lint(project)
    path = project / "migrations" / "versions" / "a1_users.py"
    content = path.read_bytes()
    facts = read_migration(str(path), content, "postgresql", Files(str(project)))
    for changed in mutilated(encoder(FileContent)(facts)):
        try:
            value = decoder(FileContent)(changed)
        except Malformed:
            continue
        assert round_trip(FileContent, value) == value
