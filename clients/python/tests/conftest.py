"""The real server, once for all tests: the program that METRIFY names. Each test has points of its own."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from metrify import Metrify

from .odd import odd as odd

START_S_MAX = 60.0
# Ports are tried in turn: somebody else may be quicker to take one.
PORTS = range(8410, 8500)
# Settings of whoever runs the tests are none of theirs.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("METRIFY_")}


@dataclass(frozen=True)
class Server:
    url: str
    key: str


def program() -> str:
    named = os.environ.get("METRIFY")
    if not named:
        pytest.skip("SKIPPED: METRIFY names no program to serve")
    return named


def started(metrify: str, data: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server that answers, and its url."""
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        log = (data / "log").open("wb")
        command = [metrify, "--data-dir", str(data / "data"), "up", "--listen", f"127.0.0.1:{port}"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + START_S_MAX
        while process.poll() is None and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{url}/health/live", timeout=1) as answer:
                    if json.load(answer)["process"] == process.pid:
                        return process, url
            except OSError:
                time.sleep(0.05)
        process.kill()
        process.wait()
        told = (data / "log").read_text()
        if "in use" not in told:
            raise AssertionError(f"the server did not start within {START_S_MAX} s: {told}")
    raise AssertionError(f"no port of {PORTS} is free")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    metrify, data = program(), tmp_path_factory.mktemp("metrify")
    process, url = started(metrify, data)
    try:
        command = [metrify, "--data-dir", str(data / "data"), "key", "create", "--role", "admin", "-o", "json"]
        issued = json.loads(subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT).stdout)
        yield Server(url, issued["key"])
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def m(server: Server) -> Iterator[Metrify]:
    with Metrify(server.url, server.key) as client:
        yield client


@pytest.fixture(scope="session")
def new_point() -> Callable[[], str]:
    """An id of a meter that no other test has."""
    numbers = itertools.count(1)
    return lambda: f"1EMH{next(numbers):010}"
