"""What it has to know of our media types."""

import schemathesis

# A part of an upload (draft-ietf-httpbis-resumable-upload) is bytes, whatever they are.
schemathesis.serializer.alias("application/partial-upload", "application/octet-stream")
