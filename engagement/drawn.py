"""Mails about sweepstakes: to whoever won, with the day until which they must accept it where there is one."""

from __future__ import annotations

from typing import Any

from django.utils import formats, timezone, translation

from core.outbox import Message, handler
from draws.models import SweepstakeWinner
from draws.selectors import spec_of
from loyalty.definition.translation import text_in
from loyalty.selectors import program_now
from members.letters import letter_queue
from members.models import Member


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
