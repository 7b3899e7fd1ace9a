"""What can be done to members. Every way in (sign-up, API, admin, import) makes and changes them here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import Conflict, InvalidInput
from core.outbox import outbox_add
from members.acquisition import Acquisition
from members.attributes import attributes_changed, time_zone_checked
from members.errors import EmailBelongsToLogin, EmailTaken, ExternalIdTaken, MemberErased
from members.facts import attributes_mark
from members.hooks import member_created
from members.models import Consent, Member, User
from members.staff import staff_invite, staff_role_set

__all__ = [
    "consent_record",
    "member_create",
    "member_follow_email",
    "member_link_user",
    "member_reactivate",
    "member_suspend",
    "member_update",
    "staff_invite",
    "staff_role_set",
    "user_language_follow",
    "user_language_set",
    "user_update",
]

LANGUAGES = ("en", "nl")
LENGTHS = {"name": 120, "external_id": 120, "phone": 32, "email": 254}
CHANGEABLE = frozenset(
    {"name", "email", "phone", "external_id", "birth_date", "language", "is_test", "time_zone", "attributes"}
)
OLDEST = date(1900, 1, 1)
# Of these the trail tells that they changed, not from what to what: it outlives an erasure.
PERSONAL = frozenset({"name", "email", "phone", "birth_date", "external_id", "attributes"})


def member_create(
    *,
    actor: Actor,
    email: str | None = None,
    name: str = "",
    external_id: str | None = None,
    phone: str = "",
    language: str = "en",
    birth_date: date | None = None,
    is_test: bool = False,
    time_zone: str = "",
    attributes: Mapping[str, Any] | None = None,
    acquisition: Acquisition | None = None,
    user: User | None = None,
) -> Member:
    """Make a member, enrolled by the rooms that enroll. InvalidInput, EmailTaken, ExternalIdTaken.

    At least one of email, external_id and phone, or nobody could ever find them again. user only when the address is
    proven. acquisition defaults to the actor's source.
    """
    given = {"email": email, "name": name, "external_id": external_id, "phone": phone, "language": language}
    kept = {"birth_date": birth_date, "is_test": is_test, "time_zone": time_zone, "attributes": attributes or {}}
    cleaned = _cleaned({**given, **kept})
    fields = {**cleaned, **_first_touch(acquisition or Acquisition(channel=actor.source))}
    if not (fields["email"] or fields["external_id"] or fields["phone"]):
        raise InvalidInput(_("Give an e-mail, a phone number or an external id."), field="email")
    now = clock.now()
    member = Member(user=user, joined_at=now, created_at=now, updated_at=now, **fields)
    with transaction.atomic():
        _saved(member)
        outbox_add("member.created", {"member_id": str(member.public_id)})
        if actor.initiated_by == "staff":
            audit_record(actor=actor.name, action="member.created", object_type="member", object_id=member.pk)
        member_created(member, actor)
    return member


def member_update(*, member: Member, actor: Actor, by_rule: bool = False, **changes: Any) -> Member:
    """Change what CHANGEABLE names; what isn't given stays. attributes: those to put in, None takes one out.

    by_rule: a rule sets attributes, which marks them itself; everybody else sets them as of now.

    InvalidInput, EmailTaken, ExternalIdTaken, EmailBelongsToLogin, MemberErased.
    """
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise InvalidInput(_("This can't be changed here."), field=unknown[0])
    cleaned = _cleaned(changes)
    with transaction.atomic():
        current = _locked(member)
        if "attributes" in changes:
            cleaned["attributes"] = attributes_changed(current.attributes, changes["attributes"])
            if not by_rule:
                attributes_mark(member_id=current.pk, names=changes["attributes"], at=clock.now())
        changed = {name: value for name, value in cleaned.items() if getattr(current, name) != value}
        if not changed:
            return current
        if "email" in changed and current.user_id is not None:
            raise EmailBelongsToLogin(field="email")
        trail = {name: _trail(name, getattr(current, name), value) for name, value in changed.items()}
        for name, value in changed.items():
            setattr(current, name, value)
        current.updated_at = clock.now()
        _saved(current)
        if "language" in changed and current.user_id is not None:
            User.objects.filter(pk=current.user_id).update(language=current.language, language_chosen=True)
        outbox_add("member.updated", {"member_id": str(current.public_id), "fields": sorted(changed)})
        if actor.initiated_by != "member":
            audit_record(
                actor=actor.name, action="member.updated", object_type="member", object_id=current.pk, changes=trail
            )
    return current


def member_suspend(*, member: Member, reason: str, actor: Actor) -> Member:
    """Stop a member from earning and redeeming. InvalidInput without a reason, MemberErased."""
    return _status_set(member, Member.Status.SUSPENDED, reason, actor)


def member_reactivate(*, member: Member, reason: str, actor: Actor) -> Member:
    """Let a suspended member back in. InvalidInput without a reason, MemberErased."""
    return _status_set(member, Member.Status.ACTIVE, reason, actor)


def member_link_user(*, user: User, actor: Actor, name: str = "", acquisition: Acquisition | None = None) -> Member:
    """The member behind a log-in whose address was just proven: their own, one that a till made before, or a new one.

    A member who already has another log-in is never taken over, whatever address staff wrote on them.
    """
    with transaction.atomic():
        own = Member.objects.select_for_update().filter(user=user).first()
        if own is not None:
            return own
        email = user.email.lower()
        waiting = Member.objects.select_for_update().filter(email__iexact=email).first()
        if waiting is None:
            return member_create(
                email=email,
                name=name or user.name,
                language=user.language,
                acquisition=acquisition,
                user=user,
                actor=actor,
            )
        if waiting.user_id is not None or waiting.status == Member.Status.ERASED:
            raise EmailTaken(field="email")
        waiting.user = user
        waiting.name = waiting.name or name or user.name
        waiting.updated_at = clock.now()
        _saved(waiting)
        outbox_add("member.linked", {"member_id": str(waiting.public_id)})
        return waiting


def member_follow_email(*, user: User) -> None:
    """The log-in has a new proven address; the member takes it over, unless another member has it."""
    with transaction.atomic():
        member = Member.objects.select_for_update().filter(user=user).first()
        if member is None or member.email == user.email:
            return
        member.email = user.email
        member.updated_at = clock.now()
        _saved(member)
        outbox_add("member.updated", {"member_id": str(member.public_id), "fields": ["email"]})


def user_update(*, user: User, name: str, language: str) -> None:
    """Name and language of a log-in without a member: staff. InvalidInput."""
    cleaned = _cleaned({"name": name, "language": language})
    User.objects.filter(pk=user.pk).update(**cleaned, language_chosen=True)


def user_language_follow(*, user: User, language: str) -> None:
    """The browser's language for somebody who never chose one, for their mails too."""
    User.objects.filter(pk=user.pk, language_chosen=False).update(**_cleaned({"language": language}))


