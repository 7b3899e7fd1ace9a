"""What a member is written about their points: a welcome, a tier reached, a reward; each once, never a code."""

from __future__ import annotations

from typing import Any

from django.core import mail

from core.outbox import outbox_drain
from core.tables import OutboxMessage
from rewards.models import CodePool, Reward
from rewards.pools import pool_import
from rewards.services import reward_redeem
from rewards.vouchers import code_of
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants

MEMBER = shop.STAFF  # whoever does it, the letter goes to the member


def written_to(address: str) -> list[str]:
    """Subjects of all mails to the address, in the order they were sent."""
    while outbox_drain():
        pass
    return [str(each.subject) for each in mail.outbox if each.to == [address]]


def test_a_member_is_welcomed_and_told_of_a_tier_in_their_language(brand: Any) -> None:
    program = shop.program()
    who = shop.member("Anna", email="anna@example.com", language="nl")
    shop.place(who, program)
    assert written_to("anna@example.com") == ["Welkom bij Gem"]
    shop.send(shop.order(who, 600))
    assert written_to("anna@example.com") == ["Welkom bij Gem", "Je hebt Advocate bereikt"]
    assert "Vanaf nu spaar je punten" in str(mail.outbox[-2].body)
    assert invariants() == []


def test_a_delivery_that_is_repeated_writes_no_second_letter(brand: Any) -> None:
    who = shop.member("Anna", email="anna@example.com")
    shop.place(who, shop.program())
    before = written_to("anna@example.com")
    OutboxMessage.objects.filter(topic="mail.requested").update(delivered_at=None)
    assert written_to("anna@example.com") == before  # the letter is blank: sent is sent


def test_a_member_without_an_address_or_name_is_no_trouble(brand: Any) -> None:
    program = shop.program()
    silent = shop.member("", email=None, external_id="T-1")
    shop.place(silent, program)
    nameless = shop.member("", email="till@example.com", external_id="T-2")
    shop.place(nameless, program)
    assert written_to("till@example.com") == ["Welcome at Gem"]
    assert "Good to have you. From now on" in str(mail.outbox[-1].body)
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()


def test_a_reward_is_confirmed_by_a_link_never_by_its_code(brand: Any) -> None:
    program = shop.program()
    who = shop.member("Anna", email="anna@example.com")
    enrollment = shop.place(who, program)
    shop.send(shop.order(who, 300))
    pool = CodePool.objects.create(name="coffee")
    pool_import(pool=pool, codes=["SECRET-CODE-1"], actor=shop.STAFF)
    reward = Reward.objects.create(
        program=program, code="coffee", name="Coffee", currency="points", price=100, pool=pool
    )
    redemption = reward_redeem(enrollment=enrollment, reward=reward, actor=MEMBER, key="k1")
    assert written_to("anna@example.com")[-1] == "Your reward: Coffee"
    letter = mail.outbox[-1]
    assert code_of(redemption) == "SECRET-CODE-1"
    assert "SECRET-CODE-1" not in str(letter.message())
    assert f"/my-rewards/{redemption.pk}/" in str(letter.body)
    assert invariants() == []
