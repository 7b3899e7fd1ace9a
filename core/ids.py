"""UUID version 7: unique without asking the database, and in the order of time, so that an index stays compact."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 of what is beyond them, 62 random ones.

    The 12 (a 4096th of a millisecond each, RFC 9562 6.2 method 3) keep the ids of one process in the order in which
    they were made: a replay takes the events of a batch in that order. Wall time: it is an id, not a date.
    """
    return uuid.UUID(int=_number())


def uuid7_text() -> str:
    """The same as text, at a third of the price: a batch makes one for each event."""
    text = f"{_number():032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _number() -> int:
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(8), "big")
    value |= 0x7 << 76 | (rest * 4096 // 1_000_000) << 64
    return value & ~(0x3 << 62) | (0x2 << 62)
