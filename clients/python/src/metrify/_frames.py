"""Arrow tables as data frames, and readings as Arrow tables.

Values are decimals of 38 digits, 12 behind the point. `exact` keeps them; without it they become the nearest `float64`, which is
what numerical libraries compute with and loses digits behind the sixteenth.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union

import pyarrow as pa

from .core.types import NewReading
from .times import moment

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

# What can be brought: a frame with the columns of `NewReading`, or readings one by one.
Readings = Union["pd.DataFrame", "pl.DataFrame", pa.Table, Iterable[NewReading | Mapping[str, Any]]]

COLUMNS = tuple(it.name for it in dataclasses.fields(NewReading))


class MissingExtra(ImportError):
    """A library that a frame is made with is not installed."""


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        hint = f"pip install 'metrify-client[{name}]', or ask for Arrow with `.arrow`"
        raise MissingExtra(f"{name} is not installed: {hint}") from error


def to_pandas(table: pa.Table, exact: bool) -> pd.DataFrame:
    """Times are `datetime64[us, UTC]`; with `exact` every column has its type of Arrow (`pandas.ArrowDtype`)."""
    pandas = _library("pandas")
    frame: pd.DataFrame = table.to_pandas(types_mapper=pandas.ArrowDtype) if exact else _floats(table).to_pandas()
    return frame


def to_polars(table: pa.Table, exact: bool) -> pl.DataFrame:
    """Times are `Datetime[us, UTC]`; with `exact` values are `Decimal(38, 12)`."""
    frame: pl.DataFrame = _library("polars").from_arrow(table if exact else _floats(table))
    return frame


def to_arrow(table: pa.Table, exact: bool) -> pa.Table:
    """As it came, with `exact`."""
    return table if exact else _floats(table)


def _floats(table: pa.Table) -> pa.Table:
    """Decimals as the nearest floats. By way of text: Arrow's own cast is off by a digit for one value of fifteen."""
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            values = table.column(place).cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, field.with_type(pa.float64()), values)
    return table


def as_table(point: str, readings: Readings) -> pa.Table:
    """Readings of one point, with a column that names it.

    Raises ValueError where they tell of another point, or a time has no zone; TypeError where they are none.
    """
    told = _told(readings)
    if "point" in told.column_names:
        others = set(told.column("point").unique().to_pylist()) - {point}
        if others:
            raise ValueError(f"there are readings of other points than `{point}` among them")
        told = told.drop_columns("point")
    for field in told.schema:
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            raise ValueError(f"the times of column `{field.name}` have no zone")
    # Only what a reading can say: what else a frame holds, such as the delivery it came with, is not told again.
    told = told.select([name for name in told.column_names if name in COLUMNS])
    return told.append_column("point", pa.repeat(pa.scalar(point), told.num_rows))


def _told(readings: Readings) -> pa.Table:
    if isinstance(readings, pa.Table):
        return readings
    if isinstance(readings, (str, bytes, Mapping, NewReading)):
        raise TypeError("readings are a data frame, or a list of `NewReading` or of dicts")
    frame: Any = readings
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    if hasattr(frame, "columns"):
        return pa.Table.from_pandas(frame, preserve_index=False)
    rows = [dataclasses.asdict(it) if isinstance(it, NewReading) else dict(it) for it in frame]
    unknown = {name for row in rows for name in row} - {*COLUMNS, "point"}
    if unknown:
        raise ValueError(f"a reading has no {', '.join(sorted(map(repr, unknown)))}; it has {', '.join(COLUMNS)}")
    names = [name for name in (*COLUMNS, "point") if any(row.get(name) is not None for row in rows)]
    return pa.table({name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names})


def _text(value: object) -> str | None:
    """As text, with all digits: what is of several types fits no column otherwise."""
    if isinstance(value, date):
        return moment(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if value is None or isinstance(value, (str, int, float, datetime)):
        return None if value is None or value != value else str(value)
    raise TypeError(f"a reading holds text, numbers and times, no {type(value).__name__}")
