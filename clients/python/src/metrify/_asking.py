"""What all parts of the surface have in common: they ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from urllib3 import BaseHTTPResponse

from . import _call
from ._call import Call
from ._http import Http, whole
from .core.types import Listed
from .errors import Internal

T = TypeVar("T")

# Things of a page: the most that the server gives at once.
PAGE = 1_000


class Asking:
    """Sends calls of the generated core, `metrify.core.calls`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def ask(self, call: Call[T]) -> T:
        """Sends a call and reads its answer; an answer that is a file comes as bytes.

        This is how everything is reached that has no method: `m.ask(calls.list_roles())`.

        Raises MetrifyError: each method here may, and says only what is its own.
        """
        return self._http.send(call, lambda answer: self._read(call, answer))

    def _read(self, call: Call[T], answer: BaseHTTPResponse) -> T:
        body = bytes(whole(answer))
        if call.answer is bytes:
            return body  # type: ignore[return-value]
        # What was done, and has nothing to say.
        if call.answer is type(None) or answer.status == 204:
            return None  # type: ignore[return-value]
        try:
            return _call.read(call.answer, body)
        except (ValueError, TypeError, KeyError) as error:
            request_id = answer.headers.get("X-Request-Id")
            hint = "look whether client and server are of the same version"
            step = f"read the answer of {call.method} {call.answer}: {error}"
            raise Internal(step, kind="internal", hint=hint, request_id=request_id) from error

    def _pages(self, page: Callable[[str | None], Call[Listed[T]]]) -> Iterator[T]:
        """All things of a list, page by page, each when it is needed."""
        cursor: str | None = None
        while True:
            told = self.ask(page(cursor))
            yield from told.results
            if told.next is None:
                return
            if told.next == cursor:
                raise Internal("read the list: its next page is the same again", kind="internal")
            cursor = told.next


def tag(version: int | None) -> str | None:
    """A version as the entity tag of `If-Match`."""
    return None if version is None else f'"{version}"'
