"""Pages that not every program has stand in the members' menu where it has them, on wide screens and on phones."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loyalty.models import Program
from tenants.models import Brand
from tests.claims import cast as claiming
from tests.conftest import ClientFor
from tests.loyalty import cast, shop
from tests.loyalty.engine.test_achieved import DOCUMENT

pytestmark = pytest.mark.django_db


def menu_of(page: Any) -> dict[str, str]:
    """Address → what aria-current says, of the menu in the top bar."""
    top = page.content.decode().partition("data-menu")[2].partition("</details>")[0]
    links = re.findall(r'<a class="top-link" href="([^"]+)"(?: aria-current="([a-z]+)")?', top)
    return dict(links)


def full() -> Program:
    return shop.program({**DOCUMENT, "claim_types": [claiming.FOLLOWED]})


def test_the_menu_has_what_the_program_has_and_marks_where_one_is(brand: Brand, client_for: ClientFor) -> None:
    client = client_for(brand, user=cast.person(full()).user)
    assert set(menu_of(client.get("/"))) >= {"/achievements/", "/claims/"}
    assert menu_of(client.get("/achievements/"))["/achievements/"] == "page"
    assert menu_of(client.get("/claims/")) | {"/achievements/": ""} == menu_of(client.get("/")) | {"/claims/": "page"}
    assert menu_of(client.get("/claims/new/instagram/"))["/claims/"] == "true"


def test_home_and_profile_lead_there_on_a_phone_and_no_other_page_repeats_it(
    brand: Brand, client_for: ClientFor
) -> None:
    client = client_for(brand, user=cast.person(full()).user)
    for address, there in (("/", True), ("/profile/", True), ("/activity/", False)):
        page = client.get(address).content.decode()
        assert ('class="more-link" href="/claims/"' in page) is there, address
        assert page.count('class="tab"') == 5, address


def test_a_program_without_such_pages_has_no_menu(brand: Brand, client_for: ClientFor) -> None:
    client = client_for(brand, user=cast.person(shop.program()).user)
    for address in ("/", "/profile/"):
        page = client.get(address).content.decode()
        assert "data-menu" not in page
        assert "more-link" not in page


def test_the_only_such_page_stands_in_the_bar_itself(brand: Brand, client_for: ClientFor) -> None:
    client = client_for(
        brand, user=cast.person(shop.program({**shop.DOCUMENT, "claim_types": [claiming.FOLLOWED]})).user
    )
    page = client.get("/claims/").content.decode()
    assert "data-menu" not in page
    assert '<a class="top-link" href="/claims/" aria-current="page">Send in</a>' in page


def test_the_menu_speaks_dutch(brand: Brand, client_for: ClientFor) -> None:
    client = client_for(brand, user=cast.person(full(), language="nl").user)
    client.cookies["django_language"] = "nl"
    page = client.get("/").content.decode()
    assert "Insturen" in page
    assert ">Meer<" in page


def test_who_takes_part_in_nothing_has_no_menu_and_no_error(brand: Brand, client_for: ClientFor) -> None:
    from members.models import User

    user = User.objects.create_user("nobody@example.com", "a long enough password")
    assert client_for(brand, user=user).get("/profile/").status_code == 200
