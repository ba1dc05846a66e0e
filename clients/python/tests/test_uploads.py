"""Large deliveries go in parts, and on from what is kept where a connection breaks; on the real server, and on an odd one."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from metrify import Conflict, Invalid, Metrify, Unavailable, _resumable
from metrify import intake as intake_module
from metrify.core.types import UploadState

from .conftest import Server
from .odd import KEY, RECEIPT, Odd
from .test_intake import line

PART = 1 << 20


@dataclass
class Road:
    """A way to a server on which connections break after so many bytes of the client's, one after the other; later ones hold."""

    server: str
    cuts: list[int]
    url: str = ""
    # Of all clients' bytes that came to it.
    carried: int = 0
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                with self.lock:
                    cut = self.cuts.pop(0) if self.cuts else None
                there = urlsplit(self.server)
                server = socket.create_connection((there.hostname, there.port or 0))
                threading.Thread(target=self.back, args=(server, client), daemon=True).start()
                threading.Thread(target=self.forth, args=(client, server, cut), daemon=True).start()

    def forth(self, client: socket.socket, server: socket.socket, cut: int | None) -> None:
        with contextlib.suppress(OSError):
            left = cut
            while piece := client.recv(64 << 10 if left is None else min(left, 64 << 10)):
                with self.lock:
                    self.carried += len(piece)
                server.sendall(piece)
                if left is not None:
                    left -= len(piece)
                    if left == 0:
                        with self.lock:
                            self.broken += 1
                        break
        for side in (client, server):
            # At once, without a farewell.
            with contextlib.suppress(OSError):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(64 << 10):
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def road(server: Server, *cuts: int) -> Iterator[Road]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Road(server.url, list(cuts), f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=made.serve, args=(listening,), daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)


