"""A baseline holds what is found today; later reports hold only what is new, and say what is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from projects import script, write
from repositories import VERSIONS, Repository, unversioned

from migration_guard import cli
from migration_guard.assembly import fingerprinted
from migration_guard.baseline import KnownFinding, gone, new
from migration_guard.config import BASELINE as FILE
from migration_guard.config import ConfigError, Overrides
from migration_guard.engine import lint
from migration_guard.model.finding import Finding, Report, Severity, Span

DROPS = """
def upgrade():
    op.drop_table("orders")
    op.drop_table("customers")


def downgrade():
    op.create_table("customers", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return unversioned(tmp_path, "a1", **{"b2 <- a1": DROPS})


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def judged(shop: Repository, **options: object) -> Report:
    return lint([], shop.folder, None, Overrides(cache=False, **options))  # type: ignore[arg-type]


def test_what_is_written_is_not_told_again(shop: Repository, run: Run) -> None:
    code, out, _ = run("baseline")
    assert (code, out.startswith("Wrote 2 findings to ")) == (0, True)
    assert run("lint", "--baseline", FILE)[0] == 0
    shop.write(**{"c3 <- b2": DROPS.replace("orders", "carts")})
    assert run("lint", "--baseline", FILE)[0] == 1
    report = judged(shop, baseline=FILE)
    assert ({one.revision for one in report.findings}, report.summary.baselined) == ({"c3"}, 2)


def test_moved_lines_and_renamed_files_change_nothing(shop: Repository, run: Run) -> None:
    run("baseline")
    file = shop.versions / "b2_.py"
    file.write_text(file.read_text().replace("def upgrade():", "# a comment\n\n\ndef upgrade():\n    # another"))
    file.rename(shop.versions / "20260101_0002_drop.py")
    assert judged(shop, baseline=FILE).findings == ()


def test_names_that_no_text_can_hold_are_known_again(shop: Repository, run: Run) -> None:
    shop.write(**{"c3 <- b2": DROPS.replace("orders", r"\ud800orders")})
    assert run("lint", "--output-format", "json")[0] == 1
    assert run("baseline")[0] == 0
    code, out, _ = run("lint", "--baseline", FILE)
    assert (code, "older findings are in the baseline" in out) == (0, True)


def test_another_finding_in_the_same_file_is_told(shop: Repository, run: Run) -> None:
    run("baseline")
    file = shop.versions / "b2_.py"
    file.write_text(file.read_text().replace("def upgrade():", 'def upgrade():\n    op.drop_table("vouchers")'))
    (finding, *_) = judged(shop, baseline=FILE, select=("MG101",)).findings
    assert finding.objects == ("vouchers",)


def test_what_is_gone_is_named_where_its_file_was_looked_at(shop: Repository, run: Run) -> None:
    run("baseline")
    file = shop.versions / "b2_.py"
    file.write_text(file.read_text().replace('    op.drop_table("orders")\n', ""))
    (note,) = [one for one in judged(shop, baseline=FILE).summary.notes if "baseline" in one]
    assert (
        note
        == f"1 finding of the baseline is gone: MG101 in {VERSIONS}/b2_.py. `migration-guard baseline` forgets them."
    )
    assert not any("baseline" in note for note in judged(shop, baseline=FILE, ignore=("MG101",)).summary.notes)
    one_file = lint([shop.versions / "a1_.py"], shop.folder, None, Overrides(cache=False, baseline=FILE))
    assert not any("baseline" in note for note in one_file.summary.notes)
    file.unlink()
    assert any(note.startswith("2 findings") for note in judged(shop, baseline=FILE).summary.notes)


def test_the_configuration_names_it_relative_to_itself(shop: Repository, run: Run) -> None:
    (shop.folder / "migration-guard.toml").write_text('baseline = "migrations/known.json"\n')
    assert run("baseline")[0] == 0
    known = json.loads((shop.folder / "migrations" / "known.json").read_text())
    assert [one["path"] for one in known["findings"]] == ["versions/b2_.py"] * 2
    assert run("lint")[0] == 0
    assert run("lint", "migrations/versions/b2_.py")[0] == 0
    run("baseline")
    assert len(json.loads((shop.folder / "migrations" / "known.json").read_text())["findings"]) == 2


def test_what_cannot_be_read_is_never_known(shop: Repository, run: Run) -> None:
    (shop.versions / "c3_.py").write_text("revision = 'c3'\ndown_revision = 'b2'\ndef (\n")
    code, _, err = run("baseline")
    assert code == 1
    assert "Not in it: migrations/versions/c3_.py" in err
    assert [one.code for one in judged(shop, baseline=FILE).findings] == ["MG001"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}'])
def test_a_file_that_is_no_baseline_is_refused(shop: Repository, text: str) -> None:
    (shop.folder / FILE).write_text(text)
    with pytest.raises(ConfigError, match="is no baseline of version 1"):
        judged(shop, baseline=FILE)


def test_a_baseline_that_is_not_there_says_how_to_write_it(shop: Repository, run: Run) -> None:
    code, out, err = run("lint", "--baseline", "gone.json")
    assert (code, out) == (2, "")
    assert "migration-guard baseline" in err


def service(shop: Repository, name: str, **bodies: str) -> None:
    shop.write(folder=f"{name}/migrations/versions", **bodies)
    (shop.folder / name / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")


def test_histories_with_the_same_ids_share_a_baseline_without_taking_from_each_other(
    shop: Repository, run: Run
) -> None:
    service(shop, "one", a1=DROPS)
    service(shop, "two", a1=DROPS)
    run("baseline")
    report = judged(shop, baseline=FILE)
    assert (report.findings, [note for note in report.summary.notes if "gone" in note]) == ((), [])
    service(shop, "three", a1=DROPS)
    assert {one.path for one in judged(shop, baseline=FILE).findings} == {"three/migrations/versions/a1_.py"}
    (shop.folder / "two").rename(shop.folder / "zwei")
    (shop.folder / "three" / "alembic.ini").unlink()
    (shop.folder / "three" / "migrations" / "versions" / "a1_.py").unlink()
    assert judged(shop, baseline=FILE).findings == ()


def test_the_databases_of_one_project_share_a_baseline_and_none_takes_the_findings_of_another_for_gone(
    shop: Repository, run: Run
) -> None:
    engines = "[alembic]\nscript_location = migrations\ndatabases = first, second\n"
    urls = "[first]\nsqlalchemy.url = postgresql://h/a\n[second]\nsqlalchemy.url = mysql://h/b\n"
    (shop.folder / "alembic.ini").write_text(engines + urls)
    names = "".join(
        f"def {way}(engine_name):\n    globals()[f'{way}_{{engine_name}}']()\n" for way in ("upgrade", "downgrade")
    )
    bodies = "".join(
        f"def upgrade_{one}():\n    op.drop_table('{one}')\ndef downgrade_{one}():\n    op.create_table('{one}')\n"
        for one in ("first", "second")
    )
    shop.write(**{"b2 <- a1": names + bodies})
    run("baseline")
    report = judged(shop, baseline=FILE)
    assert (report.findings, [note for note in report.summary.notes if "gone" in note]) == ((), [])
    (shop.versions / "b2_.py").unlink()
    assert any("gone" in note for note in judged(shop, baseline=FILE).summary.notes)


def test_each_history_with_a_configuration_has_its_own_baseline(shop: Repository, run: Run) -> None:
    service(shop, "one", a1=DROPS)
    (shop.folder / "one" / "migration-guard.toml").write_text('baseline = "known.json"\n')
    code, _, err = run("lint")
    assert (code, err.rstrip().endswith("Write it with: migration-guard baseline --output one/known.json one")) == (
        2,
        True,
    )
    code, _, err = run("baseline")
    assert (code, "Write each by itself: migration-guard baseline one" in err) == (2, True)
    assert run("baseline", "one")[0] == 0
    assert run("lint", "one")[0] == 0


def test_the_line_for_the_configuration_leads_to_the_file(shop: Repository, run: Run) -> None:
    _, out, _ = run("baseline", "--output", "known/today.json")
    assert 'baseline = "known/today.json"' in out


def finding(code: str, revision: str | None, objects: tuple[str, ...], line: int) -> Finding:
    return Finding(code, "s", Severity.ERROR, "m", "h", "a.py", Span(line, 1, line, 2), None, revision, None, objects)


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(["MG101", "MG401"]),
        st.sampled_from(["a1", "b2", None]),
        st.sampled_from([("orders",), ("customers",), ()]),
        st.integers(1, 50),
    ),
    max_size=12,
)


