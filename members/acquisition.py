"""Where a member came from: what the first address they opened said, kept until they join.

Only addresses that carry a campaign or a referrer open a session; other visitors leave no trace here.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from django.http import HttpRequest, HttpResponse

SESSION_KEY = "first_touch"
FRIEND_KEY = "friend"
LIMIT = 120


class Acquisition(msgspec.Struct, frozen=True):
    """First touch. Empty where nothing was said. channel: campaign, referral or direct, or how staff call it.

    referral: the code of whoever brought them, of the last such link; trace: a keyed hash of where they opened it, hex.
    """

    channel: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    referrer: str = ""
    referral: str = ""
    trace: str = ""


class FirstTouchMiddleware:
    """Keeps utm_source, utm_medium, utm_campaign and ref of the first address that had any; later ones don't count."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and getattr(request, "brand", None) is not None:
            found = read(request)
            if found is not None and SESSION_KEY not in request.session:
                request.session[SESSION_KEY] = msgspec.to_builtins(found)
        return self.get_response(request)


def read(request: HttpRequest) -> Acquisition | None:
    """What this address says about where its visitor came from; None when it says nothing."""
    if not request.META.get("QUERY_STRING"):
        return None
    utm = {name: _short(request.GET.get(name, "")) for name in ("utm_source", "utm_medium", "utm_campaign")}
    ref = _short(request.GET.get("ref", ""))
    if not ref and not any(utm.values()):
        return None
    channel = utm["utm_medium"][:60] or ("referral" if ref else "campaign")
    return Acquisition(channel=channel, referrer=ref or _referring_host(request), **utm)


def of_session(request: HttpRequest) -> Acquisition:
    """The first touch of this visitor; `direct` when none was kept."""
    kept, friend = request.session.get(SESSION_KEY), request.session.get(FRIEND_KEY)
    found = msgspec.convert(kept, Acquisition) if isinstance(kept, dict) else Acquisition(channel="direct")
    if not isinstance(friend, dict):
        return found
    channel = "referral" if found.channel == "direct" else found.channel
    return msgspec.structs.replace(found, channel=channel, referral=friend["referral"], trace=friend["trace"])


def friend_remember(request: HttpRequest, *, referral: str, trace: str) -> None:
    """Keep by whose code this visitor came, until they join. The last one counts."""
    request.session[FRIEND_KEY] = {"referral": referral, "trace": trace}


def _referring_host(request: HttpRequest) -> str:
    """Host of the page that linked here, unless it is ours. Never the whole address: it may hold personal text."""
    try:
        host = urlsplit(request.META.get("HTTP_REFERER", "")).hostname or ""
    except ValueError:
        return ""
    return "" if host == request.get_host().partition(":")[0] else host[:LIMIT]


def _short(value: str) -> str:
    return "".join(char for char in value if char.isprintable())[:LIMIT]
