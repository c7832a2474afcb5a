"""Prints how long linting takes, cold and cached, beside what libcst alone needs to parse the same files."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from histories import history

PARSE = (
    "import sys, libcst, pathlib\n"
    "for file in pathlib.Path(sys.argv[1]).rglob('versions/*.py'):\n"
    "    libcst.parse_module(file.read_bytes())\n"
)
LINT = [sys.executable, "-m", "migration_guard.cli", "lint", "--quiet"]


def measure(command: Sequence[str], folder: Path, runs: int, before: Callable[[], object] = int) -> tuple[float, float]:
    """
    Median seconds on the wall, and of the processors, of whole processes. `before` runs ahead of each, not counted.
    """
    walls, spent = [], []
    for _ in range(runs):
        before()
        times, started = os.times(), time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        walls.append(time.perf_counter() - started)
        after = os.times()
        spent.append(after.children_user + after.children_system - times.children_user - times.children_system)
    return statistics.median(walls), statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--history", type=Path, help="a folder to copy and lint instead of a generated one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        if options.history:
            shutil.copytree(options.history, folder)
        else:
            history(folder, options.files)
        report(folder, options.runs)


def report(folder: Path, runs: int) -> None:
    files = sorted(folder.rglob("versions/*.py"))
    lines = sum(len(file.read_bytes().splitlines()) for file in files)
    print(f"{len(files)} files, {lines / len(files):.0f} lines each\n{'':34}{'wall':>8}{'cpu':>8}")
    cache = folder / ".migration_guard_cache"

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    def change() -> None:
        with files[len(files) // 2].open("a") as file:
            file.write("# changed\n")

    floor = show("libcst.parse_module", measure([sys.executable, "-c", PARSE, str(folder)], folder, runs))
    for words, jobs in (("one process", ["--jobs", "1"]), ("default jobs", [])):
        show(f"lint --no-cache, {words}", measure([*LINT, "--no-cache", *jobs], folder, runs), floor)
        show(f"lint, empty cache, {words}", measure([*LINT, *jobs], folder, runs, forget), floor)
    show("lint, one file changed", measure(LINT, folder, runs, change), floor)
    subprocess.run(LINT, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    show("lint, nothing changed", measure(LINT, folder, runs), floor)
    show("--help", measure([sys.executable, "-m", "migration_guard.cli", "--help"], folder, runs))


def show(words: str, figures: tuple[float, float], floor: float | None = None) -> float:
    wall, cpu = figures
    print(f"{words:34}{wall:8.3f}{cpu:8.3f}{f'{cpu / floor:8.2f} x the parse' if floor else ''}", flush=True)
    return cpu


if __name__ == "__main__":
    main()
