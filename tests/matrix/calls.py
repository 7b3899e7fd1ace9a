"""One call of the matrix: sent, put into a class, searched for the other brand's words, held against trial 16."""

from __future__ import annotations

import logging
from base64 import b64decode
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.test import Client
from django.test.client import MULTIPART_CONTENT, encode_multipart

from core.outbox import outbox_drain
from core.tables import OutboxMessage
from tenants.context import brand_context, platform_context
from tenants.models import Brand

BOUNDARY = "BoUnDaRyStRiNg"
LOGINS = ("/accounts/login/", "/admin/login/", "/platform/login/")
CLASSES = {401: "unauthenticated", 403: "forbidden", 404: "missing", 405: "method", 503: "closed"}
SAFE = ("GET", "HEAD", "OPTIONS")
# Where the policy is looser, and in exactly what (reliability.md, trial 16).
LOOSER = {
    "/admin/": {("script-src", "'unsafe-eval'"), ("style-src", "'unsafe-inline'")},
    "/platform/": {("script-src", "'unsafe-eval'"), ("style-src", "'unsafe-inline'")},
    "/api/docs/": {("style-src", "'unsafe-inline'")},
}
STRICT = {"default-src": ["'none'"], "object-src": ["'none'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"]}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Call:
    """What is sent, by whom, where to. forbidden: the words that may be nowhere in what comes of it."""

    method: str
    address: str
    host: str
    brand: Brand | None
    forbidden: tuple[str, ...]
    who: str = "anonymous"
    session: str | None = None
    key: str | None = None
    forwarded: str | None = None
    body: Any = None
    why: str = ""

    def __str__(self) -> str:
        forged = f" claiming {self.forwarded}" if self.forwarded else ""
        return f"{self.method} {self.host}{self.address} as {self.who}{forged} ({self.why})"


class Log(logging.Handler):
    """Everything that is logged while the matrix runs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()}")


@dataclass
class Caller:
    """Sends calls, each undone afterwards; complaints says all that was wrong."""

    log: Log = field(default_factory=Log)
    complaints: list[str] = field(default_factory=list)
    sent: int = 0
    told: dict[str, str] = field(default_factory=dict)  # what the last answer and its mails held, by place

    def send(self, call: Call, expected: str | None = None) -> str:
        """The class of the answer. expected: a class, or several with a space between them."""
        self.sent += 1
        mail.outbox.clear()
        self.log.lines.clear()
        with transaction.atomic():
            response = _answer(call)
            seen = _seen(response, call)
            given = _class_of(response)
            letters = _letters(call) if given == "in" and call.method not in SAFE else ""
            transaction.set_rollback(True)
        self._judge(call, response, given, expected)
        self.told = {**seen, "a mail": letters, "the log": "\n".join(self.log.lines)}
        self._search(call, self.told)
        self.complaints += [f"{call}: {wrong}" for wrong in header_faults(call.address, response)]
        return given

    def _judge(self, call: Call, response: Any, given: str, expected: str | None) -> None:
        if given == "broken":
            self.complaints.append(f"{call}: {response.status_code} {_cause(response)}")
        elif expected is not None and given not in expected.split():
            where = response.headers.get("Location", "")
            self.complaints.append(f"{call}: {given} ({response.status_code} {where}) instead of {expected}")

    def _search(self, call: Call, seen: dict[str, str]) -> None:
        for place, text in seen.items():
            # What was asked for may be repeated: problem documents and the log name the address.
            text = text.replace(call.address, "")
            lower = text.lower()
            for word in call.forbidden:
                at = lower.find(word)
                if at >= 0:
                    around = " ".join(text[max(0, at - 60) : at + 60].split())
                    self.complaints.append(f"{call}: {word!r} in {place}: …{around}…")


def _answer(call: Call) -> Any:
    client = Client(SERVER_NAME=call.host, raise_request_exception=False)
    if call.session:
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: call.session})
    more: dict[str, Any] = {"HTTP_X_FORWARDED_HOST": call.forwarded} if call.forwarded else {}
    if call.key:
        more["HTTP_AUTHORIZATION"] = f"Bearer {call.key}"
    if call.method in SAFE:
        return client.generic(call.method, call.address, QUERY_STRING=urlencode(call.body or {}), **more)
    if "/api/" in call.address:
        more["HTTP_IDEMPOTENCY_KEY"] = "matrix-matrix-matrix"
        if call.method == "DELETE":  # says what it means in its address, as the API's document has it
            return client.generic(call.method, call.address, QUERY_STRING=urlencode(call.body or {}), **more)
        return client.generic(
            call.method, call.address, msgspec.json.encode(call.body or {}), content_type="application/json", **more
        )
    form = encode_multipart(BOUNDARY, call.body or {})
    return client.generic(call.method, call.address, form, content_type=MULTIPART_CONTENT, **more)


def _seen(response: Any, call: Call) -> dict[str, str]:
    """Everything that goes to whoever called. A stream runs after the view, still at the host's brand."""
    if response.streaming:
        with brand_context(call.brand) if call.brand is not None else platform_context():
            body = b"".join(response.streaming_content)
    else:
        body = response.content
    return {
        "the body": _readable(body).decode("utf-8", "replace"),
        "a header": "\n".join(f"{name}: {value}" for name, value in response.headers.items()),
        "a cookie": response.cookies.output(),
    }


