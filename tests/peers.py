"""The tools that tests/comparison.py compares: how each is installed, run and read, and what its words count as."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparison_cases import Case

Found = dict[Path, set[str]]

HERE = Path(__file__).parent
ENVIRONMENT = {"EXTRA_SQL": "SELECT 1", "PGAPPNAME": "comparison", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
ALEMBIC = ("alembic==1.20.1", "SQLAlchemy==2.1.9", "psycopg2-binary")

# Opinions on names, types and timeouts: neither a hazard that is found nor a false alarm.
SQUAWK_STYLE = (
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-timestamptz",
    "ban-char-field",
    "require-table-schema",
    "require-enum-value-ordering",
    "require-timeout-settings",
    "require-lock-timeout",
    "require-statement-timeout",
)

OURSELVES = "from migration_guard.cli import main; main()"
RENDER = """
import io, json, sys
from alembic import command
from alembic.config import Config

failed = {}
for project, revision, parent, place in json.load(sys.stdin):
    output = io.StringIO()
    try:
        command.upgrade(Config(project + "/alembic.ini", output_buffer=output), f"{parent}:{revision}", sql=True)
    except Exception as error:
        failed[place] = f"{type(error).__name__}: {error}"
        continue
    with open(place, "w") as file:
        file.write(output.getvalue())
json.dump(failed, sys.stdout)
"""
MIGRATION_LINT = """
import json, os, sys
from contextlib import redirect_stdout
from migration_lint.analyzer.compat import CompatibilityLinter
from migration_lint.analyzer.squawk import SquawkLinter
from migration_lint.extractor.alembic import AlembicExtractor
from migration_lint.extractor.model import ExtendedSourceDiff

said, application = {}, [ExtendedSourceDiff(path="app.py", old_path="app.py")]
with redirect_stdout(sys.stderr):
    for place, revision in json.load(sys.stdin):
        try:
            sql = AlembicExtractor(alembic_command=f"cat {place}").extract_sql(f"x_{revision}_.py")
            words = CompatibilityLinter().lint(sql, application, report_restricted=True)
            said[place] = words + SquawkLinter(pg_version="16").lint(sql, application)
        except Exception as error:
            said[place] = [f"failed {type(error).__name__}: {error}"]