def large(path: Path, point: str, size: int) -> int:
    """A file of so many bytes and more; tells how many readings it has."""
    # Spaces between members mean nothing, and make the server's part of it short.
    wide = line(point).replace(b'"at"', b" " * 9_000 + b'"at"')
    count = size // len(wide) + 1
    with path.open("wb") as file:
        for number in range(count):
            at = b"2026-01-%02dT%02d:%02d" % (number // 1_440 + 1, number // 60 % 24, number % 60)
            file.write(wide.replace(b"2026-01-01T00:00", at))
    return count


def test_a_large_delivery_goes_on_where_its_connection_broke(
    server: Server, m: Metrify, new_point: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_resumable, "PART_BYTES", 4 * PART)
    path = tmp_path / "large.ndjson"
    count = large(path, new_point(), 20_000_000)
    # Within the first part, within another one, and before anything of a third.
    with road(server, 3_000_000, 6_000_000, 100) as way, Metrify(way.url, server.key) as away:
        tracemalloc.start()
        try:
            receipt = away.deliver(path, source="far away", resumable=True)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (receipt.received, receipt.stored, receipt.source) == (count, count, "far away")
    assert way.broken == 3
    # What was on its way is sent again, and nothing that was kept.
    size = path.stat().st_size
    assert size < way.carried < size + 2 * 4 * PART, way.carried
    assert peak < 4_000_000, f"{peak} bytes"
    whole = m.deliver(path)
    assert (whole.repeated, whole.delivery) == (True, receipt.delivery)


def test_what_is_large_goes_in_parts_by_itself(
    m: Metrify, new_point: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "WHOLE_BYTES_MAX", 100)
    monkeypatch.setattr(_resumable, "PART_BYTES", 70)
    begun = datetime.now(timezone.utc)
    text = line(new_point()) + line(new_point(), 2)
    path = tmp_path / "delivery.ndjson"
    path.write_bytes(b"not this" + text)
    with path.open("rb") as file:
        file.seek(len(b"not this"))
        receipt = m.deliver(file)
    assert (receipt.stored, receipt.repeated) == (2, False)
    # To send in parts leaves an entry for each.
    parts = [it for it in m.audit(start=begun) if (it.action, it.resource) == ("deliver", "deliveries")]
    assert len(parts) > 1
    for what in (text, path.read_bytes()[8:], memoryview(text)):
        again = m.deliver(what, resumable=True)
        assert (again.repeated, again.delivery) == (True, receipt.delivery)
    anew = m.deliver(text, again=True)
    assert (anew.repeated, anew.duplicates) == (False, 2)
    assert m.deliver(line(new_point()), resumable=False).stored == 1
    assert m.deliver(b"", resumable=True).problems[0].reason == "the file is empty"


def test_a_pipe_is_not_sent_in_parts(m: Metrify) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as file, pytest.raises(ValueError, match="rewound"):
        m.deliver(file, resumable=True)


def test_a_key_names_one_delivery_in_parts_too(m: Metrify, new_point: Callable[[], str]) -> None:
    point = new_point()
    key = f"key of {point}"
    assert m.deliver(line(point), idempotency_key=key, resumable=True).stored == 1
    began = time.monotonic()
    with pytest.raises(Conflict) as told:
        m.deliver(line(point, 2), idempotency_key=key, resumable=True)
    assert told.value.status == 422
    with pytest.raises(Invalid, match="`nonsense` is not a format"):
        m.deliver(line(point), format="nonsense", resumable=True)
    assert time.monotonic() - began < 30, "what does not pass is not waited for"


def state(offset: int, complete: bool = False) -> dict[str, object]:
    return {"id": "u1", "offset": offset, "length": 8, "complete": complete, "expires_at": "2026-01-01T00:00:00Z"}


def asked(odd: Odd) -> list[tuple[str, str | None, bytes]]:
    return [(request, headers.get("Upload-Offset"), body) for request, headers, body in odd.asked]


def test_it_goes_on_from_what_is_kept(odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_resumable, "PART_BYTES", 4)
    monkeypatch.setattr("metrify._http.PAUSE_FIRST_S", 0.01)
    part, at = "PATCH /api/v1/uploads/u1", "GET /api/v1/uploads/u1"
    # Less is kept than was thought; the answer to the last part is lost.
    odd.then(201, state(0)).then(204, b"").then(409).then(200, state(3)).then(204, b"").then(0)
    odd.then(200, state(8, True)).then(200, RECEIPT)
    assert Metrify(odd.url, KEY).deliver(io.BytesIO(b"01234567"), resumable=True).delivery == "d"
    assert asked(odd) == [
        ("POST /api/v1/uploads", None, b""),
        (part, "0", b"0123"),
        (part, "4", b"4567"),
        (at, None, b""),
        (part, "3", b"3456"),
        (part, "7", b"7"),
        (at, None, b""),
        (part, "8", b""),
    ]
    ends = [headers["Upload-Complete"] for request, headers, _ in odd.asked if request == part]
    assert ends == ["?0", "?1", "?0", "?1", "?1"]
    keys = {headers.get("Idempotency-Key") for _, headers, _ in odd.asked if headers.get("Upload-Complete") == "?1"}
    assert len(keys) == 1
    assert None not in keys


def test_what_cannot_be_sent_is_given_up(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrify._http.PAUSE_FIRST_S", 0.2)
    odd.then(201, state(0)).then(400, {"type": "urn:metrify:problem:invalid", "title": "t"}).then(204, b"")
    with pytest.raises(Invalid):
        Metrify(odd.url, KEY).deliver(b"01234567", resumable=True)
    assert odd.asked[-1][0] == "DELETE /api/v1/uploads/u1"
    # Where nothing gets on for as long as may be waited, and giving up fails as well.
    odd.then(201, state(0))
    for _ in range(9):
        odd.then(503)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Metrify(odd.url, KEY, wait_max=0.5).deliver(b"01234567", resumable=True)
    assert time.monotonic() - began < 5
    assert odd.asked[-1][0] == "DELETE /api/v1/uploads/u1"
    odd.answers.clear()
    # A file that becomes shorter on the way is no delivery.
    path = tmp_path / "shrinking"
    path.write_bytes(b"01234567")

    def shrink(*_: object) -> UploadState:
        path.write_bytes(b"0123")
        return UploadState(complete=False, expires_at=datetime.now(timezone.utc), id="u1", offset=0)

    monkeypatch.setattr(_resumable, "_state", shrink)
    odd.then(201, state(0)).then(204, b"")
    with pytest.raises(ValueError, match="shorter"):
        Metrify(odd.url, KEY).deliver(path, resumable=True)
