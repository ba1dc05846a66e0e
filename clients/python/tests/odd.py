"""A tiny server that answers as a test tells it to, over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

KEY = "mk_0123_abcdef"
RECEIPT = dict.fromkeys(["received", "stored", "duplicates", "corrections", "rejected", "problems_total", "findings"], 0)
RECEIPT |= {"source": "s", "format": "f", "delivery": "d", "problems": []}  # type: ignore[dict-item]
METER = {"id": "p", "status": "active", "version": 1, "known_from": "2026-01-01T00:00:00Z"}


@dataclass
class Odd:
    """Answers with these in turn, and keeps what it was asked."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def then(self, status: int, body: object = None, **headers: str) -> Odd:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, told, body if isinstance(body, bytes) else json.dumps(body).encode()))
        return self


@pytest.fixture
def odd() -> Iterator[Odd]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            if "Unread" in told.answers[0][1]:
                told.asked.append((self.path, dict(self.headers), b""))
                self.send_response(told.answers.pop(0)[0])
                self.send_header("Retry-After", "0")
                self.close_connection = True
                self.end_headers()
                return
            length = self.headers.get("Content-Length")
            body = self.rfile.read(int(length)) if length else self.chunks()
            told.asked.append((f"{self.command} {self.path}", dict(self.headers), body))
            status, headers, text = told.answers.pop(0)
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def chunks(self) -> bytes:
            body = b""
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            return body

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Odd(f"http://127.0.0.1:{serving.server_port}")
    threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
    yield told
    serving.shutdown()
    serving.server_close()
