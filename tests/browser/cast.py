"""The brand that the browser visits: a program, rewards of every kind, and a member with some history."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.test.client import Client as TestClient

from loyalty.models import Program
from loyalty.services import member_enroll
from members.models import Member, User
from members.services import member_create
from rewards.models import CodePool, Reward
from rewards.pools import pool_import
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from rewards.stock import stock_set
from tests.loyalty import shop

PASSWORD = "a long enough password"
CUP = "M5 8h11v1.2h1.2a3 3 0 0 1 0 6.1h-1.6A5 5 0 0 1 11 19H9a5 5 0 0 1-4-5z"


def brand_fields() -> dict[str, Any]:
    return {"color_primary": "#7c2d12", "color_accent": "#0f766e", "logo": CUP}


def program() -> Program:
    """The brand's program: the one that it was set up with, or one of ours."""
    return Program.objects.filter(archived_at__isnull=True).first() or shop.program()


def person(name: str, address: str, language: str = "en") -> Member:
    """Someone with a proven address who can log in."""
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(address, PASSWORD, name=name, language=language)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    member = member_create(actor=shop.STAFF, email=address, name=name, language=language, user=user)
    member_enroll(member=member, program=program(), actor=shop.STAFF)
    return member


def catalogue() -> dict[str, Reward]:
    pool = CodePool.objects.create(name="Cappuccino codes")
    pool_import(pool=pool, codes=[f"CAPPU-{number:04d}-BEAN" for number in range(1, 200)], actor=shop.STAFF)
    about = {
        "description": "Any size, any milk. Just show your code at the counter.",
        "description_nl": "Elk formaat, elke melk. Laat je code zien aan de balie.",
    }
    rows: list[dict[str, Any]] = [
        {"code": "cappuccino", "name": "Free cappuccino", "name_nl": "Gratis cappuccino", "price": 100, "emoji": "☕",
         "pool": pool, "valid_days": 30, "terms": "One per visit.", **about},
        {"code": "cake", "name": "Slice of cake", "name_nl": "Punt taart", "price": 150, "emoji": "🍰", **about},
        {"code": "tote", "name": "Canvas tote bag", "name_nl": "Canvas tas", "price": 900, "emoji": "👜"},
        {"code": "tasting", "name": "Tasting evening for two with our head roaster", "name_nl": "Proefavond voor twee",
         "price": 400, "tiers": ["vip"]},
        {"code": "course", "name": "Barista course", "name_nl": "Baristacursus", "price": 300, "emoji": "🎓"},
        {"code": "mug", "name": "Handmade mug", "name_nl": "Handgemaakte mok", "price": 120, "emoji": "🏺"},
    ]  # fmt: skip
    made = {
        row["code"]: Reward.objects.create(program=program(), currency="points", position=place, **row)
        for place, row in enumerate(rows)
    }
    stock_set(reward=made["course"], total=0, actor=shop.STAFF)
    stock_set(reward=made["mug"], total=4, actor=shop.STAFF)
    return made


def history(member: Member, rewards: dict[str, Reward]) -> None:
    """A year of a regular: purchases, a review, a return, rewards taken, used and given back."""
    rows = [
        shop.order(member, 14 + number % 9, f"WEB-{10200 + number}", days_ago=3 + 9 * number) for number in range(30)
    ]
    shop.send(*rows, shop.review(member), shop.order(member, 60, "WEB-10400", days_ago=2))
    shop.send(shop.returned(member, "WEB-10400", 35))
    enrollment = member.enrollments.get()
    for place, code in enumerate(("cappuccino", "cake", "mug")):
        taken = reward_redeem(
            enrollment=enrollment, reward=rewards[code], actor=shop.STAFF, key=f"history-{member.pk}-{place}"
        )
        if code == "cake":
            redemption_use(redemption=taken, actor=shop.STAFF)
        if code == "mug":
            redemption_cancel(redemption=taken, actor=shop.STAFF, reason="changed my mind")


def session_of(client: TestClient) -> dict[str, str]:
    """The cookies of a client that is logged in, for the browser to carry."""
    assert isinstance(client, Client)
    return {name: morsel.value for name, morsel in client.cookies.items()}
