"""extends: presets, files and files of other distributions; which entry wins, and what is said about a wrong one."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from migration_guard import configuration
from migration_guard.cli import commands
from migration_guard.config import Config, ConfigError, Overrides, extends, load
from migration_guard.config.roundtrip import TripOptions, load_trip
from migration_guard.config.shown import shown, toml
from migration_guard.model.finding import Severity
from migration_guard.rules import names, selectable


def configured(folder: Path, text: str, **files: str) -> Config:
    (folder / "migration-guard.toml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return load(folder, known=selectable())


def runs(config: Config, code: str) -> bool:
    return config.selects(code, default=False)


def test_a_preset_adds_its_rules_and_sets_its_options(tmp_path: Path) -> None:
    config = configured(tmp_path, 'extends = ["preset:secrets-dashboard"]')
    assert runs(config, "MG901")
    assert not runs(config, "MG902")
    assert config.conventions.uuid_keys == "string"
    assert config.severity_of("MG308", Severity.INFO) is Severity.INFO


@pytest.mark.parametrize("name", extends.presets())
def test_a_preset_only_adds_to_what_runs(name: str, tmp_path: Path) -> None:
    table = extends.layers(tmp_path / "x.toml", {"extends": [f"preset:{name}"]})[0].table
    assert "select" not in table
    assert "ignore" not in table
    config = configured(tmp_path, f'extends = ["preset:{name}"]')
    assert runs(config, "MG901")
    turned_on = runs(config, "MG308")
    assert config.severity_of("MG308", Severity.INFO) is (Severity.WARNING if turned_on else Severity.INFO)


def test_the_strict_preset_has_every_rule_of_the_others(tmp_path: Path) -> None:
    layers = {
        name: extends.layers(tmp_path / "x.toml", {"extends": [f"preset:{name}"]})[0] for name in extends.presets()
    }
    strict = set(layers.pop("strict").table["extend-select"])
    assert strict == {code for layer in layers.values() for code in layer.table["extend-select"]}


def test_selections_of_all_entries_add_up_and_the_file_itself_has_the_last_word(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        'extends = ["preset:platform", "ours.toml"]\nignore = ["MG908"]\nextend-select = ["MG919"]',
        ours='extend-select = ["MG912"]\nignore = ["MG902", "MG919"]',
    )
    assert [code for code in ("MG901", "MG902", "MG908", "MG912", "MG919") if runs(config, code)] == [
        *("MG901", "MG912", "MG919")
    ]


def test_a_select_beside_extends_replaces_the_whole_selection(tmp_path: Path) -> None:
    config = configured(tmp_path, 'extends = ["preset:strict"]\nselect = ["MG4"]')
    assert [code for code in names() if config.selects(code, default=True)] == [
        "MG401",
        "MG402",
        "MG403",
        "MG404",
        "MG405",
    ]


def test_of_options_and_severities_the_later_entry_wins_key_by_key(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        'extends = ["preset:strict", "ours.toml"]\nuuid-keys = "any"\n[severity]\nMG901 = "error"',
        ours='uuid-keys = "string"\nsoft-delete = "deleted_at"\n[severity]\nMG901 = "info"\nMG902 = "info"',
    )
    agreed = config.conventions
    assert (agreed.uuid_keys, agreed.soft_delete, agreed.index_name) == ("any", "deleted_at", "idx_{table}_")
    assert config.severity_of("MG901", Severity.WARNING) is Severity.ERROR
    assert config.severity_of("MG902", Severity.WARNING) is Severity.INFO
    assert config.severity_of("MG308", Severity.INFO) is Severity.WARNING


def test_a_path_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "organisation/base").mkdir(parents=True)
    (tmp_path / "organisation/all.toml").write_text('extends = ["base/keys.toml"]\njobs = 2\n')
    (tmp_path / "organisation/base/keys.toml").write_text('uuid-keys = "any"\njobs = 1\nbaseline = "known.json"\n')
    config = configured(tmp_path, 'extends = ["organisation/all.toml"]')
    assert (config.jobs, config.conventions.uuid_keys) == (2, "any")
    assert config.baseline == tmp_path / "organisation/base/known.json"
    assert tmp_path / "organisation/base/keys.toml" in config.read


def test_a_file_of_an_installed_distribution_is_found_and_nothing_of_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    (site / "acme_rules/presets").mkdir(parents=True)
    (site / "acme_rules/__init__.py").write_text("raise AssertionError('it was imported')\n")
    (site / "acme_rules/presets/base.toml").write_text('uuid-keys = "any"\n')
    about = site / "acme_rules-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (about / "RECORD").write_text("acme_rules/__init__.py,,\nacme_rules/presets/base.toml,,\n")
    monkeypatch.syspath_prepend(str(site))
    config = configured(tmp_path, 'extends = ["acme_rules:presets/base.toml"]')
    assert config.conventions.uuid_keys == "any"
    assert "acme_rules" not in sys.modules


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('extends = ["preset:stric"]', "there is no preset 'stric'. Did you mean strict?"),
        ('extends = ["absent.toml"]', "there is no file"),
        ('extends = ["acme_rules:base.toml"]', "no installed distribution lists acme_rules/base.toml"),
        ('extends = "preset:strict"', 'is not a list of strings. Write ["preset:strict"]'),
        ("extends = [1]", "is not a list of strings"),
        ('extends = ["migration-guard.toml"]', "extends, in the end, itself"),
        ('extends = ["round.toml"]', "extends, in the end, itself"),
        ('extends = ["wrong.toml"]', "uuid-keys: 'both' is none of native, string, any"),
        ('extends = ["wrong_rule.toml"]', "no rule is called 'MG9999'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file_and_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(
            tmp_path,
            text,
            round='extends = ["migration-guard.toml"]',
            wrong='uuid-keys = "both"',
            wrong_rule='ignore = ["MG9999"]',
        )
    assert says in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("uuid-key = 'any'", "Did you mean uuid-keys?"),
        ("large-tables = [1]", "large-tables: [1] is not a list of names"),
        ("deprecation-revisions = -1", "deprecation-revisions: -1 is no number"),
        ("ticket-pattern = '('", "ticket-pattern: '(' is no regular expression"),
        ("index-name = '{tabel}_'", "has braces that stand for nothing"),
        ("ondelete = 'cascad'", "ondelete: 'CASCAD' is none of CASCADE"),
        ("exempt-tables = { MG999 = ['x'] }", "exempt-tables: no rule is called 'MG999'"),
    ],
)
def test_a_wrong_convention_is_named_with_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text)
    assert says in str(caught.value)


def test_what_is_shown_can_be_read_back_and_is_the_same(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        """
        extends = ["preset:strict"]
        target = ["postgresql 16", "sqlite"]
        ondelete = "set null"
        exempt-tables = { missing-timestamps = ["legacy_*"], MG901 = "old" }
        output-format = ["text", "json:out.json"]
        [severity]
        MG9 = "info"
        """,
    )
    running = {code: name for code, name in names().items() if config.selects(code, default=True)}
    shown = tmp_path / "shown"
    shown.mkdir()
    again = configured(shown, toml(config, running))
    assert again.conventions == config.conventions
    assert (again.target, again.output_format, again.severity) == (config.target, config.output_format, config.severity)
    assert running == {code: name for code, name in names().items() if again.selects(code, default=True)}


def test_the_command_says_what_holds_and_which_place_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, 'extends = ["preset:platform"]\nsoft-delete = "both"')
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(commands, ["config", "--show"])
    assert result.exit_code == 0
    assert 'uuid-keys = "any"  # preset:platform' in result.output
    assert f'soft-delete = "both"  # {tmp_path / "migration-guard.toml"}' in result.output
    assert '    "MG901",  # non-uuid-primary-key' in result.output


def test_the_command_line_wins_over_all_that_is_extended(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text('extends = ["preset:strict"]')
    config = load(tmp_path, overrides=Overrides(ignore=("MG9",)), known=selectable())
    assert not runs(config, "MG901")


def test_a_file_that_is_extended_twice_is_followed_once(tmp_path: Path) -> None:
    entries = {f"c{number}": f'extends = ["c{number + 1}.toml", "c{number + 1}.toml"]' for number in range(30)}
    config = configured(tmp_path, 'extends = ["c0.toml"]', **entries, c30='select = ["MG901"]')
    assert runs(config, "MG901")
    assert not runs(config, "MG902")


def test_what_is_extended_again_later_wins_again(tmp_path: Path) -> None:
    files = {"a": 'ondelete = "CASCADE"\nselect = ["MG901"]', "b": 'ondelete = "RESTRICT"\nselect = ["MG902"]'}
    config = configured(tmp_path, 'extends = ["a.toml", "b.toml", "a.toml"]', **files)
    assert config.conventions.ondelete == "CASCADE"
    assert runs(config, "MG901")
    assert not runs(config, "MG902")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'extends = ["{"x" * 5000}"]', "there is no file"),
        (f'extends = ["{"x" * 5000}:y"]', "no installed distribution"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("ticket-pattern = 'a{99999999999999999999}'", "no regular expression"),
        ("roundtrip = 3", "[roundtrip] is not a table"),
        ('exempt-tables = { "" = ["a"] }', "no rule is called ''. Write"),
    ],
)
def test_what_python_cannot_take_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configured(tmp_path, text)
    assert says in str(raised.value)


def test_many_files_that_extend_one_another_are_refused(tmp_path: Path) -> None:
    entries = {f"c{number}": f'extends = ["c{number + 1}.toml"]' for number in range(1200)}
    with pytest.raises(ConfigError, match="more than 50 files extend one another"):
        configured(tmp_path, 'extends = ["c0.toml"]', **entries)


@pytest.mark.parametrize("template", ["{table.x}", "{table!r}", "{table:>1000000000}", "{table:{columns}}", "{", "{0}"])
def test_a_template_has_no_formats_and_no_attributes(tmp_path: Path, template: str) -> None:
    with pytest.raises(ConfigError, match="braces that stand for nothing"):
        configured(tmp_path, f'index-name = "{template}"')


def test_a_string_is_shown_as_toml_reads_it() -> None:
    text = "".join(map(chr, (0, 9, 10, 0x22, 0x27, 0x5C, 0x7F, 0xE9, 0x2028, 0xFFFD, 0x1F600)))
    assert tomllib.loads(f"x = {shown(text)}") == {"x": text}


def test_the_round_trip_holds_what_is_extended_and_prepares_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "base.toml").write_text(
        '[roundtrip]\nrows = 7\ntimeout = 9\nprepare = "x.sh"\nenv = { A = "1", B = "1" }\n'
    )
    own = tmp_path / "migration-guard.toml"
    own.write_text('extends = ["shared/base.toml"]\n[roundtrip]\ntimeout = 3\nenv = { B = "2" }\n', encoding="utf-8")
    config = load_trip(own, TripOptions(), cwd=tmp_path, url=None, environment={})
    assert (config.rows, config.timeout, config.prepare, config.folder) == (7, 3, "x.sh", folder)
    assert dict(config.env) == {"A": "1", "B": "2"}


def test_a_wrong_option_of_the_round_trip_is_named_with_the_file_that_is_extended(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("[roundtrip]\nrowz = 7\n", encoding="utf-8")
    own = tmp_path / "migration-guard.toml"
    own.write_text('extends = ["base.toml"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"base\.toml: there is no option 'rowz'"):
        load_trip(own, TripOptions(), cwd=tmp_path, url=None, environment={})


def test_plugins_of_a_file_that_is_extended_are_a_wish(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('plugins = ["acme_wished"]\nextend-select = ["ACME1"]\n', encoding="utf-8")
    (tmp_path / "acme_wished.py").write_text("raise SystemExit('it was run')\n", encoding="utf-8")
    (tmp_path / "migration-guard.toml").write_text('extends = ["base.toml"]\n', encoding="utf-8")
    settings = configuration.load(tmp_path)
    assert settings.absent == ("acme_wished",)
    (note,) = configuration.notes(settings, tmp_path)
    assert note.startswith("base.toml wishes for the plugin acme_wished; not loaded")
