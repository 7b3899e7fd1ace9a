"""Effects that give points for money: so many per amount, by brackets, or by how it was paid.

Integer arithmetic throughout: nothing is lost before the one rounding at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code
from loyalty.definition.earnbase import MAX_MINOR, EarnBase, amount_at, base_amount, base_parts, earning_share
from loyalty.definition.effectbase import (
    EffectScope,
    Given,
    Giver,
    PendingDays,
    Rounding,
    positive_problems,
    rounded,
    terms_of,
)
from loyalty.definition.expiry import Expiry
from loyalty.definition.facts import Facts
from loyalty.definition.lines import Holds, ItemTest, tests_problems, tests_words
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller

PerMinor = Annotated[int, Meta(ge=1, le=1_000_000_000)]
# Kinds of tender that an order also tells of by themselves; what EarnBase says of them holds.
POINTS_TENDER, GIFT_CARD_TENDER = "points", "gift_card"


class LineFilter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines earn: those that pass every test of `where` and none of `without`."""

    where: tuple[ItemTest, ...] = ()
    without: tuple[ItemTest, ...] = ()

    def problems(self, path: str) -> Problems:
        if not self.where and not self.without:
            yield Problem(
                path, phrase("No lines are chosen."), phrase("Name a test in where or without, or leave lines out.")
            )
        yield from tests_problems(self.where, f"{path}.where")
        yield from tests_problems(self.without, f"{path}.without")

    def words(self, teller: Teller) -> str:
        chosen = tests_words(self.where, teller) if self.where else ""
        left_out = teller.list_or([each.words(teller) for each in self.without])
        if chosen and left_out:
            return teller.tell(
                N_("on lines where %(chosen)s, but not where %(left_out)s"), chosen=chosen, left_out=left_out
            )
        if chosen:
            return teller.tell(N_("on lines where %(chosen)s"), chosen=chosen)
        return teller.tell(N_("but not on lines where %(left_out)s"), left_out=left_out)

    def build(self) -> Holds:
        wanted = tuple(each.build() for each in self.where)
        unwanted = tuple(each.build() for each in self.without)
        return lambda line: all(holds(line) for holds in wanted) and not any(holds(line) for holds in unwanted)


class Reckoned(Struct, frozen=True, gc=False):
    """Money that points are reckoned from: amount × paid / total of it earns. lines: amount by place of the line."""

    amount: int
    paid: int
    total: int
    order: Mapping[str, Any]
    lines: tuple[tuple[int, int], ...] = ()


Reckoner = Callable[[Facts], Reckoned | None]


def reckoner(base: EarnBase, key: str, money: str, lines: LineFilter | None, *, by_line: bool = False) -> Reckoner:
    """What of an event's money earns. None of an event without a usable amount of the program's money, or, where
    lines are chosen, without lines."""
    chosen = lines.build() if lines is not None else None

    def reckon(facts: Facts) -> Reckoned | None:
        order = facts.payload.get(key)
        if not isinstance(order, dict) or order.get("currency", money) != money:
            return None
        whole = base_amount(base, order)
        if whole is None:
            return None
        paid, total = earning_share(base, order)
        if chosen is None and not by_line:
            return Reckoned(whole, paid, total, order)
        told = order.get("lines") or ()
        if chosen is not None and not told:
            return None
        amounts = tuple(
            (place, base_amount(base, line) or 0)
            for place, line in enumerate(told)
            if isinstance(line, dict) and (chosen is None or chosen(line))
        )
        return Reckoned(sum(amount for _, amount in amounts), paid, total, order, amounts)

    return reckon


