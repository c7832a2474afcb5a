"""
Finds the git repository around a folder and reads what is in it: the only place from which lint calls git.

What lies in a tree, and what its repository is configured to do, must not make git run a program. So git never looks
for a repository by itself, is asked for objects only, and never compares them with the files of the tree: what could
filter, convert, fetch or hook is not reached (https://git-scm.com/docs/gitattributes#_effects,
https://git-scm.com/docs/githooks).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migration_guard.regular_files import LARGEST_FILE, content, is_below

# Belts: nothing that is asked for here reaches these. What people set for themselves would change what `grep` prints.
SETTINGS = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "submodule.recurse=false"),
    *("color.grep=false", "grep.lineNumber=false", "grep.column=false"),
)
# https://git-scm.com/docs/git#_environment_variables. A git before 2.39.4 does not know GIT_NO_LAZY_FETCH: it is kept
# from fetching by GIT_ALLOW_PROTOCOL alone. Replacements (https://git-scm.com/docs/git-replace) may be those of others.
ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
PATIENCE = 60  # seconds: what git reads may be a pipe that nobody writes to
PORTION = 32_000_000  # bytes of files that are read at once
SHORT = 5_000  # bytes: more than a path has, of the small files that make a folder a repository
HEAD = re.compile(r"ref:\s*refs/|[0-9a-f]{40}")
POINTER = "gitdir: "
LISTED = re.compile(rb"(\d{6}) \w+ ([0-9a-f]+)\t(.+)", re.DOTALL)
FILE = b"100"  # the type of a regular file, before its permissions


class GitDoubt(Exception):
    """git did not say what it was asked for. The message says how that showed, as the end of a sentence."""


class AmbiguousName(GitDoubt):
    """Several refs have a name, and stand for different commits."""

    def __init__(self, name: str, refs: Sequence[str]) -> None:
        super().__init__(f"{name} may be {' or '.join(refs)}")
        self.refs = refs


@dataclass(frozen=True, slots=True)
class GitRepository:
    """A repository: the folder that git keeps it in, and the top of its work tree. Links in both are resolved."""

    folder: Path
    top: Path

    def below(self, path: str | Path) -> str:
        """A path as git writes it."""
        return Path(os.path.relpath(os.path.realpath(path), self.top)).as_posix()

    def commit(self, name: str) -> str | None:
        """
        The commit that a name stands for; None where git knows no such name. Raises AmbiguousName where a branch, one
        of a remote and a tag have this name for different commits: whoever names a branch chooses what git would take.
        """
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        found = self._line(*asked, refusals=(1, 128))
        refs = [f"refs/{kind}/{name}" for kind in ("heads", "remotes", "tags")]
        lines = self._text("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", *refs).splitlines()
        known = {words[0]: words[-1] for line in lines if (words := line.split())[0] in refs}
        if found is None and known:
            raise GitDoubt(f"the commit of {name} cannot be read")
        if len(set(known.values())) > 1:
            raise AmbiguousName(name, list(known))
        return found

    def answers(self) -> None:
        """Raises GitDoubt where git does not take this for a repository that it can read."""
        self.ask("rev-parse", "--git-dir")

    def branch_of_remote(self) -> str | None:
        """The branch that the remote called origin has checked out, as far as this clone knows."""
        return self._line("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", refusals=(1,))

    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return self._text("remote").split()

    def tags(self) -> tuple[str, ...]:
        """The full names of the tags."""
        return tuple(self._text("for-each-ref", "--format=%(refname)", "refs/tags").split())

    def is_shallow(self) -> bool:
        """Whether the clone lacks old commits."""
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    def is_partial(self) -> bool:
        """Whether the clone lacks files until somebody needs them."""
        return bool(self._line("config", "--name-only", "--get-regexp", r"^remote\..*\.promisor$", refusals=(1,)))

    def parents(self, commit: str) -> list[str]:
        """The parents that a commit names: a shallow clone lacks them, but their names are there."""
        head = self._text("cat-file", "commit", commit).partition("\n\n")[0]
        return re.findall(r"^parent (\w+)$", head, re.MULTILINE)

    def merge_base(self, one: str, other: str) -> str | None:
        """The commit where two have parted; None where this clone has none in common."""
        return self._line("merge-base", one, other, refusals=(1,))

    def files(self, commit: str, *paths: str) -> dict[str, str]:
        """
        The regular files that a commit has, each with the id of its content: all of them, or those in and below these
        paths.
        """
        inside = [path for path in paths if path.split("/")[0] != os.pardir]
        if paths and not inside:
            return {}
        said = self.ask("ls-tree", "-r", "-z", "--full-tree", commit, "--", *inside)
        found = [LISTED.fullmatch(line) for line in _ended(said, b"\0")]
        if None in found:
            raise GitDoubt("git ls-tree gave an answer of another form")
        return {os.fsdecode(one[3]): one[2].decode() for one in found if one and one[1].startswith(FILE)}

    def kinds(self, names: Collection[str]) -> list[str]:
        """What each name stands for ("blob" is a file); "missing" where that is nothing."""
        if any("\n" in name for name in names):
            raise GitDoubt("a path with a line end cannot be asked for")
        asked = b"".join(os.fsencode(f"{name}\n") for name in names)
        said = self.ask("cat-file", "--batch-check=%(objecttype)", given=asked)
        kinds = [line.split(b" ")[-1].decode("ascii", "replace") for line in _ended(said, b"\n")]
        if len(kinds) != len(names):
            raise GitDoubt(f"git cat-file gave {len(kinds)} answers to {len(names)} questions")
        return kinds

    def mentions(self, words: Collection[str]) -> list[str]:
        """The tracked files of the work tree in which one of these words stands."""
        patterns = (argument for word in words for argument in ("-e", word))
        asked = ("grep", "-l", "-z", "-I", "--no-textconv", "--fixed-strings", "--word-regexp", *patterns)
        return [os.fsdecode(path) for path in _ended(self.ask(*asked, refusals=(1,)), b"\0")]

    def contents(self, blobs: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of these ids, but of those that are too large for a migration."""
        portion: dict[str, int] = {}
        for blob, size in self._sizes(blobs).items():
            if size > LARGEST_FILE:
                continue
            if portion and sum(portion.values()) + size > PORTION:
                yield from self._read(portion)
                portion = {}
            portion[blob] = size
        yield from self._read(portion)

    def _sizes(self, blobs: Collection[str]) -> dict[str, int]:
        if not blobs:
            return {}
        said = self.ask("cat-file", "--batch-check", given="".join(f"{blob}\n" for blob in blobs).encode())
        answers = [line.decode("ascii", "replace").split(" ") for line in _ended(said, b"\n")]
        sizes = {words[0]: int(words[2]) for words in answers if len(words) == 3 and words[1] == "blob"}
        if absent := [blob for blob in blobs if blob not in sizes]:
            raise GitDoubt(f"this clone lacks the content of {len(absent)} of its files")
        return sizes

    def _read(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        if not sizes:
            return
        said = self.ask("cat-file", "--batch", given="".join(f"{blob}\n" for blob in sizes).encode())
        at = 0
        for blob, size in sizes.items():
            head = b"%b blob %d\n" % (blob.encode(), size)
            start, end = at + len(head), at + len(head) + size
            if said[at:start] != head or said[end : end + 1] != b"\n":
                raise GitDoubt("git cat-file did not give all that it was asked for")
            yield blob, said[start:end]
            at = end + 1

    def ask(self, *arguments: str, given: bytes = b"", refusals: Collection[int] = ()) -> bytes:
        """
        What git prints; nothing where it refuses with one of these codes, which are an answer, too. Raises GitDoubt.
        """
        program = _program()
        if program is None:
            raise GitDoubt("git is not installed")
        settings = (word for setting in SETTINGS for word in ("-c", setting))
        command = [program, "--no-pager", "--literal-pathspecs", *settings, *arguments]
        # Whoever names the repository is not asked who owns it (safe.directory), as the owner is often another one in a
        # container: that question protects from programs that a configuration names, and none of them is reached.
        named = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": str(self.top)}
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
        try:
            done = subprocess.run(
                command,
                cwd=self.top,
                env=inherited | ENVIRONMENT | named,
                input=given,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except OSError as error:
            raise GitDoubt(f"git cannot be started ({error.strerror})") from None
        except subprocess.TimeoutExpired:
            raise GitDoubt(f"git {arguments[0]} did not end within {PATIENCE} seconds") from None
        if done.returncode in refusals:
            return b""
        if done.returncode != 0:
            raise GitDoubt(f"git {arguments[0]} failed{_reason(done.stderr)}")
        return done.stdout

    def _text(self, *arguments: str) -> str:
        return self.ask(*arguments).decode("utf-8", "replace")

    def _line(self, *arguments: str, refusals: Collection[int] = ()) -> str | None:
        return self.ask(*arguments, refusals=refusals).decode("utf-8", "replace").strip() or None


def repository_around(folder: Path, environment: Mapping[str, str] = os.environ) -> GitRepository | None:
    """
    The repository of a folder: that of the first `.git` at or above it, as git has it; None where there is none, or no
    git. A bare repository among the files is none of theirs.

    Without a `.git` the one counts that GIT_DIR names, if the folder is in its work tree (GIT_WORK_TREE, else the
    current folder). Where there is one, GIT_DIR may be that of any other repository, whose hook we run in.
    """
    if _program() is None:
        return None
    place = Path(os.path.realpath(folder))
    for top in (place, *place.parents):
        if found := _pointed(top / ".git"):
            return GitRepository(found, top)
    named = environment.get("GIT_DIR")
    top = Path(os.path.realpath(environment.get("GIT_WORK_TREE") or os.curdir))
    if named and _is_repository(Path(named)) and is_below(str(place), str(top)):
        return GitRepository(Path(os.path.realpath(named)), top)
    return None


def _pointed(entry: Path) -> Path | None:
    """The repository that a `.git` is, or names (as those of worktrees and submodules do); None for any other."""
    folder = entry
    if not os.path.isdir(entry):
        said = _short(entry)
        if not said.startswith(POINTER):
            return None
        folder = entry.parent / said.removeprefix(POINTER).rstrip("\r\n")
    return Path(os.path.realpath(folder)) if _is_repository(folder) else None


def _is_repository(folder: Path) -> bool:
    """Whether git would say so: https://git-scm.com/docs/gitrepository-layout."""
    elsewhere = _short(folder / "commondir").rstrip("\r\n")
    common = folder / elsewhere if elsewhere else folder
    if not (os.path.isdir(common / "objects") and os.path.isdir(common / "refs")):
        return False
    head = folder / "HEAD"
    if os.path.islink(head):
        return os.readlink(head).startswith("refs/")
    return HEAD.match(_short(head)) is not None


def _short(file: Path) -> str:
    """The text of a small regular file; empty where there is none."""
    return os.fsdecode(content(file, None, SHORT) or b"")


def _program() -> str | None:
    """Where git is. It is never looked for in the current folder, which is the tree that is read."""
    folders = [folder for folder in os.get_exec_path() if os.path.isabs(folder)]
    found = shutil.which("git", path=os.pathsep.join(folders)) if folders else None
    return found if found and os.path.isabs(found) else None


def _ended(said: bytes, end: bytes) -> list[bytes]:
    """The parts of an answer, each of which ends in this way."""
    *parts, rest = said.split(end)
    if rest:
        raise GitDoubt("git did not finish its answer")
    return parts


def _reason(said: bytes) -> str:
    """What git said on its way out, in brackets: the last line, which is the error."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return ""
    return f" ({''.join(one if one.isprintable() else '?' for one in lines[-1])[:200]})"
