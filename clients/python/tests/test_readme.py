"""What README.md shows, runs as it stands: all of it in turn, on a server of its own."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from metrify import Metrify

from .conftest import ENVIRONMENT, program, started

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrify = program()
    process, url = started(metrify, tmp_path)
    try:
        command = [metrify, "--data-dir", str(tmp_path / "data"), "key", "create", "--role", "admin", "-o", "json"]
        key = json.loads(subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT).stdout)["key"]
        monkeypatch.chdir(tmp_path)
        line = {"point": "1EMH0010599732", "quantity": "1-0:1.8.0", "at": "2026-01-01T00:00:00+01:00", "value": 1725.5}
        (tmp_path / "readings.ndjson").write_text(json.dumps(line))
        names: dict[str, object] = {"key": key}
        blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
        assert len(blocks) > 5
        for block in blocks:
            exec(block.replace("http://localhost:8000", url), names)  # noqa: S102 - that is the test
        told = Metrify(url, key).readings("1EMH0010599732", "2026-01-01", "2026-02-01")
        assert len(told) == 1
    finally:
        process.terminate()
        process.wait(30)
