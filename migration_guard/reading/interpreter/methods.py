"""What the methods of texts, lists and dictionaries give, and do to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from migration_guard.reading.interpreter import dates, texts
from migration_guard.reading.interpreter.budget import CHARACTERS_OF_A_STEP
from migration_guard.reading.interpreter.library import MOST_ITEMS, iterate
from migration_guard.reading.interpreter.values import (
    UNKNOWN_TEXT,
    CallValue,
    Constant,
    Items,
    Pairs,
    Text,
    Value,
    is_known,
    join,
    plain,
)


def method(made: CallValue, owner: Value, attribute: Callable[[Value, str], Value], conditional: bool) -> Value | None:
    """What a method of a text or a collection gives; None where it is not one we follow."""
    match owner:
        case Text():
            return _text_method(made, owner, attribute)
        case Items():
            return _items_method(made, owner, conditional)
        case Pairs():
            return _pairs_method(made, owner, conditional)
        case Constant(value=date() | timedelta() as moment):
            return dates.method(made, moment)
    return None


def characters(made: CallValue, owner: Text) -> int:
    """How much text a method of a text works on: its own and what it is given; what it replaces is read anew."""
    joined = [item for one in made.arguments if isinstance(one, Items) for item in one.items[:MOST_ITEMS]]
    replaced = made.arguments[0] if made.name == "replace" and made.arguments else None
    places = owner.value.count(replaced.value) if isinstance(replaced, Text) else 0
    return (
        len(owner.value)
        + places * CHARACTERS_OF_A_STEP
        + sum(len(one.value) for one in (*made.arguments, *joined) if isinstance(one, Text))
    )


def _text_method(made: CallValue, owner: Text, attribute: Callable[[Value, str], Value]) -> Value | None:
    name, arguments = made.name, made.arguments
    words = [argument.value for argument in arguments if isinstance(argument, Text)]
    match name:
        case "format":
            return texts.format_method(owner, arguments, dict(made.keywords), attribute)
        case "format_map" if arguments and isinstance(arguments[0], Pairs):
            given = {str(plain(key)): value for key, value in arguments[0].pairs}
            return texts.format_method(owner, (), given, attribute)
        case "strip" | "lstrip" | "rstrip":
            return texts.stripped(owner, name, words[0] if words else None)
        case "replace" if len(arguments) >= 2 and isinstance(arguments[0], Text) and arguments[0].known:
            return texts.replaced(owner, arguments[0].value, texts.as_text(arguments[1]))
        case "join":
            items, complete = iterate(arguments[0]) if arguments else ([], False)
            if not complete:
                return UNKNOWN_TEXT
            parts: list[Text] = []
            for item in items:
                parts += [owner, texts.as_text(item)] if parts else [texts.as_text(item)]
            return join(parts)
    if not owner.known or len(words) != len(arguments):
        return None
    value = owner.value
    match name, words:
        case "upper" | "lower" | "title" | "capitalize" | "swapcase" | "casefold", []:
            return Text(getattr(value, name)())
        case "startswith" | "endswith", [word]:
            return Constant(value.startswith(word) if name == "startswith" else value.endswith(word))
        case "removeprefix" | "removesuffix", [word]:
            return Text(value.removeprefix(word) if name == "removeprefix" else value.removesuffix(word))
        case "split", _ if len(words) <= 1:
            return Items([Text(part) for part in value.split(words[0] if words else None)]) if "" not in words else None
        case "splitlines", []:
            return Items([Text(part) for part in value.splitlines()])
        case "isdigit", []:
            return Constant(value.isdigit())
    return None


def _items_method(made: CallValue, owner: Items, conditional: bool) -> Value | None:
    match made.name, made.arguments:
        case "append" | "add", [value]:
            owner.grow([value])
        case "extend" | "update", [values]:
            items, complete = iterate(values)
            owner.grow(items)
            owner.complete &= complete
        case "copy", []:
            return Items(list(owner.items), owner.complete)
        case "reverse", []:
            owner.items.reverse()
        case "insert", [Constant(int(at)), value]:
            owner.grow([value])
            owner.items.insert(at, owner.items.pop())
        case (("remove" | "discard"), [value]) if owner.complete and value in owner.items:
            if not conditional:
                owner.items.remove(value)
        case "clear", [] if not conditional:
            owner.items.clear()
            owner.complete = True
        case "clear", []:
            pass
        case "index" | "count" | "sort", _:
            return None
        case _:
            owner.complete = False
            return None
    owner.certain &= not conditional
    owner.complete &= len(owner.items) <= MOST_ITEMS
    return Constant(None)


def _pairs_method(made: CallValue, owner: Pairs, conditional: bool) -> Value | None:
    match made.name, made.arguments:
        case "items", []:
            return Items([Items([key, value]) for key, value in owner.pairs], owner.complete)
        case "keys", []:
            return Items([key for key, _ in owner.pairs], owner.complete)
        case "values", []:
            return Items([value for _, value in owner.pairs], owner.complete)
        case "copy", []:
            return Pairs(list(owner.pairs), owner.complete, owner.certain)
        case "get", [key, *rest]:
            found = owner.get(key)
            if found is None and owner.complete and is_known(key):
                return rest[0] if rest else Constant(None)
            return found
        case "setdefault", [key, value] if owner.complete and is_known(key):
            found = owner.get(key)
            if found is None:
                owner.put(key, value, certain=not conditional)
            return found or value
        case "update", [Pairs(pairs, complete)]:
            for key, value in pairs:
                owner.put(key, value, certain=not conditional)
            owner.complete &= complete
            return Constant(None)
        case _:
            owner.complete = False
            return None
