"""Store credit, causes, waiting lists and parcels over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from msgspec import Meta, Struct

from core.api.pagination import page_of
from core.api.schema import describe, path_parameter
from core.api.shapes import Body
from core.api.views import ApiView, answer
from core.errors import NotFound
from core.idempotency import Reply
from loyalty.api.places import place_of
from loyalty.models import Enrollment
from members.api.reference import member_by_reference
from rewards.api import examples
from rewards.api.catalogue import reward_by_code
from rewards.api.shapes import MemberName, Program
from rewards.fulfilment import parcel_move
from rewards.kinds.credit import credit_use
from rewards.kinds.gifts import cause_totals
from rewards.models import Fulfilment, Reward, StoreCredit, WaitingPlace
from rewards.waiting import place_in_line, waiting_join, waiting_leave

TAG = "Rewards"
Money = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
ParcelState = Literal["address", "to_pack", "packed", "shipped", "delivered", "returned", "canceled"]
path_parameter("parcel", description="The parcel's number.", schema={"type": "integer"}, example="12")
PARCEL: dict[str, Any] = {
    "id": 12, "redemption": examples.REDEMPTION_ID, "member": examples.MEMBER_ID, "reward": "mug", "sku": "MUG-1",
    "state": "shipped", "country": "NL", "carrier": "PostNL", "tracking": "3STEST0001",
}  # fmt: skip


class CreditOut(Struct):
    currency: str
    balance_minor: int


class CreditLineOut(Struct):
    """What was given (+), used or taken back (-)."""

    amount_minor: int
    reference: str
    made_at: datetime


class CreditLinesOut(CreditOut):
    """lines: the newest fifty, newest first."""

    lines: list[CreditLineOut]


class CreditsOut(Struct):
    results: list[CreditLinesOut]


CREDIT_LINE = {"amount_minor": 1000, "reference": "", "made_at": "2026-11-14T09:20:00Z"}


class CreditUse(Body):
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)]
    currency: Money
    reference: Annotated[str, Meta(max_length=120, description="Your order.")] = ""


class CreditView(ApiView):
    scopes = {"GET": "redemptions:read", "POST": "vouchers:write"}

    @describe(
        summary="Read a member's store credit",
        tag=TAG,
        answers={200: CreditsOut},
        examples={"200": {"results": [{"currency": "EUR", "balance_minor": 1000, "lines": [CREDIT_LINE]}]}},
    )
    def get(self, request: Any, member: str) -> HttpResponse:
        """Per currency; empty when there never was any."""
        rows = StoreCredit.objects.filter(member=member_by_reference(member)).order_by("money_currency")
        return answer(200, CreditsOut([_credit_lines(each) for each in rows]))

    @describe(
        summary="Use store credit",
        tag=TAG,
        body=CreditUse,
        answers={200: CreditOut},
        idempotency="required",
        refusals=(409,),
        examples={
            "body": {"amount_minor": 400, "currency": "EUR", "reference": "1007"},
            "200": {"currency": "EUR", "balance_minor": 600},
        },
    )
    def post(self, request: Any, member: str) -> HttpResponse:
        """At the checkout. 409 when there is less, and nothing changes."""
        body = self.read_body(CreditUse)

        def run() -> Reply:
            left = credit_use(
                member=member_by_reference(member),
                amount_minor=body.amount_minor,
                currency=body.currency,
                reference=body.reference,
                actor=self.principal.actor,
            )
            return 200, CreditOut(left.money_currency, left.balance_minor)

        return self.once(run, required=True)


def _credit_lines(row: StoreCredit) -> CreditLinesOut:
    lines = [CreditLineOut(x.amount_minor, x.reference, x.made_at) for x in row.lines.order_by("-pk")[:50]]
    return CreditLinesOut(row.money_currency, row.balance_minor, lines)


class CauseOut(Struct):
    """gifts: how many redemptions stand behind it."""

    cause: str
    currency: str
    amount_minor: int
    gifts: int


class CausesOut(Struct):
    results: list[CauseOut]


class CausesView(ApiView):
    scopes = {"GET": "rewards:read"}

    @describe(
        summary="Read what members gave to causes",
        tag=TAG,
        answers={200: CausesOut},
        examples={"200": {"results": [{"cause": "trees", "currency": "EUR", "amount_minor": 12500, "gifts": 125}]}},
    )
    def get(self, request: Any) -> HttpResponse:
        """The running total of each cause; what was canceled isn't in it."""
        return answer(200, CausesOut([CauseOut(x.cause, x.currency, x.amount_minor, x.gifts) for x in cause_totals()]))


class WaitIn(Body):
    member: MemberName
    program: Program | None = None
    pay_with: Annotated[str, Meta(max_length=60)] = ""


class WaitLeave(Struct):
    member: MemberName
    program: Program | None = None


class WaitOut(Struct):
    """place: 1 comes next; null once out of the line. redemption: the seat that was got."""

    reward: str
    member: UUID
    state: Literal["waiting", "promoted", "passed", "left"]
    place: int | None
    redemption: UUID | None


