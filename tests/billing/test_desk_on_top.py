"""What staff see on a subscription's page of what comes on top: parts, add-ons, uses with the limit, a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from billing.metering import usage_cap_set
from sandbox.stripe.server import LocalStripe
from tenants.models import Brand
from tests.billing.cast import Club
from tests.billing.desk import Entered, entered, page
from tests.billing.test_addons import have
from tests.billing.test_bundles import DUO, GAMES, PASS, PLUS, TEA
from tests.billing.test_metering import METER, uses
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

__all__ = ["entered"]


@pytest.fixture
def club(stand_in: LocalStripe, key: str, brand: Brand, client_for: Callable[..., Client]) -> Iterator[Club]:
    shift = brand.clock_shift
    yield Club(stand_in, key, brand, client_for(brand), plans=[DUO, PLUS, GAMES, TEA, METER, PASS])
    brand.clock_shift = shift


def test_a_subscriptions_page_tells_parts_add_ons_uses_and_the_limit(club: Club, entered: Entered) -> None:
    ann = club.somebody()
    row = have(club.joined(ann, "duo"), 1, "tea")
    usage_cap_set(subscription=row, meter="deliveries", cap_minor=2500, actor=shop.PARTNER)
    club.advance(days=1)
    uses(ann, "a", units=5)
    text = text_of(entered("owner").get(page("subscription_change", row.pk)))
    for each in (
        "Sold together", "€5.25 a month", "Add-ons", "Tea", "€3.00 a month", "Used in this period",
        "€4.50", "€25.00", "waiting", "Set a limit of €25.00 for deliveries", "Asked for 1 × tea",
    ):  # fmt: skip
        assert each in text


def test_a_passs_page_tells_what_is_left_of_it(club: Club, entered: Entered) -> None:
    row = club.joined(club.somebody(), "week", "")
    text = text_of(entered("owner").get(page("subscription_change", row.pk)))
    assert "Left of the pass" in text
    assert "6 days and 23 hours" in text
    assert "Used in this period" not in text
