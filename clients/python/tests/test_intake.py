"""Deliveries go in once, whatever they come from, and not through memory."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from metrify import Conflict, Invalid, Metrify, NewReading, NotFound
from metrify import intake as intake_module
from metrify._upload import Source

UTC = timezone.utc


def line(point: str, value: object = 1, day: int = 1) -> bytes:
    return b'{"point":"%s","quantity":"1-0:1.8.0","at":"2026-01-%02dT00:00:00Z","value":%s}\n' % (
        point.encode(),
        day,
        str(value).encode(),
    )


def test_a_delivery_is_a_path_bytes_or_a_file(m: Metrify, new_point: Callable[[], str], tmp_path: Path) -> None:
    path = tmp_path / "delivery.ndjson"
    path.write_bytes(line(new_point()))
    assert m.deliver(path, source="a path").stored == 1
    path.write_bytes(line(new_point()))
    assert m.deliver(str(path)).stored == 1
    assert m.deliver(line(new_point()), format="ndjson").format == "ndjson"
    assert m.deliver(bytearray(line(new_point()))).stored == 1
    with path.open("wb+") as file:
        file.write(b"not this\n" + line(new_point()))
        file.seek(len(b"not this\n"))
        receipt = m.deliver(file)
    assert (receipt.received, receipt.stored) == (1, 1)
    with pytest.raises(TypeError):
        m.deliver(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        m.deliver(tmp_path / "nothing")


def test_a_pipe_is_delivered_as_it_comes(m: Metrify, new_point: Callable[[], str]) -> None:
    reading, writing = os.pipe()
    text = line(new_point())

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(text)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        assert m.deliver(file).stored == 1
    thread.join()


def test_the_same_delivery_twice_is_one_delivery(m: Metrify, new_point: Callable[[], str]) -> None:
    text = line(new_point())
    first, second = m.deliver(text), m.deliver(text)
    assert (first.repeated, second.repeated) == (False, True)
    assert first.delivery == second.delivery
    anew = m.deliver(text, again=True)
    assert (anew.repeated, anew.stored, anew.duplicates) == (False, 0, 1)


def test_a_key_names_one_delivery(m: Metrify, new_point: Callable[[], str]) -> None:
    point = new_point()
    key = f"key of {point}"
    assert not m.deliver(line(point), idempotency_key=key).repeated
    assert m.deliver(line(point), idempotency_key=key).repeated
    with pytest.raises(Conflict) as told:
        m.deliver(line(point, 2), idempotency_key=key)
    assert told.value.status == 422
    with pytest.raises(Invalid):
        m.deliver(line(point), idempotency_key="k", again=True)


def test_what_is_not_understood_stands_in_the_receipt(m: Metrify, new_point: Callable[[], str]) -> None:
    point = new_point()
    receipt = m.deliver(line(point) + b'{"point":"%s","quantity":"1-0:1.8.0"}\n' % point.encode())
    assert (receipt.received, receipt.stored, receipt.rejected) == (2, 1, 1)
    assert receipt.problems[0].position == "line 2"
    account = m.receipt(receipt.delivery)
    assert (account.rejected, account.bytes > 0) == (1, True)
    [reject] = m.rejects(delivery=receipt.delivery, state="open")
    assert reject.reason == receipt.problems[0].reason
    assert point.encode() in bytes.fromhex(m.reject(reject.id).bytes)
    assert list(m.rejects(delivery=receipt.delivery, state="resolved")) == []
    with pytest.raises(Invalid, match="`nonsense` is not a format"):
        m.deliver(b"?", format="nonsense")
    with pytest.raises(NotFound):
        m.receipt("nothing")


def test_receipts_are_told_over_all_pages(m: Metrify, new_point: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    delivered = [m.deliver(line(new_point())).delivery for _ in range(5)]
    monkeypatch.setattr(intake_module, "PAGE", 2)
    told = [it.delivery for it in m.receipts()]
    assert told[:5] == delivered[::-1]
    assert len(told) == len(set(told))


def test_fifty_megabytes_are_not_held_in_memory(m: Metrify, new_point: Callable[[], str], tmp_path: Path) -> None:
    point = new_point()
    # Spaces between members mean nothing, and make the server's part of it short.
    wide = line(point).replace(b'"at"', b" " * 9_000 + b'"at"')
    path = tmp_path / "large.ndjson"
    with path.open("wb") as file:
        for number in range(50_000_000 // len(wide) + 1):
            file.write(wide.replace(b"2026-01-01T00:00", b"2026-01-01T%02d:%02d" % (number // 60 % 24, number % 60)))
    held = path.read_bytes()
    assert len(held) > 50_000_000
    # The path, an open file, and bytes that are there anyway: none of them is there a second time.
    sources: list[Source] = [path, path.open("rb"), held]
    for number, what in enumerate(sources):
        tracemalloc.start()
        try:
            receipt = m.deliver(what, source=f"large {number}")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert receipt.received > 5_000
        assert peak < 4_000_000, f"{peak} bytes for {what!r:.40}"


FRAMES: list[Callable[[dict[str, list[Any]]], Any]] = [pd.DataFrame, pl.DataFrame]


@pytest.mark.parametrize("made", FRAMES)
def test_frames_are_brought(m: Metrify, new_point: Callable[[], str], made: Callable[[dict[str, list[Any]]], Any]) -> None:
    point = new_point()
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    frame = made({"quantity": ["1-0:1.8.0"] * 2, "at": at, "value": [0.1, 1e6], "note": ["of mine", None]})
    assert m.bring(point, frame).stored == 2
    assert m.readings(point, exact=True)["value"].tolist() == [Decimal("0.1"), Decimal(1_000_000)]


def test_what_was_read_can_be_brought(m: Metrify, new_point: Callable[[], str]) -> None:
    first, second, third = new_point(), new_point(), new_point()
    m.bring(first, [NewReading(quantity="1-0:1.8.0", at="2026-01-01T00:00:00Z", value=Decimal("0.123456789012"))])
    m.bring(second, m.readings(first, exact=True))
    m.bring(third, m.polars.readings(first, exact=True))
    for point in (second, third):
        assert m.readings(point, exact=True)["value"].tolist() == [Decimal("0.123456789012")]


def test_readings_that_are_none_are_told_before_they_are_sent(m: Metrify) -> None:
    naive = pd.DataFrame({"quantity": ["load"], "at": [pd.Timestamp("2026-01-01")], "value": [1.0]})
    with pytest.raises(ValueError, match="column `at` have no zone"):
        m.bring("p", naive)
    with pytest.raises(ValueError, match="other points"):
        m.bring("p", pd.DataFrame({"point": ["q"], "quantity": ["load"]}))
    with pytest.raises(ValueError, match="no 'valeu'"):
        m.bring("p", [{"quantity": "load", "valeu": 1}])
    for wrong in ("text", NewReading(quantity="load"), {"quantity": "load"}):
        with pytest.raises(TypeError):
            m.bring("p", wrong)
