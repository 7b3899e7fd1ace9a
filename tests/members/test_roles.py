"""Who may what: the four roles, invitations, and demotion that holds from the next request."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail

from core.actor import Actor
from core.errors import InvalidInput
from core.outbox import outbox_drain
from members.errors import LastOwner, UnknownRole
from members.models import User
from members.roles import ANALYST, MARKETER, OWNER, ROLES, SUPPORT, roles_sync
from members.services import staff_invite, staff_role_set
from tests.conftest import ClientFor

OWNER_ACTS = Actor("staff", "user:1", "admin")

# What each role may (1) and may not (0): the matrix of the decision, written out by hand.
MATRIX = {
    #                                      owner marketer support analyst
    "members.view_member": (1, 1, 1, 0),
    "members.change_member": (1, 0, 1, 0),
    "members.add_user": (1, 0, 0, 0),
    "members.view_consent": (1, 1, 1, 0),
    "loyalty.view_program": (1, 1, 1, 1),
    "loyalty.change_earningrule": (1, 1, 0, 0),
    "loyalty.publish_program": (1, 1, 0, 0),
    "loyalty.view_pointsentry": (1, 1, 1, 1),
    "loyalty.add_pointsentry": (1, 0, 1, 0),
    "loyalty.change_pointsentry": (0, 0, 0, 0),
    "loyalty.delete_pointsentry": (0, 0, 0, 0),
    "rewards.change_reward": (1, 1, 0, 0),
    "rewards.cancel_redemption": (1, 0, 1, 0),
    "rewards.refund_redemption": (1, 0, 1, 0),
    "rewards.refund_cartpayment": (1, 0, 1, 0),
    "claims.view_claim": (1, 1, 1, 0),
    "claims.decide_claim": (1, 0, 1, 0),
    "claims.change_claim": (0, 0, 0, 0),
    "claims.change_place": (1, 1, 0, 0),
    "claims.show_place_code": (1, 1, 1, 0),
    "claims.view_checkin": (1, 1, 1, 0),
    "claims.decide_checkin": (1, 0, 1, 0),
    "partners.add_apikey": (1, 0, 0, 0),
    "core.view_auditentry": (1, 0, 0, 0),
    "members.delete_member": (0, 0, 0, 0),
}


@pytest.mark.parametrize("permission", MATRIX)
def test_each_role_may_what_the_matrix_says(permission: str) -> None:
    assert tuple(int(permission in ROLES[role]) for role in (OWNER, MARKETER, SUPPORT, ANALYST)) == MATRIX[permission]


def test_a_new_brand_has_the_four_roles_with_their_permissions(brand: Any) -> None:
    for role, codes in ROLES.items():
        rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{code}" for app, code in rows} == codes


def test_syncing_mends_what_was_changed_and_leaves_other_groups_alone(brand: Any) -> None:
    own = Group.objects.create(name="interns")
    Group.objects.get(name=ANALYST).permissions.clear()
    roles_sync()
    roles_sync()
    assert Group.objects.get(name=ANALYST).permissions.count() == len(ROLES[ANALYST])
    assert own.permissions.count() == 0


def test_a_new_brand_has_an_owner_who_was_mailed_the_way_in(brand: Any) -> None:
    owner = User.objects.get(groups__name=OWNER)
    assert owner.is_staff
    assert not owner.is_superuser
    assert not owner.has_usable_password()


def test_somebody_invited_sets_a_password_and_gets_to_work(brand: Any, client_for: ClientFor) -> None:
    staff_invite(email="Sam@Example.com", name="Sam", role=SUPPORT, actor=OWNER_ACTS, language="nl")
    outbox_drain()
    letter = mail.outbox[-1]
    assert letter.to == ["sam@example.com"]
    assert letter.subject == "Je bent uitgenodigd voor het team van Gem"
    found = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(letter.body))
    assert found
    client = client_for(brand)
    page = client.get(found[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "quite-new-indeed", "password2": "quite-new-indeed"})
    answer = client.post("/accounts/login/", {"login": "sam@example.com", "password": "quite-new-indeed"})
    assert answer["Location"] == "/admin/"


def test_an_invitation_throws_away_a_password_that_a_stranger_set(brand: Any) -> None:
    squatter = User.objects.create_user("sam@example.com", "the-squatters-own")
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    user = staff_invite(email="sam@example.com", role=SUPPORT, actor=OWNER_ACTS)
    assert user.pk == squatter.pk
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_member_with_a_proven_log_in_keeps_their_password(brand: Any) -> None:
    known = User.objects.create_user("sam@example.com", "their-own-password")
    EmailAddress.objects.create(user=known, email=known.email, verified=True, primary=True)
    staff_invite(email="sam@example.com", role=SUPPORT, actor=OWNER_ACTS)
    assert User.objects.get(pk=known.pk).check_password("their-own-password")


def test_a_role_that_is_none_and_an_address_that_is_none_are_refused(brand: Any) -> None:
    with pytest.raises(UnknownRole):
        staff_invite(email="sam@example.com", role="king", actor=OWNER_ACTS)
    with pytest.raises(InvalidInput):
        staff_invite(email="not an address", role=SUPPORT, actor=OWNER_ACTS)


def test_the_last_owner_stays_owner(brand: Any) -> None:
    owner = User.objects.get(groups__name=OWNER)
    with pytest.raises(LastOwner):
        staff_role_set(user=owner, role=ANALYST, actor=OWNER_ACTS)
    second = staff_invite(email="second@example.com", role=OWNER, actor=OWNER_ACTS)
    staff_role_set(user=owner, role=ANALYST, actor=OWNER_ACTS)
    with pytest.raises(LastOwner):
        staff_role_set(user=second, role=None, actor=OWNER_ACTS)


def test_a_demotion_holds_from_the_next_request(brand: Any) -> None:
    user = staff_invite(email="sam@example.com", role=MARKETER, actor=OWNER_ACTS)
    assert User.objects.get(pk=user.pk).has_perm("loyalty.publish_program")
    staff_role_set(user=user, role=None, actor=OWNER_ACTS)
    fresh = User.objects.get(pk=user.pk)
    assert not fresh.has_perm("loyalty.publish_program")
    assert not fresh.is_staff