class _OfMoney(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """amount_of: the object of the payload that holds the amounts. lines: only some of its lines earn.

    Money in another currency than the program's earns nothing. pending_days, expiry: other than the currency's.
    """

    currency: Code
    amount_of: Code = "order"
    base: EarnBase = EarnBase()
    lines: LineFilter | None = None
    rounding: Rounding = "floor"
    pending_days: PendingDays | None = None
    expiry: Expiry | None = None

    def _common_problems(self, path: str, ground: Ground, *, lines: bool) -> Problems:
        yield from ground.currency_known(self.currency, f"{path}.currency")
        if lines and self.base.shipping == "include":
            yield Problem(
                f"{path}.base.shipping",
                phrase("Lines have no shipping."),
                phrase("Exclude shipping, or use the order."),
            )
        if self.lines is not None:
            yield from self.lines.problems(f"{path}.lines")

    def _told(self, told: str, teller: Teller) -> str:
        return f"{told} {self.lines.words(teller)}" if self.lines is not None else told

    def _giver(self, kind: str, give: Callable[[Facts], Given | None]) -> Giver:
        return Giver(self.currency, kind, give, base_parts(self.base), terms_of(self.pending_days, self.expiry))


class PointsPerMoney(
    _OfMoney, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_per_money"
):
    """So many points for every per_minor of money. amount_of: the object of the payload that holds the amounts.

    rounding is of the order's points as a whole or, with scope line, of each line's. lines: only these earn. Money in
    another currency than the program's earns nothing. pending_days, expiry: other than the currency's.
    """

    points: Decimal = Decimal(1)
    per_minor: PerMinor = 100
    scope: Literal["order", "line"] = "order"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from positive_problems(self.points, f"{path}.points")
        yield from self._common_problems(path, ground, lines=self.scope == "line" or self.lines is not None)

    def words(self, teller: Teller) -> str:
        told = teller.tell(
            N_("%(points)s for every %(money)s spent"),
            points=teller.points(self.currency, self.points),
            money=teller.money_of(self.per_minor),
        )
        return self._told(told, teller)

    def build(self, scope: EffectScope) -> Giver:
        rate = Fraction(self.points) * 10 ** scope.scales[self.currency] / self.per_minor
        up, down = rate.numerator, rate.denominator
        rounding, by_line = self.rounding, self.scope == "line"
        reckon = reckoner(self.base, self.amount_of, scope.money, self.lines, by_line=by_line)

        def give(facts: Facts) -> Given | None:
            found = reckon(facts)
            if found is None:
                return None
            numerator, denominator = found.amount * found.paid * up, found.total * down
            if not by_line:
                points = rounded(numerator, denominator, rounding)
                return Given(points, numerator, denominator, found.amount, found.lines)
            # What a line gave is what a return of it takes, not its share of the money.
            gave = tuple(
                (place, rounded(amount * found.paid * up, denominator, rounding)) for place, amount in found.lines
            )
            return Given(sum(points for _, points in gave), numerator, denominator, found.amount, gave)

        return self._giver("points_per_money", give)


class Bracket(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From from_minor of money on: so many points for every per_minor."""

    from_minor: Annotated[int, Meta(ge=0, le=MAX_MINOR)]
    points: Decimal
    per_minor: PerMinor = 100


class PointsBrackets(
    _OfMoney, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_brackets"
):
    """A rate per bracket of money. marginal: each part of the amount earns at its own bracket's rate. whole: all of
    it earns at the rate of the bracket that it reaches, so that a cent more can give far more points."""

    brackets: tuple[Bracket, ...]
    mode: Literal["marginal", "whole"] = "marginal"

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from self._common_problems(path, ground, lines=self.lines is not None)
        if not 1 <= len(self.brackets) <= 20:
            yield Problem(
                f"{path}.brackets", phrase("There are %(n)s brackets.", n=len(self.brackets)), phrase("Give 1 to 20.")
            )
            return
        if self.brackets[0].from_minor != 0:
            yield Problem(
                f"{path}.brackets[0].from_minor", phrase("The first bracket starts above 0."), phrase("Say 0.")
            )
        for index, each in enumerate(self.brackets):
            here = f"{path}.brackets[{index}]"
            if index and each.from_minor <= self.brackets[index - 1].from_minor:
                yield Problem(
                    f"{here}.from_minor",
                    phrase("Brackets must go up."),
                    phrase("Start it above the bracket before it."),
                )
            if each.points:  # a bracket may earn nothing
                yield from positive_problems(each.points, f"{here}.points")
        if not any(each.points for each in self.brackets):
            yield Problem(
                f"{path}.brackets", phrase("No bracket gives points."), phrase("Give one of them points above 0.")
            )

    def words(self, teller: Teller) -> str:
        parts = [
            teller.tell(
                N_("%(points)s for every %(money)s from %(start)s on"),
                points=teller.points(self.currency, each.points),
                money=teller.money_of(each.per_minor),
                start=teller.money_of(each.from_minor),
            )
            for each in self.brackets
        ]
        told = teller.list_and(parts)
        if self.mode == "whole":
            told = teller.tell(N_("%(brackets)s, the bracket reached counting for the whole amount"), brackets=told)
        return self._told(told, teller)

    def build(self, scope: EffectScope) -> Giver:
        rates = [Fraction(each.points) * 10 ** scope.scales[self.currency] / each.per_minor for each in self.brackets]
        down = lcm(*(rate.denominator for rate in rates))
        ups = [rate.numerator * (down // rate.denominator) for rate in rates]
        starts = [each.from_minor for each in self.brackets]
        rounding, whole = self.rounding, self.mode == "whole"
        reckon = reckoner(self.base, self.amount_of, scope.money, self.lines)

        def give(facts: Facts) -> Given | None:
            found = reckon(facts)
            if found is None:
                return None
            earning = found.amount * found.paid  # in parts of 1/total of the smallest unit of money
            parts = _whole(earning, starts, found.total) if whole else _marginal(earning, starts, found.total)
            numerator, denominator = sum(part * up for part, up in zip(parts, ups, strict=True)), found.total * down
            return Given(rounded(numerator, denominator, rounding), numerator, denominator, found.amount, found.lines)

        return self._giver("points_brackets", give)


def _marginal(earning: int, starts: Sequence[int], total: int) -> list[int]:
    """How much of the amount lies in each bracket."""
    ends = [*(start * total for start in starts[1:]), max(earning, starts[-1] * total)]
    return [max(0, min(earning, end) - start * total) for start, end in zip(starts, ends, strict=True)]


def _whole(earning: int, starts: Sequence[int], total: int) -> list[int]:
    """All of it in the highest bracket that it reaches."""
    reached = max(place for place, start in enumerate(starts) if start * total <= earning)
    return [earning if place == reached else 0 for place in range(len(starts))]


class TenderRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """kinds: of tender, such as card or balance, as the order names them. points 0: paid so, it earns nothing."""

    kinds: tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...]
    points: Decimal
    per_minor: PerMinor = 100


class OtherRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rate of what was paid in any other way."""

    points: Decimal
    per_minor: PerMinor = 100


class PointsByTender(
    _OfMoney, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_by_tender"
):
    """A rate by how the order was paid. Paid in several ways, each part of the goods earns at its own way's rate, in
    proportion. Gift cards and points earn only where base includes them. An order that doesn't tell how it was paid
    earns at the rate of other; without one it earns nothing."""

    rates: tuple[TenderRate, ...]
    other: OtherRate | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from self._common_problems(path, ground, lines=self.lines is not None)
        if not 1 <= len(self.rates) <= 20:
            yield Problem(f"{path}.rates", phrase("There are %(n)s rates.", n=len(self.rates)), phrase("Give 1 to 20."))
            return
        seen: set[str] = set()
        for index, each in enumerate(self.rates):
            here = f"{path}.rates[{index}]"
            if not each.kinds:
                yield Problem(f"{here}.kinds", phrase("No way of paying is named."), phrase("Name one, such as card."))
            for at, kind in enumerate(each.kinds):
                if kind in seen:
                    yield Problem(
                        f"{here}.kinds[{at}]",
                        phrase("%(kind)r has a rate already.", kind=kind),
                        phrase("Name it once."),
                    )
                seen.add(kind)
            if each.points:
                yield from positive_problems(each.points, f"{here}.points")
        if self.other is not None and self.other.points:
            yield from positive_problems(self.other.points, f"{path}.other.points")
        yield from self._closed_problems(seen, path)

    def _closed_problems(self, kinds: set[str], path: str) -> Problems:
        for kind, field in ((POINTS_TENDER, "paid_in_points"), (GIFT_CARD_TENDER, "gift_cards")):
            if kind in kinds and getattr(self.base, field) == "exclude":
                yield Problem(
                    f"{path}.base.{field}",
                    phrase("%(kind)s has a rate, but what is paid so is left out.", kind=kind),
                    phrase("Include %(field)s in the base, or take %(kind)s out of the rates.", field=field, kind=kind),
                )

    def words(self, teller: Teller) -> str:
        parts = [self._rate(each, teller.list_or(list(each.kinds)), teller) for each in self.rates]
        if self.other is not None:
            parts.append(self._rate(self.other, teller.say(N_("any other means")), teller))
        return self._told(teller.list_and(parts), teller)

    def _rate(self, rate: TenderRate | OtherRate, means: str, teller: Teller) -> str:
        return teller.tell(
            N_("%(points)s for every %(money)s paid by %(means)s"),
            points=teller.points(self.currency, rate.points),
            money=teller.money_of(rate.per_minor),
            means=means,
        )

    def build(self, scope: EffectScope) -> Giver:
        one = 10 ** scope.scales[self.currency]
        rates = {kind: Fraction(each.points) * one / each.per_minor for each in self.rates for kind in each.kinds}
        other = Fraction(self.other.points) * one / self.other.per_minor if self.other is not None else None
        closed = _closed(self.base)
        reckon = reckoner(self.base, self.amount_of, scope.money, self.lines)
        rounding = self.rounding

        def give(facts: Facts) -> Given | None:
            found = reckon(facts)
            if found is None:
                return None
            tenders = _tenders(found.order)
            if not tenders:
                if other is None:
                    return None
                exact = other * found.amount * found.paid / found.total
            else:
                paid = sum(amount for _, amount in tenders)
                earned = sum(
                    (amount * rates.get(kind, other or 0) for kind, amount in tenders if kind not in closed),
                    Fraction(0),
                )
                exact = earned * found.amount / paid if paid else Fraction(0)
            up, down = exact.numerator, exact.denominator
            return Given(rounded(up, down, rounding), up, down, found.amount, found.lines)

        return self._giver("points_by_tender", give)


def _closed(base: EarnBase) -> frozenset[str]:
    """Ways of paying that earn nothing, whatever their rate."""
    sides = ((POINTS_TENDER, base.paid_in_points), (GIFT_CARD_TENDER, base.gift_cards))
    return frozenset(kind for kind, side in sides if side == "exclude")


def _tenders(order: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(kind, amount) of each way in which the order was paid."""
    told = order.get("tenders")
    if not isinstance(told, list | tuple):
        return []
    return [(str(each.get("kind", "")), amount_at(each, "amount_minor")) for each in told if isinstance(each, dict)]
