"""
Reads a summary that somebody wrote, a program or a person: JSON with `schema_changes`, or Markdown with bullets. What
it says is taken down, and nothing of it believed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from migration_guard.report.change_summary import MIGRATION, NOTHING, SCHEMA_CHANGES

LISTS = ("new_tables", "modified_tables", "new_indexes", "new_foreign_keys")
LONGEST = 100_000  # characters of the Markdown that is looked at: no hand-over has more
_HEADING = re.compile(r"^[ \t]*(?:\*\*|#{1,6}[ \t]+\**)([^*\n]{1,80}?):?[ \t]*\**:?[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
_BULLET = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(.*)$")
_FILE = re.compile(r"[^\s`<>()\[\]]{1,500}\.py\b")


class UncheckedSummary(Exception):
    """A summary that cannot be held against the files. The message is a sentence: what is wrong, what to write."""


@dataclass(frozen=True, slots=True)
class WrittenSummary:
    """
    What a summary says. `lists` are those of JSON, by name; `bullets` are the lines of Markdown on the schema, None in
    JSON. `revisions` and `files` are the revisions and the migrations that it is about, `revisions` None where it names
    none; `total_files` is what it counts, `counted` how many that should be, None where nothing is counted.
    """

    lists: dict[str, list[str]] = field(default_factory=dict)
    bullets: tuple[str, ...] | None = None
    revisions: tuple[str, ...] | None = None
    files: tuple[str, ...] = ()
    database: str | None = None
    migration_tool: str | None = None
    total_files: object = None
    counted: int | None = None


def read(content: bytes) -> WrittenSummary:
    """What the summary says. Raises UncheckedSummary."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UncheckedSummary("The summary is no UTF-8 text. Write it as JSON or Markdown.") from None
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(text)
    return _from_markdown(text)


# --- JSON -----------------------------------------------------------------------------------------------------------


def _from_json(text: str) -> WrittenSummary:
    try:
        document = json.loads(text)
    except RecursionError:
        raise UncheckedSummary("The JSON is nested too deeply for a summary.") from None
    except ValueError as error:
        raise UncheckedSummary(f"The summary is no valid JSON ({str(error)[:200]}).") from None
    changes = document.get("schema_changes") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(changes, dict):
        raise UncheckedSummary("The JSON is no object with an object `schema_changes`. Write the four lists below it.")
    missing = [name for name in LISTS if name not in changes]
    if missing:
        raise UncheckedSummary(f"schema_changes has no {', '.join(missing)}. Write an empty list for nothing.")
    lists = {name: _strings(changes[name], f"schema_changes.{name}") for name in LISTS}
    further = _object(document, "further_changes")
    lists |= {str(name): _strings(value, f"further_changes.{name}") for name, value in further.items()}
    revisions = [_text(one, "revision", "revisions") for one in _objects(document, "revisions")]
    generated = _objects(document, "generated_files")
    files = [_text(one, "path", "generated_files") for one in generated if one.get("type") == "migration"]
    metadata = _object(document, "metadata")
    paths = {_text(one, "path", "revisions") for one in _objects(document, "revisions")}
    counted = len(generated) if "generated_files" in document else len(paths) if "revisions" in document else None
    return WrittenSummary(
        lists=lists,
        revisions=tuple(dict.fromkeys(revisions)) if "revisions" in document else None,
        files=tuple(dict.fromkeys(files)) if not revisions else (),
        database=_optional(metadata, "database"),
        migration_tool=_optional(metadata, "migration_tool"),
        total_files=metadata.get("total_files"),
        counted=counted,
    )


def _strings(value: object, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UncheckedSummary(f"{place} is not a list of strings. Write the names, or an empty list.")
    return value


def _object(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise UncheckedSummary(f"{key} is not an object. Write one, or leave it out.")
    return value


def _objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UncheckedSummary(f"{key} is not a list of objects. Write one, or leave it out.")
    return value


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise UncheckedSummary(f"An entry of {place} has no {key}. Write it as a string.")
    return value


def _optional(entry: dict[str, Any], key: str) -> str | None:
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise UncheckedSummary(f"metadata.{key} is not a string. Write it as one, or leave it out.")
    return value


# --- Markdown -------------------------------------------------------------------------------------------------------


def _from_markdown(text: str) -> WrittenSummary:
    if len(text) > LONGEST:
        raise UncheckedSummary(f"The Markdown is longer than a summary: {LONGEST} characters are read at most.")
    sections = _sections(text)
    if SCHEMA_CHANGES.lower() not in sections:
        raise UncheckedSummary(
            f"The summary is neither JSON nor Markdown with **{SCHEMA_CHANGES}:**. `migration-guard summary"
            " --output-format markdown` shows the block."
        )
    migration = sections.get(MIGRATION.lower(), [])
    return WrittenSummary(
        bullets=tuple(_bullets(sections[SCHEMA_CHANGES.lower()])),
        revisions=() if _bullets(migration) == [NOTHING] else None,
        files=tuple(dict.fromkeys(_FILE.findall("\n".join(migration)))),
    )


def _sections(text: str) -> dict[str, list[str]]:
    """The lines below each heading, `**Schema changes:**` or `## Schema changes`, by its words; fences left out."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            continue
        elif heading := _HEADING.match(line):
            lines = sections.setdefault(" ".join(heading[1].lower().split()).rstrip(":"), [])
        else:
            lines.append(line)
    return sections


def _bullets(lines: list[str]) -> list[str]:
    """The bullets, each with the lines that go on with it."""
    found: list[str] = []
    for line in lines:
        if bullet := _BULLET.match(line):
            found.append(bullet[1].strip())
        elif line.strip():
            found[-1:] = [f"{found[-1]} {line.strip()}"] if found else [line.strip()]
    return found
