"""What rules do besides points: a reward, a message, a note about the member. Once each, and undone with the order."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import pytest
from django.db import connection

from core.mail import mail_open
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from engagement.acts import message_send
from loyalty import ledger
from loyalty.acts import ActCall, attribute_set
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import ProgramInvalid
from loyalty.models import Enrollment, Program
from loyalty.publishing import draft_problems, program_publish
from members.models import Member
from members.services import consent_record, member_update
from rewards.giving import act_give
from rewards.models import CodePool, Redemption, Reward
from rewards.pools import pool_import
from rewards.services import redemption_use, reward_redeem
from rewards.stock import stock_left, stock_set
from rewards.vouchers import code_of, voucher_redeem
from tenants.models import Brand
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants
from tests.rewards.catalog import made

pytestmark = pytest.mark.django_db


def document(*effects: dict[str, Any]) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    made["rules"].append({"code": "gifts", "name": "Gifts", "trigger": "order.paid", "effects": list(effects)})
    return made


def coffee(program: Program, **fields: Any) -> Reward:
    return Reward.objects.create(program=program, code="coffee", name="Coffee", currency="points", price=50, **fields)


def play(*effects: dict[str, Any]) -> tuple[Program, Member, Enrollment]:
    program = shop.program(document(*effects))
    anna = shop.member()
    return program, anna, shop.place(anna, program)


def again() -> None:
    """Deliver everything once more, as after a crash before the mark."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET delivered_at = NULL WHERE topic LIKE 'act%%'")
    outbox_drain()


GIVE = {"kind": "issue_reward", "reward": "coffee", "quantity": 2}


def test_a_rule_gives_a_reward_once_however_often_it_is_told(brand: Brand) -> None:
    program, anna, place = play(GIVE)
    reward = coffee(program, limit_per_member=1)
    stock_set(reward=reward, total=5, actor=shop.STAFF)
    shop.send(shop.order(anna, 60, "A"))
    outbox_drain()
    again()
    given = list(Redemption.objects.filter(enrollment=place))
    assert [(each.price, each.entry_id, each.state) for each in given] == [(0, None, "redeemed")] * 2
    assert stock_left(reward) == 3
    assert shop.balance(place) == 60
    # What was given leaves the member's own limit alone.
    reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key="own")
    assert invariants() == []


def test_a_whole_return_takes_back_what_was_not_used(brand: Brand) -> None:
    program, anna, place = play(GIVE)
    reward = coffee(program)
    stock_set(reward=reward, total=5, actor=shop.STAFF)
    shop.send(shop.order(anna, 60, "A"))
    outbox_drain()
    used, _kept = Redemption.objects.filter(enrollment=place).order_by("pk")
    redemption_use(redemption=used, actor=shop.STAFF)
    shop.send(shop.returned(anna, "A", 20))
    outbox_drain()
    assert Redemption.objects.filter(state="canceled").count() == 0
    shop.send(shop.returned(anna, "A", 40))
    outbox_drain()
    again()
    states = Redemption.objects.filter(enrollment=place).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["used", "canceled"]
    assert stock_left(reward) == 4
    assert invariants() == []


def test_an_act_that_comes_after_its_order_was_returned_does_nothing(brand: Brand) -> None:
    program, anna, _place = play(GIVE, {"kind": "set_attribute", "name": "vip", "value": True})
    coffee(program)
    shop.send(shop.order(anna, 60, "A"))
    shop.send(shop.returned(anna, "A", 60))
    outbox_drain()
    again()
    assert not Redemption.objects.exists()
    anna.refresh_from_db()
    assert anna.attributes == {}


