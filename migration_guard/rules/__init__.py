"""
What a rule is. Read this page, then any rule in this folder, before writing one.

A rule is one file that describes one hazard. Its class names what it judges: `Rule[CreateIndex]` sees every index that
a history creates, `Rule[Operation]` all that is done, `Rule[Migration]` every revision, `Rule[History]` the whole
graph, `Rule[TableLineage]` every table that stands at its end (see _conventions.py), `Rule[IgnoreOutcome]` every ignore
comment, `Rule[Trip]` what a revision did on a real database.

Its docstring is its page. The first line says the hazard in a sentence; then come these headings, in this order, and
none of them is empty:

    ## What happens             what the database or Alembic does, and bad examples
    ## To whom                  the requests, the old servers, the next deploy, the person who rolls back
    ## When it is no hazard     what `check` leaves alone, and good examples
    ## What to write instead    the way out, in numbered deploys where it takes several; bad examples with their fixed
    ## Sources                  who says so: the manual, pinned to a version, or a test that measured it. The sources
                                of the rows in `changes` are printed behind it, and not repeated here

The examples are fences, which are executed as tests:

    python bad      yields exactly this code           python good     yields nothing
    python given    the history before                 python fixed    what the correction makes of the bad one
    ... and `postgresql 10` behind the word picks a target; the examples of a `Rule[Trip]` make a real round trip, on
    SQLite (`bad sqlite`) or PostgreSQL. What is given counts for the next example only. Awkward cases, and those that
    need whole files (`file=NAME`), stand in tests/cases/<slug>.md.

Two fields are held against what the examples do: `changes`, the rows of the dialects that the rule goes by, and
`fixable`, whether `lint` can correct what it finds.

A message says who is hurt, with the real names, and how; the help says what to write instead. A lock's name never
appears without its meaning. Where no single step helps, the help is a numbered list of deploys. Write the sentence as
you would say it to a colleague who has to ship today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, StrEnum, auto
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar, get_args

from migration_guard import dialects
from migration_guard.dialects import Change, Fact
from migration_guard.model.finding import Direction, Finding, Fix, Severity, Span
from migration_guard.model.lineage import TableLineage
from migration_guard.model.migration import History, IgnoreOutcome, Migration
from migration_guard.model.operations import Operation
from migration_guard.model.plugin import blamed, is_ours
from migration_guard.model.trip import Trip
from migration_guard.rules._context import Context as Context
from migration_guard.rules._index import ALWAYS as ALWAYS
from migration_guard.rules._index import FILES as FILES
from migration_guard.rules._index import OFF as OFF
from migration_guard.rules._index import ON as ON
from migration_guard.rules._page import Page, read
from migration_guard.rules._word import Word
from migration_guard.rules._yielded import findings

Subject = TypeVar("Subject", bound=Operation | Migration | History | TableLineage | IgnoreOutcome | Trip)

# Codes that begin so are of the round trip, those to come too: a configuration may name these already.
ROUND_TRIP = "MG75"
RESERVED = ("MG759",)
# What rules are about, by the beginning of their codes; of two that fit, the longer one holds.
GROUPS = {
    "MG0": "history",
    "MG1": "data-loss",
    "MG2": "columns",
    "MG3": "constraints",
    "MG4": "indexes",
    "MG5": "names",
    "MG6": "rows-and-enums",
    "MG7": "downgrades",
    ROUND_TRIP: "round-trip",
    "MG80": "databases",
    "MG81": "rights",
    "MG82": "surroundings",
    "MG9": "conventions",
}
PLUGINS = "plugins"
# The groups as headings, in the order of their codes.
TITLES = {
    "history": "The history and its files",
    "data-loss": "Data that is gone",
    "columns": "Columns",
    "constraints": "Constraints",
    "indexes": "Indexes",
    "names": "Names that the running code uses",
    "rows-and-enums": "Rows and enums",
    "downgrades": "The way back",
    "round-trip": "What the round trip sees",
    "databases": "What one database cannot do",
    "rights": "Rights and secrets",
    "surroundings": "What a migration leans on",
    "conventions": "What a team has agreed on",
}


class Trait(Enum):
    """What sets a rule apart from the others, so that nobody outside this folder needs to know its code."""

    UNCONDITIONAL = auto()
    """It runs whatever is selected, counts whatever `fail-on` says, and no baseline takes its findings for known."""
    ABOUT_GRAPH = auto()
    """What is wrong with the graph concerns every file of the history, whichever were asked for."""
    FAILED_STEP = auto()
    """A step of the round trip failed. It says nothing where the server is at fault and not the migration."""
    ABOUT_ROWS = auto()
    """How bad it is goes by the number of rows, though it goes by no row of the dialects."""
    ABOUT_MODELS = auto()
    """It needs a comparison with the application's models, which is made where somebody asks for it."""


