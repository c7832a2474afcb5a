"""The table of directives: what can be registered, that all of Alembic's are, and that a new one is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.operations import Operations

from migration_guard.model.objects import CreateView, Opaque, RunSql
from migration_guard.model.operations import DropTable, Operation
from migration_guard.model.schema import Name
from migration_guard.reading.directives import registry
from migration_guard.reading.directives.arguments import BoundArguments, Signature
from migration_guard.reading.directives.registry import directive, directives, silent
from migration_guard.reading.interpreter.values import CallValue, Items, Text
from tests.reading import operations as read
from tests.reading import shown

# What is no directive.
OF_ALEMBIC_ITSELF = {"context", "create_module_class_proxy"}


@pytest.fixture
def _own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone behind it."""
    monkeypatch.setattr(registry, "_DIRECTIVES", dict(registry._DIRECTIVES))


def test_every_directive_of_alembic_is_registered() -> None:
    public = {name for name in dir(Operations) if not name.startswith("_")} - OF_ALEMBIC_ITSELF
    new = public - directives().keys()
    assert not new, f"Alembic has directives that nobody reads: {new}. Register them in reading/directives/."


@pytest.mark.parametrize("name", sorted(directives()))
@pytest.mark.parametrize("given", ["", "*rest", "os.environ['A'], os.environ['B'], os.environ['C'], os.environ['D']"])
def test_a_directive_whose_arguments_are_not_known_is_no_crash(name: str, given: str, tmp_path: Path) -> None:
    source = f"import os\nop.{name}({given})\nwith op.batch_alter_table('users') as batch:\n    batch.{name}({given})"
    assert isinstance(read(tmp_path, source), list), "`needed` of its @directive names what a reader relies on."


@pytest.mark.parametrize(
    ("parameters", "signature"),
    [
        ("", Signature()),
        ("table_name column", Signature(("table_name", "column"))),
        ("table_name *columns", Signature(("table_name",), takes_rest=True)),
        ("entity * schema", Signature(("entity",))),
    ],
)
def test_a_signature_is_spelled_like_pythons(parameters: str, signature: Signature) -> None:
    assert Signature.of(parameters) == signature


def test_what_a_directive_cannot_do_without_is_a_parameter_of_it() -> None:
    with pytest.raises(ValueError, match=r"entity is needed, and is no parameter of \(table_name\)"):
        directive("create_entity", "table_name", objects=("entity",))(lambda ask: iter(()))


@pytest.mark.usefixtures("_own_table")
def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match=r"drop_table is registered already, by migration_guard\.reading"):
        directive("drop_table", "table_name")(lambda ask: iter(()))


@pytest.mark.usefixtures("_own_table")
def test_a_directive_of_a_plugin_takes_an_object_and_runs_sql(tmp_path: Path) -> None:
    @directive("create_entity", "entity * replaces", objects=("entity",))
    def create_entity(ask: BoundArguments) -> Iterator[Operation]:
        entity = ask["entity"]
        name = entity.argument(0, "name") if isinstance(entity, CallValue) else None
        if not isinstance(name, Text):
            ask.opaque("the name of the entity is not known")
            return
        yield from ask.sql(f"CREATE VIEW {name.value} AS SELECT 1")
        if ask.flag("replaces"):
            yield from ask.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")

    source = """
    from views import View
    op.create_entity(View("adults"), replaces=True)
    op.create_entity(names())
    op.create_entity()
    """
    view, grant, unknown, missing = read(tmp_path, source)
    assert isinstance(view, CreateView)
    assert view.view.name == Name("adults")
    assert isinstance(grant, RunSql)
    assert isinstance(unknown, Opaque)
    assert isinstance(missing, Opaque)
    assert missing.reason == "the argument entity is missing"


@pytest.mark.usefixtures("_own_table")
def test_functions_and_methods_of_a_package_are_registered_by_their_path(tmp_path: Path) -> None:
    @directive("searchable.sync_trigger", "connection table_name columns", needed=("table_name",))
    @directive("enums.EnumMigration.upgrade", "table_name")
    def rewrite(ask: BoundArguments) -> Iterator[Operation]:
        if isinstance(ask["columns"], Items):
            yield from ask.sql(f"ALTER TABLE {ask.text('table_name')} ENABLE TRIGGER ALL")
        else:
            yield DropTable(site=ask.site(), table=Name("rewritten"))

    silent("enums.EnumMigration")
    source = """
    import searchable
    from enums import EnumMigration
    searchable.sync_trigger(op.get_bind(), "articles", ["title"])
    EnumMigration(op=op, name="state").upgrade()
    """
    assert shown(tmp_path, source) == ["RunSql", "DropTable rewritten"]


@pytest.mark.usefixtures("_own_table")
@pytest.mark.parametrize("name", ["create_entity", "create_geospatial_table"])
def test_a_plugin_goes_before_what_is_read_of_a_package(tmp_path: Path, name: str) -> None:
    @directive(name, "table_name")
    def read_otherwise(ask: BoundArguments) -> Iterator[Operation]:
        yield DropTable(site=ask.site(), table=Name("orders"))

    assert shown(tmp_path, f'op.{name}("orders")') == ["DropTable orders"]
