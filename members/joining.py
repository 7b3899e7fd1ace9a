"""From a signed-up address to a member: what was said is kept, and counts once the address is proven."""

from __future__ import annotations

import logging

import msgspec
from django.db import transaction
from django.http import HttpRequest

from core import clock
from core.actor import Actor
from members import acquisition
from members.acquisition import Acquisition
from members.errors import EmailTaken
from members.hooks import member_joined
from members.models import Consent, JoinIntent, Member, User
from members.services import consent_record, member_follow_email, member_link_user
from members.terms import MARKETING_VERSION, TERMS_VERSION

log = logging.getLogger(__name__)
SOURCE = "web:signup"


def join_intent_record(*, user: User, request: HttpRequest, marketing: bool) -> JoinIntent:
    """Keep what the sign-up form and the first touch said, until the address is proven."""
    first = msgspec.to_builtins(acquisition.of_session(request))
    intent, _made = JoinIntent.objects.update_or_create(
        user=user,
        defaults={
            "terms_version": TERMS_VERSION,
            "marketing": marketing,
            "acquisition": first,
            "recorded_at": clock.now(),
        },
    )
    return intent


def address_proven(*, user: User) -> Member | None:
    """Called when a log-in's address is proven: joins whoever signed up, moves a member's address along.

    None when there is nobody to join: staff, and those whose address another member has.
    """
    with transaction.atomic():
        user.refresh_from_db(fields=["email", "name", "language"])
        intent = JoinIntent.objects.select_for_update().filter(user=user).first()
        try:
            with transaction.atomic():
                if intent is None:
                    member_follow_email(user=user)
                    return Member.objects.filter(user=user).first()
                return _join(user, intent)
        except EmailTaken:
            log.warning("the proven address of user %s belongs to another member", user.pk)
            return None


def _join(user: User, intent: JoinIntent) -> Member:
    actor = Actor("member", f"user:{user.pk}", "web")
    first = msgspec.convert(intent.acquisition, Acquisition)
    member = member_link_user(user=user, acquisition=first, actor=actor)
    consent_record(
        member=member, purpose=Consent.Purpose.TERMS, granted=True, text_version=intent.terms_version, source=SOURCE
    )
    consent_record(
        member=member,
        purpose=Consent.Purpose.MARKETING_EMAIL,
        granted=intent.marketing,
        text_version=MARKETING_VERSION,
        source=SOURCE,
    )
    intent.delete()
    member_joined(member, first)
    return member
