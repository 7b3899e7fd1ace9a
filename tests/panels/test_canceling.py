"""A panel that doesn't take place: whoever waits is told once, nothing goes out, nothing is half-done."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import connection

from core.errors import InvalidInput
from core.outbox import outbox_drain
from core.tables import AuditEntry, OutboxMessage
from panels.applying import application_withdraw
from panels.canceling import panel_cancel
from panels.choosing import applications_reserve, applications_select
from panels.errors import ApplicationDecided, PanelClosed, UnderWay, WrongMoment
from panels.following import panels_in_force
from panels.lending import invitation_accept, invitation_decline, participation_close, product_ship
from panels.models import Application, Panel, Participation
from panels.sweeping import panels_sweep
from tenants.models import Brand
from tests.loyalty import cast as people
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db


def canceled() -> Panel:
    return panel_cancel(panel=cast.panel(), reason="The factory burnt down", actor=shop.STAFF)


def subjects() -> list[str]:
    while outbox_drain():
        pass
    return [str(each.subject) for each in mail.outbox]


def state_of(application: Application) -> str:
    return Application.objects.get(pk=application.pk).state


def test_whoever_waits_is_told_once_in_their_language_and_the_others_are_left_alone(brand: Brand) -> None:
    made = cast.program(units=3)
    names = ("Anna", "Bo", "Cas", "Dee", "Eva")
    rows = {name: cast.applies(people.person(made, name, language="nl").enrollment) for name in names}
    application_withdraw(application=rows["Eva"], actor=shop.PARTNER)
    applications_reserve(panel=cast.panel(), ids=[rows["Bo"].pk], actor=shop.STAFF)
    accepted = cast.chosen(rows["Cas"])
    invitation_accept(participation=accepted, address=cast.HOME, actor=shop.PARTNER)
    said_no = cast.chosen(rows["Dee"])
    invitation_decline(participation=said_no, actor=shop.PARTNER)
    subjects()
    mail.outbox.clear()
    for _twice in range(2):
        canceled()
    assert {name: state_of(row) for name, row in rows.items()} == {
        "Anna": "canceled", "Bo": "canceled", "Cas": "canceled", "Dee": "selected", "Eva": "withdrawn",
    }  # fmt: skip
    one = cast.fresh(rows["Cas"])
    assert (one.state, one.address, one.country) == ("canceled", "", "")
    assert subjects() == ["Winterjas: gaat niet door"] * 3
    assert "factory" not in str(mail.outbox[0].body), "the reason is the team's"
    assert AuditEntry.objects.get(action="panel.cancel").changes["told"] == 3
    assert OutboxMessage.objects.filter(topic="panel.canceled").count() == 1


def test_nothing_goes_on_afterwards(brand: Brand) -> None:
    made = cast.program(units=1)
    anna, bo = (shop.place(shop.member(name), made) for name in ("Anna", "Bo"))
    one = cast.chosen(cast.applies(anna))
    invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    stands_by = cast.applies(bo)
    applications_reserve(panel=cast.panel(), ids=[stands_by.pk], actor=shop.STAFF)
    cast.settled()
    canceled()
    with pytest.raises(WrongMoment):
        product_ship(participation=one, actor=shop.STAFF)
    with pytest.raises(WrongMoment):
        invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    with pytest.raises(PanelClosed):
        cast.applies(shop.place(shop.member("Cas"), made))
    with pytest.raises(PanelClosed):
        applications_select(panel=cast.panel(), ids=[stands_by.pk], actor=shop.STAFF)
    with pytest.raises(ApplicationDecided):
        application_withdraw(application=stands_by, actor=shop.PARTNER)
    assert (panels_sweep(), panels_in_force()) == (0, 0)
    assert state_of(stands_by) == "canceled"
    shop.publish(made, cast.document())  # it needn't stay in the program


def test_the_index_of_testers_under_way_leaves_out_who_was_let_go(brand: Brand) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes"
            " WHERE indexname = 'panel_testers_under_way' AND schemaname = current_schema()"
        )
        [[told]] = cursor.fetchall()
    over = ("declined", "lapsed", "canceled", "closed")
    assert [each for each in Participation.State.values if f"'{each}'" in told] == list(over)


def test_not_while_a_product_is_with_somebody_and_not_without_a_reason(brand: Brand) -> None:
    made = cast.program()
    rows = cast.crowd(made, 2)
    one = cast.testing(rows[0])
    with pytest.raises(UnderWay) as refused:
        canceled()
    assert refused.value.context["under_way"] == 1
    with pytest.raises(InvalidInput):
        panel_cancel(panel=cast.panel(), reason=" ", actor=shop.STAFF)
    assert (cast.panel().state, state_of(rows[1])) == ("open", "applied")
    participation_close(participation=one, note="Gone", actor=shop.STAFF)
    canceled()
    assert (cast.fresh(rows[0]).state, state_of(rows[1])) == ("closed", "canceled")


def test_each_step_of_a_member_stands_in_the_audit_trail_without_what_is_theirs(brand: Brand) -> None:
    made = cast.program(after={"kind": "send_back"})
    anna = shop.place(shop.member(), made)
    cast.answered(cast.applies(anna))
    bo = cast.applies(shop.place(shop.member("Bo"), made))
    application_withdraw(application=bo, actor=shop.PARTNER)
    rows = AuditEntry.objects.filter(actor=shop.PARTNER.name, action__startswith="panel.").order_by("pk")
    assert [each.action for each in rows] == [
        "panel.apply", "panel.accept", "panel.receive", "panel.answer", "panel.apply", "panel.withdraw",
    ]  # fmt: skip
    kept = " ".join(str(each.changes) for each in rows)
    assert "walk a lot" not in kept
    assert "Kade" not in kept
