"""A brand's past, lived month by month with its clock set back: what is stored looks as if it had happened then."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from core import clock
from core.actor import Actor
from core.errors import DomainError
from loyalty.ingest import event_ingest_raw
from loyalty.models import Enrollment, Program
from loyalty.nightly import nightly_run
from members.models import Member
from members.services import member_create
from rewards.models import Redemption, Reward
from rewards.services import redemption_cancel, redemption_use, reward_redeem
from tenants.models import Brand

# fmt: off
FIRST_NAMES = (
    "Anna", "Bram", "Chantal", "Daan", "Eva", "Femke", "Gijs", "Hanna", "Iris", "Joris", "Karin", "Lars", "Maud",
    "Noor", "Olaf", "Pien", "Quinten", "Roos", "Sem", "Tess", "Umar", "Vera", "Wout", "Xander", "Yara", "Zoë",
    "Aisha", "Boris", "Carmen", "Dewi", "Emir", "Fatima", "Guus", "Hugo", "Ilse", "Jamal", "Kim", "Lotte", "Milan",
    "Nina", "Otis", "Priya",
)
LAST_NAMES = (
    "de Boer", "Jansen", "Visser", "Bakker", "El Amrani", "Smit", "Meijer", "de Groot", "Vos", "Yilmaz", "Peters",
    "Dekker", "Singh", "Kok",
)
# fmt: on
SHOP = Actor("partner", "demo:shop", "shop")
TILL = Actor("partner", "demo:till", "till")


class History:
    """Lives through a brand's past, in its context. The seed makes it the same at every run."""

    def __init__(self, brand: Brand, plan: dict[str, Any], program: Program) -> None:
        self.brand = brand
        self.plan = plan
        self.program = program
        self.dice = random.Random(plan["slug"])
        self.members: list[tuple[Member, float]] = []
        self.orders: list[tuple[Member, str, int]] = []
        self.count = 0

    def live(self, progress: Callable[[int, int], None]) -> None:
        """Every week of the past: who joins, what they buy, what they take, then the night's work."""
        weeks = int(self.plan["months"] * 4.35)
        try:
            for week in range(weeks, 0, -1):
                self.brand.clock_shift = -timedelta(weeks=week)
                self._join(weeks - week, weeks)
                self._buy()
                self._return_some()
                self._take_rewards()
                nightly_run(program=self.program)
                progress(weeks - week + 1, weeks)
        finally:
            self.brand.clock_shift = timedelta(0)
        nightly_run(program=self.program)

    def _join(self, week: int, weeks: int) -> None:
        """Half of them at the start, the others bit by bit."""
        wanted = int(self.plan["members"] * min(1.0, 0.5 + 0.6 * week / weeks))
        while len(self.members) < wanted:
            number = len(self.members)
            first, last = FIRST_NAMES[number % len(FIRST_NAMES)], self.dice.choice(LAST_NAMES)
            member = member_create(
                actor=SHOP if self.dice.random() < 0.7 else TILL,
                name=f"{first} {last}",
                email=f"{_plain(first)}.{number + 1}@example.com",
                external_id=f"C-{1001 + number}",
                language="nl" if self.dice.random() < 0.5 else "en",
            )
            # A few buy a lot, most buy now and then: that is what makes tiers worth having.
            self.members.append((member, self.dice.paretovariate(1.6)))

    def _moments(self, times: float) -> Iterator[datetime]:
        whole = int(times) + (1 if self.dice.random() < times % 1 else 0)
        for _ in range(whole):
            day = clock.now() + timedelta(days=self.dice.uniform(0, 6.5))
            yield day.replace(
                hour=self.dice.choice((8, 9, 10, 12, 13, 14, 15, 16, 18, 20)), minute=self.dice.randrange(60)
            )

    def _buy(self) -> None:
        rows: list[dict[str, Any]] = []
        for member, keen in self.members:
            for at in self._moments(min(self.plan["orders_per_month"] * keen / 6, 5)):
                rows.append(self._order(member, at))
            for at in self._moments(self.plan["reviews"] * keen / 6):
                rows.append(self._event(member, at, "review.posted", {"stars": self.dice.randint(3, 5)}))
        for at in self._moments(3):
            rows.append(self._order(None, at))
        rows.sort(key=lambda row: str(row["occurred_at"]))
        # The week that is coming lies in this clock's future; at its end it doesn't.
        self.brand.clock_shift += timedelta(days=6.9)
        event_ingest_raw(rows, actor=SHOP)

    def _order(self, member: Member | None, at: datetime) -> dict[str, Any]:
        total = max(250, round(self.plan["typical"] * 100 * self.dice.lognormvariate(-0.1, 0.55)))
        row = self._event(member, at, "order.paid", {})
        row["data"] = {
            "order": {
                "number": row["id"],
                "currency": "EUR",
                "total_minor": total,
                "tax_minor": total * 21 // 121,
                "channel": self.dice.choice(("web", "web", "app", "store")),
                "cost_minor": total * 45 // 100,
            }
        }
        if member is not None:
            self.orders.append((member, row["id"], total))
        return row

    def _event(self, member: Member | None, at: datetime, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        number = f"{self.plan['slug'].upper()}-{10_000 + self.count}"
        told = str(member.public_id) if member is not None else None
        return {"id": number, "type": kind, "member": told, "occurred_at": at.isoformat(), "data": payload}

    def _return_some(self) -> None:
        recent, self.orders = self.orders, []
        for member, number, total in recent:
            if self.dice.random() < 0.04:
                amount = total if self.dice.random() < 0.6 else total // 2
                row = self._event(
                    member, clock.now(), "order.returned", {"return": {"order": number, "amount_minor": amount}}
                )
                event_ingest_raw([row], actor=SHOP)

    def _take_rewards(self) -> None:
        rewards = list(Reward.objects.filter(program=self.program))
        if not rewards:
            return
        for member, _keen in self.members:
            if self.dice.random() > 0.12:
                continue
            place = Enrollment.objects.select_related("member").get(member=member, program=self.program)
            self.count += 1
            try:
                taken = reward_redeem(
                    enrollment=place, reward=self.dice.choice(rewards), actor=SHOP, key=f"demo-{self.count}"
                )
            except DomainError:
                continue  # not enough points, another tier, sold out: as in life
            self._use(taken)

    def _use(self, taken: Redemption) -> None:
        if self.dice.random() < 0.6:
            redemption_use(redemption=taken, actor=TILL)
        elif self.dice.random() < 0.1:
            redemption_cancel(redemption=taken, actor=SHOP, reason="changed my mind")


def _plain(name: str) -> str:
    return name.lower().replace("ë", "e")
