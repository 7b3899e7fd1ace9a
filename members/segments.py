"""Segments: who is in one is a fact about the member, read with all the rest of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import Conflict, InvalidInput, NotFound
from core.outbox import outbox_add
from members.facts import member_fact_drop, member_fact_set
from members.models import Member, MemberFact, Segment

KEY = "segment:"
MAX_LINES = 50_000


class SegmentNotFound(NotFound):
    code = "segment_not_found"
    title = gettext_lazy("There is no such segment.")


class SegmentTaken(Conflict):
    code = "segment_taken"
    title = gettext_lazy("Another segment has this code.")


class SegmentReport(msgspec.Struct):
    """What adding a list came to. unknown: the lines that name no member, as (line number, text)."""

    added: int = 0
    there: int = 0
    unknown: list[tuple[int, str]] = []


def segment_by_code(code: str) -> Segment:
    found = Segment.objects.filter(code=code).first()
    if found is None:
        raise SegmentNotFound(field="segment")
    return found


def segment_create(*, code: str, name: str, description: str, actor: Actor) -> Segment:
    """SegmentTaken, InvalidInput."""
    if not name.strip():
        raise InvalidInput(_("The text is empty."), field="name")
    try:
        with transaction.atomic():
            made = Segment.objects.create(
                code=code, name=name.strip(), description=description.strip(), created_at=clock.now()
            )
            _audit("segment.create", made, actor, {"code": code})
    except IntegrityError as error:
        raise SegmentTaken(field="code") from error
    return made


def segment_update(*, segment: Segment, name: str, description: str, actor: Actor) -> Segment:
    """Rename it. Its code stays, since rules name it."""
    with transaction.atomic():
        row = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
        _audit("segment.update", row, actor, {"name": [row.name, name.strip()]})
        row.name, row.description = name.strip(), description.strip()
        row.save(update_fields=["name", "description"])
    return row


def segment_member_add(*, segment: Segment, member: Member, actor: Actor, until: datetime | None = None) -> None:
    """Put a member in, until then or for good; once in, only the end changes."""
    with transaction.atomic():
        member_fact_set(member_id=member.pk, key=KEY + segment.code, value=True, until=until, tell=False)
        _told("segment.joined", segment, member)
        if actor.initiated_by == "staff":
            _audit("segment.member_add", segment, actor, {"member": str(member.public_id)})


def segment_member_remove(*, segment: Segment, member: Member, actor: Actor) -> None:
    """Take a member out; nothing happens when they weren't in."""
    with transaction.atomic():
        member_fact_drop(member_id=member.pk, key=KEY + segment.code, tell=False)
        _told("segment.left", segment, member)
        if actor.initiated_by == "staff":
            _audit("segment.member_remove", segment, actor, {"member": str(member.public_id)})


def segment_list_add(*, segment: Segment, lines: Iterable[str], actor: Actor) -> SegmentReport:
    """Put everybody in whom a line names by e-mail, external id or id. Lines that name nobody are told."""
    wanted = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    if len(wanted) > MAX_LINES:
        raise InvalidInput(_("At most %(n)d lines at once.") % {"n": MAX_LINES}, field="lines")
    report = SegmentReport()
    with transaction.atomic():
        found = _members_named({text for _number, text in wanted})
        key = KEY + segment.code
        rows = MemberFact.objects.filter(key=key)
        # Whose time in it is over comes in anew.
        rows.filter(until__lte=clock.now(), member_id__in=set(found.values())).delete()
        inside = set(rows.values_list("member_id", flat=True))
        fresh: set[int] = set()
        for number, text in wanted:
            member_id = found.get(text.lower())
            if member_id is None:
                report.unknown.append((number, text[:120]))
            elif member_id in inside or member_id in fresh:
                report.there += 1
            else:
                fresh.add(member_id)
        MemberFact.objects.bulk_create([MemberFact(member_id=each, key=key, value=True) for each in sorted(fresh)])
        report.added = len(fresh)
        _audit("segment.list_add", segment, actor, {"added": report.added, "unknown": len(report.unknown)})
    return report


def segment_counts(codes: Iterable[str]) -> dict[str, int]:
    """Code → how many members are in it now."""
    rows = (
        MemberFact.objects.filter(key__in=[KEY + code for code in codes])
        .filter(Q(until=None) | Q(until__gt=clock.now()))
        .values_list("key")
        .annotate(n=Count("member"))
    )
    return {key.removeprefix(KEY): n for key, n in rows}


def _members_named(names: set[str]) -> dict[str, int]:
    """Lower-case e-mail, external id or id → member. An external id is compared as it is written, whatever its case."""
    rows = Member.objects.exclude(status=Member.Status.ERASED).values_list("pk", "email", "external_id", "public_id")
    lower = sorted({each.lower() for each in names})
    found: dict[str, int] = {}
    for start in range(0, len(lower), 5_000):
        part = lower[start : start + 5_000]
        asked = set(part)
        uuids = [each for each in part if len(each) == 36 and each.count("-") == 4]
        original = [each for each in names if each.lower() in asked]
        matching = rows.filter(Q(email__in=part) | Q(external_id__in=original) | Q(public_id__in=_uuids(uuids)))
        for pk, email, external_id, public_id in matching:
            for name in (email, external_id, str(public_id)):
                if name:
                    found.setdefault(name.lower(), pk)
    return found


def _uuids(texts: list[str]) -> list[str]:
    return [each for each in texts if all(c in "0123456789abcdef-" for c in each)]


def _told(topic: str, segment: Segment, member: Member) -> None:
    outbox_add(topic, {"member_id": str(member.public_id), "segment": segment.code})


def _audit(action: str, segment: Segment, actor: Actor, changes: dict[str, Any]) -> None:
    audit_record(actor=actor.name, action=action, object_type="segment", object_id=segment.pk, changes={**changes})