def test_a_return_that_comes_while_a_reward_is_being_given_leaves_none(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, anna, place = play(GIVE)
    coffee(program)
    shop.send(shop.order(anna, 60, "A"))
    told = OutboxMessage.objects.get(topic="act.issue_reward").payload
    locked = ledger.enrollment_lock

    def returned_first(enrollment_id: int) -> int:
        """Whoever returns had the lock before."""
        monkeypatch.setattr(ledger, "enrollment_lock", locked)
        shop.send(shop.returned(anna, "A", 60))
        return locked(enrollment_id)

    monkeypatch.setattr(ledger, "enrollment_lock", returned_first)
    act_give(msgspec.convert(told, ActCall))
    assert not Redemption.objects.filter(enrollment=place).exists()


def test_an_empty_pool_gives_nothing_twice_and_the_act_waits(brand: Brand) -> None:
    program, anna, place = play(GIVE)
    pool = CodePool.objects.create(name="codes")
    pool_import(pool=pool, codes=["one"], actor=shop.STAFF)
    coffee(program, pool=pool)
    shop.send(shop.order(anna, 60, "A"))
    outbox_drain()
    # Two pieces were asked for and there is one code: all or nothing.
    assert not Redemption.objects.filter(enrollment=place).exists()
    assert OutboxMessage.objects.get(topic="act.issue_reward").attempts == 1
    assert invariants() == []


def test_an_attribute_is_noted_and_conditions_can_ask_for_it(brand: Brand) -> None:
    asks = {"kind": "member", "attribute": "attributes.vip", "operator": "eq", "value": True}
    made = document({"kind": "set_attribute", "name": "vip", "value": True})
    made["rules"].append(
        {
            "code": "for_vips",
            "name": "For VIPs",
            "trigger": "review.posted",
            "when": asks,
            "effects": [{"kind": "points_fixed", "currency": "points", "points": 7}],
        }
    )
    shop.place(anna := shop.member(), shop.program(made))
    assert [each["points"] for each in shop.send(shop.review(anna))[0].body["awards"]] == [25]
    shop.send(shop.order(anna, 10))
    outbox_drain()
    assert {each["points"] for each in shop.send(shop.review(anna))[0].body["awards"]} == {7, 25}


def test_what_happened_last_stands_however_late_an_act_comes(brand: Brand) -> None:
    made = document({"kind": "set_attribute", "name": "last", "value": "order"})
    note = {"kind": "set_attribute", "name": "last", "value": "review"}
    made["rules"].append({"code": "note", "name": "Note", "trigger": "review.posted", "effects": [note]})
    shop.place(anna := shop.member(), shop.program(made))
    shop.send(shop.order(anna, 10))
    shop.send(shop.review(anna))
    first, second = (
        msgspec.convert(each.payload, ActCall)
        for each in OutboxMessage.objects.filter(topic="act.set_attribute").order_by("id")
    )
    for call, stands in ((second, "review"), (first, "review"), (second, "review")):
        attribute_set(call)
        anna.refresh_from_db()
        assert anna.attributes == {"last": stands}
    # Told late, but it had happened before.
    shop.send(shop.order(anna, 10, days_ago=3))
    outbox_drain()
    anna.refresh_from_db()
    assert anna.attributes == {"last": "review"}


def test_what_was_set_by_hand_stands_over_what_happened_before_and_falls_to_what_happens_after(brand: Brand) -> None:
    shop.place(
        anna := shop.member(), shop.program(document({"kind": "set_attribute", "name": "last", "value": "order"}))
    )
    shop.send(shop.order(anna, 10, days_ago=1))
    member_update(member=anna, actor=shop.STAFF, attributes={"last": "hand", "other": 1})
    outbox_drain()  # the order's act comes after the hand
    anna.refresh_from_db()
    assert anna.attributes == {"last": "hand", "other": 1}
    shop.send(shop.order(anna, 10))
    outbox_drain()
    anna.refresh_from_db()
    assert anna.attributes == {"last": "order", "other": 1}
    # Setting again what is there is setting it: nothing changes but since when.
    member_update(member=anna, actor=shop.STAFF, attributes={"last": "order"})
    [_first, second] = OutboxMessage.objects.filter(topic="act.set_attribute").order_by("id")
    member_update(member=anna, actor=shop.STAFF, attributes={"last": None})
    attribute_set(msgspec.convert(second.payload, ActCall))
    anna.refresh_from_db()
    assert anna.attributes == {"other": 1}


SAY = {"kind": "send_message", "subject": {"en": "For you", "nl": "Voor jou"}, "text": "Come & see <us>"}


def mails() -> list[Any]:
    rows = OutboxMessage.objects.filter(topic="mail.requested", payload__kind="rule_message")
    return [mail_open(row.payload["sealed"]) for row in rows.order_by("id") if "sealed" in row.payload]


def test_a_message_goes_to_who_has_allowed_it_in_their_language(brand: Brand) -> None:
    _program, anna, _place = play(SAY)
    shop.send(shop.order(anna, 10))
    outbox_drain()
    assert not OutboxMessage.objects.filter(topic="mail.requested", payload__kind="rule_message").exists()
    consent_record(member=anna, purpose="marketing_email", granted=True, text_version="1", source="test")
    Member.objects.filter(pk=anna.pk).update(language="nl")
    shop.send(shop.order(anna, 10))
    row = OutboxMessage.objects.filter(topic="act.send_message").order_by("-id")[0]
    message_send(ActCall(**row.payload))
    [mail] = mails()
    assert (mail.to, mail.subject) == (anna.email, "Voor jou")
    assert "Come & see <us>" in mail.text
    assert "Come &amp; see &lt;us&gt;" in mail.html


def test_a_reward_that_is_not_in_the_catalogue_stops_the_publishing(brand: Brand) -> None:
    program, _anna, _place = play(GIVE)  # a template may come before its rewards
    coffee(program)
    program.refresh_from_db()
    made = document_decode(document({**GIVE, "reward": "cofee"}))
    draft_replace(program=program, document=made, expected_revision=program.draft_revision, actor=shop.STAFF)
    program.refresh_from_db()
    [found] = draft_problems(program)
    assert (found["path"], found["mend"]) == ("rules[2].effects[0].reward", "Use one of: coffee.")
    with pytest.raises(ProgramInvalid):
        program_publish(program=program, actor=shop.STAFF, expected_revision=program.draft_revision)


def test_a_gift_card_in_use_stays_and_the_rest_is_taken_back(brand: Brand) -> None:
    program, anna, place = play({"kind": "issue_reward", "reward": "coffee", "quantity": 2})
    made(program, kind={"kind": "gift_card", "amount_minor": 1000})
    shop.send(shop.order(anna, 60, "A"))
    outbox_drain()
    first, second = Redemption.objects.filter(enrollment=place).order_by("pk")
    text = code_of(first)
    assert text is not None
    voucher_redeem(code=text, amount_minor=400, currency="EUR", actor=shop.PARTNER)
    shop.send(shop.returned(anna, "A", 60))
    outbox_drain()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("redeemed", "canceled")
    assert not OutboxMessage.objects.filter(attempts__gt=0).exists()
