"""The text a PL/pgSQL EXECUTE puts together, as far as its expression shows it. What it does not show is a hole."""

from __future__ import annotations

import re

from postgast import pg_query_pb2 as pg

from migration_guard.model.unknown import HOLE, without_holes
from migration_guard.reading.sql.postgresql.expressions import literal_of, strings
from migration_guard.reading.sql.postgresql.statements import NotAccepted, parse

_FORMAT = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")
_PLAIN_NAME = re.compile(r"[a-z_\ufdd0][a-z0-9_$\ufdd0]*")  # a hole passes for a plain name


def text_of(expression: str) -> str | None:
    """The text this expression gives, with holes in it; None where nothing of it is known."""
    try:
        node = parse(f"SELECT {expression}\n").select_stmt.target_list[0].res_target.val
    except (NotAccepted, IndexError):
        return None
    text = _text(node)
    return text if without_holes(text).strip() else None


def _text(node: pg.Node) -> str:
    literal = literal_of(node)
    if literal is not None:
        return literal
    match node.WhichOneof("node"):
        case "a_expr" if strings(node.a_expr.name) == ["||"]:
            return _text(node.a_expr.lexpr) + _text(node.a_expr.rexpr)
        case "type_cast":
            return _text(node.type_cast.arg)
        case "func_call" if node.func_call.args:
            texts = [_text(argument) for argument in node.func_call.args]
            match strings(node.func_call.funcname)[-1]:
                case "format":
                    return _formatted(texts[0], texts[1:])
                case "concat":
                    return "".join(texts)
                case "quote_ident":
                    return _identifier(texts[0])
                case "quote_literal" | "quote_nullable":
                    return _literal(texts[0])
    return HOLE


def _formatted(pattern: str, values: list[str]) -> str:
    """What format() gives."""
    following = iter(values)

    def put(found: re.Match[str]) -> str:
        if found[2] == "%":
            return "%"
        if found[1]:
            value = values[int(found[1]) - 1] if 0 < int(found[1]) <= len(values) else None
        else:
            value = next(following, None)
        if value is None:
            value = HOLE
        return _identifier(value) if found[2] == "I" else _literal(value) if found[2] == "L" else value

    return _FORMAT.sub(put, pattern)


def _identifier(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return value if value == HOLE else "'" + value.replace("'", "''") + "'"
