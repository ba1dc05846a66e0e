"""Large deliveries in parts: where a connection breaks, they go on from what the server kept (`/api/v1/uploads`)."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from urllib3 import BaseHTTPResponse

from . import _call
from ._call import Call, Upload
from ._http import Http, pause_s, whole
from .core import calls
from .core.types import UploadState
from .errors import Busy, Conflict, MetrifyError, Unavailable

R = TypeVar("R")

# Bytes of a part: what is sent before the server says that it is kept.
PART_BYTES = 32 << 20

log = logging.getLogger("metrify")


def deliver(http: Http, body: Upload, said: Mapping[str, Any], key: str | None, read: Callable[[BaseHTTPResponse], R]) -> R:
    """Sends bytes whose length is known in parts, and makes of the last answer what `read` does.

    `said` is what is said of the delivery beside its bytes, `key` its Idempotency-Key. `wait_max` seconds may pass without a byte
    more that is kept.

    Raises what the server says where it takes none of it, and OSError and ValueError where the bytes cannot be read.
    """
    length = body.length or 0
    # An upload that was begun and that nobody knows of is deleted in a day: to begin it twice does no harm.
    begun = dataclasses.replace(calls.begin_upload(upload_length=length), changes=False)
    id = http.send(begun, _state).id
    try:
        return _Sending(http, id, body, length, dict(said), key).all(read)
    except Exception:
        # Where it cannot be given up either, the server does so in a day; why it could not be sent says more.
        with contextlib.suppress(MetrifyError):
            http.once(calls.give_upload_up(id), whole)
        raise


class _Sending:
    """An upload as this side knows it."""

    def __init__(self, http: Http, id: str, body: Upload, length: int, said: dict[str, Any], key: str | None) -> None:
        self.http, self.id, self.body, self.length, self.said, self.key = http, id, body, length, said, key
        # Bytes that are kept.
        self.offset = 0

    def all(self, read: Callable[[BaseHTTPResponse], R]) -> R:
        # Tries in which nothing more was kept, and since when.
        tried, since = 0, 0.0
        while True:
            before = self.offset
            end = min(before + PART_BYTES, self.length)
            try:
                if end == self.length:
                    return self.http.once(self.part(end), read)
                self.http.once(self.part(end), whole)
                self.offset = end
            except (Busy, Unavailable, Conflict) as failure:
                pause = pause_s(failure, tried)
                if not may_pass(failure) or pause > self.http.wait_max:
                    raise
                log.info("%s: going on in %s s (request %s)", failure.kind, pause, failure.request_id)
                time.sleep(pause)
                self.offset = self.http.send(calls.upload(self.id), _state).offset
                since = since if tried else time.monotonic()
                tried += 1
                if self.offset <= before and time.monotonic() - since > self.http.wait_max:
                    raise
            if self.offset > before:
                tried = 0

    def part(self, end: int) -> Call[Any]:
        last = end == self.length
        return calls.append_to_upload(
            self.id,
            self.body.part(self.offset, end),
            **self.said,
            upload_offset=self.offset,
            upload_complete="?1" if last else "?0",
            idempotency_key=self.key if last else None,
        )


def may_pass(failure: MetrifyError) -> bool:
    """More or less may be kept than was thought (409); that the key is another delivery's (422) does not pass."""
    return not isinstance(failure, Conflict) or failure.status == 409


def _state(answer: BaseHTTPResponse) -> UploadState:
    return _call.read(UploadState, bytes(whole(answer)))
