"""The staff's queue: what is flagged, why, and a decision with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.roles import ROLES, roles_sync
from referrals.codes import code_ensure
from referrals.models import Referral, ReferralCode
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.backoffice.sent import told
from tests.conftest import ClientFor
from tests.loyalty import cast as people
from tests.referrals import cast

pytestmark = pytest.mark.django_db
Entered = Callable[[str], Client]


@pytest.fixture
def flagged(brand: Brand) -> Referral:
    anna = people.person(cast.program())
    return cast.buys(cast.comes(anna.enrollment, "Bo", email="anna+2@example.com"), 50)


@pytest.fixture
def entered(brand: Brand, client_for: ClientFor) -> Entered:
    roles_sync()
    team = {role: client_for(brand, user=staff(role)) for role in ROLES}
    return team.__getitem__


def page(name: str, *args: Any, model: str = "referral") -> str:
    return reverse(f"admin:referrals_{model}_{name}", urlconf="config.urls_brand", args=args)


def test_the_queue_shows_what_is_flagged_and_why(flagged: Referral, entered: Entered) -> None:
    shown = told(entered("support").get(page("changelist")))
    assert "nearly the same e-mail" in shown
    assert "Anna" in shown
    assert ">Bo<" in shown.replace(" ", "").replace("\n", "")
    void = told(entered("support").get(page("changelist"), {"state": "void"}))
    assert ">Bo<" not in void.replace(" ", "").replace("\n", "")
    one = told(entered("marketer").get(page("change", flagged.pk)))
    assert "nearly the same e-mail" in one
    assert "/approve/" not in one


def test_a_decision_needs_a_reason_and_the_right(flagged: Referral, entered: Entered) -> None:
    support = entered("support")
    assert "/approve/" in told(support.get(page("change", flagged.pk)))
    assert "This field is required." in told(support.post(page("approve", flagged.pk), {"reason": ""}))
    assert entered("marketer").post(page("approve", flagged.pk), {"reason": "x"}).status_code == 403
    assert support.post(page("block", flagged.pk), {"reason": "One person"}).status_code == 302
    assert cast.again(flagged).state == "blocked"
    again = support.post(page("approve", flagged.pk), {"reason": "Two after all"})
    assert again.status_code == 302
    assert (cast.again(flagged).state, cast.again(flagged).reason) == ("pending", "Two after all")


def test_a_code_is_chosen_for_a_member_who_asks(flagged: Referral, entered: Entered) -> None:
    code = code_ensure(enrollment=flagged.referrer)
    body = {"code": "anna2030", "display_name": "Anna"}
    taken = entered("support").post(page("change", code.pk, model="referralcode"), {**body, "code": "x"})
    assert "4 to 24" in told(taken)
    assert entered("support").post(page("change", code.pk, model="referralcode"), body).status_code == 302
    now = ReferralCode.objects.get(current=True)
    assert (now.code, now.display_name) == ("ANNA2030", "Anna")
    old = entered("support").post(page("change", code.pk, model="referralcode"), {**body, "code": "other2030"})
    assert old.status_code == 403


def test_friends_stand_on_the_members_page(flagged: Referral, entered: Entered) -> None:
    url = reverse("admin:members_member_change", urlconf="config.urls_brand", args=[flagged.referrer.member.pk])
    shown = told(entered("support").get(url, {"tab": "friends"}))
    assert "brought" in shown
    assert "Bo" in shown
