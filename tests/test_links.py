"""The documentation that we cite is that of one version: what a page said of a fact, it says tomorrow, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migration_guard import dialects
from migration_guard.model.target import DIALECTS

HERE = Path(__file__).parents[1]
CITING = [*sorted((HERE / "migration_guard").rglob("*.py")), *sorted((HERE / "docs").glob("*.md")), HERE / "README.md"]
LINK = re.compile(r"""https?://[^\s"'`<>)\]]+""")

# Where the manuals with versions stand, and what in the address names one. That of MySQL's connector has none.
VERSIONED = {
    "postgresql.org/docs/": r"(\d+|9\.\d|release/[\d.]+)/",
    "dev.mysql.com/doc/": r"refman/\d+\.\d+/|connector-python/",
    "docs.sqlalchemy.org/": r"en/\d\d/",
    "docs.python.org/": r"3\.\d+/",
}
DRIFTING = re.compile(r"/(current|latest|stable|devel|master|main)/")
# Manuals that keep the newest pages only, beside which we say of which version; a service without versions; our pages.
NEWEST_ONLY = (
    "https://alembic.sqlalchemy.org/en/latest/",
    "https://magicstack.github.io/asyncpg/current/",
    "https://github.com/actions/toolkit/blob/main/docs/",
    "https://github.com/{REPOSITORY}/blob/main/",
)


def is_pinned(link: str) -> bool:
    """Whether the page is that of one version, as far as its site has those."""
    for site, version in VERSIONED.items():
        _, found, page = link.partition(site)
        if found:
            return re.match(version, page) is not None
    return link.startswith(NEWEST_ONLY) or not DRIFTING.search(link)


def test_every_link_to_documentation_names_a_version() -> None:
    unpinned = [
        f"{path.relative_to(HERE)}:{number}: {link}"
        for path in CITING
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for link in LINK.findall(line)
        if not is_pinned(link)
    ]
    pages = "\n".join(unpinned)
    assert not unpinned, f"These pages will describe another version one day; link to those of one version:\n{pages}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_row_of_a_dialect_cites_the_manual_of_one_version(dialect: str) -> None:
    unpinned = {row.source for row in dialects.profile(dialect).facts if not is_pinned(row.source)}
    assert not unpinned, (
        f"Rows of migration_guard/dialects/{dialect}.py cite {sorted(unpinned)}, which will describe another version"
        " one day: cite the manual of a version for which the row holds."
    )


def test_a_row_of_postgresql_cites_a_version_for_which_it_holds() -> None:
    rows = dialects.profile("postgresql").facts
    cited = {row: re.search(r"postgresql\.org/docs/(\d+)/", row.source) for row in rows}
    early = [
        f"{row.change.name} since {row.since}" for row, page in cited.items() if page and int(page[1]) < row.since[0]
    ]
    assert not early, f"These rows cite the manual of a version before them: {early}"
