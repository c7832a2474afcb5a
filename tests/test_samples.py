"""The sample projects: the healthy one is left alone, and in the other every line is found that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migration_guard import rules
from migration_guard.config import Overrides, load
from migration_guard.engine import lint
from migration_guard.model.trip import Trip

SAMPLES = Path(__file__).parent.parent / "sample_migrations"
FRESH = Overrides(cache=False)
EXPECT = re.compile(r"# expect: (MG\d{3}(?:, MG\d{3})*)$")

# What needs a history of its own to show: its examples are in tests/cases.
OF_OTHER_DATABASES = {"MG210", "MG801", "MG807", "MG808"}
ABOUT_THE_HISTORY = OF_OTHER_DATABASES | {
    "MG001",
    "MG003",
    "MG004",
    "MG005",
    "MG006",
    "MG008",
    "MG015",
    "MG017",
    "MG018",
}


def expected(folder: Path) -> set[tuple[str, int, str]]:
    """What the comments say: file, line and code."""
    found = set()
    for path in sorted(folder.rglob("versions/*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            comment = EXPECT.search(line)
            found |= {(path.name, number, code) for code in comment[1].split(", ")} if comment else set()
    return found


def test_the_hazards_are_found_where_the_comments_say() -> None:
    report = lint([SAMPLES / "hazards"], SAMPLES, overrides=FRESH)
    found = {(Path(one.path).name, one.span.line if one.span else 0, one.code) for one in report.findings}
    said = expected(SAMPLES / "hazards")
    assert found == said, (
        f"Found without a comment `# expect: ...` on the line: {sorted(found - said) or 'nothing'}."
        f" Expected by a comment and not found: {sorted(said - found) or 'nothing'}."
    )


def test_every_rule_has_its_hazard() -> None:
    on = {code: rule for code, rule in rules.load().items() if rule.enabled}
    of_trips = {code for code, rule in on.items() if rule.subject() is Trip}
    assert_shown("hazards", set(on) - ABOUT_THE_HISTORY - of_trips)
    # The second upgrade that differs from the first has its examples on its page.
    assert_shown("one_way", of_trips - {"MG755"})


def assert_shown(samples: str, codes: set[str]) -> None:
    shown = {code for _, _, code in expected(SAMPLES / samples)}
    folder = f"sample_migrations/{samples}/migrations/versions"
    missing = "".join(
        f"\n{code} has no hazard in the samples: add a migration with one to {folder}, and put `# expect: {code}`"
        " behind the line that it is found on. If it takes a history of its own to show, add the code to"
        " ABOUT_THE_HISTORY in tests/test_samples.py, and the examples to tests/cases."
        for code in sorted(codes - shown)
    )
    unknown = "".join(
        f"\n{folder} expects {code}, which is no rule to be shown there: correct the comment."
        for code in sorted(shown - codes)
    )
    assert not missing + unknown, missing + unknown


def test_the_shop_keeps_to_the_preset_of_its_own() -> None:
    settings = load(SAMPLES / "shop", known=rules.selectable())
    assert settings.file == SAMPLES / "shop" / "migration-guard.toml"
    asked = [code for code in rules.load() if settings.selects(code, default=False)]
    assert len(asked) > 15
    assert not lint([SAMPLES / "shop"], SAMPLES, None, FRESH).findings


@pytest.mark.parametrize("target", ["", 'target = "postgresql 12"\n', 'target = "postgresql 18"\n'])
def test_the_shop_is_healthy(target: str, tmp_path: Path) -> None:
    explicit = None
    if target:
        explicit = tmp_path / "migration-guard.toml"
        explicit.write_text(target)
    report = lint([SAMPLES / "shop"], SAMPLES, explicit, FRESH)
    found = [f"{one.path}:{one.span.line if one.span else 0}: {one.code} {one.message}" for one in report.findings]
    assert not found, f"The shop does it right: correct the rule that speaks here, not the shop. {found}"
    assert report.summary.migrations >= 10
    assert report.summary.opaque == 0
