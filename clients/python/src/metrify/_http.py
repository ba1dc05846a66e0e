"""Sends calls: over connections that are kept, a body piece by piece, again where the server says to come back.

The key is in one header and nowhere else: no redirect is followed, nothing of a request is logged but that it has to wait.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ReadTimeoutError, SSLError

from ._call import Call, Upload, written
from ._version import __version__
from .errors import Busy, MetrifyError, Unavailable, problem

R = TypeVar("R")

CONNECT_TIMEOUT_S = 10.0
# That are kept; threads beyond it open others.
CONNECTIONS = 8
# How long to wait where nobody says: doubled with every try, up to the second.
PAUSE_FIRST_S, PAUSE_MAX_S = 0.5, 8.0
# Of an answer that is taken at once, and of an error.
PIECE_BYTES, PROBLEM_BYTES_MAX = 1 << 20, 1 << 20

log = logging.getLogger("metrify")


class Http:
    """The connections to one server, of one key. Threads may share it."""

    def __init__(self, url: str, key: str, purpose: str | None, timeout: float, wait_max: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("the url is one of a server, such as http://localhost:8000")
        if parts.username or parts.password:
            raise ValueError("the url holds a password: give the key beside it")
        if not key or not key.isascii() or not key.isprintable():
            raise ValueError("the key is empty, or none")
        self.url = url.rstrip("/")
        self.purpose = purpose
        self.wait_max = wait_max
        self._headers = {"X-API-Key": key, "User-Agent": f"metrify-python/{__version__}"}
        if purpose:
            self._headers["Metrify-Purpose"] = purpose
        proxy = getproxies().get(parts.scheme)
        timeouts = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=timeout)
        self._pool: urllib3.PoolManager = (
            urllib3.ProxyManager(proxy, timeout=timeouts, maxsize=CONNECTIONS)
            if proxy and not proxy_bypass(parts.hostname)
            else urllib3.PoolManager(timeout=timeouts, maxsize=CONNECTIONS)
        )

    def close(self) -> None:
        self._pool.clear()

    def send(self, call: Call[Any], consume: Callable[[BaseHTTPResponse], R]) -> R:
        """What `consume` makes of the answer; it may be called again where the answer broke off.

        429 is always tried again, since nothing was taken then; 503 and broken connections where that does no harm; for
        `wait_max` seconds in all.
        """
        until = time.monotonic() + self.wait_max
        for tried in count():
            try:
                return self.once(call, consume)
            except (Busy, Unavailable) as error:
                failure = error
            pause = pause_s(failure, tried)
            if not may_repeat(call, failure) or time.monotonic() + pause > until:
                raise failure
            log.info("%s: trying again in %s s (request %s)", failure.kind, pause, failure.request_id)
            time.sleep(pause)
        raise AssertionError("unreachable")

    def once(self, call: Call[Any], consume: Callable[[BaseHTTPResponse], R]) -> R:
        """What `consume` makes of the answer. Raises Unavailable where there is none, or a part of one."""
        try:
            return self._try(call, consume)
        except HTTPError as error:
            raise unreachable(self.url, error) from error

    def _try(self, call: Call[Any], consume: Callable[[BaseHTTPResponse], R]) -> R:
        said = {name: value for name, value in call.query.items() if value is not None}
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in said.items()}
        url = self.url + call.path + ("?" + urlencode(texts) if texts else "")
        headers = {**self._headers, "Accept": call.accept}
        headers |= {name: str(value) for name, value in call.headers.items() if value is not None}
        body: Iterator[bytes] | bytes | None = None
        if isinstance(call.body, Upload):
            headers.setdefault("Content-Type", "application/octet-stream")
            if call.body.length is not None:
                headers["Content-Length"] = str(call.body.length)
            body = call.body.pieces()
        elif call.body is not None:
            headers["Content-Type"] = "application/json"
            body = written(call.body).encode()
        answer = self._pool.request(
            call.method, url, body=body, headers=headers, preload_content=False, redirect=False, retries=False
        )
        # A connection whose answer was read to its end went back to the pool by itself; others are of no use.
        with closing(answer):
            if 200 <= answer.status < 300:
                return consume(answer)
            told = answer.read(PROBLEM_BYTES_MAX)
            raise problem(answer.status, answer.headers, told, retry_after_s(answer.headers.get("Retry-After")))


def whole(answer: BaseHTTPResponse) -> bytearray:
    """All of a body, held once."""
    gathered = bytearray()
    for piece in answer.stream(PIECE_BYTES):
        gathered += piece
    return gathered


def pause_s(failure: MetrifyError, tried: int) -> float:
    """How long to wait after so many tries: as the server says, or else longer each time."""
    said = failure.retry_after_s
    return min(PAUSE_FIRST_S * 2**tried, PAUSE_MAX_S) if said is None else said


def may_repeat(call: Call[Any], failure: MetrifyError) -> bool:
    if isinstance(call.body, Upload) and not call.body.again:
        return False
    if isinstance(failure.__cause__, SSLError):
        return False
    return isinstance(failure, Busy) or call.repeatable


def retry_after_s(said: str | None) -> float | None:
    """Seconds, or the time of day of a server (RFC 9110, 10.2.3)."""
    if not said:
        return None
    if said.strip().isdecimal():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (at - datetime.now(timezone.utc)).total_seconds()) if at.tzinfo else None


def unreachable(url: str, error: HTTPError) -> Unavailable:
    """A connection that could not be made, or broke off."""
    if isinstance(error, SSLError):
        hint = "look whether the certificate is one that this machine trusts"
    elif isinstance(error, ReadTimeoutError) and not isinstance(error, ConnectTimeoutError):
        hint = "give a longer `timeout`, or ask for less"
    else:
        hint = "look whether the server is up, and the url is right"
    return Unavailable(f"reach {url}: {error}", kind="unavailable", hint=hint)
