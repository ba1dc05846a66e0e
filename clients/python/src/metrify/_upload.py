"""The body of a delivery, a piece at a time: never more of it in memory than the caller already had there, and one piece."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Bytes that are read and sent at once.
PIECE_BYTES = 256 << 10


@dataclass(frozen=True)
class Upload:
    """Bytes to be sent: begun anew by `pieces` for every try."""

    # From a place in them on.
    read: Callable[[int], Iterator[bytes]]
    # `None` where nobody knows before the end.
    length: int | None
    # Whether they can be read a second time, and from any place.
    again: bool = True

    def pieces(self) -> Iterator[bytes]:
        """All of them."""
        return self.read(0)

    def part(self, begin: int, end: int) -> Upload:
        """Those from `begin` to before `end`, which both lie within.

        Its pieces raise ValueError where the file became shorter meanwhile.
        """
        return Upload(lambda place: _cut(self.read(begin + place), end - begin - place), end - begin, self.again)


# What a delivery can be sent from.
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def upload(what: Source) -> Upload:
    """Of a path, of bytes, or of a file that was opened with mode `rb`, from where it stands.

    Raises OSError where there is no such file, TypeError where it is no file of bytes.
    """
    if isinstance(what, (bytes, bytearray, memoryview)):
        view = memoryview(what).cast("B")
        return Upload(lambda place: _slices(view[place:]), len(view))
    if isinstance(what, (str, os.PathLike)):
        path = Path(what)
        return Upload(lambda place: _of_path(path, place), path.stat().st_size)
    if isinstance(what, io.TextIOBase) or not hasattr(what, "read"):
        raise TypeError("a delivery is a path, bytes, or a file that was opened with mode `rb`")
    if not what.seekable():
        return Upload(lambda _: _of_file(what), None, again=False)
    begin = what.tell()
    length = what.seek(0, os.SEEK_END) - begin
    return Upload(lambda place: _of_file(what, begin + place), length)


def _slices(view: memoryview) -> Iterator[bytes]:
    for begin in range(0, len(view), PIECE_BYTES):
        yield bytes(view[begin : begin + PIECE_BYTES])


def _of_path(path: Path, begin: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _of_file(file, begin)


def _of_file(file: BinaryIO, begin: int | None = None) -> Iterator[bytes]:
    if begin is not None:
        file.seek(begin)
    while piece := file.read(PIECE_BYTES):
        yield piece


def _cut(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """The first `length` bytes."""
    left = length
    while left > 0:
        piece = next(pieces, b"")
        if not piece:
            raise ValueError(f"the delivery became shorter while it was sent: {left} bytes are missing")
        yield piece[:left]
        left -= len(piece)
