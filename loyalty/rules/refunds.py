"""How many points a return takes back, from the awards' own snapshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct


class AwardSnapshot(Struct, frozen=True):
    """key: whatever the caller knows the award by. granted: as awarded. reversed: taken back by earlier returns.

    Count as reversed what the refund policy forgave, too, or the next return asks for it again. lines: (place of a line
    of the order, its weight in the award) where the award was reckoned line by line.
    """

    key: int | str
    granted: int
    reversed: int = 0
    lines: tuple[tuple[int, int], ...] = ()


class PointsReversal(Struct, frozen=True):
    """whole: nothing of the award is left after this."""

    key: int | str
    points: int
    whole: bool


class Returned(Struct, frozen=True):
    """What has come back of an order, this return included, from the sum of all of them.

    minor: money, of order_minor. unlined_minor: of it, by returns that named no lines. lines: by place, the part of
    each line that came back by returns that did, 0 to 1.
    """

    order_minor: int
    minor: int
    unlined_minor: int
    lines: Mapping[int, Fraction] = {}

    @property
    def whole(self) -> bool:
        return self.minor >= self.order_minor

    @property
    def share(self) -> Fraction:
        """Of the money."""
        return Fraction(1) if self.whole else Fraction(max(0, self.minor), self.order_minor)

    def share_of(self, lines: Sequence[tuple[int, int]]) -> Fraction:
        """Of these lines, by what each weighs: what was named comes back line by line, the rest by share of money."""
        weight = sum(each for _line, each in lines)
        if self.whole or not weight:
            return self.share
        named = sum((self.lines.get(line, Fraction(0)) * each for line, each in lines), start=Fraction(0)) / weight
        return min(Fraction(1), named + Fraction(max(0, self.unlined_minor), self.order_minor))


def refund_points(
    awards: Sequence[AwardSnapshot],
    *,
    order_minor: int,
    returned_before_minor: int,
    returned_minor: int,
    returned: Returned | None = None,
) -> tuple[PointsReversal, ...]:
    """What to take back of each award for this return; awards that lose nothing are left out.

    order_minor: what the order came to; returned_before_minor: of it, by earlier returns; returned_minor: by this one;
    all three of the same parts of the order. It is reckoned from the sum of all returns, so rounding doesn't drift: the
    part of an award that has to go is rounded down until the order is returned whole, then exactly the rest goes. More
    than was granted never goes, whatever the amounts. returned: the same with the lines that were named; an award that
    was reckoned by line loses what those lines gave, any other its share of the money.
    """
    minor = max(0, returned_before_minor) + max(0, returned_minor)
    sum_of_all = returned or Returned(order_minor, minor, minor)
    reversals = []
    for award in awards:
        share = sum_of_all.share_of(award.lines) if award.lines else sum_of_all.share
        due = award.granted * share.numerator // share.denominator
        points = min(max(0, due - award.reversed), award.granted - award.reversed)
        if points > 0:
            reversals.append(PointsReversal(award.key, points, award.reversed + points == award.granted))
    return tuple(reversals)
