"""One member's story from the first order to the first points that are too old, through the public doors alone.

The brand starts from the template points_and_tiers: a point per whole euro, a quarter more for Advocates (500 points
in a calendar year), points valid for 24 months and to the end of that month, tiers to the end of the next year. Every
number below is worked out by hand beside it; nothing is taken from the code that is tested.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client

from core.outbox import outbox_drain
from loyalty.drafts import draft_plain
from loyalty.ledger import ledger_invariants
from loyalty.models import EarningRule, Program
from loyalty.tasks import nightly_due
from partners.scopes import SCOPES
from tenants import registry
from tenants.context import brand_context, platform_context
from tenants.models import Brand
from tests.api.cast import Api
from tests.backoffice.conftest import staff
from tests.backoffice.sent import form_sent, refusals
from tests.backoffice.test_pages import path_of
from tests.backoffice.test_typing import reward_typed
from tests.conftest import ClientFor, NewBrand
from tests.loyalty.test_pages import text_of
from tests.members.test_joining import form, link_in

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Story:
    """The brand, its shop (an API key), its owner (the admin) and Ann (the pages)."""

    def __init__(self, brand: Brand, client_for: ClientFor) -> None:
        self.brand = brand
        self.owner: Client = client_for(brand, user=staff("owner"))
        self.ann: Client = client_for(brand)
        self.shop = Api(client_for(brand), self._key())

    def _key(self) -> str:
        fields = {"name": "Web shop", "scopes": list(SCOPES)}
        page = self.owner.post(path_of("partners_apikey_add"), fields).content.decode()
        found = re.search(r"sg_\w+", page)
        assert found, page
        return found[0]

    def at(self, local: str) -> None:
        """Move the brand's clock to that time in Amsterdam; it runs on from there."""
        moment = datetime.fromisoformat(local).replace(tzinfo=AMSTERDAM)
        self.brand.clock_shift = moment - datetime.now(UTC)
        with platform_context():
            Brand.objects.filter(pk=self.brand.pk).update(clock_shift=self.brand.clock_shift)
        registry.forget_all()

    def night(self) -> None:
        with brand_context(self.brand):
            nightly_due.delay()

    def tell(self, kind: str, name: str, local: str, data: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.fromisoformat(local).replace(tzinfo=AMSTERDAM)
        event = {"id": name, "type": kind, "member": {"external_id": "C-1"}, "occurred_at": moment.isoformat()}
        answer = self.shop.post("events", {**event, "data": data})
        assert answer.status_code == 201, answer.content
        body: dict[str, Any] = answer.json()
        return body

    def order(self, number: str, local: str, cents: int) -> dict[str, Any]:
        order = {"number": number, "currency": "EUR", "total_minor": cents}
        return self.tell("order.paid", number, local, {"order": order})

    def stands(self, *, points: int, tier: str, earned: int) -> None:
        """Balance and tier as the shop reads them, and the balance as Ann reads it."""
        [balance] = self.shop.get("members/ext:C-1/balances").json()["balances"]
        [standing] = self.shop.get("members/ext:C-1/tiers").json()["tiers"]
        assert (balance["balance"], standing["code"], standing["progress"]) == (points, tier, earned)
        assert re.search(rf"(?<![\d,.]){points}(?![\d,.])", text_of(self.ann.get("/")))


def given(body: dict[str, Any]) -> int:
    return sum(award["points"] for award in body["awards"])


@pytest.fixture
def story(new_brand: NewBrand, client_for: ClientFor) -> Story:
    brand = new_brand(template="points_and_tiers", time_zone="Europe/Amsterdam")
    with brand_context(brand):
        return Story(brand, client_for)


@pytest.fixture(autouse=True)
def _add_up(story: Story) -> Any:
    yield
    with brand_context(story.brand):
        assert ledger_invariants() == []


def joined(story: Story) -> None:
    """The till makes her a member; with her own log-in and the proven address she finds what she has there."""
    answer = story.shop.post("members", {"email": "ann@example.com", "name": "Ann", "external_id": "C-1"})
    assert answer.status_code == 201, answer.content
    assert story.ann.post("/accounts/signup/", form()).status_code == 302
    with brand_context(story.brand):
        outbox_drain()
    link = link_in(next(str(each.body) for each in reversed(mail.outbox) if each.to == ["ann@example.com"]))
    assert story.ann.get(link).status_code == 200
    assert story.ann.post(link).status_code == 302
    if story.ann.get("/activity/").status_code == 302:
        story.ann.post("/accounts/login/", {"login": "ann@example.com", "password": form()["password1"]})
    assert story.ann.get("/activity/").status_code == 200


def reward_offered(story: Story) -> None:
    wanted = {"code": "mug", "name": {"en": "Mug"}, "prices": [{"points": 200, "currency": "points"}]}
    with brand_context(story.brand):
        answer = reward_typed(story.owner, Program.objects.get(), wanted)
    assert answer.status_code == 302, refusals(answer)


def mug_taken(story: Story) -> None:
    found = re.search(r'name="key" value="([^"]+)"', story.ann.get("/rewards/mug/").content.decode())
    assert found
    assert story.ann.post("/rewards/mug/", {"key": found[1]}).status_code == 302


def two_points_per_euro_published(story: Story) -> None:
    with brand_context(story.brand):
        rule, whole = EarningRule.objects.get(code="purchase"), draft_plain(Program.objects.get())
        plain = next(each for each in whole["rules"] if each["code"] == "purchase")
        fields = form_sent("rules", plain, whole) | {"p.effects.0.points": "2"}
    answer = story.owner.post(path_of("loyalty_earningrule_change", rule.pk), fields)
    assert answer.status_code == 302, refusals(answer)
    with brand_context(story.brand):
        program = Program.objects.get()
    answer = story.owner.post(
        path_of("loyalty_program_publish", program.pk), {"revision": program.draft_revision, "note": "Double"}
    )
    assert answer.status_code == 302, refusals(answer)


def expired_lines(story: Story) -> list[tuple[int, str]]:
    lines = story.shop.get("members/ext:C-1/ledger").json()["results"]
    return [(line["points"], line["occurred_at"]) for line in lines if line["kind"] == "expire"]


def test_from_the_first_order_to_the_first_points_that_are_too_old(story: Story) -> None:
    first_year(story)
    too_old(story)
    new_rule(story)
    # Everything that ever moved: 300 + 250 + 125 - 200 - 250 + 200 - 100 + 100 + 50 = 475
    lines = story.shop.get("members/ext:C-1/ledger").json()["results"]
    assert sum(line["points"] for line in lines) == 475
    assert lines[0]["balance_after"] == 475


def first_year(story: Story) -> None:
    story.at("2030-01-15T10:00")
    joined(story)
    reward_offered(story)
    story.stands(points=0, tier="enthusiast", earned=0)

    story.at("2030-01-20T10:00")
    assert given(story.order("A-1", "2030-01-20T09:00", 300_00)) == 300
    story.stands(points=300, tier="enthusiast", earned=300)

    # 250.90 euros are 250 whole ones. 300 + 250 = 550 earned: above 500, an Advocate from here on; this order itself
    # was still an Enthusiast's.
    story.at("2030-02-03T10:00")
    body = story.order("A-2", "2030-02-03T09:00", 250_90)
    assert (given(body), body["tiers"][0]["changed_from"]) == (250, "enthusiast")
    story.stands(points=550, tier="advocate", earned=550)

    # An Advocate's 100 euros: 100 and a quarter of it. 550 + 125 = 675
    story.at("2030-02-10T10:00")
    assert given(story.order("A-3", "2030-02-10T09:00", 100_00)) == 125
    story.stands(points=675, tier="advocate", earned=675)

    # The mug: 675 - 200 = 475. They come out of A-1's 300, which would be the first to expire; 100 of those stay.
    # What is spent stays earned.
    story.at("2030-02-11T20:00")
    mug_taken(story)
    story.stands(points=475, tier="advocate", earned=675)

    # All of A-2 comes back: 475 - 250 = 225, earned 675 - 250 = 425. Below 500: an Enthusiast again. A-3 keeps the
    # quarter that it was given.
    story.at("2030-02-14T10:00")
    body = story.tell("order.returned", "R-1", "2030-02-14T09:00", {"return": {"order": "A-2", "amount_minor": 250_90}})
    assert [row["points"] for row in body["reversed"]] == [250]
    assert body["tiers"][0]["changed_from"] == "advocate"
    story.stands(points=225, tier="enthusiast", earned=425)

    # An Enthusiast's 200 euros: 225 + 200 = 425, earned 425 + 200 = 625: an Advocate once more, to the end of 2031.
    story.at("2030-03-05T10:00")
    assert given(story.order("A-4", "2030-03-05T09:00", 200_00)) == 200
    story.stands(points=425, tier="advocate", earned=625)


def too_old(story: Story) -> None:
    # In 2031 she earns nothing; with 2032 the tier is over, one step down. A-1 of 20 January 2030 holds for 24 months
    # and to the end of that month: through 31 January 2032.
    story.at("2032-01-31T23:30")
    story.night()
    story.stands(points=425, tier="enthusiast", earned=0)
    assert expired_lines(story) == []

    # Midnight in Amsterdam is 23:00 UTC in winter. A-1's last 100 go: 425 - 100 = 325. They are gone for everybody
    # at midnight and not when the night's work comes by; it writes them down, for that instant.
    story.at("2032-02-01T00:01")
    story.stands(points=325, tier="enthusiast", earned=0)
    story.night()
    story.night()
    story.stands(points=325, tier="enthusiast", earned=0)
    [(points, moment)] = expired_lines(story)
    assert points == -100
    assert datetime.fromisoformat(moment) == datetime(2032, 1, 31, 23, tzinfo=UTC)


def new_rule(story: Story) -> None:
    story.at("2032-02-02T12:00")
    two_points_per_euro_published(story)

    # 50 euros at two points: 325 + 100 = 425; earned in 2032: 100.
    story.at("2032-02-02T13:00")
    body = story.order("A-5", "2032-02-02T12:30", 50_00)
    assert (given(body), body["version"]) == (100, 2)
    story.stands(points=425, tier="enthusiast", earned=100)

    # Paid at eleven, before the rule changed, and told only now: 50 euros at one point. 425 + 50 = 475; earned 150.
    body = story.order("A-6", "2032-02-02T11:00", 50_00)
    assert (given(body), body["version"]) == (50, 1)
    story.stands(points=475, tier="enthusiast", earned=150)