class Fixable(StrEnum):
    """What `lint` can correct of a rule's findings, where the source allows it. Held against the examples by a test."""

    NONE = "none"
    SAFE = "safe"
    """By --fix: the same schema results, only the hazard goes."""
    UNSAFE = "unsafe"
    """By --unsafe-fixes: a person must decide."""
    DEPENDS = "depends"
    """By --fix, or by --unsafe-fixes where something else in the migration makes it a decision."""


class Rule(Generic[Subject]):
    """One hazard. Subclasses set the fields below and write `check`."""

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    enabled: ClassVar[bool] = True
    directions: ClassVar[tuple[Direction, ...]] = (Direction.UPGRADE,)
    dialects: ClassVar[tuple[str, ...]] = ("postgresql", "mysql", "mariadb", "sqlite")
    supersedes: ClassVar[tuple[str, ...]] = ()
    traits: ClassVar[tuple[Trait, ...]] = ()
    changes: ClassVar[tuple[Change, ...]] = ()
    """The rows of the dialects that it goes by: without them it would find nothing."""
    fixable: ClassVar[Fixable] = Fixable.NONE
    message: ClassVar[str]
    help: ClassVar[str] = ""

    @classmethod
    def slug(cls) -> str:
        """The rule's name: that of its file; of a plugin's, which may have several in a file, that of its class."""
        if is_ours(cls.__module__):
            return cls.__module__.rpartition(".")[2].replace("_", "-")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    @cache
    def subject(cls) -> type[Operation | Migration | History | TableLineage | IgnoreOutcome | Trip]:
        """What this rule judges, read from `Rule[...]`."""
        (base,) = [base for base in cls.__orig_bases__ if get_args(base)]  # type: ignore[attr-defined]
        found: type[Operation | Migration | History | TableLineage | IgnoreOutcome | Trip] = get_args(base)[0]
        return found

    @classmethod
    @cache
    def page(cls) -> Page:
        """What the docstring says."""
        return read(cls.__doc__ or "")

    @classmethod
    def facts(cls) -> Iterator[tuple[str, Fact]]:
        """The rows of its `changes` in the dialects that it judges, each with its dialect."""
        for dialect in cls.dialects:
            for fact in dialects.profile(dialect).facts:
                if fact.change in cls.changes:
                    yield dialect, fact

    def findings(self, subject: Subject, context: Context) -> Iterator[Finding]:
        """What `check` yields. Raises PluginError where it is a plugin's, and raises itself."""
        if is_ours(type(self).__module__):
            return self.check(subject, context)
        with blamed(type(self).__module__):
            return iter([*findings(self.check(subject, context), self.code)])

    def check(self, subject: Subject, context: Context) -> Iterator[Finding]:
        """Yield what is to be said about the subject."""
        raise NotImplementedError

    def finding(
        self,
        subject: Operation | Migration | Trip,
        *,
        objects: Sequence[str] = (),
        fix: Fix | None = None,
        span: Span | None = None,
        around: Span | None = None,
        help: str | None = None,
        message: str | None = None,
        direction: Direction | None = None,
        path: str | None = None,
        **words: object,
    ) -> Finding:
        """
        A finding about this subject. `words`, each on one line, fill the placeholders of `message` and `help`: {table}
        for people, {table:name}, {table:schema} and {table:sql} where they are part of code (see Word).

        The engine fills in path and revision, and makes the fingerprint. `direction` is for rules on a Migration that
        speak of one of its functions; `around` is the whole statement, where `span` is a part of one.
        """
        said = {key: Word(word) for key, word in words.items()}
        statement = around or span
        if isinstance(subject, Trip):
            subject = subject.migration
        if isinstance(subject, Operation):
            direction, span, statement = subject.site.direction, span or subject.site.span, subject.site.statement
        elif around is None and span is not None and span == subject.downgrade.span:
            statement = subject.downgrade.statement
        return Finding(
            code=self.code,
            slug=self.slug(),
            severity=self.severity,
            message=self._filled(message or self.message, said),
            help=self._filled(self.help if help is None else help, said),
            path=path or (subject.path if isinstance(subject, Migration) else ""),
            revision=subject.revision if isinstance(subject, Migration) else None,
            span=span,
            statement=statement,
            direction=direction,
            objects=tuple(dict.fromkeys(objects)),
            fix=fix,
            unconditional=Trait.UNCONDITIONAL in self.traits,
            turn=subject.site.turn if isinstance(subject, Operation) else 0,
        )

    def _filled(self, sentence: str, words: Mapping[str, Word]) -> str:
        try:
            return sentence.format(**words)
        except KeyError as error:
            raise ValueError(f"{self.code} says {{{error.args[0]}}}: give finding() a word of that name.") from error


