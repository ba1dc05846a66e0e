"""Readings and queries come as frames: whole, exact where asked for, in UTC."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metrify import Invalid, Metrify, NewReading, berlin, is_metering_point

UTC = timezone.utc
EXACT = Decimal("12345678901234567890.123456789012")
MALO, MELO = "50120962218", "DE0001234567890000000000000123456"


@pytest.fixture
def point(m: Metrify, new_point: Callable[[], str]) -> str:
    """A point with two states of its register."""
    point = new_point()
    first = NewReading(quantity="1-0:1.8.0", at="2026-01-01T00:00:00+01:00", value=Decimal("1725.5"))
    second = {"quantity": "1-0:1.8.0", "at": datetime(2026, 1, 31, 23, tzinfo=UTC), "value": EXACT}
    assert m.bring(point, [first, second]).stored == 2
    return point


def test_pandas(m: Metrify, point: str) -> None:
    frame = m.readings(point, "2026-01-01", "2026-02-01")
    assert isinstance(frame, pd.DataFrame)
    assert frame["value"].tolist() == [1725.5]
    assert frame["value"].dtype == "float64"
    assert str(frame["period_start"].dtype) == "datetime64[us, UTC]"
    assert frame["period_start"][0] == pd.Timestamp("2025-12-31T23:00:00Z")


def test_polars_and_arrow(m: Metrify, point: str) -> None:
    frame = m.polars.readings(point, "2026-01-01")
    assert frame.schema["value"] == pl.Float64
    assert frame.schema["period_start"] == pl.Datetime("us", "UTC")
    table = m.arrow.readings(point, "2026-01-01")
    assert table.schema.field("value").type == pa.float64()
    assert frame["value"].to_list() == table["value"].to_pylist() == [1725.5, float(EXACT)]


def test_exact_values_keep_the_last_digit(m: Metrify, point: str) -> None:
    assert m.readings(point, exact=True)["value"].tolist() == [Decimal("1725.5"), EXACT]
    assert m.polars.readings(point, exact=True)["value"].to_list() == [Decimal("1725.5"), EXACT]
    assert m.arrow.readings(point, exact=True)["value"].to_pylist() == [Decimal("1725.5"), EXACT]
    assert m.sql(f"select value from readings where point = '{point}' order by 1", exact=True)["value"][1] == EXACT


def test_floats_are_the_nearest(m: Metrify, new_point: Callable[[], str]) -> None:
    values = [Decimal(number * 7919).scaleb(-6) for number in range(500)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    point = new_point()
    m.bring(point, [{"quantity": "load", "at": start + timedelta(hours=n), "value": it} for n, it in enumerate(values)])
    assert m.readings(point)["value"].tolist() == [float(it) for it in values]


def test_what_was_known_then(m: Metrify, new_point: Callable[[], str]) -> None:
    point, at = new_point(), "2026-02-01T00:00:00+01:00"
    m.bring(point, [{"quantity": "1-0:1.8.0", "at": at, "value": Decimal("2031.25")}])
    then = datetime.now(UTC)
    time.sleep(0.01)
    receipt = m.bring(point, [{"quantity": "1-0:1.8.0", "at": at, "value": Decimal("2013.25")}])
    assert (receipt.corrections, receipt.stored) == (1, 0)
    assert m.readings(point)["value"].tolist() == [2013.25]
    assert m.readings(point, as_known_at=then)["value"].tolist() == [2031.25]
    assert m.readings(point, as_known_at="2020-01-01").empty
    query = f"select value from readings where point = '{point}'"
    assert [float(it) for it in m.sql(query, as_known_at=then)["value"]] == [2031.25]
    assert m.sql(query, as_known_at="2020-01-01").empty


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-28", 96), ("2026-03-29", 92), ("2026-10-25", 100)])
def test_a_local_day_has_its_quarter_hours(m: Metrify, new_point: Callable[[], str], day: str, quarters: int) -> None:
    point, quantity = new_point(), "1-0:1.29.0"
    values = list(range(quarters))
    line = {"point": point, "quantity": quantity, "day": day, "values": values}
    assert m.deliver(json.dumps(line).encode()).stored == quarters
    first = date.fromisoformat(day)
    after = first + timedelta(days=1)
    # A day is said as text, as a date, or as an instant of whatever zone.
    midnight = [datetime(it.year, it.month, it.day, tzinfo=ZoneInfo("Europe/Berlin")) for it in (first, after)]
    for start, end in ((day, after.isoformat()), (first, after), midnight):
        assert m.readings(point, start, end)["value"].tolist() == values
    for told in (berlin(m.readings(point)), berlin(m.readings(point, exact=True))):
        assert (told["period_start"].dt.date.astype(str) == day).all()
        assert told["period_start"][0].isoformat() == midnight[0].isoformat()
    in_polars = berlin(m.polars.readings(point))
    assert in_polars["period_start"].dt.date().unique().to_list() == [first]
    in_arrow = berlin(m.arrow.readings(point))
    assert in_arrow.schema.field("period_start").type == pa.timestamp("us", "Europe/Berlin")
    assert in_arrow["period_start"][0].as_py() == midnight[0]


def test_a_quantity_is_one_of_several(m: Metrify, new_point: Callable[[], str]) -> None:
    point, at = new_point(), "2026-01-01T00:00:00Z"
    m.bring(point, [{"quantity": it, "at": at, "value": 1} for it in ("1-0:1.8.0", "1-0:2.8.0")])
    assert m.readings(point)["quantity"].tolist() == ["1-0:1.8.0", "1-0:2.8.0"]
    assert m.readings(point, quantity="1-0:2.8.0")["quantity"].tolist() == ["1-0:2.8.0"]


@pytest.mark.parametrize("id", [MALO, MELO])
def test_a_metering_point_is_told_by_its_shape(m: Metrify, id: str) -> None:
    assert is_metering_point(id)
    m.bring(id, [{"quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00Z", "value": 7}])
    m.confirm(id)
    assert m.readings(id)["value"].tolist() == [7.0]


@pytest.mark.parametrize("id", ["1EMH0010599732", "501209622180", "5012096221", "50Hertz", "DE000123"])
def test_all_else_is_no_metering_point(id: str) -> None:
    assert not is_metering_point(id)


def test_a_long_series_is_whole(m: Metrify, new_point: Callable[[], str]) -> None:
    point, start = new_point(), datetime(2026, 1, 1, tzinfo=UTC)
    at = [start + timedelta(minutes=15 * number) for number in range(12_000)]
    frame = pl.DataFrame({"quantity": "load", "at": at, "value": range(12_000)})
    assert m.bring(point, frame).stored == 12_000
    assert len(m.readings(point)) == 12_000


def test_a_point_that_nobody_knows_has_an_empty_series(m: Metrify) -> None:
    assert m.readings("NOBODY").empty
    assert list(m.polars.observations("10382").columns) == list(m.readings("NOBODY").columns)
    assert m.arrow.forecast("10382").num_rows == 0


def test_sql(m: Metrify, point: str) -> None:
    query = f"select count(*) as n, sum(value) as total, null as nothing from readings where point = '{point}'"
    assert m.polars.sql(query, exact=True).rows() == [(2, Decimal("12345678901234569615.623456789012"), None)]
    assert m.sql(query)["n"].tolist() == [2]
    with pytest.raises(Invalid, match="nonsense"):
        m.sql("select nonsense from readings")
    with pytest.raises(Invalid):
        m.sql("delete from readings")


def test_an_export_is_there_when_it_is_whole(m: Metrify, point: str, tmp_path: Path) -> None:
    query = f"select value from readings where point = '{point}' order by 1"
    m.export(query, tmp_path / "values.parquet")
    assert pq.read_table(tmp_path / "values.parquet")["value"].to_pylist() == [Decimal("1725.5"), EXACT]
    m.export(query, str(tmp_path / "values.csv"))
    assert str(EXACT) in (tmp_path / "values.csv").read_text()
    with pytest.raises(Invalid):
        m.export(query, tmp_path / "values.xls")
    with pytest.raises(Invalid):
        m.export("select nonsense", tmp_path / "nonsense.csv")
    assert sorted(it.name for it in tmp_path.iterdir()) == ["values.csv", "values.parquet"]


def test_a_time_without_a_zone_is_no_instant(m: Metrify) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        m.readings("p", datetime(2026, 1, 1))
    with pytest.raises(Invalid, match="`someday` as a time") as told:
        m.readings("p", "someday")
    assert "2025-01-05" in (told.value.hint or "")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_named(library: str) -> None:
    """In a process of its own, where the library cannot be imported."""
    text = f"""
import sys, pyarrow as pa
class Gone:
    def find_spec(name, *_):
        if name == "{library}":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Gone)
from metrify import MissingExtra
from metrify._frames import to_{library}
try:
    to_{library}(pa.table({{"a": [1]}}), False)
except MissingExtra as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert told == f"{library} is not installed: pip install 'metrify-client[{library}]', or ask for Arrow with `.arrow`\n"
