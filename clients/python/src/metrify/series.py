"""Series and answers of SQL as data frames: always whole, by way of Arrow."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa
from urllib3 import BaseHTTPResponse

from ._asking import Asking
from ._call import Call
from ._http import Http, whole
from .core import calls
from .core.types import ExportRequest
from .times import Moment, moment

F = TypeVar("F")

ARROW: calls.Accept = "application/vnd.apache.arrow.file"
# A market location (MaLo) has 11 digits, a metering location (MeLo) 33 characters.
METERING_POINT = re.compile(r"[0-9]{11}|[A-Z]{2}[0-9A-Z]{31}")


def is_metering_point(point: str) -> bool:
    """Whether an id is one of a market or metering location, by its shape; all others are ids of meters, areas or others."""
    return METERING_POINT.fullmatch(point) is not None


class Series(Asking, Generic[F]):
    """Everything that is answered with a frame; `F` is the kind of frame.

    Instants are in UTC (`metrify.berlin` tells them in local time), periods are half-open. Values are the nearest `float64`, or
    exact decimals with `exact=True`; how exactly each kind of frame holds them, the functions of `metrify._frames` say.
    """

    def __init__(self, http: Http, made: Callable[[pa.Table, bool], F]) -> None:
        super().__init__(http)
        self._made = made

    def readings(
        self,
        point: str,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        quantity: str | None = None,
        as_known_at: Moment | None = None,
        exact: bool = False,
    ) -> F:
        """The readings of a meter or a metering point, by quantity and time: all whose period begins in `[start, end)`.

        A day is a local one: `readings(p, "2026-03-29", "2026-03-30")` are the 92 quarter-hours of that day. `as_known_at` tells
        what was known then. A point that nobody knows has no readings: that is no error.

        Columns: quantity, kind, period_start, period_end, value, unit, quality, method, reason, recorded_at, delivery.

        Raises Invalid for an id, a quantity or a time that is none; Denied where the purpose does not allow it.
        """
        # Both routes answer the same; the id's shape says which of them people would look for in the log.
        asked = calls.get_metering_point_readings if is_metering_point(point) else calls.get_meter_readings
        call = asked(
            point,
            quantity=quantity,
            start=moment(start),
            end=moment(end),
            as_known_at=moment(as_known_at),
            accept=ARROW,
        )
        return self._frame(call, exact)

    def observations(
        self,
        station: str,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        quantity: str | None = None,
        as_known_at: Moment | None = None,
        exact: bool = False,
    ) -> F:
        """What a weather station measured; columns and errors are those of `readings`."""
        call = calls.get_observations(
            station,
            quantity=quantity,
            start=moment(start),
            end=moment(end),
            as_known_at=moment(as_known_at),
            accept=ARROW,
        )
        return self._frame(call, exact)

    def forecast(
        self,
        station: str,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        quantity: str | None = None,
        as_known_at: Moment | None = None,
        exact: bool = False,
    ) -> F:
        """What is foreseen for a weather station by its last forecast; columns and errors are those of `readings`."""
        call = calls.get_forecast(
            station,
            quantity=quantity,
            start=moment(start),
            end=moment(end),
            as_known_at=moment(as_known_at),
            accept=ARROW,
        )
        return self._frame(call, exact)

    def sql(self, query: str, *, as_known_at: Moment | None = None, exact: bool = False) -> F:
        """The answer of a query, read-only, over everything the tenant has: `sql("select * from deliveries")`.

        `as_known_at` has every table tell what was known then, but for those of the schema `system`, which are of now.
        Raises Invalid for a query that cannot be read or would change something.
        """
        return self._frame(calls.export(ExportRequest(query=query, format="arrow", as_known_at=moment(as_known_at))), exact)

    def export(self, query: str, path: str | os.PathLike[str], *, as_known_at: Moment | None = None) -> None:
        """Writes the answer of a query to a file, piece by piece: `.ndjson`, `.csv`, `.parquet` or `.arrow`, by its name.

        The file is there once it is whole. Raises Invalid for other names and as `sql` does, OSError where it cannot be written.
        """
        path = Path(path)
        part = path.with_name(path.name + ".part")
        try:
            kind = path.suffix.removeprefix(".")
            call = calls.export(ExportRequest(query=query, format=kind, as_known_at=moment(as_known_at)))
            self._http.send(call, lambda answer: _write(answer, part))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _frame(self, call: Call[bytes], exact: bool) -> F:
        buffer = pa.py_buffer(self._http.send(call, whole))
        with pa.ipc.open_file(buffer) as file:
            return self._made(file.read_all(), exact)


def _write(answer: BaseHTTPResponse, path: Path) -> None:
    with path.open("wb") as file:
        for piece in answer.stream(1 << 20):
            file.write(piece)
