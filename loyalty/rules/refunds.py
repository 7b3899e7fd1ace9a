"""How many points a return takes back, from the awards' own snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class AwardSnapshot(Struct, frozen=True):
    """key: whatever the caller knows the award by. granted: as awarded. reversed: taken back by earlier returns.

    Count as reversed what the refund policy forgave, too, or the next return asks for it again.
    """

    key: int | str
    granted: int
    reversed: int = 0


class PointsReversal(Struct, frozen=True):
    """whole: nothing of the award is left after this."""

    key: int | str
    points: int
    whole: bool


def refund_points(
    awards: Sequence[AwardSnapshot], *, order_minor: int, returned_before_minor: int, returned_minor: int
) -> tuple[PointsReversal, ...]:
    """What to take back of each award for this return; awards that lose nothing are left out.

    order_minor: what the order came to; returned_before_minor: of it, by earlier returns; returned_minor: by this one;
    all three of the same parts of the order. It is reckoned from the sum of all returns, so rounding doesn't drift: the
    part of an award that has to go is rounded down until the order is returned whole, then exactly the rest goes. More
    than was granted never goes, whatever the amounts.
    """
    returned = max(0, returned_before_minor) + max(0, returned_minor)
    reversals = []
    for award in awards:
        due = award.granted if returned >= order_minor else award.granted * returned // order_minor
        points = min(max(0, due - award.reversed), award.granted - award.reversed)
        if points > 0:
            reversals.append(PointsReversal(award.key, points, award.reversed + points == award.granted))
    return tuple(reversals)
