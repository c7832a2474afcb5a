"""The pages of the rules: all of one shape, and what a terminal, a viewer of SARIF and a program are shown of them."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from migration_guard.dialects import Change
from migration_guard.model.target import DIALECTS
from migration_guard.report import rule_list, rule_page
from migration_guard.rules import GROUPS, TITLES, AnyRule, group_of, load
from migration_guard.rules._page import HEADINGS, INSTEAD, NO_HAZARD, SOURCES, WHAT_HAPPENS, PageExample, Section

RULES = list(load().values())
SHAPE = 'migration_guard/rules/__init__.py says how a page is written, under "Its docstring is its page".'


def of_rules() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def examples(section: Section) -> list[PageExample]:
    return [part for part in section.parts if isinstance(part, PageExample)]


def bold(text: str) -> str:
    return f"*{text}*"


@of_rules()
def test_a_page_says_the_hazard_in_a_sentence(rule: AnyRule) -> None:
    hazard = rule.page().hazard
    assert "\n" not in hazard, f"The first line of {rule.code} stands alone, and a heading follows. {SHAPE}"
    assert hazard.endswith("."), f"The first line of {rule.code} is a sentence, and ends with a full stop. {SHAPE}"


@of_rules()
def test_a_page_has_every_section_in_order_and_none_is_empty(rule: AnyRule) -> None:
    sections = rule.page().sections
    headings = tuple(section.heading for section in sections)
    assert headings == HEADINGS, f"{rule.code} has the headings {headings}, and needs {HEADINGS}. {SHAPE}"
    for section in sections:
        assert any(isinstance(part, str) for part in section.parts), (
            f'{rule.code} says nothing under "{section.heading}": a sentence has to. {SHAPE}'
        )


@of_rules()
def test_examples_stand_where_a_reader_looks_for_them(rule: AnyRule) -> None:
    for section in rule.page().sections:
        kinds = [example.kind for example in examples(section)]
        for kind, following in pairwise([*kinds, ""]):
            place = f'{rule.code}, under "{section.heading}"'
            if kind == "given":
                assert following in ("given", "bad", "good"), f"{place}: what is given comes before its example."
            if kind == "good":
                assert section.heading == NO_HAZARD, f"{place}: what is good stands under {NO_HAZARD!r}."
            if kind == "bad":
                wanted = INSTEAD if following == "fixed" else WHAT_HAPPENS
                assert section.heading == wanted, f"{place}: a bad example stands under {wanted!r}."
        alone = [one for one, following in pairwise(["", *kinds]) if following == "fixed" and one != "bad"]
        assert not alone, f"{rule.code}: `fixed` follows its `bad` directly."


@of_rules()
def test_sources_are_a_list(rule: AnyRule) -> None:
    lists = [isinstance(part, str) and part.startswith("- ") for part in rule.page().section(SOURCES).parts]
    assert lists == [True], f'{rule.code}: under "{SOURCES}" stands one list, `- ...`. {SHAPE}'


@of_rules()
def test_a_rule_goes_by_rows_that_are_there(rule: AnyRule) -> None:
    there = {fact.change for _, fact in rule.facts()}
    assert there == set(rule.changes), (
        f"{rule.code}: no dialect that it judges has a row of {set(rule.changes) - there}."
    )


def test_every_rule_is_in_a_group_that_has_a_title() -> None:
    assert [*TITLES] == [*GROUPS.values()], "migration_guard/rules/__init__.py names a title for each of its groups."
    alone = [rule.code for rule in RULES if group_of(rule.code) not in TITLES]
    assert not alone, f"{alone} begin like no group of GROUPS in migration_guard/rules/__init__.py."


@of_rules()
@pytest.mark.parametrize("width", [40, 100])
def test_on_a_terminal_a_page_shows_all_that_it_has_and_no_fence(rule: AnyRule, width: int) -> None:
    shown = rule_page.for_terminal(rule, width=width, bold=bold)
    assert "```" not in shown
    _, *headings = re.findall(r"^\*([^*]+)\*$", shown, re.MULTILINE)  # the title comes first
    assert headings == [*HEADINGS[:-1], rule_page.SAYS, HEADINGS[-1]]
    for section in rule.page().sections:
        for example in examples(section):
            assert "\n".join(f"      {line}".rstrip() for line in example.text.splitlines()) in shown
    for _, fact in rule.facts():
        assert fact.source in shown


@of_rules()
def test_on_a_terminal_prose_keeps_to_the_width(rule: AnyRule) -> None:
    title, *lines = rule_page.for_terminal(rule, width=60, bold=str).splitlines()
    assert title.startswith(rule.code)
    long = [line for line in lines if len(line) > 60]
    # Code, in an example, in a help or between backticks, and addresses are kept whole.
    assert not [line for line in long if not re.search(r"^ {5}|https?://|`[^`]{20,}`", line)]


def test_a_page_on_a_terminal_says_first_how_bad_it_is_and_what_can_be_done() -> None:
    shown = rule_page.for_terminal(load()["MG302"], width=100, bold=bold)
    assert shown.startswith(
        "*MG302 check-validated-in-place (error, on, for PostgreSQL, MySQL, MariaDB)*\n\n"
        "Adding a CHECK looks at every row while nobody can read or write the table.\n\n"
        "There is a fix that a person must decide on, where the source allows it:\n"
        "`migration-guard lint --unsafe-fixes` writes it.\n"
    )
    assert "off unless selected" in rule_page.for_terminal(load()["MG757"], width=100, bold=bold)


def test_an_example_on_a_terminal_says_what_it_shows_and_on_what() -> None:
    shown = rule_page.for_terminal(load()["MG202"], width=100, bold=bold)
    assert (
        "  With this before it:\n\n"
        '      op.create_check_constraint("ck_users_email", "users", "email IS NOT NULL", postgresql_not_valid=True)\n'
        '      op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_email")\n\n'
        "  Found on PostgreSQL 11:\n\n"
        '      op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)\n'
    ) in shown


def test_sources_on_a_terminal_end_with_the_rows_in_words() -> None:
    shown = rule_page.for_terminal(load()["MG401"], width=100, bold=bold)
    (row,) = [fact for dialect, fact in load()["MG401"].facts() if dialect == "postgresql"]
    assert row.change is Change.CREATE_INDEX
    assert f"  - create index, PostgreSQL from 9.6 on: builds an index and blocks writes.\n    {row.source}\n" in shown


@of_rules()
def test_markdown_has_fences_that_every_viewer_understands(rule: AnyRule) -> None:
    page = rule_page.markdown(rule)
    assert page.startswith(f"{rule.page().hazard}\n\n## {WHAT_HAPPENS}\n\n")
    assert len(re.findall("^```", page, re.MULTILINE)) == 2 * len(re.findall(r"^```\w+\n", page, re.MULTILINE))
    assert not re.search(r"^```\w+ ", page, re.MULTILINE)


@of_rules()
def test_as_plain_text_a_page_has_its_headings_and_no_markup_around_them(rule: AnyRule) -> None:
    page = rule_page.text(rule, width=100)
    assert [line for line in page.splitlines() if line in HEADINGS] == [*HEADINGS]
    assert not re.search(r"^(#|```)", page, re.MULTILINE)


def test_the_list_has_a_header_titles_and_a_line_for_each_rule() -> None:
    lines = rule_list.text(load(), bold=bold).splitlines()
    assert lines[0].strip("*").split() == ["code", "name", "severity", "state", "fix", "what", "it", "finds"]
    assert [line.strip("*") for line in lines[1:] if line.startswith("*")] == [*TITLES.values()]
    shown = [line for line in lines if re.match(r"MG\d{3}  ", line)]
    assert [line.split()[0] for line in shown] == [*load()]
    assert all(line.endswith(f"  {rule.page().hazard}") for line, rule in zip(shown, RULES, strict=True))


def test_the_document_says_of_each_rule_what_a_team_chooses_by() -> None:
    written = json.loads(rule_list.json(load()))["rules"]
    assert [one["code"] for one in written] == [*load()]
    (found,) = [one for one in written if one["code"] == "MG402"]
    assert {key: value for key, value in found.items() if key != "page"} == {
        "code": "MG402",
        "slug": "concurrent-in-transaction",
        "group": "indexes",
        "severity": "error",
        "enabled": True,
        "fix": "depends",
        "dialects": list(DIALECTS),
        "supersedes": ["MG401"],
        "summary": load()["MG402"].page().hazard,
    }
    assert found["page"] == rule_page.markdown(load()["MG402"])
