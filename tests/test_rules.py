"""Every rule is run on its own examples: what it calls bad it finds, what it calls good it leaves alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from examples import Example, all_examples, corrected, module, run

from migration_guard import rules

EXAMPLES = list(all_examples())


@pytest.mark.parametrize("code", rules.load())
def test_a_rule_has_a_bad_and_a_good_example(code: str) -> None:
    kinds = {example.kind for example in EXAMPLES if example.code == code}
    assert {"bad", "good"} <= kinds, f"{code} needs an example of both: in its page, or in tests/cases"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_judged_as_it_says(example: Example, tmp_path: Path) -> None:
    found = run(example, tmp_path)
    codes = {finding.code for finding in found}
    assert codes == ({example.code} if example.kind == "bad" else set()), [finding.message for finding in found]
    for finding in found:
        assert not re.search(r"\{[a-z_]+\}", finding.message + finding.help)
        assert finding.message.endswith((".", "stops."))


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if example.fixed is not None], ids=lambda example: example.name
)
def test_the_correction_is_the_one_shown_and_silences_the_rule(example: Example, tmp_path: Path) -> None:
    (finding,) = [one for one in run(example, tmp_path / "before") if one.code == example.code]
    assert example.fixed is not None
    number = len(example.given)
    assert corrected(example, finding) == module(example.fixed, f"r{number}", f"r{number - 1}" if number else None)
    after = replace(example, file=replace(example.file, text=example.fixed), fixed=None)
    assert [one.code for one in run(after, tmp_path / "after") if one.severity == "error"] == []
