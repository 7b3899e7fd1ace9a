"""Between rewards and the sweepstakes that they enter: points go back when one is canceled, and its page says which
rewards enter it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.actor import system
from core.outbox import Message, handler, outbox_add
from draws.models import Sweepstake, SweepstakeEntry
from draws.pages import Way
from rewards.kinds.shapes import SweepstakeEntry as Kind
from rewards.models import Redemption
from rewards.pieces import kind_of
from rewards.selectors import rewards_offered
from rewards.services import redemption_cancel

NEXT, AT_ONCE = "sweepstake.points_due", 100


@handler("sweepstake.canceled")
@handler(NEXT)
def points_go_back(message: Message) -> None:
    """What was redeemed for entries in it is given back, so many at a time. Done again it finds nothing left to do."""
    sweepstake_id, after = int(message.payload["sweepstake_id"]), str(message.payload.get("after", ""))
    entries = SweepstakeEntry.objects.filter(sweepstake=sweepstake_id, way=SweepstakeEntry.Way.REWARD)
    bought = sorted({cause.split(":")[1] for cause in entries.values_list("cause", flat=True)})
    due = [each for each in bought if each > after][:AT_ONCE]
    rows = Redemption.objects.filter(pk__in=due, state=Redemption.State.REDEEMED).order_by("pk")
    for row in rows:
        redemption_cancel(redemption=row, actor=system("sweepstakes"), reason=_("The sweepstake was canceled."))
    if len(due) == AT_ONCE:
        outbox_add(NEXT, {"sweepstake_id": sweepstake_id, "after": due[-1]})


def ways_in(row: Sweepstake) -> list[Way]:
    """The rewards that enter the sweepstake."""
    found = []
    for reward in rewards_offered(row.program_id).filter(kind="sweepstake_entry").order_by("pk"):
        kind = kind_of(reward)
        if isinstance(kind, Kind) and kind.sweepstake == row.code:
            names = {"en": reward.name, "nl": reward.name_nl or reward.name}
            found.append(Way(f"/rewards/{reward.code}/", names))
    return found
