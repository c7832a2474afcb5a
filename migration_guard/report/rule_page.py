"""The page of a rule: as Markdown for editors and sites, and as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from textwrap import fill, indent

from migration_guard.dialects import Fact, Impact, profile
from migration_guard.model.printable import printable
from migration_guard.model.target import DATABASES, DIALECTS
from migration_guard.rules import AnyRule, Fixable
from migration_guard.rules._page import SOURCES, PageExample, Section

Style = Callable[[str], str]

LABELS = {"bad": "Found", "good": "Not found", "fixed": "Corrected", "given": "With this before it"}
FIXES = {
    Fixable.NONE: "There is no fix: what to write is for a person to decide.",
    Fixable.SAFE: "There is a safe fix, where the source allows it: `migration-guard lint --fix` writes it.",
    Fixable.UNSAFE: (
        "There is a fix that a person must decide on, where the source allows it: `migration-guard lint --unsafe-fixes`"
        " writes it."
    ),
    Fixable.DEPENDS: (
        "There is a fix, where the source allows it: `migration-guard lint --fix` writes it where that is safe,"
        " `--unsafe-fixes` also where a person must decide."
    ),
}
SAYS = "What it says"
_ITEM = re.compile(r"\n(?=(?:\d+\.|-) )")
_MARK = re.compile(r"(?:\d+\.|-) ")
_CODE = re.compile(r"`[^`]+`")
_NOTHING = re.compile(r"(?:\{\w+\})?")  # a help that every finding has of its own


def markdown(rule: AnyRule) -> str:
    """The page with headings, and with fences that every viewer understands."""
    blocks = [rule.page().hazard]
    for section in _sections(rule):
        blocks.append(f"## {section.heading}")
        for part in section.parts:
            if isinstance(part, PageExample):
                blocks += [_label(part), f"```{part.language}\n{part.text}```"]
            else:
                blocks.append(part)
    return "\n\n".join(blocks) + "\n"


def text(rule: AnyRule, *, width: int) -> str:
    """The page as plain text."""
    return _joined([rule.page().hazard, *_body(_sections(rule), width, str)])


def for_terminal(rule: AnyRule, *, width: int, bold: Style) -> str:
    """The page with what a person asks first: how bad it is, whether it is on, and what can be done about it."""
    sections = _sections(rule)
    said = [printable(one, lines=True) for one in (rule.message, rule.help) if not _NOTHING.fullmatch(one)]
    return _joined(
        [
            bold(_filled(_title(rule), width)),
            _filled(rule.page().hazard, width),
            _filled(FIXES[rule.fixable], width),
            *_body((one for one in sections if one.heading != SOURCES), width, bold),
            bold(SAYS),
            *(indent(_kept(one, width - 2), "  ") for one in said),
            *_body((one for one in sections if one.heading == SOURCES), width, bold),
        ]
    )


def _title(rule: AnyRule) -> str:
    state = "on" if rule.enabled else "off unless selected"
    some = "" if set(rule.dialects) == set(DIALECTS) else f", for {', '.join(DATABASES[one] for one in rule.dialects)}"
    return f"{rule.code} {rule.slug()} ({rule.severity}, {state}{some})"


def _sections(rule: AnyRule) -> list[Section]:
    """The sections of the page. The rows that the rule goes by follow the sources that it names."""
    rows = tuple(_source(dialect, fact) for dialect, fact in rule.facts())
    return [
        replace(section, parts=("\n".join((*map(str, section.parts), *rows)),))
        if section.heading == SOURCES
        else section
        for section in rule.page().sections
    ]


def _source(dialect: str, fact: Fact) -> str:
    change = fact.change.name.lower().replace("_", " ")
    later = (row.since for row in profile(dialect).facts if row.change is fact.change and row.since > fact.since)
    until = min(later, default=None)
    versions = f"from {_version(fact.since)} on" if until is None else f"before {_version(until)}"
    return f"- {change}, {DATABASES[dialect]} {versions}: {_effect(fact.impact)}. {fact.source}"


def _version(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))


def _effect(impact: Impact) -> str:
    """What a change does to a table in use, in words."""
    if impact.rewrites:
        work = "copies the table"
    elif impact.builds_index:
        work = "builds an index"
    elif impact.scans:
        work = "reads every row"
    else:
        work = "takes a moment"
    both = ", on the table referred to as well" if impact.referenced_blocks else ""
    return f"{work} and blocks {impact.blocks or 'nobody'}{both}"


def _label(example: PageExample) -> str:
    """A word on what an example shows, in place of the tag that only a test understands."""
    dialect, _, version = example.about.partition(" ")
    target = f" on {DATABASES[dialect]}{' ' if version else ''}{version}" if dialect else ""
    return f"{LABELS[example.kind]}{target}:"


def _body(sections: Iterable[Section], width: int, bold: Style) -> Iterator[str]:
    for section in sections:
        yield bold(section.heading)
        for part in section.parts:
            if isinstance(part, PageExample):
                yield f"  {_label(part)}"
                yield indent(part.text.rstrip("\n"), " " * 6)
            else:
                yield indent(_flowed(part, width - 2), "  ")


def _flowed(paragraph: str, width: int) -> str:
    """A paragraph, or the items of a list, in lines of this width."""
    return "\n".join(_filled(" ".join(item.split()), width) for item in _ITEM.split(paragraph))


def _kept(lines: str, width: int) -> str:
    """Lines of prose in this width, and lines of code as they are."""
    return "\n".join(line if line.startswith(" ") else _filled(line, width) for line in lines.split("\n"))


def _filled(line: str, width: int) -> str:
    mark = _MARK.match(line)
    hanging = " " * len(mark[0]) if mark else ""
    # Code in a sentence stays on one line, so that it can be copied.
    whole = _CODE.sub(lambda code: code[0].replace(" ", "\xa0"), line)
    lines = fill(whole, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    # Once more: what stood inside a line may begin one now.
    return printable(lines.replace("\xa0", " "), lines=True)


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(blocks) + "\n"
