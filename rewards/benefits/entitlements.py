"""What a member is entitled to now: benefits, early access and features, with until when each holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from core import clock
from loyalty.definition.basics import LocalText
from loyalty.rules.dates import day_start
from loyalty.selectors import Place, PlaceRow, program_of
from rewards.benefits.definition import Beta, EarlyAccess
from rewards.benefits.holding import Held, benefits_held
from rewards.benefits.repeating import Dated

# Whatever repeats does so within a year.
AHEAD = timedelta(days=366)


class Access(msgspec.Struct, frozen=True):
    """Early access that holds now. name: of the moment, or of the benefit when it has none."""

    benefit: str
    name: LocalText
    link: str
    since: datetime | None
    until: datetime | None


class Feature(msgspec.Struct, frozen=True):
    """A feature that the member may use before others."""

    benefit: str
    flag: str
    until: datetime | None


class Entitlements(msgspec.Struct, frozen=True):
    """changes_at: the first time at which this answer won't hold any more as far as is known now."""

    member: UUID
    program: str
    at: datetime
    benefits: list[Held]
    early_access: list[Access]
    features: list[Feature]
    changes_at: datetime | None


def entitlements_of(place: Place, *, at: datetime | None = None) -> Entitlements:
    """Asked of the program and the member as they are; nothing is written."""
    now = at or clock.now()
    held = benefits_held(place, at=now)
    access = [one for each in held if isinstance(each.benefit.gives, EarlyAccess) for one in _access(each, now)]
    features = [
        Feature(each.benefit.code, each.benefit.gives.flag, each.until)
        for each in held
        if isinstance(each.benefit.gives, Beta)
    ]
    return Entitlements(
        member=place.member if isinstance(place, PlaceRow) else place.member.public_id,
        program=place.slug if isinstance(place, PlaceRow) else place.program.slug,
        at=now,
        benefits=held,
        early_access=access,
        features=features,
        changes_at=_changes(held, access, place, now),
    )


def _access(each: Held, now: datetime) -> list[Access]:
    """Without dates it holds as long as the benefit does; with them, within each."""
    gives = each.benefit.gives
    assert isinstance(gives, EarlyAccess)
    if not each.benefit.moments:
        return [Access(each.benefit.code, each.benefit.name, gives.link, each.since, each.until)]
    return [
        Access(each.benefit.code, one.moment.name, one.moment.link or gives.link, one.starts_at, _end(one, each.until))
        for one in each.moments_at(now)
    ]


def _end(moment: Dated, until: datetime | None) -> datetime | None:
    ends = [each for each in (moment.ends_at, until) if each is not None]
    return min(ends, default=None)


def _changes(held: Iterable[Held], access: Iterable[Access], place: Place, now: datetime) -> datetime | None:
    """The first end or beginning that is known: of a benefit, a moment, a period of an allowance."""
    program = program_of(place)
    times: list[datetime | None] = [each.until for each in held] + [each.until for each in access]
    for each in held:
        times += [time for one in each.planned.dates_from(now, AHEAD) for time in (one.starts_at, one.ends_at)]
        if each.allowed is not None and each.allowed.renews_on is not None:
            times.append(day_start(each.allowed.renews_on, program.zone))
    return min((each for each in times if each is not None and each > now), default=None)


def token_life(entitlements: Entitlements, most: timedelta) -> timedelta:
    """How long a token about it may live: never beyond what is known to change."""
    if entitlements.changes_at is None:
        return most
    return min(most, entitlements.changes_at - entitlements.at)
