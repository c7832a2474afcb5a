"""Dates that are written out fold into the text of a statement, as loops that make partitions have them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reading import shown

HEAD = "from datetime import date, datetime, timedelta\nimport datetime as dt\n"


def table_named(tmp_path: Path, expression: str) -> list[str]:
    return shown(tmp_path, f'{HEAD}op.execute(f"DROP TABLE t_{{{expression}}}")')


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("date(2026, 2, 1):%Y_%m", "t_2026_02"),
        ("date(2026, 2, 1).strftime('%Y%m%d')", "t_20260201"),
        ("dt.date(year=2026, month=2, day=1).year", "t_2026"),
        ("(date(2026, 1, 31) + timedelta(days=1)).month", "t_2"),
        ("(date(2026, 3, 1) - timedelta(days=1)):%d", "t_28"),
        ("(date(2026, 3, 1) - date(2026, 2, 1)).days", "t_28"),
        ("datetime.strptime('2026-02', '%Y-%m'):%Y", "t_2026"),
        ("date.fromisoformat('2026-02-01').replace(day=9).day", "t_9"),
        ("1 if date(2026, 1, 1) < date(2026, 1, 2) else 2", "t_1"),
    ],
)
def test_a_date_that_is_written_out_is_known(tmp_path: Path, expression: str, name: str) -> None:
    assert table_named(tmp_path, expression) == [f"DropTable {name}"]


@pytest.mark.parametrize(
    "expression",
    [
        "date.today():%Y",
        "date(2026, 13, 1):%Y",
        "date(9999, 12, 31) + timedelta(days=1)",
        "date(2026, 1, 1).strftime(unknown())",
        "date(2026, 1, 1).strftime('%100000d')",
        "date(2026, 1, 1) * 2",
    ],
)
def test_a_date_that_cannot_be_told_is_not_invented(tmp_path: Path, expression: str) -> None:
    assert table_named(tmp_path, expression) == ["Opaque"]


def test_a_loop_over_months_makes_each_of_its_partitions(tmp_path: Path) -> None:
    source = f"""{HEAD}
for month in range(1, 4):
    op.execute(f"CREATE TABLE log_{{date(2026, month, 1):%Y_%m}} (id int)")
"""
    assert shown(tmp_path, source) == [f"CreateTable log_2026_0{month}" for month in (1, 2, 3)]


@given(start=st.dates(max_value=date(9998, 12, 31)), days=st.integers(0, 365))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_dates_are_added_as_python_adds_them(tmp_path: Path, start: date, days: int) -> None:
    expression = f"(date({start.year}, {start.month}, {start.day}) + timedelta({days})).isoformat().replace('-', '_')"
    wanted = (start + timedelta(days)).isoformat().replace("-", "_")
    assert table_named(tmp_path, expression) == [f"DropTable t_{wanted}"]
