"""A long file is judged part by part while the part before is booked: it gives what it would give otherwise, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum

from core.actor import Actor
from loyalty import ingest, ledger, parts
from loyalty.imports import runner
from loyalty.imports.runner import import_work
from loyalty.ingest import Answer, Unwanted, event_ingest_raw
from loyalty.models import Enrollment, Event, ImportJob, PointsAccount, PointsEntry
from members.models import Member
from tenants.models import Brand
from tests.conftest import assert_points_add_up
from tests.loyalty import shop
from tests.loyalty.imports.brought import ndjson, uploaded

SHOP = Actor("partner", "api:shop", "shop")


@pytest.fixture
def people(committed_brand: Brand, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Member]]:
    """Four members; a part is of two events. Committed, since each part ends its own transaction."""
    monkeypatch.setattr(parts, "PART", 2)
    program = shop.program()
    members = [shop.member(name, external_id=name) for name in ("Anna", "Bram", "Cees", "Dirk")]
    for member in members:
        shop.place(member, program)
    yield members
    assert_points_add_up(committed_brand)


def rows_of(people: Sequence[Member], count: int = 8) -> list[dict[str, Any]]:
    return [shop.order(people[n % len(people)], 10 + n, f"P-{n}") for n in range(count)]


def taken(rows: Sequence[dict[str, Any]], **more: Any) -> list[Answer]:
    return event_ingest_raw(rows, actor=SHOP, **{"meanwhile": lambda: None, **more})


def balances() -> dict[str, int]:
    rows = PointsAccount.objects.values_list("enrollment__member__external_id").annotate(Sum("balance"))
    return {str(name): points for name, points in rows}


def test_each_member_gets_what_their_orders_give_and_every_row_its_own_answer(people, monkeypatch):
    sent: list[int] = []
    real = ledger.batch_send

    def send(**given: Any) -> Any:
        sent.append(len(given["plan"]["events"]))
        return real(**given)

    monkeypatch.setattr(ledger, "batch_send", send)
    rows = rows_of(people)
    rows[5]["member"] = {"external_id": "nobody"}
    answers = taken(rows)
    assert [each.status for each in answers] == [201] * 5 + [422] + [201] * 2
    assert [each.body["external_id"] for each in answers if each.error is None] == [
        row["id"] for n, row in enumerate(rows) if n != 5
    ]
    assert balances() == {"Anna": 24, "Bram": 11, "Cees": 28, "Dirk": 30}
    assert (len(sent), sum(sent)) == (4, 7)
    # The line after an entry says what there was after it, in the order of the file.
    lines = PointsEntry.objects.filter(account__enrollment__member=people[0]).order_by("id")
    assert [(line.points, line.balance_after) for line in lines] == [(10, 10), (14, 24)]
    again = taken(rows)
    assert [each.status for each in again] == [200] * 5 + [422] + [200] * 2
    assert [each.body for each in again if each.error is None] == [each.body for each in answers if each.error is None]
    assert PointsEntry.objects.count() == 7


def test_a_part_whose_member_has_moved_is_judged_again_and_booked_once(people, monkeypatch):
    moved = Enrollment.objects.get(member=people[1])
    ways: list[str] = []

    def passed(name: str) -> None:
        if name == "book.before" and not ways:
            # Within the part's own transaction: what refuses it is the version, and with it goes this too.
            ways.append("moved")
            Enrollment.objects.update(version=F("version") + 1)

    def judged_again(name: str) -> None:
        ways.append(name)

    monkeypatch.setattr(parts, "failpoint", passed)
    monkeypatch.setattr(ingest, "failpoint", judged_again)
    answers = taken(rows_of(people))
    assert {each.status for each in answers} == {201}
    assert ways == ["moved", "book.before_read", "book.before", "book.after"]
    assert balances() == {"Anna": 24, "Bram": 26, "Cees": 28, "Dirk": 30}
    assert PointsEntry.objects.count() == 8
    assert moved.version < Enrollment.objects.get(member=people[1]).version


def test_without_the_check_of_versions_the_control_books_a_part_that_has_moved(people, monkeypatch):
    """The control of the test above: the function that only answers is taken for one that fails."""
    real = ledger._booking
    monkeypatch.setattr(ledger, "_booking", lambda call, *given: real(call.removesuffix("_or_fail"), *given))
    ways: list[str] = []

    def passed(name: str) -> None:
        if name == "book.before" and not ways:
            ways.append("moved")
            Enrollment.objects.update(version=F("version") + 1)

    monkeypatch.setattr(parts, "failpoint", passed)
    answers = taken(rows_of(people))
    # It says that it booked what it didn't.
    assert {each.status for each in answers} == {201}
    assert Event.objects.filter(type="order.paid").count() < len(answers)


def test_what_hangs_together_is_not_taken_apart(people, monkeypatch):
    monkeypatch.setattr(ledger, "batch_send", lambda **given: pytest.fail("in parts"))
    rows = rows_of(people)
    assert [each.status for each in taken([*rows, shop.returned(people[0], "P-0", 10)])] == [201] * 9
    more = rows_of(people, 16)[8:]
    of_one_number = [*more, *({**row, "id": f"second-{row['id']}"} for row in more)]
    assert [each.status for each in taken(of_one_number)] == [201] * 8 + [409] * 8


def test_a_part_that_is_not_wanted_is_not_booked_and_a_connection_that_works_is_left(people):
    wanted: list[int] = []

    def booked(answers: Sequence[Answer]) -> None:
        if wanted:
            raise Unwanted
        wanted.append(len(answers))

    with pytest.raises(Unwanted):
        taken(rows_of(people), booked=booked)
    assert Event.objects.filter(type="order.paid").count() == sum(wanted) == 2
    with pytest.raises(ZeroDivisionError):
        taken(rows_of(people), meanwhile=lambda: 1 // 0)
    assert Event.objects.filter(type="order.paid").count() == 8
    assert connection.get_autocommit()


def test_a_file_is_counted_as_it_is_booked_and_who_is_not_enrolled_yet_is(people, media, monkeypatch):
    monkeypatch.setattr(runner, "CHUNK", 4)
    new = shop.member("Eva", external_id="Eva")
    job = import_work(uploaded(ndjson(*rows_of(people, 10), b"no json", shop.order(new, 7, "P-new"))).pk)
    assert (job.state, job.done, job.counts) == (ImportJob.State.DONE, 12, {"processed": 11, "refused": 1})
    assert job.issued == {"points": sum(range(10, 20)) + 7}
    assert balances()["Eva"] == 7
