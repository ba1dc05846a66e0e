"""A call as a value: what is to be sent, and as what the answer is to be read. Nothing here touches a network.

Numbers are read and written with all their digits: JSON's are `Decimal` on both sides, never by way of a float.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from ._upload import Upload as Upload

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request that was not sent yet, and the type of its answer; `bytes` where that is a file."""

    answer: type[T]
    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str | int | None] = field(default_factory=dict)
    body: object = None
    accept: str = "application/json"
    # Whether something is another after it than before.
    changes: bool = True

    @property
    def repeatable(self) -> bool:
        """Whether it does no harm to send it twice."""
        return self.method == "GET" or not self.changes or bool(self.headers.get("Idempotency-Key"))


def quoted(part: str) -> str:
    """One part of a path: an id may hold whatever its owner likes, but is not nothing.

    Raises ValueError where it is empty, or leads to another path.
    """
    if part in ("", ".", ".."):
        raise ValueError(f"`{part}` is no id")
    return quote(part, safe="")


def written(value: object) -> str:
    """A value as JSON. What is `None` in a data class is left away.

    Raises ValueError for numbers that JSON has no word for, TypeError for what is none of ours.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number of JSON")
        return str(value)
    if isinstance(value, (datetime, date)):
        return json.dumps(value.isoformat())
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{written(item)}" for key, item in value.items()) + "}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        said = {it.name: getattr(value, it.name) for it in dataclasses.fields(value)}
        return written({name: item for name, item in said.items() if item is not None})
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def read(kind: type[T], text: bytes) -> T:
    """An answer of JSON. Members that this version does not know are passed over.

    Raises ValueError where it is none of that type.
    """
    return typing.cast(T, _read(kind, json.loads(text, parse_float=Decimal)))


def _read(kind: Any, told: Any) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if told is None else _read(next(part for part in parts if part is not type(None)), told)
    if origin is list:
        return [_read(parts[0], item) for item in told]
    if dataclasses.is_dataclass(origin or kind):
        return _read_object(origin or kind, parts, told)
    if kind is datetime:
        return datetime.fromisoformat(told.replace("Z", "+00:00"))
    if kind is date:
        return date.fromisoformat(told)
    if kind in (Decimal, float):
        return kind(told)
    return told


def _read_object(kind: Any, parts: tuple[Any, ...], told: Any) -> Any:
    values = {}
    for name, hint in _hints(kind).items():
        if name in told:
            values[name] = _read(parts[0] if isinstance(hint, TypeVar) else _bound(hint, parts), told[name])
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _bound(hint: Any, parts: tuple[Any, ...]) -> Any:
    """`list[T]` of a `Listed[Meter]` is a `list[Meter]`."""
    return hint[parts] if getattr(hint, "__parameters__", ()) else hint


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
