"""A brand that starts from a template, its shop and one member: what the stories of a year are told with.

The shop speaks over the API alone, the nights are the worker's, the clock is the brand's own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from claims.services import Sent, claim_approve, claim_submit
from core.actor import Actor
from core.ids import uuid7
from core.outbox import outbox_drain
from draws.tasks import sweepstakes_sweep
from loyalty.ledger import ledger_invariants
from loyalty.models import Enrollment, Program
from loyalty.tasks import nightly_due
from loyalty.versions import programs_fresh
from rewards.models import Reward
from tenants import registry
from tenants.context import brand_context, platform_context
from tenants.models import Brand
from tests.api.cast import Api, key_made
from tests.conftest import ClientFor, NewBrand


class Year:
    """The story's doors. Times are local to the program's zone."""

    def __init__(self, new_brand: NewBrand, client_for: ClientFor, template: str, *, begins: str) -> None:
        self.brand = new_brand(template=template)
        with brand_context(self.brand):
            self.program = Program.objects.get()
            [state] = programs_fresh().values()
            document = state.at(datetime.now(UTC)).document
            self.zone = ZoneInfo(document.program.time_zone)
            self.money = document.program.money_currency
            self.shop = Api(client_for(self.brand), key_made()[1])
        self.night_of: date | None = None
        self.at(begins)

    def at(self, local: str) -> None:
        """Move the brand's clock to that time; it runs on from there."""
        moment = datetime.fromisoformat(local).replace(tzinfo=self.zone)
        self.brand.clock_shift = moment - datetime.now(UTC)
        with platform_context():
            Brand.objects.filter(pk=self.brand.pk).update(clock_shift=self.brand.clock_shift)
        registry.forget_all()

    def night(self, local: str) -> None:
        """Move on to that time and let the workers do what is due: nights, draws, then what waits in the outbox."""
        self.at(local)
        with brand_context(self.brand):
            nightly_due()
            sweepstakes_sweep()
            outbox_drain()

    def joins(self, external_id: str = "C-1", **fields: Any) -> None:
        made = self.shop.post("members", {"external_id": external_id, "name": "Ann", **fields})
        assert made.status_code == 201, made.content
        self._work()

    def tell(self, kind: str, name: str, local: str, member: str = "C-1", **payload: Any) -> dict[str, Any]:
        """An event of the shop's that is taken; its answer."""
        answer = self.shop.post("events", self._event(kind, name, local, member, payload))
        assert answer.status_code == 201, answer.content
        self._work()
        body: dict[str, Any] = answer.json()
        return body

    def order(self, number: str, local: str, cents: int, member: str = "C-1", **more: Any) -> dict[str, Any]:
        order = {"number": number, "currency": self.money, "total_minor": cents, **more}
        return self.tell("order.paid", number, local, member, order=order)

    def returns(self, number: str, local: str, cents: int, member: str = "C-1", **more: Any) -> dict[str, Any]:
        name = f"R-{number}-{cents}"
        return self.tell(
            "order.returned", name, local, member, **{"return": {"order": number, "amount_minor": cents, **more}}
        )

    def claims(self, kind: str, member: str = "C-1", *, staff: dict[str, Any] | None = None, **sent: Any) -> None:
        """The member sends a claim, staff approve it and fill in theirs."""
        with brand_context(self.brand):
            place = Enrollment.objects.get(member__external_id=member)
            sender = Actor("member", f"member:{member}", "web")
            claim = claim_submit(enrollment=place, sent=Sent(type=kind, **sent), actor=sender, key=uuid7().hex)
            claim_approve(claim=claim, fields=staff or {}, actor=Actor("staff", "user:1", "admin"), key=uuid7().hex)
            outbox_drain()

    def offers(self, code: str, price: int, currency: str) -> None:
        """The brand puts a reward into its catalogue."""
        with brand_context(self.brand):
            Reward.objects.create(program=self.program, code=code, name=code, currency=currency, price=price)

    def redeems(self, code: str, member: str = "C-1") -> Any:
        """The shop redeems a reward for the member; the answer."""
        return self.shop.post("redemptions", {"member": f"ext:{member}", "reward": code}, once=uuid7().hex)

    def _event(self, kind: str, name: str, local: str, member: str, payload: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.fromisoformat(local).replace(tzinfo=self.zone)
        who = {"external_id": member}
        return {"id": name, "type": kind, "member": who, "occurred_at": moment.isoformat(), "data": payload}

    def _work(self) -> None:
        with brand_context(self.brand):
            outbox_drain()

    # --- what the shop reads -------------------------------------------------------------------------------------
    def balances(self, member: str = "C-1") -> dict[str, int]:
        """Currency → what can be spent now."""
        rows = self.shop.get(f"members/ext:{member}/balances").json()["balances"]
        return {row["currency"]: row["balance"] for row in rows}

    def pending(self, member: str = "C-1") -> dict[str, int]:
        rows = self.shop.get(f"members/ext:{member}/balances").json()["balances"]
        return {row["currency"]: row["pending"] for row in rows}

    def tier(self, ladder: str, member: str = "C-1") -> str:
        rows = self.shop.get(f"members/ext:{member}/tiers").json()["tiers"]
        return next(str(row["code"]) for row in rows if row["ladder"] == ladder)

    def adds_up(self) -> None:
        with brand_context(self.brand):
            assert ledger_invariants() == []


def given(body: dict[str, Any]) -> dict[str, int]:
    """Rule or achievement → points that an event gave."""
    found: dict[str, int] = {}
    for award in body["awards"]:
        found[award["rule"]] = found.get(award["rule"], 0) + award["points"]
    return found


def taken(body: dict[str, Any]) -> int:
    """Points that a return took back."""
    return sum(int(row["points"]) for row in body["reversed"])
