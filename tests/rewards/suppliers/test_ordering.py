"""An order ends with exactly one code or with the points back, whatever the supplier does meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import Conflict
from core.outbox import outbox_drain
from core.tables import OutboxMessage
from loyalty.models import Enrollment, Program
from rewards.models import Redemption
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from rewards.suppliers import ordering
from rewards.suppliers.errors import DeliveredBySupplier, StillComing
from rewards.suppliers.models import SupplierConnection, SupplierOffer, SupplierOrder
from rewards.suppliers.ordering import order_step, orders_due
from rewards.vouchers import code_of
from tenants.models import Brand
from tests.loyalty import shop
from tests.loyalty.test_pages import invariants
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import StandIn

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.program: Program = shop.program()
        self.account: SupplierConnection = cast.account(self.program, stand_in)
        self.offer: SupplierOffer = cast.offer(self.account)
        self.anna: Enrollment = cast.member(self.program)

    def take(self) -> SupplierOrder:
        return cast.take(self.anna, self.offer.reward)

    @property
    def points(self) -> int:
        return shop.balance(self.anna)

    def code(self, order: SupplierOrder) -> str | None:
        return code_of(Redemption.objects.get(pk=order.redemption_id))

    def charged(self) -> int:
        return 500_000 - self.stand_in.balance()


@pytest.fixture
def scene(brand: Brand, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(stand_in)


def told(topic: str) -> int:
    return OutboxMessage.objects.filter(topic=topic).count()


def test_a_reward_is_ordered_delivered_and_its_code_shown_and_the_supplier_charged_once(scene: Scene) -> None:
    order = scene.take()
    assert (scene.points, scene.code(order), scene.stand_in.orders()) == (4000, None, [])
    assert cast.step(order).state == "placed"
    assert scene.code(order) is None
    cast.later(order)
    assert cast.step(order).state == "delivered"
    [theirs] = scene.stand_in.orders()
    assert theirs["reference"] == str(order.redemption_id)
    assert (scene.code(order) or "").startswith(theirs["code"])
    assert theirs["code"] not in str(SupplierOrder.objects.get(pk=order.pk).sealed)
    assert scene.charged() == 950
    assert (scene.points, told("supplier.delivered"), told("supplier.failed")) == (4000, 1, 0)
    assert cast.step(order).state == "delivered"
    assert invariants() == []


def test_the_outbox_wakes_whoever_orders_and_the_sweep_finds_what_nobody_woke(scene: Scene) -> None:
    order = scene.take()
    outbox_drain()
    assert orders_due() == [order.pk]
    assert ordering.orders_work() == 1
    assert SupplierOrder.objects.get(pk=order.pk).state == "placed"


@pytest.mark.parametrize("fault", ["silent_after_commit", "error_after_commit", "garbled"])
def test_an_order_without_an_answer_is_found_by_its_key_and_not_placed_again(scene: Scene, fault: str) -> None:
    order = scene.take()
    scene.stand_in.fails("place", fault)
    assert cast.step(order).state == "sent"
    assert (scene.points, scene.code(order)) == (4000, None)
    assert cast.to_the_end(order).state == "delivered"
    assert len(scene.stand_in.orders()) == 1
    assert scene.charged() == 950
    assert scene.stand_in.tell()["requests"]["place"] == 1


@pytest.mark.parametrize("fault", ["silent_before", "error_before"])
def test_an_order_that_never_arrived_is_placed_again_under_the_same_key(scene: Scene, fault: str) -> None:
    order = scene.take()
    scene.stand_in.fails("place", fault)
    assert cast.to_the_end(order).state == "delivered"
    assert len(scene.stand_in.orders()) == 1
    assert scene.charged() == 950


def test_sold_out_gives_the_points_back_to_their_lots_and_says_so(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.fails("place", "out_of_stock")
    failed = cast.step(order)
    assert (failed.state, failed.failure) == ("failed", "out_of_stock")
    assert cast.outcome(order) == ("failed", "canceled")
    assert (scene.points, scene.code(order), scene.charged()) == (5000, None, 0)
    assert (told("supplier.failed"), told("supplier.delivered")) == (1, 0)
    assert invariants() == []


def test_an_order_that_is_given_up_later_gives_the_points_back(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.fails("place", "fails_later")
    assert cast.to_the_end(order).state == "failed"
    assert (scene.points, scene.charged()) == (5000, 0)


def test_a_refusal_after_silence_is_believed_only_when_nothing_can_still_arrive(scene: Scene) -> None:
    """The first request is slow: it is taken for lost, the second is refused, and then the first is carried out."""
    order = scene.take()
    scene.stand_in.fails("place", "silent_before", "out_of_stock")
    assert cast.step(order).state == "sent"
    cast.later(order)
    refused = cast.step(order)
    assert (refused.state, refused.failure) == ("sent", "out_of_stock")
    assert scene.points == 4000
    wanted = {"reference": str(order.redemption_id), "product": "boekenbeurs-eur", "value_minor": 1000}
    scene.stand_in.tell(commit=[{**wanted, "currency": "EUR"}])
    assert cast.to_the_end(order).state == "delivered"
    assert scene.points == 4000
    assert len(scene.stand_in.orders()) == 1


def test_a_refusal_after_silence_gives_the_points_back_in_the_end(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.fails("place", "silent_before", "out_of_stock")
    assert cast.to_the_end(order).state == "failed"
    assert (scene.points, scene.charged()) == (5000, 0)


def test_a_supplier_that_was_asked_in_vain_for_a_day_gives_the_points_back(scene: Scene, settings: Any) -> None:
    order = scene.take()
    settings.EGRESS_STAND_INS = frozenset()
    assert cast.step(order).state == "waiting"
    assert scene.points == 4000
    cast.later(order, timedelta(hours=25))
    assert cast.step(order).state == "failed"
    assert scene.points == 5000


def test_an_order_whose_fate_nobody_knows_waits_for_the_team_and_keeps_the_points(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.fails("place", "silent_after_commit")
    cast.step(order)
    scene.stand_in.tell(faults={"chances": {"find": {"error_before": 1.0}}})
    cast.later(order, timedelta(hours=25))
    assert cast.step(order).state == "stuck"
    assert (scene.points, told("supplier.attention")) == (4000, 1)
    assert orders_due() == []


@pytest.mark.parametrize("fault", ["wrong_code", "empty_code", "same_code"])
def test_a_wrong_code_is_never_shown_and_asked_for_again(scene: Scene, fault: str) -> None:
    first = cast.to_the_end(scene.take())
    order = scene.take()
    cast.step(order)
    cast.later(order)
    scene.stand_in.fails("codes", fault)
    assert cast.step(order).state == "placed"
    assert scene.code(order) is None
    assert cast.to_the_end(order).state == "delivered"
    assert scene.code(order) != scene.code(first)


def test_a_code_that_stays_wrong_waits_for_the_team(scene: Scene) -> None:
    cast.to_the_end(scene.take())
    order = scene.take()
    cast.step(order)
    scene.stand_in.tell(faults={"chances": {"codes": {"same_code": 1.0}}})
    stuck = cast.to_the_end(order)
    assert (stuck.state, stuck.failure) == ("stuck", "wrong_code")
    assert scene.code(order) is None


def test_an_order_for_another_amount_is_not_taken_for_ours(scene: Scene) -> None:
    order = scene.take()
    cast.step(order)
    [theirs] = scene.stand_in.orders()
    scene.stand_in.tell(orders={theirs["id"]: {"value_minor": 500}})
    stuck = cast.to_the_end(order)
    assert (stuck.state, stuck.failure) == ("stuck", "other_amount")


def test_a_death_before_anything_left_and_one_after_it_end_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between "sent" and the request, and between the answer and the note of it."""

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> Any:
        raise Killed

    before, after = scene.take(), scene.take()
    with monkeypatch.context() as patched:
        patched.setattr(ordering, "_ask", die)
        with pytest.raises(Killed):
            order_step(before.pk)
    with monkeypatch.context() as patched:
        patched.setattr(ordering, "_note", die)
        with pytest.raises(Killed):
            order_step(after.pk)
    assert len(scene.stand_in.orders()) == 1
    # Whoever died still has a name on it; until that time is over nobody else touches it.
    assert cast.step(before).state == "sent"
    assert scene.stand_in.tell()["requests"]["place"] == 1
    for order in (before, after):
        cast.later(order)
        assert cast.to_the_end(order).state == "delivered"
    assert len(scene.stand_in.orders()) == 2
    assert scene.charged() == 1900


