"""What tiers are reached by. A new kind is a Struct here with `metric` and `words`, added to the union."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from loyalty.definition.basics import Code
from loyalty.definition.earnbase import EarnBase, base_amount, earning_share
from loyalty.definition.translation import N_, Teller


class PointsEarned(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="points_earned"
):
    """Points earned of one currency, spent or not; returns take them off again."""

    currency: Code

    @property
    def metric(self) -> str:
        """What its progress is kept under, within `tier:<metric>:<window>`."""
        return self.currency

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by %(points)s earned"), points=teller.currency(self.currency))


class MoneySpent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="money_spent"):
    """Money of paid orders, in the program's currency; returns take it off again."""

    base: EarnBase = EarnBase()

    @property
    def metric(self) -> str:
        return "money." + "".join(str(getattr(self.base, name))[0] for name in self.base.__struct_fields__)

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by %(money)s spent"), money=teller.money)


class OrderMoney(Struct, frozen=True):
    """Measures an event by the money of its order. Money in another currency than the program's counts nothing."""

    base: MoneySpent
    money: str

    def amount(self, payload: Mapping[str, Any]) -> int:
        order = payload.get("order")
        if not isinstance(order, dict) or order.get("currency", self.money) != self.money:
            return 0
        paid, total = earning_share(self.base.base, order)
        return (base_amount(self.base.base, order) or 0) * paid // total


class CounterReached(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="counter"):
    """One of the program's counters: orders, nights, trips."""

    counter: Code

    @property
    def metric(self) -> str:
        return f"count.{self.counter}"

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by the counter %(counter)s"), counter=teller.counter(self.counter))


class BalanceHeld(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="balance"):
    """The points that a member has to spend at the moment: spending or losing them costs the tier, each night."""

    currency: Code

    @property
    def metric(self) -> str:
        return f"balance.{self.currency}"

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("by the balance of %(points)s"), points=teller.currency(self.currency))


# What can be asked for together with others.
Metric = PointsEarned | MoneySpent | CounterReached


class AllOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="all_of"):
    """Every one of them; each tier says how much of each."""

    of: tuple[Metric, ...]

    def words(self, teller: Teller) -> str:
        return teller.list_and([each.words(teller) for each in self.of])


class AnyOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="any_of"):
    """Any one of them; each tier says how much of each."""

    of: tuple[Metric, ...]

    def words(self, teller: Teller) -> str:
        return teller.list_or([each.words(teller) for each in self.of])


Qualification = PointsEarned | MoneySpent | CounterReached | BalanceHeld | AllOf | AnyOf
AnyMetric = PointsEarned | MoneySpent | CounterReached | BalanceHeld


def metrics_of(qualify: Qualification) -> tuple[AnyMetric, ...]:
    """What is counted, in order; one or several."""
    return qualify.of if isinstance(qualify, AllOf | AnyOf) else (qualify,)


def metric_key(metric: AnyMetric, window_key: str) -> str:
    """The key of the member's progress; its period is the window's first day."""
    return f"tier:{metric.metric}:{window_key}"
