"""Every rule is run on its own examples: what it calls bad it finds, what it calls good it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from examples import all_examples

from migration_guard import dialects, rules
from migration_guard.dialects import Change, Profile
from migration_guard.model.migration import IgnoreOutcome
from migration_guard.model.operations import Operation
from migration_guard.model.schema import SchemaState
from migration_guard.model.target import Target
from migration_guard.model.trip import Trip
from migration_guard.rule_examples import Example, check, run
from migration_guard.rules import Fixable, Trait

EXAMPLES = list(all_examples())
PROFILE = dialects.profile
# What a rule that says so of itself may offer: whether its fixes are safe.
OFFERS = {
    Fixable.NONE: set(),
    Fixable.SAFE: {True},
    Fixable.UNSAFE: {False},
    Fixable.DEPENDS: {True, False},
}
OF_LINT = [code for code, rule in rules.load().items() if rule.subject() is not Trip]
# What becomes of a comment goes by what other rules find.
OF_SCHEMAS = [code for code in OF_LINT if rules.load()[code].subject() is not IgnoreOutcome]


def bad_examples(code: str) -> list[Example]:
    return [example for example in EXAMPLES if example.code == code and example.kind == "bad"]


@pytest.mark.parametrize("code", rules.load())
def test_a_rule_has_a_bad_and_a_good_example(code: str) -> None:
    kinds = {example.kind for example in EXAMPLES if example.code == code}
    slug = rules.load()[code].slug()
    for kind in ("bad", "good"):
        assert kind in kinds, (
            f"{code} has no {kind} example. Write a fence ```python {kind} into the docstring of its class, or into"
            f" tests/cases/{slug}.md."
        )


def test_the_index_names_each_rule_its_file_and_when_it_runs() -> None:
    folder = Path(rules.__file__).parent
    files = {file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")}
    indexed = [file for file, _ in rules.FILES.values()]
    assert sorted(indexed) == sorted(files), "migration_guard/rules/_index.py names each file of a rule once."
    for code, rule in rules.load().items():
        always, when = Trait.UNCONDITIONAL in rule.traits, rules.ON if rule.enabled else rules.OFF
        assert rules.FILES[code] == (rule.slug().replace("-", "_"), rules.ALWAYS if always else when)


@pytest.mark.parametrize("code", rules.load())
def test_what_a_rule_supersedes_are_rules(code: str) -> None:
    unknown = set(rules.load()[code].supersedes) - set(rules.load())
    assert not unknown, f"{code} supersedes {unknown}, which no rule is called."


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_judged_as_it_says_and_corrected_as_it_shows(example: Example, tmp_path: Path) -> None:
    check(example, tmp_path)


def listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"


@pytest.mark.parametrize("code", OF_LINT)
def test_a_rule_says_whether_it_has_fixes(code: str, tmp_path: Path) -> None:
    examples = bad_examples(code)
    found = [one for number, example in enumerate(examples) for one in run(example, tmp_path / str(number))]
    offers = {one.fix.safe for one in found if one.code == code and one.fix}
    said = rules.load()[code].fixable
    assert offers == OFFERS[said], (
        f"{code} says fixable = {said}, and its bad examples have fixes that are {offers or 'absent'} (True: safe)."
        f" Correct `fixable` in the rule, or show in an example what is missing: {OFFERS[said] - offers or 'nothing'}."
    )


@dataclass
class Rows:
    """The dialects, without the rows of one change; which changes were asked about is written down."""

    without: Change | None = None
    asked: set[Change] = field(default_factory=set)

    def profile(self, dialect: str) -> Profile:
        whole = PROFILE(dialect)

        def classify(operation: Operation, state: SchemaState, target: Target) -> tuple[Change, ...]:
            changes = whole.classify(operation, state, target)
            self.asked.update(changes)
            return changes

        return replace(whole, classify=classify, facts=[row for row in whole.facts if row.change is not self.without])


@pytest.mark.parametrize("code", OF_SCHEMAS)
def test_a_rule_names_the_rows_without_which_it_finds_nothing(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(example: Example, rows: Rows, folder: str) -> list[str]:
        monkeypatch.setattr(dialects, "profile", rows.profile)
        return [one.message for one in run(example, tmp_path / folder) if one.code == code]

    needed = set()
    for number, example in enumerate(bad_examples(code)):
        rows = Rows()
        before = found(example, rows, f"{number}")
        needed |= {one for one in rows.asked if found(example, Rows(one), f"{number} {one.name}") != before}
    said = set(rules.load()[code].changes)
    assert needed == said, (
        f"{code} finds less without the rows of {listed(sorted(one.name for one in needed))}, and its `changes` are"
        f" {listed(sorted(one.name for one in said))}. Name those rows there, and show each in a bad example."
    )
