"""A member at the pages of the club: forms are sent as the page made them."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from members.models import Member
from tenants.registry import entry_for_host
from tests.billing.cast import GOOD, Club
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.loyalty.test_pages import text_of

FILLED = ("radio", "checkbox")


class Forms(HTMLParser):
    """Every form of a page: its address and what is filled in, by name; buttons with a name are pressed by the test."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given.get("action") or "", {}))
        elif tag == "input" and self.found and given.get("name"):
            if given.get("type") not in FILLED or "checked" in given:
                self.found[-1][1][str(given["name"])] = given.get("value") or ""


def words_of(response: Any) -> str:
    return unescape(text_of(response))


class Visitor:
    """last: the page that is open."""

    def __init__(self, club: Club, client_for: ClientFor, name: str = "Anna", language: str = "en") -> None:
        self.club = club
        person = people.person(club.program, name, language)
        self.member: Member = person.member
        self.client: Client = client_for(club.brand, user=person.user)
        self.last: Any = None
        club.work()

    def open(self, path: str, **more: Any) -> str:
        self._same_time()
        self.last = self.client.get(path, follow=True, **more)
        return words_of(self.last)

    def _same_time(self) -> None:
        """Requests find a brand of their own, in the registry: its clock stands where the test's does."""
        there = entry_for_host(self.client.defaults["SERVER_NAME"]).brand
        assert there is not None
        there.clock_shift = self.club.brand.clock_shift

    def form(self, action: str, which: int = -1) -> dict[str, str]:
        """The page's form that leads there, of several the last; "" is the page itself."""
        found = [fields for to, fields in Forms(self.last.content.decode()).found if to == action]
        assert found, f"no form to {action!r} on {self.last.request['PATH_INFO']}"
        return found[which]

    def send(self, action: str, **given: str) -> str:
        """Send the form of the open page, with these fields besides."""
        return self.post(action or self.last.request["PATH_INFO"], {**self.form(action), **given})

    def post(self, path: str, fields: dict[str, str]) -> str:
        self._same_time()
        self.last = self.client.post(path, fields, follow=True)
        return words_of(self.last)

    # --- Stripe's page ----------------------------------------------------------------------------------------------
    def payment_page(self) -> str:
        """Where the page in between leads."""
        assert self.last.request["PATH_INFO"] == "/membership/pay/", text_of(self.last)
        return str(self.last.context["url"])

    def pays(self, card: str | None = GOOD) -> str:
        """The button on Stripe's page, and back by where it leads."""
        page = self.club.press(self.payment_page(), card)
        assert page.status == 303, page.html
        parts = urlsplit(page.location)
        return self.open(f"{parts.path}?{parts.query}")

    def joins(self, plan: str = "plus", **given: str) -> str:
        """From the plan to the page that says that they are in; no webhook has come."""
        self.open(f"/plans/{plan}/")
        self.send(f"/plans/{plan}/", **given)
        return self.pays()

    def base(self) -> str:
        return f"/membership/{self.club.subscription(self.member).public_id}"
