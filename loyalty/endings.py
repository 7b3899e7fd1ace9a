"""What a member is told of a tier that ends soon: by letter and on their page, in the words of the reader's language.

The night marks whom it told of which end. What is shown is worked out anew: who has done enough since isn't told.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import F

from core import clock
from loyalty.definition.basics import LocalText
from loyalty.definition.compiled import CompiledProgram
from loyalty.metricwords import metric_words, words_joined
from loyalty.models import Enrollment, TierStanding
from loyalty.rules.dates import local_day
from loyalty.selectors import program_of
from loyalty.tiernights import holders_read, tier_ending
from loyalty.tierviews import metrics_shown


class Ending(NamedTuple):
    """A tier that is lost as things are. last_day: of holding it. keep_by: the last day of collecting what is missing.

    to_keep: what is missing, in words; "" where it can't be earned.
    """

    ladder: str
    tier: LocalText
    last_day: date
    keep_by: date
    to_keep: str


def endings_of(enrollment: Enrollment) -> list[Ending]:
    """Of the tiers whose end the member was told of, those that they would still lose."""
    now = clock.now()
    told = TierStanding.objects.filter(enrollment=enrollment, told_until=F("valid_until"), valid_until__gt=now)
    ladders = set(told.values_list("ladder", flat=True))
    if not ladders:
        return []
    compiled = program_of(enrollment)
    found = [_ending(compiled, code, enrollment.pk) for code in compiled.ladders if code in ladders]
    return [each for each in found if each is not None]


def _ending(compiled: CompiledProgram, code: str, enrollment_id: int) -> Ending | None:
    ladder = compiled.ladders[code]
    [holder] = holders_read([enrollment_id])
    standing = holder.place.standing(code)
    if standing is None or standing.valid_until is None:
        return None
    missing = tier_ending(ladder, holder, standing.valid_until)
    tier = next((each for each in compiled.document.ladder(code).tiers if each.code == standing.tier), None)
    if missing is None or tier is None:
        return None
    shown = metrics_shown(compiled, ladder, missing)
    last_day = local_day(standing.valid_until, ladder.zone) - timedelta(days=1)
    return Ending(
        ladder=code,
        tier=tier.name,
        last_day=last_day,
        keep_by=last_day - timedelta(days=ladder.grace_days),
        to_keep=words_joined([metric_words(each.to_keep, each) for each in shown if each.to_keep], ladder.every),
    )