def test_one_who_was_taken_for_dead_writes_nothing_any_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    order = scene.take()
    original = ordering._ask

    def slowly(*asked: Any) -> Any:
        said = original(*asked)
        with monkeypatch.context() as patched:
            patched.setattr(ordering, "_ask", original)
            cast.later(order)
            cast.to_the_end(order)
        return said

    with monkeypatch.context() as patched:
        patched.setattr(ordering, "_ask", slowly)
        order_step(order.pk)
    assert SupplierOrder.objects.get(pk=order.pk).state == "delivered"
    assert told("supplier.delivered") == 1
    assert len(scene.stand_in.orders()) == 1


def test_what_is_on_its_way_or_delivered_cannot_be_given_back_nor_used_too_early(scene: Scene) -> None:
    order = scene.take()
    redemption = Redemption.objects.get(pk=order.redemption_id)
    for actor in (shop.PARTNER, shop.STAFF):
        with pytest.raises(StillComing):
            redemption_cancel(redemption=redemption, actor=actor, reason="changed my mind")
    with pytest.raises(StillComing):
        redemption_use(redemption=redemption, actor=shop.PARTNER)
    cast.to_the_end(order)
    for actor in (shop.PARTNER, shop.STAFF):
        with pytest.raises(DeliveredBySupplier):
            redemption_cancel(redemption=redemption, actor=actor, reason="changed my mind")
    assert scene.points == 4000
    redemption_use(redemption=redemption, actor=shop.PARTNER)


