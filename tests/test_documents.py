"""What the README and docs/ say is what the program does: nothing is written twice without being compared."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
import readme_rules

from migration_guard import cli, config
from migration_guard.config import FORMATS, Overrides, load
from migration_guard.config.conventions import MEANINGS
from migration_guard.config.conventions import OPTIONS as CONVENTIONS
from migration_guard.config.roundtrip import KEYS, TripConfig, TripOptions, load_trip
from migration_guard.config.shown import shown
from migration_guard.model.conventions import Conventions
from migration_guard.model.finding import Edit, Finding, Fix, Report, Severity, Span, Summary
from migration_guard.model.trip import Trip
from migration_guard.report import rule_list, text
from migration_guard.report.json import document
from migration_guard.roundtripping.engine import Request, round_trip
from migration_guard.roundtripping.project import choose
from migration_guard.roundtripping.trips.plan import RevisionSelection
from migration_guard.rules import Fixable
from migration_guard.rules import load as load_rules

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
JSON = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
OPTIONS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
TRIP = (ROOT / "docs" / "roundtrip.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` \| (\S*) ?\|", re.MULTILINE)


def block(language: str, document: str = README) -> str:
    return blocks(language, document)[0]


def blocks(language: str, document: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    assert found, f"There is no block of {language}."
    return found


def test_the_table_of_options_names_every_key() -> None:
    assert {key for key, _ in ROW.findall(OPTIONS)} == set(config.KEYS)


def test_the_table_of_conventions_has_every_option_with_its_meaning_and_default() -> None:
    page = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    rows = {
        key: (default, meaning)
        for key, default, meaning in re.findall(r"^\| `([\w-]+)` \| (.*?) ?\| (.*) \|$", page, re.M)
    }
    table = {key: rows.get(key, ("", ""))[1] for key in MEANINGS}
    assert table == MEANINGS
    for key, name in CONVENTIONS.items():
        value = getattr(Conventions(), name)
        if key != "ticket-pattern" and value != ():
            assert rows[key][0].strip("` ") == shown(value)


def options(*commands: click.Command) -> set[str]:
    return {name for command in commands for option in command.params for name in option.opts}


def test_every_option_that_the_readme_names_exists() -> None:
    assert {option.strip("`") for _, option in ROW.findall(OPTIONS) if option.startswith("`--")} <= options(cli.lint)
    assert set(re.findall(r"`(--[a-z-]+)`", README)) <= options(cli.lint)
    assert set(re.findall(r"[ `](--?[a-z-]+)", TRIP)) <= options(cli.roundtrip)


def test_the_table_of_the_round_trip_names_every_key() -> None:
    assert {key for key, _ in ROW.findall(TRIP)} == set(KEYS.values())


def test_the_configuration_of_the_round_trip_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(block("toml", TRIP))
    read = load_trip(file, TripOptions(), cwd=tmp_path, url=None, environment={})
    assert (read.rows, read.env, read.folder) == (50, (("APP_SETTINGS", "test"),), tmp_path)


def test_every_rule_on_round_trips_has_its_row() -> None:
    of_trips = {code for code, rule in load_rules().items() if rule.subject() is Trip}
    assert set(re.findall(r"^\| (MG\d+) \|", TRIP, re.MULTILINE)) == of_trips


def test_the_round_trip_says_what_the_readme_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "sample_migrations" / "one_way"
    monkeypatch.chdir(folder)
    report = round_trip(choose(None, folder), folder, Request(TripConfig(), RevisionSelection(only="0002")))
    shown = re.findall(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[1]
    said = text.render(report, summary=False).replace("  # expect: MG753, MG754", "")
    assert said.startswith(shown)


def test_the_configuration_that_the_readme_shows_is_understood(tmp_path: Path) -> None:
    from migration_guard.rules import names

    (tmp_path / "pyproject.toml").write_text(block("toml"))
    assert load(tmp_path, known=names()).fail_on is Severity.WARNING


def test_every_format_is_documented() -> None:
    missing = [name for name in FORMATS if f"`{name}`" not in README]
    assert not missing, f"README.md lists the formats behind `--output-format`, and lacks {missing}."


def test_the_json_that_is_documented_has_the_keys_that_are_written() -> None:
    span = Span(1, 1, 1, 1)
    finding = Finding("MG401", "slug", Severity.ERROR, "", "", "a.py", span, fix=Fix(True, (Edit(span, ""),)))
    assert shape(json.loads(block("json", JSON))) == shape(document(Report((finding,), Summary())))


def test_the_list_of_rules_that_is_documented_has_the_keys_that_are_written() -> None:
    written = json.loads(rule_list.json(load_rules()))
    assert shape(json.loads(blocks("json", JSON)[1])) == shape(written)
    meanings = JSON.partition("## The list of rules")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", meanings, re.MULTILINE)) == written.keys() | written["rules"][0].keys()
    assert all(f'`"{fixable}"`' in meanings for fixable in Fixable)


def test_the_table_of_rules_is_made_from_the_rules() -> None:
    (shown,) = readme_rules.BLOCK.findall(README)
    assert shown == readme_rules.table(), (
        f"The table of rules in README.md is not that of the rules. `{readme_rules.COMMAND}` writes it."
    )


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return shape(value[0]) if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_story_is_told_as_it_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from migration_guard import engine

    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a1_users.py").write_text(
        'from alembic import op\nimport sqlalchemy as sa\n\nrevision = "a1"\ndown_revision = None\n\n\n'
        'def upgrade():\n    op.create_table("users", sa.Column("email", sa.Text()))\n\n\n'
        'def downgrade():\n    op.drop_table("users")\n'
    )
    (versions / "b2_email.py").write_text(block("python"))
    monkeypatch.chdir(tmp_path)
    report = engine.lint([], tmp_path, None, Overrides(target=("postgresql 16",), cache=False))
    assert text.render(report, summary=False).strip() == block("text").strip()
