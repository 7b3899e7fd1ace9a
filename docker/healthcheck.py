"""Whether this container's web answers: exit code 0 or 1. Standard library, because the image has no curl."""

from __future__ import annotations

import http.client
import os
import sys


def main() -> int:
    """GET /healthz on this container's own port."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
