"""Links as they are kept and compared: two ways to write one address are one address."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from core.errors import InvalidInput

MAX_LINK = 500
# What apps and mails hang on a link to see where it was clicked.
_TRACKING = frozenset({"fbclid", "gclid", "igsh", "igshid", "mc_cid", "mc_eid", "ref", "ref_src", "si", "share_id"})
_HOST_PREFIXES = ("www.", "m.", "mobile.")


def link_read(given: str) -> str:
    """A web address, as it was typed; https is put in front where it was left out. InvalidInput, field `link`."""
    text = given.strip()
    if text and "://" not in text:
        text = f"https://{text}"
    if len(text) > MAX_LINK:
        raise InvalidInput(_("The link is longer than %(n)d characters.") % {"n": MAX_LINK}, field="link")
    try:
        parts = urlsplit(text)
        port_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_fine = urlsplit(""), False
    host = parts.hostname or ""
    readable = text.isprintable() and " " not in text and not any("\ud800" <= each <= "\udfff" for each in text)
    if parts.scheme not in ("http", "https") or "." not in host.strip(".") or parts.username or not port_fine:
        readable = False
    if not readable:
        raise InvalidInput(_("Send the whole address of a page, such as https://example.com/me."), field="link")
    return text


def link_key(link: str) -> str:
    """What is the same for two ways to write one address; "" for no link."""
    if not link:
        return ""
    parts = urlsplit(link)
    host = (parts.hostname or "").rstrip(".").lower()
    for prefix in _HOST_PREFIXES:
        host = host.removeprefix(prefix)
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in _TRACKING and not name.lower().startswith("utm_")
    )
    plain = urlunsplit(("", host, parts.path.rstrip("/"), urlencode(query), ""))
    return hashlib.sha256(plain.encode()).hexdigest()
