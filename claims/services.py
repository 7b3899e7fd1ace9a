"""Sending a claim, taking it back, and what staff decide. Each takes the member's lock first, then the claim's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from claims.booking import CLAIM_APPROVED, decision_book_now
from claims.doubles import doubles_lock, doubles_note
from claims.errors import ClaimDecided, ClaimedOften, ClaimsWaiting, ClaimTypeUnknown, ProofMissing
from claims.links import link_key, link_read
from claims.models import Claim, ClaimFile
from claims.pictures import Upload
from claims.selectors import claim_type_of
from claims.values import fields_read, fingerprint_of
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import IdempotencyKeyReused, InvalidInput
from core.idempotency import body_digest
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.claims import ClaimType
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from loyalty.payloads import BUILT_IN, text_check
from loyalty.rules.dates import day_start, local_day, period_start
from loyalty.selectors import program_now, program_state_of
from members.models import Member

MAX_TEXT, MAX_REASON, MAX_FILES = 1_000, 500, 4
Reason = str | dict[str, str]


class Sent(msgspec.Struct, frozen=True):
    """What a member sends. fields: values of the claim type's fields that are the member's to fill in."""

    type: str
    fields: Mapping[str, Any] = {}
    link: str = ""
    text: str = ""
    files: tuple[Upload, ...] = ()


def claim_submit(*, enrollment: Enrollment, sent: Sent, actor: Actor, key: str) -> Claim:
    """Keep a claim until staff look at it; doubles of it are noted beside it.

    key: makes it unique to the member; the same key gives the same claim again. Errors: ClaimTypeUnknown, ProofMissing,
    InvalidInput by field, ClaimsWaiting, ClaimedOften, MemberSuspended, IdempotencyKeyReused, Busy.
    """
    claim_type = claim_type_of(enrollment.program_id, sent.type)
    if claim_type is None or not claim_type.enabled:
        raise ClaimTypeUnknown(field="type")
    values = fields_read([each for each in claim_type.fields if each.by == "member"], sent.fields)
    link = _proofs_check(claim_type, sent)
    now, digest = clock.now(), _digest(sent, values, link)
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        earlier = Claim.objects.filter(enrollment=enrollment, key=key).first()
        if earlier is not None:
            if bytes(earlier.body_hash) != digest:
                raise IdempotencyKeyReused()
            return earlier
        if enrollment.member.status != Member.Status.ACTIVE:
            raise MemberSuspended()
        limits_check(enrollment=enrollment, claim_type=claim_type, now=now)
        claim = Claim(
            enrollment=enrollment, type=claim_type.code, fields=values, text=sent.text.strip(), link=link,
            link_key=link_key(link), fingerprint=fingerprint_of(claim_type, values), submitted_at=now, key=key,
            body_hash=digest, source=actor.source, initiated_by=actor.initiated_by,
        )  # fmt: skip
        _keep(claim, sent.files)
    return claim


def _keep(claim: Claim, uploads: Sequence[Upload]) -> None:
    """The rows of a claim that was just sent, what it doubles, and the word of it."""
    doubles_lock([claim.link_key, claim.fingerprint, *(each.digest for each in uploads)])
    claim.save(force_insert=True)
    files = ClaimFile.objects.bulk_create(
        [
            ClaimFile(
                claim=claim, kind=each.kind, media_type=each.media_type, size=len(each.content), width=each.width,
                height=each.height, digest=each.digest, picture_hash=each.picture_hash, content=each.content,
            )
            for each in uploads
        ]
    )  # fmt: skip
    doubles = doubles_note(claim, files)
    outbox_add("claim.submitted", {**_told(claim), "doubles": doubles})


def _proofs_check(claim_type: ClaimType, sent: Sent) -> str:
    """Refuse what is missing or wasn't asked for. Returns the link as it is kept."""
    given = {"link": bool(sent.link.strip()), "text": bool(sent.text.strip())}
    for kind in ("photo", "receipt"):
        given[kind] = any(each.kind == kind for each in sent.files)
    for kind, there in given.items():
        proof = claim_type.proof(kind)
        if there and proof is None:
            raise InvalidInput(_("This kind of proof isn't asked for here."), field=kind)
        if proof is not None and proof.needed and not there:
            raise ProofMissing(field=kind)
    if len(sent.files) > MAX_FILES:
        raise InvalidInput(_("Send at most %(n)d files.") % {"n": MAX_FILES}, field=sent.files[MAX_FILES].kind)
    text_check(sent.text, "text")
    if len(sent.text) > MAX_TEXT:
        raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_TEXT}, field="text")
    return link_read(sent.link) if given["link"] else ""


def _digest(sent: Sent, values: Mapping[str, Any], link: str) -> bytes:
    told = msgspec.json.encode({"type": sent.type, "fields": values, "link": link, "text": sent.text}, order="sorted")
    return body_digest(told, *(each.digest.encode() for each in sent.files))


def limits_check(*, enrollment: Enrollment, claim_type: ClaimType, now: datetime) -> None:
    """Refuse one more than may wait, or than the period allows. Under the member's lock it is exact."""
    rows = Claim.objects.filter(enrollment=enrollment, type=claim_type.code)
    if rows.filter(state=Claim.State.SUBMITTED).count() >= claim_type.open_at_most:
        raise ClaimsWaiting(limit=claim_type.open_at_most)
    if claim_type.at_most is None:
        return
    counted = rows.filter(state__in=(Claim.State.SUBMITTED, Claim.State.APPROVED))
    if claim_type.period != "ever":
        counted = counted.filter(submitted_at__gte=_period_began(enrollment, claim_type.period, now))
    if counted.count() >= claim_type.at_most:
        raise ClaimedOften(limit=claim_type.at_most, period=claim_type.period)


