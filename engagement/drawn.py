"""Mails about sweepstakes: to whoever won, with the day until which they must accept it where there is one; and to
whoever took part in one that won't be drawn."""

from __future__ import annotations

from typing import Any

from django.utils import formats, timezone, translation

from core.outbox import Message, handler, outbox_add
from draws.models import Sweepstake, SweepstakeEntry, SweepstakeWinner
from draws.selectors import spec_of
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment
from loyalty.selectors import program_now
from members.letters import letter_queue
from members.models import Member

NEXT, AT_ONCE = "sweepstake.letters_due", 100


@handler("sweepstake.won")
def sweepstake_won(message: Message) -> None:
    """Nothing to whoever was passed over meanwhile."""
    rows = SweepstakeWinner.objects.select_related("sweepstake__program", "entry__enrollment__member")
    won = rows.filter(pk=message.payload["winner_id"], state=SweepstakeWinner.State.WON).first()
    if won is None:
        return
    row, member = won.sweepstake, won.entry.enrollment.member
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    spec = spec_of(row)
    prize = next((each.name for each in spec.prizes if each.code == won.prize), won.prize)
    words: dict[str, Any] = {}
    if won.answer_by is not None:
        with translation.override(member.language):
            local = timezone.localtime(won.answer_by, program_now(row.program_id).zone)
            words["accept_by"] = formats.date_format(local, "j F Y H:i")
    letter_queue(
        kind="sweepstake_won",
        to=member.email,
        language=member.language,
        name=member.name,
        path=f"/sweepstakes/{row.program.slug}/{row.code}/",
        sweepstake=text_in(spec.name, member.language),
        prize=text_in(prize, member.language),
        **words,
    )


@handler("sweepstake.canceled")
@handler(NEXT)
def sweepstake_canceled(message: Message) -> None:
    """Everybody who took part, once, so many at a time. Whoever spent points on it reads that they come back."""
    row = Sweepstake.objects.select_related("program").get(pk=message.payload["sweepstake_id"])
    entries = SweepstakeEntry.objects.filter(sweepstake=row)
    after = int(message.payload.get("after", 0))
    places = Enrollment.objects.filter(pk__gt=after, sweepstake_entries__sweepstake=row).distinct().order_by("pk")
    told = list(places.select_related("member")[:AT_ONCE])
    paid = set(entries.filter(enrollment__in=told, way=SweepstakeEntry.Way.REWARD).values_list("enrollment", flat=True))
    for place in told:
        _canceled(row, place.member, spent=place.pk in paid)
    if len(told) == AT_ONCE:
        outbox_add(NEXT, {"sweepstake_id": row.pk, "after": told[-1].pk})


def _canceled(row: Sweepstake, member: Member, *, spent: bool) -> None:
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    letter_queue(
        kind="sweepstake_canceled", to=member.email, language=member.language, name=member.name,
        path=f"/sweepstakes/{row.program.slug}/{row.code}/", sweepstake=text_in(spec_of(row).name, member.language),
        spent=spent,
    )  # fmt: skip
