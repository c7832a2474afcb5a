"""Plugins: code of others runs where a user names it, and nowhere else; what it brings is treated like our own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from migration_guard import plugins
from migration_guard.config import ConfigError
from migration_guard.config.plugins import trusted
from migration_guard.model import constraints, objects, operations
from migration_guard.model.plugin import PluginError, blamed
from migration_guard.rule_examples import ENV

DOCUMENT = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
MIGRATION = """\
import sqlalchemy as sa
from alembic import op

revision = "a"
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.BigInteger(), primary_key=True))
    op.audit_table("orders")
    op.create_table("items", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade():
    op.drop_table("items")
    op.drop_table("orders")
"""
WISH = """\
[tool.migration-guard]
plugins = ["acme_guard"]
extend-select = ["ACME"]
severity = { ACME101 = "warning" }
"""
RULE = '''
from migration_guard.plugins import CreateTable, Rule, rule

@rule
class Found(Rule[CreateTable]):
    """A table."""

    code = "ACME101"
    message = "There is {table}."

    def check(self, subject, context):
        yield self.finding(subject, table=subject.table.name)
'''


def reader(body: str) -> str:
    """A plugin whose reader of op.audit_table() does this."""
    return (
        "from migration_guard.plugins import CreateIndex, DropTable, Index, Name, directive\n\n"
        f'@directive("audit_table", "table_name * schema", needed=("table_name",))\ndef audit(ask):\n    {body}\n'
    )


IN_PROCESSES = """\
from migration_guard.cli import run
from migration_guard.reading import history
history.ENOUGH_FOR_A_PROCESS = 1
if __name__ == '__main__':
    raise SystemExit(run(['lint', '--plugin', 'acme_guard', '--jobs', '2']))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


PLUGIN, PARTLY_KNOWN, ITS_TEST = (
    block for block in re.findall(r"^```python\n(.*?^)```$(?!\n\n    )", DOCUMENT, re.M | re.S)
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a plugin beside its configuration, which leaves a file when it is imported."""
    root = tmp_path / "shop"
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (root / "migrations" / "env.py").write_text(ENV)
    (root / "pyproject.toml").write_text(WISH)
    (root / "acme_guard.py").write_text(PLUGIN + RAN)
    (versions / "a.py").write_text(MIGRATION)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return root


RAN = """
import os, pathlib
with pathlib.Path(__file__).with_name("ran").open("a") as ran:
    print(os.getpid(), file=ran)
"""


def lint(folder: Path, *arguments: str, command: str = "lint") -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-P", "-m", "migration_guard.cli", command, *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)


def codes(folder: Path, *arguments: str) -> list[str]:
    done = lint(folder, "--output-format", "json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return sorted(finding["code"] for finding in json.loads(done.stdout)["findings"])


def in_a_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What is said where the job cannot be done: exit code 2, a line, no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("migration-guard: ")
    assert "Traceback" not in done.stderr
    assert "something is wrong with migration-guard itself" not in done.stderr
    return done.stderr


# What may run


@pytest.mark.parametrize(
    "arguments", [(), ("--output-format", "sarif"), ("--jobs", "2"), ("--config", "pyproject.toml")]
)
def test_a_wish_of_the_repository_runs_nothing_and_is_said(shop: Path, arguments: tuple[str, ...]) -> None:
    done = lint(shop, *arguments)
    said = "pyproject.toml wishes for the plugin acme_guard; not loaded: give --plugin acme_guard or --trust-plugins."
    assert said in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MG002" in done.stdout
    assert not (shop / "ran").exists()


def test_no_command_obeys_a_wish(shop: Path) -> None:
    for command, *arguments in (["rules"], ["baseline"], ["init", "--yes"], ["roundtrip", "--database", "sqlite"]):
        done = lint(shop, *arguments, command=command)
        assert command == "init" or "wishes for the plugin acme_guard" in done.stdout + done.stderr, command
        assert not (shop / "ran").exists(), command
    assert "ACME101" not in lint(shop, command="rules").stdout


def test_pytest_obeys_no_wish_of_its_configuration(shop: Path) -> None:
    (shop / "pyproject.toml").write_text(WISH + "[tool.pytest.ini_options]\nmigration_guard = true\n")
    pytest_here = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "--migration-guard-kinds=lint", "-q"]
    done = subprocess.run(pytest_here, cwd=shop, capture_output=True, text=True, check=False)
    assert "wishes for the plugin acme_guard" in done.stdout
    assert not (shop / "ran").exists()
    named = [*pytest_here, "--migration-guard-plugin", "acme_guard"]
    done = subprocess.run(named, cwd=shop, capture_output=True, text=True, check=False)
    assert "ACME101 table-without-audit" in done.stdout, done.stdout + done.stderr
    assert (shop / "ran").exists()


@pytest.mark.parametrize("trust", [("--plugin", "acme_guard"), ("--trust-plugins",)])
def test_a_plugin_that_the_command_line_names_is_loaded(shop: Path, trust: tuple[str, ...]) -> None:
    assert codes(shop, *trust) == ["ACME101"]
    assert (shop / "ran").read_text().count("\n") == 1
    assert not list(shop.rglob("*.pyc"))


def test_a_plugin_that_nobody_wishes_for_is_loaded_where_it_is_named(shop: Path) -> None:
    (shop / "pyproject.toml").unlink()
    assert codes(shop, "--plugin", "acme_guard") == ["ACME101"]
    assert codes(shop, "--trust-plugins") == ["MG002"]


def test_the_users_own_configuration_agrees_to_wishes_and_loads_nothing_else(shop: Path) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"]) / "migration-guard" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text('plugins = ["acme_guard", "not_there"]\n')
    assert codes(shop) == ["ACME101"]
    (shop / "pyproject.toml").unlink()
    assert codes(shop) == ["MG002"]


def test_a_users_configuration_is_never_looked_for_in_the_tree(tmp_path: Path) -> None:
    own = tmp_path / ".config" / "migration-guard"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('plugins = "evil"\n')
    assert trusted({"XDG_CONFIG_HOME": str(tmp_path / ".config")}) == ("evil",)
    outside = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert "evil" not in trusted({"XDG_CONFIG_HOME": ".config"})
    finally:
        os.chdir(outside)


@pytest.mark.parametrize(
    ("text", "said"), [("trust-plugins = true", "there is no option"), ("plugins = 1", "list of strings")]
)
def test_a_users_configuration_that_says_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "migration-guard").mkdir()
    (tmp_path / "migration-guard" / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        trusted({"XDG_CONFIG_HOME": str(tmp_path)})


def test_a_file_of_the_repository_cannot_trust_itself(shop: Path) -> None:
    (shop / "pyproject.toml").write_text(f"{WISH}trust-plugins = true\n".replace("severity", "# "))
    assert "there is no option 'trust-plugins'" in in_a_sentence(lint(shop))
    assert not (shop / "ran").exists()


def test_a_module_of_the_environment_comes_before_one_of_the_project(shop: Path) -> None:
    (shop / "json.py").write_text("raise SystemExit('the module of the project')")
    assert codes(shop, "--plugin", "acme_guard", "--plugin", "json") == ["ACME101"]


# What it brings


def test_the_example_of_the_documents_does_what_they_say(shop: Path) -> None:
    versions = shop / "migrations" / "versions"
    (versions / "a.py").rename(versions / "0007_items.py")
    (shop / "pyproject.toml").write_text(next(block for block in blocks("toml") if "tool" in block))
    found, wish = blocks("text")
    judged, page = (lint(shop, *line.split()[2:], command=line.split()[1]) for line in blocks("sh")[0].splitlines())
    assert judged.stdout.startswith(found)
    assert page.stdout.startswith("ACME101 table-without-audit")
    assert wish in lint(shop).stdout


def test_the_test_of_the_documents_passes_and_fails_where_the_page_is_wrong(shop: Path) -> None:
    (shop / "test_acme_guard.py").write_text(ITS_TEST)
    program = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(shop)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((*sys.path, str(shop)))}
    ran = subprocess.run(program, cwd=shop, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stdout
    (shop / "acme_guard.py").write_text(PLUGIN.replace('op.audit_table("orders")\n    ```', "pass\n    ```"))
    ran = subprocess.run(program, cwd=shop, capture_output=True, text=True, env=environment, check=False)
    assert "must yield nothing; it yields ACME101" in ran.stdout


@pytest.mark.parametrize(
    "body", ["ask.opaque('why'); yield from ()", "yield from ask.opaque('why')", "return ask.opaque('why')"]
)
def test_what_a_reader_cannot_know_is_said_however_it_says_so(shop: Path, body: str) -> None:
    (shop / "pyproject.toml").unlink()
    (shop / "acme_guard.py").write_text(reader(body))
    assert "This was not judged: why." in lint(shop, "--plugin", "acme_guard", "--select", "MG002").stdout


def test_the_reader_of_the_documents_that_knows_some_calls_only_says_so_of_the_others(shop: Path) -> None:
    (shop / "pyproject.toml").unlink()
    (shop / "acme_guard.py").write_text(PARTLY_KNOWN)
    file = shop / "migrations" / "versions" / "a.py"
    file.write_text(MIGRATION.replace('op.audit_table("orders")', 'op.refresh_report("sales")'))
    assert codes(shop, "--plugin", "acme_guard") == []
    file.write_text(MIGRATION.replace('op.audit_table("orders")', 'op.refresh_report("staff")'))
    assert codes(shop, "--plugin", "acme_guard") == ["MG002"]


@pytest.mark.parametrize("plugin", [PLUGIN, PARTLY_KNOWN], ids=["plugin", "partly known"])
def test_the_example_of_the_documents_is_typed(shop: Path, plugin: str) -> None:
    (shop / "acme_guard.py").write_text(plugin)
    root = Path(__file__).parent.parent  # its configuration skips a stub that mypy cannot parse
    config = f"--config-file={root / 'pyproject.toml'}"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", config, "--cache-dir=/dev/null", "acme_guard.py"],
        cwd=shop,
        env={**os.environ, "MYPYPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_rules_of_plugins_are_selected_graded_and_ignored_like_ours(shop: Path) -> None:
    trust = ("--plugin", "acme_guard")
    assert "warning ACME101" in lint(shop, *trust).stdout
    assert codes(shop, *trust, "--ignore", "ACME") == []
    assert codes(shop, *trust, "--select", "table-without-audit") == ["ACME101"]
    assert codes(shop, *trust, "--select", "acme1") == ["ACME101"]
    assert codes(shop, *trust, "--select", "MG1") == []
    file = shop / "migrations" / "versions" / "a.py"
    file.write_text(
        MIGRATION.replace(
            'op.create_table("items"', 'op.create_table(  # migration-guard: ignore[ACME101] tiny\n "items"'
        )
    )
    assert codes(shop, *trust) == []
    # Not loaded, its comment may still be one of it; a code of ours that is none may not.
    assert codes(shop) == ["MG002"]
    file.write_text(file.read_text().replace("ACME101]", "ACME101, MG499]"))
    assert codes(shop) == ["MG002", "MG017"]


def test_a_rule_that_nobody_knows_is_an_error_where_no_plugin_is_missing(shop: Path) -> None:
    (shop / "pyproject.toml").write_text('[tool.migration-guard]\nselect = ["ACME"]\n')
    assert "no rule is called 'ACME'" in in_a_sentence(lint(shop))
    (shop / "pyproject.toml").write_text(f'{WISH}ignore = ["MG999"]\n'.replace("severity", "# "))
    assert "no rule is called 'MG999'" in in_a_sentence(lint(shop))


def test_the_commands_on_rules_know_those_of_plugins(shop: Path) -> None:
    trust = ("--plugin", "acme_guard")
    assert lint(shop, "ACME101", *trust, command="rule").stdout.startswith("ACME101 table-without-audit")
    assert "Of plugins\nACME101  table-without-audit" in lint(shop, *trust, command="rules").stdout
    listed = json.loads(lint(shop, "--output-format", "json", "--trust-plugins", command="rules").stdout)["rules"]
    assert [one["group"] for one in listed if one["code"] == "ACME101"] == ["plugins"]
    log = json.loads(lint(shop, "--output-format", "sarif", *trust).stdout)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "A new table of which no change is written down."


def test_the_round_trip_asks_the_rules_of_plugins(shop: Path) -> None:
    (shop / "acme_guard.py").write_text(RULE.replace("CreateTable", "Trip").replace("subject.table.name", "'a trip'"))
    here = ("--database", "sqlite", "--output-format", "concise")
    assert "ACME101 There is a trip." in lint(shop, *here, "--trust-plugins", command="roundtrip").stdout
    assert "ACME101" not in lint(shop, *here, command="roundtrip").stdout
    refused = lint(shop, *here, "--plugin", "not_there", command="roundtrip")
    assert "The plugin not_there could not be loaded" in in_a_sentence(refused)


def test_every_operation_is_there_for_plugins() -> None:
    modules = (constraints, objects, operations)
    every = {name for module in modules for name, one in vars(module).items() if is_operation(one)}
    alone = every - set(plugins.__all__)
    assert not alone, f"migration_guard/plugins.py does not export {', '.join(sorted(alone))}."


def is_operation(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, operations.Operation)


# Processes and the cache


def test_processes_that_read_have_the_plugins_too(shop: Path) -> None:
    versions = shop / "migrations" / "versions"
    for number in range(3):
        text = MIGRATION.replace('"a"', f'"r{number}"').replace('"orders"', f'"orders_{number}"')
        (versions / f"r{number}.py").write_text(text)
    run = shop.parent / "run.py"
    run.write_text(IN_PROCESSES)
    done = subprocess.run([sys.executable, "-P", run], cwd=shop, capture_output=True, text=True, check=False)
    assert "0 not understood" in done.stdout, done.stdout + done.stderr
    assert len(set((shop / "ran").read_text().split())) == 3


def test_the_cache_holds_for_the_plugins_it_was_filled_with(shop: Path) -> None:
    trust = ("--plugin", "acme_guard")
    for _ in range(2):
        assert codes(shop) == ["MG002"]
        assert codes(shop, *trust) == ["ACME101"]
    (shop / "acme_guard.py").write_text(PLUGIN.replace('"audit_table", "table', '"audit_tables", "table'))
    assert codes(shop, *trust) == ["ACME101", "ACME101", "MG002"]
    (shop / "acme_guard.py").write_text(PLUGIN)
    assert codes(shop, *trust) == ["ACME101"]


def test_a_change_in_a_module_that_a_plugin_imports_is_noticed(shop: Path) -> None:
    (shop / "acme_words.py").write_text("NAME = 'audit_table'\n")
    plugin = PLUGIN.replace('@directive("audit_table"', "import acme_words\n\n@directive(acme_words.NAME")
    (shop / "acme_guard.py").write_text(plugin)
    assert codes(shop, "--plugin", "acme_guard") == ["ACME101"]
    (shop / "acme_words.py").write_text("NAME = 'audit_some_table'\n")
    assert "MG002" in codes(shop, "--plugin", "acme_guard")


@pytest.mark.parametrize("beside", [False, True])
def test_a_change_in_a_module_that_a_plugin_imports_only_later_is_noticed(shop: Path, beside: bool) -> None:
    package = shop / "pk"
    package.mkdir()
    (package / "later.py").write_text("SQL = 'DROP TABLE a'\n")
    late = reader("from pk import later; yield from ask.sql(later.SQL)")
    (package / "__init__.py").write_text("" if beside else late)
    if beside:
        (shop / "acme_guard.py").write_text(f"import pk\n{late}")
    (shop / "pyproject.toml").unlink()
    trust = ("--plugin", "acme_guard" if beside else "pk")
    assert "MG101" in codes(shop, *trust)
    (package / "later.py").write_text("SQL = 'TRUNCATE a'\n")
    assert "MG103" in codes(shop, *trust)


@pytest.fixture
def services(shop: Path) -> Path:
    """A repository of two services without a configuration of its own; the second one wishes for a plugin."""
    root = shop.parent / "services"
    other = root / "a"
    (other / "migrations" / "versions").mkdir(parents=True)
    (other / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (other / "migrations" / "env.py").write_text(ENV)
    (other / "migrations" / "versions" / "b.py").write_text(MIGRATION.replace('op.audit_table("orders")', "pass"))
    shop.rename(root / "b")
    return root


def test_a_plugin_that_is_named_is_found_beside_the_configuration_that_wishes_for_it(services: Path) -> None:
    trust = ("--plugin", "acme_guard")
    assert codes(services, *trust) == ["ACME101"] * 3
    assert codes(services, "a", "b", *trust) == ["ACME101"] * 3
    assert "ACME101" in lint(services, *trust, command="rules").stdout
    assert lint(services, "ACME101", *trust, command="rule").returncode == 0


def test_a_plugin_that_only_the_configuration_of_a_service_names_is_not_run(services: Path) -> None:
    assert codes(services) == ["MG002"]
    assert codes(services, "--plugin", "json") == ["MG002"]
    lint(services, command="rules")
    lint(services, "--plugin", "json", command="rules")
    assert not (services / "b" / "ran").exists()


# What goes wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import not_there_at_all", "could not be loaded: ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("raise KeyError('x')", "could not be loaded: KeyError: 'x' (acme_guard.py, line 1)"),
        ("raise SystemExit(3)", "could not be loaded: SystemExit: 3"),
        ("raise GeneratorExit", "could not be loaded: GeneratorExit (acme_guard.py, line 1)"),
        ("def broken(:", "could not be loaded: invalid syntax (acme_guard.py, line 1). Correct it"),
        (
            "from migration_guard.plugins import directive\ndirective('drop_table', '')(lambda ask: iter(()))",
            "could not be loaded: the directive drop_table is registered already, by migration_guard",
        ),
        (
            "from migration_guard.plugins import directive\ndirective('x', 'a', needed=('b',))(lambda ask: iter(()))",
            "could not be loaded: b is needed, and is no parameter of (a)",
        ),
        (
            RULE.replace("ACME101", "MG101"),
            "the rule found has the code 'MG101': write two or more capitals of your own",
        ),
        (RULE.replace("ACME101", "acme"), "the rule found has the code 'acme': write two or more capitals of your own"),
        (RULE.replace("ACME101", "E1"), "the rule found has the code 'E1': write two or more capitals of your own"),
        (RULE.replace("(Rule[CreateTable])", ""), "is no Rule: write @rule above a class Found(Rule[CreateTable])"),
        (RULE.replace("[CreateTable]", "[int]"), "the rule ACME101 found judges int: there are Operation, Migration"),
        (RULE.replace("[CreateTable]", ""), "the rule ACME101 found judges Subject: there are Operation, Migration"),
        (RULE.replace("Found", "DropTable"), "the rule ACME101 drop-table is there already: MG101 drop-table"),
        (RULE + RULE.replace("Found", "Other"), "the rule ACME101 other is there already: ACME101 found"),
        (RULE.replace("A table.", ""), "the rule ACME101 found has no page"),
        (
            RULE.replace("yield", "raise LookupError('gone'); yield"),
            "failed: LookupError: gone (acme_guard.py, line 12)",
        ),
        (RULE.replace("{table}", "{tables}"), "failed: ACME101 says {tables}: give finding() a word of that name"),
        (PLUGIN.replace("table = ask.table()", "table = ask.text('x')[0]"), "failed: TypeError: 'NoneType'"),
        (RULE.replace("yield", "raise SystemExit; yield"), "failed: SystemExit (acme_guard.py, line 12)"),
        (
            RULE.replace("table=", "objects=[subject.table.name], table="),
            "failed: the rule ACME101 yields Finding(objects=(Name(",
        ),
        (
            RULE.replace("table=", "span=5, table="),
            "failed: the rule ACME101 yields Finding(span=5), where Span is due",
        ),
        (
            RULE.replace("message", "severity = 'error'\n    message"),
            "failed: the rule ACME101 yields Finding(severity='error'), where Severity is due",
        ),
        (RULE.replace("yield", "yield 5 #"), "failed: the rule ACME101 yields 5, which is no Finding"),
        (RULE.replace("yield", "return 5 #"), "failed: the rule ACME101 gives 5, where each Finding is to be yielded"),
        (reader("raise SystemExit(0)"), "failed: SystemExit: 0 (acme_guard.py, line 5)"),
        (reader("raise GeneratorExit"), "failed: GeneratorExit (acme_guard.py, line 5)"),
        (reader("audit(ask)"), "failed: RecursionError: maximum recursion depth exceeded"),
        (reader("yield 5"), "failed: the reader of audit_table yields 5, which is no Operation"),
        (reader("yield ask.opaque('why')"), "failed: the reader of audit_table yields <tuple_iterator object at"),
        (
            reader("return 'abc'"),
            "failed: the reader of audit_table gives 'abc', where each Operation is to be yielded",
        ),
        (
            reader("yield DropTable(site=ask.site(), table='orders')"),
            "failed: the reader of audit_table yields DropTable(table='orders'), where Name is due",
        ),
        (
            reader("yield CreateIndex(site=ask.site(), table=Name('a'), index=Index('a', 'id'))"),
            "failed: the reader of audit_table yields CreateIndex(index=Index(",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named_in_a_sentence(shop: Path, text: str, said: str) -> None:
    (shop / "pyproject.toml").unlink()
    (shop / "acme_guard.py").write_text(text)
    sentence = in_a_sentence(lint(shop, "--plugin", "acme_guard"))
    assert "The plugin acme_guard" in sentence
    assert said in sentence


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("", "", "'' is no name of a directive"),
        ("a b", "", "'a b' is no name of a directive"),
        ("op.audit_table", "", "write audit_table"),
        ("audit_table", "table_name, schema", "'table_name,' is no name"),
        ("audit_table", "1x", "'1x' is no name"),
        ("audit_table", "table_name=None", "'table_name=None' is no name"),
        ("audit_table", "*", "behind the star"),
        ("audit_table", "t t", "each name is there once"),
        ("audit_table", "*a *b", "one star at most"),
    ],
)
def test_what_no_function_can_be_called_is_no_directive(name: str, parameters: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        plugins.directive(name, parameters)(lambda ask: iter(()))


def test_a_directive_is_registered_once(shop: Path) -> None:
    twice = reader("yield from ()").replace("@directive", "@directive('audit_table', 'table_name')\n@directive")
    (shop / "acme_guard.py").write_text(twice)
    said = in_a_sentence(lint(shop, "--plugin", "acme_guard"))
    assert "the directive audit_table is registered already, by acme_guard" in said


def test_what_is_nested_too_deeply_in_a_migration_is_no_fault_of_a_plugin() -> None:
    def endless() -> None:
        endless()

    def read(depth: int) -> None:
        if depth:
            read(depth - 1)
        else:
            with blamed("acme_guard", (RecursionError,)):
                endless()

    with pytest.raises(PluginError, match="The plugin acme_guard failed: RecursionError"):
        read(0)
    with pytest.raises(RecursionError):
        read(sys.getrecursionlimit() // 2)


@pytest.mark.parametrize("jobs", ["1", "2", "4"])
def test_an_exit_of_a_plugin_is_an_error_in_every_process(shop: Path, jobs: str) -> None:
    (shop / "pyproject.toml").unlink()
    versions = shop / "migrations" / "versions"
    for number in range(4):
        (versions / f"r{number}.py").write_text(MIGRATION.replace('"a"', f'"r{number}"'))
    (shop / "acme_guard.py").write_text(reader("raise SystemExit(0)"))
    run = shop.parent / "run.py"
    run.write_text(IN_PROCESSES.replace("'2'", f"'{jobs}'"))
    done = subprocess.run([sys.executable, "-P", run], cwd=shop, capture_output=True, text=True, check=False)
    assert "The plugin acme_guard failed: SystemExit: 0" in in_a_sentence(done)


def test_an_interruption_in_a_plugin_is_the_users(shop: Path) -> None:
    (shop / "pyproject.toml").unlink()
    for text in ("raise KeyboardInterrupt", reader("raise KeyboardInterrupt")):
        (shop / "acme_guard.py").write_text(text)
        done = lint(shop, "--plugin", "acme_guard")
        assert (done.returncode, done.stderr.strip()) == (130, "Interrupted.")


def test_no_name_at_all_is_an_error_wherever_it_stands(shop: Path) -> None:
    assert "The plugin '' has no name of a module" in in_a_sentence(lint(shop, "--plugin", ""))
    (shop / "pyproject.toml").write_text('[tool.migration-guard]\nplugins = [""]\n')
    assert "plugins: '' is no name of a module" in in_a_sentence(lint(shop))


def test_a_rule_that_may_be_of_a_plugin_that_is_not_loaded_is_not_mistaken_for_ours(shop: Path) -> None:
    said = lint(shop, "ACME101", command="rule").stderr
    assert "There is no rule 'ACME101', or it is one of acme_guard: not loaded." in said
    assert "Did you mean" not in said


@pytest.mark.parametrize(
    ("name", "said"),
    [("not_there", "there is no module not_there in the environment"), ("../a", "has no name of a module")],
)
def test_a_plugin_that_is_not_there_is_named_in_a_sentence(shop: Path, name: str, said: str) -> None:
    assert said in in_a_sentence(lint(shop, "--plugin", name))


def test_a_plugin_of_the_same_name_in_two_projects_is_refused(shop: Path) -> None:
    (shop / ".git").rmdir()
    other = shop.parent / "billing"
    (other / "migrations" / "versions").mkdir(parents=True)
    for name in ("alembic.ini", "pyproject.toml", "acme_guard.py", "migrations/env.py", "migrations/versions/a.py"):
        (other / name).write_text((shop / name).read_text())
    assert "is one module in" in in_a_sentence(lint(shop.parent, "--trust-plugins", "shop", "billing"))
