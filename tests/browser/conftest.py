"""A browser, a server and a brand for the tests in this folder. Without a Chromium they are skipped, and say so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sandbox.stripe.server import LocalStripe
from sandbox.stripe.server import running as stripe_running
from tests.browser import achieving, cast, claiming, subscribing
from tests.browser import house as together
from tests.browser.site import FLAGS, Site, Watch, chromium_path, serving
from tests.loyalty import shop

SLUG = "browsercafe"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install one (Debian: apt-get install chromium) or name it by CHROMIUM")
    # Playwright's loop runs in this thread; without this Django takes every query of the tests for asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def local_stripe() -> Iterator[LocalStripe]:
    """By a name that the browser may go to: see site.Watch."""
    with stripe_running("localhost") as server:
        yield server


@pytest.fixture(scope="session")
def site(
    chromium: Browser, local_stripe: LocalStripe, django_db_setup: None, django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:  # fmt: skip
    """The server with one brand, set up once: a program, rewards, and Anna with a history."""
    from django.db import connections

    from tenants.context import brand_context, park
    from tenants.provision import brand_drop, brand_provision

    with django_db_blocker.unblock(), serving(tmp_path_factory.mktemp("mail"), local_stripe.url) as running:
        running.brand = brand_provision(
            slug=SLUG, name="Bean & Leaf", owner_email="owner@bean.example", template="points_and_tiers",
            **cast.brand_fields(),
        )  # fmt: skip
        try:
            with brand_context(running.brand):
                rewards = cast.catalogue()
                anna = cast.person("Anna de Wit", "anna@example.com")
                cast.history(anna, rewards)
                achieving.achievements(anna)
                claiming.claims(anna)
                subscribing.plans(anna, local_stripe)
            yield running
        finally:
            connections.close_all()
            brand_drop(slug=SLUG)
            park()
            connections.close_all()


@pytest.fixture
def in_brand(site: Site, django_db_blocker: Any) -> Iterator[Any]:
    """The test itself may read and write in the brand, for real."""
    from tenants.context import brand_context, park

    with django_db_blocker.unblock():
        with brand_context(site.brand):
            yield site.brand
        park()


@pytest.fixture(scope="session")
def house(site: Site, django_db_blocker: Any) -> Iterator[Site]:
    """A second brand behind the same server, with friends, a sweepstake and a product panel."""
    from django.db import connections

    from tenants.context import brand_context, park
    from tenants.provision import brand_drop, brand_provision

    with django_db_blocker.unblock():
        brand = brand_provision(slug=together.SLUG, name=together.NAME, owner_email="owner@friend.example")
        try:
            with brand_context(brand):
                shop.program(together.document(), slug="club")
                together.people()
            yield Site(site.port, site.mail_dir, brand)
        finally:
            connections.close_all()
            brand_drop(slug=together.SLUG)
            park()
            connections.close_all()


@pytest.fixture
def in_house(house: Site, django_db_blocker: Any) -> Iterator[Any]:
    from tenants.context import brand_context, park

    with django_db_blocker.unblock():
        with brand_context(house.brand):
            yield house.brand
        park()


Open = Callable[..., Page]


@pytest.fixture
def open_page(site: Site, chromium: Browser) -> Iterator[Open]:
    """open_page(width=…, scheme=…, language=…, javascript=…, cookies=…, at=…): a page in a profile of its own, watched.

    at: the brand whose cookies these are, when it is another than the site's: none of them goes to a second one.
    At the end of the test nothing may have gone wrong on any of them: see site.Watch.
    """
    watch, contexts = Watch(), list[BrowserContext]()

    def make(
        *, width: int = 390, scheme: Any = "light", language: str = "en", javascript: bool = True,
        cookies: dict[str, str] | None = None, at: Site | None = None,
    ) -> Page:  # fmt: skip
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 1000},
            color_scheme=scheme,
            locale="nl-NL" if language == "nl" else "en-GB",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        known = {"django_language": language, **(cookies or {})}
        home = (at or site).url()
        context.add_cookies([{"name": name, "value": value, "url": home} for name, value in known.items()])
        page = context.new_page()
        watch.on(page)
        return page

    yield make
    for context in contexts:
        context.close()
    assert watch.problems == []


@pytest.fixture
def cookies_of(in_brand: Any, client_for: Callable[..., Any]) -> Callable[[str], dict[str, str]]:
    """The cookies of somebody who is logged in, by e-mail."""
    from members.models import User

    def make(address: str) -> dict[str, str]:
        return cast.session_of(client_for(in_brand, user=User.objects.get(email=address)))

    return make
