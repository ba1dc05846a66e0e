"""The generated core fits the description that is committed, and reads and writes without losing a digit."""

from __future__ import annotations

import inspect
import json
import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from metrify import _call
from metrify.core import calls, types

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import generate  # noqa: E402 - it is no part of the package


def test_the_core_is_what_the_description_makes() -> None:
    made = generate.generate(json.loads(generate.OPENAPI.read_text("utf-8")))
    stale = [name for name, text in made.items() if (generate.CORE / name).read_text("utf-8") != text]
    assert not stale, "openapi.json has changed: run `python generate.py`"


def test_each_operation_has_a_function() -> None:
    said = json.loads(generate.OPENAPI.read_text("utf-8"))["paths"]
    operations = {generate.snake(it["operationId"]) for methods in said.values() for it in methods.values()}
    made = {name for name, it in inspect.getmembers(calls, inspect.isfunction) if it.__module__ == calls.__name__}
    assert made - {"quoted"} == operations


def test_an_answer_is_read_with_all_its_digits() -> None:
    text = b"""{"next": null, "unheard_of": 1, "results": [{"day": "2026-03-29", "quantity": "1-0:1.29.0", "points": 1,
        "readings": 2, "missing": 0, "faulty": 0, "unmeasured": 0, "overlapping": 0, "overlong": 0, "too_large": 0,
        "total": 12345678901234567890.123456789012, "minimum": 1}]}"""
    read = _call.read(types.Listed[types.Consumption], text)
    assert read.next is None
    assert read.results[0].total == Decimal("12345678901234567890.123456789012")
    assert read.results[0].day == date(2026, 3, 29)
    assert (read.results[0].minimum, read.results[0].maximum) == (Decimal(1), None)


def test_a_receipt_holds_receipts() -> None:
    inner: dict[str, Any] = dict.fromkeys(
        ["received", "stored", "duplicates", "corrections", "rejected", "problems_total", "findings"], 0
    )
    inner |= {"source": "s", "format": "f", "delivery": "d", "problems": [{"position": "line 1", "reason": "r"}]}
    read = _call.read(types.Receipt, json.dumps({**inner, "members": [inner]}).encode())
    assert read.members[0].problems == [types.ReceiptProblem(position="line 1", reason="r")]


@pytest.mark.parametrize("text", [b"{}", b"[]", b"7", b"{", b'{"results": 7}'])
def test_what_is_no_answer_is_told(text: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        _call.read(types.Listed[types.Meter], text)


def test_a_body_is_written_with_all_its_digits() -> None:
    reading = types.NewReading(quantity="load", value=Decimal("12345678901234567890.123456789012"))
    assert _call.written([reading]) == '[{"quantity":"load","value":12345678901234567890.123456789012}]'
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert _call.written({"ü": at, "no": None}) == '{"\\u00fc":"2026-01-01T00:00:00+00:00","no":null}'
    for wrong in (Decimal("NaN"), float("inf")):
        with pytest.raises(ValueError, match=r"JSON"):
            _call.written(wrong)
    with pytest.raises(TypeError):
        _call.written(object())


def test_an_id_stays_one_part_of_the_path() -> None:
    assert calls.get_meter("a/b?c#ü").path == "/api/v1/smart-meters/a%2Fb%3Fc%23%C3%BC"
    for wrong in ("", ".", ".."):
        with pytest.raises(ValueError, match="is no id"):
            calls.get_meter(wrong)


def test_a_key_is_in_no_repr() -> None:
    known = {"version": 1, "known_from": datetime.now(timezone.utc), "id": "i", "title": "t", "role": "admin", "purposes": []}
    issued = types.Issued(key="mk_secret", status="active", **known)  # type: ignore[arg-type]
    assert issued.key == "mk_secret"
    assert "mk_secret" not in repr(issued)
