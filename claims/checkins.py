"""Checking in: near enough by a position, or there by the code on the screen, and there in a believable time.

A position is looked at and forgotten: what is kept is how far from the place it was (claims/geo.py). How fast somebody
travelled is told from the place before, not from where they were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.core.cache import caches
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from claims.booking import CHECK_IN_ACCEPTED, decision_book_now
from claims.errors import CheckInDecided, CheckInWayOff, CodeInvalid, NoPlaceNear, PlaceUnknown, TooManyTries
from claims.geo import distance_m, on_earth, rounded_m, speed_kmh, within
from claims.models import CheckIn, Place
from claims.rotating import Shown, token_read
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import IdempotencyKeyReused, InvalidInput
from core.idempotency import body_digest
from core.outbox import outbox_add
from loyalty import ledger
from loyalty.definition.claims import CheckInRules
from loyalty.errors import MemberSuspended
from loyalty.models import Enrollment
from loyalty.selectors import document_now
from members.models import Member

Method, State, Because = CheckIn.Method, CheckIn.State, CheckIn.Reason
TRIES, TRIES_WITHIN = 10, timedelta(minutes=15)
NEARBY_DEGREES = 0.5  # of latitude, some 55 km: further away no place is looked for
FASTEST_KEPT = 100_000


class Position(msgspec.Struct, frozen=True):
    """Degrees, and how many meters the device says it may be wrong by."""

    latitude: float
    longitude: float
    accuracy_m: float


class Visit(msgspec.Struct, frozen=True):
    """What is looked at: where, how, and what was measured. fresh: of a code, that it is on the screen or just was."""

    place: Place
    method: str
    distance: float | None = None
    accuracy: float | None = None
    step: int | None = None
    fresh: bool = True


def check_in_by_position(
    *, enrollment: Enrollment, position: Position, place: str | None = None, actor: Actor, key: str
) -> CheckIn:
    """Check in at the place of that code, or at the nearest one. What came of it stands in the row's state and reason.

    Errors: InvalidInput, PlaceUnknown, NoPlaceNear, CheckInWayOff, TooManyTries, MemberSuspended,
    IdempotencyKeyReused, Busy.
    """
    if not on_earth(position.latitude, position.longitude) or not 0 <= position.accuracy_m < 10**7:
        raise InvalidInput(
            _("Latitude lies between -90 and 90, longitude between -180 and 180, accuracy is in meters."),
            field="position",
        )
    if not _rules(enrollment).by_position:
        raise CheckInWayOff()
    found, distance = _place_of(position, place)
    visit = Visit(found, Method.POSITION, distance, position.accuracy_m)
    return _record(enrollment, visit, actor, key)


def check_in_by_code(*, enrollment: Enrollment, shown: Shown | str, actor: Actor, key: str) -> CheckIn:
    """Check in with a token from a place's screen, or with one that was read when it was scanned.

    The same step of the same place is one check-in, however often it is sent. Errors: CodeInvalid, CheckInWayOff,
    TooManyTries, MemberSuspended, IdempotencyKeyReused, Busy.
    """
    if not _rules(enrollment).by_code:
        raise CheckInWayOff()
    if isinstance(shown, str):
        shown = code_guess(shown, who=f"enrollment:{enrollment.pk}")
    visit = Visit(shown.place, Method.CODE, step=shown.step, fresh=shown.fresh)
    return _record(enrollment, visit, actor, key)


def code_guess(token: str, *, who: str) -> Shown:
    """Read a token; whoever sends too many that are none is locked out for a while. CodeInvalid, TooManyTries."""
    guesses, name = caches["guesses"], f"place-code:{who}"
    if (guesses.get(name) or 0) >= TRIES:
        raise TooManyTries()
    try:
        return token_read(token)
    except CodeInvalid:
        guesses.incr(name, timeout=TRIES_WITHIN.total_seconds())  # type: ignore[call-arg]  # our own cache
        raise


def _rules(enrollment: Enrollment) -> CheckInRules:
    return document_now(enrollment.program_id).check_ins


def _place_of(position: Position, code: str | None) -> tuple[Place, float]:
    """The place that is meant and how far it is. Without a code: the nearest of those that are open."""
    if code is not None:
        named = Place.objects.filter(code=code).first()
        if named is None:
            raise PlaceUnknown(field="place")
        return named, _distance(position, named)
    now = clock.now()
    around = (position.latitude - NEARBY_DEGREES, position.latitude + NEARBY_DEGREES)
    near = Place.objects.filter(active=True, latitude__range=around).filter(
        Q(starts_at__isnull=True) | Q(starts_at__lte=now), Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    )
    found = min(((_distance(position, each), each.pk, each) for each in near), default=None)
    if found is None or found[0] > NEARBY_DEGREES * 111_000:
        raise NoPlaceNear()
    return found[2], found[0]


def _distance(position: Position, place: Place) -> float:
    return distance_m(position.latitude, position.longitude, float(place.latitude), float(place.longitude))


def _record(enrollment: Enrollment, visit: Visit, actor: Actor, key: str) -> CheckIn:
    now, rules = clock.now(), _rules(enrollment)
    digest = body_digest(visit.method.encode(), visit.place.code.encode(), str(visit.step).encode())
    with transaction.atomic():
        ledger.enrollment_lock(enrollment.pk)
        earlier = CheckIn.objects.filter(enrollment=enrollment, key=key).select_related("place").first()
        if earlier is not None:
            if bytes(earlier.body_hash) != digest:
                raise IdempotencyKeyReused()
            return earlier
        if enrollment.member.status != Member.Status.ACTIVE:
            raise MemberSuspended()
        again = _same_code(enrollment, visit)
        if again is not None:
            return again
        _tries_check(enrollment, now)
        row = _judged(enrollment, visit, rules, now)
        row.key, row.body_hash, row.source, row.initiated_by = key, digest, actor.source, actor.initiated_by
        row.save(force_insert=True)
        if row.state == State.ACCEPTED:
            outbox_add(CHECK_IN_ACCEPTED, _told(row))
        elif row.state == State.HELD:
            outbox_add("check_in.held", _told(row))
    if row.state == State.ACCEPTED:
        decision_book_now(row, actor=actor)
    return row


def _same_code(enrollment: Enrollment, visit: Visit) -> CheckIn | None:
    if visit.step is None:
        return None
    rows = CheckIn.objects.filter(enrollment=enrollment, place=visit.place, step=visit.step)
    return rows.exclude(state=State.REFUSED).select_related("place").first()


def _tries_check(enrollment: Enrollment, now: datetime) -> None:
    refused = CheckIn.objects.filter(enrollment=enrollment, state=State.REFUSED, at__gt=now - TRIES_WITHIN)
    if refused.count() >= TRIES:
        raise TooManyTries()


def _judged(enrollment: Enrollment, visit: Visit, rules: CheckInRules, now: datetime) -> CheckIn:
    """The row, not saved yet, with what comes of the visit."""
    row = CheckIn(
        enrollment=enrollment,
        place=visit.place,
        method=visit.method,
        state=State.ACCEPTED,
        distance_m=rounded_m(visit.distance) if visit.distance is not None else None,
        accuracy_m=min(round(visit.accuracy), 10_000) if visit.accuracy is not None else None,
        step=visit.step,
        at=now,
    )
    reason = _there(visit, rules, now)
    if reason is None:
        reason = _too_soon(enrollment, visit.place, rules, now)
    if reason is None:
        speed = _speed(enrollment, visit.place, now)
        row.speed_kmh = min(round(min(speed, FASTEST_KEPT)), FASTEST_KEPT) if speed else None
        if speed > rules.max_speed_kmh:
            reason = Because.TOO_FAST
    if reason is not None:
        held = reason == Because.TOO_FAST and rules.too_fast == "hold"
        row.state, row.reason = State.HELD if held else State.REFUSED, reason
    return row


def _there(visit: Visit, rules: CheckInRules, now: datetime) -> str | None:
    """Whether the member is where they say, as far as the position or the code can tell."""
    place = visit.place
    if not place.active or (place.starts_at and now < place.starts_at) or (place.ends_at and now >= place.ends_at):
        return Because.CLOSED
    if not visit.fresh:
        return Because.CODE_OLD
    if visit.distance is None or visit.accuracy is None:
        return None
    if visit.accuracy > rules.max_accuracy_m:
        return Because.INACCURATE
    near = within(visit.distance, radius_m=place.radius_m, accuracy_m=visit.accuracy, slack_m=rules.slack_m)
    return None if near else Because.TOO_FAR


def _counted(enrollment: Enrollment) -> Any:
    return CheckIn.objects.filter(enrollment=enrollment).exclude(state=State.REFUSED)


def _too_soon(enrollment: Enrollment, place: Place, rules: CheckInRules, now: datetime) -> str | None:
    since = now - timedelta(hours=rules.again_after_hours)
    return Because.TOO_SOON if _counted(enrollment).filter(place=place, at__gt=since).exists() else None


def _speed(enrollment: Enrollment, place: Place, now: datetime) -> float:
    """km/h from the edge of the place before to the edge of this one; 0 when there was none."""
    last = _counted(enrollment).select_related("place").order_by("-at", "-pk").first()
    if last is None or last.place_id == place.pk:
        return 0.0
    was = last.place
    apart = distance_m(float(was.latitude), float(was.longitude), float(place.latitude), float(place.longitude))
    return speed_kmh(max(0.0, apart - was.radius_m - place.radius_m), now - last.at)


def check_in_decide(*, check_in: CheckIn, accept: bool, actor: Actor) -> CheckIn:
    """What staff say of a check-in that is held. CheckInDecided when it isn't any more, MemberSuspended, Busy."""
    with transaction.atomic():
        ledger.enrollment_lock(check_in.enrollment_id)
        rows = CheckIn.objects.select_for_update(of=("self",))
        row = rows.select_related("enrollment__member", "enrollment__program", "place").get(pk=check_in.pk)
        if row.state != State.HELD:
            raise CheckInDecided(state=row.state, decided_by=row.decided_by)
        if accept and row.enrollment.member.status != Member.Status.ACTIVE:
            raise MemberSuspended()
        row.state = State.ACCEPTED if accept else State.REFUSED
        row.reason = row.reason if accept else Because.STAFF
        row.decided_at, row.decided_by = clock.now(), actor.name
        row.save(update_fields=["state", "reason", "decided_at", "decided_by"])
        action = "check_in.accept" if accept else "check_in.refuse"
        audit_record(actor=actor.name, action=action, object_type="checkin", object_id=str(row.pk))
        if accept:
            outbox_add(CHECK_IN_ACCEPTED, _told(row))
    if accept:
        decision_book_now(row, actor=actor)
    return row


def _told(row: CheckIn) -> dict[str, Any]:
    return {
        "member_id": str(row.enrollment.member.public_id),
        "program": row.enrollment.program.slug,
        "check_in_id": str(row.pk),
        "place": row.place.code,
    }
