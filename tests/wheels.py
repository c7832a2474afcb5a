"""Wheels of what is installed here, for whatever really installs us without a network."""

from __future__ import annotations

import re
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import sys_tags

ROOT = Path(__file__).parent.parent


@cache
def wheels(*extras: str) -> tempfile.TemporaryDirectory[str]:
    """A folder with the wheels of what our package needs, with these extras, and of what builds it."""
    folder = tempfile.TemporaryDirectory(prefix="wheels-")
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = metadata["project"]
    optional = [one for extra in extras for one in project["optional-dependencies"][extra]]
    for found in needed([*metadata["build-system"]["requires"], *project["dependencies"], *optional], {}).values():
        write_wheel(found, Path(folder.name))
    return folder


def needed(requirements: Iterable[str], found: dict[str, Distribution]) -> dict[str, Distribution]:
    """What the requirements ask for, and what that asks for, by name."""
    for requirement in map(Requirement, requirements):
        name = re.sub(r"[-_.]+", "_", requirement.name).lower()
        if name not in found:
            found[name] = distribution(requirement.name)
            needed(asked(found[name].requires or (), {"", *requirement.extras}), found)
    return found


def asked(requirements: Iterable[str], extras: Iterable[str]) -> Iterator[str]:
    """The requirements that hold here, without saying when."""
    for one in requirements:
        marker = Requirement(one).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield one.partition(";")[0]


def write_wheel(installed: Distribution, folder: Path) -> None:
    """https://packaging.python.org/en/latest/specifications/binary-distribution-format/"""
    tags = re.findall(r"^Tag: (.+)$", installed.read_text("WHEEL") or "", re.MULTILINE)
    tag = next(str(one) for one in sys_tags() if str(one) in tags)
    name = re.sub(r"[-_.]+", "_", installed.metadata["Name"])
    with zipfile.ZipFile(folder / f"{name}-{installed.version}-{tag}.whl", "w") as wheel:
        record = ""
        for place, file in files(installed):
            if place.endswith(".dist-info/RECORD"):
                record = place
            else:
                wheel.write(file, place)
        wheel.writestr(record, "".join(f"{one},,\n" for one in wheel.namelist()))


def files(installed: Distribution) -> Iterator[tuple[str, Path]]:
    """What is below site-packages: the programs beside it are made anew."""
    for one in installed.files or ():
        if one.parts[0] != ".." and "__pycache__" not in one.parts:
            yield one.as_posix(), Path(str(installed.locate_file(one)))
