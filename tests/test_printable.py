"""What others wrote is only shown: it begins no line, moves no cursor and is no command, wherever we print it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reports import hostile, reports
from workflow_commands import commands

from migration_guard import cli
from migration_guard.config import FORMATS
from migration_guard.model.finding import Report
from migration_guard.model.operations import CreateTable
from migration_guard.model.printable import printable
from migration_guard.model.schema import Name
from migration_guard.report import as_json, render, rule_list, rule_page
from migration_guard.report.markdown_escapes import code, fenced, in_html, inline
from migration_guard.rules import Rule
from migration_guard.rules._word import Word

MACHINES = {"json": json.loads, "gitlab": json.loads, "sarif": json.loads, "junit": ElementTree.fromstring}
HEADER = 'revision = "{}"\ndown_revision = {}\nfrom alembic import op\nimport sqlalchemy as sa\n\ndef upgrade():\n'


def shows_only_text(output: str) -> bool:
    """Whether a terminal does nothing but to begin lines."""
    return output == printable(output, lines=True, inside=True)


def with_a_hostile_value(test: Callable[..., None]) -> Callable[..., None]:
    """Hands a `value` of others to a test of the command line, among others those that once were commands."""
    for value in ("a\n::error::b", "::error::b", "##[error]b"):
        test = example(value=value)(test)
    shared = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=12, deadline=None, suppress_health_check=shared)(given(value=hostile)(test))


# One function


@example("::error::x", "a::b")
@example("##[error]", "[x]")
@example("#", "##[x]")
@given(hostile, hostile)
def test_a_value_is_one_line_that_begins_no_command(value: str, behind: str) -> None:
    shown = printable(value)
    assert len(shown.splitlines()) <= 1
    assert not [*commands(f"{shown}: 1::2")]
    assert not [*commands(f"a {shown}")]
    assert not [*commands(printable(f"{value}\n{behind}", lines=True))]
    assert not [*commands(f"1 | {printable(value, lines=True, inside=True)}".replace("\n", "\n  | "))]
    assert printable(shown) == shown
    shown.encode("utf-8")


@given(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30).filter(lambda one: "\\" not in one)
)
def test_a_name_in_a_line_of_code_still_says_what_it_said(name: str) -> None:
    quoted = printable(name).replace('"', '\\"')
    assert eval(f'"{quoted}"') == name


@pytest.mark.parametrize("sql", ["SELECT x::int", "SELECT x\n  ::int", "'a'::text::varchar", "a # b", "[1]", "## c"])
def test_a_cast_of_postgresql_and_a_comment_stay_as_they_are(sql: str) -> None:
    assert printable(sql, lines=True) == sql


@given(hostile, st.none() | hostile)
def test_a_word_of_a_message_never_begins_a_line(name: str, schema: str | None) -> None:
    for value in (name, Name(name, schema)):
        for spec in ("", "name", "schema", "sql"):
            assert len(f"a {Word(value):{spec}} b".splitlines()) == 1


# Reports


@pytest.mark.parametrize("format", [one for one in FORMATS if one != "github"])
@settings(max_examples=150, deadline=None)
@given(report=reports)
def test_no_line_of_a_report_is_a_command(format: str, report: Report) -> None:
    written = render(report, format)
    assert not [*commands(written)]
    assert shows_only_text(written)
    MACHINES.get(format, str)(written)


@settings(max_examples=150, deadline=None)
@given(reports)
def test_no_command_for_github_is_another_than_ours(report: Report) -> None:
    written = render(report, "github")
    lines = re.split(r"[\r\n]+", written.rstrip("\n"))
    assert [*commands(written)] == [one for one in lines if re.match(r"::(?:error|warning|notice) file=", one)]
    assert len([*commands(written)]) == len(report.findings)
    assert "##[" not in written
    assert shows_only_text(written)


@given(hostile)
def test_a_document_keeps_its_values(value: str) -> None:
    assert json.loads(as_json([value])) == [value]
    assert not [*commands(as_json([value, {"a": value}]))]


@pytest.mark.parametrize("write", [inline, in_html, code, lambda text: fenced("python", [text])])
@example(text="::\n::")
@given(text=hostile)
def test_no_line_of_markdown_is_a_command(write: Callable[[str], str], text: str) -> None:
    assert not [*commands(write(text))]


PAGE = """{0}

    ## What happens

    {0}

    ## Sources

    - {0}
    """


@settings(max_examples=50, deadline=None)
@given(hostile)
def test_no_line_of_the_page_of_a_rule_is_a_command(text: str) -> None:
    class Acme(Rule[CreateTable]):
        code = "ACME1"
        message = text
        help = text
        __doc__ = PAGE.format(text)

    shown = (
        rule_page.markdown(Acme()),
        rule_page.text(Acme(), width=80),
        rule_page.for_terminal(Acme(), width=80, bold=str),
        rule_list.text({"ACME1": Acme()}, bold=str),
    )
    for written in shown:
        assert not [*commands(written)]
        assert shows_only_text(written)
    listed = rule_list.json({"ACME1": Acme()})
    assert not [*commands(listed)]
    assert json.loads(listed)


# Commands


def said(*arguments: str) -> tuple[int, str, str]:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        ended = cli.run(arguments)
        out.flush()
    return ended, out.buffer.getvalue().decode("utf-8"), err.getvalue()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (folder / "migrations" / "versions").mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text("")
    return folder


def write_history(project: Path, *bodies: str) -> None:
    for number, body in enumerate(bodies):
        parent = f'"r{number - 1}"' if number else "None"
        text = f"{HEADER.format(f'r{number}', parent)}    {body}\n\ndef downgrade():\n    pass\n"
        (project / "migrations" / "versions" / f"r{number}.py").write_text(text, encoding="utf-8")


def in_toml(value: str) -> str:
    return json.dumps(re.sub("[\ud800-\udfff]|[^\0-\uffff]", "", value)).replace("\x7f", "")


CONFIGURATIONS: Sequence[str] = (
    "{} = 1",
    "target = {}",
    "select = [{}]",
    "severity = {{ {} = 'error' }}",
    "severity = {{ MG401 = {} }}",
    "output-format = [{}]",
    "plugins = [{}]",
    "baseline = {}",
    "extends = {}",
    "paths = [{}]",
    "since = {}",
    "ignore = [{}]",
    "per-file-ignores = {{ {} = ['MG401'] }}",
    "owners = {{ {} = 'a' }}",
    "table-name = {}",
)


@pytest.mark.parametrize("option", CONFIGURATIONS)
@with_a_hostile_value
def test_a_refused_configuration_is_told_on_lines_of_ours(project: Path, option: str, value: str) -> None:
    write_history(project, 'op.drop_table("orders")')
    file = project / "migration-guard.toml"
    file.write_text(option.format(in_toml(value)) + "\n", encoding="utf-8")
    try:
        with chdir(project):
            for arguments in (("lint", "--no-cache"), ("config",), ("rules",), ("lint", "--output-format", "concise")):
                _, out, err = said(*arguments)
                assert not [*commands(out), *commands(err)]
                assert shows_only_text(err)
                assert len(err.splitlines()) <= 3
    finally:
        file.unlink()


@pytest.mark.parametrize(
    "before",
    [
        ("lint", "--since"),
        ("lint", "--target"),
        ("lint", "--plugin"),
        ("lint", "--select"),
        ("lint", "--output-format"),
        ("lint", "--start-after"),
        ("lint", "--config"),
        ("lint", "--"),
        ("lint",),
        ("rule", "--"),
        ("roundtrip", "--shard"),
        ("roundtrip", "--env"),
        ("summary", "--"),
        ("check-summary", "--"),
        ("rename", "--"),
        (),
    ],
    ids=" ".join,
)
@with_a_hostile_value
def test_a_refused_word_of_the_command_line_is_told_on_lines_of_ours(
    project: Path, before: Sequence[str], value: str
) -> None:
    write_history(project, 'op.drop_table("orders")')
    with chdir(project):
        _, out, err = said(*before, value)
    assert not [*commands(out), *commands(err)]
    assert shows_only_text(err)


BODIES: Sequence[str] = (
    "op.drop_table({0})",
    "op.create_index({0}, {0}, [{0}])",
    "op.add_column({0}, sa.Column({0}, sa.Integer(), nullable=False, server_default={0}))",
    "op.create_foreign_key({0}, {0}, {0}, [{0}], [{0}])",
    "op.rename_table({0}, {0})",
    "op.alter_column({0}, {0}, type_=sa.String(5), nullable=False, schema={0})",
    "op.execute({0})",
)


@pytest.mark.parametrize("body", BODIES)
@with_a_hostile_value
def test_no_name_in_a_migration_is_a_command_in_what_is_printed(project: Path, body: str, value: str) -> None:
    create = f"op.create_table({value!a}, sa.Column({value!a}, sa.Integer()))"
    write_history(project, create, body.format(ascii(value)))
    every = [("lint", "--no-cache", "--target", "postgresql 16", "--output-format", one) for one in FORMATS]
    with chdir(project):
        for arguments in (*every, ("summary",), ("summary", "--output-format", "markdown"), ("lint", "--statistics")):
            _, out, err = said(*arguments)
            ours = [line for line in commands(out) if re.match(r"::(?:error|warning|notice) file=migrations/", line)]
            assert [*commands(out), *commands(err)] == (ours if "github" in arguments else [])
            assert shows_only_text(out + err)


# Lines of a source


@pytest.mark.parametrize("github", [True, False])
def test_a_patch_is_exact_but_for_the_eyes(project: Path, github: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true" if github else "")
    sql = 'op.execute("""\n::error::x\n  ::warning::y ##[error]z\x1b[2J\n""")'
    write_history(project, "pass", f'op.create_index("ix", "t", ["a"])\n    {sql}')
    with chdir(project):
        _, out, err = said("lint", "--no-cache", "--target", "postgresql 16", "--diff", "--unsafe-fixes")
    assert "+    with op.get_context().autocommit_block():" in out
    assert "Would correct" in err
    assert ([*commands(out)] == []) is github
    assert ("\x1b" not in out) is github
    assert ("\n ::error::x\n" in out) is not github
