"""Counters that a new version declares, counted from stored events: as if they had been there from the beginning."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from core import clock
from core.errors import InvalidInput
from core.tables import AuditEntry, OutboxMessage
from loyalty import ledger
from loyalty.backfills import filling, work
from loyalty.backfills.canceling import backfill_cancel
from loyalty.backfills.choosing import countable, counters_fresh
from loyalty.backfills.work import backfill_work, backfills_sweep
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.errors import BackfillOver
from loyalty.models import CounterBackfill, Program, ProgramVersion, ProgressCounter
from loyalty.publishing import program_publish
from loyalty.selectors import program_state_of
from loyalty.withdrawing import version_withdraw
from members.models import Member, User
from members.staff import staff_role_set
from tenants.models import Brand
from tests.loyalty import shop

pytestmark = pytest.mark.django_db
COUNTERS: list[dict[str, Any]] = [
    {"code": "orders", "name": "Orders", "trigger": "order.paid"},
    {"code": "days", "name": "Days", "trigger": "order.paid", "measure": {"kind": "distinct_days"}},
    {
        "code": "cents", "name": "Cents", "trigger": "order.paid",
        "measure": {"kind": "sum", "path": "order.total_minor"},
    },
    {
        "code": "big", "name": "Big", "trigger": "order.paid",
        "when": {"kind": "attribute", "path": "order.total_minor", "operator": "ge", "value": 5000},
    },
    {"code": "praise", "name": "Praise", "trigger": "review.posted"},
]  # fmt: skip
CODES = ("orders", "days", "cents", "big", "praise")
AFTER: dict[str, Any] = {
    "code": "third",
    "name": "Third",
    "trigger": "order.paid",
    "when": {"kind": "counter", "counter": "orders", "period": "lifetime", "operator": "eq", "value": 3},
    "effects": [{"kind": "points_fixed", "currency": "points", "points": 1000}],
    "group": "own",
}


def document(counted: bool) -> dict[str, Any]:
    made = deepcopy(shop.DOCUMENT)
    if counted:
        made["counters"] = deepcopy(COUNTERS)
        made["ladders"].append(
            {
                "code": "visits",
                "name": "Visits",
                "qualify": {"kind": "counter", "counter": "orders"},
                "tiers": [{"code": "new", "name": "New"}, {"code": "known", "name": "Known", "threshold": 4}],
            }
        )
    return made


def published(program: Program, made: dict[str, Any], count_back: Any = CODES) -> ProgramVersion:
    row = Program.objects.get(pk=program.pk)
    draft_replace(
        program=row, document=document_decode(made), expected_revision=row.draft_revision, actor=shop.STAFF
    )  # fmt: skip
    row.refresh_from_db()
    return program_publish(
        program=row, actor=shop.STAFF, expected_revision=row.draft_revision, count_back=count_back
    )  # fmt: skip


def before(anna: Member, ben: Member) -> None:
    shop.send(
        shop.order(anna, 60, "A-1", days_ago=40),
        shop.order(anna, 10, "A-2", days_ago=3),
        shop.order(anna, 90, "A-3", days_ago=3),
        shop.order(anna, 55, "A-4", days_ago=1),
        shop.review(anna),
        shop.order(ben, 7, "B-1", days_ago=400),
    )
    shop.send(shop.returned(anna, "A-2", 10, "R-1"), shop.returned(anna, "A-1", 20, "R-2"))
    shop.send(shop.returned(anna, "A-3", 1, "R-3"))


def after(anna: Member, ben: Member) -> None:
    """What comes once it is counted: new ones, late ones, and returns of what was before."""
    shop.send(shop.order(anna, 20, "A-5"), shop.order(anna, 30, "A-6", days_ago=3), shop.order(ben, 70, "B-2"))
    shop.send(shop.returned(anna, "A-3", 89, "R-4"), shop.returned(anna, "A-1", 40, "R-5"), shop.review(ben))
    shop.send(shop.returned(ben, "B-1", 2, "R-6"))


def counted() -> dict[tuple[str, str, str], int]:
    rows = ProgressCounter.objects.exclude(value=0).exclude(key__startswith="cap")
    return {(each.enrollment.member.name, each.key, each.period): each.value for each in rows}


def people(program: Program) -> tuple[Member, Member]:
    anna, ben = shop.member("Anna"), shop.member("Ben")
    shop.place(anna, program)
    shop.place(ben, program)
    return anna, ben


def from_the_start() -> list[dict[tuple[str, str, str], int]]:
    with transaction.atomic():
        anna, ben = people(shop.program(document(counted=True)))
        before(anna, ben)
        found = [counted()]
        after(anna, ben)
        found.append(counted())
        transaction.set_rollback(True)
    return found


def test_what_is_counted_from_before_is_what_it_would_have_been_then_and_ever_after(brand: Brand) -> None:
    first, then = from_the_start()
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    published(program, document(counted=True))
    run = CounterBackfill.objects.get()
    assert backfill_work(run_id=run.pk)
    assert counted() == first
    run.refresh_from_db()
    # One of Anna's orders came back whole.
    assert (run.done, run.total, run.read, run.finished_at is not None) == (2, 2, 5, True)
    after(anna, ben)
    assert counted() == then
    # And again is no more: each event says what it raised.
    CounterBackfill.objects.update(finished_at=None, after=0)
    backfill_work(run_id=run.pk)
    assert counted() == then


def test_without_the_choice_they_start_at_zero(brand: Brand) -> None:
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    published(program, document(counted=True), count_back=())
    assert not CounterBackfill.objects.exists()
    assert not ProgressCounter.objects.filter(key__startswith="count:orders").exists()


def test_events_of_an_older_version_that_come_meanwhile_count_once(brand: Brand) -> None:
    _first, then = from_the_start()
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    published(program, document(counted=True))
    after(anna, ben)  # before anybody is counted
    run = CounterBackfill.objects.get()
    assert backfill_work(run_id=run.pk)
    assert counted() == then


@pytest.mark.parametrize("protected", [True, False])
def test_what_was_judged_before_the_publication_and_is_booked_after_the_count_is_judged_again(
    brand: Brand, monkeypatch: pytest.MonkeyPatch, protected: bool
) -> None:
    """The control: with the members' version left as it is, such an event would never be counted."""
    program = shop.program(document(counted=False))
    anna, _ben = people(program)
    real = ledger.batch_book
    done: list[bool] = []
    if not protected:
        monkeypatch.setattr(filling, "MOVED", "SELECT %s")

    def book(**plan: Any) -> list[int]:
        if not done:
            done.append(True)
            published(program, document(counted=True))
            assert backfill_work(run_id=CounterBackfill.objects.get().pk)
        return real(**plan)

    monkeypatch.setattr(ledger, "batch_book", book)
    shop.send(shop.order(anna, 60, "A-1", days_ago=1))
    assert done
    orders = ProgressCounter.objects.filter(key__contains="orders", period="")
    assert [each.value for each in orders if each.value] == ([1] * len(orders) if protected else [])
    assert bool(orders) is protected


