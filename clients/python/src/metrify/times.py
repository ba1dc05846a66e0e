"""Times as they are said to the server, and as people in Germany read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    Frame = TypeVar("Frame", pd.DataFrame, pl.DataFrame, pa.Table)
else:
    Frame = TypeVar("Frame")

# A day, local (Europe/Berlin), as its beginning, such as `2026-01-01` or a `date`; or an instant, such as
# `2026-01-01T00:00:00Z` or a `datetime` with a zone.
Moment = str | date | datetime

BERLIN = "Europe/Berlin"


@overload
def moment(said: Moment) -> str: ...
@overload
def moment(said: None) -> None: ...
@overload
def moment(said: Moment | None) -> str | None: ...
def moment(said: Moment | None) -> str | None:
    """A moment as the server reads it.

    Raises ValueError for a `datetime` without a zone: nobody can know which instant it is.
    """
    if isinstance(said, datetime) and said.tzinfo is None:
        raise ValueError(f"{said.isoformat()} has no zone: give it one, or say it as text")
    return said.isoformat() if isinstance(said, date) else said


def berlin(frame: Frame) -> Frame:
    """The same frame with its instants in local time: the same instants, told as clocks in Germany show them.

    A local day has 92, 96 or 100 quarter-hours; to count or sum by days, do it in this zone.
    """
    told: Any = frame
    if isinstance(told, pa.Table):
        fields = [_in_berlin(field) for field in told.schema]
        return told.cast(pa.schema(fields))  # type: ignore[no-any-return]
    if hasattr(told, "with_columns"):
        import polars as pl

        zoned = [name for name, kind in told.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone]
        return told.with_columns(pl.col(zoned).dt.convert_time_zone(BERLIN)) if zoned else told  # type: ignore[no-any-return]
    zoned = [name for name, kind in told.dtypes.items() if _has_zone(kind)]
    return told.assign(**{name: told[name].dt.tz_convert(BERLIN) for name in zoned})  # type: ignore[no-any-return]


def _in_berlin(field: pa.Field) -> pa.Field:
    if pa.types.is_timestamp(field.type) and field.type.tz:
        return field.with_type(pa.timestamp(field.type.unit, BERLIN))
    return field


def _has_zone(kind: Any) -> bool:
    """Of a column of pandas, its own or one of Arrow's."""
    arrow = getattr(kind, "pyarrow_dtype", None)
    return bool(arrow.tz if arrow is not None and pa.types.is_timestamp(arrow) else getattr(kind, "tz", None))
