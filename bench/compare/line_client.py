"""Sends a file of lines over HTTP in requests of so many lines: `line_client.py URL FILE LINES`."""

import http.client
import itertools
import sys
from urllib.parse import urlsplit

if __name__ == "__main__":
    url, file, size = sys.argv[1:]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    with open(file, "rb") as lines:
        while piece := b"".join(itertools.islice(lines, int(size))):
            connection.request("POST", f"{parts.path}?{parts.query}", piece)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status >= 300:
                sys.exit(f"{answer.status}: {body[:500]!r}")
