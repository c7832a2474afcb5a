"""The Markdown report: what a reader of it finds, and what nothing in a migration may do to it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from golden import HOSTILE, LINT, ROUND_TRIP
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reports import FINDING, findings, reports, words
from work import grows_with

from migration_guard.model.finding import Examined, Finding, Proof, Report, Severity, Span, Summary
from migration_guard.model.printable import printable
from migration_guard.report import markdown
from migration_guard.report.markdown import LENGTH
from migration_guard.report.markdown_escapes import advice, code, fenced, in_html, inline

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = re.compile(r"(</?(details|summary|b|code)>)+")
WITHOUT_WIDTH = "\u200b"


def tokens(source: str) -> list[Token]:
    """Everything that a reader of Markdown finds, the inside of paragraphs included."""
    return [inner for token in PARSER.parse(source) for inner in (token, *(token.children or ()))]


def said(source: str) -> str:
    """The letters of a line of Markdown."""
    return "".join(token.content for token in tokens(source) if token.type == "text").replace(WITHOUT_WIDTH, "")


@example("~~a~~ ~b~ **c** __d__ _e_ `f` $g$ a|b ![h](i) [j] <!-- --> <u>k</u> &amp; \\")
@example("1. a")
@example("1) a")
@example("- a")
@example("# a")
@example("> a")
@example("===")
@settings(max_examples=300, deadline=None)
@given(words | st.text("\\`*_[]()<>&|~#$!@:/-+=1. \tGHw", max_size=30))
def test_a_line_says_what_it_says_and_does_nothing(text: str) -> None:
    for written in (inline(text), f"| {inline(text)} | b |\n|---|---|\n| {inline(text)} | {code(text)} |"):
        kinds = {token.type for token in tokens(written)}
        assert not kinds & {"link_open", "image", "em_open", "strong_open", "s_open", "html_block", "hr", "code_block"}
        assert not kinds & {"fence", "heading_open", "bullet_list_open", "ordered_list_open", "blockquote_open"}
        assert all(OURS.fullmatch(token.content) for token in tokens(written) if token.type == "html_inline")
    squeezed = " ".join(printable(text).split())
    assert " ".join(said(inline(text)).split()) == squeezed
    *_, cell, after = (
        token for token in PARSER.parse(f"| a | b |\n|---|---|\n| {inline(text)} | b |") if token.type == "inline"
    )
    assert after.content == "b"
    letters = "".join(token.content for token in cell.children or () if token.type == "text")
    assert " ".join(letters.replace(WITHOUT_WIDTH, "").split()) == squeezed


@pytest.mark.parametrize("write", [inline, in_html])
@pytest.mark.parametrize(
    "text", ["@everyone", "a@b.example", "#12", "GH-12", "owner/x#1", "https://x.example", "www.x.example", ":tada:"]
)
def test_what_github_looks_for_in_a_finished_page_is_parted(text: str, write: object) -> None:
    assert callable(write)
    shown = write(f"See {text}").replace("&#8203;", WITHOUT_WIDTH)
    assert shown.replace(WITHOUT_WIDTH, "") == f"See {text}"
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.|:\w+:", shown)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=20) | st.just("````") | st.just("```"), min_size=1, max_size=4))
def test_nothing_in_a_block_of_code_closes_it(lines: list[str]) -> None:
    lines = [line.replace("\n", "") for line in lines]
    (fence,) = tokens(fenced("python", lines))
    assert fence.type == "fence"
    assert fence.content == "".join(f"{printable(line, lines=True).rstrip()}\n" for line in lines)


def test_help_keeps_its_steps_its_code_and_its_paragraphs() -> None:
    assert advice(
        "First this:\n  a = 1\n\n    b = 2\n\n1. Do\n2. Then do\n   op.execute(x)\n3. Done\n\nAll of it,\nin one go."
    ) == (
        "First this:\n\n```\na = 1\n\n  b = 2\n```\n\n"
        "1. Do\n2. Then do\n\n   ```\n   op.execute(x)\n   ```\n\n3. Done\n\nAll of it, in one go."
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["1. a", "text", "   code", "", "<b>", "```", "  # head"]) | words, max_size=6))
def test_any_help_is_text_steps_and_code(lines: list[str]) -> None:
    kinds = {token.type for token in tokens(advice("\n".join(lines)))}
    allowed = {"inline", "text", "fence", "list_item", "ordered_list", "paragraph", "softbreak", "code_block"}
    assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds} <= allowed


@settings(max_examples=200, deadline=None)
@given(reports)
def test_a_report_of_any_text_is_bounded_and_holds_no_markup_but_ours(report: Report) -> None:
    written = markdown.render(report)
    assert len(written) <= LENGTH
    for token in tokens(written):
        assert token.type not in ("link_open", "image", "em_open", "s_open", "blockquote_open")
        if token.type == "html_inline":
            assert OURS.fullmatch(token.content)
        if token.type == "html_block":
            rest = OURS.sub("", token.content)
            assert "<" not in rest
            assert ">" not in rest
    assert written.count("<details>") == written.count("</details>") == len(report.findings)


MANY = tuple(
    replace(FINDING, path=f"versions/{number:04}.py", revision=f"{number:04}", message=f"Hurts number {number}.")
    for number in range(2000)
)


def examined(count: int) -> tuple[Examined, ...]:
    return tuple(Examined(f"{number:04}", f"versions/{number:04}.py") for number in range(count))


def test_a_long_report_is_cut_between_findings_and_says_how_many_are_left() -> None:
    def render(count: int) -> str:
        return markdown.render(Report(MANY[:count], Summary(examined=examined(count), notes=("x" * 900,) * 20)))

    assert grows_with(render, 1000)
    written = render(2000)
    assert LENGTH - 1500 < len(written) <= LENGTH
    shown = written.count("<details>")
    assert shown == written.count("</details>")
    assert f"**{2000 - shown} more findings** did not fit here. `migration-guard lint` prints them all." in written
    rows = written.count("\n| `")
    assert rows == 50
    assert f"| | ... and {2000 - rows} more | |" in written


def test_one_endless_finding_does_not_hide_the_others() -> None:
    endless = replace(FINDING, message="x" * 100_000)
    written = markdown.render(Report((endless, replace(FINDING, message="Hurts too.")), Summary()))
    assert "Hurts too." in written
    assert "**1 more finding** did not fit here." in written


def test_the_worst_comes_first() -> None:
    mild = replace(FINDING, severity=Severity.INFO, message="Mild.")
    written = markdown.render(Report((mild, FINDING), Summary()))
    assert written.index("Hurts.") < written.index("Mild.")


def test_many_clean_revisions_are_folded_below_those_with_findings() -> None:
    written = markdown.render(Report(MANY[5:6], Summary(examined=examined(30))))
    table, folded = written.split("<details>", 2)[:2]
    assert re.findall(r"^\| `(\d+)`", table, re.MULTILINE) == ["0005"]
    assert "✅ 29 revisions without a finding" in folded
    assert len(re.findall(r"^\| `\d+` \| `\d+\.py` \| ✅ \|$", folded, re.MULTILINE)) == 29


def test_few_revisions_stand_in_their_order() -> None:
    written = markdown.render(Report(MANY[2:3], Summary(examined=examined(4))))
    assert re.findall(r"^\| `(\d+)`", written, re.MULTILINE) == ["0000", "0001", "0002", "0003"]


@pytest.mark.parametrize(
    ("report", "heading"),
    [
        (LINT, "### ❌ migration-guard lint: 3 errors, 2 warnings and 1 info"),
        (ROUND_TRIP, "### ❌ migration-guard roundtrip: 1 error and 1 warning, not all of it proven"),
        (Report((), Summary()), "### ✅ migration-guard lint: nothing found"),
        (Report((), Summary(proofs=(Proof("SQLite"),))), "### ✅ migration-guard roundtrip: nothing found"),
        (
            Report((), Summary(proofs=(Proof("SQLite", unproven=("No.",)),))),
            "### ⚠️ migration-guard roundtrip: nothing found, not all of it proven",
        ),
        (
            Report((replace(FINDING, severity=Severity.WARNING),), Summary()),
            "### ⚠️ migration-guard lint: 1 warning",
        ),
    ],
)
def test_the_heading_is_the_verdict(report: Report, heading: str) -> None:
    assert markdown.render(report).splitlines()[0] == heading


def test_only_what_was_proven_is_called_proven() -> None:
    written = markdown.render(ROUND_TRIP)
    assert "| `a1` | `versions/a1_users.py` | ✅ proven |" in written
    assert "| `c3` | `versions/c3_refunds.py` | only upgraded: declared irreversible |" in written
    assert "| `d4` | `versions/d4_places.py` | ⚠️ not proven |" in written
    assert "| `e5` | `versions/e5_hidden_by_a_baseline.py` | ⚠️ not proven |" in written
    assert "| `f6` |  | ⚠️ not tried: what it needs fails |" in written
    assert written.count("✅ proven") == 1


def test_a_long_statement_is_shortened() -> None:
    source = "op.create_table(\n" + "    sa.Column('c'),\n" * 30 + ")\n"
    finding: Finding = replace(FINDING, span=Span(1, 1, 32, 2))
    written = markdown.render(Report((finding,), Summary(), {finding.path: source}))
    assert "    sa.Column('c'),\n# ... 24 more lines\n```" in written


@given(findings)
def test_the_message_of_a_finding_can_be_read(finding: Finding) -> None:
    written = markdown.render(Report((replace(finding, message=f"{HOSTILE} end"),), Summary()))
    assert printable(HOSTILE) in said(written)