AnyRule = Rule[Operation | Migration | History | TableLineage | IgnoreOutcome | Trip]
Rules = Mapping[str, AnyRule]


_ADDED: dict[str, AnyRule] = {}
_SUBJECTS = (Operation, Migration, History, TableLineage, IgnoreOutcome, Trip)
_OWN_CODE = re.compile(r"[A-Z]{2,}\d+")


def add(rule: type[Rule[Any]]) -> None:
    """
    Adds a rule of a plugin to ours. Raises ValueError where its code or its name cannot be its own, where it judges
    what is never judged, or where its page says nothing.
    """
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        raise ValueError(f"{rule!r:.60} is no Rule: write @rule above a class Found(Rule[CreateTable])")
    code, name = getattr(rule, "code", ""), rule.slug()
    if not isinstance(code, str) or not _OWN_CODE.fullmatch(code) or code.rstrip("0123456789") == "MG":
        wanted = "write two or more capitals of your own, not MG, and a number behind them (ACME101)"
        raise ValueError(f"the rule {name} has the code {code!r}: {wanted}")
    judged = rule.subject()
    if not all(isinstance(one, type) and issubclass(one, _SUBJECTS) for one in get_args(judged) or (judged,)):
        kinds = ", ".join(one.__name__ for one in _SUBJECTS)
        raise ValueError(f"the rule {code} {name} judges {getattr(judged, '__name__', judged)}: there are {kinds}")
    for other in load().values():
        # The same class again: its module is imported once more, after it failed the first time.
        same = type(other).__module__ == rule.__module__ and type(other).__name__ == rule.__name__
        if not same and (code == other.code or name == other.slug()):
            taken = f"{other.code} {other.slug()} of {type(other).__module__}"
            raise ValueError(f"the rule {code} {name} is there already: {taken}")
    if not rule.page().hazard:
        raise ValueError(f"the rule {code} {name} has no page: say in the docstring of its class what the hazard is")
    _ADDED[code] = rule()
    load.cache_clear()
    names.cache_clear()


class Shelf(Mapping[str, AnyRule]):
    """Every rule by code, in their order: ours, each imported when it is first taken, and those of plugins."""

    def __init__(self, added: Mapping[str, AnyRule]) -> None:
        self._added = added
        self._codes = sorted({*FILES, *added})

    def __getitem__(self, code: str) -> AnyRule:
        return self._added[code] if code in self._added else _own(code)

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __contains__(self, code: object) -> bool:
        return code in FILES or code in self._added


@cache
def load() -> Rules:
    """Every rule by code: ours, and those of the plugins that are loaded."""
    return Shelf(dict(_ADDED))


@cache
def _own(code: str) -> AnyRule:
    """The rule of this folder with that code. Raises KeyError where there is none."""
    module = import_module(f"{__name__}.{FILES[code][0]}")
    for value in vars(module).values():
        ours = isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
        if ours and value.code == code:
            rule: AnyRule = value()
            return rule
    raise KeyError(code)


def runs(code: str) -> str:
    """When the rule of this code runs: ON, OFF or ALWAYS, without importing it where it is ours."""
    if code in FILES:
        return FILES[code][1]
    rule = load()[code]
    return ALWAYS if Trait.UNCONDITIONAL in rule.traits else ON if rule.enabled else OFF


def group_of(code: str) -> str:
    """What the rule of this code is about, in a word; PLUGINS for one of a plugin, empty for a code of nobody."""
    group = next((group for begin, group in reversed(GROUPS.items()) if code.startswith(begin)), "")
    return group or (PLUGINS if code in load() else "")


@cache
def names() -> Mapping[str, str]:
    """The name of every rule, by code."""
    of_plugins = {code: rule.slug() for code, rule in _ADDED.items()}
    ours = {code: file.replace("_", "-") for code, (file, _) in FILES.items()}
    return dict(sorted((ours | of_plugins).items()))


def selectable() -> Mapping[str, str]:
    """What a configuration may name, by code: every rule, and the reserved codes, which have no name yet."""
    return {**names(), **dict.fromkeys(RESERVED, "")}
