"""The page of a rule, read from the docstring of its class: the hazard in a sentence, then sections with examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

from migration_guard.model.printable import printable

WHAT_HAPPENS = "What happens"
TO_WHOM = "To whom"
NO_HAZARD = "When it is no hazard"
INSTEAD = "What to write instead"
SOURCES = "Sources"
HEADINGS = (WHAT_HAPPENS, TO_WHOM, NO_HAZARD, INSTEAD, SOURCES)

_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+) (given|bad|good|fixed)\b([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageExample:
    """
    A fence. `kind` is bad, good, fixed or given, `about` what stands behind it: a target (`postgresql 10`), and in
    tests/cases also a file (`file=NAME`).
    """

    language: str
    kind: str
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a heading: paragraphs, as they are written, and examples, in their order."""

    heading: str
    parts: tuple[str | PageExample, ...]

    @property
    def prose(self) -> str:
        """Its sentences on one line. One that leads to an example with a colon ends there."""
        said = (f"{part[:-1]}." if part.endswith(":") else part for part in self.parts if isinstance(part, str))
        return " ".join(" ".join(said).split())


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a rule: the hazard, and a section for each heading."""

    hazard: str
    sections: tuple[Section, ...]

    def section(self, heading: str) -> Section:
        """The section under this heading; one without parts where the page has none."""
        return next((one for one in self.sections if one.heading == heading), Section(heading, ()))


def read(docstring: str) -> Page:
    """The page that a docstring holds: text, also where it is that of a plugin."""
    hazard, *rest = _HEADING.split(printable(cleandoc(docstring), lines=True))
    sections = (Section(heading, _parts(text)) for heading, text in zip(rest[::2], rest[1::2], strict=True))
    return Page(hazard.strip(), tuple(sections))


def examples(text: str) -> Iterator[tuple[int, PageExample]]:
    """The fences of a page, or of a file of cases, each with its line, counted from 1."""
    for fence in _FENCE.finditer(text):
        yield text.count("\n", 0, fence.start()) + 1, _example(fence)


def _example(fence: re.Match[str]) -> PageExample:
    language, kind, about, text = fence.groups()
    return PageExample(language, kind, about.strip(), text)


def _parts(text: str) -> tuple[str | PageExample, ...]:
    parts: list[str | PageExample] = []
    done = 0
    for fence in _FENCE.finditer(text):
        parts += _paragraphs(text[done : fence.start()])
        parts.append(_example(fence))
        done = fence.end()
    return (*parts, *_paragraphs(text[done:]))


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
