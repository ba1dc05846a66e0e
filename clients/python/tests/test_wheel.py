"""The wheel is what users get: built as the Makefile builds it, installed into a venv that has nothing else, and used.

Slow, and it asks PyPI: only where WHEELS names the folder that the wheel was built into.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from metrify import Metrify, __version__

from .conftest import Server


@pytest.fixture(scope="module")
def wheel() -> Path:
    wheels = os.environ.get("WHEELS")
    if not wheels:
        pytest.skip("SKIPPED: WHEELS names no folder with the wheel")
    return Path(wheels) / f"metrify_client-{__version__}-py3-none-any.whl"


def test_the_wheel_holds_the_package_and_nothing_of_this_machine(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        assert {it.split("/")[0] for it in names} == {"metrify", f"metrify_client-{__version__}.dist-info"}
        assert {"metrify/py.typed", "metrify/core/calls.py", "metrify/core/types.py"} <= set(names)
        for name in names:
            assert not re.search(rb"/(work|home|root|tmp|Users)/", packed.read(name)), name


def test_three_lines_in_a_clean_venv(
    wheel: Path, server: Server, m: Metrify, new_point: Callable[[], str], tmp_path: Path
) -> None:
    point = new_point()
    m.bring(point, [{"quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00+01:00", "value": 1725.5}])
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path)], check=True)
    python = tmp_path / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[pandas]"], check=True)
    text = f"""
from metrify import Metrify
m = Metrify({server.url!r}, {server.key!r})
print(m.readings({point!r}, "2026-01-01", "2026-02-01")["value"].tolist())
"""
    ran = subprocess.run([python, "-I", "-c", text], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "[1725.5]\n"