def _readable(body: bytes) -> bytes:
    """With what a file in a JSON answer holds, which stands there as base64."""
    if not body.startswith(b"{") or b'"media_type"' not in body:
        return body
    content = msgspec.json.decode(body).get("content")
    return body + b64decode(content) if content else body


def _class_of(response: Any) -> str:
    status = response.status_code
    if status == 302 and response.headers["Location"].startswith(LOGINS):
        return "login"
    if status in CLASSES:
        return CLASSES[status]
    return "broken" if status >= 500 else "in"


def _cause(response: Any) -> str:
    found = getattr(response, "exc_info", None)
    return f"{found[0].__name__}: {found[1]}" if found else ""


def _letters(call: Call) -> str:
    """The mails that came of it."""
    if call.brand is None:
        return "\n".join(str(each.message()) for each in mail.outbox)
    with brand_context(call.brand):
        if OutboxMessage.objects.filter(delivered_at__isnull=True).count() > 1:
            outbox_drain(limit=20)
    return "\n".join(str(each.message()) for each in mail.outbox)


def header_faults(address: str, response: Any) -> list[str]:
    """What trial 16 finds wrong with a response."""
    framed = address.startswith("/mailbox/") and address.endswith("/html/") and response.status_code == 200
    wanted = {**HEADERS, "X-Frame-Options": "SAMEORIGIN"} if framed else HEADERS
    found = [
        f"{name} is {response.headers.get(name)!r}"
        for name, value in wanted.items()
        if response.headers.get(name) != value
    ]
    parts = [part.split() for part in response.headers.get("Content-Security-Policy", "").split(";") if part.strip()]
    policy = {name: sources for name, *sources in parts}
    if not policy:
        return [*found, "no Content-Security-Policy"]
    allowed = next((loose for prefix, loose in LOOSER.items() if address.startswith(prefix)), set())
    strict = {**STRICT, "frame-ancestors": ["'self'"]} if framed else STRICT
    found += [f"CSP {name} is {policy.get(name)}" for name, value in strict.items() if policy.get(name) != value]
    found += [
        f"CSP {name} allows {source}"
        for name, sources in policy.items()
        for source in sources
        if (source.startswith("'unsafe-") or source in ("*", "http:", "https:")) and (name, source) not in allowed
    ]
    for name, cookie in response.cookies.items():
        # One that is taken back holds nothing to protect.
        guarded = cookie["samesite"] == "Lax" and (cookie["httponly"] or not cookie.value)
        if cookie["domain"] or cookie["path"] != "/" or not guarded:
            found.append(f"cookie {name}: {cookie.OutputString()}")
    return found
