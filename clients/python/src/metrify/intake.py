"""Deliveries in, receipts out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from urllib3 import BaseHTTPResponse

from . import _call, _resumable
from ._asking import PAGE, Asking
from ._frames import Readings, as_table
from ._http import whole
from ._upload import Source, upload
from .core import calls
from .core import types as core
from .core.types import OneReject, Point, ReceiptRow, Reject
from .times import Moment, moment

# Deliveries up to here are sent whole, larger ones in parts.
WHOLE_BYTES_MAX = 64 << 20
# Rows of a batch: the server has one of them in memory at a time.
BATCH_ROWS = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Receipt(core.Receipt):
    """The account of a delivery: received = stored + duplicates + corrections + rejected.

    What was rejected stands in `problems`, at most some of them, and can be read again later (`metrify rejects`).
    """

    # The delivery was received before, and this is the receipt that it got then: nothing was done now.
    repeated: bool = False


class Intake(Asking):
    """Takes things in."""

    def deliver(
        self,
        what: Source,
        *,
        source: str | None = None,
        format: str | None = None,
        timezone: str | None = None,
        area: str | None = None,
        point: str | None = None,
        quantity: str | None = None,
        swap_tariffs: bool | None = None,
        again: bool = False,
        idempotency_key: str | None = None,
        resumable: bool | None = None,
    ) -> Receipt:
        """Sends a path, bytes or an open file as they are, in pieces, and answers with the receipt.

        The format is recognised where `format` does not name it; `timezone`, `area`, `point` and `quantity` are hints for formats
        that do not say them. Until there is an answer it is sent again with the same Idempotency-Key (one of its own where
        none is given), so that it is received once; a file that cannot be rewound is sent once only. The same bytes are
        received once as well: `repeated` says so, and `again` has them received anew.

        What has more than 64 MiB is sent in parts, or whatever `resumable` says: where a connection breaks, it goes on from what
        the server kept, as long as not more than `wait_max` seconds pass in which nothing is kept.

        Raises Conflict where the key was given to another delivery, Invalid where a parameter means nothing, Busy and
        Unavailable where the server did not take it in time, ValueError for a file that is to be sent in parts and cannot be
        rewound. What was not understood is no error: see `rejected`.
        """
        body = upload(what)
        key = idempotency_key or (None if again else uuid.uuid4().hex)
        said: dict[str, Any] = {
            "source": source,
            "format": format,
            "timezone": timezone,
            "area": area,
            "point": point,
            "quantity": quantity,
            "swap_tariffs": swap_tariffs,
            "again": again or None,
        }
        in_parts = (body.length or 0) > WHOLE_BYTES_MAX if resumable is None else resumable
        if in_parts:
            if body.length is None:
                raise ValueError("a file that cannot be rewound is not sent in parts")
            return _resumable.deliver(self._http, body, said, key, _receipt)
        return self._http.send(calls.deliver(body, **said, idempotency_key=key), _receipt)

    def bring(self, point: str, readings: Readings, *, source: str | None = None) -> Receipt:
        """Brings readings of one point: a frame of pandas, Polars or Arrow, or a list of `NewReading` or dicts.

        Columns are those of `NewReading`: quantity, value, and `at` or `period_start` and `period_end`, with a zone; others of a
        frame are left behind, so that what `readings` told can be changed and brought. They go as one delivery of Arrow, without
        a limit, and exact values stay exact; missing values need the quality `missing`.

        Raises ValueError for times without a zone and for readings of other points, TypeError for what is no readings; and what
        `deliver` raises.
        """
        table = as_table(point, readings)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=BATCH_ROWS)
        return self.deliver(memoryview(sink.getvalue()), source=source, format="arrow")

    def receipts(
        self, *, start: Moment | None = None, end: Moment | None = None, as_known_at: Moment | None = None
    ) -> Iterator[ReceiptRow]:
        """The accounts of what was received in `[start, end)`, newest first, over all pages of 1000."""
        return self._pages(
            lambda cursor: calls.list_receipts(
                start=moment(start), end=moment(end), as_known_at=moment(as_known_at), limit=PAGE, cursor=cursor
            )
        )

    def receipt(self, delivery: str, *, as_known_at: Moment | None = None) -> ReceiptRow:
        """The account of one delivery; those of a container have receipts each (`members`), it has none. Raises NotFound."""
        return self.ask(calls.get_receipt(delivery, as_known_at=moment(as_known_at)))

    def rejects(
        self,
        *,
        state: str | None = None,
        delivery: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_known_at: Moment | None = None,
    ) -> Iterator[Reject]:
        """What was rejected in `[start, end)`, newest first, without its bytes, over all pages of 1000.

        `state` is `open` or `resolved`.
        """
        return self._pages(
            lambda cursor: calls.list_rejects(
                state=state,
                delivery=delivery,
                start=moment(start),
                end=moment(end),
                as_known_at=moment(as_known_at),
                limit=PAGE,
                cursor=cursor,
            )
        )

    def reject(self, id: str, *, as_known_at: Moment | None = None) -> OneReject:
        """One of them with its bytes, in hexadecimal digits. Raises NotFound."""
        return self.ask(calls.get_reject(id, as_known_at=moment(as_known_at)))

    def confirm(self, *points: str) -> int:
        """Vouches for points, so that readings of them that were quarantined are taken in: how many nobody vouched for before."""
        return self.ask(calls.confirm_points(Point(points=list(points)))).confirmed


def _receipt(answer: BaseHTTPResponse) -> Receipt:
    told = _call.read(core.Receipt, bytes(whole(answer)))
    return Receipt(**vars(told), repeated=answer.headers.get("Idempotency-Replayed") == "true")