json.dump(said, sys.stdout)
"""


@dataclass
class Bench:
    """What a tool works on: the cases, a folder to work in, and what could not be read."""

    folder: Path
    cases: Sequence[Case]
    unread: dict[Path, str] = field(default_factory=dict)

    @property
    def projects(self) -> list[Path]:
        return list(dict.fromkeys(one.project for one in self.cases))

    def offline(self, python: Path) -> dict[Path, Path]:
        """The SQL of `alembic upgrade --sql`, one revision at a time, for the cases that have any."""
        places = {one.file: self.folder / f"{number}.sql" for number, one in enumerate(self.cases)}
        self.folder.mkdir(parents=True, exist_ok=True)
        asked = [(str(one.project), *_revisions(one.file), str(places[one.file])) for one in self.cases]
        failed = json.loads(_run([python, "-c", RENDER], stdin=json.dumps(asked)).stdout)
        self.unread |= {file: failed[str(place)] for file, place in places.items() if str(place) in failed}
        return {file: place for file, place in places.items() if file not in self.unread}


@dataclass(frozen=True)
class Peer:
    """
    A linter. `style` are beginnings of codes that are opinions, `way_back` of those on downgrades, which count for
    defects of the way back only. `how` is said in the table of what was run.
    """

    name: str
    packages: tuple[str, ...]
    how: str
    run: Callable[[Callable[[str], Path], Bench], Found]
    style: tuple[str, ...] = ()
    way_back: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """That of the first package; ours is this checkout."""
        return self.packages[0].partition("==")[2] if self.packages else "this checkout"


def installed(name: str, packages: Sequence[str], folder: Path) -> Callable[[str], Path]:
    """The programs of a tool, in a virtual environment of its own, made where it is not there yet."""
    place = folder / re.sub(r"\W+", "-", "-".join((name, *packages[:1])))
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    if packages and not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        pip: list[str | Path] = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True, capture_output=True)
        (place / "complete").touch()
    return programs.joinpath


def _run(command: Sequence[str | Path], cwd: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | ENVIRONMENT
    return subprocess.run(command, cwd=cwd, input=stdin, env=environment, capture_output=True, text=True, check=False)


def _read(command: Sequence[str | Path], cwd: Path | None = None, stdin: str = "") -> Any:
    """The JSON that a command prints. Raises RuntimeError with its words where it prints something else."""
    done = _run(command, cwd, stdin)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"{command[0]} printed no JSON: {done.stdout[-500:]}{done.stderr[-1500:]}") from None


def _each(bench: Bench, look: Callable[[Path], Iterable[tuple[Path, str]]]) -> Found:
    """What is found in each project; two at a time."""
    found: Found = {}
    with ThreadPoolExecutor(2) as pool:
        for pairs in pool.map(lambda project: list(look(project)), bench.projects):
            _add(found, pairs)
    return found


def _add(found: Found, pairs: Iterable[tuple[Path, str]]) -> Found:
    for file, code in pairs:
        found.setdefault(file, set()).add(code)
    return found


def _revisions(file: Path) -> tuple[str, str]:
    """A revision, and (the first of) what is before it."""
    text = file.read_text()
    revision, parent = (re.search(rf"^{name} = (.*)", text, re.MULTILINE) for name in ("revision", "down_revision"))
    assert revision is not None
    assert parent is not None
    names = re.findall(r"[\"'](\w+)[\"']", parent[1])
    return revision[1].strip("\"'"), names[0] if names else "base"


# --- one by one -----------------------------------------------------------------------------------------------------


def ourselves(program: Callable[[str], Path], bench: Bench) -> Found:
    options = ["lint", "--no-cache", "--exit-zero", "--output-format", "json"]
    read = _read([sys.executable, "-c", OURSELVES, *options, *bench.projects], cwd=bench.folder)
    return _add({}, (((bench.folder / one["path"]).resolve(), one["code"]) for one in read["findings"]))


def squawk(program: Callable[[str], Path], bench: Bench) -> Found:
    places = bench.offline(program("python"))
    files = {str(place): file for file, place in places.items()}
    read = _read([program("squawk"), "--reporter", "json", "--pg-version", "16", *files])
    return _add({}, ((files[one["file"]], one["rule_name"]) for one in read))


def migration_lint(program: Callable[[str], Path], bench: Bench) -> Found:
    places = bench.offline(program("python"))
    asked = json.dumps([(str(place), _revisions(file)[0]) for file, place in places.items()])
    said = _read([program("python"), "-c", MIGRATION_LINT], stdin=asked)
    found: Found = {}
    for file, place in places.items():
        words = "\n".join(said[str(place)])
        if words.startswith("failed"):
            bench.unread[file] = words
        _add(found, ((file, code) for code in _migration_lint_codes(words)))
    return found


def _migration_lint_codes(words: str) -> Iterator[str]:
    yield from re.findall(r"- squawk \w+: ([\w-]+)", words)
    for statement in re.findall(r"Statement is restricted to use: (.*)", words):
        # The only restriction on a new table is that it has a primary key.
        yield "no-primary-key" if statement.startswith("CREATE TABLE") else "restricted"
    for sign, code in (
        ("backward incompatible operations", "backward-incompatible"),
        ("data migration along with schema", "data-with-schema"),
        ("can't be identified", "not-identified"),
    ):
        if sign in words:
            yield code


def alembic_migration_linter(program: Callable[[str], Path], bench: Bench) -> Found:
    by_revision = {(one.project, _revisions(one.file)[0]): one.file for one in bench.cases}

    def look(project: Path) -> Iterator[tuple[Path, str]]:
        done = _run([program("alembic-lint"), "--no-cache", "--dialect", "postgresql"], cwd=project)
        if "*** Summary ***" not in done.stdout:
            crash = done.stderr.strip().splitlines()[-1:]
            bench.unread.update({one.file: str(crash) for one in bench.cases if one.project == project})
        revision = ""
        for line in done.stdout.splitlines():
            if start := re.match(r"\((\w+)\)\.\.\.", line):
                revision = start[1]
            elif line.startswith("\t") and (project, revision) in by_revision:
                yield by_revision[project, revision], line.strip()

    return _each(bench, look)


def alembic_guard(program: Callable[[str], Path], bench: Bench) -> Found:
    read = _read([program("alembic-guard"), "--format", "json", *(one.file for one in bench.cases)])
    return _add({}, ((Path(one["path"]), one["rule"]) for one in read))


def zdm(program: Callable[[str], Path], bench: Bench) -> Found:
    read = _read([program("zdm"), "--output-format", "json", *bench.projects], cwd=bench.folder)
    return _add({}, (((bench.folder / one["path"]).resolve(), one["rule_id"]) for one in read["diagnostics"]))


def oneport_migrate(program: Callable[[str], Path], bench: Bench) -> Found:
    options = ["check", "--all", "--no-llm", "--db", "postgres", "--min-severity", "info", "--format", "json"]

    def look(project: Path) -> Iterator[tuple[Path, str]]:
        read = _read([program("oneport-migrate"), *options, project])
        for one in read["findings"]:
            yield Path(one["location"]["file"]), one["rule_id"]

    return _each(bench, look)


def pytest_mrt(program: Callable[[str], Path], bench: Bench) -> Found:
    def look(project: Path) -> Iterator[tuple[Path, str]]:
        versions = project / "migrations" / "versions"
        read = _read([program("mrt"), "check", "--check-compat", "--format", "json", versions])
        for one in read["findings"]:
            yield versions / one["file"], one["rule"]

    return _each(bench, look)


def migsafe(program: Callable[[str], Path], bench: Bench) -> Found:
    read = _read([program("migsafe"), "analyze", "--format", "json", *(one.file for one in bench.cases)])
    issues = ((Path(one["file"]), issue["type"]) for one in read["migrations"] for issue in one["issues"])
    return _add({}, issues)


def lockcheck(program: Callable[[str], Path], bench: Bench) -> Found:
    found: Found = {}
    file = Path()
    for line in _run([program("lockcheck"), *(one.file for one in bench.cases)]).stdout.splitlines():
        if line.endswith(".py") and not line.startswith(" "):
            file = Path(line)
        elif code := re.match(r"    +\d+  (LC\d+) ", line):
            _add(found, [(file, code[1])])
    return found


# pytest-mrt on what an upgrade does; all its other codes are on what a downgrade does not.
MRT_WAY_BACK = tuple(f"MRT{number}" for number in (10, 205, 207, 301, 302, 304, 402, 403, 408, 409, 410, 50))

PEERS = (
    Peer("migration-guard", (), "`lint`", ourselves, ("MG0",), ("MG7",)),
    Peer(
        "squawk",
        ("squawk-cli==2.70.0", *ALEMBIC),
        "`alembic upgrade --sql` for each revision, `squawk --pg-version 16`",
        squawk,
        SQUAWK_STYLE,
    ),
    Peer(
        "migration-lint",
        ("migration-lint==0.2.13", *ALEMBIC),
        "its two linters on the same SQL, with a changed file of the application",
        migration_lint,
        (*SQUAWK_STYLE, "no-primary-key", "not-identified"),
    ),
    Peer(
        "alembic-migration-linter",
        ("alembic-migration-linter==0.1.4", *ALEMBIC),
        "`alembic-lint --dialect postgresql`",
        alembic_migration_linter,
    ),
    Peer("alembic-guard", ("alembic-guard==0.1.1",), "`alembic-guard FILES`", alembic_guard),
    Peer("zdm", ("zdm==0.9.1",), "`zdm FOLDERS`", zdm, way_back=("R012", "R013")),
    Peer(
        "oneport-migrate",
        ("oneport-migrate==0.3.0",),
        "`oneport-migrate check --all --no-llm`",
        oneport_migrate,
        way_back=("OPM020",),
    ),
    Peer(
        "pytest-mrt",
        ("pytest-mrt==1.9.1", *ALEMBIC),
        "`mrt check --check-compat`",
        pytest_mrt,
        ("MRT90",),
        MRT_WAY_BACK,
    ),
    Peer("migsafe", ("migsafe==0.4.1",), "`migsafe analyze`", migsafe, ("execute_raw_sql",)),
    Peer("lockcheck", ("lockcheck==0.1.0",), "`lockcheck FILES`", lockcheck),
)


def hits(peer: Peer, case_kind_is_way_back: bool, codes: Iterable[str]) -> set[str]:
    """The codes that count for a case: those on downgrades where the way back is the defect, else the others."""
    counted = {code for code in codes if not code.startswith(peer.style)}
    return {code for code in counted if code.startswith(peer.way_back) == case_kind_is_way_back}
