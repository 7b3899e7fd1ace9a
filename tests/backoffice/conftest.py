"""A brand with a program, a member with history, rewards, and a team of one person per role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.test import Client

from core.actor import Actor
from loyalty.adjusting import adjustment_make
from loyalty.ledger import ledger_invariants
from loyalty.models import Program
from members.models import Member, User
from members.roles import roles_sync
from members.staff import staff_role_set
from rewards.models import CodePool, Redemption, Reward
from rewards.pools import pool_import
from rewards.services import reward_redeem
from tenants.context import brand_context
from tests.api.cast import key_made
from tests.loyalty import shop

STAFF = Actor("staff", "user:1", "admin")


class House(NamedTuple):
    program: Program
    member: Member
    reward: Reward
    pool: CodePool
    redemption: Redemption


def staff(role: str, name: str = "") -> User:
    user = User.objects.create_user(f"{name or role}@team.example", "a long enough password")
    staff_role_set(user=user, role=role, actor=STAFF)
    return User.objects.get(pk=user.pk)


def furnish() -> House:
    """What the pages show, in the brand that is entered."""
    roles_sync()
    program = shop.program(slug="house")
    member = shop.member("Anna")
    enrollment = shop.place(member, program)
    shop.send(
        shop.order(member, 200, "A-1", days_ago=3), shop.order(None, 40, "G-1"), shop.review(member),
        shop.order(member, 30, "A-2"),
    )  # fmt: skip
    shop.send(shop.returned(member, "A-2", 10))
    pool = CodePool.objects.create(name="Cinema", low_at=50)
    pool_import(pool=pool, codes=[f"CINEMA-{number}" for number in range(20)], actor=STAFF)
    reward = Reward.objects.create(
        program=program, code="cinema", name="Cinema ticket", currency="points", price=50, pool=pool
    )
    redemption = reward_redeem(enrollment=enrollment, reward=reward, actor=STAFF, key="k" * 24)
    adjustment_make(enrollment=enrollment, currency="points", points=3, reason="Sorry", actor=STAFF, key="a" * 24)
    key_made()
    return House(program, member, reward, pool, redemption)


@pytest.fixture
def house(brand: Any) -> Iterator[House]:
    yield furnish()
    with brand_context(brand):
        assert ledger_invariants() == []


@pytest.fixture
def entered(brand: Any, client_for: Callable[..., Client]) -> Callable[[str], Client]:
    """A client of somebody with the role."""

    def make(role: str) -> Client:
        roles_sync()
        return client_for(brand, user=User.objects.filter(email=f"{role}@team.example").first() or staff(role))

    return make