def test_too_little_money_at_the_supplier_stops_the_sale_tells_the_team_and_keeps_the_order(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.tell(balance_minor=500)
    assert cast.step(order).state == "waiting"
    account = SupplierConnection.objects.get(pk=scene.account.pk)
    assert account.paused == "low_balance"
    assert told("supplier.attention") == 1
    with pytest.raises(Conflict, match=r"just now|not offered"):
        scene.take()
    assert scene.points == 4000
    # The same again tells nobody twice; money and a reading of the catalogue bring the sale back.
    cast.later(order)
    cast.step(order)
    assert told("supplier.attention") == 1
    scene.stand_in.tell(balance_minor=500_000)
    cast.read(account)
    assert SupplierConnection.objects.get(pk=account.pk).paused == ""
    assert cast.to_the_end(order).state == "delivered"
    scene.take()


def test_a_refused_key_stops_the_sale_until_the_account_is_tried_again(scene: Scene) -> None:
    order = scene.take()
    scene.stand_in.tell(keys=["another"])
    assert cast.step(order).state == "waiting"
    assert SupplierConnection.objects.get(pk=scene.account.pk).paused == "key_refused"
    with pytest.raises(Conflict, match=r"just now|not offered"):
        scene.take()


def test_the_same_request_again_orders_once(scene: Scene) -> None:
    first = reward_redeem(enrollment=scene.anna, reward=scene.offer.reward, actor=shop.PARTNER, key="one")
    again = reward_redeem(enrollment=scene.anna, reward=scene.offer.reward, actor=shop.PARTNER, key="one")
    assert first == again
    assert SupplierOrder.objects.count() == 1


def test_what_was_withdrawn_meanwhile_is_refused_before_anything_is_taken(scene: Scene) -> None:
    product = scene.offer.product
    product.in_stock = False
    product.save()
    with pytest.raises(Conflict):
        scene.take()
    assert scene.points == 5000
    assert not SupplierOrder.objects.exists()