class WaitingView(ApiView):
    scopes = {"POST": "redemptions:write", "DELETE": "redemptions:write"}

    @describe(
        summary="Wait for a seat",
        tag=TAG,
        body=WaitIn,
        answers={200: WaitOut},
        idempotency="optional",
        refusals=(409,),
        examples={
            "body": {"member": "ext:C-1007"},
            "200": {
                "reward": "tasting", "member": examples.MEMBER_ID, "state": "waiting", "place": 3, "redemption": None,
            },
        },
    )  # fmt: skip
    def post(self, request: Any, reward: str) -> HttpResponse:
        """A place at the end of the line; a seat that is freed goes to the first in it who can pay it."""
        body = self.read_body(WaitIn)

        def run() -> Reply:
            place, row = _wanted(body, reward)
            made = waiting_join(enrollment=place, reward=row, pay_with=body.pay_with, actor=self.principal.actor)
            return 200, _wait_out(made, place, row)

        return self.once(run, required=False)

    @describe(
        summary="Wait no longer",
        tag=TAG,
        query=WaitLeave,
        answers={200: WaitOut},
        idempotency="optional",
        examples={
            "200": {
                "reward": "tasting", "member": examples.MEMBER_ID, "state": "left", "place": None, "redemption": None,
            },
        },
    )  # fmt: skip
    def delete(self, request: Any, reward: str) -> HttpResponse:
        """Who isn't in line is out of it all the same."""
        asked = self.read_query(WaitLeave)

        def run() -> Reply:
            place, row = _wanted(asked, reward)
            waiting_leave(enrollment=place, reward=row, actor=self.principal.actor)
            return 200, WaitOut(row.code, place.member.public_id, "left", None, None)

        return self.once(run, required=False)


def _wanted(body: WaitIn | WaitLeave, code: str) -> tuple[Enrollment, Reward]:
    place = place_of(body.member, body.program)
    return place, reward_by_code(place.program, code)


def _wait_out(made: WaitingPlace, place: Enrollment, reward: Reward) -> WaitOut:
    waits = made.state == WaitingPlace.State.WAITING
    line = place_in_line(made) if waits else None
    return WaitOut(reward.code, place.member.public_id, made.state, line, made.redemption_id)  # type: ignore[arg-type]  # one of the model's choices


class ParcelFilters(Struct):
    state: ParcelState | None = None


class ParcelMove(Body):
    state: Literal["to_pack", "packed", "shipped", "delivered", "returned"]
    carrier: Annotated[str, Meta(max_length=60)] = ""
    tracking: Annotated[str, Meta(max_length=120)] = ""


class ParcelOut(Struct):
    """Without its address: staff have that."""

    id: int
    redemption: UUID
    member: UUID
    reward: str
    sku: str
    state: ParcelState
    country: str
    carrier: str
    tracking: str


class ParcelNotFound(NotFound):
    code = "parcel_not_found"


class ParcelsView(ApiView):
    scopes = {"GET": "redemptions:read"}

    @describe(
        summary="List parcels",
        tag=TAG,
        query=ParcelFilters,
        answers={200: ParcelOut},
        page=True,
        examples={"200": {"results": [PARCEL], "next": None, "previous": None}},
    )
    def get(self, request: Any) -> HttpResponse:
        """Newest first, in pages."""
        filters = self.read_query(ParcelFilters)
        rows = Fulfilment.objects.select_related("redemption__reward", "redemption__enrollment__member")
        if filters.state is not None:
            rows = rows.filter(state=filters.state)
        return answer(200, page_of(rows, self.http).body(_parcel_out))


class ParcelView(ApiView):
    scopes = {"POST": "redemptions:write"}

    @describe(
        summary="Move a parcel on",
        tag=TAG,
        body=ParcelMove,
        answers={200: ParcelOut},
        idempotency="optional",
        refusals=(409,),
        examples={"body": {"state": "shipped", "carrier": "PostNL", "tracking": "3STEST0001"}, "200": PARCEL},
    )
    def post(self, request: Any, parcel: int) -> HttpResponse:
        """The same again changes nothing; 409 for where it can't go from where it is."""
        body = self.read_body(ParcelMove)

        def run() -> Reply:
            rows = Fulfilment.objects.select_related("redemption__reward", "redemption__enrollment__member")
            row = rows.filter(pk=parcel).first()
            if row is None:
                raise ParcelNotFound(field="parcel")
            parcel_move(
                parcel=row, state=body.state, actor=self.principal.actor, carrier=body.carrier, tracking=body.tracking
            )
            return 200, _parcel_out(rows.get(pk=parcel))

        return self.once(run, required=False)


def _parcel_out(row: Fulfilment) -> ParcelOut:
    taken = row.redemption
    return ParcelOut(
        row.pk, taken.pk, taken.enrollment.member.public_id, taken.reward.code, row.sku,
        row.state, row.country, row.carrier, row.tracking,  # type: ignore[arg-type]  # one of the model's choices
    )  # fmt: skip