@given(FINDINGS)
def test_a_baseline_hides_just_what_it_was_made_of(findings: list[Finding]) -> None:
    told = fingerprinted(findings)
    assert len({one.fingerprint for one in told}) == len(told)
    known = [KnownFinding(one.fingerprint, one.code, one.path) for one in told]
    assert new(told, known) == ()
    assert gone(told, known, ["MG101", "MG401"], lambda one: True) == []
    assert len(gone((), known, ["MG101", "MG401"], lambda one: True)) == len(known)
    if known:
        assert len(new(told, known[1:])) == 1


def test_what_belongs_to_other_files_stays_when_some_are_written_anew(shop: Repository, run: Run) -> None:
    other = Repository(shop.folder / "other")
    other.write("a1", **{"b2 <- a1": DROPS})
    (other.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    run("baseline")
    shop.write("b2 <- a1")
    run("baseline", "migrations")
    paths = [one["path"] for one in json.loads((shop.folder / FILE).read_text())["findings"]]
    assert paths == [f"other/{VERSIONS}/b2_.py"] * 2
    (other.versions / "b2_.py").unlink()
    run("baseline", "migrations")
    assert json.loads((shop.folder / FILE).read_text())["findings"] == []


def test_a_round_trip_has_its_place_in_the_baseline_too(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeps = "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer))\n\n\ndef downgrade():\n    pass\n"
    write(tmp_path, {"a": script("a", None, keeps)}, url="sqlite://")
    monkeypatch.chdir(tmp_path)
    assert run("roundtrip")[0] == 1
    run("baseline", "--roundtrip")
    assert run("roundtrip", "--baseline", FILE)[0] == 0
    assert run("lint", "--no-cache", "--baseline", FILE)[0] == 0
    run("baseline")
    codes = [one["code"] for one in json.loads((tmp_path / FILE).read_text())["findings"]]
    assert codes == ["MG702", "MG753", "MG754"]
    (tmp_path / "migration-guard.toml").write_text(f'baseline = "{FILE}"\n')
    assert run("roundtrip")[0] == 0
    assert run("roundtrip", "--baseline", "")[0] == 1