def _period_began(enrollment: Enrollment, period: str, now: datetime) -> datetime:
    zone = program_now(enrollment.program_id).zone
    first = period_start(period, local_day(now, zone))
    return day_start(datetime.fromisoformat(first).date(), zone)


def _locked(claim: Claim) -> Claim:
    """The claim as it stands, under its member's lock and its own."""
    ledger.enrollment_lock(claim.enrollment_id)
    rows = Claim.objects.select_for_update(of=("self",))
    return rows.select_related("enrollment__member", "enrollment__program").get(pk=claim.pk)


def _waiting(row: Claim) -> None:
    if row.state != Claim.State.SUBMITTED:
        raise ClaimDecided(state=row.state, decided_by=row.decided_by)


def claim_withdraw(*, claim: Claim, actor: Actor) -> Claim:
    """The member takes a claim back that nobody has decided yet. ClaimDecided, Busy."""
    with transaction.atomic():
        row = _locked(claim)
        if row.state == Claim.State.WITHDRAWN:
            return row
        _waiting(row)
        row.state, row.decided_at, row.decided_by = Claim.State.WITHDRAWN, clock.now(), actor.name
        row.save(update_fields=["state", "decided_at", "decided_by"])
        outbox_add("claim.withdrawn", _told(row))
    return row


def claim_approve(*, claim: Claim, fields: Mapping[str, Any] | None = None, actor: Actor, key: str) -> Claim:
    """Approve a claim: it becomes an event, at once or as soon as the one way in can take it.

    fields: what staff fill in or correct; the member's others stay. key: makes the decision unique; the same key gives
    the claim again as it is. Of two who decide at once, one wins and the other gets ClaimDecided. Errors: ClaimDecided,
    ClaimTypeUnknown, InvalidInput by field, MemberSuspended, Busy.
    """
    now = clock.now()
    with transaction.atomic():
        row = _locked(claim)
        if row.state == Claim.State.APPROVED and key and row.decision_key == key:
            return row
        _waiting(row)
        if row.enrollment.member.status != Member.Status.ACTIVE:
            raise MemberSuspended()
        before = dict(row.fields)
        _approved(row, {**row.fields, **(fields or {})}, now)
        row.state, row.decided_at, row.decided_by, row.decision_key = Claim.State.APPROVED, now, actor.name, key
        row.save()
        changed = {code: [before.get(code), value] for code, value in row.fields.items() if before.get(code) != value}
        _audit(row, "claim.approve", actor, changed)
        outbox_add(CLAIM_APPROVED, _told(row))
    decision_book_now(row, actor=actor)
    return row


def _approved(row: Claim, values: Mapping[str, Any], now: datetime) -> None:
    """Its final fields, and the event that it becomes."""
    claim_type = claim_type_of(row.enrollment.program_id, row.type)
    if claim_type is None:
        raise ClaimTypeUnknown(
            hint=_("The program has no such claim type any more. Refuse the claim, or publish the type again.")
        )
    row.fields = fields_read(claim_type.fields, values)
    row.fingerprint = fingerprint_of(claim_type, row.fields)
    row.event_type = claim_type.event_type
    row.happened_at = row.submitted_at if claim_type.counts_from == "submitted" else now
    state = program_state_of(row.enrollment.program_id)
    _version, compiled = state.judging(occurred_at=row.happened_at, received_at=now)
    if row.event_type not in compiled.claim_events | compiled.triggers.keys() | BUILT_IN:
        # The version that judges it, by the time that it counts from, doesn't know the event.
        row.happened_at = now


def claim_refuse(*, claim: Claim, reason: Reason, actor: Actor, key: str) -> Claim:
    """Refuse a claim with a reason, which the member reads; texts by language, or one for all.

    key as in claim_approve. Errors: ClaimDecided, InvalidInput without a reason, Busy.
    """
    texts = {"en": reason, "nl": reason} if isinstance(reason, str) else dict(reason)
    texts = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not texts:
        raise InvalidInput(_("Say why; the member reads it."), field="reason")
    for text in texts.values():
        text_check(text, "reason")
        if len(text) > MAX_REASON:
            raise InvalidInput(_("This text is longer than %(n)d characters.") % {"n": MAX_REASON}, field="reason")
    with transaction.atomic():
        row = _locked(claim)
        if row.state == Claim.State.REFUSED and key and row.decision_key == key:
            return row
        _waiting(row)
        row.state, row.reason, row.decision_key = Claim.State.REFUSED, texts, key
        row.decided_at, row.decided_by = clock.now(), actor.name
        row.save(update_fields=["state", "reason", "decided_at", "decided_by", "decision_key"])
        _audit(row, "claim.refuse", actor, {})
        outbox_add("claim.refused", _told(row))
    return row


def _told(claim: Claim) -> dict[str, Any]:
    enrollment = claim.enrollment
    return {
        "member_id": str(enrollment.member.public_id),
        "program": enrollment.program.slug,
        "claim_id": str(claim.pk),
        "type": claim.type,
    }


def _audit(claim: Claim, action: str, actor: Actor, changes: dict[str, Any]) -> None:
    audit_record(
        actor=actor.name,
        action=action,
        object_type="claim",
        object_id=str(claim.pk),
        # Which fields staff altered; free texts may hold what is personal and stand on the claim itself.
        changes={"type": claim.type, "fields": sorted(changes)},
    )
