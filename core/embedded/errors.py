"""What can go wrong with a server that we start ourselves."""

from __future__ import annotations


class EmbeddedError(RuntimeError):
    """The server can't be found, started or prepared; the message says what to do about it."""