def user_language_set(*, user: User, language: str) -> None:
    """The language for somebody's pages and mails, their member's too. InvalidInput."""
    cleaned = _cleaned({"language": language})
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**cleaned, language_chosen=True)
        Member.objects.filter(user=user).update(**cleaned, updated_at=clock.now())


def consent_record(*, member: Member, purpose: str, granted: bool, text_version: str, source: str) -> Consent | None:
    """Append an answer. None, and no row, when the same answer to the same text already holds. InvalidInput."""
    if purpose not in Consent.Purpose.values:
        raise InvalidInput(_("There is no such consent."), field="purpose")
    with transaction.atomic():
        _locked(member)  # two answers at once follow each other
        latest = Consent.objects.filter(member=member, purpose=purpose).order_by("-id").first()
        if latest is not None and (latest.granted, latest.text_version) == (granted, text_version):
            return None
        consent = Consent.objects.create(
            member=member,
            purpose=purpose,
            granted=granted,
            text_version=text_version[:40],
            source=source[:60],
            recorded_at=clock.now(),
        )
        outbox_add("consent.recorded", {"member_id": str(member.public_id), "purpose": purpose, "granted": granted})
    return consent


def _first_touch(first: Acquisition) -> dict[str, str]:
    """The member's columns for where they came from."""
    return {
        "acquisition_channel": first.channel[:60],
        "utm_source": first.utm_source[:120],
        "utm_medium": first.utm_medium[:120],
        "utm_campaign": first.utm_campaign[:120],
        "referrer": first.referrer[:300],
    }


def _status_set(member: Member, status: Member.Status, reason: str, actor: Actor) -> Member:
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    with transaction.atomic():
        current = _locked(member)
        if current.status == status:
            return current
        before, current.status = current.status, status
        current.updated_at = clock.now()
        current.save(update_fields=["status", "updated_at"])
        outbox_add(f"member.{'suspended' if status == Member.Status.SUSPENDED else 'reactivated'}",
                   {"member_id": str(current.public_id)})  # fmt: skip
        audit_record(
            actor=actor.name,
            action="member.status_set",
            object_type="member",
            object_id=current.pk,
            changes={"status": [before, str(status)], "reason": reason.strip()[:500]},
        )
    return current


def _locked(member: Member) -> Member:
    current = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if current.status == Member.Status.ERASED:
        raise MemberErased()
    return current


def _saved(member: Member) -> None:
    """Save, with the database's word on who else has the e-mail or the number."""
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError as error:
        text = str(error.__cause__)
        if "member_email_once" in text:
            raise EmailTaken(field="email") from None
        if "member_external_id_once" in text:
            raise ExternalIdTaken(field="external_id") from None
        raise Conflict() from error


def _cleaned(given: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept: trimmed, empty ids as None, addresses in lower case. InvalidInput: the field."""
    cleaned = dict(given)
    for name in ("name", "phone", "email", "external_id"):
        if name in given:
            cleaned[name] = _text(name, given[name])
    for name in ("email", "external_id"):
        if name in cleaned:
            cleaned[name] = cleaned[name] or None
    if cleaned.get("email"):
        cleaned["email"] = _email(cleaned["email"])
    if "language" in given and given["language"] not in LANGUAGES:
        raise InvalidInput(_("Choose en or nl."), field="language")
    if "time_zone" in given:
        cleaned["time_zone"] = time_zone_checked(given["time_zone"])
    if "attributes" in given:
        cleaned["attributes"] = attributes_changed({}, given["attributes"])
    born = given.get("birth_date")
    if born is not None and not OLDEST <= born <= clock.now().date():
        raise InvalidInput(_("That is not a date of birth."), field="birth_date")
    return cleaned


def _text(name: str, value: object) -> str:
    text = str(value or "").strip()
    if len(text) > LENGTHS[name]:
        raise InvalidInput(_("At most %(count)d characters.") % {"count": LENGTHS[name]}, field=name)
    if not text.isprintable():
        raise InvalidInput(_("This holds characters that can't be shown."), field=name)
    return text


def _email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError:
        raise InvalidInput(_("This is not an e-mail address."), field="email") from None
    return value.lower()


def _trail(name: str, before: Any, after: Any) -> Any:
    return "changed" if name in PERSONAL else [before, after]
