"""The code on a place's screen: another one every half minute, good while it is shown and one step longer.

A token is `<place>.<step>.<mac>`: the step counts half minutes of the brand's clock, the mac is an HMAC-SHA256 over
place and step under the place's own secret, 128 bits of it. What was photographed and sent on is old within a minute.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
from datetime import UTC, datetime

import msgspec
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from claims.errors import CodeInvalid
from claims.models import Place
from core import clock
from core.secrets import seal, unseal

STEP_SECONDS = 30
PURPOSE = "place_code"
_TOKEN = re.compile(r"([a-z][a-z0-9_]{0,39})\.([0-9]{1,12})\.([A-Z2-7]{26})\Z")
QUIET = 4  # empty cells around a code, as the standard asks


class Shown(msgspec.Struct, frozen=True):
    """A token that was made here. fresh: it is on the screen now, or was a step ago."""

    place: Place
    step: int
    fresh: bool


def secret_new() -> str:
    """A new place's secret, sealed."""
    return seal(base64.b64encode(os.urandom(32)).decode(), purpose="place_code")


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def step_ends(moment: datetime) -> datetime:
    return datetime.fromtimestamp((step_at(moment) + 1) * STEP_SECONDS, UTC)


def token_of(place: Place, moment: datetime) -> str:
    """The token on the place's screen at that moment."""
    step = step_at(moment)
    return f"{place.code}.{step}.{_mac(place, step)}"


def token_read(token: str) -> Shown:
    """What a scanned token says. CodeInvalid for one that wasn't made here, whatever is wrong with it."""
    match = _TOKEN.match(token)
    place = Place.objects.filter(code=match[1]).first() if match else None
    if match is None or place is None:
        raise CodeInvalid(field="token")
    step = int(match[2])
    if not hmac.compare_digest(_mac(place, step), match[3]):
        raise CodeInvalid(field="token")
    now = step_at(clock.now())
    return Shown(place, step, fresh=now - 1 <= step <= now)


def _mac(place: Place, step: int) -> str:
    key = base64.b64decode(unseal(place.secret, purpose=PURPOSE))
    digest = hmac.digest(key, f"{place.code}.{step}".encode(), "sha256")[:16]
    return base64.b32encode(digest).decode().rstrip("=")


class QrPicture(msgspec.Struct, frozen=True):
    """A QR code as one SVG path on a grid of side × side."""

    side: int
    path: str


def qr_picture(text: str) -> QrPicture:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return QrPicture(len(rows) + 2 * QUIET, path)
