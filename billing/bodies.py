"""What Stripe sent, at rest: it names people, their addresses and cards, so it is sealed; and small, as it is JSON."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgspec

from core.secrets import seal, unseal

PURPOSE = "stripe_event"


def body_sealed(body: dict[str, Any]) -> str:
    """For a column of the brand that is current."""
    small = zlib.compress(msgspec.json.encode(body), level=1)
    return seal(base64.b64encode(small).decode(), purpose=PURPOSE)


def body_opened(sealed: str) -> dict[str, Any]:
    small = base64.b64decode(unseal(sealed, purpose=PURPOSE))
    return msgspec.json.decode(zlib.decompress(small), type=dict[str, Any])
