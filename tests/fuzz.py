"""
Lints what becomes of real migrations when they are cut up, mixed and bent. A script, not a test: it runs for hours.

    python tests/fuzz.py [--minutes 120] [--jobs 2] [--folder FOLDER] [--seed 1] [--only NUMBER]

Takes the sample migrations, and those below FOLDER (a folder of tests/corpus.py, say). Each trial is a process of its
own, so that time, memory and death are those of one input. Prints what was tried, what broke, the slowest input and the
largest; exits 1 where anything broke or went over the bounds that docs/security.md promises. A trial follows from the
seed and its number alone: `--only NUMBER` shows it again, and nothing of it is kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from migration_guard import engine
from migration_guard.config import FORMATS, ConfigError, Overrides
from migration_guard.reading.discovery.project import ProjectError
from migration_guard.report import render

ROOT = Path(__file__).parents[1]
MOST_SECONDS = 5.0
MOST_MEGABYTES = 500.0
PATIENCE = 60.0  # seconds after which a trial is killed
LARGEST = 1_000_000
CONFIGURATION = "[alembic]\nscript_location = .\n"
TOKEN = re.compile(r"\w+|\"[^\"\n]*\"|'[^'\n]*'|\s+|[^\w\s]")
ODD = (
    "\n",
    "\r",
    "\t",
    "\0",
    "\x1b[2J",
    "'",
    '"',
    "\\",
    "{",
    "}",
    "%s",
    "::",
    "##[",
    "é",
    "\u2028",
    "\u202e",
    "\ud800",
    "",
)

Mutation = Callable[[random.Random, str, Sequence[str]], str]


def lose_lines(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Some lines are gone."""
    lines = text.splitlines(keepends=True)
    start = chance.randrange(len(lines) + 1)
    return "".join(lines[:start] + lines[start + chance.randint(1, 6) :])


def repeat_lines(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Some lines stand there up to two thousand times."""
    lines = text.splitlines(keepends=True)
    start = chance.randrange(len(lines) + 1)
    end = start + chance.randint(1, 5)
    return "".join(lines[:end] + lines[start:end] * chance.choice((1, 3, 50, 2000)) + lines[end:])


def take_lines(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Lines of another migration stand among them."""
    lines, theirs = text.splitlines(keepends=True), chance.choice(others).splitlines(keepends=True)
    at, start = chance.randrange(len(lines) + 1), chance.randrange(len(theirs) + 1)
    return "".join(lines[:at] + theirs[start : start + chance.randint(1, 30)] + lines[at:])


def indent_lines(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Some lines stand in another block, up to sixty deep."""
    lines = text.splitlines(keepends=True)
    at, depth = chance.randrange(len(lines) + 1), chance.choice((1, 2, 10, 60))
    heads = (
        "if x:",
        "for i in y:",
        "while z:",
        "with w:",
        "try:",
        "def f():",
        "class C:",
        "else:",
        "match m:",
        "case _:",
    )
    opened = "".join(f"{'    ' * (level + 1)}{chance.choice(heads)}\n" for level in range(depth))
    body = "".join("    " * depth + line for line in lines[at : at + 3])
    return "".join([*lines[:at], opened, body, *lines[at + 3 :]])


def swap_tokens(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """A few words and signs are exchanged, doubled or gone."""
    tokens = TOKEN.findall(text) or [""]
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(tokens))
        tokens[at] = chance.choice(
            ("", tokens[at] * 2, chance.choice(tokens), chance.choice(TOKEN.findall(chance.choice(others))))
        )
    return "".join(tokens)


def bend_texts(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """What stands in quotes has characters that no name has, or thousands of them."""

    def bent(found: re.Match[str]) -> str:
        if chance.random() > 0.2:
            return found[0]
        inside = found[0][1:-1]
        at = chance.randrange(len(inside) + 1)
        return found[0][0] + inside[:at] + chance.choice(ODD) * chance.choice((1, 2, 3000)) + inside[at:] + found[0][-1]

    return re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", bent, text)


def nest_values(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """A value stands in brackets, behind signs or in a chain, up to some hundreds deep."""
    tokens = TOKEN.findall(text) or [""]
    at, depth = chance.randrange(len(tokens)), chance.choice((2, 10, 60, 300))
    before, behind = chance.choice(
        (
            ("(", ")"),
            ("[", "]"),
            ("{0: ", "}"),
            ("not ", ""),
            ("-", ""),
            ("f(", ")"),
            ("", ".a"),
            ("", "[0]"),
            ("", " + x"),
            ("x if y else ", ""),
            ("lambda: ", ""),
            ("", " < x"),
        )
    )
    tokens[at] = before * depth + tokens[at] + behind * depth
    return "".join(tokens)


def change_bytes(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """A few characters are others."""
    letters = list(text)
    for _ in range(chance.randint(1, 10)):
        letters.insert(
            chance.randrange(len(letters) + 1),
            chr(chance.choice((chance.randrange(32), chance.randrange(0x300), chance.randrange(0xD7FF)))),
        )
    return "".join(letters)


def change_numbers(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Numbers are much larger, or negative."""
    return re.sub(r"\b\d+\b", lambda found: chance.choice((found[0], "-1", "0", "9" * 30, "1e308", "10**9")), text)


MUTATIONS: tuple[Mutation, ...] = (
    lose_lines,
    repeat_lines,
    take_lines,
    indent_lines,
    swap_tokens,
    bend_texts,
    nest_values,
    change_bytes,
    change_numbers,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: what was done to its files, what went wrong (empty for nothing), CPU seconds and megabytes."""

    number: int
    done: tuple[str, ...]
    wrong: str
    seconds: float
    megabytes: float


def trial(number: int, seed: int, texts: Sequence[str], keep: Path | None = None) -> Outcome:
    """Makes the files of a trial, and lints them in a child."""
    chance = random.Random(f"{seed}/{number}")
    done: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="migration-guard-fuzz-"))
    try:
        written(folder, chance, texts, done)
        if keep is not None:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
        wrong, seconds, megabytes = linted(folder, chance.choice(("postgresql 14", "mysql 8.0", "sqlite", "")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(number, tuple(done), wrong, seconds, megabytes)


def written(folder: Path, chance: random.Random, texts: Sequence[str], done: list[str]) -> None:
    """Writes a project of up to four migrations, and notes what was done to them."""
    (folder / "alembic.ini").write_text(CONFIGURATION)
    (folder / "env.py").write_text("")
    (folder / "versions").mkdir()
    for index in range(chance.randint(1, 4)):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 3)):
            mutation = chance.choice(MUTATIONS)
            done.append(mutation.__name__)
            text = mutation(chance, text, texts)[:LARGEST]
        (folder / "versions" / f"m{index}.py").write_bytes(text.encode("utf-8", "surrogatepass")[:LARGEST])


def linted(folder: Path, target: str) -> tuple[str, float, float]:
    """What went wrong in a child that lints this folder, its CPU seconds, and the megabytes that it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, json.dumps(complaint(folder, target)).encode()[:4000])
        os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], PATIENCE)
    if not ready:
        os.kill(child, signal.SIGKILL)
    said = os.read(reading, 4096) if ready else b""
    os.close(reading)
    _, status, usage = os.wait4(child, 0)
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    if not ready:
        return f"no end within {PATIENCE:.0f} s", seconds, megabytes
    if status or not said:
        return f"the process ended with status {status}", seconds, megabytes
    wrong = json.loads(said)
    if not wrong and (seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES):
        wrong = "over the bounds"
    return wrong, seconds, megabytes


