"""A brand may type in any address; what is called is public, over https, and answers for itself."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from core import egress
from core.egress import AddressRefused, NoAnswer, NotSent, address_check, addresses_of, request_send


@pytest.mark.parametrize(
    "url",
    [
        "http://supplier.example/",
        "ftp://supplier.example/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1:8443/",
        "https://169.254.169.254/latest/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "https://supplier.internal/",
        "https://supplier/",
        "https://user:word@supplier.example/",
        "https://supplier.example/#part",
        "https://supplier.example:22/",
        "https://supplier.example:99999/",
        "https://sup plier.example/",
        "//supplier.example/",
        "",
        "https://" + "a" * 300 + ".example/",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        address_check(url, field="base_url")
    assert refused.value.field == "base_url"


@pytest.mark.parametrize("url", ["https://supplier.example/v1", "https://supplier.example:8443/", "https://8.8.8.8/"])
def test_a_public_address_is_fine(url: str) -> None:
    assert address_check(url).hostname


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_named: rows)


def test_a_name_that_leads_into_the_house_is_refused_even_beside_a_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolves_to(monkeypatch, "8.8.8.8", "10.0.0.7")
    with pytest.raises(AddressRefused):
        addresses_of("supplier.example", 443)
    with pytest.raises(AddressRefused):
        request_send(method="GET", url="https://supplier.example/")


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def connect(address: Any, timeout: float) -> Any:
        asked.append(address)
        raise ConnectionRefusedError

    resolves_to(monkeypatch, "8.8.8.8")
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotSent):
        request_send(method="GET", url="https://supplier.example/")
    assert asked == [("8.8.8.8", 443)]


def test_the_tests_own_houses_are_let_through_by_name_and_port_alone(settings: Any) -> None:
    settings.EGRESS_STAND_INS = frozenset({"127.0.0.1:8099"})
    assert address_check("http://127.0.0.1:8099/").port == 8099
    for other in ("http://127.0.0.1:8098/", "http://127.0.0.1/", "http://localhost:8099/"):
        with pytest.raises(AddressRefused):
            address_check(other)


class Once:
    """A house that says one thing to whoever comes first."""

    def __init__(self, settings: Any, said: bytes) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        settings.EGRESS_STAND_INS = frozenset({self.host})
        self.said = said

    def ask(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.5) -> egress.Answer:
        """The answer lies in the socket before it is read: nobody has to answer meanwhile."""
        original = egress._connected

        def connected(*asked: Any, **named: Any) -> Any:
            client = original(*asked, **named)
            ours, _address = self.listener.accept()
            ours.sendall(self.said)
            ours.shutdown(socket.SHUT_WR)
            self.kept = ours
            return client

        monkeypatch.setattr(egress, "_connected", connected)
        try:
            return request_send(method="POST", url=f"http://{self.host}/x", body=b"{}", seconds=seconds)
        finally:
            self.kept.close()
            self.listener.close()


def test_a_redirect_is_an_answer_like_any_other_and_is_not_followed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    answer = Once(settings, said).ask(monkeypatch)
    assert (answer.status, answer.body) == (302, b"")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 10,
    ],
)
def test_half_an_answer_is_none(settings: Any, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    with pytest.raises(NoAnswer):
        Once(settings, said).ask(monkeypatch)


def test_an_answer_that_is_too_large_is_none(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "MOST_BYTES", 100)
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200
    with pytest.raises(NoAnswer):
        Once(settings, said).ask(monkeypatch)
