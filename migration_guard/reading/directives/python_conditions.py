"""
Conditions in a WHERE of SQLAlchemy that Python decides itself: `is`, `not`, `and` and `or` cannot be taken over by an
object, as `==`, `~`, `&` and `|` are.
(https://docs.sqlalchemy.org/en/20/core/operators.html#conjunction-operators)
"""

from __future__ import annotations

import libcst as cst

from migration_guard.reading.interpreter.values import CallValue


def decided_by_python(step: CallValue) -> cst.BaseExpression | None:
    """What of the arguments of where() or filter() asks Python about a column, and not the database; else None."""
    arguments = step.node.args if isinstance(step.node, cst.Call) else ()
    return next((one.value for one in arguments if _is_decided(one.value)), None)


def _is_decided(node: cst.BaseExpression) -> bool:
    match node:
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot())]):
            return _is_column(left)
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return _is_about_column(inner)
        case cst.BooleanOperation(left=left):
            return _is_about_column(left)
    return False


def _is_about_column(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Comparison):
        return _is_column(node.left)
    return _is_column(node) or _is_decided(node)


def _is_column(node: cst.BaseExpression) -> bool:
    """`table.c.name`, `table.columns.name`, `Model.name`, `sa.column("name")`."""
    match node:
        case cst.Attribute(value=cst.Attribute(attr=cst.Name(value="c" | "columns"))):
            return True
        case cst.Attribute(value=cst.Name(value=name)):
            return name[:1].isupper() and not name.isupper()
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="column")) | cst.Name(value="column")):
            return True
    return False
