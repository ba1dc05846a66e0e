"""What goes wrong, as coarse as a caller can act on. Every error is a `MetrifyError`; its kind is the server's (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class MetrifyError(Exception):
    """Something went wrong: the step, why, and what can be done about it."""

    def __init__(
        self,
        detail: str,
        *,
        kind: str,
        status: int | None = None,
        hint: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        # The step that failed, and why.
        self.detail = detail
        # `invalid`, `not_found`, `denied`, `conflict`, `busy`, `unavailable`, `corrupt` or `internal`.
        self.kind = kind
        # Of HTTP; `None` where there was no answer.
        self.status = status
        # What can be done about it.
        self.hint = hint
        # The name that the server, its log and its audit log have for the request.
        self.request_id = request_id
        # When to come back, in seconds, where the server said so.
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        more = [f"hint: {self.hint}" if self.hint else "", f"request {self.request_id}" if self.request_id else ""]
        told = "; ".join(part for part in more if part)
        return f"{self.detail} ({told})" if told else self.detail


class Invalid(MetrifyError):
    """What was asked makes no sense as it stands (400, 405, 406, 413, 415)."""


class Denied(MetrifyError):
    """No policy allows it (403)."""


class Unidentified(Denied):
    """No key came with the request, or it opens nothing (401)."""


class NotFound(MetrifyError):
    """There is none of this name (404)."""


class Conflict(MetrifyError):
    """Somebody else was first (409), or an Idempotency-Key was given to another delivery (422)."""


class Busy(MetrifyError):
    """So much is being done already that it has to come again later (429). Nothing was taken."""


class Unavailable(MetrifyError):
    """It may work later (503), or the server could not be reached or did not answer in time (no status)."""


class Corrupt(MetrifyError):
    """Something that is kept is not as it was written (500)."""


class Internal(MetrifyError):
    """The server failed, or answered what this client cannot read (500)."""


KINDS: dict[str, type[MetrifyError]] = {
    "invalid": Invalid,
    "denied": Denied,
    "not_found": NotFound,
    "conflict": Conflict,
    "busy": Busy,
    "unavailable": Unavailable,
    "corrupt": Corrupt,
    "internal": Internal,
}

# Of a text that is told in place of a problem.
TEXT_BYTES_MAX = 300

# Of answers that are no problem of Metrify: whatever stands between may answer, too.
OF_STATUS = {
    401: "denied",
    403: "denied",
    404: "not_found",
    409: "conflict",
    429: "busy",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


def problem(status: int, headers: Mapping[str, str], body: bytes, retry_after_s: float | None) -> MetrifyError:
    """The error that an answer tells of."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        told = {}
    kind = str(told.get("type", "")).rpartition(":")[2]
    if kind not in KINDS:
        kind = OF_STATUS.get(status, "invalid" if 400 <= status < 500 else "internal")
    made = Unidentified if status == 401 else KINDS[kind]
    text = body[:TEXT_BYTES_MAX].decode(errors="replace") if headers.get("Content-Type", "").startswith("text/plain") else ""
    return made(
        str(told.get("detail") or told.get("title") or text or f"answered with status {status}"),
        kind=kind,
        status=status,
        hint=told.get("hint"),
        request_id=headers.get("X-Request-Id"),
        retry_after_s=retry_after_s,
    )
