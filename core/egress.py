"""Requests to addresses that a brand has typed in: never into our own house.

The name is resolved once, every address it stands for must be a public one, and the connection goes to the very address
that was looked at, so that a name can't change its mind in between. https alone, no redirect is followed, an answer is
read up to a size and for a time. settings.EGRESS_STAND_INS names hosts and ports of the demo's and the tests' own that
are let through, over http too; production refuses to start with one.

Three ends are told apart, since they mean different things to who sends an order: an answer; NotSent (nothing of it has
left); NoAnswer (it may have arrived).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

MOST_BYTES = 4_000_000
PIECE = 65_536
LONGEST_URL = 300
# Names that every machine of a cloud answers to, wherever they resolve.
HOUSE_NAMES = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(InvalidInput):
    code = "address_refused"
    title = _("This address isn't one that may be called.")
    hint = _("Give an https address of a public host, without a name, a password or a # in it.")


class NotSent(Exception):
    """Nothing of the request has left: it can be sent again without a thought."""


class NoAnswer(Exception):
    """The request has left, at least in part, and no whole answer came back: it may have been carried out."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: dict[str, str]


def address_check(url: str, *, field: str | None = None) -> SplitResult:
    """The address in its parts. AddressRefused for what may not be called; the name isn't resolved here."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(field=field) from error
    host = (parts.hostname or "").rstrip(".")
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or not host:
        raise AddressRefused(field=field)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused(field=field)
    if stand_in(host, port):
        return parts
    if parts.scheme != "https" or (port is not None and port != 443 and port < 1024):
        raise AddressRefused(field=field)
    if host == "localhost" or host.endswith(HOUSE_NAMES) or not _named_publicly(host):
        raise AddressRefused(field=field)
    return parts


def _named_publicly(host: str) -> bool:
    """A name with a dot in it, or a public address. What only looks like a name (0x7f.1) resolves, and fails there."""
    try:
        return _public(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return "." in host


def stand_in(host: str, port: int | None) -> bool:
    return f"{host}:{port}" in settings.EGRESS_STAND_INS


def _public(address: Address) -> bool:
    """Whether it is somebody's on the internet, seen through every way of writing an IPv4 address as an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def addresses_of(host: str, port: int) -> list[str]:
    """Where the name leads to. AddressRefused when one of them isn't public, NotSent when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotSent("name not found") from error
    addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
    if not stand_in(host, port) and not all(_public(ipaddress.ip_address(each)) for each in addresses):
        raise AddressRefused()
    return addresses


def request_send(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = 10.0,
) -> Answer:
    """Send one request, and read its answer whatever its status. AddressRefused, NotSent, NoAnswer."""
    parts = address_check(url)
    until = monotonic() + seconds
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    host = (parts.hostname or "").rstrip(".")
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    connection.sock = _connected(host, port, secure=secure, until=until)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers={"Accept-Encoding": "identity", **(headers or {})})
        connection.sock.settimeout(max(0.05, until - monotonic()))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, _read(answer, connection.sock, until), told)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        connection.close()


def _connected(host: str, port: int, *, secure: bool, until: float) -> Any:
    """A socket to the first of the addresses that answers."""
    last: Exception | None = None
    for address in addresses_of(host, port):
        left = until - monotonic()
        if left <= 0:
            break
        try:
            plain = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            last = error
            continue
        if not secure:
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError) as error:
            plain.close()
            last = error
    raise NotSent(type(last).__name__ if last is not None else "no time left") from last


def _read(answer: http.client.HTTPResponse, sock: Any, until: float) -> bytes:
    """The body, up to MOST_BYTES, until the time is up."""
    pieces: list[bytes] = []
    size = 0
    while True:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        if sock is not None and sock.fileno() >= 0:
            sock.settimeout(left)
        piece = answer.read1(PIECE)
        if not piece:
            # read1 gives nothing at the end, whether or not all that was announced has come.
            if answer.length:
                raise http.client.IncompleteRead(b"".join(pieces), answer.length)
            return b"".join(pieces)
        size += len(piece)
        if size > MOST_BYTES:
            raise ValueError("the answer is too large")
        pieces.append(piece)
