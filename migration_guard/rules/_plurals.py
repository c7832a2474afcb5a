"""Whether the name of a table is an English plural. What is in doubt is taken for one: a false alarm is worse."""

from __future__ import annotations

from itertools import pairwise

# Plurals without an s, and what has no plural or is one already: how the word ends.
_WITHOUT_S = (
    *("children", "people", "men", "feet", "teeth", "geese", "mice", "lice", "oxen", "dice", "fish", "sheep", "deer"),
    *("cattle", "police", "staff", "data", "media", "criteria", "phenomena", "bacteria", "schemata", "indices"),
    *("matrices", "vertices", "alumni", "foci", "nuclei", "radii", "stimuli", "history", "info", "information"),
    *("equipment", "inventory", "feedback", "content", "metadata", "knowledge", "software", "hardware", "firmware"),
    *("mail", "traffic", "money", "work", "stock", "storage", "usage", "billing", "pricing", "accounting", "logging"),
    *("telemetry", "training", "furniture", "luggage", "research", "support", "spam", "evidence", "advice"),
    *("progress", "access", "health", "weather", "insurance", "attendance", "maintenance", "compliance"),
    *("merchandise", "education", "availability", "connectivity", "security", "privacy", "i18n", "l10n"),
)
# What stands behind the noun that the name is about: `comments_on_posts`, `totals_by_day`.
_BEHIND_NOUN = frozenset(("by", "for", "from", "in", "of", "on", "per", "to", "with", "without"))
# Words that end in s and are no plural.
_SINGULAR = (
    *("ss", "sis", "status", "bonus", "campus", "virus", "corpus", "census", "consensus", "focus", "genus"),
    *("apparatus", "bus", "plus", "prospectus", "syllabus", "thesaurus", "nexus", "radius", "stimulus", "nucleus"),
    *("locus", "modulus", "terminus", "surplus", "chorus", "gas", "canvas", "atlas", "bias", "alias", "axis"),
    *("chassis", "iris", "lens", "redis"),
)


def is_plural(name: str) -> bool:
    """
    Whether the last word of a name in snake_case is a plural, or the one before a preposition (`totals_by_day`).
    Numbers behind it (`events_2024`, `users2`) do not count.
    """
    words = [word for part in name.split("_") if (word := part.rstrip("0123456789"))] or [name]
    nouns = [word for word, after in pairwise(words) if after in _BEHIND_NOUN]
    return any(_is_plural_word(word) for word in (*nouns[:1], words[-1]))


def _is_plural_word(word: str) -> bool:
    return word.endswith(_WITHOUT_S) or (word.endswith("s") and not word.endswith(_SINGULAR))