def complaint(folder: Path, target: str) -> str:
    """What is wrong with the report on a folder: an error of ours, or one that we had to contain."""
    try:
        options = Overrides(target=(target,) if target else (), cache=False)
        found = engine.lint([folder], folder, None, options)
        for name in FORMATS:
            render(found, name)
    except (ConfigError, ProjectError):
        return ""
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
    contained = [one.message for one in found.findings if "migration-guard failed on it" in one.message]
    return contained[0][:300] if contained else ""


def migrations(folders: Sequence[Path]) -> list[str]:
    """The text of every file below these folders that declares a down_revision."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text(encoding="utf-8", errors="replace") if path.stat().st_size < 100_000 else ""
            if "down_revision" in text:
                found.append(text)
    return found


_texts: list[str] = []


def _begin(texts: list[str]) -> None:
    """A process that makes trials has read all that a lint imports: its children do not again."""
    _texts.extend(texts)
    complaint(ROOT / "sample_migrations" / "shop", "")


def one_of_many(seed: int, number: int) -> Outcome:
    """A trial of a process that has begun."""
    return trial(number, seed, _texts)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options.add_argument("--folder", type=Path, action="append", default=[])
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", type=int)
    options.add_argument("--keep", type=Path, help="with --only: where to put the files")
    given = options.parse_args()
    texts = migrations([ROOT / "sample_migrations", *given.folder])
    if given.only is not None:
        print(trial(given.only, given.seed, texts, given.keep))
        return 0
    end = time.monotonic() + given.minutes * 60
    kinds: Counter[str] = Counter()
    worst = largest = None
    broken: list[Outcome] = []
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(given.jobs, context, _begin, (texts,)) as pool:
        count = 0
        while time.monotonic() < end:
            numbers = range(count, count + 20 * given.jobs)
            for outcome in pool.map(partial(one_of_many, given.seed), numbers):
                kinds.update(set(outcome.done))
                worst = outcome if worst is None else max(worst, outcome, key=lambda one: one.seconds)
                largest = outcome if largest is None else max(largest, outcome, key=lambda one: one.megabytes)
                if outcome.wrong:
                    broken.append(outcome)
                    print(outcome, flush=True)
            count = numbers.stop
    print(f"{count} trials in {given.minutes:g} minutes, from {len(texts)} migrations; seed {given.seed}")
    for name, times in kinds.most_common():
        print(f"  {name}: {times}")
    print(f"broken: {len(broken)}\nslowest: {worst}\nlargest: {largest}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
