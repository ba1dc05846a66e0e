"""Reads interchanges with pydifact: a line of hexadecimal digits in, a line for the segments out.

Segments, elements and components are set apart by the control characters 1e, 1d and 1c; the line is hexadecimal again.
"""

import sys
import warnings

warnings.simplefilter("ignore")

from pydifact.segmentcollection import RawSegmentCollection  # noqa: E402


def element(components):
    return "\x1c".join(components) if isinstance(components, list) else components


for line in sys.stdin:
    text = bytes.fromhex(line.strip()).decode("latin-1")
    segments = RawSegmentCollection.from_str(text).segments
    told = "\x1e".join("\x1d".join([segment.tag, *map(element, segment.elements)]) for segment in segments)
    print(told.encode("latin-1").hex(), flush=True)
