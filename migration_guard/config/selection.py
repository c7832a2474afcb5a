"""Knows how rules are named: by code, by name, by the beginning of a code; and which of two selectors wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class RuleSelection:
    """What one place says about which rules run: codes, prefixes of codes, or ALL. `select` None: not said."""

    select: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def decide(self, code: str, before: bool) -> bool:
        """
        Whether this place lets the rule run, where `before` is what held without it.

        As in ruff: `select` starts afresh; the more precise selector wins; of two equally precise ones `ignore` wins.
        """
        chosen = max((precision(word, code) for word in (*(self.select or ()), *self.extend)), default=-1)
        ignored = max((precision(word, code) for word in self.ignore), default=-1)
        if chosen == ignored == -1:
            return before and self.select is None
        return chosen > ignored


def resolve(word: str, known: Mapping[str, str]) -> str | None:
    """The code, prefix or ALL that a selector stands for; None where it stands for nothing."""
    if word.upper() == "ALL":
        return "ALL"
    slugs = {slug: code for code, slug in known.items() if slug}  # a reserved code has none
    if word.lower() in slugs:
        return slugs[word.lower()]
    return word.upper() if any(begins(word, code) for code in known) else None


def begins(word: str, code: str) -> bool:
    """Whether a word is this code or the beginning of it, with all of its letters: MG, MG4, MG401."""
    upper = word.upper()
    return code.startswith(upper) and upper.rstrip(DIGITS) == code.rstrip(DIGITS)


def is_ours(word: str) -> bool:
    """Whether a word is a code of ours or the beginning of one, known or not: none that a plugin could have."""
    return word.upper().rstrip(DIGITS) == "MG"


def nearest(word: str, candidates: Iterable[str]) -> str:
    """A question that offers the candidate most like the word, with a space before it; empty where none is like it."""
    from difflib import get_close_matches

    by_lower = {candidate.lower(): candidate for candidate in candidates if candidate}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return f" Did you mean {by_lower[found[0]]}?" if found else ""


def precision(selector: str, code: str) -> int:
    """How precisely a selector names the code: its length, 0 for ALL, -1 where it does not name it."""
    if selector == "ALL":
        return 0
    return len(selector) if begins(selector, code) else -1
