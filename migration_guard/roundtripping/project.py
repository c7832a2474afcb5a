"""Which Alembic project a round trip is for: exactly one, with all its databases. Runs nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from migration_guard.assembly import relative
from migration_guard.config.selection import nearest
from migration_guard.reading.discovery.project import Project, ProjectError, find

NAMED = 8  # projects in one sentence


def choose(path: Path | None, cwd: Path, *, config: Path | None = None, name: str | None = None) -> tuple[Project, ...]:
    """
    The project in this folder (`config`: of this ini file; `name`: of this section), once for each of its databases.

    Raises ProjectError where there is none, or more than one.
    """
    if config is not None and path is not None:
        raise ProjectError(f"Both {path} and -c {config} name a project. Leave one of them out.")
    place = config or path or Path()
    # As the system names it: the process that runs it stands in the folder, and so its files have no other names.
    folder = Path(os.path.realpath(cwd / place))
    found = [project for project in find((folder,), cwd) if project.env is not None]
    if not found:
        raise ProjectError(
            f"{place} has migrations and no env.py, which the round trip runs. Name the folder that holds alembic.ini."
        )
    if name is not None:
        found = _of_section(found, name)
    near = [one for one in found if one.root == folder] or [one for one in found if one.root.parent == folder] or found
    groups: dict[object, list[Project]] = {}
    for project in near:
        groups.setdefault((project.root, project.ini, project.section, project.env), []).append(project)
    if len(groups) > 1 and name is None:
        usual = {key: group for key, group in groups.items() if group[0].section == "alembic"}
        groups = usual if len(usual) == 1 else groups
    if len(groups) > 1:
        raise ProjectError(_ambiguity([group[0] for group in groups.values()], place, cwd))
    (chosen,) = groups.values()
    if chosen[0].finds_engines:
        # Its env.py says which engines there are, and may know nothing of one that old migrations have functions for.
        return (replace(chosen[0], database=None),)
    return tuple(chosen)


def _of_section(found: Sequence[Project], name: str) -> list[Project]:
    chosen = [one for one in found if one.section == name]
    if not chosen:
        sections = dict.fromkeys(one.section for one in found)
        raise ProjectError(f"-n {name}: there is no section [{name}] with migrations.{nearest(name, sections)}")
    return chosen


def _ambiguity(projects: Sequence[Project], place: Path, cwd: Path) -> str:
    if len({one.ini for one in projects}) == 1:
        sections = ", ".join(one.section for one in projects)
        return f"{place} holds several projects: choose a section with -n: {sections}."
    names = [relative(str(one.ini or one.root), cwd) for one in projects]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"There are several projects in {place}: name one of {', '.join(names[:NAMED])}{more}."
