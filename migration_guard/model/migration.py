"""A migration file as facts, and the graph that the files of one history form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from migration_guard.model.finding import Span
from migration_guard.model.operations import Operation


class Form(Enum):
    """What a function of a migration looks like, before anything is said of its operations."""

    MISSING = "missing"
    EMPTY = "empty"  # nothing but `pass`, a docstring, `...`, comments or a bare return
    RAISES = "raises"  # nothing happens before it raises, on every path
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Body:
    """
    upgrade() or downgrade(): its operations in the order they run. `span` is the `def` line and `statement` the whole
    function with its decorators; None where it is missing.
    """

    form: Form
    span: Span | None = None
    operations: tuple[Operation, ...] = ()
    statement: Span | None = None


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """
    `# migration-guard: ignore[MG401,MG402] reason` (or `-- migration-guard: ...` inside SQL).

    `whole_file` where it stands at the top of the file. `alone` where nothing but the comment is on its line: it then
    speaks for the statement below it.
    """

    codes: tuple[str, ...]
    reason: str
    span: Span
    alone: bool
    whole_file: bool = False


@dataclass(frozen=True, slots=True)
class IgnoreOutcome:
    """What came of an ignore comment: `idle` are the codes in it that ignored nothing, though their rules ran."""

    comment: IgnoreComment
    idle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Irreversible:
    """`# migration-guard: irreversible <reason>`: the revision is declared one-way."""

    reason: str
    span: Span


class Phase(Enum):
    """
    Which step of a breaking change a revision is: `# migration-guard: phase expand`. `expand` adds what is new beside
    the old, `migrate` fills it, `contract` takes the old away.
    """

    EXPAND = "expand"
    MIGRATE = "migrate"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Migration:
    """
    One revision.

    `path` is absolute. `parents` is down_revision as a tuple, empty for a base. `has_known_parents` is False where
    down_revision or depends_on is computed when Alembic imports the file, so that what stands before it is not known.
    `docstring` is the module's, be it above or below the imports, empty for none. `revision_span` is the
    `revision = ...` statement. `op_name` is what the module calls alembic.op, None where it has no name for it.
    """

    path: str
    revision: str
    parents: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    docstring: str = ""
    revision_span: Span | None = None
    parents_span: Span | None = None
    upgrade: Body = Body(Form.MISSING)
    downgrade: Body = Body(Form.MISSING)
    ignores: tuple[IgnoreComment, ...] = ()
    irreversible: Irreversible | None = None
    phase: Phase | None = None
    imports: tuple[str, ...] = ()
    op_name: str | None = "op"
    has_known_parents: bool = True

    @property
    def description(self) -> str:
        """What its docstring says first, on one line: the message that it was made with."""
        return next(iter(self.docstring.strip().splitlines()), "")

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of both directions."""
        return self.upgrade.operations + self.downgrade.operations


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of the folder that should be a migration and could not be read. `reason` is a whole sentence."""

    path: str
    reason: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """
    What env.py and the ini file say about how migrations run. None: they do not say, or could not be read.

    `naming_convention` holds the MetaData's naming convention as far as it is known: `pk=pk_%(table_name)s`.
    `names_itself` tells that the MetaData certainly has none, so that the database names what has no name.
    `search_path` tells that env.py speaks of one, `foreign_keys_on` that it turns SQLite's foreign keys on.
    `names_version_column` tells that env.py says something of the column in which Alembic keeps the revision.
    """

    transaction_per_migration: bool | None = None
    transactional_ddl: bool | None = None
    autocommit: bool | None = None
    lock_timeout: bool | None = None
    dialect: str | None = None
    dialect_source: str = ""
    naming_convention: tuple[str, ...] = ()
    search_path: bool = False
    names_itself: bool = False
    foreign_keys_on: bool = False
    names_version_column: bool = False


@dataclass(frozen=True, slots=True)
class RevisionGraph:
    """
    The shape of a history, with whatever is wrong with it.

    `order` is every readable revision, parents and dependencies first; members of a loop come last. `cycles` lists
    each loop once, as the revisions along it. `missing` pairs a migration with an id that no file declares.
    `duplicates` pairs the migration that was kept with the one that declares the same id.

    `unplaced` are the ids of the revisions whose parents are computed or not read, and of all that come after one. They
    stand behind all others in `order`. Where there are any no `heads` are known: a computed one may build upon each.
    """

    order: tuple[Migration, ...] = ()
    heads: tuple[Migration, ...] = ()
    cycles: tuple[tuple[Migration, ...], ...] = ()
    missing: tuple[tuple[Migration, str], ...] = ()
    duplicates: tuple[tuple[Migration, Migration], ...] = ()
    unplaced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Merge:
    """
    The history as it will be when it is merged with a git ref.

    `graph` is that of both sides. `old` are the files of this checkout whose migrations the ref has; those that only it
    has are called `origin/main:versions/a1.py`. `removed` are the ids that the ref has and that are gone here.
    """

    ref: str
    old: frozenset[str]
    graph: RevisionGraph
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """
    All revisions of one Alembic project (of one database, where the project has several). One is equal only to itself,
    so that what is asked for every file can be found out once.

    `root` is the folder of the configuration file (or of the versions), absolute. `file_template` is
    alembic.ini's, None where it sets none. `merge` is there where only what a git ref does not have is judged.
    """

    root: str
    migrations: tuple[Migration, ...]
    unreadable: tuple[Unreadable, ...] = ()
    environment: Environment = Environment()
    file_template: str | None = None
    database: str | None = None
    graph: RevisionGraph = RevisionGraph()
    by_revision: Mapping[str, Migration] = field(default_factory=dict)
    merge: Merge | None = None

    @property
    def merged(self) -> RevisionGraph:
        """The graph as it will be once this is merged, where it will be; else as it is."""
        return self.merge.graph if self.merge else self.graph

    def is_coming(self, migration: Migration) -> bool:
        """Whether only the git ref has it."""
        return self.merge is not None and migration.path.startswith(f"{self.merge.ref}:")

    def is_removed(self, revision: str) -> bool:
        """Whether the git ref has a revision of this id, and this checkout has removed it."""
        return self.merge is not None and revision in self.merge.removed

    def is_new(self, migration: Migration) -> bool:
        """Whether this checkout adds it to what the git ref has; without one everything is new."""
        return self.merge is None or (migration.path not in self.merge.old and not self.is_coming(migration))
