"""Product panels in the admin: who applied, filtered and chosen; who tests; the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.tables import AuditEntry
from draws.drawing import faults_of
from members.roles import ROLES, roles_sync
from panels.lending import invitation_accept, product_receive, product_ship
from panels.models import Application, Panel, Participation
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.backoffice.sent import told
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db
Entered = Callable[[str], Client]


@pytest.fixture
def entered(brand: Brand, client_for: ClientFor) -> Entered:
    roles_sync()
    return {role: client_for(brand, user=staff(role)) for role in ROLES}.__getitem__


def text_in(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:panels_panel_{name}", urlconf="config.urls_brand", args=args)


def test_applicants_are_filtered_sorted_and_chosen_by_ticking(brand: Brand, entered: Entered) -> None:
    made = cast.program()
    rows = [cast.applies(shop.place(shop.member(f"M{n}"), made), size="l" if n else "s") for n in range(4)]
    owner, panel = entered("owner"), cast.panel()
    assert "Winter jacket" in told(owner.get(page("changelist")))
    assert str(panel) == "Winter jacket", "what the head of its pages calls it"
    whole = owner.get(page("applicants", panel.pk)).content.decode()
    assert "<td>Enthusiast</td>" in whole
    assert "<td>enthusiast</td>" not in whole
    only = told(owner.get(page("applicants", panel.pk), {"q_size": "s"}))
    assert "M0" in only
    assert "M1" not in only
    assert "M3" in told(owner.get(page("applicants", panel.pk), {"sort": "last", "state": "applied"}))
    assert "Nobody here." in told(owner.get(page("applicants", panel.pk), {"state": "selected"}))
    too_many = {"application": [str(each.pk) for each in rows[:3]], "act": "select"}
    assert "fewer products left" in told(owner.post(page("applicants", panel.pk), too_many, follow=True))
    owner.post(page("applicants", panel.pk), {"application": [str(rows[0].pk)], "act": "select"})
    owner.post(page("applicants", panel.pk), {"application": [str(rows[1].pk), "x"], "act": "reserve"})
    owner.post(page("applicants", panel.pk), {"application": [str(rows[1].pk)], "act": "reserve"})
    states = [Application.objects.get(pk=each.pk).state for each in rows]
    assert states == ["selected", "reserve", "applied", "applied"]


def test_lots_are_drawn_once_and_can_be_checked(brand: Brand, entered: Entered) -> None:
    cast.crowd(cast.program(), 6)
    owner, panel = entered("owner"), cast.panel()
    assert page("draw", panel.pk) not in told(owner.get(page("change", panel.pk)))
    cast.over()
    assert entered("support").post(page("draw", panel.pk), {"reserves": "2"}).status_code == 403
    for _twice in range(2):
        owner.post(page("draw", panel.pk), {"reserves": "2"})
    counts = {state: Application.objects.filter(state=state).count() for state in ("selected", "reserve", "applied")}
    assert counts == {"selected": 2, "reserve": 2, "applied": 2}
    file = json.loads(owner.get(page("draw_file", panel.pk)).content)
    assert faults_of(file) == []
    assert "M1" not in json.dumps(file)
    owner.post(page("settle", panel.pk))
    assert Panel.objects.get().state == "settled"
    assert Application.objects.filter(state="not_selected").count() == 2


def test_products_are_sent_and_come_back_and_testers_are_reminded(brand: Brand, entered: Entered) -> None:
    rows = cast.crowd(cast.program(after={"kind": "send_back", "days": 10}), 2)
    for each in rows:
        invitation_accept(participation=cast.chosen(each), address=cast.HOME, actor=shop.PARTNER)
    support, panel = entered("support"), cast.panel()
    testers = [str(cast.fresh(each).pk) for each in rows]
    file = text_in(support.get(page("addresses", panel.pk)))
    assert "Kade 1" in file
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # a file that ends parks the connection
    assert AuditEntry.objects.filter(action="panel.addresses").exists()
    assert entered("marketer").get(page("addresses", panel.pk)).status_code == 403
    assert "Kade 1" not in told(entered("marketer").get(page("tester", panel.pk, testers[0])))
    support.post(page("tester_act", panel.pk, testers[0], "ship"), {"carrier": "Post", "tracking": "3S9"})
    assert "3S9" in told(support.get(page("tester", panel.pk, testers[0])))
    done = told(support.post(page("testers", panel.pk), {"tester": testers, "act": "return"}, follow=True))
    assert "Done for 1." in done
    assert "Left out (1)" in done
    support.post(page("testers", panel.pk), {"tester": testers[1:], "act": "ship"})
    product_receive(participation=cast.fresh(rows[1]), actor=shop.PARTNER)
    support.post(page("tester_act", panel.pk, testers[1], "remind"))
    assert cast.fresh(rows[1]).reminded_at is not None
    assert "24 hours" in told(support.post(page("tester_act", panel.pk, testers[1], "remind"), follow=True))
    assert "Say why." in told(support.post(page("tester_act", panel.pk, testers[1], "close"), follow=True))
    support.post(page("tester_act", panel.pk, testers[1], "close"), {"note": "Lost in the post"})
    assert cast.fresh(rows[1]).outcome == "lost"
    assert "Lost in the post" in told(support.get(page("tester", panel.pk, testers[1])))


def test_answers_are_a_chart_a_table_and_a_file(brand: Brand, entered: Entered) -> None:
    rows = cast.crowd(cast.program(), 2)
    cast.answered(rows[0], words="=1+1")
    cast.answered(rows[1], warm=5, where=["sea"])
    marketer, panel = entered("marketer"), cast.panel()
    shown = told(marketer.get(page("answers", panel.pk)))
    assert "On average 4.50" in shown
    assert "Hill, Sea" in shown
    file = text_in(marketer.get(page("answers_file", panel.pk)))
    assert "'=1+1" in file
    assert file.count("\n") == 3
    connection.set_tenant(brand)  # type: ignore[attr-defined]  # a file that ends parks the connection
    assert AuditEntry.objects.filter(action="panel.answers").exists()
    assert entered("analyst").get(page("answers", panel.pk)).status_code == 403


def test_every_role_but_the_owner_is_kept_from_what_is_not_theirs(brand: Brand, entered: Entered) -> None:
    one = cast.testing(cast.crowd(cast.program(), 1)[0])
    panel = cast.panel()
    may = {
        role: [
            name
            for name, args in (
                ("change", [panel.pk]), ("applicants", [panel.pk]), ("testers", [panel.pk]),
                ("tester", [panel.pk, one.pk]), ("answers", [panel.pk]), ("draw", [panel.pk]),
                ("addresses", [panel.pk]),
            )
            if entered(role).get(page(name, *args)).status_code == 200
        ]
        for role in ROLES
    }  # fmt: skip
    assert may["analyst"] == ["change"]
    assert may["marketer"] == ["change", "applicants", "testers", "tester", "answers", "draw"]
    assert may["support"] == ["change", "applicants", "testers", "tester", "answers", "addresses"]
    assert len(may["owner"]) == 7
    assert Participation.objects.get().state == "received"


def test_a_panel_is_made_on_a_form_without_raw_json(brand: Brand, entered: Entered) -> None:
    made = cast.program()
    url = reverse("admin:loyalty_program_section_new", urlconf="config.urls_brand", args=[made.pk, "panels"])
    shown = told(entered("marketer").get(url))
    for words in ("Products to test", "Questions to testers", "a number on a scale", "Days to test and answer"):
        assert words in shown
    assert url in told(entered("marketer").get(page("changelist")))


def test_products_for_testers_stand_in_the_queue_of_parcels(brand: Brand, entered: Entered) -> None:
    made = cast.program()
    one = cast.chosen(cast.applies(shop.place(shop.member(), made)))
    invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    owner = entered("owner")
    parcels, packing = (
        reverse(f"admin:rewards_fulfilment_{name}", urlconf="config.urls_brand") for name in ("changelist", "list")
    )
    listed = owner.get(parcels).content.decode()
    assert "Winter jacket: 1 to test" in listed
    assert f"{page('testers', cast.panel().pk)}?state=accepted" in listed
    packed = told(owner.get(packing))
    assert "To test: A jacket" in packed
    assert "1011 AB Amsterdam" in packed
    product_ship(participation=one, actor=shop.STAFF)
    assert "To test" not in told(owner.get(packing))


def test_a_panel_is_canceled_with_a_reason(brand: Brand, entered: Entered) -> None:
    cast.crowd(cast.program(), 2)
    panel = cast.panel()
    assert entered("support").post(page("cancel", panel.pk), {"reason": "x"}).status_code == 403
    owner = entered("owner")
    assert owner.post(page("cancel", panel.pk), {"reason": ""}).status_code == 200
    assert Panel.objects.get().state == "open"
    shown = told(owner.post(page("cancel", panel.pk), {"reason": "Not made any more"}, follow=True))
    assert "Not made any more" in shown
    assert page("cancel", panel.pk) not in owner.get(page("change", panel.pk)).content.decode()
    assert Panel.objects.get().state == "canceled"