def test_a_count_that_was_killed_goes_on_where_it_stood(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _then = from_the_start()
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    published(program, document(counted=True))
    monkeypatch.setattr(work, "MEMBERS", 1)
    real, calls = filling.Filler.fill, []

    def fill(self: filling.Filler, members: list[int]) -> int:
        read = real(self, members)
        calls.append(members)
        if len(calls) == 2:
            raise KeyboardInterrupt  # after its writes, before they are committed
        return read

    monkeypatch.setattr(filling.Filler, "fill", fill)
    run = CounterBackfill.objects.get()
    with pytest.raises(KeyboardInterrupt):
        backfill_work(run_id=run.pk)
    run.refresh_from_db()
    assert (run.done, run.finished_at) == (1, None)
    assert backfills_sweep() == 1
    assert calls[1] == calls[2]
    assert counted() == first
    assert backfills_sweep() == 0


def test_a_count_that_is_canceled_leaves_the_counters_as_if_they_had_started_at_zero(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        program = shop.program(document(counted=False))
        anna, ben = people(program)
        before(anna, ben)
        published(program, document(counted=True), count_back=())
        after(anna, ben)
        zero = counted()
        transaction.set_rollback(True)
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    published(program, document(counted=True))
    monkeypatch.setattr(work, "MEMBERS", 1)
    run = CounterBackfill.objects.get()
    assert work._piece(run.pk) is None
    late = shop.order(anna, 30, "A-6", days_ago=3)
    shop.send(shop.order(anna, 20, "A-5"), late, shop.order(ben, 70, "B-2"))
    assert counted() != zero
    backfill_cancel(run=run, actor=shop.STAFF)
    assert backfills_sweep() == 1
    # What came while it was counting, and what comes after: late ones, and returns of what was before.
    shop.send(shop.returned(anna, "A-3", 89, "R-4"), shop.returned(anna, "A-1", 40, "R-5"), shop.review(ben))
    shop.send(shop.returned(ben, "B-1", 2, "R-6"))
    assert counted() == zero
    run.refresh_from_db()
    assert (run.done, run.total, run.finished_at is not None, backfills_sweep()) == (2, 2, True, 0)
    with pytest.raises(BackfillOver):
        backfill_cancel(run=run, actor=shop.STAFF)


@pytest.mark.parametrize("done", [True, False])
def test_what_was_counted_for_a_version_that_is_withdrawn_is_taken_back(
    brand: Brand, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Or the counter of that name of a later version, which starts at zero, would start with it."""
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    row = Program.objects.get(pk=program.pk)
    made = document_decode(document(counted=True))
    row = draft_replace(program=row, document=made, expected_revision=row.draft_revision, actor=shop.STAFF)
    row.refresh_from_db()
    version = program_publish(
        program=row, actor=shop.STAFF, expected_revision=row.draft_revision, count_back=CODES,
        in_force_from=clock.now() + timedelta(days=3),
    )  # fmt: skip
    monkeypatch.setattr(work, "MEMBERS", 1)
    work._piece(CounterBackfill.objects.get().pk)
    if done:
        backfills_sweep()
    assert counted()
    version_withdraw(version=version, actor=shop.STAFF)
    backfills_sweep()
    left = {key: value for key, value in counted().items() if key[1].startswith(("count:", "tier:visits", "seen:"))}
    assert left == {}
    assert CounterBackfill.objects.get().finished_at is not None


def test_what_was_judged_before_the_cancel_and_is_booked_after_it_is_judged_again(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shop.program(document(counted=False))
    anna, _ben = people(program)
    published(program, document(counted=True))
    real = ledger.batch_book
    done: list[bool] = []

    def book(**plan: Any) -> list[int]:
        if not done:
            done.append(True)
            backfill_cancel(run=CounterBackfill.objects.get(), actor=shop.STAFF)
            backfills_sweep()
        return real(**plan)

    monkeypatch.setattr(ledger, "batch_book", book)
    shop.send(shop.order(anna, 60, "A-1", days_ago=1))
    assert done
    assert not ProgressCounter.objects.filter(key__contains="orders").exclude(value=0).exists()


def test_staff_who_may_publish_cancel_a_count_and_see_how_far_it_is_taken_back(brand: Brand, client_for: Any) -> None:
    staff = {}
    for role in ("owner", "analyst"):
        staff[role] = User.objects.create_user(f"{role}@example.com", "a long enough password")
        staff_role_set(user=staff[role], role=role, actor=shop.STAFF)
    program = shop.program(document(counted=False))
    before(*people(program))
    published(program, document(counted=True))
    address = reverse("admin:loyalty_program_counting", args=[program.pk])
    change = reverse("admin:loyalty_program_change", args=[program.pk])
    assert client_for(brand, user=staff["analyst"]).post(address).status_code == 403
    client = client_for(brand, user=staff["owner"])
    assert address in client.get(change).content.decode()
    assert "what was counted so far is taken back" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    shown = client.get(change).content.decode()
    assert "is taken back: 0 of 2 members" in shown
    assert address not in shown
    assert "Nothing is being counted" in client.get(address).content.decode()
    assert AuditEntry.objects.filter(action="program.count_back_cancel").count() == 1


def test_a_rule_finds_the_history_that_was_counted(brand: Brand) -> None:
    program = shop.program(document(counted=False))
    anna, _ben = people(program)
    shop.send(shop.order(anna, 1, "A-1", days_ago=0.001), shop.order(anna, 1, "A-2", days_ago=0.001))
    made = document(counted=True)
    published(program, {**made, "rules": [*made["rules"], AFTER]})
    backfills_sweep()
    [third] = shop.send(shop.order(anna, 1, "A-3"))
    assert 1000 in [each["points"] for each in third.body["awards"]]
    assert ProgressCounter.objects.get(key="count:orders:lifetime").value == 3


def test_what_an_event_can_not_say_by_itself_can_only_start_at_zero(brand: Brand) -> None:
    program = shop.program(document(counted=False))
    made = document(counted=True)
    made["counters"].append(
        {
            "code": "silvers", "name": "Silvers", "trigger": "order.paid",
            "when": {"kind": "all", "of": [{"kind": "tier", "ladder": "main", "any_of": ["vip"]}]},
        }
    )  # fmt: skip
    fresh = {each.code: each for each in counters_fresh(program, document_decode(made))}
    assert [code for code, each in fresh.items() if not each.countable] == ["silvers"]
    with pytest.raises(InvalidInput) as refused:
        published(program, made, count_back=("orders", "silvers"))
    assert refused.value.field == "count_back"
    with pytest.raises(InvalidInput):
        published(program, made, count_back=("nothing",))
    assert (ProgramVersion.objects.count(), CounterBackfill.objects.count()) == (1, 0)
    assert not countable(document_decode(made).counters[-1])


def test_counters_that_are_there_already_are_not_offered(brand: Brand) -> None:
    program = shop.program(document(counted=True))
    made = document(counted=True)
    made["counters"].append({"code": "more", "name": "More", "trigger": "order.paid"})
    assert [each.code for each in counters_fresh(program, document_decode(made))] == ["more"]
    with pytest.raises(InvalidInput):
        published(program, made, count_back=("orders",))


def test_older_versions_raise_only_what_they_do_not_declare(brand: Brand) -> None:
    program = shop.program(document(counted=False))
    made = document(counted=False)
    made["counters"] = [COUNTERS[0]]
    published(program, made, count_back=())
    published(program, document(counted=True), count_back=CODES[1:])
    state = program_state_of(program.pk)
    raises = [
        [each.code for each in state.version(row.id).triggers["order.paid"].raises] for row in state.versions
    ]  # fmt: skip
    assert raises == [["days", "cents", "big"], ["orders", "days", "cents", "big"], ["orders", "days", "cents", "big"]]


def test_the_choice_is_made_where_one_publishes_with_what_it_reads(brand: Brand, client_for: Any) -> None:
    owner = User.objects.create_user("owner@example.com", "a long enough password")
    staff_role_set(user=owner, role="owner", actor=shop.STAFF)
    program = shop.program(document(counted=False))
    anna, ben = people(program)
    before(anna, ben)
    row = Program.objects.get(pk=program.pk)
    draft_replace(
        program=row, document=document_decode(document(counted=True)), expected_revision=row.draft_revision,
        actor=shop.STAFF,
    )  # fmt: skip
    row.refresh_from_db()
    client = client_for(brand, user=owner)
    address = reverse("admin:loyalty_program_publish", args=[program.pk])
    page = client.get(address).content.decode()
    assert "The new counter Orders" in page
    assert "reads 5 stored events" in page
    assert "reads 1 stored event" in page
    sent = {"revision": row.draft_revision, "counter_orders": "stored", "counter_days": "zero"}
    assert client.post(address, sent).status_code == 302
    run = CounterBackfill.objects.get()
    assert run.counters == ["orders"]
    shown = client.get(reverse("admin:loyalty_program_change", args=[program.pk])).content.decode()
    assert "0 of 2 members" in shown
    backfill_work(run_id=run.pk)
    assert OutboxMessage.objects.filter(topic="program.published").exists()
    shown = client.get(reverse("admin:loyalty_program_change", args=[program.pk])).content.decode()
    assert "Counting from before" not in shown
    assert not ProgressCounter.objects.filter(key__startswith="count:cents").exists()
