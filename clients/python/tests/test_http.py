"""What happens when a server is busy, gone, or odd: a tiny one of the test answers as it is told, over real connections."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import BinaryIO

import pytest

from metrify import Busy, Denied, Internal, Invalid, Metrify, MetrifyError, Unavailable, Unidentified

from .odd import KEY, METER, RECEIPT, Odd


@contextlib.contextmanager
def took(least: float, most: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began <= most


@pytest.mark.parametrize("status", [429, 503])
def test_a_delivery_comes_back_when_it_is_told_to(odd: Odd, status: int) -> None:
    odd.then(status, Retry_After="1").then(200, RECEIPT)
    with took(1.0, 5.0):
        assert Metrify(odd.url, KEY).deliver(io.BytesIO(b"the same body")).delivery == "d"
    assert [body for _, _, body in odd.asked] == [b"the same body"] * 2
    keys = {headers["Idempotency-Key"] for _, headers, _ in odd.asked}
    assert len(keys) == 1


def test_a_door_that_is_closed_before_the_body_was_read_is_come_back_to(odd: Odd) -> None:
    odd.then(429, Unread="yes").then(200, RECEIPT)
    assert Metrify(odd.url, KEY).deliver(bytes(20_000_000)).delivery == "d"
    assert [len(body) for _, _, body in odd.asked] == [0, 20_000_000]


def test_a_broken_connection_is_tried_again_where_it_does_no_harm(odd: Odd) -> None:
    odd.then(0).then(200, METER)
    assert Metrify(odd.url, KEY).meter("p").id == "p"
    odd.then(0).then(200, RECEIPT)
    assert Metrify(odd.url, KEY).deliver(b"?").delivery == "d"
    odd.then(0)
    with pytest.raises(Unavailable):
        Metrify(odd.url, KEY).register_meter("p")
    assert len(odd.asked) == 5


def test_what_changes_something_is_not_sent_twice_but_after_429(odd: Odd) -> None:
    odd.then(503, Retry_After="0")
    with pytest.raises(Unavailable):
        Metrify(odd.url, KEY).register_meter("p")
    odd.then(429, Retry_After="0").then(201, METER)
    assert Metrify(odd.url, KEY).register_meter("p").id == "p"


def test_waiting_has_an_end(odd: Odd) -> None:
    odd.then(429, {"type": "urn:metrify:problem:busy", "title": "t"}, Retry_After="3600")
    with took(0, 1), pytest.raises(Busy) as told:
        Metrify(odd.url, KEY).meter("p")
    assert (told.value.retry_after_s, told.value.kind) == (3600, "busy")
    for _ in range(9):
        odd.then(503)
    with took(1, 3), pytest.raises(Unavailable):
        Metrify(odd.url, KEY, wait_max=2).meter("p")
    odd.answers.clear()
    odd.then(503)
    with pytest.raises(Unavailable):
        Metrify(odd.url, KEY, wait_max=0).meter("p")


def test_a_time_to_come_back_may_be_a_date(odd: Odd) -> None:
    odd.then(429, Retry_After=formatdate(time.time() + 2, usegmt=True)).then(200, METER)
    with took(0.5, 4):
        Metrify(odd.url, KEY).meter("p")


def test_what_cannot_be_rewound_is_sent_once(odd: Odd) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pipe: BinaryIO = Pipe(b"x" * 1_000_000)
    odd.then(429, Retry_After="0")
    with pytest.raises(Busy):
        Metrify(odd.url, KEY).deliver(pipe)
    assert len(odd.asked[0][2]) == 1_000_000


def test_an_answer_that_breaks_off_is_none(odd: Odd) -> None:
    odd.then(200, b"{", Content_Length="100").then(200, METER)
    # The server keeps the connection open: nothing comes for a while, then it is asked anew.
    assert Metrify(odd.url, KEY, timeout=0.2).meter("p").id == "p"


def test_who_says_nothing_is_not_waited_for(odd: Odd) -> None:
    odd.then(200, b"{", Content_Length="100")
    with took(0.2, 2), pytest.raises(Unavailable) as told:
        Metrify(odd.url, KEY, timeout=0.2, wait_max=0).meter("p")
    assert (told.value.status, "`timeout`" in str(told.value)) == (None, True)


def test_answers_of_others_are_told_all_the_same(odd: Odd) -> None:
    cases: list[tuple[int, object, type[MetrifyError]]] = [
        (401, b"<html>", Unidentified),
        (403, b"", Denied),
        (302, b"", Internal),
        (400, [1], Invalid),
        (500, {"type": "urn:metrify:problem:corrupt", "title": "t"}, MetrifyError),
        (200, b"<html>", Internal),
        (200, {}, Internal),
    ]
    for status, body, kind in cases:
        odd.then(status, body, X_Request_Id="r-1", Location="http://127.0.0.1:1/")
        with pytest.raises(kind) as told:
            Metrify(odd.url, KEY).meter("p")
        assert told.value.request_id == "r-1"
    assert len(odd.asked) == len(cases)


def test_a_server_that_is_not_there_is_told() -> None:
    with took(0.5, 3), pytest.raises(Unavailable, match="whether the server is up"):
        Metrify("http://127.0.0.1:9", KEY, wait_max=1).meter("p")


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://h", "http://", "http://u:secret@h", "http://h?key=secret", "http://h#x"]
)
def test_a_url_that_is_none_is_told_without_it(url: str) -> None:
    with pytest.raises(ValueError, match="the url") as told:
        Metrify(url, KEY)
    assert "secret" not in str(told.value)


def test_the_key_is_in_its_header_and_nowhere_else(odd: Odd, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    m = Metrify(odd.url + "/", KEY, "metering")
    odd.then(429, Retry_After="0").then(404, b"{}")
    with pytest.raises(MetrifyError) as told:
        m.meter("p")
    for text in (repr(m), repr(told.value), str(told.value), caplog.text, str(vars(told.value))):
        assert KEY not in text
    assert "busy: trying again in 0.0 s" in caplog.text
    path, headers, _ = odd.asked[0]
    assert path == "GET /api/v1/smart-meters/p"
    assert (headers["X-API-Key"], headers["Metrify-Purpose"]) == (KEY, "metering")
    with pytest.raises(ValueError, match="key") as wrong:
        Metrify(odd.url, KEY + "\n")
    assert KEY not in str(wrong.value)


def test_a_list_that_does_not_end_is_left(odd: Odd) -> None:
    for _ in range(3):
        odd.then(200, {"results": [METER], "next": "here"})
    with pytest.raises(Internal, match="the same again"):
        list(Metrify(odd.url, KEY).meters())


def test_threads_may_share_it(odd: Odd) -> None:
    m = Metrify(odd.url, KEY)
    for _ in range(20):
        odd.then(200, METER)
    found: list[str] = []
    ask: Callable[[], None] = lambda: found.extend(m.meter("p").id for _ in range(5))  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["p"] * 20
