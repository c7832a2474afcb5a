"""What the file of a migration is called: by date and number, or by a file_template of Alembic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from os.path import basename

from migration_guard.model.conventions import DATED
from migration_guard.model.migration import History, Migration

LONGEST_SLUG = 40
"""Alembic's truncate_slug_length: https://alembic.sqlalchemy.org/en/latest/tutorial.html"""
DEFAULT_TEMPLATE = "%(rev)s_%(slug)s"
_CREATED = re.compile(
    r"^\s*Create Date:\s*(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[ T](?P<time>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?P<zone>[+-]\d\d:\d\d)?)?",
    re.MULTILINE,
)
# The first line that Alembic's template writes behind the message: there was none.
_HEADER = re.compile(r"(Revision ID|Revises|Create Date):")
_TOKEN = re.compile(r"%\((?P<name>\w+)\)(?P<format>[-\d.]*)[sdf]")
LONGEST_SYNTAX = 3  # letters and digits side by side in what we make a pattern of: the `dd` of `dd?`
_WIDEST = 255
"""Bytes that a name may have: https://man7.org/linux/man-pages/man7/path_resolution.7.html"""
_DATE = {"year": r"\d{4}", "month": r"\d\d?", "day": r"\d\d?", "hour": r"\d\d?", "minute": r"\d\d?", "second": r"\d\d?"}


class UnusableTemplate(ValueError):
    """A file_template that Alembic could not fill in either. The message says so, and what it may have."""


def created(migration: Migration) -> datetime | None:
    """When the file was made, by Alembic's header in its docstring."""
    found = _CREATED.search(migration.docstring)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found['day']} {found['time'] or '00:00'}{found['zone'] or ''}")
    except ValueError:
        return None


def slug(text: str) -> str:
    """The words of a message, as Alembic joins them: whole ones, up to 40 characters."""
    words = re.findall(r"\w+", text.lower())
    while len("_".join(words)) > LONGEST_SLUG and len(words) > 1:
        words.pop()
    return "_".join(words)[:LONGEST_SLUG]


def numbers(history: History) -> Mapping[str, int]:
    """The number of each revision: the one in its dated name, else one more than those of what it follows."""
    found: dict[str, int] = {}
    for migration in history.graph.order:
        before = (found.get(one, 0) for one in (*migration.parents, *migration.depends_on))
        name = basename(migration.path)
        found[migration.revision] = int(name[9:13]) if re.fullmatch(DATED, name) else 1 + max(before, default=0)
    return found


def dated(migration: Migration, number: int) -> str | None:
    """YYYYMMDD_NNNN_description.py; None where the file does not say when it was made."""
    made = created(migration)
    words = _plain(_message(migration)) or _plain(migration.revision)
    return f"{made:%Y%m%d}_{number:04}_{words}.py" if made else None


def from_template(template: str, migration: Migration) -> str | None:
    """
    The name that alembic.ini's file_template gives; None where it asks for a date, and the file has none. Raises
    UnusableTemplate where it asks for something that Alembic does not know.
    """
    template = _of_file(template)
    made = created(migration)
    if made is None and any(one["name"] in (*_DATE, "epoch") for one in _TOKEN.finditer(template)):
        return None
    values: dict[str, object] = {"rev": migration.revision, "slug": slug(_message(migration))}
    if made is not None:
        values |= {part: getattr(made, part) for part in _DATE} | {"epoch": int(made.timestamp())}
    try:
        name = template % values if "%" not in _TOKEN.sub("", template) and not _is_too_wide(template) else ""
    except (KeyError, TypeError, ValueError):
        name = ""
    # A revision can have any characters, those included that no name of a file has.
    if not name or name.startswith(".") or not {"/", "\\", "\0"}.isdisjoint(name):
        tokens = ", ".join(("rev", "slug", *_DATE, "epoch"))
        raise UnusableTemplate(
            f"file_template: no name can be made from {template} for {migration.revision}. It has {tokens}."
        )
    return f"{name}.py"


def _is_too_wide(template: str) -> bool:
    """Whether a part is to be filled up to more than a name may have."""
    return any(
        len(digits) > 3 or int(digits) > _WIDEST
        for token in _TOKEN.finditer(template)
        for digits in re.findall(r"\d+", token["format"])
    )


def _message(migration: Migration) -> str:
    """The message that it was made with; empty where its docstring begins with Alembic's header."""
    return "" if _HEADER.match(migration.description) else migration.description


def _plain(text: str) -> str:
    """The words of a text in ASCII: `an` for `än`, and nothing for what has no such letters."""
    plain = unicodedata.normalize("NFKD", slug(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def _of_file(template: str) -> str:
    """What of a file_template names the file (it may name folders, too), with its percent signs as Alembic has them."""
    return template.strip().replace("%%", "%").rpartition("/")[2]


def is_day(digits: str) -> bool:
    """Whether YYYYMMDD is a day of the calendar."""
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


def regular(template: str, migration: Migration, *, literal: bool) -> str:
    """The template as a regular expression for the file of this migration."""
    template = _of_file(template) if literal else template
    parts, done = [], 0
    for token in _TOKEN.finditer(template):
        between = template[done : token.start()]
        parts.append(re.escape(between) if literal else between)
        done = token.end()
        parts.append(_token(token["name"], token["format"], migration))
    rest = template[done:]
    return "".join(parts) + (re.escape(rest) if literal else rest) + r"\.py"


def fits(name: str, pattern: str, revision: str) -> bool:
    """
    Whether a name is as the pattern that regular() made for this revision has it. But for the revision, the files of a
    history share their pattern: it is taken out on both sides where that changes nothing, so that one is compiled for
    all of them.
    """
    if len(revision) > LONGEST_SYNTAX and revision.isalnum() and name.count(revision) == pattern.count(revision) == 1:
        name, pattern = name.replace(revision, "\0"), pattern.replace(revision, "\0")
    return re.fullmatch(pattern, name) is not None


def _token(name: str, format: str, migration: Migration) -> str:
    if name == "rev":
        length = int(format[1:]) if re.fullmatch(r"\.\d{1,3}", format) else None
        return re.escape(migration.revision[:length])
    return _DATE.get(name) or (r"\d+" if name == "epoch" else r"\w*")
