"""What the file of a migration is called: by date and number, or by a file_template of Alembic."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from migration_guard.model.conventions import DATED
from migration_guard.model.migration import Migration

LONGEST_SLUG = 40
"""Alembic's truncate_slug_length: https://alembic.sqlalchemy.org/en/latest/tutorial.html"""
DEFAULT_TEMPLATE = "%(rev)s_%(slug)s"
_CREATED = re.compile(r"^\s*Create Date:\s*(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?", re.MULTILINE)
_DATED = re.compile(r"(?P<day>\d{8})_(?P<number>\d{4})_")
_TOKEN = re.compile(r"%\((?P<name>\w+)\)(?P<format>[-\d.]*)[sdf]")
_DATE = {"year": r"\d{4}", "month": r"\d\d?", "day": r"\d\d?", "hour": r"\d\d?", "minute": r"\d\d?", "second": r"\d\d?"}


def created(migration: Migration) -> datetime | None:
    """When the file was made, by Alembic's header in its docstring."""
    found = _CREATED.search(migration.docstring)
    try:
        return datetime.fromisoformat(f"{found[1]} {found[2] or '00:00'}") if found else None
    except ValueError:
        return None


def slug(text: str) -> str:
    """The words of a message, as Alembic joins them: whole ones, up to 40 characters."""
    words = re.findall(r"\w+", text.lower())
    joined = "_".join(words)
    if len(joined) <= LONGEST_SLUG:
        return joined
    while len("_".join(words)) > LONGEST_SLUG and len(words) > 1:
        words.pop()
    return "_".join(words)[:LONGEST_SLUG]


def number_of(name: str) -> int | None:
    """The number in a dated name (20260216_0001_initial.py); None where it is none."""
    found = _DATED.match(name)
    return int(found["number"]) if found else None


def dated(migration: Migration, number: int) -> str | None:
    """YYYYMMDD_NNNN_description.py; None where the file does not say when it was made."""
    made = created(migration)
    words = re.sub(r"[^a-z0-9]+", "_", _words(migration)).strip("_")
    return f"{made:%Y%m%d}_{number:04}_{words}.py" if made and words else None


def from_template(template: str, migration: Migration) -> str | None:
    """The name that alembic.ini's file_template gives; None where it asks for a date, and the file has none."""
    made = created(migration)
    if made is None and any(one["name"] in (*_DATE, "epoch") for one in _TOKEN.finditer(template)):
        return None
    values: dict[str, object] = {"rev": migration.revision, "slug": _words(migration), "epoch": 0}
    if made is not None:
        values |= {part: getattr(made, part) for part in _DATE} | {"epoch": int(made.timestamp())}
    try:
        return f"{template.replace('%%', '%') % values}.py"
    except (KeyError, TypeError, ValueError):
        return None


def _words(migration: Migration) -> str:
    return slug(migration.description) or slug(migration.revision)


def follows(migration: Migration, pattern: str | None, template: str | None) -> bool:
    """Whether the file is called by the pattern: a regular expression, or for "alembic" and None the template."""
    name = Path(migration.path).name
    if pattern in (None, "alembic"):
        wanted = (template or DEFAULT_TEMPLATE).replace("%%", "%")
        return re.fullmatch(regular(wanted, migration, literal=True), name) is not None
    return re.fullmatch(pattern, name) is not None and (pattern != DATED or is_day(name[:8]))


def is_day(digits: str) -> bool:
    """Whether YYYYMMDD is a day of the calendar."""
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


def regular(template: str, migration: Migration, *, literal: bool) -> str:
    """The template as a regular expression for the file of this migration."""
    parts, done = [], 0
    for token in _TOKEN.finditer(template):
        between = template[done : token.start()]
        parts.append(re.escape(between) if literal else between)
        done = token.end()
        parts.append(_token(token["name"], token["format"], migration))
    rest = template[done:]
    return "".join(parts) + (re.escape(rest) if literal else rest) + r"\.py"


def _token(name: str, format: str, migration: Migration) -> str:
    if name == "rev":
        length = int(format[1:]) if re.fullmatch(r"\.\d+", format) else None
        return re.escape(migration.revision[:length])
    return _DATE.get(name) or (r"\d+" if name == "epoch" else r"\w*")
